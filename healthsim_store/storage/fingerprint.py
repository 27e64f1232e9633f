"""What the rows of a batch are known by, so that a retry is told from another batch.

The spelling of fields and the order of a row's fields do not count; values, their types and the
order of rows do. Of a large batch only the beginning is looked at so closely, for it costs time:
the rest must have its fields in the same order too.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..schema.registry import Link, Registry
from .rows import Rows, grouped_chunks

#: So many rows, or any that has an id or a natural key, do not come twice by chance.
LEAST_ROWS = 20

#: So many rows of each entity type are taken in by column, whatever the order of their fields.
_CLOSELY = 2_000

_FEW = "few-"  # before the hash of fewer rows without a key
_NOTHING = b"N"  # as marshal writes None
_HEADER = 5  # bytes by which marshal begins a tuple: its kind and its length


class _Column:
    """The values of one column, as a hash that does not depend on how they came in chunks."""

    __slots__ = ("given", "hash", "rows")

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.rows = 0
        self.given = False  # whether one of the values is not NULL

    def take(self, values: tuple[Any, ...], before: int) -> None:
        """Values of the next rows, ``before`` of which came without this column or with it."""
        self.fill(before)
        self.hash.update(_encoded(values))
        self.rows += len(values)
        self.given = self.given or any(value is not None for value in values)

    def fill(self, rows: int) -> None:
        self.hash.update(_NOTHING * (rows - self.rows))
        self.rows = rows


class _Rest:
    """The rows after the first ones, as they come."""

    __slots__ = ("hash", "names")

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.names: tuple[str, ...] = ()

    def take(self, names: tuple[str, ...], values: Sequence[tuple[Any, ...]]) -> None:
        if names != self.names:
            self.names = names
            self.hash.update(repr(names).encode("utf-8", "surrogatepass"))
        self.hash.update(_encoded(values))


class Fingerprint:
    """A hash of the rows that pass through `chunks`, by entity type, in their order."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._rows: dict[str, int] = {}
        self._columns: dict[tuple[str, str], _Column] = {}
        self._rest: dict[str, _Rest] = {}
        self._shapes: dict[tuple[str, tuple[Any, ...]], tuple[str, ...]] = {}
        self._begun: list[Iterator[list[Rows]]] = []

    def chunks(self, entity_type: str, source: Any) -> Iterator[list[Rows]]:
        """The rows of a source as `grouped_chunks` gives them, each chunk taken in as it passes."""
        passing = grouped_chunks(entity_type, source)
        self._begun.append(passing)
        for chunk in passing:
            for rows in chunk:
                self._take(entity_type, rows)
            yield chunk

    def finish(self, sources: Iterable[tuple[str, Any]]) -> None:
        """Take in what did not pass: the rest of the source that stood still, and the others.

        Args:
            sources: all that there are, in the order in which they were given to `chunks`.
        """
        for number, (name, source) in enumerate(sources):
            begun = number < len(self._begun)
            for chunk in self._begun[number] if begun else grouped_chunks(name, source):
                for rows in chunk:
                    self._take(name, rows)

    def _take(self, entity_type: str, rows: Rows) -> None:
        before = self._rows.get(entity_type, 0)
        self._rows[entity_type] = before + len(rows)
        names = self._names(entity_type, rows.fields)
        closely = max(0, _CLOSELY - before)
        if closely:
            by_column = zip(*rows.values[:closely], strict=True)
            for name, values in zip(names, by_column, strict=False):
                self._columns.setdefault((entity_type, name), _Column()).take(values, before)
        rest = rows.values[closely:] if closely else rows.values
        if rest:
            self._rest.setdefault(entity_type, _Rest()).take(names, rest)

    def _names(self, entity_type: str, fields: tuple[Any, ...]) -> tuple[str, ...]:
        key = (entity_type, fields)
        if key not in self._shapes:
            self._shapes[key] = tuple(self._meaning(entity_type, name) for name in fields)
        return self._shapes[key]

    def _meaning(self, entity_type: str, name: Any) -> str:
        field = self._registry.field(entity_type, name) if isinstance(name, str) else None
        if isinstance(field, Link):
            return f"{field.column.name} by {field.key.name}"
        return field.name if field else str(name)

    def text(self) -> str:
        """The same for the same rows; empty where there was none."""
        if not any(self._rows.values()):
            return ""
        told = []
        for (entity_type, name), column in sorted(self._columns.items(), key=lambda item: item[0]):
            if column.given:  # a column of nothing but NULL is as one that is not there
                column.fill(min(self._rows[entity_type], _CLOSELY))
                told.append((entity_type, name, column.hash.hexdigest()))
        told += [(name, "", rest.hash.hexdigest()) for name, rest in sorted(self._rest.items())]
        rows = sorted((name, count) for name, count in self._rows.items() if count)
        found = hashlib.blake2b(repr((rows, told)).encode(), digest_size=12).hexdigest()
        return found if self._certain() else _FEW + found

    def _certain(self) -> bool:
        return sum(self._rows.values()) >= LEAST_ROWS or any(map(self._has_key, self._rows))

    def _has_key(self, entity_type: str) -> bool:
        """Whether rows of the type say themselves which entity each is."""
        given = {
            name
            for (owner, name), column in self._columns.items()
            if owner == entity_type and column.given
        }
        declared = self._registry.entity_type(entity_type)
        keys = [(declared.primary_key,), *declared.unique_keys]
        return any(given.issuperset(key) for key in keys)


def is_certain(text: str) -> bool:
    """Whether a fingerprint is of rows that do not come twice by chance."""
    return bool(text) and not text.startswith(_FEW)


def fingerprint(registry: Registry, sources: Iterable[tuple[str, Any]]) -> str:
    """That of the rows of ``sources``, by entity type; they are gone through to their end."""
    found = Fingerprint(registry)
    found.finish(sources)
    return found.text()


def _encoded(values: Sequence[Any]) -> bytes:
    """The values one behind the other, each with its type and length; equal only for equal ones."""
    values = tuple(values)
    try:
        return marshal.dumps(values, 2)[_HEADER:]
    except ValueError:  # of a type that marshal does not know: a date, a Decimal
        return marshal.dumps(_plain(values), 2)[_HEADER:]


def _plain(value: Any) -> Any:
    """A value of any type as marshal knows some; a tuple value by value."""
    if type(value) is tuple:
        return tuple(map(_plain, value))
    if value is None or type(value) in (str, int, float, bool):
        return value
    try:
        return (type(value).__name__, str(value))
    except ValueError:  # of a whole number of too many digits in it, which is not stored either
        return (type(value).__name__, None)
