"""A standard is tried out on empty tables before anybody relies on it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..base.quoting import misread_name, strict, told
from ..base.sqlite import connect, located
from ..errors import DeclarationError
from ..schema import dry_run
from ..schema.model import Declaration
from ..schema.types import Stored
from ..storage.apart import Trial, try_apart
from ..storage.sandbox import limit
from . import importing
from .filling import fitting, in_order
from .model import Dataset, Declared, Select
from .tables import layout_table

_NO_TABLE = "no such table: "


def try_out(declared: Declared, products: Sequence[Declaration], *, seconds: float) -> None:
    """Make the layouts, run each SELECT on empty tables, and see whether it fits its layout.

    A SELECT may name a table of a product that is not here: whether it does is known with a
    scenario.

    Args:
        declared: the standard.
        products: whose entity types the SELECTs may read.
        seconds: of the processor, for all of it.

    Raises DeclarationError, with file and line.
    """
    with contextlib.closing(connect(":memory:")) as connection:
        for dataset in in_order(declared.datasets):
            with located(dataset.where):
                connection.execute(strict(layout_table(dataset)))
        limit(connection)
        dry_run.confine(connection, seconds, any_function=False)
        for never in declared.nevers:
            _columns(connection, never.sql, never.where, {}, missing=False)
        for refusal in declared.refusals:
            names = _columns(connection, refusal.sql, refusal.where, {}, missing=False)
            dataset = declared.by_name[refusal.dataset.lower()]
            if {*map(str.lower, names or ())} != {*map(str.lower, dataset.key)}:
                raise DeclarationError(
                    f"{refusal.where}: it gives {', '.join(names or ())}",
                    hint=f"A row of {dataset.name} is known by {', '.join(dataset.key)}.",
                )
    for dataset, names in columns_given(declared, products, seconds=seconds):
        del dataset, names  # they fit
    importing.try_out(declared, products, seconds=seconds)


def columns_given(
    declared: Declared, products: Iterable[Declaration], *, seconds: float = dry_run.SECONDS
) -> Iterator[tuple[Dataset, list[str]]]:
    """For each SELECT that can be run on the products' tables, the columns that it gives.

    Raises what `try_out` does.
    """
    values = {option.name: option.default for option in declared.head.options}
    with contextlib.closing(connect(":memory:")) as connection:
        for product in products:
            dry_run.make(connection, product)
        for table in declared.tables:
            with located(table.layout.where):
                connection.execute(strict(layout_table(table.layout)))
        limit(connection)
        dry_run.confine(connection, seconds, any_function=False)
        if declared.study:
            _columns(connection, declared.study.sql, declared.study.where, values)
        for dataset in declared.datasets:
            for select in dataset.selects:
                names = _columns(connection, select.sql, select.where, values)
                if names is not None:
                    yield dataset, fitting(dataset, names, select.where)


def _columns(
    connection: sqlite3.Connection,
    sql: str,
    where: str,
    values: Mapping[str, Stored],
    *,
    missing: bool = True,
) -> Sequence[str] | None:
    """The columns of a SELECT; None for one whose tables are not here."""
    name = misread_name(connection, sql, values)
    if name is not None:
        raise DeclarationError(f"{where}: {told(name)}")
    with located(where):
        try:
            cursor = connection.execute(sql, values)
            cursor.fetchall()
        except sqlite3.OperationalError as error:
            if missing and str(error).startswith(_NO_TABLE):
                return None
            raise
    return [description[0] for description in cursor.description]


def try_in_worker(declared: Declared, products: Sequence[Declaration]) -> None:
    """Run the same statements in another process first, which can be ended.

    Raises DeclarationError for one that does not end, or takes too much memory.
    """
    try_apart(_of_layouts(declared))
    try_apart(_of_scenario(declared, products))
    importing.try_in_worker(declared, products)


def _of_layouts(declared: Declared) -> Iterator[Trial]:
    for dataset in in_order(declared.datasets):
        yield Trial(strict(layout_table(dataset)), dataset.where)
    for never in declared.nevers:
        yield Trial(strict(never.sql), never.where)
    for refusal in declared.refusals:
        yield Trial(strict(refusal.sql), refusal.where)


def _of_scenario(declared: Declared, products: Iterable[Declaration]) -> Iterator[Trial]:
    for product in products:
        for sql, where in dry_run.making(product):
            yield Trial(sql, where)
    for table in declared.tables:
        yield Trial(strict(layout_table(table.layout)), table.layout.where)
    values: dict[str, Any] = {option.name: option.default for option in declared.head.options}
    selects: list[Select] = [select for d in declared.datasets for select in d.selects]
    for select in (*selects, *([declared.study] if declared.study else [])):
        yield Trial(strict(select.sql), select.where, values)
