"""What happened to one entity, in time order: the rows that refer to it and have a date.

No entity type is named here. One has a timeline when others with a date refer to it. Each of those
gives an event per row: at its first required date or timestamp, else at its first one, with a short
text of its columns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..base.sql import quoted
from ..base.text import shorten
from ..errors import HealthsimStoreError
from ..query.pages import fetch_page
from ..schema.model import EXTRA, Column, EntityType
from ..schema.registry import Registry
from ..storage.catalog import read_entity_types
from ..storage.sandbox import Sandbox
from . import links

MAX_EVENTS = 200  # of one entity type
_TOLD = 5  # columns of an event
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Event:
    """One row: ``at`` is its date, ``kind`` its type's label, ``path`` its own page."""

    at: str
    kind: str
    text: str
    path: str

    @property
    def day(self) -> str:
        """Its day, as far as it is known."""
        day = self.at.partition("T")[0]
        return day if day.strip("-") else ""

    @property
    def clock(self) -> str:
        """Its time of day, to the minute; empty where there is none."""
        return self.at.partition("T")[2][:5]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events by day, the earliest first; a day that is not known is empty.

    ``cut`` has the kinds of which there are more than ``most``, each with the path of all its rows.
    """

    days: list[tuple[str, list[Event]]]
    cut: tuple[tuple[str, str], ...] = ()
    most: int = MAX_EVENTS

    @property
    def count(self) -> int:
        return sum(len(events) for _, events in self.days)


def read(sandbox: Sandbox, entity_type: str, key: str) -> Timeline | None:
    """The timeline of one entity of the sandbox's file.

    None where nothing with a date refers to it. ``key`` is the entity's primary key.
    """
    scenario = sandbox.path.stem
    registry = Registry(read_entity_types(sandbox.connection))
    if entity_type not in registry:
        return None
    sources = list(_sources(registry, entity_type))
    events: list[Event] = []
    cut = []
    for child, reference, moment in sources:
        # One that cannot be read, in a file that somebody changed, does not hide the others.
        with contextlib.suppress(HealthsimStoreError):
            found = _events(sandbox, child, reference, moment, key)
            if len(found) > MAX_EVENTS:
                every = links.rows(scenario, child.name, reference.name, key, sort=moment.name)
                cut.append((child.label, every))
            events += found[:MAX_EVENTS]
    if not events:
        return None
    days: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda event: event.at):
        days.setdefault(event.day, []).append(event)
    return Timeline(list(days.items()), tuple(cut))


def _sources(registry: Registry, parent: str) -> Iterator[tuple[EntityType, Column, Column]]:
    """The entity types that refer to ``parent`` and have a date, with those two columns."""
    for child in registry:
        references = [
            column for column, to in child.references(soft=True) if to.entity_type == parent
        ]
        moments = [column for column in child.columns if column.type.moment]
        if child.name != parent and references and moments:
            yield child, _first(references), _first(moments)


def _first(columns: list[Column]) -> Column:
    return next((column for column in columns if column.required), columns[0])


def _events(
    sandbox: Sandbox, child: EntityType, reference: Column, moment: Column, key: str
) -> list[Event]:
    told = [column for column in child.columns if _tells(child, column)]
    chosen = ", ".join(quoted(name) for name in (child.primary_key, moment.name))
    columns = ", ".join(quoted(column.name) for column in told) or "NULL"
    _, rows, _, _ = fetch_page(
        sandbox,
        f"SELECT {chosen}, {columns} FROM {quoted(child.name)}"
        f" WHERE {quoted(reference.name)} = ? AND {quoted(moment.name)} IS NOT NULL"
        f" ORDER BY {quoted(moment.name)}, {quoted(child.primary_key)}",
        (key,),
        limit=MAX_EVENTS + 1,
        offset=0,
        timeout=_SECONDS,
    )
    return [
        Event(
            at=str(values[1]),
            kind=child.label,
            text=_text(dict(zip([column.name for column in told], values[2:], strict=False)), told),
            path=links.row(sandbox.path.stem, child.name, str(values[0])),
        )
        for values in (list(row.values()) for row in rows)
    ]


def _tells(entity_type: EntityType, column: Column) -> bool:
    return not (
        column.name in (entity_type.primary_key, EXTRA)
        or column.references
        or column.sensitive
        or column.type.moment
        or column.type.kind == "json"
    )


def _text(row: dict[str, Any], columns: list[Column]) -> str:
    """The first filled columns: texts as they are, numbers with their name and unit."""
    said: list[str] = []
    seen: set[str] = set()
    for column in columns:
        value = row.get(column.name)
        # A result is often there twice, as text and as a number.
        plain = value if isinstance(value, str) else f"{value:.10g}" if value is not None else ""
        if not plain or plain in seen or len(said) == _TOLD:
            continue
        seen.add(plain)
        if isinstance(value, str):
            said.append(shorten(value, 120))
        else:
            name = column.name.replace("_", " ")
            said.append(" ".join(part for part in (name, plain, column.unit) if part))
    return ", ".join(said)
