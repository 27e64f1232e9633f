"""All rows of a SELECT in one cursor: `Store.rows`."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import (
    HealthsimStoreError,
    InvalidArgument,
    QueryError,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    ScenarioBusy,
    ScenarioNotFound,
)
from healthsim_store.query.stream import RowStream

NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})"
    " SELECT i, {1} FROM n"
)


@pytest.fixture(scope="module")
def store(toy_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Of 2,500 owners: three chunks."""
    import importlib

    from healthsim_store.plugins import installed

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(toy_folder))
        importlib.invalidate_caches()
        installed.cache_clear()
        with Store(tmp_path_factory.mktemp("stream")) as made:
            made.persist({"owners": [owner(n) for n in range(2_500)]}, scenario="s")
            yield made
    installed.cache_clear()


def is_locked(store: Store, name: str = "s") -> bool:
    """Whether a writer could not commit just now; nothing is changed."""
    with contextlib.closing(
        sqlite3.connect(store.find(name), timeout=0, isolation_level=None)
    ) as other:
        try:
            other.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
        other.execute("ROLLBACK")
        return False


def test_the_rows_are_those_of_all_pages(store: Store) -> None:
    sql = "SELECT owner_id, full_name, born FROM owners WHERE gender = :g ORDER BY tax_number DESC"
    pages: list[dict[str, Any]] = []
    while True:
        page = store.query_scenario("s", sql, params={"g": "F"}, limit=400, offset=len(pages))
        pages += page.rows
        if not page.has_more:
            break
    with store.rows("s", sql, params={"g": "F"}) as rows:
        assert rows.columns == ("owner_id", "full_name", "born")
        assert list(rows) == pages
    assert len(pages) == 1_250


@pytest.mark.parametrize("size", [0, 1, 999, 1_000, 1_001, 2_000])
def test_no_row_is_lost_where_chunks_meet(store: Store, size: int) -> None:
    sql = f"SELECT owner_id FROM owners ORDER BY rowid LIMIT {size}"
    with store.rows("s", sql) as rows:
        assert [row["owner_id"] for row in rows] == [f"o{n}" for n in range(size)]
    with store.rows("s", sql) as rows:
        assert sum(batch.num_rows for batch in rows.batches()) == size


def test_a_writer_cannot_commit_between_two_chunks(store: Store) -> None:
    with store.rows("s", "SELECT owner_id FROM owners") as rows:
        first = next(rows.chunks())
        assert len(first) == 1_000
        assert is_locked(store)
        rest = [row for chunk in rows.chunks() for row in chunk]
        assert len(first) + len(rest) == 2_500
    assert not is_locked(store)


def test_in_wal_mode_a_write_between_two_chunks_is_not_seen(store: Store, tmp_path: Path) -> None:
    store.clone_scenario("s", new_name="wal")
    path = store.find("wal")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        with store.rows("wal", "SELECT full_name FROM owners") as rows:
            seen = list(next(rows.chunks()))
            other.execute("UPDATE owners SET full_name = 'late'")
            seen += [row for chunk in rows.chunks() for row in chunk]
        assert ("late",) not in seen
        assert len(seen) == 2_500
    store.delete_scenario("wal")


def test_a_sorted_answer_locks_too_until_it_is_read(store: Store) -> None:
    """SQLite has all rows in its sorter by then, but the rows are of one moment all the same."""
    with store.rows("s", "SELECT owner_id FROM owners ORDER BY full_name || owner_id") as rows:
        next(iter(rows))
        assert is_locked(store)


def test_a_million_rows_in_bounded_memory(store: Store) -> None:
    sql = NUMBERS.format(1_000_000, "'row number ' || i AS text")
    with store.rows("s", sql) as rows:
        gc.collect()
        tracemalloc.start()
        try:
            total = sum(len(chunk) for chunk in rows.chunks())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert total == 1_000_000
    assert peak < 2_000_000  # bytes; all rows at once take over 100 MB


def test_arrow_batches_of_many_rows_in_bounded_memory(store: Store) -> None:
    with store.rows("s", NUMBERS.format(200_000, "i / 2.0 AS half")) as rows:
        before = pa.total_allocated_bytes()
        rows_seen, most = 0, 0
        for batch in rows.batches():
            rows_seen += batch.num_rows
            most = max(most, pa.total_allocated_bytes() - before)
    assert rows_seen == 200_000
    assert most < 1_000_000  # bytes; all at once are 3,200,000


