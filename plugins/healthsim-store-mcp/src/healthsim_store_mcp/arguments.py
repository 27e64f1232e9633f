"""Arguments before a tool sees them: names that exist, sizes that are sane."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from mcp.server.mcpserver.tools import Tool

from healthsim_store.doors import all_typed

from .error_texts import signature
from .refusals import invalid
from .replies import line

_TEXT = 1_000  # characters of an argument
_TEXTS = {"sql": 100_000, "query": 100_000, "context": 4_000, "file": 4_000, "to": 4_000}
_ALL = 4_000_000  # of all of a call, as over HTTP
_ITEMS = 500
_PART = (
    "only", "only_question", "values", "sample", "seed", "stratify", "entity_type", "split",
)  # fmt: skip


def checked(tool: Tool, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments; a single text stands for a list of one. Raises ToolError."""
    known = tool.parameters["properties"]
    arguments: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name[:40], known, n=1)
            raise invalid(
                f"there is no argument {line(name, 40)!r}."
                f"{f' Did you mean {near[0]}?' if near else ''}\nIt takes {signature(tool)}"
            )
        # A null is what a client gives that has no other word for "not given".
        if value is not None:
            listed = known[name].get("type") == "array" and isinstance(value, str)
            arguments[name] = [value] if listed and not value.startswith("[") else value
    for name, value in arguments.items():
        most = _TEXTS.get(name, _TEXT)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and len(text) > most:
                raise invalid(f"{name} has {len(text):,} characters; {most:,} at most.")
        if isinstance(value, list) and len(value) > _ITEMS:
            raise invalid(f"{name} has {len(value):,} items; {_ITEMS} at most.")
    size = sum(len(json.dumps(v)) for v in arguments.values() if isinstance(v, dict))
    if size > _ALL:
        raise invalid(
            f"{size:,} characters in one call; {_ALL:,} at most.\n"
            "Put the rows into a file and give its path: scenario_persist(file=...)."
        )
    return arguments


def subset_arguments(part: Mapping[str, Any] | None) -> dict[str, Any]:
    """The part of a scenario that a clone takes, as the store's options. Raises ToolError."""
    given = {name: value for name, value in (part or {}).items() if value is not None}
    for name in given:
        if name not in _PART:
            near = difflib.get_close_matches(name[:40], _PART, n=1)
            raise invalid(
                f"part has no {line(name, 40)!r}."
                + (f" Did you mean {near[0]}?" if near else f" It takes {', '.join(_PART)}.")
            )
    values = given.pop("values", None)
    if values is not None and not isinstance(values, dict):
        raise invalid("values of part are by name, such as {least: 9}.")
    if values:
        given["params"] = values if "only_question" in given else all_typed(values)
    return given
