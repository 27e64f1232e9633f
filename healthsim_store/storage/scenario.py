"""One scenario file: written in whole transactions, and its facts read back."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.sqlite import MAX_BYTES, connect_writable, file_errors, transaction
from ..errors import (
    BatchDiffers,
    CorruptScenario,
    EmptyBatch,
    InvalidArgument,
    InvalidRows,
    UnknownEntityType,
)
from ..schema.model import Declaration
from ..schema.product import compare_versions
from ..schema.registry import Registry
from . import catalog, fingerprint
from . import format as fileformat
from .counts import count_entities
from .sandbox import Sandbox
from .writer import Stored, Writer

MAX_TAG = 60
_STORED = frozenset(Stored(rounded=1).to_dict())


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """A scenario's facts. ``problem`` is set, and little else, when the file cannot be read."""

    name: str
    path: Path
    size: int
    scenario_id: str = ""
    description: str | None = None
    created_at: str = ""
    changed_at: str = ""
    tags: tuple[str, ...] = ()
    products: Mapping[str, str] = field(default_factory=dict)
    entity_counts: Mapping[str, int] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    log: tuple[Mapping[str, Any], ...] = ()
    problem: str | None = None

    @property
    def total(self) -> int:
        """Entities of all types."""
        return sum(self.entity_counts.values())

    def log_rows(self) -> list[tuple[str, str, str]]:
        """Of each entry of the log when it was, what was done, and the details as text."""
        return [
            (entry.get("at", ""), entry.get("operation", ""), _log_text(entry))
            for entry in self.log
        ]

    def is_wanted(self, *, tag: str | None, search: str | None, since: str | None) -> bool:
        """Whether it has the tag, all words of ``search``, and was changed since that date."""
        if tag is not None and tag not in self.tags:
            return False
        if since is not None and self.changed_at < since:
            return False
        text = " ".join([self.name, self.description or "", *self.tags]).casefold()
        return all(word in text for word in (search or "").casefold().split())

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "name": self.name,
            "path": str(self.path),
            "size": self.size,
            "scenario_id": self.scenario_id,
            "description": self.description,
            "created_at": self.created_at,
            "changed_at": self.changed_at,
            "tags": list(self.tags),
            "products": dict(self.products),
            "entity_counts": dict(self.entity_counts),
            "total": self.total,
            "parents": list(self.parents),
            "log": [dict(entry) for entry in self.log],
            "problem": self.problem,
        }
        return {key: value for key, value in told.items() if value not in (None, [], {}, "")}


def _log_text(entry: Mapping[str, Any]) -> str:
    counts = ", ".join(
        f"{entity_type} {sum(numbers.values()):,}"
        for entity_type, numbers in entry.get("entities", {}).items()
    )
    details = ", ".join(
        f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in entry.get("details", {}).items()
        if value
    )
    return "; ".join(part for part in (counts, details) if part)


#: The declarations of the installed products, by product: read when they are asked for.
Declared = Callable[[], Mapping[str, Declaration]]


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
    new: bool = False  # the scenario must not be there yet
    operation: str = "persist"
    details: Mapping[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """An existing scenario, open for writing, in the current format."""
    connection = connect_writable(path)
    with contextlib.closing(connection), file_errors(path):
        fileformat.verify(connection, path)
        connection.execute("PRAGMA cache_size = -32768")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_BYTES)
        yield connection


def create(path: Path, batch: Batch, declared: Declared) -> dict[str, Stored]:
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
            return _write(connection, batch, declared)


def append(path: Path, batch: Batch, declared: Declared) -> tuple[dict[str, Stored], bool]:
    """Add a batch to a scenario; and whether that batch_id was there already (then no change)."""
    with opened(path) as connection, transaction(connection):
        fileformat.upgrade(connection)
        earlier = find_batch(connection, batch.batch_id)
        if earlier is not None:
            _check_same(connection, batch)
            return earlier, True
        if batch.description:
            connection.execute("UPDATE _scenario SET description = ?", (batch.description,))
        return _write(connection, batch, declared), False


