"""Plans: how rows with some fields are stored, or why rows with those fields cannot be."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..base.sql import quoted
from ..schema.model import EXTRA, Column, EntityType
from ..schema.registry import Link, Registry
from .partial import key_given, update_sql
from .plan import Plan, Value, value_sql
from .violations import MAX_PROBLEMS, Problem, invalid_rows, lacking_rules


class Planner:
    """Makes the plans of one batch.

    Args:
        connection: the scenario.
        registry: the entity types.
        on_conflict: what becomes of rows that are there.
        keep_unknown: fields that are not known are kept.
        rounding: decimals that are too long are rounded.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        registry: Registry,
        on_conflict: str,
        *,
        keep_unknown: bool,
        rounding: bool,
    ) -> None:
        self._connection = connection
        self._registry = registry
        self._on_conflict = on_conflict
        self._keep_unknown = keep_unknown
        self._rounding = rounding

    def plan(
        self, entity_type: EntityType, shape: tuple[str, ...], number: int, count: int
    ) -> Plan:
        """How to store rows with these fields.

        Raises InvalidRows when a field is not known, is given twice, or is missing.
        """
        known: dict[str, tuple[str, Column | Link]] = {}
        beside: dict[tuple[str, str], tuple[str, Link]] = {}
        unknown: list[str] = []
        problems: list[Problem] = []

        def problem(name: str | None, expected: str, hint: str | None = None) -> None:
            told = Problem(entity_type.name, number, name, None, expected, hint, count=count)
            problems.append(replace(told, of_fields=True))

        for name in shape:
            spelled = isinstance(name, str)
            target = self._registry.field(entity_type.name, name) if spelled else None
            if target is None:
                if self._keep_unknown and spelled:
                    unknown.append(name)
                    continue
                near = self._registry.near_field(entity_type.name, str(name))
                every = ", ".join(c.name for c in entity_type.columns if c.name != EXTRA)
                problem(str(name), "is not a field", near or f"Fields: {every}.")
                continue
            column = target.column if isinstance(target, Link) else target
            if isinstance(target, Link) and self._helps(target, known, beside):
                beside[column.name, target.key.name] = (name, target)
                continue
            if column.name in known:
                problem(name, f"means the same as {known[column.name][0]}", "Give one of the two.")
            known[column.name] = (name, target)
        for name, target in list(known.values()):
            for part in target.scope if isinstance(target, Link) else ():
                if part not in known:
                    problem(name, f"is found by {part} too", f"Give {part} as well.")
            for part in target.beside if isinstance(target, Link) else ():
                if isinstance(target, Link) and (target.column.name, part) not in beside:
                    hint = f"Give {target.spelling(part)} as well."
                    problem(name, f"is found by {part} of {target.parent.name} too", hint)
        if EXTRA in known and unknown:
            problem(EXTRA, "is where the unknown fields would be kept", "Give one or the other.")
        updating = self._on_conflict == "update"
        if updating and not problems and not key_given(entity_type, [*known]):
            keys = [(entity_type.primary_key,), *entity_type.unique_keys]
            told = ", or ".join(" and ".join(key) for key in keys)
            problem(entity_type.primary_key, "is required", f"An update needs {told}.")
        for column in () if updating else entity_type.columns:
            if column.required and column.default is None and column.name not in known:
                links = [
                    " and ".join([field, *map(target.spelling, target.beside)])
                    for field, target in self._registry.fields(entity_type.name).items()
                    if isinstance(target, Link) and target.column is column
                    and (not target.beside or field == target.spelling(target.key.name))
                ]  # fmt: skip
                also = f"Or {' or '.join(links[:4])}." if links else None
                problem(column.name, "is required", also)
        if not updating:
            for check in lacking_rules(self._connection, entity_type, known):
                problem(None, f"must satisfy {check}")
        if problems:
            raise invalid_rows(problems[:MAX_PROBLEMS], complete=False)
        places = {name: place for place, name in enumerate(shape)}
        return self._make_plan(entity_type, known, beside, unknown, places)

    @staticmethod
    def _helps(
        link: Link,
        known: Mapping[str, tuple[str, Column | Link]],
        beside: Mapping[tuple[str, str], Any],
    ) -> bool:
        """Whether a field gives a further column of a parent's key, of which one was given."""
        _, first = known.get(link.column.name, ("", None))
        return (
            isinstance(first, Link)
            and first.parts == link.parts
            and link.key.name in first.beside
            and (link.column.name, link.key.name) not in beside
        )

    def _make_plan(
        self,
        entity_type: EntityType,
        known: Mapping[str, tuple[str, Column | Link]],
        beside: Mapping[tuple[str, str], tuple[str, Link]],
        unknown: list[str],
        places: Mapping[str, int],
    ) -> Plan:
        updating = self._on_conflict == "update"
        new_id = entity_type.primary_key not in known and not updating
        targets = [*known]
        links = [link if isinstance(link, Link) else None for _, link in known.values()]
        columns = [
            target.key if isinstance(target, Link) else target for _, target in known.values()
        ]
        helps = {part: len(targets) + place for place, part in enumerate(beside)}
        values = [
            value_sql(position, name, link, targets, links, entity_type, helps)
            for position, (name, link) in enumerate(zip(targets, links, strict=True))
        ]
        for _, link in beside.values():
            targets.append("")
            columns.append(link.key)
            links.append(None)
            values.append(Value("", ()))
        if unknown:
            targets.append(EXTRA)
            columns.append(entity_type.by_name[EXTRA])
            values.append(Value("?", (len(targets) - 1,)))
        if new_id:
            targets.append(entity_type.primary_key)
            values.append(Value("?", (len(targets) - 1,)))
        fields = tuple(name for name, _ in [*known.values(), *beside.values()])
        given = ", ".join(value.sql for value in values if value.sql)
        into = [name for name in targets if name]
        used = values
        sql = (
            f"INSERT INTO {quoted(entity_type.name)} ({', '.join(map(quoted, into))})"
            f" VALUES ({given}){self._conflict_sql(entity_type, into, new_id)}"
        )
        if updating:
            sql, used = update_sql(entity_type, targets, values)
        positions = [position for value in used for position in value.positions]
        return Plan(
            sql=sql,
            fields=fields,
            columns=tuple(columns),
            targets=tuple(targets),
            links=tuple(links),
            values=tuple(values),
            unknown=tuple(unknown),
            places=places,
            new_id=new_id,
            repeated=operator.itemgetter(*positions)
            if positions != [*range(len(targets))]
            else None,
            rounding=self._rounding,
            needed=frozenset(
                at
                for at, (to, column) in enumerate(zip(targets, columns, strict=False))
                if to and column.type.kind == "text" and entity_type.needs(to)
            ),
        )

    def _conflict_sql(self, entity_type: EntityType, targets: list[str], new_id: bool) -> str:
        if self._on_conflict == "error":
            return ""
        key = entity_type.primary_key
        updates = [quoted(name) for name in targets if name != key]
        if self._on_conflict == "skip" or not updates:
            return " ON CONFLICT DO NOTHING"
        action = ", ".join(f"{name} = excluded.{name}" for name in updates)
        # The row that is there keeps its primary key, which its children know.
        keys: list[tuple[str, ...]] = [] if new_id else [(key,)]
        keys += [unique for unique in entity_type.unique_keys if set(unique) <= set(targets)]
        return "".join(
            f" ON CONFLICT ({', '.join(map(quoted, unique))}) DO UPDATE SET {action}"
            for unique in keys
        )
