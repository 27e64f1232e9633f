"""Rows whose numbers lie as far apart as they can: a copy goes through them, not the gaps."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import owner
from hypothesis import given
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.errors import CorruptScenario
from healthsim_store.storage.row_numbers import RowNumbers

LEAST, MOST = -(2**63), 2**63 - 1
FAR = [LEAST, -9 * 10**18, -1, 0, 5, 9 * 10**18, MOST - 1, MOST]


@given(
    st.lists(st.integers(LEAST, MOST) | st.integers(-20, 40), unique=True, max_size=60),
    st.integers(1, 12),
)
def test_every_row_is_in_one_block(numbers: list[int], rows: int) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO t VALUES (?)", ((number,) for number in numbers))
        blocks = [*RowNumbers(connection, "t", "rowid").blocks(rows)]
    inside = [[n for n in sorted(numbers) if first <= n <= last] for first, last in blocks]
    assert [number for block in inside for number in block] == sorted(numbers)
    assert all(1 <= len(block) <= rows for block in inside)
    # Of two that follow each other one is full, or has no gap in it.
    assert len(blocks) <= 1 + 2 * len(numbers) // rows + sum(
        after - before > 1
        for before, after in zip(sorted(numbers), sorted(numbers)[1:], strict=False)
    )


@pytest.fixture
def far(store: Store) -> Store:
    """A scenario whose owners, and a table of somebody else, have such numbers."""
    store.persist({"owners": [owner(n) for n in range(len(FAR))]}, scenario="far")
    store.persist({"owners": [owner(50)]}, scenario="near")
    with contextlib.closing(sqlite3.connect(store.find("far"))) as file, file:
        file.execute("CREATE TABLE others (id INTEGER PRIMARY KEY, x TEXT)")
        ids = [rowid for (rowid,) in file.execute("SELECT rowid FROM owners")]
        file.execute("UPDATE owners SET rowid = rowid + 1000000")
        for old, new in zip(ids, FAR, strict=True):
            file.execute("UPDATE owners SET rowid = ? WHERE rowid = ?", (new, old + 1_000_000))
            file.execute("INSERT INTO others VALUES (?, 'x')", (new,))
    return store


def _export(store: Store) -> str:
    store.export_scenario("far", format="sqlite", to=store.path / "out")
    (made,) = (store.path / "out").rglob("*.db")
    made.rename(store.path / "exported.db")
    return "exported"


@pytest.mark.parametrize("copied", [
    lambda store: store.clone_scenario("far", new_name="made").scenario,
    lambda store: store.merge_scenarios(["far", "near"], new_name="made").scenario,
    lambda store: store.clone_scenario("far", new_name="made", sample=8, seed=1).scenario,
    _export,
])  # fmt: skip
def test_copies_of_rows_that_lie_far_apart(far: Store, copied: Callable[[Store], str]) -> None:
    begun = time.monotonic()
    made = copied(far)
    assert time.monotonic() - begun < 20
    assert far.query_scenario(made, "SELECT count(*) AS n FROM owners").rows[0]["n"] >= len(FAR)


def test_what_reads_and_writes_such_a_scenario(far: Store, tmp_path: Path) -> None:
    assert len(far.get_samples("far", "owners", count=100)) >= 6  # by even steps
    assert len(far.get_summary("far", samples=3).samples["owners"]) == 3
    far.export_scenario("far", format="csv", to=tmp_path / "out")
    assert far.check_scenario("far").ok
    assert far.diff_scenarios("far", far.clone_scenario("far").scenario).entity_types


def test_no_row_is_added_behind_the_last_number(far: Store) -> None:
    """SQLite would draw numbers for them: undo would not find them, nor what checks new rows."""
    with pytest.raises(
        CorruptScenario, match=r"far\.db is damaged: its table owners has a row"
    ) as told:
        far.persist({"owners": [owner(60)]}, scenario="far")
    assert "Clone" in str(told.value.hint)
    with pytest.raises(CorruptScenario, match="no further numbers"):
        far.merge_scenarios(["near"], into="far")
    made = far.clone_scenario("far").scenario
    far.persist({"owners": [owner(60)]}, scenario=made)
    far.undo(made)
    assert far.scenario_info(made).entity_counts["owners"] == len(FAR)
