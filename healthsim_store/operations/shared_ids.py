"""Ids that stand in two files: each of them can be right, but they cannot be put together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from ..base.sql import quoted
from ..base.sqlite import connect
from ..errors import HealthsimStoreError
from ..storage.catalog import read_entity_types
from ..storage.format import read_identity
from ..storage.sandbox import Sandbox

_SECONDS = 600.0  # to read the ids of a table


def shared_ids(paths: Sequence[Path], open_: type[Sandbox] = Sandbox) -> dict[str, list[str]]:
    """What to note, by file stem, of ids of entities and scenarios that another file has too."""
    # On disk, so that millions of ids do not fill the memory; it goes with the connection.
    seen = connect("")
    seen.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE ids"
        " (entity_type TEXT, id TEXT, file TEXT, PRIMARY KEY (entity_type, id, file)) WITHOUT ROWID"
    )
    messages: dict[str, list[str]] = {}
    try:
        for path in paths:
            _gather_ids(seen, path, open_)
        for pair, common in _in_two_files(seen).items():
            told = [f"{count:,} ids of {name}" for name, count in common.items() if name]
            if "" in common:
                told.insert(0, "the scenario id")
            for one, other in (pair, pair[::-1]):
                message = f"{other} has the same: {', '.join(told)}."
                messages.setdefault(one, []).append(message)
        return messages
    finally:
        seen.close()


def _gather_ids(seen: sqlite3.Connection, path: Path, open_: type[Sandbox]) -> None:
    try:
        sandbox = open_(path)
    except HealthsimStoreError:
        return  # told by check_file
    try:
        scenario_id = read_identity(sandbox.connection).scenario_id
        seen.execute("INSERT INTO ids VALUES ('', ?, ?)", (scenario_id, path.stem))
        for entity_type in read_entity_types(sandbox.connection):
            key, table = quoted(entity_type.primary_key), quoted(entity_type.name)
            with sandbox.run(f"SELECT {key} FROM {table}", timeout=_SECONDS) as cursor:
                seen.execute("BEGIN")
                seen.executemany(
                    "INSERT OR IGNORE INTO ids VALUES (?, ?, ?)",
                    ((entity_type.name, row[0], path.stem) for row in cursor),
                )
                seen.execute("COMMIT")
    except (HealthsimStoreError, sqlite3.Error, UnicodeDecodeError):
        if seen.in_transaction:
            seen.execute("ROLLBACK")  # told by check_file
    finally:
        sandbox.close()


def _in_two_files(seen: sqlite3.Connection) -> dict[tuple[str, str], dict[str, int]]:
    """How many ids two files share, by entity type; of three files, the neighbours by name."""
    shared: dict[tuple[str, str], dict[str, int]] = {}
    for entity_type, files in seen.execute(
        "SELECT entity_type, json_group_array(file) FROM ids"
        " GROUP BY entity_type, id HAVING count(*) > 1"
    ):
        for pair in pairwise(sorted(json.loads(files))):
            counts = shared.setdefault(pair, {})
            counts[entity_type] = counts.get(entity_type, 0) + 1
    return shared