def test_arrow_batches_have_one_schema(store: Store) -> None:
    sql = NUMBERS.format(2_500, "i / 2.0 AS half, 'n' || i AS text, CAST('b' AS BLOB) AS raw")
    with store.rows("s", sql) as rows:
        batches = list(rows.batches())
    assert [batch.num_rows for batch in batches] == [1_000, 1_000, 500]
    assert {batch.schema for batch in batches} == {
        pa.schema([("i", pa.int64()), ("half", pa.float64()), ("text", pa.string()),
                   ("raw", pa.binary())])
    }  # fmt: skip
    table = pa.Table.from_batches(batches)
    assert table["i"].to_pylist() == list(range(1, 2_501))
    assert table.slice(2_499).to_pylist() == [
        {"i": 2_500, "half": 1_250.0, "text": "n2500", "raw": b"b"}
    ]


def test_a_column_that_begins_with_null(store: Store) -> None:
    first = NUMBERS.format(1_500, "CASE WHEN i > 10 THEN i END AS late, NULL AS never")
    with store.rows("s", first) as rows:
        table = pa.Table.from_batches(rows.batches())
    assert table.schema.types == [pa.int64(), pa.int64(), pa.string()]
    assert table["late"].to_pylist() == [None] * 10 + list(range(11, 1_501))
    assert table["never"].null_count == 1_500
    # A whole chunk of NULL is text, so a later number does not fit.
    sql = NUMBERS.format(1_500, "CASE WHEN i > 1000 THEN i END AS late")
    with store.rows("s", sql) as rows, pytest.raises(QueryError, match="The values of late are"):
        list(rows.batches())
    text = NUMBERS.format(1_500, "CASE WHEN i > 1000 THEN 'n' || i END AS late")
    with store.rows("s", text) as rows:
        assert pa.Table.from_batches(rows.batches())["late"].to_pylist()[1_000:1_002] == [
            "n1001", "n1002",
        ]  # fmt: skip


@pytest.mark.parametrize("odd", [
    "iif(i = 5, 'five', i)", "iif(i = 1500, 'late', i)", "iif(i = 1500, 1.5, i)",
    "iif(i < 3, x'41', 'text')",
    "iif(i = 1500, x'41', 'text')",
])  # fmt: skip
def test_mixed_types_are_an_error_with_a_way_out(store: Store, odd: str) -> None:
    with store.rows("s", NUMBERS.format(1_500, f"{odd} AS odd")) as rows:
        with pytest.raises(QueryError, match="The values of odd are not all of one type") as told:
            list(rows.batches())
        assert told.value.hint is not None
        assert "CAST(... AS TEXT)" in told.value.hint
    assert not is_locked(store)
    with store.rows("s", NUMBERS.format(1_500, f"CAST({odd} AS TEXT) AS odd")) as rows:
        assert sum(batch.num_rows for batch in rows.batches()) == 1_500
    with store.rows("s", NUMBERS.format(1_500, f"{odd} AS odd")) as rows:
        assert sum(1 for _ in rows) == 1_500  # dicts have no schema


def test_columns_of_one_name(store: Store) -> None:
    with store.rows("s", "SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a") as rows:
        assert rows.columns == ("a", "a_2", "b", "a_3")
        assert list(rows) == [{"a": 1, "a_2": 2, "b": 3, "a_3": 4}]
    with store.rows("s", "SELECT 1 AS a, 2 AS a") as rows:
        (batch,) = rows.batches()
        assert batch.to_pylist() == [{"a": 1, "a_2": 2}]


def test_only_sqlite_s_time_counts(store: Store) -> None:
    with store.rows("s", "SELECT owner_id FROM owners", timeout=0.5) as rows:
        total = 0
        for chunk in rows.chunks():
            total += len(chunk)
            time.sleep(0.3)  # three times: 0.9 s
    assert total == 2_500


def test_what_takes_too_long_is_stopped_in_the_midst(store: Store) -> None:
    begun = time.monotonic()
    with (
        store.rows("s", NUMBERS.format(10**12, "i AS j"), timeout=0.3) as rows,
        pytest.raises(QueryTimeout),
    ):
        for _ in rows.chunks():
            pass
    assert time.monotonic() - begun < 5
    assert not is_locked(store)
    with pytest.raises(QueryTimeout):  # before the first row
        store.rows("s", f"SELECT count(*) FROM ({NUMBERS.format(10**12, '1')})", timeout=0.1)
    assert not is_locked(store)


def test_closing_early_frees_the_file(store: Store) -> None:
    rows = store.rows("s", "SELECT owner_id FROM owners")
    assert next(iter(rows)) == {"owner_id": "o0"}
    assert is_locked(store)
    rows.close()
    assert not is_locked(store)
    rows.close()  # once more is nothing


def test_one_that_nobody_reads_locks_until_it_is_closed(store: Store) -> None:
    with store.rows("s", "SELECT owner_id FROM owners"):
        assert is_locked(store)
    assert not is_locked(store)


