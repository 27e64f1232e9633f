"""Checks in Python that plugins bring, run on one scenario."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..additions import Check
from ..base.faults import blamed_on
from ..errors import HealthsimStoreError
from ..storage.catalog import read_entity_types
from ..storage.sandbox import Sandbox

_MOST = 20  # errors of one check that are told

#: Each check with the name of its plugin.
OwnedChecks = Sequence[tuple[str, Check]]


def errors_of(sandbox: Sandbox, checks: OwnedChecks, *, seconds: float) -> Iterator[str]:
    """What the checks find in a scenario, each with the check's name.

    A plugin's own fault, and a SELECT that fails, are errors too: the others are still run.

    Args:
        sandbox: the scenario.
        checks: those of the plugins.
        seconds: the time of each SELECT.
    """
    if not checks:
        return
    here = {entity_type.name for entity_type in read_entity_types(sandbox.connection)}
    query = _query(sandbox, seconds)
    scenario = sandbox.path.stem
    for plugin, check in checks:
        if not set(check.entity_types) <= here:
            continue
        try:
            with blamed_on(plugin, f"check {check.name} of {scenario}"):
                texts = _texts(check, query, scenario)
                found = [str(text) for text in itertools.islice(texts, _MOST + 1)]
        except HealthsimStoreError as error:
            yield f"{check.name}: {error.message}"
            continue
        yield from (f"{check.name}: {text}" for text in found[:_MOST])
        if len(found) > _MOST:
            yield f"{check.name}: more than {_MOST} errors; the others are not listed."


def _texts(check: Check, query: Any, scenario: str) -> Iterator[str]:
    found = check.find(query, scenario)
    if isinstance(found, str):
        raise TypeError("find returns a text, not a list of texts")
    yield from found


def _query(sandbox: Sandbox, seconds: float) -> Callable[..., list[dict[str, Any]]]:
    def query(sql: str, parameters: Any = ()) -> list[dict[str, Any]]:
        with sandbox.run(sql, parameters, timeout=seconds, written=True) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    return query