def _check_same(connection: sqlite3.Connection, batch: Batch) -> None:
    """Raises BatchDiffers where the batch that came with this batch_id had other rows."""
    (text,) = connection.execute(
        "SELECT details FROM _log WHERE batch_id = ?", (batch.batch_id,)
    ).fetchone()
    before = fingerprint.read(_object(text))
    registry = Registry(catalog.read_entity_types(connection))
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


def find_batch(connection: sqlite3.Connection, batch_id: str | None) -> dict[str, Stored] | None:
    """What a batch stored when it came the first time; None when it has not come."""
    row = connection.execute("SELECT entities FROM _log WHERE batch_id = ?", (batch_id,)).fetchone()
    if row is None:
        return None
    counts = _counts(row[0])
    if counts is None or any(numbers.keys() - _STORED for numbers in counts.values()):
        raise CorruptScenario(
            f"What the batch {batch_id!r:.60} stored cannot be read in the log: {row[0]:.80}",
            hint="It was stored. Restore the file from a copy, or give the next batch another id.",
        )
    return {name: Stored(**numbers) for name, numbers in counts.items()}


def _write(connection: sqlite3.Connection, batch: Batch, declared: Declared) -> dict[str, Stored]:
    try:
        return _write_batch(connection, batch, declared)
    except (InvalidRows, UnknownEntityType) as error:
        older = _outdated(connection, declared())
        if older:
            error.hint = f"{error.hint} {older}" if error.hint else older
        raise


def _outdated(connection: sqlite3.Connection, installed: Mapping[str, Declaration]) -> str | None:
    """What to do where the file's products are older than the installed ones."""
    told = []
    for product in catalog.read_products(connection):
        known = installed.get(product.name)
        if known and compare_versions(product.version, known.version) < 0:
            told.append(
                f"The scenario has {product.name} {product.version}, {known.version} is installed:"
                " healthsim-store upgrade brings it up to date."
            )
    return " ".join(told) or None


def _write_batch(
    connection: sqlite3.Connection, batch: Batch, declared: Declared
) -> dict[str, Stored]:
    registry = _registry_for(connection, batch.entities, declared)
    ids = fileformat.EntityIds(connection)
    known_by = fingerprint.Fingerprint(registry) if batch.batch_id is not None else None
    writer = Writer(
        connection,
        registry,
        ids,
        on_conflict=batch.on_conflict,
        keep_unknown=batch.keep_unknown,
        round_decimals=batch.round_decimals,
        shown=known_by.show if known_by else None,
    )
    stored: dict[str, Stored] = {}
    for name, rows in _sources(registry, batch):
        stored[name] = stored.get(name, Stored()) + writer.write(name, rows)
    if not any(counts.rows for counts in stored.values()):
        raise EmptyBatch("The batch has no rows.", hint="Give at least one entity.")
    ids.save()
    add_tags(connection, batch.tags)
    fileformat.write_log(
        connection,
        batch.operation,
        batch_id=batch.batch_id,
        entities={name: counts.to_dict() for name, counts in stored.items()},
        details={**batch.details, **({fingerprint.KEY: known_by.text()} if known_by else {})},
    )
    return stored