def test_with_frees_the_file_after_an_error(store: Store) -> None:
    rows = store.rows("s", "SELECT owner_id FROM owners")
    next(iter(rows))
    with pytest.raises(ZeroDivisionError), rows:
        raise ZeroDivisionError
    assert not is_locked(store)


def test_the_last_row_frees_the_file(store: Store) -> None:
    rows = store.rows("s", "SELECT owner_id FROM owners")
    assert sum(1 for _ in rows) == 2_500
    assert not is_locked(store)
    assert list(rows) == []  # to be gone through once


def test_after_close_there_are_no_rows(store: Store) -> None:
    rows = store.rows("s", "SELECT owner_id FROM owners")
    begun = iter(rows)
    chunks = rows.chunks()
    next(chunks)
    rows.close()
    assert list(begun) == []
    assert list(chunks) == []
    assert list(rows) == list(rows.batches()) == []


@pytest.mark.parametrize(("sql", "error"), [
    ("DROP TABLE owners", QueryRefused), ("DELETE FROM owners", QueryRefused),
    ("PRAGMA user_version", QueryRefused), ("ATTACH 'x.db' AS x", QueryRefused),
    ("COMMIT", QueryRefused), ("", QueryRefused), ("SELECT 1; SELECT 2", QueryRefused),
    ("SELECT load_extension('x')", QueryRefused), ("SELECT nobody FROM owners", QueryError),
    ("SELECT ?", QueryError), ("SELECT 1 -- " + "x" * 100_000, QueryTooLarge),
    (7, InvalidArgument),
])  # fmt: skip
def test_what_is_refused_is_refused_at_once(
    store: Store, sql: Any, error: type[HealthsimStoreError]
) -> None:
    with pytest.raises(error):
        store.rows("s", sql)  # not at the first row
    assert not is_locked(store)
    assert store.scenario_info("s").total == 2_500


def test_errors_name_what_there_is(store: Store) -> None:
    with pytest.raises(QueryError) as told:
        store.rows("s", "SELECT ful_name FROM owners")
    assert "Did you mean full_name" in str(told.value.hint)
    with pytest.raises(ScenarioNotFound):
        store.rows("nobody", "SELECT 1")


def _table(rows: RowStream) -> pa.Table:
    return pa.Table.from_batches(rows.batches())


def test_rows_are_entities_of_another_scenario(store: Store) -> None:
    for name, read in (("dicts", iter), ("arrow", _table)):
        with store.rows("s", "SELECT * FROM owners WHERE gender = 'F'") as rows:
            stored = store.persist({"owners": read(rows)}, scenario=name)
        assert stored.created
        sql = "SELECT * FROM owners WHERE gender = 'F' ORDER BY owner_id"
        same = store.query_scenario("s", sql, limit=2_000).rows
        assert store.query_scenario(name, sql, limit=2_000).rows == same
        assert len(same) == 1_250
        store.delete_scenario(name)


def test_into_the_same_scenario_is_refused_at_once(store: Store) -> None:
    begun = time.monotonic()
    sql = "SELECT 'x' || owner_id AS owner_id FROM owners"
    with (
        store.rows("s", sql) as rows,
        pytest.raises(ScenarioBusy, match=r"s\.db is being read here.*by rows\(\)"),
    ):
        store.persist({"owners": iter(rows)}, scenario="s", on_conflict="skip")
    assert time.monotonic() - begun < 1
    store.add_tags("s", "free")  # when the rows are closed it may be written
    store.remove_tags("s", "free")


def test_rows_that_were_forgotten_block_no_later_write(store: Store) -> None:
    next(iter(store.rows("s", "SELECT owner_id FROM owners")))
    gc.collect()
    assert not is_locked(store)
    store.add_tags("s", "free")
    store.remove_tags("s", "free")


def test_two_at_once_and_one_with_another_attached(store: Store) -> None:
    store.persist({"owners": [owner(n) for n in range(3)]}, scenario="few")
    sql = "SELECT owner_id FROM owners ORDER BY owner_id"
    joined = "SELECT o.owner_id FROM owners o JOIN few.owners f USING (owner_id) ORDER BY 1"
    with store.rows("few", sql) as one, store.rows("s", joined, attach=["few"]) as two:
        assert list(zip(one, two, strict=True)) == [
            ({"owner_id": f"o{n}"}, {"owner_id": f"o{n}"}) for n in range(3)
        ]
        assert store.get_summary("s").entity_counts["owners"] == 2_500  # other reads go on
    assert not is_locked(store, "few")
    store.delete_scenario("few")
