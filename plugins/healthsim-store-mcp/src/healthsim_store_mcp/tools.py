"""The tools as the client sees them: which there are, lean schemas, true annotations."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations

import healthsim_store as hs
from healthsim_store.base.wording import MCP, at
from healthsim_store.errors import PluginFailed

from .confined_store import ConfinedStore
from .error_texts import explain
from .reading_tools import Reading
from .writing_tools import Writing


@dataclass(frozen=True)
class Nature:
    """What a call does beside answering.

    ``destructive``: something that was there may be gone or changed. ``idempotent``: a second call
    with the same arguments changes nothing more.
    """

    destructive: bool = False
    idempotent: bool = False


READING = ("list", "describe", "summary", "samples", "query", "diff")
WRITING: Mapping[str, Nature] = {
    "persist": Nature(destructive=True),  # on_conflict="replace"
    "change": Nature(destructive=True),
    "undo": Nature(destructive=True),
    "tag": Nature(destructive=True, idempotent=True),  # remove
    "rename": Nature(idempotent=True),
    "clone": Nature(),
    "merge": Nature(),
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
    return made


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
