"""Damaged files: every verb answers, or says in one line what is wrong, and nothing is lost.

The ordinary run tries a few mutants with some verbs each; a campaign 3,000 with all. The figures
are printed: ``pytest -rP`` shows them.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import meadow
import pytest
from campaign import CAMPAIGN, tries
from conftest import make_older, owner
from damaged_verbs import ASK_NO_FILE, READS, WRITES
from forks import command
from mutant_trials import Counts, Trials
from mutants import VALUES, damage
from report import DAMAGE, write_chapter

from healthsim_store import Store
from healthsim_store.errors import CorruptScenario, NotWritable
from healthsim_store.plugins import installed
from healthsim_store.storage import housekeeping
from healthsim_store.storage.records import read_record, read_records
from healthsim_store.store import VERBS

needs_alarm = pytest.mark.skipif(os.name != "posix", reason="a call is ended by SIGALRM")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The products, installed."""
    with pytest.MonkeyPatch.context() as patch:
        folder = meadow.lay(tmp_path_factory.mktemp("site"))
        patch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        installed.cache_clear()
        yield folder
    installed.cache_clear()


def campaign(folder: Path, seeds: range, calls: int | None = None) -> Counts:
    """Mutants of these seeds through every verb, or through some; what became of them."""
    trials = Trials(folder, real=calls is None)
    with contextlib.closing(trials):
        for seed in seeds:
            trials.run(seed, calls)
        assert trials.answers()
    return trials.counts


@needs_alarm
def test_damaged_files(site: Path, tmp_path: Path) -> None:
    first = random.SystemRandom().randrange(10**9) if CAMPAIGN else 0
    seeds = range(first, first + tries(24, 3_000))
    counts = campaign(tmp_path, seeds, None if CAMPAIGN else 8)
    print(counts.told())
    assert not counts.faults, "\n\n".join(counts.faults[:20])
    assert not counts.unclear
    # Who waits for a lock waits for what lies beside the file, and not for a statement of ours.
    assert not [told for told in counts.slow if "beside" not in told]
    assert counts.answered
    assert counts.refused
    if CAMPAIGN:
        write_chapter(DAMAGE, counts.lines(), counts.seconds)


def test_no_verb_finds_what_another_one_wrote(site: Path, tmp_path: Path) -> None:
    """This mutant is in WAL mode: an undo took back the merge of the verb before."""
    assert not campaign(tmp_path, range(745198866, 745198867)).faults


def test_an_upgrade_tells_damage_in_a_line(site: Path, tmp_path: Path) -> None:
    """It is found in the copy that the upgrade works on."""
    assert not campaign(tmp_path, range(126692981, 126692982)).unclear


def test_a_damaged_file_keeps_no_writer_waiting(described: Path, tmp_path: Path) -> None:
    """A statement that fails half-way stays open, with its lock, until somebody lets go of it."""
    with Store(tmp_path) as store:
        (tmp_path / "s.db").write_bytes(described.read_bytes())
        change = "UPDATE _tags SET tag = CAST(x'ff' AS TEXT) WHERE tag = 'kept'"
        with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as file, file:
            file.execute(change)
        kept = []
        for read in (store.scenario_info, store.get_summary, store.clone_scenario):
            with pytest.raises(CorruptScenario) as caught:
                read("s")
            kept.append(caught.value)  # with its traceback, and all that was open
        with contextlib.closing(sqlite3.connect(tmp_path / "s.db", timeout=0)) as file, file:
            file.execute("DELETE FROM _tags")


def test_a_file_that_does_not_say_what_it_is_keeps_no_history(
    described: Path, tmp_path: Path
) -> None:
    with Store(tmp_path) as store:
        (tmp_path / "s.db").write_bytes(described.read_bytes())
        with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as file, file:
            file.execute("DELETE FROM _scenario")
        with pytest.raises(CorruptScenario, match="_scenario has no rows"):
            store.keep_history("s", rows=10)


