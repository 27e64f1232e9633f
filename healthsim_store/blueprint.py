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
OPTIONS, RUN = "options", "run"  # tables of one row
MAX_COUNT = 10_000_000

# Columns that a drawn table has beside its own.
IMPLICIT = ("n", "parent", "k")

_MAX_TIMES = 10_000  # rows of one table for one parent
_MAX_DEPTH = 20  # of includes
# Options of the command line and of `generate`, which an option of a profile may not hide.
_TAKEN = ("batch", "count", "profile", "seed", "store")
# What would make another result tomorrow.
_CLOCK = re.compile(
    r"'(?:now|localtime)'|\bcurrent_(?:date|time|timestamp)\b"
    r"|\b(?:date|time|datetime|julianday|unixepoch)\s*\(\s*\)",
    re.IGNORECASE,
)
_RATE = re.compile(r"\d{1,6}(\.\d{1,6})?(/[1-9]\d{0,5})?")
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
    where: str
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
    tables: set[str] = field(default_factory=lambda: {RUN, ROOT})
    texts: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)


def read_blueprint(profile: Profile) -> Blueprint:
    """Raises DeclarationError: file, line, what is wrong and what is allowed."""
    head = _head(profile.sql, profile.where)
    parts = _Parts()
    try:
        _read(_File(profile, profile.sql, profile.where), parts)
    except RecursionError:
        raise DeclarationError(f"{profile.where}: it is nested too deeply") from None
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
    if counts not in parts.selects:
        raise DeclarationError(
            f"{profile.where}: @counts {counts}, which no SELECT is @into",
            hint=f"It makes {', '.join(parts.selects)}.",
        )
    digest = hashlib.sha256("\0".join(parts.texts).encode()).hexdigest()
    return Blueprint(
        name=profile.name,
        version=profile.version,
        where=profile.where,
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
    if "\0" in sql:
        raise DeclarationError(f"{where}: there is a NUL in it")
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
    depth: int = 0

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
        if file.depth == _MAX_DEPTH:
            raise DeclarationError(f"{file.where}: @include {name} goes too deep")
        if full not in parts.read:
            parts.read.add(full)
            package = full.rpartition("/")[0]
            _read(_File(file.profile, sql, full, package, file.depth + 1), parts)
    parts.texts.append(file.sql)
    for statement in read_statements(file.sql, file=file.where, markers=STATEMENT_MARKERS):
        _take(file, statement, parts)


def _take(file: _File, statement: Statement, parts: _Parts) -> None:
    markers = statement.comment.markers
    found = _KIND.match(statement.sql.lstrip())
    kind = " ".join(found[1].upper().split()) if found else ""
    where = statement.where
    if not markers.keys() & {"target", "never"} and _CLOCK.search(statement.sql):
        raise DeclarationError(
            f"{where}: today's date is not there, since the same seed makes the same tomorrow",
            hint="Declare a day in the table options, with a default.",
        )
    if kind in ("SELECT", "WITH"):
        _take_select(statement, parts)
    elif kind == "CREATE TABLE":
        _take_table(file, statement, parts)
    elif kind in ("CREATE VIEW", "INSERT INTO"):
        _check_markers(statement)
        parts.givens.append(statement)
    else:
        raise DeclarationError(
            f"{where}: this does not belong in a profile",
            hint="CREATE TABLE, CREATE VIEW, INSERT INTO, and SELECT with @into, @target or "
            "@never do.",
        )


def _take_table(file: _File, statement: Statement, parts: _Parts) -> None:
    markers, where = statement.comment.markers, statement.where
    tree = parse_statement(statement).this
    name = (tree.this if isinstance(tree, exp.Schema) else tree).name
    if name.lower() == OPTIONS:
        _check_markers(statement)
        for part in _columns(statement)[1]:
            option, _, _ = read_column(part, f"{where}, option {part.name}", markers=())
            if option.name in _TAKEN:
                raise DeclarationError(
                    f"{where}: an option cannot be called {option.name}",
                    hint=f"Taken: {', '.join(_TAKEN)}.",
                )
            parts.options[option.name] = option
        return
    if name.lower() in parts.tables:
        raise DeclarationError(f"{where}: the name {name} is taken")
    parts.tables.add(name.lower())
    if "for" in markers:
        _check_markers(statement, "for", "times", "total", "least", "weight", "when")
        parts.drawn[name] = _drawn(statement, name, _columns(statement)[1], parts)
    elif "csv" in markers:
        _check_markers(statement, "csv")
        parts.givens.append(_given(file, statement, *_columns(statement), parts))
    elif "names" in markers:
        _check_markers(statement, "names")
        parts.givens.append(_given(file, statement, *_columns(statement), parts))
    elif "batch" in markers:
        _check_markers(statement, "batch")
        parts.steps[name] = statement
    else:
        _check_markers(statement)
        parts.givens.append(statement)


def _check_markers(statement: Statement, *allowed: str) -> None:
    for marker in statement.comment.markers:
        if marker not in allowed:
            listed = ", ".join(f"@{name}" for name in allowed)
            raise DeclarationError(
                f"{statement.where}: @{marker} does not belong here",
                hint=f"Allowed here: {listed}." if listed else "No marker does.",
            )


def _take_select(statement: Statement, parts: _Parts) -> None:
    markers, where = statement.comment.markers, statement.where
    text = statement.comment.text
    _check_markers(statement, "into", "target", "never")
    if len(markers) != 1:
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
    if text in parts.nevers or text in parts.targets:
        raise DeclarationError(f"{where}: a second @target or @never called {text}")
    if "never" in markers:
        parts.nevers[text] = Never(text, statement.sql, where)
        return
    mean = _rate(markers["target"].removeprefix("-"))
    if mean is None:
        raise DeclarationError(
            f"{where}: @target {markers['target']}", hint="A number: the mean that is meant."
        )
    mean = -mean if markers["target"].startswith("-") else mean
    parts.targets[text] = Target(text, float(mean), statement.sql, where)


def _columns(statement: Statement) -> tuple[str, list[exp.ColumnDef]]:
    schema = parse_statement(statement).this
    if not isinstance(schema, exp.Schema) or not all(
        isinstance(part, exp.ColumnDef) for part in schema.expressions
    ):
        raise DeclarationError(
            f"{statement.where}: a table needs its columns in brackets, and nothing else in them"
        )
    return schema.this.name, schema.expressions


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
    try:
        yield from _typed_rows(reader, file, columns, where)
    except csv.Error as error:
        raise DeclarationError(f"{file}, line {reader.line_num}: {error}") from error


def _typed_rows(
    reader: csv.DictReader[str], file: str, columns: list[Column], where: str
) -> Iterator[tuple[object, ...]]:
    missing = [column.name for column in columns if column.name not in (reader.fieldnames or ())]
    if missing:
        raise DeclarationError(
            f"{where}: {file} has no column {', '.join(missing)}",
            hint=f"It has: {', '.join(reader.fieldnames or ())}.",
        )
    for row in reader:
        if None in row or None in row.values():
            raise DeclarationError(
                f"{file}, line {reader.line_num}: not as many fields as the header has"
            )
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
        _check_markers(statement, "for")
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
        _check_markers(statement, "for", "times", "when")
        times = markers["times"]
        if times in parts.drawn:
            raise DeclarationError(
                f"{where}: @times {times}: that table is drawn, and has no rows yet",
                hint=f"A number, a column of {parent}, or a table that is given.",
            )
        if times.isdecimal():
            _whole(times, where, "@times", most=_MAX_TIMES)
        return Drawn(name, parent, tuple(columns), where, times=times, when=when, depth=depth)
    total = _rate(markers["total"])
    if total is None or total > _MAX_TIMES:
        raise DeclarationError(
            f"{where}: @total {markers['total']}",
            hint=f"The mean for each counted entity: 3, 2.5 or 425/150; at most {_MAX_TIMES:,}.",
        )
    least = _whole(markers.get("least", "0"), where, "@least", least=0)
    if total < least:
        raise DeclarationError(f"{where}: @least {least} is more than @total {total}")
    weight = markers.get("weight")
    return Drawn(
        name, parent, tuple(columns), where, total=total, least=least, weight=weight, when=when,
        depth=depth,
    )  # fmt: skip


def _rate(text: str) -> Fraction | None:
    """``2.5`` or ``425/150``; None for anything else."""
    if not _RATE.fullmatch(text):
        return None
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1")


def _whole(text: str, where: str, what: str, *, least: int = 1, most: int = 1_000_000) -> int:
    digits = text.isascii() and text.isdecimal() and len(text) < 10
    if not digits or not least <= int(text) <= most:
        raise DeclarationError(
            f"{where}: {what} {text}", hint=f"A number from {least} to {most:,}."
        )
    return int(text)
