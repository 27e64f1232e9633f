"""What is wrong with a row, said so that its author can mend it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import MAX_BYTES
from ..base.text import did_you_mean, in_line, shorten
from ..base.wording import call, choice, option, takes
from ..schema.ddl import ROW_RULE
from ..schema.model import Column, EntityType
from ..schema.registry import Registry
from ..schema.values import Inexact

MAX_PROBLEMS = 20  # that one error tells
_VALUES = 4  # of problems that are alike, in one line

_TAKEN = "is already in the scenario"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``row`` counts from 1 within the entity type; ``count`` rows have the fault."""

    entity_type: str
    row: int
    field: str | None
    value: Any
    expected: str
    hint: str | None = None
    count: int = 1
    entity_id: str | None = None  # of a row that is in the scenario, which has no number
    parent: str | None = None  # the entity type that it refers to, and whose entity is not there
    file: str | None = None  # where the row is from, and the line that it begins in
    line: int | None = None

    @property
    def orphan(self) -> bool:
        """Whether nothing is wrong but that it refers to an entity that is not there."""
        return self.parent is not None

    @property
    def alike(self) -> tuple[str, str | None, str]:
        """What problems have in common that are told in one line."""
        return self.entity_type, self.field, self.expected

    def with_others(self, others: Sequence[Problem]) -> str:
        """This and others that are alike, in a line, by their values."""
        if not others:
            return str(self)
        every = [self, *others]
        counts: dict[str, int] = {}
        for one in every:
            value = "" if one.value is None else _short(one.value)
            counts[value] = counts.get(value, 0) + one.count
        shown = [f"{value} {_rows(n)}".strip() for value, n in [*counts.items()][:_VALUES]]
        others_ = len(counts) - _VALUES
        more = f" and {others_:,} other value{'s' * (others_ != 1)}" if others_ > 0 else ""
        what = ", ".join(part for part in (self.entity_type, self._field) if part)
        hint = f" {self.hint}" if self.hint else ""
        first = self.entity_id or self.place
        return f"{what}: {self.expected}: {', '.join(shown)}{more}; the first: {first}.{hint}"

    @property
    def is_taken(self) -> bool:
        """Whether nothing is wrong but that the entity is in the scenario already."""
        return self.expected == _TAKEN

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more like it)" if self.count > 1 else ""
        field = f", {self._field}" if self.field else ""
        value = "" if self.value is None else f" {_short(self.value)}"
        hint = f" {self.hint}" if self.hint else ""
        which = self.entity_id or self.place
        return f"{self.entity_type} {which}{more}{field}{value}: {self.expected}.{hint}"

    @property
    def _field(self) -> str:
        """The field for a message: a file may have the name of one in a whole page."""
        return in_line([self.field or ""], 60)

    @property
    def place(self) -> str:
        """Where the row is: in which line of which file, or its number."""
        if self.file is None:
            return f"row {self.row:,}"
        return f"({self.file}, line {self.line:,})" if self.line else f"({self.file})"

    def to_dict(self) -> dict[str, Any]:
        told = {
            "entity_type": self.entity_type,
            "file": self.file,
            "line": self.line,
            "row": None if self.entity_id else self.row,
            "entity_id": self.entity_id,
            "field": self.field,
            "value": None if self.value is None else _short(self.value),
            "expected": self.expected,
            "hint": self.hint,
            "count": self.count,
        }
        return {key: value for key, value in told.items() if value is not None}


def _rows(count: int) -> str:
    return f"({count:,} row{'' if count == 1 else 's'})"


def _short(value: Any) -> str:
    try:
        text = " ".join(repr(value).split())  # tables of pandas have lines
    except ValueError:  # a whole number of more digits than Python writes
        text = f"a {type(value).__name__}"
    return shorten(text, 60, "...")


def refused(
    connection: sqlite3.Connection,
    registry: Registry,
    entity_type: EntityType,
    row: int,
    values: Mapping[str, Any],
    error: sqlite3.Error,
    *,
    last_rowid: int,
) -> Iterator[Problem]:
    """Why SQLite refused a row whose values each are of the right type.

    ``values`` are by column; ``last_rowid`` is the table's last before this batch, which tells a
    double within the batch from one against the file.
    """
    text = str(error)
    rule, _, subject = text.partition(" constraint failed: ")
    if rule == "UNIQUE":
        columns = [name.strip().partition(".")[2] for name in subject.split(",")]
        yield _double(connection, entity_type, row, columns, values, last_rowid)
    elif rule == "NOT NULL":
        yield Problem(entity_type.name, row, subject.partition(".")[2], None, "is required")
    elif rule == "CHECK":
        yield _rule_broken(entity_type, row, subject, values)
    elif text.startswith("FOREIGN KEY"):
        yield from _dangling(connection, registry, entity_type, row, values)
    else:
        yield Problem(entity_type.name, row, None, None, text)


