"""What is in the rows of a filled dataset: how many values, how long, and which terms."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..base.sql import literal, quoted
from .filling import Filled, Precision
from .model import Variable

_MOST_COMBINATIONS = 10_000  # of terms of several columns, that are looked at together
_ASKED = {
    "TEXT": ("max(length(CAST({0} AS BLOB)))", "NULL", "{1}"),
    # Not abs(), which the least integer has not.
    "INTEGER": ("max({0})", "min({0})", "NULL"),
    # Of a decimal of few digits all programs write the same; a division of whole numbers is exact.
    "REAL": (
        "max({0})",
        "min({0})",
        "max(abs({0}) >= 1e9 OR CAST(round({0} * 1000) AS INTEGER) / 1000.0 <> {0})",
    ),
}
_NUL = "max(instr({0}, char(0)))"
_PART = "max(length({0}) <> 10 OR instr({0}, 'T'))"  # of a day that may be known in part: no whole
_WHOLE = Precision(gaps=False, times=False, days=True, short=False)  # days, and nothing is missing
_DECIMALS = 6  # of a number whose type does not say it


def measure(connection: sqlite3.Connection, filled: Filled, *, ends: bool = False) -> None:
    """Count the values of each column and find the longest, in one pass over the rows.

    Args:
        connection: to the filled database.
        filled: the dataset, which has all its rows.
        ends: whether to look for texts with a NUL, too, at which programs take a text to end.
    """
    variables = [v for v in filled.dataset.variables if v.name in filled.columns]
    asked = [_of_column(variable, ends) for variable in variables]
    sql = f"SELECT {', '.join(asked) or 1} FROM {filled.source}"
    found = connection.execute(sql).fetchone()
    filled.values = {variable.name: 0 for variable in filled.dataset.variables}
    filled.lengths = dict(filled.values)
    short, nul_in = set(), set()
    for place, variable in enumerate(variables):
        count, most, least, odd = found[4 * place : 4 * place + 4]
        filled.values[variable.name] = count
        if variable.column.type.storage == "TEXT":
            filled.lengths[variable.name] = most or 0
            if odd and variable.column.type.kind != "partial":
                nul_in.add(variable.name)
            elif count and variable.column.type.kind == "partial":
                name = variable.name
                filled.precisions[name] = _precision(connection, filled, name) if odd else _WHOLE
            continue
        largest = max(abs(most or 0), abs(least or 0))
        filled.largest[variable.name] = largest
        filled.lengths[variable.name] = _letters(variable, largest)
        if not odd:
            short.add(variable.name)
    filled.short, filled.nul_in = frozenset(short), frozenset(nul_in)


def parts_of(connection: sqlite3.Connection, filled: Filled, *, ends: bool = False) -> list[Filled]:
    """The datasets that a measured layout is written as and that have rows, measured too.

    Args:
        connection: to the filled database.
        filled: the layout with its rows.
        ends: whether to look for texts with a NUL, too.
    """
    dataset = filled.dataset
    if not dataset.split:
        return [filled] if filled.rows else []
    column, found = quoted(dataset.split), []
    sql = f"SELECT {column}, count(*) FROM {filled.source} GROUP BY 1 ORDER BY 1"
    for value, count in connection.execute(sql).fetchall():
        rows_of = f"(SELECT * FROM {filled.source} WHERE {column} = {literal(value)})"
        part = Filled(dataset.parts[value], filled.columns, rows=count, rows_of=rows_of)
        measure(connection, part, ends=ends)
        found.append(part)
    return found


def _of_column(variable: Variable, ends: bool) -> str:
    """SQL of the four things that are asked of a column."""
    name = quoted(variable.name)
    odd = _odd_text(variable, ends).format(name)
    asked = ", ".join(_ASKED[variable.column.type.storage]).format(name, odd)
    return f"count({_known(variable, name)}), {asked}"


def _known(variable: Variable, name: str) -> str:
    """The value of a column in SQL, NULL where it has none."""
    return f"nullif({name}, '')" if variable.may_be_empty else name


def _odd_text(variable: Variable, ends: bool) -> str:
    """SQL that is true where a text needs a closer look."""
    if variable.column.type.kind == "partial":
        return _PART
    return _NUL if ends else "NULL"


def _precision(connection: sqlite3.Connection, filled: Filled, name: str) -> Precision:
    column = quoted(name)
    time = f"{column} GLOB '*T*'"
    sql = (
        f"SELECT max({column} GLOB '*--*' OR {column} GLOB '*-:*'), max({time}),"
        f" max(NOT {time}), max(CASE WHEN {time} THEN {column} NOT GLOB '*T??:??:??*'"
        f" ELSE length({column}) < 10 END) FROM {filled.source}"
    )
    return Precision(*map(bool, connection.execute(sql).fetchone()))


def decimals(variable: Variable) -> int:
    """How many decimals the numbers of a variable have at most, as a description says it."""
    return variable.column.type.scale or _DECIMALS


def _letters(variable: Variable, largest: float) -> int:
    """How many letters a number takes: digits, and of one with decimals the point too."""
    digits = len(str(int(largest)))
    whole = variable.column.type.storage == "INTEGER"
    return digits if whole else digits + 1 + decimals(variable)


def terms(
    connection: sqlite3.Connection, filled: Filled, names: Sequence[str], most: int
) -> dict[str, list[Any]]:
    """The different values of some columns, in order and without NULL, at most so many of each.

    Args:
        connection: to the filled database.
        filled: the dataset.
        names: the columns.
        most: values of one column.
    """
    if not names:
        return {}
    table, columns = filled.source, ", ".join(map(quoted, names))
    sql = f"SELECT DISTINCT {columns} FROM {table} LIMIT {_MOST_COMBINATIONS + 1}"
    rows = connection.execute(sql).fetchall()
    if len(rows) <= _MOST_COMBINATIONS:  # then one pass over the rows was enough
        found = zip(*rows, strict=True) if rows else [()] * len(names)
        return {
            name: sorted({*values} - {None})[:most]
            for name, values in zip(names, found, strict=True)
        }
    return {
        name: [
            value
            for (value,) in connection.execute(
                f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
                f" ORDER BY {column} LIMIT {most}"
            )
        ]
        for name in names
        for column in (quoted(name),)
    }
