"""A snapshot's pieces: all rows in their order, and none too large for the memory."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.exchange import snapshot as module
from healthsim_store.exchange.snapshot import Snapshot


def pieces(store: Store, tmp_path: Path, entity_type: str = "pets") -> list[Any]:
    taken = Snapshot.take(store.find("s"), tmp_path / "copy.db")
    return [piece() for piece in taken.pieces(taken.registry.entity_type(entity_type))]


def persist(store: Store, count: int, letters: int) -> None:
    notes = '"' + "x" * (letters - 2) + '"'
    pets = [{"pet_id": f"p{n}", "owner_id": "o1", "notes": notes} for n in range(count)]
    store.persist({"owners": [owner(1)], "pets": pets}, scenario="s")


def in_order(batches: list[Any], count: int) -> None:
    ids = [id_ for batch in batches for id_ in batch.column("pet_id").to_pylist()]
    assert ids == [f"p{n}" for n in range(count)]


def test_narrow_rows_are_one_piece(store: Store, tmp_path: Path) -> None:
    persist(store, 500, 10)
    batches = pieces(store, tmp_path)
    assert [batch.num_rows for batch in batches] == [500]
    in_order(batches, 500)


def test_a_piece_has_a_most_of_rows(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 200)
    persist(store, 500, 10)
    batches = pieces(store, tmp_path)
    assert [batch.num_rows for batch in batches] == [200, 200, 100]
    in_order(batches, 500)


@pytest.mark.parametrize("gaps", [False, True])
def test_wide_rows_come_in_pieces_of_about_the_bound_of_bytes(
    store: Store, tmp_path: Path, gaps: bool
) -> None:
    """300 rows of 100 KB are 30 MB: four pieces of at most 8 MB."""
    persist(store, 300, 100_000)
    if gaps:  # between the rowids, so that the rows must be counted
        with contextlib.closing(sqlite3.connect(store.find("s"))) as file:
            file.execute("UPDATE pets SET rowid = rowid * 1000 WHERE rowid > 1")
            file.commit()
    batches = pieces(store, tmp_path)
    assert len(batches) == 4
    assert max(batch.nbytes for batch in batches) <= module.BATCH_BYTES
    in_order(batches, 300)


def test_the_widest_rows_come_by_sixteen(store: Store, tmp_path: Path) -> None:
    """However wide, so that a piece is worth its price."""
    persist(store, 20, 2_000_000)
    assert [batch.num_rows for batch in pieces(store, tmp_path)] == [16, 4]


def test_a_table_without_rows_has_no_pieces(store: Store, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    assert pieces(store, tmp_path) == []
