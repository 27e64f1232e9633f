"""Whatever the SQL and whatever the file: it ends within its limit, and nobody else waits for it.

The statements and the files are written here; each is one that a deadline which SQLite looks at
between its steps does not end, or one that takes all memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from campaign import tries
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import (
    CorruptScenario,
    HealthsimStoreError,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
)
from healthsim_store.query import statistics

GRACE = 1.0  # seconds that an answer may come after its limit
SLACK = 4.0  # for a machine that does other things too

DOUBLED = ", ".join(
    ["c0 AS (SELECT 1 AS x)", *(f"c{n} AS (SELECT a.x FROM c{n - 1} a, c{n - 1} b)"
                                for n in range(1, 23))]
)  # fmt: skip
LONG = "printf('%.*c', 7900000, 'a')"
SHORTER = "printf('%.*c', 3900000, 'a') || 'b'"

BOMBS = {
    "a loop": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"
              " SELECT count(*) FROM r",
    "a long function": f"SELECT instr({LONG}, {SHORTER})",
    "a long like": f"SELECT {LONG} LIKE '%' || replace(printf('%.*c', 300, 'a'), 'a', '_%a')"
                   " || 'b'",
    "a long replace": f"SELECT length(replace({LONG}, 'aa', 'b'))",
    "a text of 2 GB": "SELECT printf('%.*c', 2000000000, 'x')",
    "22 doublings": f"WITH {DOUBLED} SELECT count(*) FROM c22",
    "long values, many times": f"WITH m AS MATERIALIZED (SELECT {LONG} AS v), n(i) AS (SELECT 1"
                               " UNION ALL SELECT i + 1 FROM n LIMIT 1500) SELECT v, i FROM m, n",
    "a long sort": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 90000000)"
                   " SELECT printf('%200d', x * 7919 % 1000003) AS y FROM r ORDER BY y, x",
    "a group of all": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT"
                      " 90000000) SELECT length(group_concat(printf('%200d', x))) FROM r",
    "JSON": f"SELECT count(*) FROM json_each('[' || replace({LONG}, 'a', '1,') || '1]') a,"
            f" json_each('[' || replace({LONG}, 'a', '1,') || '1]') b",
    "a regular cross join": "WITH n(i) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9))"
                            " SELECT count(*) FROM " + ", ".join(f"n AS n{k}" for k in range(40)),
}  # fmt: skip


def bombs(count: int) -> Iterator[tuple[str, str]]:
    """So many statements: the ones above, alone and inside of others."""
    yield from list(BOMBS.items())[:count]
    drawn = random.Random(14)
    for number in range(count - len(BOMBS)):
        name = drawn.choice([*BOMBS])
        inner = BOMBS[name]
        shape = drawn.choice([
            "SELECT * FROM ({}) LIMIT 5", "SELECT count(*) FROM ({})", "SELECT EXISTS ({})",
            "SELECT * FROM ({}) ORDER BY 1 DESC", "SELECT ({}) IS NULL",
            "SELECT DISTINCT * FROM ({})",
            "SELECT * FROM ({0}) UNION ALL SELECT * FROM ({0})", "EXPLAIN QUERY PLAN {}",
        ])  # fmt: skip
        yield f"{name} {number}", shape.format(inner)


def most_memory() -> int:
    """The most bytes that a process which was ended has had."""
    import resource

    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


@pytest.fixture
def shop(store: Store) -> Iterator[Store]:
    store.persist({"owners": [owner(n) for n in range(5)]}, scenario="shop")
    with Store(store.path, isolated=True) as made:
        yield made


def test_every_statement_ends_in_time(shop: Store) -> None:
    before = most_memory()
    for name, sql in bombs(tries(8, 100)):
        begun = time.monotonic()
        with contextlib.suppress(QueryTimeout, QueryTooLarge, QueryRefused):
            shop.query_scenario("shop", sql, timeout=0.5)
        assert time.monotonic() - begun < 0.5 + GRACE + SLACK, name
        (row,) = shop.query_scenario("shop", "SELECT count(*) AS n FROM owners").rows
        assert row == {"n": 5}
    assert max(before, most_memory()) < 1_000_000_000


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
def test_an_isolated_answer_is_the_same(store: Store, shop: Store, sql: str) -> None:
    def told(one: Store) -> object:
        try:
            page = one.query_scenario("shop", sql, limit=3)
            with one.rows("shop", sql) as rows:
                every = [*rows.chunks()]
            return page.columns, page.rows, page.total, sum(map(len, every)), every[:1]
        except HealthsimStoreError as error:
            return type(error), error.message, error.hint

    assert told(shop) == told(store)


def test_parameters_come_through(store: Store, shop: Store) -> None:
    values = {"i": 7, "f": 0.1, "t": "a'b\0c\U0001f600", "b": b"\0\xff", "n": None, "o": True}
    sql = "SELECT " + ", ".join(f":{name} AS {name}" for name in values)
    assert shop.query_scenario("shop", sql, params=values).rows == (
        store.query_scenario("shop", sql, params=values).rows
    )
    for wrong in ({"i": object()}, {"i": 2**70}, {"x": 1}):
        for one in (shop, store):
            with pytest.raises(HealthsimStoreError):
                one.query_scenario("shop", "SELECT :i", params=wrong)


def test_every_verb_that_reads_says_the_same(store: Store, shop: Store) -> None:
    store.persist({"pets": [{"owner_id": "o1", "weight": 2.5}]}, scenario="shop")
    for read in (
        lambda one: one.get_summary("shop", samples=1).to_markdown(),
        lambda one: one.get_samples("shop", "owners"),
        lambda one: one.load_scenario("shop"),
        lambda one: one.scenario_info("shop").to_dict(),
        lambda one: [info.to_dict() for info in one.list_scenarios()],
        lambda one: one.check_scenario("shop").to_dict(),
        lambda one: [question.name for question in one.list_questions("shop")],
    ):
        assert read(shop) == read(store)


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

LOOP = BOMBS["a loop"]


def _sql(*statements: str) -> Callable[[sqlite3.Connection], None]:
    def change(file: sqlite3.Connection) -> None:
        for statement in statements:
            file.execute(statement)

    return change


def _statistics(file: sqlite3.Connection) -> None:
    bombs = [LOOP, BOMBS["a long function"], BOMBS["22 doublings"]]
    for number in range(100):
        file.execute(
            "INSERT INTO _statistics VALUES ('toy', ?, ?, 'S', 'L', '{n}', ?)",
            (f"endless{number}", 100 + number, f"SELECT ({bombs[number % 3]}) AS n"),
        )


HOSTILE = {
    "a view": _sql("DROP TABLE pets", f"CREATE VIEW pets AS SELECT ({LOOP}) AS pet_id"),
    "a computed column": _sql(
        "ALTER TABLE owners DROP COLUMN full_name",
        "ALTER TABLE owners ADD COLUMN full_name TEXT AS (owner_id)",
        "PRAGMA writable_schema = ON",  # ALTER TABLE would compute it
        "UPDATE sqlite_master SET sql = replace(sql, 'AS (owner_id)', 'AS (instr("
        + f"{LONG}, {SHORTER}".replace("'", "''")
        + "))') WHERE name = 'owners'",
    ),
    "computed tags": _sql(
        "DROP TABLE _tags",
        f"CREATE TABLE _tags (tag TEXT AS (instr({LONG}, {SHORTER})), added_at TEXT)",
    ),
    "statistics": _statistics,
    "a card": _sql(
        f"CREATE VIEW owner_card AS SELECT owner_id, ({BOMBS['a long function']}) AS x FROM owners",
        "UPDATE _entity_types SET card = 'owner_card' WHERE entity_type = 'owners'",
    ),
    "a question": _sql(
        "UPDATE _questions SET sql = 'SELECT (" + BOMBS["22 doublings"].replace("'", "''") + ")'"
    ),
    "a rule": _sql(f"INSERT INTO _rules VALUES ('toy', 'endless', 9, 'x', '{LOOP}')"),
}


@pytest.fixture
def town(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Twenty scenarios, and a hostile one of each kind."""
    monkeypatch.setattr(statistics, "SECONDS", 0.5)
    monkeypatch.setattr(statistics, "SECONDS_IN_ALL", 2.0)
    for number in range(20):
        store.persist({"owners": [owner(number)]}, scenario=f"good-{number:02d}")
    store.persist({"owners": [owner(1)], "pets": [{"owner_id": "o1"}]}, scenario="good")
    for number, change in enumerate(HOSTILE.values()):
        path = store.path / f"hostile-{number}.db"
        shutil.copy(store.find("good.db".removesuffix(".db")), path)
        with contextlib.closing(sqlite3.connect(path)) as file:
            change(file)
            file.commit()
    with Store(store.path, isolated=True) as made:
        yield made


