"""The questions that somebody saved in a scenario, beside those of its products.

They lie in the file, so whoever made the file may have written them: they are read like all that a
file says, and run in the sandbox alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from ..schema.model import THIS_SCENARIO, Question
from ..schema.parameter import read_parameters, write_parameters
from .format import has_table, now
from .records import Record, read_records, understood

#: What stands before the name of a saved question where a product has a question of that name.
OWN = "own"

#: So many can be saved in a scenario, and are read of a file.
MAX_OWN = 200

_TABLE = "_own_questions"
_COLUMNS = ("name", "label", "description", "sql", "parameters", "saved_at")

#: A saved question as the history keeps it: its rowid, by which they are in order, and its values.
Row = Sequence[Any]


def read_own_questions(connection: sqlite3.Connection) -> tuple[list[Question], int]:
    """The saved questions in the order in which they were saved, and how many more there are.

    A file of an older format has none. Raises CorruptScenario.
    """
    rows = read_records(connection, _TABLE, rest=f"ORDER BY rowid LIMIT {MAX_OWN}")
    return [_question(row) for row in rows], max(0, count_rows(connection, _TABLE) - MAX_OWN)


def _question(row: Record) -> Question:
    declared = understood(_TABLE, row, "parameters", read_parameters)
    return Question(
        row["name"], THIS_SCENARIO, row["label"], row["description"], row["sql"], declared
    )


def count_rows(connection: sqlite3.Connection, table: str) -> int:
    """The rows of a housekeeping table; 0 where a file of an older format lacks it."""
    if not has_table(connection, table):
        return 0
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def read_own_names(connection: sqlite3.Connection) -> list[str]:
    """The names of the saved questions, as they were saved. Raises CorruptScenario."""
    rest = f"ORDER BY rowid LIMIT {MAX_OWN}"
    return [row["name"] for row in read_records(connection, _TABLE, names=("name",), rest=rest)]


def write_own_question(connection: sqlite3.Connection, question: Question) -> None:
    """Save a question; one of the same name keeps its place. Inside the caller's transaction."""
    values = {
        "name": question.name,
        "label": question.label,
        "description": question.description,
        "sql": question.sql,
        "parameters": write_parameters(question.declared),
        "saved_at": now(),
    }
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])
    connection.execute(
        f"INSERT INTO {_TABLE} ({', '.join(_COLUMNS)})"
        f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
        f" ON CONFLICT (name) DO UPDATE SET {changes}",
        values,
    )


def remove_own_question(connection: sqlite3.Connection, name: str) -> None:
    """Take a saved question out; inside the caller's transaction."""
    connection.execute(f"DELETE FROM {_TABLE} WHERE name = ?", (name,))


def read_own_rows(connection: sqlite3.Connection) -> list[Row]:
    """The saved questions as the history keeps them, of a file of the current format."""
    if not read_records(connection, _TABLE):  # which also looks whether each is text
        return []
    rows = connection.execute(f"SELECT rowid, {', '.join(_COLUMNS)} FROM {_TABLE} ORDER BY rowid")
    return [[*row] for row in rows]


def turn_own_rows(connection: sqlite3.Connection, old: Sequence[Row], new: Sequence[Row]) -> None:
    """Make the rows that an operation left as they were before it; what it left alone stays.

    Args:
        connection: the file, in a transaction.
        old: as the operation left them, from `read_own_rows`.
        new: as they are to be.
    """
    before = {row[1]: list(row) for row in old}
    after = {row[1]: list(row) for row in new}
    for name in before.keys() - after.keys():
        remove_own_question(connection, name)
    changed = [row for name, row in after.items() if before.get(name) != row]
    for row in changed:
        remove_own_question(connection, row[1])
    # Where another program has put one in its place since, this fails, and nothing is changed.
    connection.executemany(
        f"INSERT INTO {_TABLE} (rowid, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})",
        changed,
    )


def take_own_questions(
    connection: sqlite3.Connection, schema: str, base: str | None = None
) -> Mapping[str, str]:
    """Copy the saved questions of a source of a merge; the new name of each by its old one.

    What is there keeps its name. One that is the same is there once, and another one of the same
    name gets ``_2`` behind it. Raises CorruptScenario.

    Args:
        connection: the file that takes them, in which the source is attached.
        schema: the name under which it is.
        base: that of the base of the merge; what is the same in it is not taken.
    """
    same = ("label", "description", "sql", "parameters")
    there = {row["name"]: row for row in read_records(connection, _TABLE)}
    of_base = read_records(connection, _TABLE, schema=base) if base else []
    then = {row["name"]: row for row in of_base}
    taken: dict[str, str] = {}
    for row in read_records(connection, _TABLE, schema=schema):
        name, number = row["name"], 1
        if name in then and all(then[name][key] == row[key] for key in same):
            continue
        while name in there and any(there[name][key] != row[key] for key in same):
            number += 1
            name = f"{row['name']}_{number}"
        if name in there:
            continue
        taken[row["name"]] = name
        there[name] = row | {"name": name}
        connection.execute(
            f"INSERT INTO {_TABLE} ({', '.join(_COLUMNS)})"
            f" VALUES ({', '.join(f':{column}' for column in _COLUMNS)})",
            there[name],
        )
    return taken
