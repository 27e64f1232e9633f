"""The batches that a scenario's log knows: by their batch_id, and by what their rows are.

So a retry is told from a new batch. What was replaced or taken away since is not remembered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base.json_text import read_json
from ..base.sql import quoted
from ..errors import CorruptScenario
from .fingerprint import is_certain
from .format import has_column
from .records import read_records
from .stored import Stored

_STORED = frozenset(Stored(rounded=1).to_dict())
_ADDING = ("inserted", "skipped", "rounded")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A batch that is in the log: when it came, and what it stored by entity type."""

    at: str
    stored: Mapping[str, Stored]
    fingerprint: str = ""


def find_batch(connection: sqlite3.Connection, batch_id: str | None) -> Earlier | None:
    """The batch that came with this id; None when none has. Raises CorruptScenario."""
    if batch_id is None:
        return None
    rows = _log(
        connection, "at", "entities", "fingerprint", rest="WHERE batch_id = ?", values=(batch_id,)
    )
    if not rows:
        return None
    at, entities, text = rows[0]
    counts = read_counts(entities)
    if counts is None or any(numbers.keys() - _STORED for numbers in counts.values()):
        raise CorruptScenario(
            f"What the batch {batch_id!r:.60} stored cannot be read in the log: {entities:.80}",
            hint="It was stored. Restore the file from a copy, or give the next batch another id.",
        )
    return Earlier(at, _stored(counts), text or "")


def find_same(
    connection: sqlite3.Connection,
    text: str,
    *,
    written: Mapping[str, Stored] | None = None,
    own: Collection[str] = (),
) -> Earlier | None:
    """The batch with the same rows, as long as these are in the file as it left them.

    Args:
        connection: the scenario's file.
        text: the rows' fingerprint.
        written: what the transaction stored of them once more; None where it met their keys.
        own: fingerprints of the batches that the same call stored, which are no retry.
    """
    if not text or text in own or not has_column(connection, "_log", "fingerprint"):
        return None
    last = "WHERE fingerprint = ? ORDER BY log_id DESC LIMIT 1"
    found = _log(connection, "log_id", "at", "entities", rest=last, values=(text,))
    if not found:
        return None
    log_id, at, entities = found[0]
    counts = read_counts(entities) or {}
    for (later,) in _in_force(connection, "entities", after=log_id):
        if any(_changed(numbers) for numbers in (read_counts(later) or {}).values()):
            return None
    if written is not None and not _all_there(connection, counts, written):
        return None
    return Earlier(at, _stored(counts), text)


def _changed(numbers: Mapping[str, int]) -> bool:
    """Whether an operation did more to the rows of a type than add some."""
    return any(count for what, count in numbers.items() if what not in _ADDING)


def _all_there(
    connection: sqlite3.Connection, counts: Collection[str], written: Mapping[str, Stored]
) -> bool:
    """Whether there are as many rows as the log tells: else somebody has taken some away."""
    told = dict.fromkeys(counts, 0)
    for (entities,) in _in_force(connection, "entities"):
        for name, numbers in (read_counts(entities) or {}).items():
            if name in told:
                told[name] += numbers.get("inserted", 0) - numbers.get("removed", 0)
    for name, inserted in told.items():
        (rows,) = connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()
        if rows - written.get(name, Stored()).inserted < inserted:
            return False
    return True


def _in_force(connection: sqlite3.Connection, name: str, *, after: int = 0) -> Iterator[tuple[Any]]:
    """A column of the entries of the log that were not undone."""
    rest = "WHERE log_id > ?"
    for value, undone_at in _log(connection, name, "undone_at", rest=rest, values=(after,)):
        if undone_at is None:
            yield (value,)


def _stored(counts: Mapping[str, Mapping[str, int]]) -> dict[str, Stored]:
    return {
        name: Stored(**{what: count for what, count in numbers.items() if what in _STORED})
        for name, numbers in counts.items()
    }


def _log(
    connection: sqlite3.Connection, *names: str, rest: str = "", values: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """Some columns of the log; the fingerprint is None in a file of an older format."""
    rows = read_records(connection, "_log", names=names, rest=rest, values=values)
    return [tuple(row[name] for name in names) for row in rows]


# -- of a whole store ------------------------------------------------------------------------


def read_keys(connection: sqlite3.Connection) -> list[str]:
    """What the batches of a file are found by in a store: `key_of_id` and `key_of_rows` of each."""
    keys = []
    for batch_id, text, details in _log(connection, "batch_id", "fingerprint", "details"):
        if batch_id is not None:
            keys.append(key_of_id(batch_id))
        if text is not None and is_certain(text):
            keys.append(key_of_rows(text, read_object(details) or {}))
    return keys


def key_of_id(batch_id: str) -> str:
    """A batch_id as `read_keys` gives it."""
    return _short("id", batch_id)


def key_of_rows(text: str, details: Mapping[str, Any]) -> str:
    """A batch without an id, as `read_keys` gives it.

    Args:
        text: its fingerprint.
        details: what the log says of where it is from, JSON-ready: the context, the files.
    """
    return _short("rows", text, json.dumps(details, sort_keys=True))


def _short(*parts: str) -> str:
    told = repr(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=9).hexdigest()


# -- JSON of the log -------------------------------------------------------------------------


def read_counts(text: str) -> dict[str, dict[str, int]] | None:
    """What became of how many rows of each entity type; None where it is not that."""
    found = read_object(text)
    if found is None or not all(
        isinstance(numbers, dict) and all(type(number) is int for number in numbers.values())
        for numbers in found.values()
    ):
        return None
    return found


def read_object(text: str) -> dict[str, Any] | None:
    """A JSON object; None for any other text."""
    with contextlib.suppress(ValueError):
        found = read_json(text)
        if isinstance(found, dict):
            return found
    return None
