"""What an error, a note or a reply offers to do next does work, where it was told.

Each situation is brought about for real, at each door that has it. What the text offers is then
run, with the same store from the same place. A call has to do its work, and an option has to get
the call past what was told. Only a value that is the reader's own is filled in.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import offered
import pytest
from conftest import SCHEMA, owner
from forks import command

from healthsim_store import HealthsimStoreError, Store

PETS = [{"pet_id": f"p{n}", "owner_id": f"o{n}", "weight": n + 1} for n in range(3)]
LONELY = [{"species": "cat", "owner_id": "o1", "legs": n} for n in range(20)]  # without a key
ROWS = {"owners": [owner(n) for n in range(3)], "pets": PETS}

KENNEL = """-- Owners @counts owners @count 120

-- An owner @for count
CREATE TABLE person (
  age INTEGER -- @normal 50, 10, 20, 80
);

-- @into owners
SELECT 'K' || n AS tax_number, 'Owner ' || n AS full_name, 'F' AS gender, '1970-01-01' AS born
FROM person;
"""


@dataclass(frozen=True)
class Scene:
    """A store with what a situation needs, and the files beside it."""

    store: Store
    files: Path
    toy_of: Callable[..., None]

    def write(self, name: str, content: Any) -> str:
        path = self.files / name
        data = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return str(path)

    def sql(self, statement: str, *values: Any, scenario: str = "s") -> None:
        with contextlib.closing(sqlite3.connect(self.store.path / f"{scenario}.db")) as file, file:
            file.execute(statement, values)


# -- the scenes ------------------------------------------------------------------------------------


def plain(scene: Scene) -> None:
    scene.store.persist(ROWS, scenario="s")


def part_of_a_name(scene: Scene) -> None:
    scene.store.persist(ROWS, scenario="asthma-cohort")


def part_of_a_deleted_name(scene: Scene) -> None:
    part_of_a_name(scene)
    scene.store.delete_scenario("asthma-cohort")


def saved(scene: Scene) -> None:
    plain(scene)
    scene.store.save_question("s", "mine", "SELECT 1")


def nothing(scene: Scene) -> None:
    pass


def taken(scene: Scene) -> None:
    plain(scene)
    scene.write("rows.json", {"owners": [owner(1, full_name="Another")]})


def exact(scene: Scene) -> None:
    plain(scene)
    pet = {"pet_id": "px", "owner_id": "o1", "price": 1.23456}
    scene.write("rows.json", {"pets": [pet]})


def repeated(scene: Scene) -> None:
    rows = {"pets": LONELY}
    plain(scene)
    scene.store.persist(rows, scenario="s")
    scene.write("rows.json", rows)


def older(scene: Scene) -> None:
    plain(scene)
    scene.toy_of("1.1", SCHEMA.replace("legs INTEGER,", "legs INTEGER,\n  fur VARCHAR,"))
    scene.write("rows.json", {"pets": [{"owner_id": "o1", "fur": "red"}]})


def older_and_new(scene: Scene) -> None:
    """A scenario of the older version, and one of the newer."""
    older(scene)
    rows = {"owners": [owner(9)], "pets": [{"pet_id": "p9", "owner_id": "o9", "fur": "red"}]}
    scene.store.persist(rows, scenario="new")


def old_questions(scene: Scene) -> None:
    plain(scene)
    scene.sql("DELETE FROM _questions")


def latin(scene: Scene) -> None:
    header = "owner_id,tax_number,full_name,gender,born\n"
    scene.write("owners.csv", (header + "o1,T1,Zoë,F,1970-01-01\n").encode("latin-1"))
    scene.write("owners.json", '[{"full_name": "Zoë"}]'.encode("latin-1"))


def headless(scene: Scene) -> None:
    scene.write("owners.csv", "o1,T1,Ann,F,1970-01-01\no2,T2,Bea,F,1970-01-01\n")


def odd_ending(scene: Scene) -> None:
    scene.write("owners.txt", "tax_number,full_name,born\nT1,Ann,1970-01-01\n")


def odd_name(scene: Scene) -> None:
    scene.write(
        "unheard.csv", "mrn,given_name,family_name,birth_date,gender\nM1,A,B,1970-01-01,F\n"
    )
    scene.write("unheard.json", [{"mrn": "M1"}])


def exported(scene: Scene) -> None:
    plain(scene)
    scene.store.export_scenario("s", format="csv", to=scene.files / "out")


def lacking(scene: Scene) -> None:
    """A table that is declared is not there."""
    plain(scene)
    scene.store.clone_scenario("s", new_name="other")
    scene.sql("DROP TABLE pets")


def mistyped(scene: Scene) -> None:
    plain(scene)
    scene.sql("UPDATE owners SET full_name = CAST(x'ff' AS TEXT)")


def twice_made(scene: Scene) -> None:
    for name in ("a", "b"):
        scene.store.persist(ROWS, scenario=name)


def large_pair(scene: Scene) -> None:
    for name in ("a", "b"):
        scene.store.persist({"owners": [owner(n) for n in range(5_000)]}, scenario=name)


def apart(scene: Scene) -> None:
    scene.store.persist(ROWS, scenario="a")
    scene.store.persist({"owners": [owner(7)]}, scenario="b")


def far_apart(scene: Scene) -> None:
    many = [
        f"-- Owners beside {n}\n-- @name beside_{n} @section Owners @show {{n}}\n"
        f"SELECT count(*) + {n} AS n FROM owners;"
        for n in range(60)
    ]
    scene.toy_of("1.1", summary_sql="\n\n".join(many))
    apart(scene)


def triggered(scene: Scene) -> None:
    plain(scene)
    scene.sql("CREATE TRIGGER gone AFTER INSERT ON _log BEGIN DELETE FROM _tags; END")
    scene.sql("CREATE TRIGGER tagged AFTER INSERT ON _tags BEGIN DELETE FROM pets; END")
    scene.write("rows.json", {"owners": [owner(8)]})
    scene.write("kennel.sql", KENNEL)


def long_value(scene: Scene) -> None:
    plain(scene)
    scene.store.clone_scenario("s", new_name="other")
    scene.sql("UPDATE pets SET notes = ? WHERE pet_id = 'p1'", '"' + "x" * 12_000_000 + '"')


def long_description(scene: Scene) -> None:
    plain(scene)
    scene.sql("UPDATE _scenario SET description = ?", "x" * 12_000_000)


def many(scene: Scene) -> None:
    scene.store.persist({"owners": [owner(n) for n in range(60)]}, scenario="s")


def deleted(scene: Scene) -> None:
    plain(scene)
    scene.store.delete_scenario("s")
    scene.store.persist({"owners": [owner(1)]}, scenario="s")


def twins(scene: Scene) -> None:
    plain(scene)
    os.link(scene.store.path / "s.db", scene.store.path / "twin.db")
    scene.write("rows.json", {"owners": [owner(8)]})


def kennel(scene: Scene) -> None:
    scene.write("kennel.sql", KENNEL)
    profile = str(scene.files / "kennel.sql")
    scene.store.generate_scenario(profile, seed=1)


def failing(scene: Scene) -> None:
    """What number 110 of a profile would have is taken."""
    scene.store.persist({"owners": [owner(1, tax_number="K110")]}, scenario="s")
    scene.write("kennel.sql", KENNEL)


def configured(scene: Scene) -> None:
    scene.write("metadata.yml", "title: mine\n")


LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000) "
    "SELECT max(i) FROM n"
)


# -- the situations --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Situation:
    """How it comes about, at each door; and what is offered there, as a part of the text.

    ``{files}`` is the folder of files. ``still`` says that what is offered says more of what is
    wrong, and does not mend it: its exit code is that of something found.
    """

    name: str
    scene: Callable[[Scene], None]
    shell: str | None = None
    shell_offers: tuple[str, ...] = ()
    python: tuple[str, tuple[Any, ...], dict[str, Any]] | None = None
    python_offers: tuple[str, ...] = ()
    mcp: tuple[str, dict[str, Any]] | None = None
    mcp_offers: tuple[str, ...] = ()
    input: str | None = None
    still: bool = False


CHECK = ("healthsim-store check s",)
CHECK_PY = ('check_scenario("s")',)
CHECK_MCP = ('scenario_describe(scenario="s", check=true)',)
UPGRADE = ("healthsim-store upgrade s",)
UPGRADE_PY = ('upgrade_scenario("s")',)
READ_TRIGGER = ("healthsim-store query s 'SELECT sql FROM sqlite_master",)

SITUATIONS = [
    Situation(
        "rows that are taken", taken,
        "persist {files}/rows.json --scenario s", ("--on-conflict skip or replace",),
        ("persist", ({"owners": [owner(1, full_name="Another")]},), {"scenario": "s"}),
        ('on_conflict="skip" or "replace"',),
        ("persist", {"entities": {"owners": [owner(1, full_name="Another")]}, "scenario": "s"}),
        ('on_conflict="skip" or "replace"',),
    ),
    Situation(
        "rows that are taken, imported", taken,
        "import {files}/rows.json --scenario s", ("--on-conflict skip",),
        ("import_data", ("{files}/rows.json",), {"scenario": "s"}), ('on_conflict="skip"',),
        ("persist", {"file": "{files}/rows.json", "scenario": "s"}), ('on_conflict="skip"',),
    ),
    Situation(
        "a number of too many decimals", exact,
        "persist {files}/rows.json --scenario s", ("--round-decimals",),
        ("import_data", ("{files}/rows.json",), {"scenario": "s"}), ("round_decimals=True",),
        ("persist", {"file": "{files}/rows.json", "scenario": "s"}), ("round_decimals=true",),
    ),
    Situation(
        "rows that are there already", repeated,
        "persist {files}/rows.json --scenario s", ("--again",),
        ("persist", ({"pets": LONELY},), {"scenario": "s"}),
        ("again=True",),
        ("persist", {"file": "{files}/rows.json", "scenario": "s"}), ("again=true",),
    ),
    Situation(
        "rows that are there already, imported", repeated,
        "import {files}/rows.json --scenario s", ("--again",),
        ("import_data", ("{files}/rows.json",), {"scenario": "s"}), ("again=True",),
    ),
    Situation(
        "a field of a newer version", older,
        "persist {files}/rows.json --scenario s", UPGRADE,
        ("persist", ({"pets": [{"owner_id": "o1", "fur": "red"}]},), {"scenario": "s"}), UPGRADE_PY,
        ("persist", {"file": "{files}/rows.json", "scenario": "s"}), UPGRADE,
    ),
    Situation(
        "a check of an older file", older,
        "check s", UPGRADE, ("check_scenario", ("s",), {}), UPGRADE_PY,
        ("describe", {"scenario": "s", "check": True}), UPGRADE,
    ),
    Situation(
        "a merge of two versions", older_and_new,
        "merge new s --name m", (),
    ),
    Situation(
        "a question of a scenario that has none", old_questions,
        "query s -q heavy_pets", UPGRADE,
        ("ask_question", ("s", "heavy_pets"), {}), UPGRADE_PY,
        ("query", {"scenario": "s", "question": "heavy_pets"}), UPGRADE,
    ),
    Situation(
        "the questions of a scenario that has none", old_questions, "query s", UPGRADE,
    ),
    Situation(
        "an encoding that is another", latin,
        "import {files}/owners.csv", ("--encoding cp1252",),
        ("import_data", ("{files}/owners.csv",), {}), ('encoding="cp1252"',),
        ("persist", {"file": "{files}/owners.csv"}),
        ('options={"encoding": "cp1252"}',),
    ),
    Situation(
        "an encoding that is another, of JSON", latin,
        "persist {files}/owners.json", ("--encoding cp1252",),
    ),
    Situation(
        "a file without a header", headless,
        "import {files}/owners.csv", ("--columns mrn,given_name,...",),
        ("import_data", ("{files}/owners.csv",), {}), ('columns=["mrn", "given_name", "..."]',),
        ("persist", {"file": "{files}/owners.csv"}),
        ("healthsim-store import FILE --columns mrn,given_name,...",),
    ),
    Situation(
        "a file of an unknown ending", odd_ending,
        "import {files}/owners.txt", ("--format csv",),
        ("import_data", ("{files}/owners.txt",), {}), ('format="csv"',),
        ("persist", {"file": "{files}/owners.txt"}), ('format="csv"',),
    ),
    Situation(
        "standard input without a format", nothing,
        "import -", ("--format csv",), input="a,b\n1,2\n",
    ),
    Situation(
        "standard input without an entity type", nothing,
        "import - --format csv", ("--entity-type ",),
        input="mrn,given_name,family_name,birth_date,gender\nM1,A,B,1970-01-01,F\n",
    ),
    Situation(
        "standard input without an entity type, of JSON", nothing,
        "persist -", ("healthsim-store import FILE --entity-type ",),
        input='[{"mrn": "M1"}]',
    ),
    Situation(
        "a file whose name is no entity type", odd_name,
        "import {files}/unheard.csv", ("--entity-type ",),
        ("import_data", ("{files}/unheard.csv",), {}), ('entity_type="',),
        ("persist", {"file": "{files}/unheard.csv"}), ('entity_type="',),
    ),
    Situation(
        "JSON whose name is no entity type", odd_name,
        "persist {files}/unheard.json", ("healthsim-store import FILE --entity-type ",),
    ),
    Situation(
        "an export that is there", exported,
        "export s --to {files}/out", ("--force replaces",),
        ("export_scenario", ("s",), {"format": "csv", "to": "{files}/out"}), ("force=True",),
        ("export", {"scenario": "s", "to": "{files}/out"}), ("force=true replaces",),
    ),
    Situation(
        "a format that is unknown", plain,
        "export s --format parket", ("healthsim-store plugins",),
        ("export_scenario", ("s",), {"format": "parket"}), ("list_export_formats()",),
    ),
    Situation(
        "an export of what is not there as declared", lacking, None, (),
        ("export_scenario", ("s",), {"format": "csv", "to": "{files}/out"}), CHECK_PY,
        ("export", {"scenario": "s", "to": "{files}/out"}), CHECK_MCP, still=True,
    ),
    Situation(
        "an export of rows that are not as declared", mistyped,
        "export s --format parquet --to {files}/out", CHECK,
        ("export_scenario", ("s",), {"format": "parquet", "to": "{files}/out"}), CHECK_PY,
        still=True,
    ),
    Situation(
        "a clone of what is not there", lacking,
        None, (), ("clone_scenario", ("s",), {"new_name": "t"}), CHECK_PY,
        ("clone", {"scenario": "s", "new_name": "t"}), CHECK_MCP, still=True,
    ),
    Situation(
        "a comparison with what is not there", lacking,
        "diff s other", CHECK, ("diff_scenarios", ("s", "other"), {}), CHECK_PY,
        ("diff", {"a": "s", "b": "other"}), CHECK_MCP, still=True,
    ),
    Situation(
        "a merge with itself", plain,
        "merge s s --name m", ("healthsim-store clone s s-copy",),
        ("merge_scenarios", (["s", "s"],), {"new_name": "m"}),
        ('clone_scenario("s", new_name="s-copy")',),
        ("merge", {"scenarios": ["s", "s"], "new_name": "m"}),
        ('scenario_clone(scenario="s", new_name="s-copy")',),
    ),
    Situation(
        "a merge of the same entities", twice_made,
        "merge a b --name m --on-conflict error", ("--on-conflict skip, overwrite or rename",),
        ("merge_scenarios", (["a", "b"],), {"new_name": "m", "on_conflict": "error"}),
        ('on_conflict="skip", "overwrite" or "rename"',),
        ("merge", {"scenarios": ["a", "b"], "new_name": "m", "on_conflict": "error"}),
        ('on_conflict="skip", "overwrite" or "rename"',),
    ),
    Situation(
        "a comparison by an origin that is not there", apart,
        "diff a b --by origin", ("--by id, natural-key or auto",),
        ("diff_scenarios", ("a", "b"), {"by": "origin"}), ('by="id", "natural-key" or "auto"',),
    ),
    Situation(
        "more differences than the budget has room for", far_apart,
        "compare a b", ("(--all gives more)",),
        mcp=("compare", {"a": "a", "b": "b"}), mcp_offers=("(max_tokens gives more)",),
    ),
    Situation(
        "a comparison that takes too long", large_pair,
        "diff a b --timeout 0.000001", ("--timeout", "--entity owners"),
        ("diff_scenarios", ("a", "b"), {"timeout": 0.000001}), ("timeout", 'entity_type="owners"'),
    ),
    Situation(
        "a comparison of long values", long_value,
        "diff s other", CHECK,
        ("diff_scenarios", ("s", "other"), {}), CHECK_PY,
        ("diff", {"a": "s", "b": "other"}), CHECK_MCP, still=True,
    ),
    Situation(
        "a long description", long_description,
        "info s", CHECK, ("scenario_info", ("s",), {}), CHECK_PY,
        ("describe", {"scenario": "s", "log": 3}), CHECK_MCP, still=True,
    ),
    Situation(
        "a statement that takes too long", plain,
        f'query s "{LONG}" --timeout 0.02', (": --timeout.",),
        ("query_scenario", ("s", LONG), {"timeout": 0.02}), (": timeout.",),
    ),
    Situation(
        "more rows than a page", many,
        'query s "SELECT * FROM owners"', ("More: --offset 20",),
        mcp=("query", {"scenario": "s", "sql": "SELECT * FROM owners", "limit": 5}),
        mcp_offers=("offset=5",),
    ),
    Situation(
        "more rows than a limit, for a program", many,
        'query s "SELECT * FROM owners" --limit 20 --csv', ("more rows: --offset 20",),
    ),
    Situation(
        "a trigger at a batch", triggered,
        "persist {files}/rows.json --scenario s", (*READ_TRIGGER, "--allow-triggers"),
        ("persist", ({"owners": [owner(8)]},), {"scenario": "s"}),
        ('query_scenario("s", "SELECT sql', "allow_triggers=True"),
        ("persist", {"file": "{files}/rows.json", "scenario": "s"}),
        ('scenario_query(scenario="s", sql="SELECT sql',),
    ),
    Situation(
        "a trigger at an import", triggered,
        "import {files}/rows.json --scenario s", (*READ_TRIGGER, "--allow-triggers"),
        ("import_data", ("{files}/rows.json",), {"scenario": "s"}), ("allow_triggers=True",),
    ),
    Situation(
        "a trigger at what is generated", triggered,
        "generate {files}/kennel.sql --count 3 --into s", (*READ_TRIGGER, "--allow-triggers"),
        ("generate_scenario", ("{files}/kennel.sql",), {"count": 3, "into": "s"}),
        ("allow_triggers=True",),
    ),
    Situation(
        "a trigger at a tag", triggered,
        "tag s x", READ_TRIGGER, ("add_tags", ("s", "x"), {}), ('query_scenario("s", "SELECT sql',),
        ("annotate", {"scenario": "s", "add": ["x"]}),
        ('scenario_query(scenario="s", sql="SELECT sql',),
    ),
    Situation(
        "a scenario that is deleted", plain,
        "delete s", ("healthsim-store restore s",),
        mcp=("delete", {"scenario": "s"}), mcp_offers=('scenario_restore(scenario="s")',),
    ),
    Situation(
        "a part of a name is to be deleted", part_of_a_name,
        "delete asthm", ("healthsim-store delete asthma-cohort",),
        ("delete_scenario", ("asthm",), {}), ('delete_scenario("asthma-cohort")',),
        ("delete", {"scenario": "asthm"}), ('scenario_delete(scenario="asthma-cohort")',),
    ),
    Situation(
        "a part of a name is to be purged", part_of_a_deleted_name,
        "purge asthm --yes", ("healthsim-store purge asthma-cohort",),
        ("purge_deleted", ("asthm",), {}), ('purge_deleted("asthma-cohort")',), still=True,
    ),
    Situation(
        "a purge where nobody can be asked", part_of_a_deleted_name,
        "purge asthma-cohort", ("healthsim-store purge asthma-cohort", "--yes"),
    ),
    Situation(
        "a question that is saved already", saved,
        'question save s mine "SELECT 2"', ("--replace",),
        ("save_question", ("s", "mine", "SELECT 2"), {}), ("replace=True",),
    ),
    Situation(
        "a deleted scenario whose name is taken", deleted,
        "restore s", ("--as",), ("restore_scenario", ("s",), {}), ("new_name",),
        ("restore", {"scenario": "s"}), ("new_name",),
    ),
    Situation(
        "one file under two names", twins,
        "persist {files}/rows.json --scenario s", ("healthsim-store delete s",),
        ("persist", ({"owners": [owner(8)]},), {"scenario": "s"}), ('delete_scenario("s")',),
        ("persist", {"file": "{files}/rows.json", "scenario": "s"}),
        ('scenario_delete(scenario="s")',),
    ),
    Situation(
        "a run that is there already", kennel,
        "generate {files}/kennel.sql --seed 1", ("--again",),
    ),
    Situation(
        "a run that ends halfway", failing,
        "generate {files}/kennel.sql --seed 1 --batch 50 --into s",
        ("healthsim-store generate {files}/kennel.sql --count 120 --seed 1 --into s",),
        ("generate_scenario", ("{files}/kennel.sql",), {"seed": 1, "batch": 50, "into": "s"}),
        ('generate_scenario("{files}/kennel.sql", count=120, seed=1, into="s")',),
    ),
    Situation(
        "a configuration that is not ours", configured,
        "metadata --to {files}", ("--force",),
    ),
]  # fmt: skip


# Options whose value in the hint is an example, and one that does not help by itself.
CHOSEN = ("--columns", "columns", "--entity", "entity_type", "--to")


def test_there_are_situations_at_each_door() -> None:
    doors = [(s.shell, s.python, s.mcp) for s in SITUATIONS]
    told = [door for some in doors for door in some if door]
    assert len(SITUATIONS) >= 40
    assert len(told) >= 90
    assert len({s.name for s in SITUATIONS}) == len(SITUATIONS)


# -- running ---------------------------------------------------------------------------------------


@pytest.fixture
def scene(
    tmp_path: Path,
    toy_of: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Scene]:
    """A store where commands look by themselves, or elsewhere, with a blank in its path."""
    toy_of("1.0")
    files = tmp_path / "files"
    files.mkdir()
    folder = tmp_path / f"store{request.param}"
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path / "store"))
    with Store(folder) as store:
        yield Scene(store, files, toy_of)


def _filled(value: Any, files: Path) -> Any:
    if isinstance(value, str):
        return value.replace("{files}", str(files))
    if isinstance(value, list | tuple):
        return type(value)(_filled(v, files) for v in value)
    return {k: _filled(v, files) for k, v in value.items()} if isinstance(value, dict) else value


def _mend(situation: Situation, scene: Scene) -> None:
    """What the reader does first where something of theirs is in the way."""
    if situation.scene is failing:
        scene.sql("UPDATE owners SET tax_number = 'X' WHERE tax_number = 'K110'")


def _named(situations: list[Situation], door: str) -> list[Any]:
    return [pytest.param(s, id=s.name.replace(" ", "-")) for s in situations if getattr(s, door)]


def _shell(words: list[str], input: str | None = None) -> subprocess.CompletedProcess[str]:
    site = [entry for entry in sys.path if Path(entry, "toysim").is_dir()]
    path = os.pathsep.join([*site, os.environ.get("PYTHONPATH", "")])
    return command(*words, environment=os.environ | {"PYTHONPATH": path}, input=input)


def _without(words: list[str], flag: str) -> list[str]:
    """The command without an option that is given anew."""
    if flag not in words:
        return words
    at = words.index(flag)
    return words[:at] + words[at + 2 :]


def _on_the_command_line() -> Iterator[Any]:
    """Each where commands look by themselves, and elsewhere where a whole command is offered."""
    for situation in SITUATIONS:
        places = ["", " elsewhere"] if "healthsim-store" in str(situation.shell_offers) else [""]
        for place in places if situation.shell else ():
            yield pytest.param(place, situation, id=f"{situation.name}{place}".replace(" ", "-"))


@pytest.mark.parametrize(("scene", "situation"), [*_on_the_command_line()], indirect=["scene"])
def test_on_the_command_line(
    situation: Situation, scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scene.files)
    situation.scene(scene)
    words = shlex.split(_filled(situation.shell, scene.files))
    default = scene.store.path == tmp_path / "store"
    if not default and words[0] != "metadata":
        words += ["--store", str(scene.store.path)]
    first = _shell(words, situation.input)
    text = first.stdout + first.stderr
    assert "Traceback" not in text
    for part in situation.shell_offers:
        assert _filled(part, scene.files) in text, text
    code = re.search(r"^Error \((\w+)\)", text, re.MULTILINE)
    _mend(situation, scene)
    kept = _kept(scene, tmp_path)
    said = first.stderr if first.returncode == 0 and words[0] not in ("delete", "check") else text
    for offer in offered.commands(said):
        _put_back(kept, scene.store.path)
        tried = [_own_value(word, words, scene.files) for word in offer[1:]]
        done = _shell(tried, situation.input)
        _works(done, offer, still=situation.still or "FILE" in offer)
    for option in offered.flags(said, words[0]):
        _put_back(kept, scene.store.path)
        done = _shell([*_without(words, option[0]), *option], situation.input)
        assert "No such option" not in done.stderr
        assert "Error (usage)" not in done.stderr, (option, done.stderr)
        assert "Traceback" not in done.stderr
        # It gets past what was told; what comes next may be of another kind.
        if code and not situation.still and option[0] not in CHOSEN:
            assert done.stderr.splitlines()[:1] != first.stderr.splitlines()[:1], option
        if option[0] == "--offset":
            assert done.stdout != first.stdout
            assert done.returncode == 0


def _kept(scene: Scene, folder: Path) -> Path:
    """A copy of the store as it is now."""
    scene.store.path.mkdir(exist_ok=True)
    return Path(shutil.copytree(scene.store.path, folder / "kept"))


def _put_back(kept: Path, store: Path) -> None:
    shutil.rmtree(store, ignore_errors=True)
    # A second name of one file is a link that a copy does not make.
    shutil.copytree(kept, store)
    if (store / "twin.db").exists():
        (store / "twin.db").unlink()
        os.link(store / "s.db", store / "twin.db")


def _own_value(word: str, words: list[str], files: Path) -> str:
    if word != "FILE":
        return word
    return next(w for w in words[1:] if w == "-" or w.startswith(str(files)))


def _works(done: subprocess.CompletedProcess[str], offer: list[str], *, still: bool) -> None:
    assert "Traceback" not in done.stderr
    assert "Error (usage)" not in done.stderr, (offer, done.stderr)
    if still:
        assert "scenario_not_found" not in done.stderr, (offer, done.stderr)
    else:
        assert done.returncode == 0, (offer, done.stdout, done.stderr)


def _attempt(call: Callable[[], Any]) -> tuple[str, str | None]:
    """What is told, and the code where it is an error."""
    try:
        told = call()
    except HealthsimStoreError as error:
        return str(error), error.code
    notes = getattr(told, "notes", None) or getattr(getattr(told, "persisted", None), "notes", ())
    found = [finding.message for finding in getattr(told, "findings", ())]
    return "\n".join([*notes, *found]), None


@pytest.mark.parametrize("scene", [""], indirect=True)
@pytest.mark.parametrize("situation", _named(SITUATIONS, "python"))
def test_in_python(situation: Situation, scene: Scene, tmp_path: Path) -> None:
    assert situation.python
    situation.scene(scene)
    verb, given, options = _filled(situation.python, scene.files)
    store = scene.store
    text, code = _attempt(lambda: getattr(store, verb)(*given, **options))
    for part in situation.python_offers:
        assert _filled(part, scene.files) in text, text
    assert not re.search(r"(?<![\w-])--[a-z]", text), text
    store.close()
    _mend(situation, scene)
    kept = _kept(scene, tmp_path)
    for name, source in offered.python_calls(text):
        _put_back(kept, store.path)
        with Store(store.path) as again:
            eval(source, {name: getattr(again, name)})
    for name, value in offered.pairs(text).items():
        assert name in inspect.signature(getattr(store, verb)).parameters
        _put_back(kept, store.path)
        with Store(store.path) as again:
            _, after = _attempt(lambda a=again, n=name, v=value: getattr(a, verb)(*given, **options | {n: v}))  # type: ignore[misc] # fmt: skip  # noqa: E501
        assert after is None or after != code or situation.still or name in CHOSEN, after


@pytest.mark.parametrize("scene", [" elsewhere"], indirect=True)
@pytest.mark.parametrize("situation", _named(SITUATIONS, "mcp"))
def test_over_mcp(situation: Situation, scene: Scene, tmp_path: Path) -> None:
    build = pytest.importorskip("healthsim_store_mcp.server").build
    assert situation.mcp
    situation.scene(scene)
    tool, arguments = _filled(situation.mcp, scene.files)
    kept = _kept(scene, tmp_path)

    def call(name: str, given: dict[str, Any]) -> tuple[str, bool]:
        from mcp import Client

        async def ask() -> Any:
            async with Client(build(scene.store.path, allowed=[scene.files])) as client:
                return await client.call_tool(name, given)

        reply = anyio.run(ask)
        return reply.content[0].text, bool(reply.is_error)

    text, failed = call(f"scenario_{tool}", arguments)
    for part in situation.mcp_offers:
        assert _filled(part, scene.files) in text, text
    if tool == "delete":
        kept = scene.store.path
    for name, given in offered.tool_calls(text):
        if kept != scene.store.path:
            _put_back(kept, scene.store.path)
        answer, wrong = call(name, given)
        assert not wrong or (situation.still and "invalid" not in answer), answer
    for offer in offered.commands(text):  # what the user does for the model
        _put_back(kept, scene.store.path)
        given_file = ["", str(arguments.get("file", ""))]
        tried = [_own_value(word, given_file, scene.files) for word in offer[1:]]
        _works(_shell(tried), offer, still="FILE" in offer)
    for name, value in offered.pairs(text).items() if failed or "offset" in text else ():
        _put_back(kept, scene.store.path)
        after, wrong = call(f"scenario_{tool}", arguments | {name: value})
        assert "invalid_argument" not in after.splitlines()[0], after
        assert not wrong or after.split(":")[0] != text.split(":")[0], after
