"""A toy product, installed the way a stranger's is: a distribution with an entry point."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import odd
import pytest
from forks import command, remember_declarations

from healthsim_store import Store
from healthsim_store.plugins import installed

remember_declarations()
# Who is started by a shell in the background ignores Ctrl-C, and so does all that it starts: tests
# that press it would wait for ever.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SCHEMA = """
-- Owners of pets @alias owner people
CREATE TABLE owners (
  owner_id VARCHAR PRIMARY KEY, -- Owner's id
  tax_number VARCHAR NOT NULL UNIQUE, -- Natural key @sensitive
  full_name VARCHAR(40) NOT NULL, -- Name @alias name
  gender VARCHAR CHECK (gender IN ('F', 'M', 'U')), -- Gender @codes HL7 @synonym female=F, male=M
  born DATE NOT NULL, -- Day of birth @alias dob birth_date
  mentor_id VARCHAR REFERENCES owners (owner_id) -- Another owner
);

-- Pets @alias animals
CREATE TABLE pets (
  pet_id VARCHAR PRIMARY KEY, -- Pet's id
  owner_id VARCHAR NOT NULL REFERENCES owners (owner_id), -- Who feeds it
  species VARCHAR NOT NULL DEFAULT 'cat' CHECK (species IN ('cat', 'dog')), -- Kind
  weight REAL CHECK (weight > 0), -- Weight @unit kg
  price DECIMAL(8,2), -- What it cost
  legs INTEGER, -- How many
  chipped BOOLEAN, -- Has a chip
  seen_at TIMESTAMP, -- Last visit
  notes JSON -- Anything
);
"""

SUMMARY = """
-- Species
-- @name species @section Pets @show {n} {species}
SELECT species, count(*) AS n FROM pets GROUP BY species ORDER BY n DESC, species;

-- Weight
-- @name weight @section Pets @show {low:.1f}-{high:.1f} kg
SELECT min(weight) AS low, max(weight) AS high FROM pets HAVING count(weight) > 0;
"""

QUESTIONS = """
-- Pets of more than :least kg, of the kind :species
-- @name heavy_pets
-- @about Left empty, :least is 20 and :species is any.
SELECT species, full_name, weight
FROM pets JOIN owners USING (owner_id)
WHERE weight > CAST(coalesce(nullif(:least, ''), 20) AS REAL)
  AND species = coalesce(nullif(:species, ''), species)
ORDER BY weight DESC;

-- Pets and their doctors
-- @name doctors
-- @about The doctors are another product's, which the tests may have or not.
SELECT doctor, pet_id FROM pets JOIN treatments USING (pet_id) ORDER BY doctor;
"""

PLUGIN = """
from healthsim_store import Product, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="toy")]
"""


def install(folder: Path, package: str, files: dict[str, str], *, version: str = "1.0") -> None:
    """Lay a package and its distribution's metadata into a folder, as pip would."""
    home = folder / package
    home.mkdir(parents=True)
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, "utf-8")
    info = folder / f"{package}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[healthsim_store]\n{package} = {package}\n")


@pytest.fixture(scope="module")
def kin_products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The products of `kin` are installed."""
    import kin  # which needs this module

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(kin.lay(tmp_path_factory.mktemp("kin"))))
        importlib.invalidate_caches()
        installed.cache_clear()
        yield
    installed.cache_clear()


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    files = {"__init__.py": PLUGIN, "schema.sql": SCHEMA, "summary.sql": SUMMARY}
    files["questions.sql"] = QUESTIONS
    install(folder, "toysim", files)
    return folder


@pytest.fixture(scope="session")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    install(folder, "oddsim", {"__init__.py": odd.PLUGIN, "schema.sql": odd.SCHEMA})
    return folder


@pytest.fixture
def odd_store(
    tmp_path: Path, toy_folder: Path, odd_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """A store beside the toy product and the one of odd values."""
    monkeypatch.syspath_prepend(str(toy_folder))
    monkeypatch.syspath_prepend(str(odd_folder))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made
    installed.cache_clear()


@pytest.fixture
def toy(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy product, beside whatever is installed."""
    monkeypatch.syspath_prepend(str(toy_folder))
    importlib.invalidate_caches()
    installed.cache_clear()
    yield
    installed.cache_clear()


@pytest.fixture
def toy_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install a version of the toy product; the one before goes."""
    sites: list[str] = []

    def call(version: str, schema: str = SCHEMA, **files: str) -> None:
        site = tmp_path / f"site{len(sites)}"
        texts = {"__init__.py": PLUGIN, "schema.sql": schema, "summary.sql": SUMMARY}
        texts["questions.sql"] = QUESTIONS
        texts |= {name.replace("_", "."): text for name, text in files.items()}
        install(site, "toysim", texts, version=version)
        for old in sites:
            monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != old])
        monkeypatch.syspath_prepend(str(site))
        sys.modules.pop("toysim", None)
        sites.append(str(site))
        importlib.invalidate_caches()
        installed.cache_clear()

    yield call
    sys.modules.pop("toysim", None)  # the next test finds the one that is installed there
    installed.cache_clear()


@pytest.fixture
def store(tmp_path: Path, toy: None) -> Iterator[Store]:
    with Store(tmp_path / "store") as made:
        yield made


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path, toy_folder: Path) -> Run:
    """The command line in a process of its own, on a store of its own, with the toy product."""

    def call(*arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "HEALTHSIM_STORE_DIR": str(tmp_path / "store"),
            "PYTHONPATH": os.pathsep.join([str(toy_folder), os.environ.get("PYTHONPATH", "")]),
            "PYTHONWARNINGS": "error",
        }
        return command(*arguments, environment=environment, input=input)

    return call


def make_older(path: Path, version: int) -> None:
    """Make of a scenario file what an older format would have been: 1, 2 or 3."""
    later = {
        2: ["DROP TABLE _ancestors", "DROP TABLE _conflicts"],
        3: ["DROP TABLE _questions"],
        4: [
            "DROP TABLE _migrations",
            "DROP TABLE _history_rows",
            "DROP TABLE _own_questions",
            "DROP TABLE _history",
            "DROP TABLE _batches",
            "ALTER TABLE _log DROP COLUMN call",
            "ALTER TABLE _log DROP COLUMN undone_at",
            "ALTER TABLE _scenario DROP COLUMN history_rows",
            "ALTER TABLE _scenario DROP COLUMN history_bytes",
            "ALTER TABLE _products DROP COLUMN questions_sql",
            "DROP INDEX _log_by_fingerprint",
            "ALTER TABLE _log DROP COLUMN fingerprint",
            "ALTER TABLE _questions DROP COLUMN parameters",
            "ALTER TABLE _ancestors DROP COLUMN last_log",
            "ALTER TABLE _ancestors DROP COLUMN part",
        ],
    }
    with contextlib.closing(sqlite3.connect(path)) as file:
        for number, changes in reversed(later.items()):
            if number > version:
                for change in changes:
                    file.execute(change)
                file.execute(f"DELETE FROM _sqlite_migrations WHERE name = 'format_{number}'")
        file.execute(f"PRAGMA user_version = {version}")
        file.commit()


def owner(number: int, **fields: object) -> dict[str, object]:
    """A row of owners."""
    return {
        "owner_id": f"o{number}",
        "tax_number": f"T{number}",
        "full_name": f"Owner {number}",
        "gender": "FM"[number % 2],
        "born": f"19{number % 100:02d}-01-15",
    } | fields
