"""What the rows of a batch are known by, so that a retry is told from another batch.

The spelling of fields and the order of a row's fields do not count, values do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from ..schema.registry import Link, Registry
from .rows import Rows, grouped_chunks

KEY = "fingerprint"  # in the details of the log


class Fingerprint:
    """A hash of the rows that it is shown, by entity type, in their order."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._hashes: dict[str, Any] = {}

    def show(self, entity_type: str, rows: Rows) -> None:
        """Take the next rows of an entity type in."""
        hashed = self._hashes.setdefault(entity_type, hashlib.blake2b(digest_size=16))
        names = [self._meaning(entity_type, name) for name in rows.fields]
        order = sorted(range(len(names)), key=names.__getitem__)
        told = [names[place] for place in order]
        for row in rows.values:
            given = [
                (name, str(row[place]))
                for name, place in zip(told, order, strict=True)
                if row[place] is not None
            ]
            hashed.update(repr(given).encode("utf-8", "surrogatepass"))

    def _meaning(self, entity_type: str, name: Any) -> str:
        field = self._registry.field(entity_type, name) if isinstance(name, str) else None
        if isinstance(field, Link):
            return f"{field.column.name} by {field.key.name}"
        return field.name if field else str(name)

    def text(self) -> str:
        """The same for the same rows; empty where there was none."""
        told = sorted((name, hashed.hexdigest()) for name, hashed in self._hashes.items())
        return hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest() if told else ""


def fingerprint(registry: Registry, sources: Iterable[tuple[str, Any]]) -> str:
    """That of the rows of ``sources``, by entity type; they are gone through to their end."""
    shown = Fingerprint(registry)
    for name, rows in sources:
        for chunk in grouped_chunks(name, rows):
            for group in chunk:
                shown.show(name, group)
    return shown.text()


def read(details: Mapping[str, Any] | None) -> str:
    """The fingerprint in the details of a log's entry; empty in one of an older version."""
    found = (details or {}).get(KEY)
    return found if isinstance(found, str) else ""
