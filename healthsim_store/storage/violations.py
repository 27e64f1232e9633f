"""What is wrong with a row, said so that its author can mend it."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import MAX_BYTES
from ..base.text import did_you_mean, in_line, shorten
from ..base.tokens import estimate_tokens
from ..base.wording import call, choice, option, takes
from ..errors import InvalidRows
from ..schema.ddl import ROW_RULE, row_rules
from ..schema.model import Column, EntityType
from ..schema.registry import Registry
from ..schema.values import Inexact

MAX_PROBLEMS = 20  # that one error tells
_TELLING = 200  # tokens of one error that tell what is wrong
_NAMING = 250  # and with the fields for which there is no room there
_VALUES = 4  # of problems that are alike, in one line

_TAKEN = "is already in the scenario"
_REQUIRED = "is required"
_RULE = "must satisfy"

#: What problems have in common that are told in one line: entity type, field, what is expected.
Kind = tuple[str, str | None, str]


class _Others:
    """Stands for the values of several rows, each of which is told nowhere."""

    def __repr__(self) -> str:
        return "other values"


OTHERS = _Others()


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``row`` counts from 1 within the entity type; ``count`` rows have the fault.

    ``file`` is where the row is from, ``line`` the line that it begins in, or ``item`` its number
    in a list of JSON. ``other_id`` is of the one in the scenario that has the same key.
    """

    entity_type: str
    row: int
    field: str | None
    value: Any
    expected: str
    hint: str | None = None
    count: int = 1
    entity_id: str | None = None  # of a row that is in the scenario, which has no number
    other_id: str | None = None  # of the one that has the same key already
    parent: str | None = None  # the entity type that it refers to, and whose entity is not there
    file: str | None = None
    line: int | None = None
    item: int | None = None
    of_fields: bool = False  # what is wrong is which fields the row has, whatever is in them

    @property
    def orphan(self) -> bool:
        """Whether nothing is wrong but that it refers to an entity that is not there."""
        return self.parent is not None

    @property
    def alike(self) -> Kind:
        """What problems have in common that are told in one line."""
        return self.entity_type, self.field, self.expected

    def with_others(self, others: Sequence[Problem]) -> str:
        """This and others that are alike, in a line, by their values."""
        if not others:
            return str(self)
        every = [self, *others]
        counts: dict[str, int] = {}
        for one in every:
            counts[one.shown] = counts.get(one.shown, 0) + one.count
        rest = counts.pop(repr(OTHERS), 0) + sum([*counts.values()][_VALUES:])
        shown = [f"{value} {_rows(n)}".strip() for value, n in [*counts.items()][:_VALUES]]
        more = f" and other values {_rows(rest)}" if rest else ""
        what = ", ".join(part for part in (self.entity_type, self._field) if part)
        hint = f" {self.hint}" if self.hint else ""
        first = self.entity_id or self.place
        if self.other_id:
            first += f" ({self.other_id} has it)"
        return f"{what}: {self.expected}: {', '.join(shown)}{more}; the first: {first}.{hint}"

    @property
    def lacks(self) -> bool:
        """Whether the row has not all fields that it needs; other rows may have them."""
        return self.of_fields and self.expected.startswith((_REQUIRED, _RULE))

    @property
    def shown(self) -> str:
        """The value as it is told."""
        return "" if self.value is None else _short(self.value)

    @property
    def in_short(self) -> str:
        """The field and where the row is, without what is wrong."""
        what = ", ".join(part for part in (self.entity_type, self._field) if part)
        return f"{what} {self.entity_id or self.place}"

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
        other = f": {self.other_id} has it" if self.other_id else ""
        return f"{self.entity_type} {which}{more}{field}{value}: {self.expected}{other}.{hint}"

    @property
    def _field(self) -> str:
        """The field for a message: a file may have the name of one in a whole page."""
        return in_line([self.field or ""], 60)

    @property
    def place(self) -> str:
        """Where the row is: in which line of which file, or its number."""
        if self.file is None:
            return f"row {self.row:,}"
        if self.item:
            return f"({self.file}, item {self.item:,})"
        return f"({self.file}, line {self.line:,})" if self.line else f"({self.file})"

    def to_dict(self) -> dict[str, Any]:
        told = {
            "entity_type": self.entity_type,
            "file": self.file,
            "line": self.line,
            "item": self.item,
            "row": None if self.entity_id else self.row,
            "entity_id": self.entity_id,
            "other_id": self.other_id,
            "field": self.field,
            "value": self.shown or None,
            "expected": self.expected,
            "hint": self.hint,
            "count": self.count,
        }
        return {key: value for key, value in told.items() if value is not None}


def invalid_rows(
    problems: Sequence[Problem],
    *,
    complete: bool,
    hint: str | None = None,
    total: int | None = None,
    nothing: str = "stored",
) -> InvalidRows:
    """The error that tells what is wrong with rows.

    Args:
        problems: the first ones, each with the number of rows that have it.
        complete: all rows were looked at.
        hint: what to do.
        total: how many problems there are; by default those are all.
        nothing: what was not done with anything.
    """
    count = len(problems) if total is None else total
    return InvalidRows(
        problems, _listed(problems), complete=complete, total=count, nothing=nothing, hint=hint
    )


