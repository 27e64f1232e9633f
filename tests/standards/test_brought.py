"""Standards that plugins bring: by a hook, as a part of another one, and when they clash."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import kennel_club
import pytest
from conftest import Run, install, owner

from healthsim_store import Store
from healthsim_store.plugins import installed

PLUGIN = """
from healthsim_store import Standard, hookimpl

@hookimpl
def healthsim_store_standards():
    return Standard.all_from_package(__name__)
"""
CATS = """
-- Cats of the register
CREATE TABLE CATS (
  KEEPER VARCHAR(20) NOT NULL REFERENCES KEEPERS (KEEPER), -- Who keeps it
  CAT VARCHAR(20) PRIMARY KEY, -- Number
  GRAMS INTEGER -- Weight in g
);

-- @into CATS
SELECT tax_number AS KEEPER, pet_id AS CAT, grams(weight) AS GRAMS
FROM pets JOIN owners USING (owner_id) WHERE species = 'cat';
"""

Bring = Callable[..., None]


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Install a plugin with a standard called club."""

    def call(package: str, files: dict[str, str]) -> None:
        site = tmp_path / f"site-{package}"
        texts = {f"standards/club/{name}": text.lstrip() for name, text in files.items()}
        install(site, package, {"__init__.py": PLUGIN} | texts, version="2.5")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, package, raising=False)  # of another test
        importlib.invalidate_caches()
        installed.cache_clear()

    yield call
    installed.cache_clear()


@pytest.fixture
def kennel(store: Store) -> Store:
    pets = [
        {"pet_id": "p1", "owner_id": "o1", "species": "dog", "weight": 10},
        {"pet_id": "p2", "owner_id": "o1", "species": "cat", "weight": 4},
    ]
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="kennel")
    return store


def problems() -> dict[str, str | None]:
    return {plugin.name: plugin.problem for plugin in installed().listed()}


def test_a_plugin_brings_one(bring: Bring, kennel: Store, tmp_path: Path) -> None:
    bring("clubsim", kennel_club.FILES)
    assert problems()["clubsim"] is None
    (told,) = [one for one in kennel.list_standards() if one["name"] == "club"]
    assert (told["plugin"], told["version"]) == ("clubsim", "2.5")
    assert [option.name for option in kennel.export_options()["club"]] == ["files", "only", "least"]
    made = kennel.export_scenario("kennel", format="club", to=tmp_path / "out")
    assert made.title == "Register of a kennel club, edition 2"
    assert made.rows == 3
    (plugin,) = [one for one in installed().listed() if one.name == "clubsim"]
    assert plugin.brings() == "standards: club 2.5"
    assert plugin.to_dict()["standards"] == ["club"]


def test_another_plugin_adds_to_it(bring: Bring, kennel: Store, tmp_path: Path) -> None:
    bring("clubsim", kennel_club.FILES)
    bring("catsim", {"cats.sql": CATS})
    assert problems()["catsim"] is None
    made = kennel.export_scenario("kennel", format="club", to=tmp_path / "out")
    assert {one.name: one.rows for one in made.datasets} == {"KEEPERS": 1, "DOGS": 2, "CATS": 1}


def test_an_addition_alone_is_no_format(bring: Bring, kennel: Store) -> None:
    bring("catsim", {"cats.sql": CATS})
    assert "club" not in kennel.list_export_formats()
    assert problems()["catsim"] is None


def test_of_two_of_one_name_neither_is_used(bring: Bring, kennel: Store) -> None:
    bring("clubsim", kennel_club.FILES)
    bring("clubsim2", kennel_club.FILES)
    assert "club" not in kennel.list_export_formats()
    for name in ("clubsim", "clubsim2"):
        assert "claims the export format club" in str(problems()[name])


def test_a_name_of_the_core_s_own_is_taken(
    kennel: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"standards/csv/{name}": text.lstrip() for name, text in kennel_club.FILES.items()}
    install(tmp_path / "site", "csvsim", {"__init__.py": PLUGIN} | texts)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    installed.cache_clear()
    try:
        assert "claims the export format csv, which core has" in str(problems()["csvsim"])
    finally:
        installed.cache_clear()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (kennel_club.FILES | {"standard.sql": "-- Nothing\n"}, "standards/club/standard.sql: the "
         "first comment does not say"),
        (kennel_club.FILES | {"dogs.sql": "CREATE TABLE CATS (A INTEGER);"}, "dogs.sql, line 1"),
    ],
)  # fmt: skip
def test_a_faulty_one_leaves_its_plugin_out(
    files: dict[str, str], told: str, bring: Bring, kennel: Store
) -> None:
    bring("clubsim", files)
    assert told in str(problems()["clubsim"])


def test_what_the_commands_say(run: Run, tmp_path: Path, kennel: Store) -> None:
    folder = kennel_club.write(tmp_path)
    done = run("standards", str(folder))
    assert done.returncode == 0, done.stderr
    assert "Register of a kennel club, edition 2" in done.stdout
    assert "| KEEPERS   | Who keeps dogs       | CLUB, KEEPER, NAME, SEX, YEAR" in done.stdout
    done = run(
        "export", "kennel", "--format", str(folder), "--only", "keepers", "--to",
        str(tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "keepers.json").is_file()
    assert not (tmp_path / "out" / "dogs.json").exists()
    done = run("export", "kennel", "--format", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "cannot be read: No such file or directory" in done.stderr
