"""The sampled tables of a profile: their parent, how many rows each has, and their columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..base.text import did_you_mean
from ..errors import DeclarationError
from ..schema.columns import read_column
from ..schema.sqlfile import Statement
from ..schema.types import LogicalType
from .distributions import FORMS, Distribution, read_distribution
from .markers import check_markers, columns_of, rate, whole

ROOT = "count"  # the table of the counted entities is @for count
SCENARIO = "scenario"  # or, of entities that are there already, @for scenario

# Columns that are added to a sampled table.
IMPLICIT = ("n", "parent", "k")

_AS = re.compile(r"\s*CREATE\s+TABLE\s+\S+\s+AS\s+(?=SELECT\b|WITH\b)", re.IGNORECASE)
_MAX_TIMES = 10_000  # rows of one table for one parent


@dataclass(frozen=True, slots=True)
class SampledTable:
    """A table with rows drawn at random: one for each counted entity, or several for each parent.

    The number of rows for each parent is given by ``times`` or by ``total``:

    - ``times`` is a number, a column of the parent, or a reference table, of which the rows count.
    - ``total`` is the mean for each counted entity, which the whole run has exactly. Each parent
      has at least ``least`` rows; the others are divided by ``weight``, a column of the parent.

    A column may also be TABLE.COLUMN, of a table with one row for each row of the same parent.
    ``when`` is the name of an option; if it is off, the table has no rows.

    ``select`` is that of a table @for scenario: its rows are read, and none of its columns drawn.
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
    select: str | None = None
    depth: int = 0  # 1 for a child of the counted entity, 2 for a grandchild

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that are added, which are the primary key.

        ``n`` is the number of the counted entity, ``k`` the number of the row among its siblings,
        and ``parent`` (of a grandchild) the ``k`` of its parent.
        """
        return ("n",) if self.single else ("n", "k") if self.depth == 1 else ("n", "parent", "k")

    @property
    def single(self) -> bool:
        """Whether there is exactly one row for each counted entity."""
        return self.depth == 0 or (self.depth == 1 and self.times == "1")


def read_root(statement: Statement, name: str) -> SampledTable:
    """Read a CREATE TABLE ... AS SELECT with @for scenario. Raises DeclarationError."""
    check_markers(statement, "for")
    found = _AS.match(statement.sql)
    if not found:
        raise DeclarationError(
            f"{statement.where}: {name} is @for scenario, and says not what is read",
            hint="CREATE TABLE member AS SELECT member_id, ... FROM members; its first column is"
            " the key of the entity.",
        )
    return SampledTable(
        name, ROOT, (), statement.where, select=statement.sql[found.end() :].rstrip(" ;\n")
    )


def read_sampled_table(
    statement: Statement, *, above: Mapping[str, SampledTable], options: Collection[str]
) -> SampledTable:
    """Read a CREATE TABLE with @for.

    Args:
        statement: the CREATE TABLE.
        above: the sampled tables that were read before, by name; one of them may be the parent.
        options: the names of the profile's options.

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
            raise DeclarationError(f"{place}: every sampled table has {', '.join(IMPLICIT)} itself")
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
            f"{where}: @for {parent}: there is no sampled table of that name above",
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
                f"{where}: @times {times}: a sampled table has no rows yet",
                hint=f"A number, a column of {parent}, or a reference table.",
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
