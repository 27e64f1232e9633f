"""A profile's SQL, read: options, tables that are given, tables that are drawn, SELECTs.

docs/profiles.md says how one is written. Nothing is generated here.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from sqlglot import exp

from .declaration import parse_statement, read_column
from .distributions import FORMS, Distribution, read_distribution
from .errors import DeclarationError
from .logical import LogicalType
from .nearest import did_you_mean
from .profile import Profile
from .schema import Column
from .sqlfile import Comment, Statement, read_comment, read_statements

HEAD_MARKERS = ("counts", "count", "include")
STATEMENT_MARKERS = (
    "batch", "csv", "for", "into", "least", "names", "never", "target", "times", "total", "weight",
    "when",
)  # fmt: skip
ROOT = "count"  # what the table of the counted entities is @for
OPTIONS = "options"
MAX_COUNT = 10_000_000

# Columns that a drawn table has beside its own, and what stands in `run`.
IMPLICIT = ("n", "parent", "k")
_KIND = re.compile(r"(CREATE\s+TABLE|CREATE\s+VIEW|INSERT\s+INTO|SELECT|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drawn:
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


@dataclass(frozen=True, slots=True)
class Target:
    """A SELECT over the entities: a value for each independent unit, and their intended mean."""

    name: str
    mean: float
    sql: str
    where: str


@dataclass(frozen=True, slots=True)
class Never:
    """A SELECT over the entities that must not find a row."""

    name: str
    sql: str
    where: str


@dataclass(frozen=True)
class Blueprint:
    """A whole profile. ``selects`` make the entities: by entity type, in the order written.

    ``steps`` are tables that are worked out for each batch, by name.
    """

    name: str
    version: str
    title: str
    counts: str
    count: int
    fingerprint: str
    options: tuple[Column, ...]
    givens: tuple[Given | Statement, ...]
    drawn: tuple[Drawn, ...]
    steps: dict[str, Statement]
    selects: dict[str, Statement]
    targets: tuple[Target, ...]
    nevers: tuple[Never, ...]

    @property
    def providers(self) -> list[tuple[str, str]]:
        """What a library gives names for, and where that is asked."""
        found = [given for given in self.givens if isinstance(given, Given)]
        return [(given.provider, given.where) for given in found if given.provider]


@dataclass(frozen=True, slots=True)
class Given:
    """A reference table with rows from a CSV file, or of names from a library."""

    name: str
    columns: tuple[tuple[str, LogicalType], ...]
    where: str
    rows: tuple[tuple[object, ...], ...] = ()
    provider: str | None = None  # "first_name_female en_US"


@dataclass(slots=True)
class _Parts:
    """What is found while the files are read."""

    options: dict[str, Column] = field(default_factory=dict)
    givens: list[Given | Statement] = field(default_factory=list)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    steps: dict[str, Statement] = field(default_factory=dict)
    selects: dict[str, Statement] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    nevers: dict[str, Never] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)


def read_blueprint(profile: Profile) -> Blueprint:
    """Raises DeclarationError: file, line, what is wrong and what is allowed."""
    head = _head(profile.sql, profile.where)
    parts = _Parts()
    _read(_File(profile, profile.sql, profile.where), parts)
    roots = [drawn for drawn in parts.drawn.values() if drawn.parent == ROOT]
    if len(roots) != 1:
        raise DeclarationError(
            f"{profile.where}: {len(roots)} tables are @for {ROOT}",
            hint="One table has a row for each counted entity: -- A person @for count",
        )
    if not parts.selects:
        raise DeclarationError(
            f"{profile.where}: no SELECT makes entities",
            hint="Write -- @into patients above one.",
        )
    counts = head.markers.get("counts", "")
    if not counts or not head.text:
        raise DeclarationError(
            f"{profile.where}: the first comment does not say what is made and counted",
            hint="-- Adults with type 2 diabetes @counts patients @count 150, and an empty line.",
        )
    digest = hashlib.sha256("\0".join(parts.texts).encode()).hexdigest()
    return Blueprint(
        name=profile.name,
        version=profile.version,
        title=head.text,
        counts=counts,
        count=_whole(head.markers.get("count", "100"), profile.where, "@count", most=MAX_COUNT),
        fingerprint=digest[:12],
        options=tuple(parts.options.values()),
        givens=tuple(parts.givens),
        drawn=tuple(parts.drawn.values()),
        steps=parts.steps,
        selects=parts.selects,
        targets=tuple(parts.targets.values()),
        nevers=tuple(parts.nevers.values()),
    )


def _head(sql: str, where: str) -> Comment:
    """The first comment of the file, up to an empty line."""
    lines: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            if not line.strip():
                break
            lines = []  # it belongs to a statement
            break
        lines.append(line.removeprefix("--").strip())
    return read_comment(" ".join(lines), allowed=HEAD_MARKERS, where=f"{where}, line 1")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a profile, and where the files lie that it names."""

    profile: Profile
    sql: str
    where: str
    package: str = ""  # of a part of another package

    def text(self, name: str, marker: str) -> tuple[str, str]:
        """The full name and the text of a file that this one names. Raises DeclarationError."""
        full = f"{self.package}/{name}" if self.package and "/" not in name else name
        try:
            return full, self.profile.read(full)
        except (OSError, UnicodeDecodeError) as error:
            reason = "is not there" if isinstance(error, FileNotFoundError) else str(error)
            raise DeclarationError(
                f"{self.where}: @{marker} {name}: {reason}",
                hint="A file lies beside the profile; one of another plugin is package/file.",
            ) from None


