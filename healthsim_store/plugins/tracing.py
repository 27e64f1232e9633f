"""With HEALTHSIM_STORE_TRACE_PLUGINS=1, the calls of plugins on stderr, with how long they took."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TextIO

import pluggy

from .names import TRACE
from .plugin import Plugin


def is_traced() -> bool:
    """Whether the environment asks for it."""
    return os.environ.get(TRACE, "") not in ("", "0")


@contextlib.contextmanager
def traced(what: str, stream: TextIO | None = None) -> Iterator[None]:
    """Tell how long the block took, also where it raises.

    Args:
        what: the plugin, and what it does.
        stream: where to tell it; stderr by default.
    """
    if not is_traced():
        yield
        return
    start = time.perf_counter()
    failed = " and failed"
    try:
        yield
        failed = ""
    finally:
        took = (time.perf_counter() - start) * 1_000
        print(f"plugin {what} took {took:,.1f} ms{failed}", file=stream or sys.stderr)


def watch(manager: pluggy.PluginManager, plugin: str, stream: TextIO) -> None:
    """Tell each call of a hook that the plugin has."""
    if not is_traced():
        return
    starts: list[float] = []

    def before(name: str, impls: Any, kwargs: Any) -> None:
        starts.append(time.perf_counter())

    def after(outcome: Any, name: str, impls: Any, kwargs: Any) -> None:
        took = (time.perf_counter() - starts.pop()) * 1_000
        failed = " and failed" if outcome.exception else ""
        if impls:
            print(f"plugin {plugin}: {name} took {took:,.1f} ms{failed}", file=stream)

    manager.add_hookcall_monitoring(before, after)


def with_traced_formats(plugin: Plugin) -> Plugin:
    """The plugin, of which each file that it reads or writes is told too."""
    if not is_traced():
        return plugin
    return replace(
        plugin,
        importers=tuple(
            replace(
                one,
                read=one.read and _reading(f"{plugin.name}: format {one.name}", one.read),
                read_folder=one.read_folder
                and _reading(f"{plugin.name}: format {one.name}", one.read_folder),
            )
            for one in plugin.importers
        ),
        exporters=tuple(
            replace(
                one,
                write=one.write and _writing(f"{plugin.name}: format {one.name}", one.write),
                copy=one.copy and _writing(f"{plugin.name}: format {one.name}", one.copy),
                write_all=one.write_all
                and _writing_all(f"{plugin.name}: format {one.name}", one.write_all),
            )
            for one in plugin.exporters
        ),
    )


def _reading(what: str, read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def call(source: Any) -> Iterator[Any]:
        with traced(f"{what}, reading {source.name},"):
            yield from read(source)

    return call


def _writing(what: str, write: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(write)
    def call(given: Any, path: Any) -> Any:
        with traced(f"{what}, writing {path.name},"):
            return write(given, path)

    return call


def _writing_all(what: str, write_all: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(write_all)
    def call(scenario: Any, folder: Any) -> Iterator[Any]:
        with traced(f"{what}, writing {scenario.name},"):
            yield from write_all(scenario, folder)

    return call
