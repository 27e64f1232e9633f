"""A few rows of an entity type, spread over the data; as fast in large files as in small ones."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ..base.sql import quoted, rowid_ends
from ..errors import InvalidArgument, QueryTooLarge
from ..schema.model import EXTRA, EntityType
from ..schema.registry import Registry
from ..storage.catalog import read_entity_types
from ..storage.counts import rows_at_most
from ..storage.long_values import LongValue, read_row, told
from ..storage.sandbox import Sandbox

SECONDS = 5.0
LOADABLE_ROWS = 1_000


def load(sandbox: Sandbox, max_rows: int) -> dict[str, list[dict[str, Any]]]:
    """All rows by entity type, without empty fields, in one read transaction.

    Raises InvalidArgument if there are more than ``max_rows`` rows in all.
    """
    with sandbox.moment():
        if rows_at_most(sandbox) > max_rows:
            raise InvalidArgument(
                f"{sandbox.path.stem} has more than {max_rows:,} entities.",
                hint="Use get_summary or query_scenario, or raise max_rows.",
            )
        loaded = {
            entity_type.name: sample(sandbox, entity_type, max_rows, sensitive=True, whole=True)
            for entity_type in read_entity_types(sandbox.connection)
            if EXTRA in entity_type.by_name
        }
    return {name: rows for name, rows in loaded.items() if rows}


def choose(
    sandbox: Sandbox, name: str, count: int, *, cards: bool, sensitive: bool
) -> list[dict[str, Any]]:
    """A few entities of the type ``name``, in one read transaction; see `Store.get_samples`."""
    with sandbox.moment():
        found = Registry(read_entity_types(sandbox.connection)).entity_type(name)
        if found.card and cards and not sensitive:
            return sample_cards(sandbox, found, count)
        return sample(sandbox, found, count, sensitive=sensitive)


def sample_cards(sandbox: Sandbox, entity_type: EntityType, count: int) -> list[dict[str, Any]]:
    """The cards of at most ``count`` entities, as dicts without empty fields.

    These are the entities that `sample` gives. Raises QueryError if the card's view fails.
    """
    key = entity_type.primary_key
    card = quoted(str(entity_type.card))
    cards: list[dict[str, Any]] = []
    for row in sample(sandbox, entity_type, count):
        sql = f"SELECT * FROM {card} WHERE {quoted(key)} = ?"
        found: list[tuple[Any, ...]] = []
        with (
            contextlib.suppress(QueryTooLarge),
            sandbox.run(sql, (row[key],), timeout=SECONDS) as cursor,
        ):
            names = [description[0] for description in cursor.description]
            found = cursor.fetchall()
        for values in found:
            card_of = zip(names, values, strict=True)
            cards.append({name: v for name, v in card_of if v not in (None, "")})
        if not found:
            cards.append(row)  # it says which value is too long for a card
    return cards


def sample(
    sandbox: Sandbox,
    entity_type: EntityType,
    count: int,
    *,
    sensitive: bool = False,
    whole: bool = False,
) -> list[dict[str, Any]]:
    """At most ``count`` rows as dicts without empty fields, in the order of the data.

    Rows are looked up at evenly spread rowids, so the same file always gives the same samples.
    Columns that are marked sensitive are left out unless ``sensitive`` is true. In place of a value
    that is too long stands how long it is; with ``whole`` it raises QueryTooLarge.
    """
    columns = [
        column.name
        for column in entity_type.columns
        if column.name != EXTRA and (sensitive or not column.sensitive)
    ]
    table = quoted(entity_type.name)
    with sandbox.run(rowid_ends(table), timeout=SECONDS) as cursor:
        first, last = cursor.fetchone()
    if first is None:
        return []
    span = last - first + 1
    sql = (
        f"SELECT rowid, {', '.join(map(quoted, columns))} FROM {table}"
        " WHERE rowid >= ? ORDER BY rowid LIMIT 1"
    )
    rows: list[dict[str, Any]] = []
    after = first
    for number in range(count):
        # The middle of each of `count` equal parts. After a gap between rowids it may lie later.
        wanted = max(after, first + span * (2 * number + 1) // (2 * count))
        found = _read(sandbox, entity_type.name, columns, sql, wanted)
        long = [value for value in found or () if isinstance(value, LongValue)]
        if long and whole:
            raise QueryTooLarge(
                told(long),
                hint="Read the scenario by SELECTs, without it.",
            )
        if found is None:
            break
        row = zip(columns, found[1:], strict=True)
        rows.append({
            name: value.in_its_place if isinstance(value, LongValue) else value
            for name, value in row
            if value is not None
        })  # fmt: skip
        if found[0] >= last:  # behind it there may be no number any more
            break
        after = found[0] + 1
    return rows


def _read(
    sandbox: Sandbox, table: str, columns: Sequence[str], sql: str, wanted: int
) -> tuple[Any, ...] | None:
    """The rowid and the values of the first row from ``wanted`` on; perhaps with a LongValue."""
    try:
        with sandbox.run(sql, (wanted,), timeout=SECONDS) as cursor:
            found: tuple[Any, ...] | None = cursor.fetchone()
            return found
    except QueryTooLarge:
        first = f"SELECT min(rowid) FROM {quoted(table)} WHERE rowid >= ?"
        with sandbox.run(first, (wanted,), timeout=SECONDS) as cursor:
            (rowid,) = cursor.fetchone()
        return (rowid, *read_row(sandbox, table, columns, rowid, timeout=SECONDS))
