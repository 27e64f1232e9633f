"""A profile's drawn tables: whose rows they are, how many, and of which values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..base.text import did_you_mean
from ..errors import DeclarationError
from ..schema.parser import read_column
from ..schema.sqlfile import Statement
from ..schema.types import LogicalType
from .distributions import FORMS, Distribution, read_distribution
from .markers import check_markers, columns_of, rate, whole

ROOT = "count"  # what the table of the counted entities is @for

# Columns that a drawn table has beside its own.
IMPLICIT = ("n", "parent", "k")

_MAX_TIMES = 10_000  # rows of one table for one parent


@dataclass(frozen=True, slots=True)
class SampledTable:
    """A table of which rows are drawn: one for each counted entity, or several for each parent row.

    How many: ``times`` is a number, a column of the parent, or a reference table (as many as it has
    rows); or ``total`` is the mean for each counted entity, met exactly, with ``least`` for each
    and the others by ``weight``, a column of the parent. A column of another table that has one row
    for each of the same parent's is TABLE.COLUMN. ``when`` is an option: off, there is no row.
    """

    name: str
    parent: str
    columns: tuple[tuple[str, LogicalType, Distribution], ...]
    where: str
    times: str | None = None
    total: Fraction | None = None
    least: int = 0
    weight: str | None = None
    when: str | None = None
    depth: int = 0  # 1 for a child of the counted entity, 2 for a grandchild

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that it has beside its own.

        ``n`` is the number of the counted entity, ``k`` the row's among its siblings, ``parent``
        the ``k`` of the row above a grandchild.
        """
        return ("n",) if self.single else ("n", "k") if self.depth == 1 else ("n", "parent", "k")

    @property
    def single(self) -> bool:
        """Whether there is just one row for each counted entity."""
        return self.depth == 0 or (self.depth == 1 and self.times == "1")


def read_sampled_table(
    statement: Statement, *, above: Mapping[str, SampledTable], options: Collection[str]
) -> SampledTable:
    """A table with @for: a row for each counted entity, or rows for those of a table ``above``.

    Raises DeclarationError.
    """
    check_markers(statement, "for", "times", "total", "least", "weight", "when")
    name, parts = columns_of(statement)
    where, markers = statement.where, statement.comment.markers
    parent = markers["for"]
    columns = []
    for part in parts:
        place = f"{where}, {name}.{part.name}"
        column, _, comment = read_column(part, place, markers=tuple(FORMS))
        if column.name in IMPLICIT:
            raise DeclarationError(f"{place}: every drawn table has {', '.join(IMPLICIT)} itself")
        if len(comment.markers) != 1:
            raise DeclarationError(
                f"{place}: a column needs one distribution, not {len(comment.markers)}",
                hint="; ".join(FORMS.values()) + ".",
            )
        ((marker, written),) = comment.markers.items()
        columns.append(
            (column.name, column.type, read_distribution(marker, written, column.type, where=place))
        )
    when = markers.get("when")
    if when is not None and when not in options:
        raise DeclarationError(
            f"{where}: @when {when}: there is no such option above",
            hint=did_you_mean(when, options),
        )
    if parent == ROOT:
        check_markers(statement, "for")
        return SampledTable(name, parent, tuple(columns), where)
    if parent not in above:
        raise DeclarationError(
            f"{where}: @for {parent}: there is no drawn table of that name above",
            hint=did_you_mean(parent, [*above, ROOT]) or f"@for {ROOT} is the first one.",
        )
    if ("times" in markers) == ("total" in markers):
        raise DeclarationError(
            f"{where}: {name} does not say how many rows each {parent} has",
            hint="@times 12, @times COLUMN or @times TABLE; or @total 425/150 @least 1.",
        )
    parents = above[parent]
    if parents.single and parents.depth:
        raise DeclarationError(
            f"{where}: @for {parent}, which has one row for each {parents.parent}",
            hint=f"Write @for {parents.parent}.",
        )
    depth = parents.depth + 1
    if depth > 2 or (depth == 2 and "total" in markers):
        raise DeclarationError(
            f"{where}: {name} is too far from the counted entity",
            hint="@total is for its children; grandchildren have @times, and nothing is below.",
        )
    if "times" in markers:
        check_markers(statement, "for", "times", "when")
        times = markers["times"]
        if times in above:
            raise DeclarationError(
                f"{where}: @times {times}: that table is drawn, and has no rows yet",
                hint=f"A number, a column of {parent}, or a table that is given.",
            )
        if times.isdecimal():
            whole(times, where, "@times", most=_MAX_TIMES)
        return SampledTable(
            name, parent, tuple(columns), where, times=times, when=when, depth=depth
        )
    total = rate(markers["total"])
    if total is None or total > _MAX_TIMES:
        raise DeclarationError(
            f"{where}: @total {markers['total']}",
            hint=f"The mean for each counted entity: 3, 2.5 or 425/150; at most {_MAX_TIMES:,}.",
        )
    least = whole(markers.get("least", "0"), where, "@least", least=0)
    if total < least:
        raise DeclarationError(f"{where}: @least {least} is more than @total {total}")
    weight = markers.get("weight")
    return SampledTable(
        name, parent, tuple(columns), where, total=total, least=least, weight=weight, when=when,
        depth=depth,
    )  # fmt: skip