def test_a_folder_in_the_place_of_a_sidecar_is_told(described: Path, tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        (tmp_path / "s.db").write_bytes(described.read_bytes())
        (tmp_path / "s.db-shm").mkdir()
        with pytest.raises(
            NotWritable, match=r"s\.db-shm lies beside the scenario, and is a folder"
        ):
            store.rename_scenario("s", "t")
        assert store.names() == ["s"]


def test_every_verb_is_tried() -> None:
    tried = {name.partition(",")[0] for name in (*READS, *WRITES)}
    assert set(VERBS) == tried & set(VERBS) | ASK_NO_FILE


# -- the place where a file's words come in ---------------------------------------------------


def untyped(path: Path) -> sqlite3.Connection:
    """The housekeeping tables in memory, each column of which takes every value."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    with contextlib.closing(sqlite3.connect(path)) as file:
        for table in housekeeping.TABLES:
            rows = file.execute(f"SELECT * FROM {table.name}")
            names = ", ".join(column[0] for column in rows.description)
            memory.execute(f"CREATE TABLE {table.name} ({names})")
            marks = ", ".join("?" * len(rows.description))
            memory.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows.fetchall())
    return memory


@pytest.fixture(scope="module")
def described(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Store(tmp_path_factory.mktemp("described")) as store:
        return meadow.scenarios(store, real=False)["merge"]


@pytest.mark.parametrize("table", [table.name for table in housekeeping.TABLES])
def test_a_value_of_another_type_is_told_by_table_and_column(described: Path, table: str) -> None:
    """What a column declares, as SQLite itself says it, is what is accepted and nothing else."""
    with contextlib.closing(sqlite3.connect(described)) as file:
        declared = file.execute(f"PRAGMA table_info({table})").fetchall()
    with contextlib.closing(untyped(described)) as memory:
        if not read_records(memory, table):
            memory.execute(f"INSERT INTO {table} DEFAULT VALUES")
            for _, name, kind, *_ in declared:
                some = {"INTEGER": 1, "TEXT": "x"}[kind]
                memory.execute(f"UPDATE {table} SET {name} = ?", (some,))
        for _, name, kind, required, _, key in declared:
            for told, value in VALUES.items():
                memory.execute("BEGIN")
                memory.execute(f"UPDATE {table} SET {name} = {value}")
                (type_,) = memory.execute(f"SELECT typeof({name}) FROM {table}").fetchone()
                fits = type_ == kind.lower() or (type_ == "null" and not (required or key))
                if fits and not told.startswith("text "):
                    assert read_records(memory, table)
                else:
                    with pytest.raises(CorruptScenario, match=rf"{table}.*\b{name}\b"):
                        read_records(memory, table)
                memory.execute("ROLLBACK")


@pytest.mark.parametrize("table", [table.name for table in housekeeping.TABLES])
def test_a_column_that_is_missing_is_told(described: Path, table: str) -> None:
    with contextlib.closing(untyped(described)) as memory:
        names = [column[0] for column in memory.execute(f"SELECT * FROM {table}").description]
        later = {
            "questions_sql", "fingerprint", "parameters", "call", "undone_at", "history_rows",
            "history_bytes", "last_log", "part",
        }  # since format 4  # fmt: skip
        for name in names:
            memory.execute("BEGIN")
            memory.execute(f"ALTER TABLE {table} RENAME COLUMN {name} TO other")
            if name in later and (table, name) != ("_own_questions", "parameters"):
                read_records(memory, table)
            else:
                with pytest.raises(CorruptScenario, match=f"{table} lacks the column {name}"):
                    read_records(memory, table)
            memory.execute("ROLLBACK")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_format_is_no_damage(described: Path, tmp_path: Path, version: int) -> None:
    older = tmp_path / "older.db"
    older.write_bytes(described.read_bytes())
    make_older(older, version)
    with contextlib.closing(sqlite3.connect(older)) as file:
        for table in housekeeping.TABLES:
            rows = read_records(file, table.name)
            assert bool(rows) <= (table.since <= version)


DICTIONARY = {
    "UPDATE _entity_types SET primary_key = 'nowhere'": "a key of .* 'nowhere'",
    "UPDATE _entity_types SET unique_keys = '[\"a\"]'": "unique_keys.*owners.*JSON list of lists",
    "UPDATE _entity_types SET unique_keys = '[[\"a\"]]'": "a key of .* with 'a'",
    "UPDATE _entity_types SET entity_type = '_log' WHERE entity_type = 'pets'": "'_log' is no name",
    "UPDATE _columns SET entity_type = 'x' WHERE entity_type = 'pets'": "columns of 'x'",
    "UPDATE _columns SET synonyms = '[]'": "synonyms.*JSON object of texts",
    "UPDATE _columns SET aliases = '[\"\\ud800\"]'": "aliases.*surrogates",
    "UPDATE _columns SET aliases = '" + "[" * 100_000 + "'": "aliases.*too deeply",
    "UPDATE _columns SET references_column = NULL": "refers to 'owners', and not to a column",
    "UPDATE _columns SET references_column = 'x'": r"refers to 'owners'\.x",
    "DELETE FROM _products WHERE product = 'meadowsim'": "not in its table _products",
    "DELETE FROM _scenario": "_scenario has no rows",
    "UPDATE _scenario SET last_number = -7": "last_number.*-7",
    "UPDATE _scenario SET scenario_id = ''": "scenario_id.*letters and digits",
    "UPDATE _tags SET tag = CAST(x'ff' AS TEXT) WHERE tag = 'kept'": "_tags, tag: .* not UTF-8",
    "DROP TABLE _tags": "_tags is missing",
}


@pytest.mark.parametrize("sql", DICTIONARY)
def test_check_tells_the_damage_by_table(
    described: Path, site: Path, tmp_path: Path, sql: str
) -> None:
    with Store(tmp_path) as store:
        (tmp_path / "s.db").write_bytes(described.read_bytes())
        with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as file, file:
            file.execute("PRAGMA foreign_keys = OFF")
            file.execute(sql)
        found = [f.message for f in store.check_scenario("s").findings if f.kind == "housekeeping"]
        assert any(re.search(DICTIONARY[sql], message) for message in found), found
        store.persist({"owners": [owner(n) for n in range(3)]}, scenario="other")
        with pytest.raises(CorruptScenario, match=rf"^s\.db is damaged: .*{DICTIONARY[sql]}"):
            store.clone_scenario("s")
        for scenarios in (["other", "s"], ["s", "other"]):
            with pytest.raises(CorruptScenario, match=r"^s\.db is damaged: "):
                store.merge_scenarios(scenarios)
        assert "s" in [info.name for info in store.list_scenarios()]


# -- the command line ---------------------------------------------------------------------------

COMMANDS = """list
info mutant
summary mutant
check mutant good
query mutant SELECT&*&FROM&owners
merge good mutant --name merged
diff mutant good --rows 1
samples mutant owners
questions mutant
tags
list --json
info mutant --json
tag mutant new
upgrade mutant
delete mutant
restore mutant"""


def test_the_command_line_says_it_in_one_line(site: Path, tmp_path: Path) -> None:
    home = tmp_path / "store"
    with Store(tmp_path / "made") as made:
        sources = [path.read_bytes() for path in meadow.scenarios(made, real=False).values()]
        good = made.find("good").read_bytes()
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"HEALTHSIM_STORE_DIR": str(home), "PYTHONPATH": path}
    lines = COMMANDS.splitlines()
    for seed in range(tries(2, 40)):
        chance = random.Random(seed)
        home.mkdir(exist_ok=True)
        (home / "good.db").write_bytes(good)
        (home / "mutant.db").write_bytes(chance.choice(sources))
        told = damage(home / "mutant.db", chance)
        for line in lines if CAMPAIGN else lines[seed::6]:
            arguments = [word.replace("&", " ") for word in line.split()]
            done = command(*arguments, environment=environment)
            assert "Traceback" not in done.stderr, (seed, told, line, done.stderr)
            assert done.returncode >= 0, (seed, told, line)
        assert (home / "good.db").read_bytes() == good
        for left in home.glob("*.db*"):
            left.rmdir() if left.is_dir() else left.unlink()


def _damage(path: Path, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.executescript(f"PRAGMA ignore_check_constraints = ON; {sql}")


def test_a_view_without_its_text_is_told(described: Path, tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        (tmp_path / "s.db").write_bytes(described.read_bytes())
        change = "UPDATE sqlite_master SET sql = NULL WHERE name = 'seen'"
        made = "CREATE VIEW seen AS SELECT 1; PRAGMA writable_schema = ON"
        _damage(tmp_path / "s.db", f"{made}; {change}")
        with pytest.raises(CorruptScenario):
            store.clone_scenario("s")


@pytest.mark.parametrize("id_", ["CAST(remark_id AS BLOB)", "x'ff'"])
def test_an_id_that_is_no_text_is_told(described: Path, tmp_path: Path, id_: str) -> None:
    with Store(tmp_path) as store:
        for name in ("s", "t"):
            (tmp_path / f"{name}.db").write_bytes(described.read_bytes())
        loose = "UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '') WHERE name = 'remarks'"
        _damage(tmp_path / "s.db", f"PRAGMA writable_schema = ON; {loose}")
        _damage(tmp_path / "s.db", f"UPDATE remarks SET remark_id = {id_} WHERE rowid = 1")
        for copy in (
            lambda: store.clone_scenario("s"),
            lambda: store.merge_scenarios(["t", "s"], new_name="both"),
        ):
            with pytest.raises(CorruptScenario, match=r"remark_id that is no text \(blob\)"):
                copy()


def test_a_bound_of_the_history_that_is_missing_is_the_usual_one(
    described: Path, tmp_path: Path
) -> None:
    with Store(tmp_path) as store:
        (tmp_path / "s.db").write_bytes(described.read_bytes())
        _damage(tmp_path / "s.db", "ALTER TABLE _scenario DROP COLUMN history_bytes")
        store.add_tags("s", "more")
        assert "more" in store.scenario_info("s").tags


def test_a_row_that_an_index_alone_knows_is_told() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        (products,) = (one.sql for one in housekeeping.TABLES if one.name == "_products")
        memory.executescript(products)
        with pytest.raises(CorruptScenario, match="_products has 0 rows with the product 'meadow'"):
            read_record(memory, "_products", "product", "meadow")
