"""Which entity types a scenario can take: its own, and those of products that can join it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import EmptyBatch, InvalidArgument, UnknownEntityType
from ..schema.model import Declaration
from ..schema.registry import Declarations, Registry
from . import catalog

#: The declarations of the installed products, by product: read when they are asked for.
Declared = Callable[[], Declarations]


def check_entities(entities: Any) -> None:
    """Raise InvalidArgument, EmptyBatch or UnknownEntityType for what is no batch of entities."""
    if not isinstance(entities, Mapping):
        raise InvalidArgument(
            f"entities is a {type(entities).__name__}.",
            hint="Give a dict: {'patients': [...], 'encounters': [...]}.",
        )
    if not entities:
        raise EmptyBatch("The batch has no entity types.", hint="Give {'patients': [...]}.")
    for name in entities:
        if not isinstance(name, str):
            raise UnknownEntityType(
                f"An entity type is named by text, not {name!r:.40}.",
                hint="For example 'patients'.",
            )


def registry_for(
    connection: sqlite3.Connection, entities: Mapping[str, Any], declared: Declared
) -> Registry:
    """The file's entity types, with those of an installed product added where one is needed."""
    check_entities(entities)
    here = Registry(catalog.read_entity_types(connection))
    if all(map(here.is_name, entities)):
        return here
    addable = _addable(connection, here, declared())
    everything = _with(here, addable)
    needed = dict.fromkeys(everything.entity_type(name).product for name in entities)
    added = [addable[product] for product in needed if product in addable]
    for declaration in added:
        catalog.add_product(connection, declaration)
    return Registry([*here, *(e for d in added for e in d.entity_types)])


def reachable(connection: sqlite3.Connection, declared: Declarations) -> Registry:
    """The entity types whose rows a scenario can take: its own, and those of installed products.

    Args:
        connection: the scenario's file.
        declared: the declarations of the installed products.
    """
    here = Registry(catalog.read_entity_types(connection))
    return _with(here, _addable(connection, here, declared))


def _addable(
    connection: sqlite3.Connection, here: Registry, declared: Declarations
) -> Declarations:
    """The products that the file does not have and could get: none of their names is taken."""
    present = {product.name for product in catalog.read_products(connection)}
    owners = {entity_type.name: entity_type.product for entity_type in here}
    taken = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    addable: dict[str, Declaration] = {}
    left_out = dict(declared.left_out)
    for product, declaration in declared.items():
        if product in present:
            continue
        names = [entity_type.name for entity_type in declaration.entity_types]
        names += [extra.name for extra in declaration.extras]
        clash = next((name for name in names if name in taken), None)
        if clash is None:
            addable[product] = declaration
            continue
        owner = f", of {owners[clash]}" if clash in owners else ""
        reason = f"{product}, which has it, cannot be added here: {clash} is there already{owner}."
        left_out |= dict.fromkeys((e.name for e in declaration.entity_types), reason)
    return Declarations(addable, left_out)


def _with(here: Registry, addable: Declarations) -> Registry:
    further = (e for declaration in addable.values() for e in declaration.entity_types)
    return Registry([*here, *further], left_out=addable.left_out)
