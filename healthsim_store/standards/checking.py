"""What is looked at when all rows are there, before a file is written: how long they are, @never.

Nothing writes any more, so that several threads read at the same time.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..base.prefetch import work_together
from ..base.progress import Progress
from ..base.quoting import strict
from ..base.sqlite import connect, located
from ..errors import NotConformant
from ..schema import dry_run
from ..storage.sandbox import limit
from .filling import CHECK_SECONDS, Filled
from .measuring import measure, parts_of
from .model import Never

Row = Sequence[Any]


def check(
    database: Path, every: Sequence[Filled], nevers: Sequence[Never], *, ends: bool = False
) -> list[Filled]:
    """Measure the datasets, and ask the SELECTs that should find no row.

    Args:
        database: the filled one.
        every: its layouts.
        nevers: those SELECTs.
        ends: whether to look for texts with a NUL, too.

    Returns:
        The datasets that they are written as and that have rows, in their order.

    Raises NotConformant for the first one of them that finds a row, DeclarationError for one that
    cannot be run.
    """
    # The largest first, so that no thread begins with it when the others have nothing left to do.
    largest_first = sorted(every, key=lambda filled: -filled.rows)
    measuring = [functools.partial(_measured, database, one, ends) for one in largest_first]
    asking = [functools.partial(_first, database, never) for never in nevers]
    tasks: list[Callable[[Progress], Any]] = [*measuring, *asking]
    found = work_together(tasks, lambda _: None)
    for never, row in zip(nevers, found[len(every) :], strict=True):
        if row is not None:
            shown = ", ".join("empty" if value is None else str(value) for value in row[:6])
            raise NotConformant(
                f"{never.text}: {shown}.",
                hint=f"The standard lets no such row be written ({never.where}).",
            )
    by_name = {
        filled.dataset.name: parts
        for filled, parts in zip(largest_first, found[: len(every)], strict=True)
    }
    return [part for filled in every for part in by_name[filled.dataset.name]]


def _measured(database: Path, filled: Filled, ends: bool, told: Progress) -> list[Filled]:
    with contextlib.closing(connect(database, mode="ro")) as connection:
        measure(connection, filled, ends=ends)
        return parts_of(connection, filled, ends=ends)


def _first(database: Path, never: Never, told: Progress) -> Row | None:
    """The first row of a SELECT, which does no more than in the sandbox."""
    with contextlib.closing(connect(database, mode="ro")) as connection, located(never.where):
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        limit(connection)
        look = functools.partial(told, 0)
        dry_run.confine(connection, CHECK_SECONDS, any_function=False, look=look)
        try:
            row: Row | None = connection.execute(strict(never.sql)).fetchone()
            return row
        except sqlite3.OperationalError as error:
            if str(error).startswith("no such table: "):
                return None  # a dataset that was not chosen
            raise