def _read(file: _File, parts: _Parts) -> None:
    """First what a file includes, then its own statements."""
    for name in _head(file.sql, file.where).words("include"):
        full, sql = file.text(name, "include")
        if full not in parts.read:
            parts.read.add(full)
            _read(_File(file.profile, sql, full, full.rpartition("/")[0]), parts)
    parts.texts.append(file.sql)
    for statement in read_statements(file.sql, file=file.where, markers=STATEMENT_MARKERS):
        _take(file, statement, parts)


def _take(file: _File, statement: Statement, parts: _Parts) -> None:
    markers = statement.comment.markers
    found = _KIND.match(statement.sql.lstrip())
    kind = " ".join(found[1].upper().split()) if found else ""
    where = statement.where
    if kind in ("SELECT", "WITH"):
        _take_select(statement, parts)
    elif kind == "CREATE TABLE" and markers.keys() & {"for", "csv", "names"}:
        name, columns = _columns(statement)
        _check_taken(name, where, parts)
        if "for" in markers:
            parts.drawn[name] = _drawn(statement, name, columns, parts)
        else:
            parts.givens.append(_given(file, statement, name, columns, parts))
    elif kind == "CREATE TABLE" and "batch" in markers:
        parts.steps[_table(statement)] = statement
    elif kind == "CREATE TABLE" and _table(statement) == OPTIONS:
        for part in parse_statement(statement).this.expressions:
            option, _, _ = read_column(part, f"{where}, option {part.name}", markers=())
            parts.options[option.name] = option
    elif kind in ("CREATE TABLE", "CREATE VIEW", "INSERT INTO"):
        parts.givens.append(statement)
    else:
        raise DeclarationError(
            f"{where}: this does not belong in a profile",
            hint="CREATE TABLE, CREATE VIEW, INSERT INTO, and SELECT with @into, @target or "
            "@never do.",
        )


def _table(statement: Statement) -> str:
    """The name of the table that a CREATE TABLE makes."""
    found = re.match(r"\s*CREATE\s+TABLE\s+\"?(\w+)", statement.sql, re.IGNORECASE)
    return found[1].lower() if found else ""


def _take_select(statement: Statement, parts: _Parts) -> None:
    markers, where = statement.comment.markers, statement.where
    text = statement.comment.text
    kinds = markers.keys() & {"into", "target", "never"}
    if len(kinds) != 1:
        raise DeclarationError(
            f"{where}: a SELECT needs one of @into, @target and @never",
            hint="@into ENTITY_TYPE makes entities; @target MEAN and @never test them.",
        )
    if "into" in markers:
        into = markers["into"]
        if into in parts.selects:
            raise DeclarationError(
                f"{where}: a second SELECT into {into}",
                hint="Join the two by UNION ALL, so that the entities of one person stay together.",
            )
        parts.selects[into] = statement
        return
    if not text:
        raise DeclarationError(f"{where}: a @target or @never says in words what it is about")
    if "never" in markers:
        parts.nevers[text] = Never(text, statement.sql, where)
        return
    try:
        mean = float(Fraction(markers["target"]))
    except (ValueError, ZeroDivisionError):
        raise DeclarationError(
            f"{where}: @target {markers['target']}", hint="A number: the mean that is meant."
        ) from None
    parts.targets[text] = Target(text, mean, statement.sql, where)


