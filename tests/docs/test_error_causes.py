"""Each error code has an input in docs/errors.md that causes it, at the door that a user has."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import serving
from conftest import install
from deaths import wait_until_open
from forks import command

from healthsim_store import Store, errors
from healthsim_store.browse.error_answers import status_of
from healthsim_store.cli import cli
from healthsim_store.plugins import installed

ROOT = Path(__file__).resolve().parents[2]

_SPEC = importlib.util.spec_from_file_location("error_causes", ROOT / "docs" / "error_causes.py")
assert _SPEC is not None
assert _SPEC.loader is not None
error_causes = importlib.util.module_from_spec(_SPEC)
sys.modules["error_causes"] = error_causes  # a dataclass looks its module up there
_SPEC.loader.exec_module(error_causes)
CAUSES = error_causes.CAUSES
KINDS = {kind.code: kind for kind in errors.every()}

PLUGIN = '''
import click
from healthsim_store import Product, hookimpl

@click.command()
@click.argument("how")
def shout(how):
    """Shout."""
    if how == "quietly":
        raise click.ClickException("That is no shout.")
    {}[how]

@hookimpl
def healthsim_store_commands():
    return [shout]

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="clinic")]
'''
SECOND = """
from healthsim_store import Product, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="nursing")]
"""
DOCTORS = """
-- Doctors @alias staff
CREATE TABLE doctors (doctor_id VARCHAR PRIMARY KEY);
"""
NURSES = """
-- Nurses @alias staff
CREATE TABLE nurses (nurse_id VARCHAR PRIMARY KEY);
"""
# An older file follows by a migration that loses rows, which it must not.
KENNEL = """
from healthsim_store import Product, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="kennel")]
"""
DOGS = """
-- Dogs
CREATE TABLE dogs (dog_id VARCHAR PRIMARY KEY);
"""
FEWER = """
-- @migration fewer to 1.1: dogs are not kept @since 1.0
DELETE FROM dogs;
"""
# A standard that no patient may be in.
CLUB = {
    "standard.sql": """
-- A club @writer datasets

-- A member @never
SELECT member FROM members;
""",
    "members.sql": """
-- Members
CREATE TABLE members (
  member INTEGER PRIMARY KEY -- Number
);

-- @into members
SELECT rowid AS member FROM patients;
""",
}
# A mistake in a module of ours: what it calls is not there.
MISTAKE = """
import sys

if "healthsim_store.cli.extending" in sys.modules:
    sys.modules["healthsim_store.cli.extending"].echo_json = None
