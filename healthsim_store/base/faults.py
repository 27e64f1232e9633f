"""What a door tells of an exception that nobody raised on purpose, and whose fault it is.

A door is where calls come in that are not Python's: the command line, the browser, MCP.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import traceback
from collections.abc import Iterator

from ..errors import HealthsimStoreError, InternalError, PluginFailed, SystemFailure
from .wording import SHELL, here, option

PLUGINS = "healthsim_store"  # the group of entry points
DEBUG = "HEALTHSIM_STORE_DEBUG"

_OURS = __name__.partition(".")[0]
_LONGEST = 500  # letters of a text that is not ours


def as_error(error: BaseException, where: str = "") -> HealthsimStoreError:
    """The exception as one of our errors: itself where it is one.

    Args:
        error: what was raised.
        where: what was being done, such as the command, for a fault.

    Returns:
        SystemFailure where the machine refuses, PluginFailed where the code of a plugin raised it,
        InternalError else. They have the exception as ``__cause__``.
    """
    told = _as_error(error, f" ({where})" if where else "")
    if told is not error:
        told.__cause__ = error
    return told


def _as_error(error: BaseException, where: str) -> HealthsimStoreError:
    if isinstance(error, HealthsimStoreError):
        return error
    plugin, is_its_own = _plugin_in(error)
    if plugin is not None and is_its_own:
        return _failed(plugin, error, where)
    if isinstance(error, UnicodeEncodeError):
        return SystemFailure(
            f"The output is {error.encoding}, which has no {error.object[error.start]!a}.",
            hint="Set PYTHONIOENCODING=utf-8.",
        )
    if isinstance(error, OSError) and error.errno is not None:
        place = f"{error.filename}: " if error.filename else ""
        return SystemFailure(
            f"{place}{os.strerror(error.errno)}{where}.",
            hint="Check the permissions and the free space.",
        )
    if isinstance(error, MemoryError):
        return SystemFailure(f"There is too little memory{where}.", hint="Ask for less at a time.")
    calling = f", or of the plugin {plugin}, which called it" if plugin else ""
    return InternalError(
        f"{in_one_line(error)}{where}.",
        hint=f"This is a fault of healthsim-store{calling}. Please report it, with what"
        f" {_debugging()} shows.",
    )


@contextlib.contextmanager
def blamed_on(
    plugin: str | None, where: str, *, passing: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Code of a plugin runs in the block. Raises PluginFailed for what it should not raise.

    Errors that are ours pass, and OSError does: the disk is not the plugin's fault.

    Args:
        plugin: its name; None if the code is our own, of which nothing is changed.
        where: what it works on, such as ``reading a.csv``.
        passing: what may be raised beside these, because the caller knows what it means.
    """
    try:
        yield
    except Exception as error:
        if plugin is None or isinstance(error, (HealthsimStoreError, OSError, *passing)):
            raise
        raise _failed(plugin, error, f" ({where})") from error


def in_one_line(error: BaseException) -> str:
    """The kind of an exception and its text, which may come from anywhere, in a line."""
    text = " ".join(str(error).split()).rstrip(".")
    text = f"{text[:_LONGEST]}..." if len(text) > _LONGEST else text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def trace(error: BaseException) -> str:
    """The traceback, with those of its causes."""
    return "".join(traceback.format_exception(error)).rstrip()


def is_debugging() -> bool:
    """Whether the environment asks for the trace of each error."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def _debugging() -> str:
    """How to see the trace, at the door where this is read."""
    return f"{option('debug')}, or {DEBUG}=1," if here().kind == SHELL else f"{DEBUG}=1"


def _failed(plugin: str, error: BaseException, where: str) -> PluginFailed:
    return PluginFailed(
        f"The plugin {plugin} failed{where}: {in_one_line(error)}.",
        plugin,
        hint="This is a fault of the plugin. Please report it to those who wrote it, with what"
        f" {_debugging()} shows.",
    )


def _plugin_in(error: BaseException) -> tuple[str | None, bool]:
    """The plugin whose code the traceback goes through, and whether none of ours is below it."""
    entries = importlib.metadata.entry_points(group=PLUGINS)
    packages = {entry.module.partition(".")[0]: entry.name for entry in entries}
    plugin, is_its_own = None, False
    for frame, _ in traceback.walk_tb(error.__traceback__):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in packages:
            plugin, is_its_own = packages[package], True
        elif package == _OURS:
            is_its_own = False
    return plugin, is_its_own
