"""What is known of a scenario at first sight: its name, tags, counts, parents, log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import catalog, rules
from . import format as fileformat
from .batches import read_counts, read_object
from .counts import count_entities
from .own_questions import read_own_names
from .records import read_records
from .sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """A scenario's facts. ``problem`` is set, and little else, when the file cannot be read.

    ``history`` tells how much the file keeps for undo: ``operations``, ``rows`` and ``bytes`` of
    values that were changed or removed. ``questions`` are those that were saved in the scenario.
    """

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
    history: Mapping[str, int] = field(default_factory=dict)
    questions: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Entities of all types."""
        return sum(self.entity_counts.values())

    def log_rows(self) -> list[tuple[str, str, str]]:
        """Of each entry of the log when it was, what was done, and the details as text."""
        return [
            (
                entry.get("at", ""),
                entry.get("operation", "") + (" (undone)" if entry.get("undone") else ""),
                _log_text(entry),
            )
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
            "history": dict(self.history),
            "questions": list(self.questions),
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


def make_info(path: Path, size: int, facts: Mapping[str, Any]) -> ScenarioInfo:
    """A ScenarioInfo from what `read_info` gave, perhaps by way of JSON."""
    # What an older version kept of the file has no questions.
    listed = {key: tuple(facts.get(key, ())) for key in ("tags", "parents", "log", "questions")}
    return ScenarioInfo(name=path.stem, path=path, size=size, **{**facts, **listed})


def read_info(sandbox: Sandbox, *, log_entries: int = 0) -> dict[str, Any]:
    """A scenario's facts, JSON-ready, for `make_info`; all of one moment."""
    with sandbox.moment():
        return _read_info(sandbox, log_entries)


def _read_info(sandbox: Sandbox, log_entries: int) -> dict[str, Any]:
    connection = sandbox.connection
    identity = fileformat.read_identity(connection)
    names = catalog.read_entity_names(connection)
    log = read_records(
        connection,
        "_log",
        names=("at", "operation", "batch_id", "entities", "details", "log_id", "undone_at"),
        rest="ORDER BY log_id DESC LIMIT ?",
        values=(max(1, log_entries),),
    )
    # Not the last entry's: a clock may have been set back since. What is no time does not count.
    (changed_at,) = connection.execute(
        "SELECT max(at) FROM _log WHERE typeof(at) = 'text' AND at GLOB"
        " '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'"
    ).fetchone()
    products = catalog.read_products(connection)
    parents = read_records(connection, "_parents", names=("name",))
    unbounded = rules.find_unbounded(connection, tables=rules.written_tables(connection))
    return {
        "problem": next((rules.told(sandbox.path.stem, *found) for found in unbounded), None),
        "scenario_id": identity.scenario_id,
        "description": identity.description,
        "created_at": identity.created_at,
        "changed_at": max(changed_at or "", identity.created_at),
        "tags": fileformat.read_tags(connection),
        "products": {product.name: product.version for product in products},
        "entity_counts": count_entities(sandbox, names),
        "parents": [row["name"] for row in parents],
        "log": [_log_entry(**entry) for entry in log[:log_entries]],
        "history": _read_history(connection),
        "questions": read_own_names(connection),
    }


def _read_history(connection: Any) -> dict[str, int]:
    found = read_records(connection, "_history", names=("row_count", "bytes"))
    if not found:
        return {}
    return {
        "operations": len(found),
        "rows": sum(row["row_count"] for row in found),
        "bytes": sum(row["bytes"] for row in found),
    }


def _log_entry(
    at: str,
    operation: str,
    batch_id: str | None,
    entities: str,
    details: str,
    log_id: int,
    undone_at: str | None,
) -> dict[str, Any]:
    counts, told = read_counts(entities), read_object(details)
    # Somebody else wrote there. It hides nothing of what the file holds, so it is told as it is.
    odd = [text for text, found in ((entities, counts), (details, told)) if found is None]
    entry = {
        "number": log_id,
        "at": at,
        "operation": operation,
        "batch_id": batch_id,
        "entities": counts,
        "details": (told or {}) | ({"unreadable": ", ".join(odd)[:200]} if odd else {}),
        "undone": undone_at is not None,
    }
    return {key: value for key, value in entry.items() if value}
