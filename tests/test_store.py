"""A store: scenarios found, named, tagged, deleted, summarised; and files that are not well."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Run, owner
from real_tokenizer import count_tokens
from statements import LOOP

from healthsim_store import Store
from healthsim_store.errors import (
    AmbiguousScenario,
    CorruptScenario,
    HealthsimStoreError,
    InvalidArgument,
    InvalidName,
    NewerFormat,
    NotAScenario,
    ScenarioExists,
    ScenarioNotFound,
)
from healthsim_store.query import statistics
from healthsim_store.storage.housekeeping import NAMES


def fill(store: Store, *names: str) -> None:
    for name in names:
        store.persist({"owners": [owner(1)]}, scenario=name)


def test_a_scenario_is_found_by_enough_of_its_name(store: Store) -> None:
    fill(store, "diabetes-cohort-20241226", "medicare-advantage-20241227", "ca-medicare-q4")
    identity = store.scenario_info("ca-medicare-q4").scenario_id
    for wanted, name in {
        "diabetes": "diabetes-cohort-20241226",
        "DIABETES-cohort-20241226": "diabetes-cohort-20241226",
        "advantage": "medicare-advantage-20241227",
        "q4 medicare": "ca-medicare-q4",
        identity: "ca-medicare-q4",
    }.items():
        assert store.find(wanted).stem == name


def test_an_ambiguous_name_lists_the_candidates(store: Store) -> None:
    fill(store, "cohort-a", "cohort-b")
    with pytest.raises(AmbiguousScenario) as caught:
        store.get_summary("cohort")
    assert caught.value.candidates == ("cohort-a", "cohort-b")
    assert "cohort-a, cohort-b" in str(caught.value)


@pytest.mark.parametrize("wanted", ["nothing", "", "%", "*", "../s", "s.db", "\0"])
def test_a_name_that_fits_nothing(store: Store, wanted: str) -> None:
    fill(store, "s1x")
    with pytest.raises(ScenarioNotFound) as caught:
        store.find(wanted)
    assert caught.value.hint


def test_rename_also_a_tagged_scenario(store: Store) -> None:
    fill(store, "old", "taken")
    store.add_tags("old", "training", "california")
    assert store.rename_scenario("old", "new name") == "new-name"
    assert store.names() == ["new-name", "taken"]
    info = store.scenario_info("new-name")
    assert info.tags == ("california", "training")
    assert info.log[0]["operation"] == "rename"
    with pytest.raises(ScenarioExists):
        store.rename_scenario("new-name", "taken")
    with pytest.raises(InvalidName):
        store.rename_scenario("new-name", "../x")
    with pytest.raises(InvalidName, match="Datasette keeps the name '_internal'"):
        store.rename_scenario("new-name", "_internal")
    assert store.rename_scenario("new-name", "NEW-name") == "NEW-name"
    assert store.names() == ["NEW-name", "taken"]


def test_tags(store: Store) -> None:
    fill(store, "a", "b")
    assert store.add_tags("a", "x", "y", "x") == ("x", "y")
    store.add_tags("b", "x")
    assert store.list_tags() == {"x": 2, "y": 1}
    assert store.remove_tags("a", "y") == ("x",)
    assert {info.name for info in store.list_scenarios(tag="x")} == {"a", "b"}
    for bad in ((), ("",), ("a,b",), ("x" * 61,), ("two\nlines",)):
        with pytest.raises(InvalidArgument):
            store.add_tags("a", *bad)
    with pytest.raises(InvalidArgument, match="not tagged"):
        store.remove_tags("a", "nothing")
    with pytest.raises(InvalidArgument):
        store.persist({"owners": [owner(1)]}, tags="text")


def test_delete_and_restore(store: Store) -> None:
    fill(store, "s")
    before = (store.path / "s.db").read_bytes()
    assert store.delete_scenario("s") == "s"
    assert store.names() == []
    assert [entry.name for entry in store.list_deleted()] == ["s"]
    fill(store, "s")
    with pytest.raises(ScenarioExists):
        store.restore_scenario("s")
    assert store.restore_scenario("s", new_name="t") == "t"
    assert (store.path / "t.db").read_bytes() == before
    with pytest.raises(ScenarioNotFound):
        store.restore_scenario("s")


def test_list_searches_and_filters(store: Store) -> None:
    store.persist({"owners": [owner(1)]}, scenario="a", description="Cats of Boston", tags=["x"])
    fill(store, "b")
    assert [info.name for info in store.list_scenarios(search="boston cats")] == ["a"]
    assert [info.name for info in store.list_scenarios(since="2999-01-01")] == []
    assert len(store.list_scenarios(since="2020-01-01")) == 2
    with pytest.raises(InvalidArgument):
        store.list_scenarios(since="yesterday")
    (info,) = store.list_scenarios(tag="x")
    assert info.entity_counts == {"owners": 1, "pets": 0}
    assert info.products == {"toy": "1.0"}


# -- summaries -------------------------------------------------------------------------------


def test_a_summary_counts_and_computes(store: Store) -> None:
    pets = [{"owner_id": "o1", "species": s, "weight": w} for s, w in
            [("cat", 4), ("cat", 5.5), ("dog", 30)]]  # fmt: skip
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="s", tags=["t"])
    summary = store.get_summary("s", samples=2)
    assert summary.entity_counts == {"owners": 1, "pets": 3}
    assert summary.statistics["species"].text == "2 cat, 1 dog"
    assert summary.statistics["weight"].text == "4.0-30.0 kg"
    assert summary.statistics["weight"].rows == ({"low": 4.0, "high": 30.0},)
    assert {name: len(rows) for name, rows in summary.samples.items()} == {"owners": 1, "pets": 2}
    text = summary.to_markdown()
    assert "| Pets | 3 |" in text
    assert "T1" not in text  # tax_number is sensitive
    assert "None" not in text


def test_a_statistic_with_nothing_to_say_is_left_out(store: Store) -> None:
    fill(store, "s")
    assert store.get_summary("s").statistics == {}


def test_a_summary_is_never_stale(store: Store) -> None:
    fill(store, "s")
    for n in range(2, 30):
        store.persist({"owners": [owner(n)]}, scenario="s")
        assert store.get_summary("s").entity_counts["owners"] == n
    connection = sqlite3.connect(store.path / "s.db", isolation_level=None)
    for n in range(100, 130):
        connection.execute(
            "INSERT INTO owners (owner_id, tax_number, full_name, born)"
            " VALUES (?, ?, 'x', '2000-01-01')", (n, n),
        )  # fmt: skip
        assert store.get_summary("s").entity_counts["owners"] == n - 100 + 30
    connection.close()


def test_reading_does_not_write_to_the_scenario(store: Store) -> None:
    fill(store, "s")
    path = store.path / "s.db"
    before, times = path.read_bytes(), path.stat().st_mtime_ns
    time.sleep(0.15)
    for _ in range(2):
        store.get_summary("s")
        store.get_samples("s", "owners")
        store.query_scenario("s", "SELECT * FROM owners")
        store.list_scenarios()
        store.scenario_info("s")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, times)
    assert [p.name for p in store.path.iterdir() if p.name.startswith("s.")] == ["s.db"]


def test_a_remembered_answer_is_used_and_a_broken_memory_is_not_missed(store: Store) -> None:
    fill(store, "s")
    time.sleep(0.15)
    first = store.get_summary("s").to_dict()
    memory = store.path / ".healthsim-store" / "memory.db"
    with sqlite3.connect(memory) as connection:
        (count,) = connection.execute("SELECT count(*) FROM answers").fetchone()
    connection.close()
    assert count == 1
    store.close()
    memory.write_bytes(b"rubbish" * 1000)
    assert store.get_summary("s").to_dict() == first
    assert store.get_summary("s").to_dict() == first


@pytest.mark.parametrize("budget", [100, 110, 130, 200])
def test_a_budget_holds_and_what_is_left_out_is_told(store: Store, budget: int) -> None:
    pets = [{"owner_id": "o1", "weight": n + 1} for n in range(20)]
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="s", description="word " * 50)
    summary = store.get_summary("s", max_tokens=budget)
    assert count_tokens(summary.to_markdown()) <= summary.tokens <= budget
    assert "Left out:" in summary.to_markdown()


def test_samples_are_spread_and_the_same_again(store: Store) -> None:
    store.persist({"owners": [owner(n) for n in range(300)]}, scenario="s")
    samples = store.get_samples("s", "people", count=3)
    assert [row["owner_id"] for row in samples] == ["o50", "o150", "o250"]
    assert store.get_samples("s", "owners", count=3) == samples
    assert "tax_number" not in samples[0]
    assert store.get_samples("s", "owners", count=1, sensitive=True)[0]["tax_number"] == "T150"
    assert len(store.get_samples("s", "owners", count=1000)) == 300
    assert store.get_samples("s", "pets") == []
    with pytest.raises(HealthsimStoreError, match="Did you mean owners"):
        store.get_samples("s", "ownrs")


# -- files -----------------------------------------------------------------------------------


def test_what_the_file_says_of_itself_to_any_sqlite_tool(store: Store) -> None:
    fill(store, "s")
    header = (store.path / "s.db").read_bytes()[:100]
    assert header[:16] == b"SQLite format 3\0"
    assert header[68:72] == b"HSSS"
    connection = sqlite3.connect(store.path / "s.db")
    (schema,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'owners'").fetchone()
    assert "-- Day of birth" in schema
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute(
        "SELECT type, description FROM _columns WHERE column_name = 'born'"
    ).fetchone() == ("DATE", "Day of birth")
    with pytest.raises(sqlite3.IntegrityError, match="gender must be one of F, M, U"):
        connection.execute("UPDATE owners SET gender = 'X'")
    connection.close()


def test_a_file_explains_itself_where_its_product_is_not_installed(
    store: Store, tmp_path: Path
) -> None:
    store.persist({"owners": [owner(n) for n in range(9)]}, scenario="mailed", tags=["gift"])
    shutil.copy(store.path / "mailed.db", tmp_path / "mailed.db")
    code = (
        "from healthsim_store import Store\n"
        "s = Store('.')\n"
        "print([i.name for i in s.list_scenarios()], s.scenario_info('mailed').products)\n"
        "print(s.get_summary('mailed').to_markdown())\n"
        "print(s.query_scenario('mailed', 'SELECT count(*) AS n FROM owners').rows)\n"
        "s.persist({'people': [{'tax_number': 'T', 'name': 'N', 'dob': '2000-01-01'}]},\n"
        "          scenario='mailed')\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["HEALTHSIM_STORE_NO_PLUGINS"] = "1"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert answer.stderr == ""
    assert "['mailed'] {'toy': '1.0'}" in answer.stdout
    assert "| Owners | 9 |" in answer.stdout
    assert "[{'n': 9}]" in answer.stdout


def damaged(store: Store) -> dict[str, tuple[bytes, type[HealthsimStoreError]]]:
    good = (store.path / "good.db").read_bytes()
    foreign = store.path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE x (a)")
    connection.close()
    other = foreign.read_bytes()
    foreign.unlink()
    newer = bytearray(good)
    newer[60:64] = (999).to_bytes(4, "big")
    schema = good.replace(b"-- Day of birth", b"-- Day \xff\xfe\xff birth", 1)
    return {
        "text": (b"this is not a database, but a text long enough" * 100, NotAScenario),
        "empty": (b"", NotAScenario),
        "foreign": (other, NotAScenario),
        "newer": (bytes(newer), NewerFormat),
        "truncated": (good[:5000], CorruptScenario),
        "undecodable": (schema, HealthsimStoreError),
    }


def test_files_that_are_not_well(store: Store) -> None:
    fill(store, "good")
    cases = damaged(store)
    for name, (content, error) in cases.items():
        (store.path / f"{name}.db").write_bytes(content)
        if name == "undecodable":
            continue  # readable but for a comment: any answer will do that is no traceback
        with pytest.raises(error) as caught:
            store.get_summary(name)
        assert f"{name}.db" in caught.value.message
        with pytest.raises(HealthsimStoreError):
            store.persist({"owners": [owner(2)]}, scenario=name)
        assert (store.path / f"{name}.db").read_bytes() == content
    infos = {info.name: info for info in store.list_scenarios()}
    assert infos["good"].problem is None
    for name in cases:
        assert infos[name].problem or name == "undecodable"


@pytest.mark.parametrize("table", NAMES)
def test_no_view_of_a_stranger_runs_in_place_of_housekeeping(store: Store, table: str) -> None:
    """It could go on for ever: what a file says about itself is read without a deadline."""
    fill(store, "good")
    shutil.copy(store.find("good"), store.path / "odd.db")
    with contextlib.closing(sqlite3.connect(store.path / "odd.db")) as file:
        file.execute(f"ALTER TABLE {table} RENAME TO kept")
        file.execute(f"CREATE VIEW {table} AS SELECT kept.* FROM kept, ({LOOP})")
        file.commit()
    for action in (
        lambda: store.get_summary("odd"),
        lambda: store.scenario_info("odd"),
        lambda: store.list_questions("odd"),
        lambda: store.query_scenario("odd", "SELECT 1"),
        lambda: store.persist({"owners": [owner(2)]}, scenario="odd"),
        lambda: store.add_tags("odd", "x"),
        lambda: store.clone_scenario("odd"),
        lambda: store.merge_scenarios(["good", "odd"], new_name="merged"),
        lambda: store.diff_scenarios("good", "odd"),
        lambda: store.compare_scenarios("good", "odd"),
        lambda: store.export_scenario("odd", format="csv"),
        lambda: store.upgrade_scenario("odd"),
    ):
        with pytest.raises(
            CorruptScenario, match=rf"odd\.db was tampered with: {table} is no table"
        ):
            action()
    assert {info.name: info.problem is None for info in store.list_scenarios()} == {
        "good": True, "odd": False,
    }  # fmt: skip
    assert store.names() == ["good", "odd"]


@pytest.mark.parametrize(("details", "entities", "told"), [
    ("{oops", "{}", {"unreadable": "{oops"}),
    ("[1]", '{"owners": {"inserted": 1}}', {"unreadable": "[1]"}),
    ('{"from": "x"}', '{"owners": 5}', {"from": "x", "unreadable": '{"owners": 5}'}),
    ("{}", '{"owners": {"inserted": "1"}}', {"unreadable": '{"owners": {"inserted": "1"}}'}),
])  # fmt: skip
def test_a_damaged_log_is_told_as_it_is(
    store: Store, run: Run, details: str, entities: str, told: dict[str, str]
) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s", batch_id="b")
    with contextlib.closing(sqlite3.connect(store.find("s"))) as file, file:
        file.execute("UPDATE _log SET (details, entities) = (?, ?)", (details, entities))
    (entry,) = store.scenario_info("s").log
    assert entry["details"] == told
    shown = run("info", "s", "--store", str(store.path))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"unreadable: {told['unreadable']}" in shown.stdout
    again = {"owners": [owner(1)]}
    if "owners" in told["unreadable"]:
        with pytest.raises(CorruptScenario, match="What the batch 'b' stored cannot be read"):
            store.persist(again, scenario="s", batch_id="b")
    else:
        assert store.persist(again, scenario="s", batch_id="b").repeated
    assert store.get_summary("s").entity_counts["owners"] == 1


def test_all_statistics_together_have_a_limit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's file may have any number, each of which uses up its own."""
    fill(store, "s")
    before = store.get_summary("s", samples=0)
    assert before.omitted == ()
    with contextlib.closing(sqlite3.connect(store.find("s"))) as file, file:
        for n in range(300):
            values = ("toy", f"loop{n}", n - 500, "Bad", f"Loop {n}", "{x}", LOOP)
            file.execute("INSERT INTO _statistics VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    monkeypatch.setattr(statistics, "SECONDS", 0.2)
    monkeypatch.setattr(statistics, "SECONDS_IN_ALL", 0.5)
    found = store.get_summary("s", samples=0)
    assert "Loop 0 (" in found.omitted[0]
    assert "those before it" not in found.omitted[0]
    assert found.omitted[299].startswith("Loop 299 (those before it took ")
    assert found.entity_counts == before.entity_counts


@pytest.mark.parametrize("seed", range(40))
def test_a_corrupt_file_gives_an_error_of_ours_or_an_answer(store: Store, seed: int) -> None:
    import random

    fill(store, "good")
    content = bytearray((store.path / "good.db").read_bytes())
    generator = random.Random(seed)
    for _ in range(20):
        at = generator.randrange(100, len(content))
        content[at : at + 64] = generator.randbytes(64)
    (store.path / "bad.db").write_bytes(content)
    for action in (
        lambda: store.get_summary("bad"),
        lambda: store.get_samples("bad", "owners"),
        lambda: store.query_scenario("bad", "SELECT * FROM owners"),
        lambda: store.scenario_info("bad"),
        store.list_scenarios,
    ):
        try:
            action()
        except HealthsimStoreError as error:
            assert error.message  # noqa: PT017 - an answer is as good


def test_a_killed_writer_leaves_the_scenario_as_it_was(store: Store, toy_folder: Path) -> None:
    store.persist({"owners": [owner(n) for n in range(2000)]}, scenario="s")
    code = (
        "import sys, time; sys.path[:0] = sys.argv[2:]\n"
        "from conftest import owner\n"
        "from healthsim_store import Store\n"
        "def rows():\n"
        "    for n in range(5000, 400000):\n"
        "        yield owner(n)\n"
        "        if n == 200000: print('half', flush=True); time.sleep(60)\n"
        "Store(sys.argv[1]).persist({'owners': rows()}, scenario='s')\n"
    )
    arguments = [str(store.path), str(toy_folder), str(Path(__file__).parent)]
    writer = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "half\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert store.query_scenario("s", "SELECT count(*) AS n FROM owners").rows == [{"n": 2000}]
    connection = sqlite3.connect(store.path / "s.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_an_empty_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    assert store.names() == store.list_scenarios() == store.list_deleted() == []
    with pytest.raises(ScenarioNotFound, match=re.escape("The store is empty.")):
        store.get_summary("x")
    assert not (tmp_path / "none").exists()


def test_a_scenario_that_goes_while_it_is_asked_for_is_not_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    path = store.find("s")
    path.unlink()
    monkeypatch.setattr(store, "find", lambda _: path)
    for ask in (store.get_summary, store.get_charts):
        with pytest.raises(ScenarioNotFound, match="no scenario 's'"):
            ask("s")
