"""Whatever the SQL and whatever the file: it ends within its limit, and nobody else waits for it.

The statements and the files are written here; each is one that a deadline which SQLite looks at
between its steps does not end, or one that takes all memory.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from bomb_doors import DOORS, MCP_SECONDS, Tally, environment, measure, talking
from bombs import BOMBS, FEW, LONG, SHORTER
from campaign import CAMPAIGN
from conftest import owner
from deaths import wait_until_busy, wait_until_open
from hostile import HOSTILE
from report import BOMBS as BOMBS_CHAPTER
from report import table, write_chapter

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    QueryTimeout,
    QueryTooLarge,
)
from healthsim_store.operations import check
from healthsim_store.query import statistics

GRACE = 1.0  # seconds that an answer may come after its limit
SLACK = 4.0  # for a machine that does other things too


@pytest.fixture
def shop(store: Store) -> Iterator[Store]:
    store.persist({"owners": [owner(n) for n in range(5)]}, scenario="shop")
    with Store(store.path) as made:
        yield made


@pytest.fixture
def here(shop: Store) -> Iterator[Store]:
    """The same store, whose files are read in this process."""
    with Store(shop.path, isolated=False) as made:
        yield made


BOMBS_HERE = BOMBS if CAMPAIGN else {name: BOMBS[name] for name in FEW}
OUTSIDE = BOMBS if CAMPAIGN else {name: BOMBS[name] for name in FEW[1:3]}


@pytest.fixture(scope="module")
def tallies() -> Iterator[dict[str, Tally]]:
    """What was counted, by door. A campaign at all doors is written down."""
    counted: dict[str, Tally] = {}
    began = time.monotonic()
    yield counted
    if CAMPAIGN and counted.keys() == DOORS.keys():
        write_chapter(BOMBS_CHAPTER, told(counted.values()), time.monotonic() - began)


def told(tallies: Iterable[Tally]) -> list[str]:
    rows = [
        (
            one.door,
            [
                one.tried, len(one.over), f"{one.slowest:.2f} s",
                f"{one.memory / 1e6:,.0f} MB", f"{one.temporary / 1e6:,.0f} MB",
            ],
        )
        for one in tallies
    ]  # fmt: skip
    late = [f"{one.door}: {', '.join(one.over)}." for one in tallies if one.over]
    return [
        f"{len(BOMBS)} statements that would take without end, or all memory or disk"
        " (`tests/soundness/bombs.py`), with a limit of half a second. An MCP call has the server's"
        f" own limit, {MCP_SECONDS:g} seconds, so there the worst of each kind are asked. The time"
        " of a command that asks nothing is taken off. Memory is the highest of any process that"
        " answered, looked at ten times a second.",
        "",
        *table(
            ["door", "statements", "over the limit + 1 s", "slowest after its limit", "memory",
             "temporary files"],
            rows,
        ),
        *(["", "Later than that: " + " ".join(late)] if late else []),
    ]  # fmt: skip


def _campaign(door: str, shop: Store, site: Path, scratch: Path) -> Tally:
    """Ask all bombs at one door. At MCP, where none can have a short limit, the worst of a kind."""
    bombs = BOMBS_HERE if door == "Python" else OUTSIDE
    seconds = 0.5
    if door == "MCP":
        bombs = {name: BOMBS[name] for name in (FEW if CAMPAIGN else FEW[1:2])}
        seconds = MCP_SECONDS
    with DOORS[door](shop.path, site, scratch) as ask:
        ask("SELECT 1", 1.0)
        begun = time.monotonic()
        assert "1" in ask("SELECT 1", 1.0)
        started = time.monotonic() - begun
        tally = measure(door, ask, bombs, seconds, started)
    return tally


@pytest.mark.parametrize("door", DOORS)
def test_every_statement_ends_in_time(
    shop: Store, toy_folder: Path, tmp_path: Path, tallies: dict[str, Tally], door: str
) -> None:
    if door != "Python":
        pytest.importorskip("datasette" if door == "browser" else "healthsim_store_mcp")
    tally = tallies[door] = _campaign(door, shop, toy_folder, tmp_path)
    assert tally.tried
    assert tally.slowest < GRACE + SLACK, tally
    if sys.platform == "linux":
        assert 10_000_000 < tally.memory < 1_000_000_000
    assert tally.temporary < 1_000_000_000
    (row,) = shop.query_scenario("shop", "SELECT count(*) AS n FROM owners").rows
    assert row == {"n": 5}


def test_the_bombs_are_many_and_all_differ() -> None:
    assert len(set(BOMBS.values())) == len(BOMBS) >= 100


def test_a_statement_that_does_not_end_is_told(shop: Store) -> None:
    with pytest.raises(QueryTimeout, match=r"Stopped after 0\.3 seconds"):
        shop.query_scenario("shop", BOMBS["a loop"], timeout=0.3)
    with pytest.raises(QueryTimeout, match=r"Stopped after 0\.3 seconds"):
        shop.query_scenario("shop", BOMBS["a long function"], timeout=0.3)
    with pytest.raises(QueryTooLarge, match="memory"):
        shop.query_scenario("shop", BOMBS["22 doublings"], timeout=20)


def test_rows_end_in_time_too(shop: Store) -> None:
    begun = time.monotonic()
    with pytest.raises(QueryTimeout):  # noqa: SIM117, PT012
        with shop.rows("shop", BOMBS["long values, many times"], timeout=0.5) as rows:
            for _ in rows:
                pass
    assert time.monotonic() - begun < 0.5 + GRACE + SLACK


def test_a_later_row_may_take_as_long_as_the_first(shop: Store) -> None:
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 70), r(x) AS (SELECT"
        " 1 UNION ALL SELECT x + 1 FROM r LIMIT 15000000)"
        " SELECT i, CASE WHEN i = 70 THEN (SELECT count(*) FROM r) END AS x FROM n"
    )
    with shop._files.reading(shop.find("shop")) as sandbox:
        # The limit of a statement of our own is no limit for one that was given more.
        sandbox.connection.seconds = 0.1  # type: ignore[attr-defined]
        with sandbox.run(slow, timeout=60) as rows:
            assert rows.fetchall()[-1] == (70, 15_000_000)


def test_a_later_row_that_takes_too_long_tells_the_limit_that_was_given(shop: Store) -> None:
    late = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 70)"
        f" SELECT i, CASE WHEN i = 70 THEN instr({LONG}, {SHORTER}) END AS x FROM n"
    )
    with pytest.raises(QueryTimeout, match=r"Stopped after 0\.7 seconds"):
        shop.query_scenario("shop", late, limit=100, timeout=0.7)


# -- the same answers as in one process ------------------------------------------------------

ASKED = [
    "SELECT * FROM owners ORDER BY owner_id",
    "SELECT NULL AS a, 1 AS a, 2.5 AS b, 'é\U0001f600' AS c, x'00ff' AS d, '' AS e",
    "SELECT 9223372036854775807, -9223372036854775808, 1e308 * 10, -1e308 * 10",
    "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 5000)"
    " SELECT x, printf('%09d', x) FROM r",
    "SELECT 1 WHERE 0",
    "SELECT nonsense FROM owners",
    "SELECT * FROM nowhere",
    "DELETE FROM owners",
    "SELECT load_extension('x')",
    "SELECT 1; SELECT 2",
    "-- nothing",
    "SELECT CAST(x'ff41' AS TEXT)",
    "SELECT abs(-9223372036854775808)",
    "EXPLAIN QUERY PLAN SELECT * FROM owners",
    "SELECT" + " (" * 500 + "1" + ")" * 500,
]


@pytest.mark.parametrize("sql", ASKED)
def test_an_isolated_answer_is_the_same(here: Store, shop: Store, sql: str) -> None:
    def told(one: Store) -> object:
        try:
            page = one.query_scenario("shop", sql, limit=3)
            with one.rows("shop", sql) as rows:
                every = [*rows.chunks()]
            return page.columns, page.rows, page.total, sum(map(len, every)), every[:1]
        except HealthsimStoreError as error:
            return type(error), error.message, error.hint

    assert told(shop) == told(here)


def test_parameters_come_through(here: Store, shop: Store) -> None:
    values = {"i": 7, "f": 0.1, "t": "a'b\0c\U0001f600", "b": b"\0\xff", "n": None, "o": True}
    sql = "SELECT " + ", ".join(f":{name} AS {name}" for name in values)
    assert shop.query_scenario("shop", sql, params=values).rows == (
        here.query_scenario("shop", sql, params=values).rows
    )
    for wrong in ({"i": object()}, {"i": 2**70}, {"x": 1}):
        for one in (shop, here):
            with pytest.raises(HealthsimStoreError):
                one.query_scenario("shop", "SELECT :i", params=wrong)


def test_every_verb_that_reads_says_the_same(here: Store, shop: Store) -> None:
    here.persist({"pets": [{"owner_id": "o1", "weight": 2.5}]}, scenario="shop")
    for read in (
        lambda one: one.get_summary("shop", samples=1).to_markdown(),
        lambda one: one.get_samples("shop", "owners"),
        lambda one: one.load_scenario("shop"),
        lambda one: one.scenario_info("shop").to_dict(),
        lambda one: [info.to_dict() for info in one.list_scenarios()],
        lambda one: one.check_scenario("shop").to_dict(),
        lambda one: [question.name for question in one.list_questions("shop")],
    ):
        assert read(shop) == read(here)


def test_rows_that_nobody_reads_to_their_end_block_no_writer(shop: Store) -> None:
    with shop.rows("shop", "SELECT * FROM owners, (VALUES (1), (2)) AS twice") as rows:
        next(iter(rows))
    shop.query_scenario("shop", ASKED[3], limit=2)
    with shop._files.reading(shop.find("shop")) as sandbox:
        kept = sandbox.connection.execute(ASKED[3] + ", (SELECT count(*) FROM owners)")
        assert kept.fetchone()[0] == 1  # and never read to its end, nor let go of
    begun = time.monotonic()
    shop.persist({"owners": [owner(50)]}, scenario="shop")
    assert time.monotonic() - begun < 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_process_that_was_forked_has_workers_of_its_own(shop: Store) -> None:
    shop.query_scenario("shop", "SELECT 1")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            found = shop.query_scenario("shop", "SELECT count(*) AS n FROM owners").rows
            code = 0 if found == [{"n": 5}] else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert shop.query_scenario("shop", "SELECT count(*) AS n FROM owners").rows == [{"n": 5}]


# -- files of strangers ----------------------------------------------------------------------

LIGHT = 2.0  # times what it takes without the hostile files, and a moment for a busy machine
MOMENT = 0.3
CAMPAIGN_ONLY = {
    "a schema of many views",
    "20,000 views",
    "300,000 declared columns",
    "values of 50 MB",
}
#: Those for which every verb that may hang is tried in the ordinary run too.
WORST = ("an endless CHECK", "an endless index", "views of views", "views that double a sum")


@pytest.fixture
def town(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Twenty scenarios; and, in a folder beside, a hostile one of each kind."""
    monkeypatch.setattr(statistics, "SECONDS", 0.5)
    monkeypatch.setattr(statistics, "SECONDS_IN_ALL", 2.0)
    monkeypatch.setattr(check, "SECONDS", 0.5)
    for number in range(20):
        store.persist({"owners": [owner(number)]}, scenario=f"good-{number:02d}")
    with Store(tmp_path / "made") as made:
        made.persist({"owners": [owner(1), owner(2)], "pets": [{"owner_id": "o1"}]}, scenario="one")
        for name, (change, _) in HOSTILE.items():
            if CAMPAIGN or name not in CAMPAIGN_ONLY:
                path = tmp_path / f"{file_name(name)}.db"
                shutil.copy(made.find("one"), path)
                change(path)
    return store


