"""One scenario file, written in whole transactions."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.sql import greatest_rowid, quoted
from ..base.sqlite import MAX_BYTES, connect_writable, file_errors, transaction
from ..base.wording import option, takes
from ..errors import (
    BatchDiffers,
    EmptyBatch,
    InvalidArgument,
    InvalidRows,
    TriggersRefused,
    UnknownEntityType,
)
from ..schema.registry import Registry
from . import catalog, fingerprint, rules, triggers
from . import format as fileformat
from .batch_rows import BatchRows
from .batches import Earlier, find_batch, find_same
from .housekeeping import NAMES
from .joining import Declared, registry_for
from .moving import drop_sidecars
from .product_versions import outdated
from .recording import Recorder
from .sandbox import Sandbox
from .stored import Stored
from .suspects import Suspects
from .tolerance import NONE, Tolerance
from .violations import invalid_rows
from .writer import Writer

MAX_TAG = 60


@dataclass(frozen=True, slots=True)
class Batch:
    """What to write and how; see `Store.persist`."""

    entities: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    description: str | None = None
    on_conflict: str = "error"
    batch_id: str | None = None
    keep_unknown: bool = False
    round_decimals: bool = False
    allow_triggers: bool = False  # those that somebody put into the file run
    again: bool = False  # also where the same rows are there already
    new: bool = False  # the scenario must not be there yet
    operation: str = "persist"
    details: Mapping[str, Any] = field(default_factory=dict)
    call: int | None = None  # the number of the call's first batch, where this is a further one
    tolerance: Tolerance = NONE
    dry_run: bool = False  # all is done, and taken back
    verify: Callable[[Mapping[str, Stored]], None] = lambda stored: None  # before it is committed

    @property
    def may_repeat(self) -> bool:
        """Whether it may be a retry that its rows alone tell."""
        return self.batch_id is None and not self.again


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch.

    ``stored`` counts by entity type; of a batch that is ``repeated``, what it stored when it came
    first. ``same_as`` is when the same rows came before; empty where they did not. ``triggers``
    are those that were allowed to run. ``number`` is the
    batch's in the log; it is ``kept`` unless it is more than can be undone. ``suspects`` are words
    that may mean no value.
    """

    stored: Mapping[str, Stored]
    fingerprint: str
    repeated: bool = False
    same_as: str = ""
    triggers: tuple[str, ...] = ()
    number: int | None = None
    kept: bool = True
    suspects: Suspects = field(default_factory=dict)


@contextlib.contextmanager
def opened(
    path: Path, *, allow_triggers: bool = False, rows: bool = True
) -> Iterator[sqlite3.Connection]:
    """An existing scenario, open for writing, in the current format.

    None of its triggers runs unless they are allowed: TriggersRefused is raised where one would.
    Raises CorruptScenario where a rule of a table has no bound.

    Args:
        path: the file.
        allow_triggers: see above.
        rows: whether rows of entities are written; else only what tells of them.
    """
    connection = connect_writable(path)
    with contextlib.closing(connection), file_errors(path):
        fileformat.verify(connection, path)
        rules.refuse_unbounded(
            connection, path, tables=rules.written_tables(connection) if rows else NAMES
        )
        connection.execute("PRAGMA cache_size = -32768")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
        if allow_triggers:
            yield connection
        else:
            with triggers.refused(connection, path):
                yield connection


