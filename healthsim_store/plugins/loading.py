"""Plugins are loaded one by one, each wholly or not at all."""

from __future__ import annotations

import importlib.metadata
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TextIO

import pluggy

from .. import hookspecs
from .answers import ask
from .isolation import Apart, Faulty
from .names import DISABLE, GROUP
from .one_file import PythonFile, found_files, told
from .plugin import Plugin
from .tracing import traced, watch, with_traced_formats
from .waiting import Loaded, Watch, left_behind

Entry = importlib.metadata.EntryPoint | PythonFile | Plugin

_loading = threading.RLock()
_busy: list[str] = []  # the plugin that is being loaded, by the thread that holds the lock


def load_all() -> list[Plugin]:
    """Every plugin of the entry-point group and of the folder that the user names, by name.

    Raises Faulty to a plugin that, while it is loaded, asks for what needs the plugins.
    """
    with _loading:
        if _busy:
            raise Faulty("it uses a store while it is loaded, which loads the plugins")
        with Watch(sys.stderr) as watching:
            entries = sorted([*_entries(), *found_files()], key=_order)
            return [_load(entry, watching) for entry in entries]


def _order(entry: Entry) -> tuple[str, str]:
    if isinstance(entry, Plugin):
        return entry.name, entry.distribution
    return entry.name, _distribution(entry)[0]


def _entries() -> Iterator[importlib.metadata.EntryPoint | Plugin]:
    """The entry points; of a distribution whose list of them cannot be read, a faulty plugin."""
    try:
        yield from importlib.metadata.entry_points(group=GROUP)
        return
    # Broad on purpose: what cannot be read may raise anything, as the standard library reads it.
    except Exception:
        seen: set[str] = set()
    for found in importlib.metadata.distributions():
        name = str(found.metadata["Name"])
        if name in seen:
            continue
        seen.add(name)
        try:
            yield from found.entry_points.select(group=GROUP)
        except Exception as error:
            problem = f"its entry_points.txt cannot be read ({type(error).__name__})"
            yield Plugin(name, name, found.version, problem=problem)


def _distribution(entry: importlib.metadata.EntryPoint | PythonFile) -> tuple[str, str]:
    """Name and version, ``?`` where they are not known."""
    if isinstance(entry, PythonFile):
        return told(entry.path)
    try:
        if entry.dist is not None:
            return str(entry.dist.name), str(entry.dist.version)
    except Exception:  # its METADATA is missing or cannot be read
        return "?", "?"
    return "?", "?"


def _load(entry: Entry, watching: Watch) -> Plugin:
    if isinstance(entry, Plugin):
        return entry
    name = entry.name
    distribution, version = _distribution(entry)
    path = entry.path if isinstance(entry, PythonFile) else None
    plugin = Plugin(name, distribution, version, file=path)
    module = "" if isinstance(entry, PythonFile) else entry.module
    loading = Loaded(name, distribution, version, module, path)
    unfinished = left_behind(loading)
    if unfinished:
        return replace(plugin, problem=unfinished)
    apart = Apart()
    stream = sys.stderr  # which it does not have while it is loaded
    _busy.append(name)
    brought: dict[str, Any] = {}
    try:
        with watching.over(loading):
            brought = apart.run(lambda: _brought(entry, stream), brought)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"The plugin {name} was being loaded; {DISABLE}=1 loads none.")
        raise
    finally:
        _busy.pop()
    notes = [f"prints when it is loaded: {apart.printed}"] if apart.printed else []
    problem, note = (None, []) if path else _versions(distribution)
    loaded = replace(plugin, **brought, problem=apart.problem or problem, notes=(*notes, *note))
    return with_traced_formats(loaded)


def _versions(distribution: str) -> tuple[str | None, list[str]]:
    """What is wrong, and what is only told, where several versions of one distribution are there.

    In two folders Python takes the code and the version from the first. In one folder the version
    that it reads may not be that of the code, and a scenario would be marked with the wrong one.
    """
    places: dict[str, list[str]] = {}
    for found in importlib.metadata.distributions(name=distribution):
        place = str(found.locate_file(""))
        if found.version not in places.setdefault(place, []):
            places[place].append(str(found.version))
    for place, versions in places.items():
        if len(versions) > 1:
            several = " and ".join(sorted(versions))
            return f"is there in versions {several} in {place}: uninstall it and install one", []
    (first, own), *others = [(place, versions[0]) for place, versions in places.items()] or [
        ("", "")
    ]
    hidden = [f"{version} in {place}" for place, version in others if version != own]
    return None, [f"{own} in {first} hides {', '.join(hidden)}"] if hidden else []


def _brought(entry: importlib.metadata.EntryPoint | PythonFile, stream: TextIO) -> dict[str, Any]:
    # A manager for each: what one plugin raises cannot reach the hooks of another.
    manager = pluggy.PluginManager("healthsim_store")
    manager.add_hookspecs(hookspecs)
    watch(manager, entry.name, stream)
    with traced(f"{entry.name}: import", stream):
        plugin = entry.load()
    manager.register(plugin)
    manager.check_pending()
    return ask(manager)