def _rule_broken(
    entity_type: EntityType, row: int, rule: str, values: Mapping[str, Any]
) -> Problem:
    """``rule`` is the constraint's name as `ddl` gives it."""
    if rule.startswith(ROW_RULE):
        check = rule.removeprefix(ROW_RULE)
        named = {name: values[name] for name in values if re.search(rf"\b{name}\b", check)}
        return Problem(entity_type.name, row, None, named, f"must satisfy {check}")
    field, _, expected = rule.partition(" ")
    if field.endswith(":"):
        field, expected = field[:-1], f"must satisfy {expected}"
    return Problem(entity_type.name, row, field, values.get(field), expected)


def _double(
    connection: sqlite3.Connection,
    entity_type: EntityType,
    row: int,
    columns: list[str],
    values: Mapping[str, Any],
    last_rowid: int,
) -> Problem:
    where = " AND ".join(f"{quoted(name)} = ?" for name in columns)
    found = connection.execute(
        f"SELECT rowid FROM {quoted(entity_type.name)} WHERE {where}",
        [values.get(name) for name in columns],
    ).fetchone()
    in_batch = found is not None and found[0] > last_rowid
    value = values.get(columns[0]) if len(columns) == 1 else tuple(map(values.get, columns))
    hint = None
    if takes("on_conflict") and not in_batch:
        hint = f"To allow it: {choice('on_conflict', ('skip', 'replace'))}."
    return Problem(
        entity_type.name,
        row,
        " + ".join(columns),
        value,
        "is there twice in this batch" if in_batch else _TAKEN,
        hint,
    )


def _dangling(
    connection: sqlite3.Connection,
    registry: Registry,
    entity_type: EntityType,
    row: int,
    values: Mapping[str, Any],
) -> Iterator[Problem]:
    for column, reference in entity_type.references():
        value = values.get(column.name)
        parent = quoted(reference.entity_type)
        if value is None or _holds(connection, parent, reference.column, value):
            continue
        hint = f"Store {reference.entity_type} first, or in the same batch."
        for key in registry.entity_type(reference.entity_type).unique_keys:
            if len(key) == 1 and _holds(connection, parent, key[0], value):
                name = f"{column.name.removesuffix('_id')}_{key[0]}"
                hint = f"It is the {key[0]} of one: give it as {name}."
        yield Problem(
            entity_type.name,
            row,
            column.name,
            value,
            f"there is no such {reference.column} in {reference.entity_type}",
            hint,
            parent=reference.entity_type,
        )


def _holds(connection: sqlite3.Connection, table: str, column: str, value: Any) -> bool:
    sql = f"SELECT 1 FROM {table} WHERE {quoted(column)} = ?"
    return connection.execute(sql, (value,)).fetchone() is not None


def wrong_value(
    entity_type: EntityType, number: int, name: str, column: Column, value: Any, error: ValueError
) -> Problem:
    """A value that is not of its column's type, or none of those that are allowed."""
    hint = did_you_mean(value, column.values) if isinstance(value, str) else None
    if column.type.kind == "text" and isinstance(value, float):
        hint = "Text that a program took for a number may have lost zeros at its beginning."
        if takes("whole_numbers"):
            hint += f" To store whole ones as they are: {option('whole_numbers', True)}."
    if column.type.kind == "text" and isinstance(value, str) and "\0" in value:
        hint = "It has a NUL character, at which programs take it to end."
    if isinstance(error, Inexact):
        hint = "Round it first."
        if takes("round_decimals"):
            given = option("round_decimals", True)
            hint = f"Round it first, or let it be rounded and counted: {given}."
    return Problem(entity_type.name, number, name, value, f"must be {column.expected}", hint)


def too_long(
    file: Path,
    entity_type: EntityType,
    number: int,
    fields: Sequence[str],
    stored: Sequence[Any],
) -> Problem:
    """The longest text of a row that no reader could have again."""
    lengths = [len(value.encode()) if isinstance(value, str) else 0 for value in stored]
    if sum(lengths) <= MAX_BYTES // 2:
        limit = MAX_BYTES // 1_000_000
        expected = f"meets a row of the scenario that has a value over {limit} MB"
        hint = f"{call('check_scenario', file)} says which one."
        return Problem(entity_type.name, number, None, None, expected, hint)
    name = fields[lengths.index(max(lengths[: len(fields)]))]
    expected = f"has {max(lengths):,} bytes; all of a row may have {MAX_BYTES:,}"
    return Problem(entity_type.name, number, name, None, expected, "Store a part, or a path to it.")
