"""Documents of one entity and what belongs to it: ``{"patient": {...}, "encounters": [...]}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base.text import in_line
from ..base.wording import option_of_import
from ..errors import AmbiguousEntityType, UnknownEntityType
from ..schema.model import EntityType
from ..schema.registry import Link, Registry
from .formats import Tables
from .source import Source


def by_entity_type(registry: Registry, tables: Tables, source: Source | None = None) -> Tables:
    """The tables of a reader; an object whose keys are entity types is a table of each.

    Args:
        registry: the entity types.
        tables: pairs of an entity type, or None, and rows.
        source: the file, which is given a hint about keys of a document that are none.
    """
    for name, rows in tables:
        document = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
        if name is None and isinstance(document, dict) and _is_of_entities(registry, document):
            yield from with_parents(registry, document).items()
            continue
        if name is None and isinstance(document, dict) and source is not None:
            _suggest(registry, document, source)
        yield name, rows


def _suggest(registry: Registry, document: Mapping[str, Any], source: Source) -> None:
    """Keep a hint where some keys of a document are entity types, and others tell of it."""
    others = [name for name in document if not _is_entity_type(registry, name)]
    rows = [name for name in document if name not in others]
    if rows and others and all(isinstance(document[name], dict | list) for name in rows):
        told = option_of_import("ignore", [*map(str, others)])
        source.suggest(f"To read {in_line(rows)}, and leave out the rest: {told}.")


def _is_entity_type(registry: Registry, name: str) -> bool:
    try:
        registry.entity_type(name)
    except (UnknownEntityType, AmbiguousEntityType):
        return False
    return True


def has_single(entities: Mapping[str, Any]) -> bool:
    """Whether an entity type has one object in place of a list."""
    return any(isinstance(rows, dict) for rows in entities.values())


def with_parents(registry: Registry, entities: Mapping[str, Any]) -> dict[str, Any]:
    """The same rows as lists; those that lack a parent which they need belong to the only one.

    Only an entity that is given alone, as an object, is such a parent.

    Args:
        registry: the entity types.
        entities: an object or a list of objects by entity type.
    """
    types = {name: registry.entity_type(name) for name in entities}
    alone = {types[name].name: rows for name, rows in entities.items() if isinstance(rows, dict)}
    found: dict[str, Any] = {}
    for name, rows in entities.items():
        needed = dict(_needed(registry, types[name], alone))
        if isinstance(rows, dict):
            rows = [rows]
        if needed and isinstance(rows, list):
            rows = [_belonging(registry, types[name], row, needed) for row in rows]
        found[name] = rows
    return found


def _is_of_entities(registry: Registry, document: Mapping[str, Any]) -> bool:
    for name, rows in document.items():
        if not _is_entity_type(registry, name):
            return False
        if not isinstance(rows, dict | list):
            return False
        if isinstance(rows, list) and not all(isinstance(row, dict) for row in rows):
            return False
    return has_single(document)


def _needed(
    registry: Registry, entity_type: EntityType, alone: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Each column that needs a parent which is given alone: the field that names it, its value."""
    for column, reference in entity_type.references():
        parent = alone.get(reference.entity_type)
        if parent is None or not column.required or reference.entity_type == entity_type.name:
            continue
        keys = {_column(registry, reference.entity_type, name): v for name, v in parent.items()}
        if keys.get(reference.column) is not None:
            yield column.name, (column.name, keys[reference.column])
            continue
        for field, meant in registry.fields(entity_type.name).items():
            single = isinstance(meant, Link) and not (meant.scope or meant.beside)
            if isinstance(meant, Link) and single and meant.column.name == column.name:
                value = keys.get(meant.key.name)
                if value is not None:
                    yield column.name, (field, value)
                    break


def _column(registry: Registry, entity_type: str, name: str) -> str:
    field = registry.field(entity_type, name)
    return name if field is None or isinstance(field, Link) else field.name


def _belonging(
    registry: Registry, entity_type: EntityType, row: Any, needed: Mapping[str, tuple[str, Any]]
) -> Any:
    if not isinstance(row, dict):
        return row
    given = set()
    for name in row:
        field = registry.field(entity_type.name, name)
        if field is not None:
            given.add(field.column.name if isinstance(field, Link) else field.name)
    more = dict(pair for column, pair in needed.items() if column not in given)
    return {**row, **more} if more else row