@contextlib.contextmanager
def _opened_for(batch: Batch, path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with opened(path, allow_triggers=batch.allow_triggers) as connection:
            yield connection
    except TriggersRefused as error:
        if takes("allow_triggers"):
            error.hint = f"{error.hint} Who trusts it gives {option('allow_triggers', True)}."
        raise


def create(path: Path, batch: Batch, declared: Declared) -> Written:
    """Make a new scenario file of one batch. On an error the caller throws the file away.

    ``declared`` gives what the installed products declare; it is asked when the batch needs it.
    """
    connection = connect_writable(path, mode="rwc")
    with contextlib.closing(connection), file_errors(path):
        # Nobody knows this file yet, and a failure drops it whole: no journal on disk is needed.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -32768")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
        with transaction(connection):
            fileformat.create(connection, description=batch.description)
            return _write(connection, batch, declared, path)


class AlreadyStored(Exception):
    """The batch is in the scenario: what was written of it once more is to be taken back."""

    def __init__(self, earlier: Earlier) -> None:
        super().__init__()
        self.earlier = earlier


class _Tried(Exception):
    """A dry run came to its end: what it wrote is to be taken back."""

    def __init__(self, written: Written) -> None:
        super().__init__()
        self.written = written


def append(path: Path, batch: Batch, declared: Declared, own: Collection[str] = ()) -> Written:
    """Add a batch to a scenario, unless it is there.

    Args:
        path: the scenario's file.
        batch: what to add.
        declared: as for `create`.
        own: fingerprints of the batches that the same call stored, which are no retry.
    """
    with _opened_for(batch, path) as connection:
        try:
            with transaction(connection):
                fileformat.upgrade(connection)
                earlier = find_batch(connection, batch.batch_id)
                if earlier is not None:
                    _check_same(connection, batch, earlier)
                    raise AlreadyStored(earlier)
                recorder = Recorder(connection)
                if batch.description:
                    _describe(connection, batch.description)
                allowed = triggers.read_triggers(connection) if batch.allow_triggers else ()
                written = _write(connection, batch, declared, path, own, recorder)
                written = replace(written, triggers=tuple(allowed))
                if batch.dry_run:
                    raise _Tried(written)
                return written
        except _Tried as tried:
            return tried.written
        except AlreadyStored as known:
            return _repeat(connection, batch, known.earlier)


def repeat(path: Path, batch: Batch, earlier: Earlier) -> Written:
    """Leave a batch that a scenario has; only its tags and description may be new."""
    with _opened_for(batch, path) as connection:
        return _repeat(connection, batch, earlier)


def _repeat(connection: sqlite3.Connection, batch: Batch, earlier: Earlier) -> Written:
    if batch.dry_run:
        return Written(earlier.stored, earlier.fingerprint, repeated=True, same_as=earlier.at)
    missing = {*batch.tags} - {*fileformat.read_tags(connection)}
    described = batch.description in (None, fileformat.read_identity(connection).description)
    if missing or not described:
        with transaction(connection):
            fileformat.upgrade(connection)
            recorder = Recorder(connection)
            add_tags(connection, batch.tags)
            if batch.description:
                _describe(connection, batch.description)
            told = {"tags": [*batch.tags], "description": batch.description}
            fileformat.write_log(connection, "describe", details=told)
            recorder.save()
    return Written(earlier.stored, earlier.fingerprint, repeated=True, same_as=earlier.at)


def _describe(connection: sqlite3.Connection, description: str) -> None:
    connection.execute("UPDATE _scenario SET description = ?", (description,))


def _check_same(connection: sqlite3.Connection, batch: Batch, earlier: Earlier) -> None:
    """Raises BatchDiffers where the batch that came with this batch_id had other rows."""
    registry = Registry(catalog.read_entity_types(connection))
    before = earlier.fingerprint
    if before and fingerprint.fingerprint(registry, _sources(registry, batch)) != before:
        raise BatchDiffers(
            f"The batch_id {batch.batch_id!r:.60} was used before, for other rows; these were not"
            " stored.",
            hint="Give each batch an id of its own, and the same one only to a retry.",
        )


def _sources(registry: Registry, batch: Batch) -> list[tuple[str, Any]]:
    """The rows by entity type, parents before children."""
    order = {entity_type.name: position for position, entity_type in enumerate(registry)}
    sources = [(registry.entity_type(name).name, rows) for name, rows in batch.entities.items()]
    return sorted(sources, key=lambda source: order[source[0]])


def _write(
    connection: sqlite3.Connection,
    batch: Batch,
    declared: Declared,
    path: Path,
    own: Collection[str] = (),
    recorder: Recorder | None = None,
) -> Written:
    try:
        return _write_batch(connection, batch, declared, own, recorder)
    except (InvalidRows, UnknownEntityType) as error:
        told = " ".join(outdated(connection, declared(), path))
        if told:
            error.hint = f"{error.hint} {told}" if error.hint else told
        raise


def _write_batch(
    connection: sqlite3.Connection,
    batch: Batch,
    declared: Declared,
    own: Collection[str],
    recorder: Recorder | None,
) -> Written:
    registry = registry_for(connection, batch.entities, declared)
    ids = fileformat.EntityIds(connection)
    known_by = fingerprint.Fingerprint(registry)
    writer = Writer(
        connection,
        registry,
        ids,
        on_conflict=batch.on_conflict,
        keep_unknown=batch.keep_unknown,
        round_decimals=batch.round_decimals,
        chunked=known_by.chunks,
        recorder=recorder,
        tolerance=batch.tolerance,
    )
    sources = _sources(registry, batch)
    stored: dict[str, Stored] = {}
    ends = {name: _end(connection, name) for name, _ in sources}
    try:
        for name, rows in sources:
            stored[name] = stored.get(name, Stored()) + writer.write(name, rows)
    except InvalidRows as error:
        if batch.may_repeat and all(problem.is_taken for problem in error.problems):
            known_by.finish(sources)
            earlier = find_same(connection, known_by.text(), own=own)
            if earlier:
                raise AlreadyStored(earlier) from None
        if batch.on_conflict == "update":
            raise invalid_rows(
                error.problems, complete=error.complete, total=error.total, nothing="changed"
            ) from None
        raise
    batch.verify(stored)
    if not any(counts.rows - counts.left_out for counts in stored.values()):
        left_out = sum(counts.left_out for counts in stored.values())
        if left_out:
            raise EmptyBatch(
                f"No row is left: all {left_out:,} were left out.",
                hint="Without that, the error tells what is wrong with them.",
            )
        raise EmptyBatch("The batch has no rows.", hint="Give at least one entity.")
    text = known_by.text()
    earlier = None
    if batch.may_repeat and any(counts.inserted for counts in stored.values()):
        earlier = find_same(connection, text, written=stored, own=own)
    if earlier and fingerprint.is_certain(text):
        raise AlreadyStored(earlier)
    ids.save()
    add_tags(connection, batch.tags)
    number = fileformat.write_log(
        connection,
        batch.operation,
        batch_id=batch.batch_id,
        entities={name: counts.to_dict() for name, counts in stored.items()},
        details=batch.details,
        fingerprint=text,
        call=batch.call,
    )
    batches = recorder.batches if recorder else BatchRows(connection)
    for name, counts in stored.items():
        last = _end(connection, name)
        if counts.inserted and last - ends[name] == counts.inserted:
            batches.add(name, ends[name] + 1, last, number)
    if recorder:
        recorder.stored(batch.batch_id, text)
        recorder.save()
    return Written(
        stored, text, same_as=earlier.at if earlier else "", number=number,
        kept=recorder is None or recorder.kept, suspects=writer.suspects,
    )  # fmt: skip


def _end(connection: sqlite3.Connection, entity_type: str) -> int:
    (last,) = connection.execute(f"SELECT {greatest_rowid(quoted(entity_type))}").fetchone()
    return int(last or 0)


# -- tags and names --------------------------------------------------------------------------


def clean_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Raises InvalidArgument for an empty, overlong or many-lined tag."""
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise InvalidArgument(f"tags is {tags!r:.60}.", hint="Give a list of texts.")
    cleaned = []
    for tag in tags:
        text = tag.strip() if isinstance(tag, str) else ""
        if not text or len(text) > MAX_TAG or not text.isprintable() or "," in text:
            raise InvalidArgument(
                f"The tag {tag!r:.70} cannot be used.",
                hint=f"A tag is 1 to {MAX_TAG} printable characters without a comma.",
            )
        cleaned.append(text)
    return tuple(dict.fromkeys(cleaned))


def add_tags(connection: sqlite3.Connection, tags: Sequence[str]) -> None:
    connection.executemany(
        "INSERT INTO _tags VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(tag, fileformat.now()) for tag in tags],
    )


def change_tags(
    path: Path, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The scenario's tags after the change; logged."""
    with opened(path, rows=False) as connection, transaction(connection):
        fileformat.upgrade(connection)
        recorder = Recorder(connection)
        add_tags(connection, add)
        connection.executemany("DELETE FROM _tags WHERE tag = ?", [(tag,) for tag in remove])
        fileformat.write_log(
            connection, "tag" if add else "untag", details={"tags": [*add, *remove]}
        )
        recorder.save()
        return fileformat.read_tags(connection)


def check_tagged(sandbox: Sandbox, tags: tuple[str, ...]) -> tuple[str, ...]:
    """The tags, all of which the scenario has. Raises InvalidArgument otherwise."""
    present = fileformat.read_tags(sandbox.connection)
    missing = [tag for tag in tags if tag not in present]
    if missing or not tags:
        raise InvalidArgument(
            f"{sandbox.path.stem} is not tagged {', '.join(missing) or '(no tag was given)'}.",
            hint=f"Its tags: {', '.join(present) or 'none'}.",
        )
    return tags


def log_rename(connection: sqlite3.Connection, path: Path, new: str) -> None:
    """Log another name in a file that is `settled`; it stays ours after this is committed."""
    fileformat.verify(connection, path)
    rules.refuse_unbounded(connection, path, tables=NAMES)
    with triggers.refused(connection, path):
        fileformat.upgrade(connection)
        recorder = Recorder(connection)
        recorder.renamed(path.stem, new)
        fileformat.write_log(connection, "rename", details={"from": path.stem, "to": new})
        recorder.save()
    connection.execute("COMMIT")
    drop_sidecars(path)
