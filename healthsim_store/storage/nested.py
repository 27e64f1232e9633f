"""Objects inside of rows, by declared aliases: ``{"name": {"given": ...}}`` is ``name.given``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ..base.spelling import plain
from ..schema.model import Column, EntityType
from ..schema.registry import Registry
from .rows import Rows


def flat(registry: Registry, entity_type: EntityType, chunk: list[Rows]) -> list[Rows]:
    """The chunk, in which objects are the fields that they hold.

    Only objects whose entity type has an alias with a point after their name; what is text there
    stays what it is.

    Args:
        registry: the entity types.
        entity_type: that of the rows.
        chunk: rows, in their order.
    """
    heads = registry.nested(entity_type.name)
    if not heads:
        return chunk
    found: list[Rows] = []
    for rows in chunk:
        places = {
            place: registry.field(entity_type.name, name) is None
            for place, name in enumerate(rows.fields)
            if isinstance(name, str)
            and plain(name) in heads
            and not _is_json(registry, entity_type, name)
        }
        if not places or not any(
            isinstance(row[place], Mapping) or (only and row[place] is None)
            for row in rows.values
            for place, only in places.items()
        ):
            found.append(rows)
            continue
        flattened = [_flattened(rows.fields, row, places) for row in rows.values]
        found += [
            Rows(fields, [tuple(row.values()) for row in alike])
            for fields, alike in itertools.groupby(flattened, key=tuple)
        ]
    return found


def _flattened(
    fields: Sequence[str], row: Sequence[Any], places: Mapping[int, bool]
) -> dict[str, Any]:
    """The row as a dict; ``places`` are those of objects, true where nothing else may stand."""
    made: dict[str, Any] = {}
    for place, (name, value) in enumerate(zip(fields, row, strict=True)):
        if place in places and isinstance(value, Mapping):
            made |= {f"{plain(name)}.{plain(str(key))}": inner for key, inner in value.items()}
        elif value is not None or not places.get(place):
            made[name] = value
    return made


def _is_json(registry: Registry, entity_type: EntityType, name: str) -> bool:
    """Whether an object is a value there as it is."""
    field = registry.field(entity_type.name, name)
    return isinstance(field, Column) and field.type.kind == "json"
