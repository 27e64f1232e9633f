"""What plugins add to `check`, to the MCP server and to `serve`: values that hooks return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Asks one SELECT of a scenario, read-only: the SQL and its parameters. The rows come as dicts.
Query = Callable[..., list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule that SQL alone cannot express; `check` runs it.

    ``find(query, scenario)`` yields a text for each error. ``query(sql, parameters=())`` asks one
    SELECT, read-only, and returns the rows as dicts; ``scenario`` is the scenario's name. Only
    scenarios that have all of the ``entity_types`` are looked at.
    """

    name: str
    find: Callable[[Query, str], Iterable[str]]
    entity_types: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the MCP server.

    ``function(store, ...)`` gets the `Store` first, then the arguments of the call: their names,
    types and defaults are what the model is told. It returns a text, or what JSON knows.
    ``description`` is for the model; by default the function's docstring. A tool that ``writes`` is
    not there with ``--read-only``.
    """

    name: str
    function: Callable[..., Any]
    description: str = ""
    writes: bool = False

    @property
    def about(self) -> str:
        """What the model is told about it."""
        return self.description or inspect.getdoc(self.function) or ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of `serve`, at ``/-/pages/NAME``.

    ``function(store, arguments)`` gets the `Store` and the arguments of the address, as texts. A
    text that it returns is shown as HTML; anything else is sent as JSON. What stands in HTML has to
    be escaped by the function. The list of scenarios has a link to it, called by the ``title``, or
    else by the name. Where ``serve`` shows only some scenarios there are no such pages.
    """

    name: str
    function: Callable[[Any, Mapping[str, str]], Any]
    title: str = ""