def _columns(statement: Statement) -> tuple[str, list[exp.ColumnDef]]:
    schema = parse_statement(statement).this
    if not isinstance(schema, exp.Schema) or not all(
        isinstance(part, exp.ColumnDef) for part in schema.expressions
    ):
        raise DeclarationError(
            f"{statement.where}: a table needs its columns in brackets, and nothing else in them"
        )
    return schema.this.name, schema.expressions


def _check_taken(name: str, where: str, parts: _Parts) -> None:
    if name in parts.drawn or name in ("run", ROOT, OPTIONS):
        raise DeclarationError(f"{where}: the name {name} is taken")


def _given(
    file: _File, statement: Statement, name: str, defs: list[exp.ColumnDef], parts: _Parts
) -> Given:
    where = statement.where
    columns = [read_column(part, f"{where}, column {part.name}", markers=())[0] for part in defs]
    typed = tuple((column.name, column.type) for column in columns)
    provider = statement.comment.markers.get("names")
    if provider is not None:
        if len(columns) != 1 or columns[0].type.kind != "text" or not provider:
            raise DeclarationError(
                f"{where}: @names {provider}: fills a table of one VARCHAR column",
                hint="-- Given names of women @names first_name_female en_US",
            )
        return Given(name, typed, where, provider=provider)
    full, text = file.text(statement.comment.markers["csv"], "csv")
    parts.texts.append(text)
    return Given(name, typed, where, rows=tuple(_csv_rows(text, full, columns, where)))


def _csv_rows(
    text: str, file: str, columns: list[Column], where: str
) -> Iterator[tuple[object, ...]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = [column.name for column in columns if column.name not in (reader.fieldnames or ())]
    if missing:
        raise DeclarationError(
            f"{where}: {file} has no column {', '.join(missing)}",
            hint=f"It has: {', '.join(reader.fieldnames or ())}.",
        )
    for row in reader:
        values = []
        for column in columns:
            try:
                values.append(column.coerce(row[column.name] or None))
            except ValueError:
                raise DeclarationError(
                    f"{file}, line {reader.line_num}, {column.name} {row[column.name]!r:.40}: "
                    f"must be {column.expected}"
                ) from None
        yield tuple(values)


def _drawn(statement: Statement, name: str, defs: list[exp.ColumnDef], parts: _Parts) -> Drawn:
    where, markers = statement.where, statement.comment.markers
    parent = markers["for"]
    columns = []
    for part in defs:
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
    if when is not None and when not in parts.options:
        raise DeclarationError(
            f"{where}: @when {when}: there is no such option above",
            hint=did_you_mean(when, parts.options),
        )
    if parent == ROOT:
        return Drawn(name, parent, tuple(columns), where)
    if parent not in parts.drawn:
        raise DeclarationError(
            f"{where}: @for {parent}: there is no drawn table of that name above",
            hint=did_you_mean(parent, [*parts.drawn, ROOT]) or f"@for {ROOT} is the first one.",
        )
    if ("times" in markers) == ("total" in markers):
        raise DeclarationError(
            f"{where}: {name} does not say how many rows each {parent} has",
            hint="@times 12, @times COLUMN or @times TABLE; or @total 425/150 @least 1.",
        )
    above = parts.drawn[parent]
    if above.single and above.depth:
        raise DeclarationError(
            f"{where}: @for {parent}, which has one row for each {above.parent}",
            hint=f"Write @for {above.parent}.",
        )
    depth = above.depth + 1
    if depth > 2 or (depth == 2 and "total" in markers):
        raise DeclarationError(
            f"{where}: {name} is too far from the counted entity",
            hint="@total is for its children; grandchildren have @times, and nothing is below.",
        )
    if "times" in markers:
        times = markers["times"]
        return Drawn(name, parent, tuple(columns), where, times=times, when=when, depth=depth)
    try:
        total = Fraction(markers["total"])
    except (ValueError, ZeroDivisionError):
        raise DeclarationError(
            f"{where}: @total {markers['total']}",
            hint="The mean for each counted entity: 3, 2.5 or 425/150.",
        ) from None
    least = _whole(markers.get("least", "0"), where, "@least", least=0)
    if total < least:
        raise DeclarationError(f"{where}: @least {least} is more than @total {total}")
    weight = markers.get("weight")
    return Drawn(
        name, parent, tuple(columns), where, total=total, least=least, weight=weight, when=when,
        depth=depth,
    )  # fmt: skip


def _whole(text: str, where: str, what: str, *, least: int = 1, most: int = 1_000_000) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise DeclarationError(
            f"{where}: {what} {text}", hint=f"A number from {least} to {most:,}."
        )
    return int(text)
