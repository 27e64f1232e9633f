"""Leaves out the rows of a dataset that do not belong to what was filled, by ``@refuse``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..base.quoting import strict
from ..base.sql import quoted
from ..base.sqlite import located
from ..schema import dry_run
from .filling import Filled, Filling, in_order, short
from .model import Dataset, Refusal
from .tables import layout_table

_SECONDS = 3600.0  # of the processor, for each SELECT


def refuse(filling: Filling, refusals: Iterable[Refusal], datasets: Iterable[Dataset]) -> None:
    """Leave out the rows that the SELECTs find, and count them with the others that are refused.

    Args:
        filling: what is filled.
        refusals: the SELECTs.
        datasets: all of the standard; those that were not filled have no row.

    Raises DeclarationError for a SELECT that cannot be run.
    """
    wanted = [one for one in refusals if one.dataset.lower() in filling.filled]
    empty = [d for d in in_order(datasets) if wanted and d.name.lower() not in filling.filled]
    for dataset in empty:
        filling.connection.execute(layout_table(dataset, ()))
    for refusal in wanted:
        filled = filling.filled[refusal.dataset.lower()]
        with located(refusal.where):
            keys = _keys(filling, refusal, filled.dataset)
        if keys:
            _delete(filling, filled.dataset, keys)
            _count(filled, refusal.text, keys)
    for dataset in reversed(empty):
        filling.connection.execute(f"DROP TABLE {quoted(dataset.name)}")


def _keys(filling: Filling, refusal: Refusal, dataset: Dataset) -> list[tuple[Any, ...]]:
    """The keys of the rows that a SELECT finds."""
    names = ", ".join(map(quoted, dataset.key))
    sql = f"SELECT DISTINCT {names} FROM ({strict(refusal.sql)}\n) ORDER BY {names}"
    dry_run.confine(filling.connection, _SECONDS)
    try:
        return filling.connection.execute(sql).fetchall()
    finally:
        dry_run.release(filling.connection)


def _delete(filling: Filling, dataset: Dataset, keys: list[tuple[Any, ...]]) -> None:
    same = " AND ".join(f"{quoted(name)} = ?" for name in dataset.key)
    filling.connection.execute("BEGIN")
    filling.connection.executemany(f"DELETE FROM {quoted(dataset.name)} WHERE {same}", keys)
    filling.connection.execute("COMMIT")


def _count(filled: Filled, why: str, keys: list[tuple[Any, ...]]) -> None:
    first = zip(filled.dataset.key, keys[0], strict=True)
    filled.examples[why] = ", ".join(f"{name} {short(value)}" for name, value in first)
    filled.refused[why] = filled.refused.get(why, 0) + len(keys)
    filled.rows -= len(keys)