def _listed(problems: Sequence[Problem]) -> str:
    """A line for each kind of problem; those for which there is no room by their fields alone."""
    alike: dict[Kind, list[Problem]] = {}
    for problem in problems:
        alike.setdefault(problem.alike, []).append(problem)
    told, short, left = "", "", 0
    for one, *others in alike.values():
        line = f"\n- {one.with_others(others)}"
        if not told or (not short and estimate_tokens(told + line) <= _TELLING):
            told += line
        elif estimate_tokens(told + short + one.in_short) <= _NAMING:
            short += f"{'; ' if short else ''}{one.in_short}"
        else:
            left += 1
    more = f"; and {left:,} more" if left else ""
    return f"{told}\n- also: {short}{more}." if short or left else told


def _rows(count: int) -> str:
    return f"({count:,} row{'' if count == 1 else 's'})"


def _short(value: Any) -> str:
    try:
        shown = value.isoformat(" ") if isinstance(value, dt.datetime) else repr(value)
        text = " ".join(shown.split())  # tables of pandas have lines
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
        # SQLite stops at the first rule. Whoever mends the row wants to know all.
        for other in _broken_rules(connection, entity_type, values):
            if other != subject:
                yield _rule_broken(entity_type, row, other, values)
        yield from dangling(connection, registry, entity_type, row, values)
    elif text.startswith("FOREIGN KEY"):
        yield from dangling(connection, registry, entity_type, row, values)
    else:
        yield Problem(entity_type.name, row, None, None, text)


def _broken_rules(
    connection: sqlite3.Connection, entity_type: EntityType, values: Mapping[str, Any]
) -> list[str]:
    """The names of the rules that a row breaks."""
    rules = [
        (name, rule)
        for name, rule in row_rules(entity_type)
        if name.startswith(ROW_RULE) or not name.endswith(_REQUIRED)
    ]
    if not rules:
        return []
    given = ", ".join(
        f"{column.default or 'NULL'} AS {quoted(column.name)}"
        if values.get(column.name) is None
        else f"? AS {quoted(column.name)}"
        for column in entity_type.columns
    )
    bound = [
        values[column.name] for column in entity_type.columns if values.get(column.name) is not None
    ]
    try:
        found = connection.execute(
            f"SELECT {', '.join(f'({rule})' for _, rule in rules)} FROM (SELECT {given})", bound
        ).fetchone()
    except sqlite3.Error:  # the table's rules may be more than a SELECT can have
        return []
    return [name for (name, _), holds in zip(rules, found, strict=True) if holds == 0]


def lacking_rules(
    connection: sqlite3.Connection, entity_type: EntityType, known: Collection[str]
) -> Iterator[str]:
    """The rules of rows that none can keep which has no other fields than these.

    Args:
        connection: any.
        entity_type: that of the rows.
        known: the columns that the rows have.
    """
    about = [
        check
        for check in entity_type.checks
        if not any(re.search(rf"\b{re.escape(name)}\b", check) for name in known)
    ]
    if about:
        broken = {*_broken_rules(connection, entity_type, {})}
        yield from (check for check in about if ROW_RULE + check in broken)


def _rule_broken(
    entity_type: EntityType, row: int, rule: str, values: Mapping[str, Any]
) -> Problem:
    """``rule`` is the constraint's name as `ddl` gives it."""
    if rule.startswith(ROW_RULE):
        check = rule.removeprefix(ROW_RULE)
        named = {name: values[name] for name in values if re.search(rf"\b{name}\b", check)}
        return Problem(entity_type.name, row, None, named or None, f"{_RULE} {check}")
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
        f"SELECT rowid, {quoted(entity_type.primary_key)} FROM {quoted(entity_type.name)}"
        f" WHERE {where}",
        [values.get(name) for name in columns],
    ).fetchone()
    in_batch = found is not None and found[0] > last_rowid
    value = values.get(columns[0]) if len(columns) == 1 else tuple(map(values.get, columns))
    hint = None
    if takes("on_conflict") and not in_batch:
        hint = f"To allow it: {choice('on_conflict', ('skip', 'replace'))}."
    named = found is None or in_batch or columns == [entity_type.primary_key]
    return Problem(
        entity_type.name,
        row,
        " + ".join(columns),
        value,
        "is there twice in this batch" if in_batch else _TAKEN,
        hint,
        other_id=None if named else str(found[1]),
    )


def dangling(
    connection: sqlite3.Connection,
    registry: Registry,
    entity_type: EntityType,
    row: int,
    values: Mapping[str, Any],
) -> Iterator[Problem]:
    """The references of a row, ``values`` by column, to entities of other types that are not there.

    One to its own type may come later in the batch: see `self_references`.
    """
    for column, reference in entity_type.references():
        if reference.entity_type == entity_type.name:
            continue
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
