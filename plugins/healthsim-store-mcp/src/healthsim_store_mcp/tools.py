"""The tools as the client sees them: which there are, lean schemas, true annotations."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations

import healthsim_store as hs
from healthsim_store.doors import MCP, at, blamed_on, in_one_line, tools_of_plugins
from healthsim_store.errors import PluginFailed

from .confined_store import ConfinedStore
from .error_texts import explain
from .reading_tools import Reading
from .replies import compact, cut
from .writing_tools import Writing

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Nature:
    """What a call does beside answering.

    ``destructive``: something that was there may be gone or changed. ``idempotent``: a second call
    with the same arguments changes nothing more.
    """

    destructive: bool = False
    idempotent: bool = False


_MOST_TOKENS = 1_000  # of the reply of a plugin's tool

READING = ("list", "describe", "summary", "samples", "query", "diff", "compare")
WRITING: Mapping[str, Nature] = {
    "persist": Nature(destructive=True),  # on_conflict="replace"
    "change": Nature(destructive=True),
    "undo": Nature(destructive=True),
    "annotate": Nature(destructive=True, idempotent=False),  # remove
    "rename": Nature(idempotent=True),
    "clone": Nature(),
    "merge": Nature(destructive=True),  # into
    "export": Nature(destructive=True, idempotent=True),  # force
    "delete": Nature(destructive=True, idempotent=True),
    "restore": Nature(),
}


def tools(confined: ConfinedStore, *, read_only: bool) -> list[Tool]:
    """All tools, or those that read."""
    reading, writing = Reading(confined), Writing(confined)
    made = [_tool(confined, reading, name, None) for name in READING]
    if not read_only:
        made += [_tool(confined, writing, name, nature) for name, nature in WRITING.items()]
    return [*made, *_of_plugins(confined.store, read_only=read_only)]


def _of_plugins(store: hs.Store, *, read_only: bool) -> list[Tool]:
    """The tools that plugins bring; one that writes is not there where nothing may be written."""
    made = []
    for plugin, added in tools_of_plugins():
        if added.writes and read_only:
            continue
        try:
            made.append(_made(plugin, added, store))
        # Broad on purpose: an annotation may be any expression, of any type.
        except Exception as error:
            told = in_one_line(error)
            _log.warning("The tool %s of the plugin %s is left out: %s", added.name, plugin, told)
    return made


def _made(plugin: str, added: hs.Tool, store: hs.Store) -> Tool:
    tool = Tool.from_function(
        _explaining(_of_plugin(plugin, added, store), store),
        name=added.name,
        description=added.about,
        structured_output=False,
        annotations=ToolAnnotations(
            read_only_hint=not added.writes,
            destructive_hint=added.writes,
            idempotent_hint=not added.writes,
            open_world_hint=False,
        ),
    )
    tool.parameters = lean(tool.parameters)
    return tool


def _of_plugin(plugin: str, added: hs.Tool, store: hs.Store) -> Callable[..., str]:
    """The plugin's function with the store already given, and with the rest of its signature."""

    def call(**arguments: Any) -> str:
        with blamed_on(plugin, f"tool {added.name}"):
            answer = added.function(store, **arguments)
            text = answer if isinstance(answer, str) else compact(answer)
        return cut(text, _MOST_TOKENS, "Cut here: it is longer than a reply may be.")

    whole = inspect.signature(added.function, eval_str=True)
    _first, *others = whole.parameters.values()
    call.__signature__ = whole.replace(parameters=others, return_annotation=str)  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in others}
    call.__name__ = added.name
    return call


def _tool(confined: ConfinedStore, owner: object, name: str, nature: Nature | None) -> Tool:
    tool = Tool.from_function(
        _explaining(getattr(owner, f"scenario_{name}"), confined.store),
        structured_output=False,
        annotations=ToolAnnotations(
            read_only_hint=nature is None,
            destructive_hint=nature.destructive if nature else False,
            idempotent_hint=nature.idempotent if nature else True,
            open_world_hint=False,
        ),
    )
    tool.parameters = lean(tool.parameters)
    if name == "export":  # what a plugin adds is here without a line of code
        tool.parameters["properties"]["format"]["enum"] = confined.store.list_export_formats()
    return tool


def _explaining(method: Callable[..., Any], store: hs.Store) -> Callable[..., Any]:
    """Errors that were raised on purpose, as text for the model."""

    takes = frozenset(inspect.signature(method).parameters)

    @functools.wraps(method)
    def call(**arguments: Any) -> Any:
        try:
            with at(MCP, takes):
                return method(**arguments)
        except PluginFailed:
            raise  # is logged with its trace, as a fault of ours is
        except hs.HealthsimStoreError as error:
            raise ToolError(explain(error, arguments, store)) from error
        except RecursionError as error:
            raise ToolError("invalid_argument: an argument is nested too deep.") from error

    return call


def lean(schema: Any) -> Any:
    """A JSON schema without what no model needs: titles, and null beside what is optional."""
    if isinstance(schema, list):
        return [lean(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: lean(value)
        for key, value in schema.items()
        if key != "title" or not isinstance(value, str)
    }
    options = kept.get("anyOf")
    if options and {"type": "null"} in options and len(options) == 2:
        (real,) = [option for option in options if option != {"type": "null"}]
        kept = {key: value for key, value in kept.items() if key != "anyOf"} | real
    if kept.get("default", ...) is None:
        del kept["default"]
    if kept.get("additionalProperties") is True:
        del kept["additionalProperties"]
    return kept
