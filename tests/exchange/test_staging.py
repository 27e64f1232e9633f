"""A foreign layout as SQL: what is left out is counted before anything is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from healthsim_store import Store
from healthsim_store.errors import DeclarationError, HealthsimStoreError
from healthsim_store.plugins import installed

LAYOUT = """
CREATE TABLE people (id TEXT, name TEXT, born TEXT);

-- @into owners @from people
SELECT id AS owner_id, 'T' || id AS tax_number, name AS full_name, born
FROM people WHERE name IS NOT NULL;

-- without a name @skip people
{skip};
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "people"
    made.mkdir()
    lines = ["id,name,born", "1,Ann,1980-01-15", "2,,1981-01-15", "3,Bob,1982-01-15"]
    (made / "people.csv").write_text("\n".join(lines), "utf-8")
    return made


def test_every_row_of_the_source_is_told(
    toy_of: Callable[..., None], folder: Path, tmp_path: Path
) -> None:
    skip = "SELECT count(*) FROM people WHERE name IS NULL"
    toy_of("1.0", **{"formats/people_sql": LAYOUT.format(skip=skip)})
    with Store(tmp_path / "store") as store:
        (account,) = store.import_data(folder, format="people", scenario="s").sources
    assert (account.rows, account.mapped, account.unmapped) == (
        3, {"owners": 2}, {"without a name": 1},
    )  # fmt: skip


@pytest.mark.parametrize("skip", [
    "SELECT count(*) FROM people HAVING count(*) > 9", "SELECT 1, 2", "SELECT 'many'",
    "SELECT count(*) FROM nobody", 'SELECT count(*) FROM people WHERE "title" IS NULL',
])  # fmt: skip
def test_a_count_that_cannot_be_told_is_found_at_load(
    toy_of: Callable[..., None], folder: Path, tmp_path: Path, skip: str
) -> None:
    toy_of("1.0", **{"formats/people_sql": LAYOUT.format(skip=skip)})
    (problem,) = [plugin.problem for plugin in installed().checked.plugins if plugin.problem]
    assert re.match(r"toy/formats/people.sql, line \d+: ", problem)
    with Store(tmp_path / "store") as store:
        with pytest.raises(HealthsimStoreError):
            store.import_data(folder, format="people", scenario="s")
        assert store.names() == []


def test_a_count_that_depends_on_the_rows_stores_nothing(
    toy_of: Callable[..., None], folder: Path, tmp_path: Path
) -> None:
    skip = "SELECT count(*) FROM people HAVING count(*) < 2"
    toy_of("1.0", **{"formats/people_sql": LAYOUT.format(skip=skip)})
    with Store(tmp_path / "store") as store:
        with pytest.raises(DeclarationError, match=r"people.*line \d+: @skip needs one row"):
            store.import_data(folder, format="people", scenario="s")
        assert store.names() == []


TWO_TYPES = """
-- @into pets @from people
SELECT 'P' || id AS pet_id, id AS owner_id FROM people WHERE name IS NOT NULL;
"""


def test_rows_of_two_entity_types_are_told_once(
    toy_of: Callable[..., None], folder: Path, tmp_path: Path
) -> None:
    skip = "SELECT count(*) FROM people WHERE name IS NULL"
    toy_of("1.0", **{"formats/people_sql": LAYOUT.format(skip=skip) + TWO_TYPES})
    with Store(tmp_path / "store") as store:
        first = store.import_data(folder, format="people", scenario="s", batch_id="b")
        (account,) = first.sources
        assert account.mapped == {"owners": 2, "pets": 2}
        assert (account.rows, account.unmapped, account.shared) == (3, {"without a name": 1}, 2)
        assert account.to_dict()["shared"] == 2
        again = store.import_data(folder, format="people", scenario="s", batch_id="b")
        assert again.persisted.repeated
        (account,) = again.sources
        counted = sum(account.mapped.values()) + sum(account.unmapped.values())
        assert account.rows == counted - account.shared == 3
