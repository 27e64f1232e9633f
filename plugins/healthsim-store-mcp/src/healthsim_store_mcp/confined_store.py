"""The store as tools see it: scenarios by name, none of them a link to a file elsewhere."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import healthsim_store as hs

from .confinement import Confinement
from .refusals import invalid
from .replies import line

_LOG = 1_000  # newest entries of a log that are looked through


class ConfinedStore:
    """A store, and the folders that its tools may use. Calls may come from several threads."""

    def __init__(self, store: hs.Store, confinement: Confinement) -> None:
        self.store = store
        self.confinement = confinement
        self._lock = threading.Lock()
        self._batches: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()

    def name(self, scenario: str) -> str:
        """The name of the scenario that is meant."""
        path = self.store.find(scenario)
        if not self.confinement.is_scenario(path):
            raise invalid(f"{line(path.stem)} is a link to a file outside of the store.")
        return path.stem

    def target(self, scenario: str | None) -> str | None:
        """The name to write to: of a new scenario, or of one that is there, by its whole name."""
        if scenario is not None and self.store.exists(scenario):
            return self.name(scenario)
        return scenario

    @contextlib.contextmanager
    def once(self, batch_id: str | None) -> Iterator[None]:
        """Only one call with a batch_id at a time: the retry of one still under way waits for it.

        It then finds what the first has stored.
        """
        if batch_id is None:
            yield
            return
        with self._lock:
            lock = self._batches.setdefault(batch_id, threading.Lock())
        with lock:
            yield

    def generated_in(self, profile: str, seed: int, count: int | None) -> str | None:
        """The scenario that has this run of a profile, whole or in part."""
        for listed in self.store.list_scenarios():
            if listed.problem:
                continue
            info = self.store.scenario_info(listed.name, log_entries=_LOG)
            for entry in info.log:
                facts = entry.get("details") or {}
                if (
                    entry.get("operation") == "generate"
                    and (facts.get("profile"), facts.get("seed")) == (profile, seed)
                    and count in (None, facts.get("count"))
                ):
                    return info.name
        return None


def seed_of(batch_id: str) -> int:
    """The seed that follows from a batch_id, so that its retry makes the same."""
    return int.from_bytes(hashlib.sha256(batch_id.encode("utf-8", "replace")).digest()[:4]) >> 1
