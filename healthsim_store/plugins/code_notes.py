"""Code systems that a plugin's columns name and nobody knows: told, as it may be a slip."""

from __future__ import annotations

from collections.abc import Iterator

from ..base.text import did_you_mean
from ..schema.code_systems import code_systems, find_code_system
from .plugin import Plugin

_MOST = 3  # columns that a note tells of


def code_notes(plugin: Plugin) -> Iterator[str]:
    """A note for each unknown code system, with the columns that have it.

    Args:
        plugin: one whose declarations were read; one that was left out has no notes.
    """
    found: dict[str, list[str]] = {}
    for product in () if plugin.problem else plugin.products:
        for entity_type in product.declaration.entity_types:
            for column in entity_type.columns:
                if column.codes and find_code_system(column.codes) is None:
                    told = f"{entity_type.name}.{column.name}"
                    found.setdefault(column.codes, []).append(told)
    every = [name for system in code_systems() for name in (system.name, *system.aliases)]
    for name, columns in found.items():
        more = f" and {len(columns) - _MOST} more" if len(columns) > _MOST else ""
        near = did_you_mean(name, every)
        told = f"@codes {name} ({', '.join(columns[:_MOST])}{more})"
        yield f"{told} is no code system that is known here{f'. {near}' if near else ''}"
