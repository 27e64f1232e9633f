"""Errors as text for a model: what was wrong, what was meant, and the call that would work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.mcpserver.exceptions import MCPServerError
from mcp.server.mcpserver.tools import Tool
from pydantic import ValidationError

import healthsim_store as hs
from healthsim_store.doors import all_typed, as_error
from healthsim_store.errors import QueryError

from .replies import LEAST, compact, cut, line

_BUDGET = 600

# What to do next, where the store's own hint does not say it in calls.
_NEXT = {
    "scenario_not_found": "scenario_list() finds scenarios.",
    "ambiguous_scenario": "Call again with one of these names.",
    "query_refused": (
        "scenario_query takes one SELECT. scenario_persist adds rows, scenario_change updates and"
        " removes them; scenario_delete takes a whole scenario away."
    ),
    "query_timeout": (
        "Narrow it by WHERE, or put its rows elsewhere: scenario_export(query=...) or"
        " scenario_persist(select=...)."
    ),
    "triggers_refused": "That is for the user to judge: tell them of it.",
    "unknown_profile": "scenario_describe() lists the profiles, with profile=... their options.",
    "unknown_entity_type": "scenario_describe(entity_types=[...]) tells the fields.",
    "unknown_batch": "scenario_describe(scenario=..., log=20) tells the batches by number.",
    "cannot_undo": "scenario_describe(scenario=..., log=20) tells what was done.",
    "invalid_rows": "scenario_describe(entity_types=[...]) tells the fields.",
}


def explain(error: hs.HealthsimStoreError, arguments: Mapping[str, Any], store: hs.Store) -> str:
    """The store's error, whose hint is in calls of tools already, and what else helps a model."""
    parts = [f"{error.code}: {error}"]
    working = _working_query(error, arguments, store)
    if working:
        parts.append(f"This works: scenario_query(sql={compact(working)})")
    elif error.code in _NEXT:
        parts.append(_NEXT[error.code])
    return bounded("\n".join(parts), arguments)


def fault(crash: BaseException, where: str) -> str:
    """What nobody raised on purpose, as the other doors tell it; the trace stays in the log.

    Args:
        crash: what the SDK makes of it.
        where: the tool or resource, such as ``tool scenario_list``.
    """
    cause = crash
    while isinstance(cause, MCPServerError) and cause.__cause__ is not None:
        cause = cause.__cause__
    told = as_error(cause, where)
    return f"{told.code}: {told.message}\nIts trace is in the log of the server."


def wrong_arguments(error: ValidationError, tool: Tool) -> str:
    """Which argument was wrong and why, and what the tool takes."""
    told = [
        f"{'.'.join(map(str, each['loc'])) or 'arguments'}: {each['msg']}"
        + (f", not {line(repr(each['input']), 40)}" if each["type"] != "missing" else "")
        for each in error.errors()[:5]
    ]
    return f"invalid_argument: {'; '.join(told)}.\nIt takes {signature(tool)}"


def signature(tool: Tool) -> str:
    """A tool with its arguments, as they are called."""
    required = tool.parameters.get("required", [])
    told = [name if name in required else f"[{name}]" for name in tool.parameters["properties"]]
    return f"{tool.name}({', '.join(told)})"


def bounded(text: str, arguments: Mapping[str, Any]) -> str:
    """The text within the budget of an error, or of the call where that is less."""
    given = arguments.get("max_tokens")
    budget = max(LEAST, min(_BUDGET, given)) if isinstance(given, int) else _BUDGET
    return cut(text, budget, "...")


def _working_query(
    error: hs.HealthsimStoreError, arguments: Mapping[str, Any], store: hs.Store
) -> str | None:
    """The statement with the name that was meant, if it is sure which one, and that does work."""
    scenario = arguments.get("scenario")
    corrected = error.corrected if isinstance(error, QueryError) else None
    if corrected is None or len(corrected) > 500 or not isinstance(scenario, str):
        return None
    attach, values = arguments.get("attach") or (), all_typed(arguments.get("values")) or None
    try:
        store.query_scenario(
            scenario, corrected, params=values, limit=1, timeout=1.0, attach=attach
        )
    except hs.HealthsimStoreError:
        return None
    return corrected