def file_name(kind: str) -> str:
    return kind.replace(" ", "-").replace(",", "")


def _kinds() -> list[str]:
    return [name for name in HOSTILE if CAMPAIGN or name not in CAMPAIGN_ONLY]


def _invade(town: Store, folder: Path) -> None:
    """The hostile files come into the store."""
    for kind in _kinds():
        os.rename(folder / f"{file_name(kind)}.db", town.path / f"{file_name(kind)}.db")


def _seconds(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def test_beside_hostile_files_all_is_as_quick_as_without(town: Store, tmp_path: Path) -> None:
    with Store(town.path) as asked:
        acts = {
            "list": asked.list_scenarios,
            "summary": lambda: asked.get_summary("good-07", samples=1),
            "query": lambda: asked.query_scenario("good-08", "SELECT * FROM owners"),
            "persist": lambda: asked.persist({"owners": [owner(99)]}, scenario="good-09"),
        }
        asked.list_scenarios()
        before = {name: _seconds(act) for name, act in acts.items() if name != "persist"}
        _invade(town, tmp_path)
        first = _seconds(asked.list_scenarios)
        after = {name: min(_seconds(act) for _ in range(3)) for name, act in acts.items()}
        infos = {info.name: info for info in asked.list_scenarios()}
    assert first < len(HOSTILE) * 0.3 + 1.5  # each file is opened once
    for name, seconds in after.items():
        assert seconds < LIGHT * before.get(name, 0.1) + MOMENT, name
    assert len(infos) == 20 + len(_kinds())
    assert not [name for name, info in infos.items() if info.problem and name.startswith("good")]
    for kind in _kinds():
        words = HOSTILE[kind][1]
        assert words in str(infos[file_name(kind)].problem), kind


READS: dict[str, Callable[[Store, str], object]] = {
    "summary": lambda store, name: store.get_summary(name, samples=1),
    "info": lambda store, name: store.scenario_info(name),
    "questions": lambda store, name: store.list_questions(name),
    "samples": lambda store, name: store.get_samples(name, "owners"),
    "check": lambda store, name: store.check_scenario(name),
}
WRITES: dict[str, Callable[[Store, str], object]] = {
    "persist": lambda store, name: store.persist({"owners": [owner(9)]}, scenario=name),
    "add_tags": lambda store, name: store.add_tags(name, "t"),
    "clone": lambda store, name: store.clone_scenario(name),
    "merge": lambda store, name: store.merge_scenarios([name, "good-01"]),
    "export": lambda store, name: store.export_scenario(name, format="sqlite", to=store.path / "x"),
    "upgrade": lambda store, name: store.upgrade_scenario(name),
    "rename": lambda store, name: store.rename_scenario(name, f"{name}-b"),
    "delete": lambda store, name: store.delete_scenario(name),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each act is a process that can be ended")
def test_nothing_hangs_on_a_hostile_file(town: Store, tmp_path: Path) -> None:
    """Reading and writing one: told, or done. In a fork, which SIGALRM ends where it hangs."""
    _invade(town, tmp_path)
    acts = READS | WRITES
    if not CAMPAIGN:
        acts = {verb: acts[verb] for verb in ("check", "persist", "clone", "export")}
    for kind in _kinds() if CAMPAIGN else WORST:
        for verb, act in acts.items():
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    signal.alarm(60 if kind in CAMPAIGN_ONLY else 25)
                    with Store(town.path) as asked, contextlib.suppress(HealthsimStoreError):
                        act(asked, file_name(kind))
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0, f"{verb} of {kind}"
            for left in town.path.glob(f"{file_name(kind)}-*.db"):  # a clone, or renamed
                if verb == "rename":
                    left.rename(town.path / f"{file_name(kind)}.db")


def test_the_summary_of_endless_statistics_comes_and_says_so(town: Store, tmp_path: Path) -> None:
    _invade(town, tmp_path)
    begun = time.monotonic()
    found = town.get_summary("100-endless-statistics", samples=0)
    assert time.monotonic() - begun < 2.0 + GRACE + SLACK
    assert found.entity_counts == {"owners": 2, "pets": 1}
    assert "species" in found.statistics
    told = " ".join(found.omitted)
    assert "Stopped after" in told
    assert "those before it took" in told


def _answer_in_time(acts: dict[str, Callable[[], object]], before: dict[str, float]) -> None:
    """Each as quick as it was; the best of a few, since the machine does other things too."""
    for name, act in acts.items():
        best = min(_seconds(act) for _ in range(5))
        assert best < LIGHT * before[name] + MOMENT, (name, best, before[name])


def test_beside_hostile_files_mcp_is_as_quick_as_without(
    town: Store, toy_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("healthsim_store_mcp")
    with talking(town.path, toy_folder) as talk:
        acts: dict[str, Callable[[], object]] = {
            "list": lambda: talk.tool("list", search="good"),
            "summary": lambda: talk.tool("summary", scenario="good-07"),
            "samples": lambda: talk.tool("samples", scenario="good-08", entity_type="owners"),
        }
        before = {name: min(_seconds(act) for _ in range(5)) for name, act in acts.items()}
        _invade(town, tmp_path)
        talk.tool("list")  # each file is opened once
        _answer_in_time(acts, before)
        told = talk.tool("list", search=file_name("a view in place of a table"))
        assert "was tampered with" in told
        for kind in ("100 endless statistics", "an endless card", "views of views"):
            talk.begin("summary", scenario=file_name(kind))
        _answer_in_time(acts, before)


def test_one_hostile_file_does_not_shut_the_others_in_the_browser(
    town: Store, toy_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("datasette")
    from browsing import serving

    def see(page: str) -> None:
        assert served.get(page).status == 200

    with serving(town.path, path=tmp_path, site=toy_folder) as served:
        acts: dict[str, Callable[[], object]] = {
            page: functools.partial(see, page)
            for page in ("/", "/good-07", "/good-08/owners", "/good-09/-/query.json?sql=SELECT 1")
        }
        before = {name: min(_seconds(act) for _ in range(5)) for name, act in acts.items()}
        _invade(town, tmp_path)
        town.list_scenarios()  # what is kept of them
        first = served.get("/")
        assert first.status == 200
        _answer_in_time(acts, before)
        assert "pets is no table" in first.text
        assert "named pipe" in first.text or "a named pipe" not in HOSTILE

        def open_page(kind: str) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):  # the server ends before
                served.get(f"/{file_name(kind)}")

        waiting = [
            threading.Thread(target=open_page, args=(kind,), daemon=True)
            for kind in ("100 endless statistics", "an endless card", "views of views")
        ]
        for thread in waiting:
            thread.start()
        wait_until_busy(served.process.pid, 0.2)
        _answer_in_time(acts, before)
        assert served.get("/good-09").status == 200
        if CAMPAIGN:
            for thread in waiting:
                thread.join()


# -- the doors -------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_query_at_once(shop: Store, toy_folder: Path) -> None:
    for name in ("a loop", "a long function"):
        asked = subprocess.Popen(
            [sys.executable, "-m", "healthsim_store", "query", "shop", BOMBS[name], "--timeout",
             "60"],
            env=environment(shop.path, toy_folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        wait_until_open(asked, shop.path / "shop.db")
        assert asked.poll() is None, asked.communicate()
        begun = time.monotonic()
        asked.send_signal(signal.SIGINT)
        _, told = asked.communicate(timeout=30)
        assert time.monotonic() - begun < GRACE + SLACK
        assert asked.returncode == 130, told
        assert "Traceback" not in told


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("running", [None, "a loop", "a long function"])
def test_ctrl_c_ends_an_mcp_server_at_once(
    shop: Store, toy_folder: Path, tmp_path: Path, running: str | None
) -> None:
    pytest.importorskip("healthsim_store_mcp")
    with talking(shop.path, toy_folder) as talk:
        talk.ask("SELECT 1")
        if running is not None:
            talk.begin_to_ask(BOMBS[running])
            wait_until_busy(talk.server.pid, 0.1)  # within the 5 seconds that it has
        assert talk.server.poll() is None
        begun = time.monotonic()
        talk.server.send_signal(signal.SIGINT)
        assert talk.server.wait(30) == 130
        assert time.monotonic() - begun < GRACE + SLACK


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_sigterm_is_obeyed_while_statistics_do_not_end(
    town: Store, toy_folder: Path, tmp_path: Path
) -> None:
    _invade(town, tmp_path)
    asked = subprocess.Popen(
        [sys.executable, "-m", "healthsim_store", "summary", "100-endless-statistics"],
        env=environment(town.path, toy_folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    wait_until_open(asked, town.path / "100-endless-statistics.db")
    assert asked.poll() is None, asked.communicate()
    begun = time.monotonic()
    asked.terminate()
    asked.communicate(timeout=30)
    assert time.monotonic() - begun < GRACE + SLACK
