"""Rows that have the key of an entity that is there, and the fields of it that change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from ..base.sql import quoted
from ..base.wording import option, takes
from ..schema.model import EntityType
from .plan import Plan, Value
from .rows import Rows
from .violations import Problem


def key_given(entity_type: EntityType, targets: Sequence[str]) -> tuple[str, ...]:
    """By which of the columns the entity is found: its id, or a natural key; () by none."""
    keys = [(entity_type.primary_key,), *entity_type.unique_keys]
    return next((key for key in keys if set(key) <= set(targets)), ())


def update_sql(
    entity_type: EntityType, targets: Sequence[str], values: Sequence[Value]
) -> tuple[str, list[Value]]:
    """The statement that changes nothing but the columns given, and its values in their order."""
    key = key_given(entity_type, targets)
    by_target = dict(zip(targets, values, strict=True))
    changed = [name for name in targets if name and name not in key]
    told = ", ".join(f"{quoted(name)} = {by_target[name].sql}" for name in changed)
    if not changed:  # the key alone: the entity must be there
        told = f"{quoted(key[0])} = {quoted(key[0])}"
    where = " AND ".join(f"{quoted(name)} = {by_target[name].sql}" for name in key)
    sql = f"UPDATE {quoted(entity_type.name)} SET {told} WHERE {where}"
    return sql, [by_target[name] for name in (*changed, *key)]


def not_there(
    connection: sqlite3.Connection, entity_type: EntityType, plan: Plan, rows: Rows, number: int
) -> Iterator[Problem]:
    """The rows whose key no entity has; ``number`` is that of the first row."""
    key = key_given(entity_type, plan.targets)
    at = [plan.targets.index(name) for name in key]
    positions = [position for place in at for position in plan.values[place].positions]
    where = " AND ".join(
        f"{quoted(name)} = {plan.values[place].sql}" for name, place in zip(key, at, strict=True)
    )
    sql = f"SELECT 1 FROM {quoted(entity_type.name)} WHERE {where}"
    for offset, row in enumerate(rows.values):
        given = [row[plan.places[name]] for name in plan.fields]
        stored = [plan.coerce(position, value) for position, value in enumerate(given)]
        found = connection.execute(sql, [stored[position] for position in positions])
        if found.fetchone() is None:
            value = given[at[0]] if len(at) == 1 else tuple(given[place] for place in at)
            yield Problem(
                entity_type.name, number + offset, " + ".join(key), value,
                "is not in the scenario",
                f"{option('on_conflict', 'replace')} stores new rows too."
                if takes("on_conflict")
                else None,
            )  # fmt: skip