"""


def patient(number: int) -> dict[str, str]:
    return {
        "mrn": f"P-{number}", "given_name": "A", "family_name": "B", "gender": "F",
        "birth_date": "1970-01-01",
    }  # fmt: skip


class Ward:
    """A folder in which what the causes need is given, and the environment of its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        sites = [folder / "site", folder / "mistaken"]
        install(sites[0], "shouting", {"__init__.py": PLUGIN, "schema.sql": DOCTORS})
        install(sites[0], "nursing", {"__init__.py": SECOND, "schema.sql": NURSES})
        kennel = {"__init__.py": KENNEL, "schema.sql": DOGS, "migrations.sql": FEWER}
        install(sites[0], "kennel", kennel, version="1.1")
        install(sites[1], "mistaken", {"__init__.py": MISTAKE})
        paths = [str(sites[0]), os.environ.get("PYTHONPATH", "")]
        self.environment = os.environ | {
            "HEALTHSIM_STORE_DIR": str(self.store), "PYTHONPATH": os.pathsep.join(paths),
        }  # fmt: skip
        mistaken = os.pathsep.join([str(sites[1]), *paths])
        self.mistaken = self.environment | {"PYTHONPATH": mistaken}
        self._make_files()
        self._make_scenarios()

    def _make_files(self) -> None:
        for folder in ("taken", "people", "club"):
            (self.folder / folder).mkdir()
        for name, text in CLUB.items():
            (self.folder / "club" / name).write_text(text.lstrip(), "utf-8")
        for name, text in {
            "other.json": json.dumps({"patients": [patient(3)]}),
            "more.json": json.dumps({"patients": [patient(4)]}),
            "dogs.json": json.dumps({"dogs": [{"dog_id": "d1"}]}),
            "people/patients.csv": "Id,BIRTHDATE,FIRST,LAST,GENDER\n",
            "wrong.json": '{"patients": [{"mrn": "P-1"}]}',
            "people.txt": "somebody",
            "wrong.sql": "SELECT 1;",
            "taken/mine.txt": "mine",
        }.items():
            (self.folder / name).write_text(text, "utf-8")

    def _make_scenarios(self) -> None:
        with Store(self.store) as store:
            store.generate_scenario("diabetes-cohort", count=3, seed=7, into="ward-7")
            store.persist({"patients": [patient(1)]}, scenario="ward-7", batch_id="b-1")
            for name in ("broken", "behind"):
                store.generate_scenario("diabetes-cohort", count=3, seed=8, into=name)
            for name in ("ward-8", "ahead", "touched", "half", "future"):
                store.persist({"patients": [patient(1)]}, scenario=name)
            store.persist({"patients": [patient(1)]}, scenario="altered")
            store.update_entities("altered", "patients", {"city": "Fresno"}, where="1")
        self._changed("altered", "UPDATE patients SET city = 'Reno'")
        (self.store / "notes.db").write_text("a text, and no scenario " * 100)
        os.link(self._copied("ward-8", "twin"), self.store / "twin-2.db")
        half = self.store / "half.db"
        half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
        for name, version in (("lost", "1.0"), ("ancient", "0.5")):
            assert self.run(["persist", "dogs.json", "--scenario", name, "--again"])[0] == 0
            self._changed(name, f"UPDATE _products SET version = '{version}'")
        self._changed("future", "PRAGMA user_version = 99")
        self._changed("ahead", "UPDATE _products SET version = '99.0'")
        stray = "UPDATE encounters SET patient_id = 'nobody'"
        self._changed("broken", stray)
        self._changed("behind", stray, "UPDATE _products SET version = '0.0.1'")
        self._changed(
            "touched", "CREATE TRIGGER t AFTER INSERT ON patients BEGIN DELETE FROM patients; END"
        )

    def _copied(self, name: str, to: str) -> Path:
        return Path(shutil.copy(self.store / f"{name}.db", self.store / f"{to}.db"))

    def _changed(self, name: str, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.store / f"{name}.db")) as file:
            for statement in statements:
                file.execute(statement)
            file.commit()

    def run(self, words: list[str], *, mistaken: bool = False) -> tuple[int, str]:
        """The exit code of a command and its stderr."""
        environment = self.mistaken if mistaken else self.environment
        if ">" in words or words[-1] == "60":
            return self._run_alone(words, environment)
        if words[0] == "serve":
            # Datasette leaves a connection open, and `command` shows such warnings.
            done = subprocess.run(
                [sys.executable, "-m", "healthsim_store", *words], env=environment,
                capture_output=True, text=True, check=False, cwd=self.folder, timeout=60,
            )  # fmt: skip
            return done.returncode, done.stderr
        with contextlib.chdir(self.folder):
            done = command(*words, environment=environment)
        return done.returncode, done.stderr

    def _run_alone(self, words: list[str], environment: dict[str, str]) -> tuple[int, str]:
        """In a process whose output goes somewhere else, or that Ctrl-C ends."""
        *words, out = words if ">" in words else [*words, ">", os.devnull]
        words.remove(">")
        with open(out, "w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "healthsim_store", *words], env=environment,
                stdout=stream, stderr=subprocess.PIPE, text=True, cwd=self.folder,
            )  # fmt: skip
            if out == os.devnull:
                wait_until_open(process, self.store / "ward-7.db")
                process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
        return process.returncode, told

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Another program writes to ward-7 meanwhile."""
        with contextlib.closing(sqlite3.connect(self.store / "ward-7.db")) as file:
            file.execute("BEGIN IMMEDIATE")
            yield
            file.rollback()


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    if "patientsim" not in installed().declarations:
        pytest.skip("the causes are about patients, whose product is not installed")
    return Ward(tmp_path_factory.mktemp("ward"))


def test_every_code_has_a_cause() -> None:
    assert set(KINDS) == set(CAUSES)
    assert len(KINDS) == len(errors.every()), "two errors have one code"


@pytest.mark.parametrize("code", [c for c, cause in CAUSES.items() if cause.door != "browser"])
def test_the_cause_has_this_code(ward: Ward, code: str) -> None:
    words = shlex.split(CAUSES[code].command)
    known = cli.get_command(None, words[0])  # type: ignore[arg-type]
    options = [option for parameter in known.params for option in parameter.opts] if known else []
    as_json = "--json" in options and ">" not in words
    words = [*words[:1], "--json", *words[1:]] if as_json else words
    with ward.writing() if code == "scenario_busy" else contextlib.nullcontext():
        exit_code, told = ward.run(words, mistaken=code == "internal_error")
    assert exit_code == KINDS[code].exit_code, told
    assert "Traceback" not in told
    if as_json:
        error = json.loads(told.splitlines()[-1])
        assert (error["code"], error["exit_code"]) == (code, exit_code)
        assert error["message"]
        return
    assert f"Error ({code}): " in told or (code == "interrupted" and "Interrupted: " in told)


def test_the_browser_has_the_same_codes(ward: Ward, tmp_path: Path) -> None:
    with serving(ward.store, path=tmp_path) as served:
        for path, code in (
            (CAUSES["page_not_found"].command + ".json", "page_not_found"),
            ("/nobody/-/info.json", "scenario_not_found"),
            ("/ward-7/-/query.json?sql=DELETE FROM patients", "query_refused"),
            ("/ward-7/-/query.json?sql=SELECT weight FROM patients", "query_failed"),
            ("/ward-7/-/query.json?sql=SELECT 1&limit=0", "invalid_argument"),
            (f"/ward-7/-/query.json?timeout=0.5&sql={error_causes.ENDLESS}", "query_timeout"),
            (f"/ward-7/-/query.json?sql={error_causes.LONG}", "query_too_large"),
            ("/half/-/info.json", "corrupt_scenario"),
            ("/ward-7/patients.json?_sort=nothing", "invalid_argument"),
        ):
            answer = served.get(path.replace(" ", "%20").replace("+", "%2B"))
            assert answer.json["error"]["code"] == code, (path, answer)
            assert answer.status == status_of(KINDS[code]), (path, answer)
