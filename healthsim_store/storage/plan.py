"""How rows that have the same fields are stored: the statement, and what each value must be."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..base.sql import quoted
from ..schema.model import Column, EntityType
from ..schema.registry import Link
from ..schema.values import Inexact
from .suspects import WORDS, has_words

#: Stands for the key of a parent that is not there, so that the reference breaks.
MISSING_PARENT = "(no such parent)"


@dataclass(frozen=True, slots=True)
class Value:
    """The SQL of a value, and which of the row's values stands for each `?` in it.

    Numbered placeholders could name one twice, but Python 3.12.0 to 3.12.3 warn of them.
    """

    sql: str
    positions: tuple[int, ...]


@dataclass(slots=True)
class Plan:
    """How rows with one set of fields are stored."""

    sql: str
    fields: tuple[str, ...]  # as the rows spell them, in the statement's order
    columns: tuple[Column, ...]  # what each value must be
    targets: tuple[str, ...]  # the column that each value ends up in; empty where it only helps
    links: tuple[Link | None, ...]
    values: tuple[Value, ...]  # of each target
    unknown: tuple[str, ...]  # fields to keep in the extra column, which then comes last
    places: Mapping[str, int]  # where a row has each of both kinds of fields
    new_id: bool
    repeated: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None  # a row as the SQL takes it
    rounding: bool  # decimals that are too long are rounded
    converted: dict[int, Column] = field(default_factory=dict)
    needed: frozenset[int] = frozenset()  # columns of text that have to have a value
    mixed: set[int] = field(default_factory=set)  # columns of text that have NULLs or numbers too
    suspects: dict[str, dict[str, int]] = field(default_factory=dict)  # by field and word
    rounded: int = 0  # how many were, so far
    rounded_last: int = 0  # and in the last row

    def look(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """See of which columns SQLite would not store each value as it should be.

        Words that may mean no value are counted on the way.
        """
        for position, (name, column) in enumerate(zip(self.fields, self.columns, strict=False)):
            if _is_respelled(column, (row[self.places[name]] for row in rows)):
                self.converted[position] = column
        texts = {
            position: self.places[name]
            for position, (name, column) in enumerate(zip(self.fields, self.columns, strict=False))
            if column.type.kind == "text" and position not in {*self.converted, *self.mixed}
        }
        found = _plain_texts(rows, [*texts.values()]) if len(texts) > 1 else None
        doubtful = found is not None and not WORDS.isdisjoint(found)
        for position, (name, column) in enumerate(zip(self.fields, self.columns, strict=False)):
            place = self.places[name]
            if found is not None and position in texts:
                at, step = [*texts].index(position), len(texts)
                if position in self.needed and not all(map(str.strip, found[at::step])):
                    self.converted[position] = column
                if doubtful:
                    self._suspect(position, found[at::step])
                continue
            values = [row[place] for row in rows]
            if column.type.kind == "text":
                self._suspect(position, values)
            if position in self.converted:
                continue
            if not column.type.plain(values) or (position in self.needed and _has_blank(values)):
                self.converted[position] = column
            elif position in texts and not set(map(type, values)) <= {str}:
                self.mixed.add(position)
        for name in self.unknown:
            self._count(name, [row[self.places[name]] for row in rows])

    def _suspect(self, position: int, values: Sequence[Any]) -> None:
        """Count the words among these values that may mean no value."""
        if not self.columns[position].values:
            self._count(self.fields[position], values)

    def _count(self, field: str, values: Sequence[Any]) -> None:
        if not has_words(values):
            return
        counts = self.suspects.setdefault(field, {})
        for value in values:
            if type(value) is str and value in WORDS:
                counts[value] = counts.get(value, 0) + 1

    def convert(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Values with the known odd columns in their stored form; raises ValueError."""
        changed = list(values)
        self.rounded_last = 0
        for position, column in self.converted.items():
            value = changed[position]
            if type(value) is str and (usual := column.usual):
                found = usual(value)
                if found is not None:
                    changed[position] = found
                    continue
            changed[position] = self.coerce(position, value)
        return tuple(changed)

    def coerce(self, position: int, value: Any) -> Any:
        """The stored form; one that had to be rounded is counted. Raises ValueError.

        Blanks are no value for a field of text that needs one.
        """
        column = self.columns[position]
        try:
            stored = column.coerce(value)
        except Inexact:
            if not self.rounding:
                raise
            self.rounded += 1
            self.rounded_last += 1
            return column.coerce(value, rounding=True)
        if position in self.needed and type(stored) is str and not stored.strip():
            return None
        return stored


def _plain_texts(rows: Sequence[tuple[Any, ...]], places: Sequence[int]) -> list[str] | None:
    """All values at these places, if they are text without a NUL; at once, which is cheaper."""
    found = [*itertools.chain.from_iterable(map(operator.itemgetter(*places), rows))]
    try:
        return None if "\0" in "".join(found) else found
    except TypeError:
        return None


def _is_respelled(column: Column, values: Iterable[Any]) -> bool:
    """Whether some values are other spellings of usual ones, which SQLite would store as they are.

    It refuses them where the column has a list of values.
    """
    if column.values or not column.synonyms:
        return False
    try:
        return any(column.coerce(value) != value for value in {v for v in values if type(v) is str})
    except ValueError:
        return True  # what is wrong with it is told row by row


def _has_blank(values: Sequence[Any]) -> bool:
    return any(type(value) is str and not value.strip() for value in values)


def value_sql(
    position: int,
    name: str,
    link: Link | None,
    targets: list[str],
    links: list[Link | None],
    entity_type: EntityType,
    beside: Mapping[tuple[str, str], int],
) -> Value:
    """What is stored for a field: the value, its default, or the parent's key.

    ``beside`` are the positions of further columns of parents' keys, by reference and column. A
    value that no parent has breaks the foreign key instead of becoming NULL.
    """
    if link is None:
        return Value(_default_sql(entity_type.by_name[name]), (position,))
    parent = link.parent
    parts = (link.key.name, *link.beside)
    given = (position, *(beside[link.column.name, part] for part in link.beside))
    where = " AND ".join(f"{quoted(part)} = ?" for part in parts)
    positions = given * 2
    for column in link.scope:
        at = targets.index(column)
        value = value_sql(at, column, links[at], targets, links, entity_type, beside)
        where += f" AND {quoted(column)} = {value.sql}"
        positions += value.positions
    found = (
        f"coalesce((SELECT {quoted(parent.primary_key)} FROM {quoted(parent.name)}"
        f" WHERE {where}), '{MISSING_PARENT}')"
    )
    some = " OR ".join(["? IS NOT NULL"] * len(given))
    return Value(f"CASE WHEN {some} THEN {found} END", positions)


def _default_sql(column: Column) -> str:
    """A NULL where there is a default means the default."""
    return "?" if column.default is None else f"coalesce(?, {column.default})"
