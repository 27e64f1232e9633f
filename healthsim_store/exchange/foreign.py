"""Calls of what a plugin brings: whatever it raises is one error that names the plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..base.faults import blamed_on
from .formats import Formats, Importer, Tables
from .source import Source, SourceFolder


def tables(formats: Formats, importer: Importer, source: Source | SourceFolder) -> Tables:
    """What the importer reads: pairs of an entity type, or None, and rows.

    Args:
        formats: the installed formats.
        importer: one of them.
        source: what it reads.

    Raises PluginFailed, also while rows are read, where the importer is a plugin's and raises what
    is no error of ours, or yields something else than pairs.
    """
    plugin = formats.plugin_of(importer)
    if plugin is None:
        return _read(importer, source)
    return _blamed_tables(plugin, importer, source)


def _read(importer: Importer, source: Source | SourceFolder) -> Tables:
    if isinstance(source, SourceFolder):
        assert importer.read_folder is not None
        return importer.read_folder(source)
    assert importer.read is not None
    return importer.read(source)


def _blamed_tables(plugin: str, importer: Importer, source: Source | SourceFolder) -> Tables:
    where = f"format {importer.name}, reading {source.name}"
    # An error of whoever takes a pair is not raised in here, so it is not blamed on the plugin.
    with blamed_on(plugin, where):
        for pair in _read(importer, source):
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise TypeError(f"it yields {type(pair).__name__}, not (entity type, rows)")
            name, rows = pair
            if name is None and isinstance(source, SourceFolder):
                raise TypeError("it yields rows of a folder without their entity type")
            if not isinstance(name, str | None):
                raise TypeError(f"it yields {type(name).__name__} as the name of an entity type")
            yield name, _blamed_rows(plugin, where, rows) if isinstance(rows, Iterator) else rows


def _blamed_rows(plugin: str, where: str, rows: Iterator[Any]) -> Iterator[Any]:
    with blamed_on(plugin, where):
        yield from rows
