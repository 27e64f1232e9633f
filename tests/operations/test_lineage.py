"""Which id of a clone belongs to which of its original: the SQL, asked for single ids."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from healthsim_store.operations.lineage import Lineage, counterpart, related

ORIGIN = Lineage("aaaaaa")
CHILD = ORIGIN.child("bbbbbb", "origin", ".", 12)
GRANDCHILD = CHILD.child("cccccc", "child", "..", 15)
SISTER = ORIGIN.child("dddddd", "origin", ".", 12)
STRANGER = Lineage("eeeeee")


def asked(sql: str, value: str) -> str | None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        (found,) = connection.execute(f"SELECT {sql} FROM (SELECT ? AS v)", (value,)).fetchone()
        return found if found is None else str(found)


@pytest.mark.parametrize(
    ("value", "cloned"), [("aaaaaa-a7", "bbbbbb-a7"), ("P-001", "bbbbbb.P-001"), ("", "bbbbbb.")]
)
def test_the_id_in_a_clone(value: str, cloned: str) -> None:
    assert asked(CHILD.cloned("v"), value) == cloned
    prefixed = value.startswith("aaaaaa")
    assert asked(CHILD.cloned("v", prefixed=prefixed), value) == cloned


@pytest.mark.parametrize(
    ("one", "other", "generations"),
    [
        (ORIGIN, ORIGIN, (0, 0)),
        (ORIGIN, CHILD, (0, 1)),
        (GRANDCHILD, ORIGIN, (2, 0)),
        (GRANDCHILD, SISTER, (2, 1)),
        (ORIGIN, STRANGER, None),
    ],
)
def test_how_far_relatives_are_from_their_ancestor(
    one: Lineage, other: Lineage, generations: tuple[int, int] | None
) -> None:
    assert related(one, other) == generations


@pytest.mark.parametrize(
    ("one", "other", "value", "found"),
    [
        (ORIGIN, CHILD, "aaaaaa-b12", "bbbbbb-b12"),  # the last that there was
        (ORIGIN, CHILD, "aaaaaa-b13", None),  # made after the cloning
        (ORIGIN, CHILD, "aaaaaa-a9", "bbbbbb-a9"),
        (ORIGIN, CHILD, "aaaaaa-c100", None),
        (ORIGIN, CHILD, "P-1", "bbbbbb.P-1"),
        (CHILD, ORIGIN, "bbbbbb-b12", "aaaaaa-b12"),
        (CHILD, ORIGIN, "bbbbbb-b13", None),
        (CHILD, ORIGIN, "bbbbbb.P-1", "P-1"),
        (CHILD, ORIGIN, "P-1", None),  # added to the clone
        (CHILD, GRANDCHILD, "bbbbbb-b15", "cccccc-b15"),
        (CHILD, GRANDCHILD, "bbbbbb-b16", None),
        (CHILD, GRANDCHILD, "P-1", "cccccc..P-1"),
        (ORIGIN, GRANDCHILD, "aaaaaa-b12", "cccccc-b12"),
        (ORIGIN, GRANDCHILD, "P-1", "cccccc.P-1"),
        (GRANDCHILD, ORIGIN, "cccccc-b12", "aaaaaa-b12"),
        (GRANDCHILD, ORIGIN, "cccccc-b13", None),  # made in the child
        (GRANDCHILD, ORIGIN, "cccccc.P-1", "P-1"),
        (GRANDCHILD, SISTER, "cccccc-b12", "dddddd-b12"),
        (GRANDCHILD, SISTER, "cccccc.P-1", "dddddd.P-1"),
        (ORIGIN, STRANGER, "aaaaaa-b13", "aaaaaa-b13"),
        (ORIGIN, ORIGIN, "aaaaaa-b13", "aaaaaa-b13"),
    ],
)
def test_the_counterpart_of_an_id(
    one: Lineage, other: Lineage, value: str, found: str | None
) -> None:
    assert asked(counterpart(one, other, "v"), value) == found


def test_what_came_into_the_child_is_not_the_origins() -> None:
    """P-2 was added to the child, and cloned from there with the child's longer separator."""
    assert asked(counterpart(GRANDCHILD, CHILD, "v"), "cccccc..P-2") == "P-2"
    assert asked(counterpart(GRANDCHILD, ORIGIN, "v"), "cccccc..P-2") is None
