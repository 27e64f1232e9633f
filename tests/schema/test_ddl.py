"""The SQL of a table, to the letter, and what SQLite refuses by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from healthsim_store.schema.ddl import circles, column_rules, create_statements, create_table
from healthsim_store.schema.model import Column, EntityType, Reference
from healthsim_store.schema.types import LogicalType


def column(name: str, type_: str = "VARCHAR", **more: Any) -> Column:
    return Column(name, LogicalType.parse(type_), **more)


PARENTS = EntityType("parents", "p", (column("id"),), "id")
CHILDREN = EntityType(
    "children",
    "p",
    (
        column("id", description="Its id"),
        column("code", required=True, unique=True),
        column("kind", default="'a'", values=("a", "b's")),
        column("parent_id", references=Reference("parents", "id")),
        column("other_id", references=Reference("others", "id", enforced=False)),
        column("twin_id", unique=True, references=Reference("parents", "id")),
        column("elder_id", references=Reference("children", "id"), acyclic=True),
        column("low", "INTEGER"),
        column("high", "INTEGER", checks=("high < 100",)),
    ),
    "id",
    unique_keys=(("code",), ("kind", "low")),
    description="Those below",
    checks=("low < high",),
)

TABLE = """\
CREATE TABLE "children" (
  -- Those below
  "id" TEXT PRIMARY KEY NOT NULL, -- Its id
  "code" TEXT NOT NULL UNIQUE CONSTRAINT "code must not be empty" CHECK ("code" <> ''),
  "kind" TEXT DEFAULT 'a' CONSTRAINT "kind must be one of a, b's" \
CHECK ("kind" = 'a' OR "kind" = 'b''s'),
  "parent_id" TEXT REFERENCES "parents" ("id"),
  "other_id" TEXT,
  "twin_id" TEXT UNIQUE REFERENCES "parents" ("id"),
  "elder_id" TEXT REFERENCES "children" ("id") DEFERRABLE INITIALLY DEFERRED,
  "low" INTEGER,
  "high" INTEGER CONSTRAINT "high: high < 100" CHECK (high < 100),
  UNIQUE ("kind", "low"),
  CONSTRAINT "the row: low < high" CHECK (low < high)
) STRICT"""


def test_the_table_to_the_letter() -> None:
    assert create_table(CHILDREN) == TABLE


def test_an_index_for_each_reference_that_has_none_yet() -> None:
    """Also for one that is not enforced; a unique one has the index of its UNIQUE."""
    assert [*create_statements(CHILDREN)][1:] == [
        f'CREATE INDEX "children_{name}" ON "children" ("{name}")'
        for name in ("parent_id", "other_id", "elder_id")
    ]


def test_a_number_with_values_is_compared_as_a_number() -> None:
    numbers = column("n", "INTEGER", values=("1", "2"))
    assert [*column_rules(numbers)] == [("n must be one of 1, 2", '"n" = 1 OR "n" = 2')]


@pytest.fixture
def database() -> Any:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for entity_type in (PARENTS, CHILDREN):
            for statement in create_statements(entity_type):
                connection.execute(statement)
        connection.execute("INSERT INTO parents VALUES ('p')")
        yield connection


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"code": "x"}, "NOT NULL"),
        ({"id": "1", "code": ""}, "code must not be empty"),
        ({"id": "1", "code": "x", "kind": "c"}, "kind must be one of a, b's"),
        ({"id": "1", "code": "x", "parent_id": "q"}, "FOREIGN KEY"),
        ({"id": "1", "code": "x", "low": 5, "high": 5}, "the row: low < high"),
        ({"id": "1", "code": "x", "high": 100}, "high: high < 100"),
        ({"id": "1", "code": "x", "low": "five"}, "cannot store TEXT"),
        ({"id": "1", "code": "x", "elder_id": "nobody"}, "FOREIGN KEY"),
    ],
)
def test_what_sqlite_refuses(database: sqlite3.Connection, row: dict[str, Any], told: str) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError, match=told):
        database.execute(f"INSERT INTO children ({names}) VALUES ({marks})", [*row.values()])


def test_a_child_may_stand_before_its_elder_within_a_transaction(
    database: sqlite3.Connection,
) -> None:
    sql = "INSERT INTO children (id, code, elder_id) VALUES (?, ?, ?)"
    database.execute("BEGIN")
    database.execute(sql, ("1", "a", "2"))
    database.execute(sql, ("2", "b", None))
    database.execute("COMMIT")


def test_circles(database: sqlite3.Connection) -> None:
    elders = {"a": "b", "b": "c", "c": "a", "d": "a", "e": "e", "f": None, "g": "f"}
    database.execute("BEGIN")
    for number, (name, elder) in enumerate(elders.items(), 1):
        database.execute(
            "INSERT INTO children (rowid, id, code, elder_id) VALUES (?, ?, ?, ?)",
            (number, name, name, elder),
        )
    database.execute("COMMIT")

    def found(after: int, limit: int = 9) -> list[tuple[int, str]]:
        sql = circles(CHILDREN, CHILDREN.by_name["elder_id"])
        return database.execute(sql, {"after": after, "limit": limit}).fetchall()

    # d only leads into the circle, e names itself, g ends at f.
    assert found(0) == [(1, "b"), (2, "c"), (3, "a")]
    assert found(1) == [(2, "c"), (3, "a")]
    assert len(found(0, limit=2)) == 2
    assert found(3) == []