def test_a_hostile_file_hangs_nothing(town: Store) -> None:
    begun = time.monotonic()
    infos = town.list_scenarios()
    assert time.monotonic() - begun < 10
    problems = {info.name: info.problem for info in infos if info.problem}
    assert len(infos) == 21 + len(HOSTILE)
    assert "pets is no table" in str(problems["hostile-0"])
    assert "owners.full_name is computed" in str(problems["hostile-1"])
    assert "_tags.tag is computed" in str(problems["hostile-2"])
    assert not {name for name in problems if name.startswith("good")}
    for number in range(len(HOSTILE)):
        name = f"hostile-{number}"
        for read in (
            lambda name: town.get_summary(name, samples=1),
            lambda name: town.scenario_info(name),
            lambda name: town.list_questions(name),
        ):
            begun = time.monotonic()
            with contextlib.suppress(CorruptScenario, QueryTimeout, QueryTooLarge):
                read(name)
            assert time.monotonic() - begun < 16, name


def test_the_summary_of_endless_statistics_comes_and_says_so(town: Store) -> None:
    found = town.get_summary("hostile-3", samples=0)
    assert found.entity_counts == {"owners": 1, "pets": 1}
    assert "species" in found.statistics
    assert any("took too long" in told or "Stopped" in told or "endless" in told
               for told in found.omitted)  # fmt: skip


