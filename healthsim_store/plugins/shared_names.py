"""Names that several plugins may have, because a user can tell them apart: each is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .claims import and_
from .plugin import Plugin


def with_notes(plugins: Sequence[Plugin]) -> Iterator[Plugin]:
    """The plugins; each that shares a name with others has a note of it, with what to say.

    Endings of file names, aliases of entity types, statistics, checks and questions.
    """
    shared: dict[tuple[str, str], dict[str, str]] = {}
    for plugin in plugins:
        for kind, name, full in () if plugin.problem else _names(plugin):
            shared.setdefault((kind, name), {}).setdefault(plugin.name, full)
    for plugin in plugins:
        notes = [
            _note(kind, name, plugin.name, owners)
            for (kind, name), owners in sorted(shared.items())
            if len(owners) > 1 and plugin.name in owners and not plugin.core
        ]
        yield replace(plugin, notes=(*plugin.notes, *notes)) if notes else plugin


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
