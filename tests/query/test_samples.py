"""Samples: which rows are taken."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.query.samples import sample
from healthsim_store.schema.registry import Registry
from healthsim_store.storage.catalog import read_entity_types
from healthsim_store.storage.sandbox import Sandbox


@pytest.fixture
def numbered(store: Store) -> Store:
    store.persist({"owners": [owner(n) for n in range(1, 13)]}, scenario="s")
    return store


def taken(store: Store, count: int) -> list[int]:
    """The numbers of the owners that a sample has."""
    with contextlib.closing(Sandbox(store.find("s"))) as sandbox:
        owners = Registry(read_entity_types(sandbox.connection)).entity_type("owners")
        return [int(str(row["owner_id"])[1:]) for row in sample(sandbox, owners, count)]


def keep(store: Store, numbers: Iterable[int]) -> None:
    with contextlib.closing(sqlite3.connect(store.find("s"))) as file:
        marks = ", ".join(map(str, numbers))
        file.execute(f"DELETE FROM owners WHERE rowid NOT IN ({marks})")
        file.commit()


@pytest.mark.parametrize(
    ("count", "numbers"),
    [
        (0, []),
        (1, [7]),
        (2, [4, 10]),
        (3, [3, 7, 11]),
        (11, [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]),
        (12, [*range(1, 13)]),
        (99, [*range(1, 13)]),
    ],
)
def test_the_middle_of_equal_parts(numbered: Store, count: int, numbers: list[int]) -> None:
    assert taken(numbered, count) == numbers


def test_a_gap_gives_no_row_twice(numbered: Store) -> None:
    keep(numbered, [1, 10, 11, 12])
    assert taken(numbered, 3) == [10, 11, 12]
    assert taken(numbered, 12) == [1, 10, 11, 12]


def test_a_table_without_rows(numbered: Store) -> None:
    keep(numbered, [0])
    assert taken(numbered, 3) == []
