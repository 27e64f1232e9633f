"""Names that several plugins may have, because a user can tell them apart: each is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from .claims import and_
from .code_notes import code_notes
from .plugin import Plugin


def with_notes(plugins: Sequence[Plugin]) -> Iterator[Plugin]:
    """The plugins; each that shares a name with others has a note of it, with what to say.

    Endings of file names, aliases of entity types, statistics, checks and questions. Code systems
    that nobody knows are noted too.
    """
    shared: dict[tuple[str, str], dict[str, str]] = {}
    for plugin in plugins:
        for kind, name, full in () if plugin.problem else _names(plugin):
            shared.setdefault((kind, name), {}).setdefault(plugin.name, full)
    owner_of = {
        entity_type.name: plugin.name
        for plugin in plugins
        for product in (() if plugin.problem else plugin.products)
        for entity_type in product.declaration.entity_types
    }
    for plugin in plugins:
        notes = [
            _note(kind, name, plugin.name, owners)
            for (kind, name), owners in sorted(shared.items())
            if len(owners) > 1 and plugin.name in owners and not plugin.core
        ]
        notes += _hidden(plugin, owner_of)
        notes += code_notes(plugin)
        yield replace(plugin, notes=(*plugin.notes, *notes)) if notes else plugin


def _hidden(plugin: Plugin, owner_of: Mapping[str, str]) -> Iterator[str]:
    """Notes of aliases that are names of other plugins' entity types, which go before them."""
    for kind, alias, full in () if plugin.problem else _names(plugin):
        owner = owner_of.get(alias, plugin.name) if kind == "alias" else plugin.name
        if owner != plugin.name:
            yield f"the alias {alias} is the name of an entity type of {owner}: say {full}"


def _names(plugin: Plugin) -> Iterator[tuple[str, str, str]]:
    """Kind and name of what may be shared, and how it is told from the others."""
    for importer in plugin.importers:
        for suffix in importer.suffixes if importer.read else ():
            yield "ending", suffix.lower(), f"the format {importer.name}"
    for product in plugin.products:
        declared = product.declaration
        for entity_type in declared.entity_types:
            for alias in entity_type.aliases:
                yield "alias", alias, entity_type.name
        things: Iterable[tuple[str, Sequence[object]]] = (
            ("statistic", declared.statistics), ("check", declared.rules),
            ("question", declared.questions),
        )  # fmt: skip
        for kind, found in things:
            for thing in found:
                name = str(getattr(thing, "name", ""))
                yield kind, name, f"{product.name}.{name}"


def _note(kind: str, name: str, own: str, owners: dict[str, str]) -> str:
    others = and_(sorted(owner for owner in owners if owner != own))
    return f"the {kind} {name} is also one of {others}: say {owners[own]}"