# -- the doors -------------------------------------------------------------------------------


def _environment(store: Store, toy_folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(toy_folder), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"HEALTHSIM_STORE_DIR": str(store.path), "PYTHONPATH": path}


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_query_at_once(shop: Store, toy_folder: Path) -> None:
    for name in ("a loop", "a long function"):
        asked = subprocess.Popen(
            [sys.executable, "-m", "healthsim_store", "query", "shop", BOMBS[name], "--timeout",
             "60"],
            env=_environment(shop, toy_folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        time.sleep(2.5)
        assert asked.poll() is None, asked.communicate()
        begun = time.monotonic()
        asked.send_signal(signal.SIGINT)
        _, told = asked.communicate(timeout=30)
        assert time.monotonic() - begun < GRACE + SLACK
        assert asked.returncode == 130, told
        assert "Traceback" not in told


def test_the_command_line_ends_in_time(shop: Store, run: Callable[..., object]) -> None:
    begun = time.monotonic()
    result = run("query", "shop", BOMBS["a long function"], "--timeout", "0.5", "--json")
    assert time.monotonic() - begun < 0.5 + GRACE + SLACK
    assert result.returncode == 7  # type: ignore[attr-defined]
    assert "Stopped after 0.5 seconds" in result.stderr + result.stdout  # type: ignore[attr-defined]
    listed = run("list", "--json")
    assert [one["name"] for one in json.loads(listed.stdout)] == ["shop"]  # type: ignore[attr-defined]
