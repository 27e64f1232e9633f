"""Columns that a user calls by the fields that they mean, and values that all rows have."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..base.wording import option
from ..errors import InvalidArgument, UnknownEntityType
from ..schema.registry import Link, Registry
from ..storage.rows import chunks
from .reading_options import ReadingOptions


@dataclass(frozen=True, slots=True)
class _Plan:
    """For rows with the same columns: what they are called, and which are left out."""

    names: tuple[str, ...]
    kept: tuple[int, ...]
    all: bool


class Renaming:
    """What ``map``, ``value`` and ``ignore`` of the reading options say.

    Args:
        options: how the rows are read.
        registry: the entity types.

    Raises InvalidArgument for a field that no entity type has.
    """

    def __init__(self, options: ReadingOptions, registry: Registry) -> None:
        self._registry = registry
        self._ignored = frozenset(options.ignore)
        self._columns = dict(_parts("map", text, last=True) for text in options.map)
        self._values = dict(_parts("value", text, last=False) for text in options.value)
        self._missing = dict.fromkeys(self._columns)  # columns that no row had yet
        self._unset = dict.fromkeys(self._values)  # fields that no row could take yet
        for field in (*self._columns.values(), *self._values):
            self._check(field)

    def is_needed(self) -> bool:
        """Whether any row may be changed."""
        return bool(self._ignored or self._columns or self._values)

    def rows(self, entity_type: str, rows: Any) -> Iterator[dict[str, Any]]:
        """The rows with the fields' names and with what all have.

        Args:
            entity_type: that of the rows.
            rows: whatever `persist` takes.

        Raises InvalidArgument where a row has a value of its own for one that all have.
        """
        given = {
            f: text for name, text in self._values.items() if (f := self._of(entity_type, name))
        }
        plans: dict[tuple[str, ...], _Plan] = {}
        for chunk in chunks(entity_type, rows):
            for name in [*self._unset] if chunk else ():
                if self._of(entity_type, name):
                    del self._unset[name]
            for row in chunk:
                shape = tuple(row)
                plan = plans.get(shape) or plans.setdefault(
                    shape, self._plan(entity_type, shape, given)
                )
                if plan.all:
                    yield dict(zip(plan.names, row.values(), strict=True)) | given
                else:
                    values = [*row.values()]
                    yield {
                        n: values[at] for n, at in zip(plan.names, plan.kept, strict=True)
                    } | given

    def check(self) -> None:
        """Raise InvalidArgument for a column that no row had, or a field that none could take."""
        if self._missing:
            raise InvalidArgument(
                f"No row has the column {next(iter(self._missing))!r:.60}.",
                hint=f"{option('map')} has a column of the file before the sign =.",
            )
        if self._unset:
            raise InvalidArgument(
                f"No row that was given has a field {next(iter(self._unset))!r:.60}.",
                hint=f"{option('value')} is for the rows of what was given.",
            )

    def formats(self, options: ReadingOptions) -> ReadingOptions:
        """The options whose formats of single columns are those of the fields that they are now."""

        def of_fields(given: tuple[str, ...]) -> tuple[str, ...]:
            found = [*given]
            for text in given:
                column, equals, how = text.rpartition("=")
                if equals and column in self._columns:
                    found.append(f"{self._columns[column].rpartition('.')[2]}={how}")
            return tuple(found)

        return replace(
            options,
            date_format=of_fields(options.date_format),
            time_format=of_fields(options.time_format),
        )

    def _plan(self, entity_type: str, shape: tuple[str, ...], given: Mapping[str, str]) -> _Plan:
        names: list[str] = []
        kept: list[int] = []
        taken = {self._target(entity_type, field): field for field in given}
        for at, column in enumerate(shape):
            if column in self._ignored:
                continue
            field = (
                self._of(entity_type, self._columns[column]) if column in self._columns else None
            )
            if field:
                self._missing.pop(column, None)
            name = field or column
            target = self._target(entity_type, name)
            if target is not None and target in taken:
                raise InvalidArgument(
                    f"{entity_type}: the rows have {column} themselves, which is {taken[target]}.",
                    hint=f"Leave out {option('value')} for it, or that column:"
                    f" {option('ignore', column)}.",
                )
            if name in names:
                raise InvalidArgument(
                    f"{entity_type}: two columns are {name}.", hint="Give each field one column."
                )
            names.append(name)
            kept.append(at)
        return _Plan(tuple(names), tuple(kept), len(kept) == len(shape))

    def _of(self, entity_type: str, name: str) -> str | None:
        """The field of an entity type that is meant; None where it is one of others."""
        owner, dot, field = name.rpartition(".")
        if dot and self._registry.entity_type(owner).name != entity_type:
            return None
        return field if self._registry.field(entity_type, field) else None

    def _target(self, entity_type: str, name: str) -> str | None:
        found = self._registry.field(entity_type, name) if isinstance(name, str) else None
        return found.column.name if isinstance(found, Link) else found.name if found else None

    def _check(self, name: str) -> None:
        owner, dot, field = name.rpartition(".")
        if dot:
            self._check_owner(name, owner)
        types = [self._registry.entity_type(owner)] if dot else [*self._registry]
        if any(self._registry.field(one.name, field) for one in types):
            return
        near = (self._registry.near_field(one.name, field) for one in types)
        raise InvalidArgument(
            f"{field!r:.60} is no field of {types[0].name if dot else 'any entity type'}.",
            hint=next((text for text in near if text), None),
        )

    def _check_owner(self, name: str, owner: str) -> None:
        """Raise InvalidArgument where ``name.given`` is meant as the path of a field."""
        with contextlib.suppress(UnknownEntityType):
            self._registry.entity_type(owner)
            return
        for one in self._registry:
            found = self._registry.field(one.name, name)
            if found is not None:
                meant = found.column.name if isinstance(found, Link) else found.name
                raise InvalidArgument(
                    f"{name!r:.60} is a field of an entity type {owner!r:.60}, which there is not.",
                    hint=f"Write {meant}, as {one.name} have it.",
                )


def _parts(name: str, text: str, *, last: bool) -> tuple[str, str]:
    first, equals, second = text.rpartition("=") if last else text.partition("=")
    if not (equals and first.strip() and (second.strip() or not last)):
        raise InvalidArgument(
            f"{name} is {text!r:.60}.",
            hint=f"Give {option(name)} as {'COLUMN=FIELD' if last else 'FIELD=TEXT'}.",
        )
    return (first, second.strip()) if last else (first.strip(), second)
