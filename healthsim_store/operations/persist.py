"""Persist: batches into a scenario that is there or new, and the reply to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import EmptyBatch, ScenarioExists, ScenarioNotFound
from ..query.reply import PersistResult, read_reply, reply_after_commit
from ..storage import scenario as scenario_file
from ..storage.files import Files
from ..storage.names import clean_name, make_name
from ..storage.scenario import Batch, Declared
from ..storage.writer import Stored


def persist(
    files: Files, declared: Declared, batch: Batch, scenario: str | None, context: str | None
) -> PersistResult:
    """Store a batch in the scenario that is named, or in a new one; see `Store.persist`."""
    path, stored, created, repeated = _put(files, declared, batch, scenario, context)
    return _reply(files, path, stored, created=created, repeated=repeated)


def persist_batches(
    files: Files,
    declared: Declared,
    batches: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    plan: Batch,
    scenario: str | None,
    context: str | None,
    told: Callable[[str, Mapping[str, Any]], None],
) -> PersistResult:
    """Store batches one after the other; see `Store.persist_batches`.

    ``plan`` is a batch without entities and details: tags and description are those of the first.
    """
    path: Path | None = None
    total: dict[str, Stored] = {}
    was_created = False
    for entities, details in batches:
        batch = replace(plan, entities=entities, details=details)
        if path is None:
            path, added, created, _ = _put(files, declared, batch, scenario, context)
            plan = replace(plan, tags=(), description=None, new=False)
        elif path.exists():
            files.check_writable(path)
            added, created = scenario_file.append(path, batch, declared)[0], False
        else:  # renamed or deleted: the rest must not become a scenario of its own
            raise ScenarioNotFound(f"{path.stem} is no longer there, after some batches.")
        was_created = was_created or created
        for name, counts in added.items():
            total[name] = total.get(name, Stored()) + counts
        told(path.stem, details)
    if path is None:
        raise EmptyBatch("There is no batch.", hint="Give at least one.")
    return _reply(files, path, total, created=was_created, repeated=False)


def _reply(
    files: Files, path: Path, stored: Mapping[str, Stored], *, created: bool, repeated: bool
) -> PersistResult:
    def read() -> PersistResult:
        with files.reading(path) as sandbox:
            return read_reply(sandbox, stored, created=created, repeated=repeated)

    return reply_after_commit(path, stored, read, created=created, repeated=repeated)


def _put(
    files: Files, declared: Declared, batch: Batch, scenario: str | None, context: str | None
) -> tuple[Path, dict[str, Stored], bool, bool]:
    """The file, what was stored, whether the scenario is new, whether the batch is not."""
    path = None
    if scenario is not None:
        path = files.existing(scenario)
    elif batch.batch_id is not None:
        path = files.holding(batch.batch_id)
    if path is None and scenario is not None:
        with files.folder.naming(clean_name(scenario)):
            # Another one may have made it meanwhile: then this batch is added to it.
            path = files.existing(scenario)
            if path is None:
                path, stored = _create(files, declared, batch, scenario, context)
                return path, stored, True, False
    if path is None:
        path, stored = _create(files, declared, batch, scenario, context)
        return path, stored, True, False
    if batch.new:
        raise ScenarioExists(
            f"There is a scenario {path.stem!r} already.",
            hint="Use persist to add to it, or choose another name.",
        )
    files.check_writable(path)
    stored, repeated = scenario_file.append(path, batch, declared)
    return path, stored, False, repeated


def _create(
    files: Files, declared: Declared, batch: Batch, scenario: str | None, context: str | None
) -> tuple[Path, dict[str, Stored]]:
    # Only of a new scenario: what a further batch is for does not describe all of it.
    batch = replace(batch, description=batch.description or context)
    return files.folder.make(
        scenario,
        lambda stored: make_name(context, next(iter(stored))),
        lambda path: scenario_file.create(path, batch, declared),
    )
