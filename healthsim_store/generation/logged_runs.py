"""The runs of profiles that a scenario's log tells of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from ..storage.info import ScenarioInfo

OPERATION = "generate"  # in a scenario's log
WHOLE_LOG = 1_000_000  # entries; more than any log has

#: The facts that tell one run of a profile from another.
IDENTITY = ("profile", "seed", "count", "options")
_RESULT = {
    "fingerprint": "its statements or tables",
    "names": "the library's names",
    "algorithm": "how values are drawn",
}

#: The facts of a run, and the number of the last counted entity that was made.
LoggedRun = tuple[dict[str, Any], int]


class _Informed(Protocol):
    def scenario_info(self, scenario: str, *, log_entries: int = ...) -> ScenarioInfo: ...


def _entries(store: _Informed, scenario: str) -> list[tuple[int, dict[str, Any]]]:
    """The number and the facts of each entry that tells of a batch, the oldest first."""
    found = []
    for entry in reversed(store.scenario_info(scenario, log_entries=WHOLE_LOG).log):
        facts = dict(entry.get("details") or {})
        told = entry["operation"] == OPERATION and {*IDENTITY, "last"} <= facts.keys()
        if told and not entry.get("undone"):
            found.append((entry["number"], facts))
    return found


def read_runs(store: _Informed, scenario: str) -> list[LoggedRun]:
    """The runs in a scenario's log that are not undone, the oldest first."""
    runs: dict[str, LoggedRun] = {}
    for _, facts in _entries(store, scenario):
        last = facts.pop("last")
        # A run that was begun before an upgrade and finished after it is one.
        told = [facts.get(name) for name in (*IDENTITY, *_RESULT)]
        key = json.dumps([*told, base_fingerprint(facts)], sort_keys=True)
        runs[key] = (facts, max(last, runs[key][1] if key in runs else 0))
    return list(runs.values())


def own_entries(store: _Informed, scenario: str, identity: Mapping[str, Any]) -> list[int]:
    """The numbers of the entries of a scenario's log that are of the run of this identity."""
    return [
        number
        for number, facts in _entries(store, scenario)
        if all(facts[name] == identity[name] for name in IDENTITY)
    ]


def total(facts: Mapping[str, Any]) -> int:
    """How many counted entities a run goes through."""
    base = facts.get("base")
    return int(base["entities"] if base else facts["count"])


def base_fingerprint(facts: Mapping[str, Any]) -> str | None:
    """That of what a run read of a scenario; None for one that read nothing."""
    return (facts.get("base") or {}).get("fingerprint")


def changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What has changed in a profile; empty if nothing that matters has, even in a new version."""
    return " and ".join(told for name, told in _RESULT.items() if then.get(name) != now.get(name))