def _registry_for(
    connection: sqlite3.Connection, entities: Mapping[str, Any], declared: Declared
) -> Registry:
    """The file's entity types, with those of an installed product added where one is needed."""
    if not isinstance(entities, Mapping):
        raise InvalidArgument(
            f"entities is a {type(entities).__name__}.",
            hint="Give a dict: {'patients': [...], 'encounters': [...]}.",
        )
    if not entities:
        raise EmptyBatch("The batch has no entity types.", hint="Give {'patients': [...]}.")
    for name in entities:
        if not isinstance(name, str):
            raise UnknownEntityType(
                f"An entity type is named by text, not {name!r:.40}.",
                hint="For example 'patients'.",
            )
    here = Registry(catalog.read_entity_types(connection))
    with contextlib.suppress(UnknownEntityType):
        for name in entities:
            here.entity_type(name)
        return here
    present = {product.name for product in catalog.read_products(connection)}
    declarations = {
        name: declaration for name, declaration in declared().items() if name not in present
    }
    everything = Registry([*here, *(e for d in declarations.values() for e in d.entity_types)])
    needed = dict.fromkeys(everything.entity_type(name).product for name in entities)
    added = [declarations[product] for product in needed if product in declarations]
    for declaration in added:
        catalog.add_product(connection, declaration)
    return Registry([*here, *(e for d in added for e in d.entity_types)])


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
    with opened(path) as connection, transaction(connection):
        add_tags(connection, add)
        connection.executemany("DELETE FROM _tags WHERE tag = ?", [(tag,) for tag in remove])
        fileformat.write_log(
            connection, "tag" if add else "untag", details={"tags": [*add, *remove]}
        )
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


def log_rename(path: Path, old: str, new: str) -> None:
    with opened(path) as connection, transaction(connection):
        fileformat.write_log(connection, "rename", details={"from": old, "to": new})


# -- facts -----------------------------------------------------------------------------------


def make_info(path: Path, size: int, facts: Mapping[str, Any]) -> ScenarioInfo:
    """A ScenarioInfo from what `read_info` gave, perhaps by way of JSON."""
    listed = {key: tuple(facts[key]) for key in ("tags", "parents", "log")}
    return ScenarioInfo(name=path.stem, path=path, size=size, **{**facts, **listed})


def read_info(sandbox: Sandbox, *, log_entries: int = 0) -> dict[str, Any]:
    """A scenario's facts, JSON-ready, for `make_info`; all of one moment."""
    with sandbox.moment():
        return _read_info(sandbox, log_entries)


def _read_info(sandbox: Sandbox, log_entries: int) -> dict[str, Any]:
    connection = sandbox.connection
    identity = fileformat.read_identity(connection)
    names = [
        name
        for (name,) in connection.execute(
            "SELECT entity_type FROM _entity_types JOIN _products USING (product)"
            " ORDER BY _products.rowid, position"
        )
    ]
    log = connection.execute(
        "SELECT at, operation, batch_id, entities, details FROM _log ORDER BY log_id DESC LIMIT ?",
        (max(1, log_entries),),
    ).fetchall()
    products = catalog.read_products(connection)
    parents = connection.execute("SELECT name FROM _parents ORDER BY rowid")
    return {
        "scenario_id": identity.scenario_id,
        "description": identity.description,
        "created_at": identity.created_at,
        "changed_at": log[0][0] if log else identity.created_at,
        "tags": fileformat.read_tags(connection),
        "products": {product.name: product.version for product in products},
        "entity_counts": count_entities(sandbox, names),
        "parents": [name for (name,) in parents],
        "log": [_log_entry(*entry) for entry in log[:log_entries]],
    }


def _log_entry(
    at: str, operation: str, batch_id: str | None, entities: str, details: str
) -> dict[str, Any]:
    counts, told = _counts(entities), _object(details)
    # Somebody else wrote there. It hides nothing of what the file holds, so it is told as it is.
    odd = [text for text, found in ((entities, counts), (details, told)) if found is None]
    entry = {
        "at": at,
        "operation": operation,
        "batch_id": batch_id,
        "entities": counts,
        "details": (told or {}) | ({"unreadable": ", ".join(odd)[:200]} if odd else {}),
    }
    return {key: value for key, value in entry.items() if value}


def _counts(text: str) -> dict[str, dict[str, int]] | None:
    """What became of how many rows of each entity type; None where it is not that."""
    found = _object(text)
    if found is None or not all(
        isinstance(numbers, dict) and all(type(number) is int for number in numbers.values())
        for numbers in found.values()
    ):
        return None
    return found


def _object(text: str) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            return found
    return None
