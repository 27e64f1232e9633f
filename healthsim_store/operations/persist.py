"""Persist: batches into a scenario that is there or new, and the reply to them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.wording import option, takes
from ..errors import EmptyBatch, ScenarioExists, ScenarioNotFound
from ..query.reply import PersistResult, read_reply, reply_after_commit, tried_reply
from ..storage import remains, suspects
from ..storage import scenario as scenario_file
from ..storage.batches import find_batch, find_same, key_of_id, key_of_rows
from ..storage.files import Files
from ..storage.fingerprint import is_certain
from ..storage.joining import Declared
from ..storage.names import clean_name, make_name
from ..storage.product_versions import older
from ..storage.scenario import Batch, Written
from ..storage.stored import Stored


@dataclass(frozen=True, slots=True)
class _Put:
    """What became of a batch, in which file, and whether that is new."""

    path: Path
    written: Written
    created: bool = False
    dry_run: bool = False


#: The versions of the installed products, by name.
Versions = Callable[[], Mapping[str, str]]


def persist(
    files: Files,
    declared: Declared,
    versions: Versions,
    batch: Batch,
    scenario: str | None,
    context: str | None,
) -> PersistResult:
    """Store a batch in the scenario that is named, or in a new one; see `Store.persist`."""
    put = _put(files, declared, batch, scenario, context)
    written = put.written
    notes = []
    if written.repeated and batch.batch_id is None:
        notes.append(f"These rows are there since {written.same_as}.{_again()}")
    elif written.same_as and not written.repeated:
        notes.append(
            f"The same rows were stored before, at {written.same_as}; now they are there once more."
            f" Give {option('batch_id')} where a call may be a retry."
        )
    notes += _told_triggers(written)
    if batch.operation in ("import", "persist"):
        notes += suspects.told(written.suspects, of_files=batch.operation == "import")
    return _reply(files, versions, put, written.stored, repeated=written.repeated, notes=notes)


def persist_batches(
    files: Files,
    declared: Declared,
    versions: Versions,
    batches: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    plan: Batch,
    scenario: str | None,
    context: str | None,
    told: Callable[[str, Mapping[str, Any]], None],
) -> PersistResult:
    """Store batches one after the other; see `Store.persist_batches`.

    ``plan`` is a batch without entities and details: tags and description are those of the first.
    """
    first: _Put | None = None
    own: list[str] = []
    count = 0
    new: dict[str, Stored] = {}
    before: dict[str, Stored] = {}
    for entities, details in batches:
        batch = replace(plan, entities=entities, details=details)
        if first is None:
            put = first = _put(files, declared, batch, scenario, context)
            plan = replace(plan, tags=(), description=None, new=False)
        elif first.path.exists():
            files.check_writable(first.path)
            put = _Put(first.path, scenario_file.append(first.path, batch, declared, own))
        else:  # renamed or deleted: the rest must not become a scenario of its own
            raise ScenarioNotFound(f"{first.path.stem} is no longer there, after some batches.")
        count += 1
        if plan.call is None:
            plan = replace(plan, call=put.written.number)
        if not put.written.repeated:
            own.append(put.written.fingerprint)
        total = before if put.written.repeated else new
        for name, counts in put.written.stored.items():
            total[name] = total.get(name, Stored()) + counts
        told(put.path.stem, details)
    if first is None:
        raise EmptyBatch("There is no batch.", hint="Give at least one.")
    notes = _told_triggers(put.written)
    if count > len(own):
        notes.append(f"{count - len(own):,} of {count:,} batches were there"
                     f" already, with the same rows.{_again()}")  # fmt: skip
    return _reply(files, versions, first, new if own else before, repeated=not own, notes=notes)


def _again() -> str:
    return f" {option('again', True)} stores them once more." if takes("again") else ""


def _told_triggers(written: Written) -> list[str]:
    if not written.triggers:
        return []
    return [
        f"Triggers of the file were allowed to run: {', '.join(written.triggers)}. What they"
        " changed is not in these counts."
    ]


def _reply(
    files: Files,
    versions: Versions,
    put: _Put,
    stored: Mapping[str, Stored],
    *,
    repeated: bool,
    notes: Collection[str],
) -> PersistResult:
    if put.dry_run:
        return replace(
            tried_reply(put.path.stem, stored, created=put.created, repeated=repeated),
            notes=tuple(notes),
        )

    def read() -> PersistResult:
        with files.reading(put.path) as sandbox:
            return read_reply(sandbox, stored, created=put.created, repeated=repeated)

    reply = reply_after_commit(put.path, stored, read, created=put.created, repeated=repeated)
    aside = remains.set_aside(files.folder, put.path)
    behind = () if put.created else older(reply.summary.products, versions(), put.path)
    return replace(reply, notes=(*notes, *behind, *aside))


def _put(
    files: Files, declared: Declared, batch: Batch, scenario: str | None, context: str | None
) -> _Put:
    """Store one batch where it belongs. Raises what `Store.persist` does."""
    if scenario is None and batch.batch_id is None:
        return _create(files, declared, batch, None, context)
    path = files.existing(scenario) if scenario is not None else None
    if path is None:
        with _turn(files, batch, scenario):
            # Another one may have made it meanwhile: then this batch is added to it.
            if scenario is not None:
                path = files.existing(scenario)
            elif batch.batch_id is not None:
                path, _ = files.holding(
                    key_of_id(batch.batch_id), lambda here: find_batch(here, batch.batch_id)
                ) or (None, None)
            if path is None:
                return _create(files, declared, batch, scenario, context)
    if batch.new:
        raise ScenarioExists(
            f"There is a scenario {path.stem!r} already.",
            hint="Choose another name, or persist into it.",
        )
    files.check_writable(path)
    written = scenario_file.append(path, batch, declared)
    return _Put(path, written, dry_run=batch.dry_run)


def _turn(
    files: Files, batch: Batch, scenario: str | None
) -> contextlib.AbstractContextManager[None]:
    """Wait for whoever makes a scenario of this name, or of this batch."""
    if scenario is not None:
        name = clean_name(scenario)
        return files.folder.turn(f"name {name.casefold()}", name)
    return files.folder.turn(f"batch {batch.batch_id}", f"the scenario of batch {batch.batch_id}")


def _create(
    files: Files, declared: Declared, batch: Batch, scenario: str | None, context: str | None
) -> _Put:
    # Only of a new scenario: what a further batch is for does not describe all of it.
    described = replace(batch, description=batch.description or context)
    name = clean_name(scenario) if scenario is not None else None
    with files.folder.unfinished() as unfinished, contextlib.ExitStack() as waiting:
        written = scenario_file.create(unfinished, described, declared)
        if batch.dry_run:
            named = name or files.folder.free(make_name(context, next(iter(written.stored))))
            return _Put(files.folder.path / f"{named}.db", written, created=True, dry_run=True)
        if scenario is None and batch.may_repeat and is_certain(written.fingerprint):
            key = key_of_rows(written.fingerprint, batch.details)
            waiting.enter_context(files.folder.turn(key, "the same scenario"))
            there = files.holding(key, lambda here: find_same(here, written.fingerprint))
            if there:
                path, earlier = there
                if batch.tags or batch.description:
                    files.check_writable(path)
                return _Put(path, scenario_file.repeat(path, batch, earlier))
        path = files.folder.publish(
            unfinished,
            name,
            lambda: files.folder.free(make_name(context, next(iter(written.stored)))),
        )
    return _Put(path, written, created=True)
