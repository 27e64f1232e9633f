"""Reads a profile's SQL: options, reference tables, sampled tables and SELECTs.

docs/profiles.md describes what a profile may have. Nothing is generated here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from sqlglot import exp

from ..errors import DeclarationError
from ..schema.columns import read_column
from ..schema.model import Column
from ..schema.parser import parse_statement
from ..schema.refusals import CLOCK
from ..schema.sqlfile import Comment, Statement, head_comment, read_statements
from .markers import check_markers, columns_of, rate, whole
from .profile import Profile
from .reference_tables import ReferenceTable, read_csv_table, read_names_table
from .sampled_tables import ROOT, SCENARIO, SampledTable, read_root, read_sampled_table

HEAD_MARKERS = ("counts", "count", "from", "include")
STATEMENT_MARKERS = (
    "batch", "csv", "for", "into", "least", "names", "never", "target", "times", "total", "weight",
    "when",
)  # fmt: skip
OPTIONS, RUN = "options", "run"  # tables of one row
MAX_COUNT = 10_000_000

_MAX_DEPTH = 20  # of includes
# Arguments of `generate` and of its command: an option of a profile may not have such a name.
_TAKEN = ("batch", "count", "for_scenario", "profile", "seed", "store")
_WANTED = re.compile(r"\bwanted\b", re.IGNORECASE)  # the column of ``run`` that has the count
_SOURCE = re.compile(r"([^\W\d]\w*)(?:\(([\w\s,]+)\))?(\??)(?=\s|$)")
_KIND = re.compile(r"(CREATE\s+TABLE|CREATE\s+VIEW|INSERT\s+INTO|SELECT|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A SELECT over the entities: a value for each independent unit, whose mean is ``mean``."""

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


@dataclass(frozen=True, slots=True)
class Source:
    """An entity type that is read of a scenario; of ``columns`` only, where some are named.

    An ``optional`` one may be missing there. Then it is an empty table.
    """

    name: str
    columns: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Recipe:
    """A complete profile.

    ``counts`` is the entity type that is counted, ``count`` how many there are by default.
    ``sources`` are the entity types that it reads of a scenario that is there. The run then goes
    through entities of these, ``count`` is 0, and ``takes_count`` says whether a number of
    ``counts`` can be asked for.
    ``fingerprint`` changes with the text of any of its files. ``references`` are the reference
    tables, views and INSERTs; ``sampled`` are the sampled tables. ``steps`` are tables that are
    computed for each batch, by name. ``selects`` make the entities, by entity type, in the order
    in which they were written.
    """

    name: str
    version: str
    where: str
    title: str
    counts: str
    count: int
    fingerprint: str
    options: tuple[Column, ...]
    references: tuple[ReferenceTable | Statement, ...]
    sampled: tuple[SampledTable, ...]
    steps: dict[str, Statement]
    selects: dict[str, Statement]
    targets: tuple[Target, ...]
    nevers: tuple[Never, ...]
    sources: tuple[Source, ...] = ()
    takes_count: bool = True

    @property
    def reads(self) -> list[str]:
        """The names of the entity types that are read; none for a profile that reads none."""
        return [source.name for source in self.sources]

    @property
    def needs(self) -> list[str]:
        """Those of them of which there must be some."""
        return [source.name for source in self.sources if not source.optional]

    @property
    def providers(self) -> list[tuple[str, str]]:
        """The kinds of names that come from Faker, and where in the profile each is declared."""
        found = [
            reference for reference in self.references if isinstance(reference, ReferenceTable)
        ]
        return [(reference.provider, reference.where) for reference in found if reference.provider]


@dataclass(slots=True)
class _Parts:
    """What was found so far while the files of a profile are read."""

    options: dict[str, Column] = field(default_factory=dict)
    references: list[ReferenceTable | Statement] = field(default_factory=list)
    sampled: dict[str, SampledTable] = field(default_factory=dict)
    steps: dict[str, Statement] = field(default_factory=dict)
    selects: dict[str, Statement] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    nevers: dict[str, Never] = field(default_factory=dict)
    tables: set[str] = field(default_factory=lambda: {RUN, ROOT})
    texts: list[str] = field(default_factory=list)
    reads: bool = False  # a scenario
    read: set[str] = field(default_factory=set)


def read_recipe(profile: Profile) -> Recipe:
    """Read a profile. Raises DeclarationError with file, line, and what is allowed."""
    head = head_comment(profile.sql, allowed=HEAD_MARKERS, where=profile.where)
    reads = _read_from(head, profile.where)
    parts = _Parts(reads=bool(reads))
    parts.tables |= {source.name.lower() for source in reads}
    try:
        _read(_File(profile, profile.sql, profile.where), parts)
    except RecursionError:
        raise DeclarationError(f"{profile.where}: it is nested too deeply") from None
    roots = [sampled for sampled in parts.sampled.values() if sampled.parent == ROOT]
    if len(roots) != 1:
        root = SCENARIO if reads else ROOT
        raise DeclarationError(
            f"{profile.where}: {len(roots)} tables are @for {root}",
            hint="One table has a row for each entity that is read: -- A member @for scenario"
            if reads
            else "One table has a row for each counted entity: -- A person @for count",
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
    return Recipe(
        name=profile.name,
        version=profile.version,
        where=profile.where,
        title=head.text,
        counts=counts,
        count=0
        if reads
        else whole(head.markers.get("count", "100"), profile.where, "@count", most=MAX_COUNT),
        fingerprint=digest[:12],
        options=tuple(parts.options.values()),
        references=tuple(parts.references),
        sampled=tuple(parts.sampled.values()),
        steps=parts.steps,
        selects=parts.selects,
        targets=tuple(parts.targets.values()),
        nevers=tuple(parts.nevers.values()),
        sources=reads,
        takes_count=not reads or any(_WANTED.search(text) for text in parts.texts),
    )


def _read_from(head: Comment, where: str) -> tuple[Source, ...]:
    """The entity types of @from, in the order in which they stand there."""
    if "from" not in head.markers:
        return ()
    written = head.markers["from"]
    source, _, rest = written.partition(" ")
    found = tuple(
        Source(name, tuple(re.findall(r"\w+", columns or "")), optional=bool(mark))
        for name, columns, mark in _SOURCE.findall(rest)
    )
    if (
        source != SCENARIO
        or _SOURCE.sub("", rest).strip()
        or all(each.optional for each in found)
        or len({each.name.lower() for each in found}) < len(found)
    ):
        raise DeclarationError(
            f"{where}: @from {written}",
            hint="-- Claims @from scenario members(member_id, birth_date) claims?: the entity types"
            " that are read, each once, perhaps with the columns; with a ? what may be missing.",
        )
    if "count" in head.markers:
        raise DeclarationError(
            f"{where}: @count does not go with @from",
            hint="The run goes through the entities that are read. A number that a user asks for"
            " is the column wanted of the table run.",
        )
    return found


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a profile; it knows where the files are that it names."""

    profile: Profile
    sql: str
    where: str
    package: str = ""  # for an included file of another package
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
    """Read what a file includes, then its own statements."""
    for name in head_comment(file.sql, allowed=HEAD_MARKERS, where=file.where).words("include"):
        full, sql = file.text(name, "include")
        if file.depth == _MAX_DEPTH:
            raise DeclarationError(f"{file.where}: @include {name} goes too deep")
        if full not in parts.read:
            parts.read.add(full)
            package = full.rpartition("/")[0]
            _read(_File(file.profile, sql, full, package, file.depth + 1), parts)
    parts.texts.append(file.sql)
    for statement in read_statements(
        file.sql, file=file.where, markers=STATEMENT_MARKERS, head=HEAD_MARKERS
    ):
        _take(file, statement, parts)


def _take(file: _File, statement: Statement, parts: _Parts) -> None:
    markers = statement.comment.markers
    found = _KIND.match(statement.sql.lstrip())
    kind = " ".join(found[1].upper().split()) if found else ""
    where = statement.where
    if not markers.keys() & {"target", "never"} and CLOCK.search(statement.sql):
        raise DeclarationError(
            f"{where}: today's date is not there, since the same seed makes the same tomorrow",
            hint="Declare a day in the table options, with a default.",
        )
    if kind in ("SELECT", "WITH"):
        _take_select(statement, parts)
    elif kind == "CREATE TABLE":
        _take_table(file, statement, parts)
    elif kind in ("CREATE VIEW", "INSERT INTO"):
        check_markers(statement)
        parts.references.append(statement)
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
        check_markers(statement)
        for part in columns_of(statement)[1]:
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
        if markers["for"] == SCENARIO and parts.reads:
            parts.sampled[name] = read_root(statement, name)
            return
        parts.sampled[name] = sampled = read_sampled_table(
            statement, above=parts.sampled, options=parts.options
        )
        if parts.reads and (sampled.parent == ROOT or sampled.total is not None):
            raise DeclarationError(
                f"{where}: {name} does not go with @from",
                hint="@for count counts what is new: write @for scenario. @total divides among all"
                " of a run, but each entity is drawn for itself: write @times.",
            )
    elif "csv" in markers:
        check_markers(statement, "csv")
        full, text = file.text(markers["csv"], "csv")
        parts.texts.append(text)
        parts.references.append(read_csv_table(statement, full, text))
    elif "names" in markers:
        check_markers(statement, "names")
        parts.references.append(read_names_table(statement))
    elif "batch" in markers:
        check_markers(statement, "batch")
        parts.steps[name] = statement
    else:
        check_markers(statement)
        parts.references.append(statement)


def _take_select(statement: Statement, parts: _Parts) -> None:
    markers, where = statement.comment.markers, statement.where
    text = statement.comment.text
    check_markers(statement, "into", "target", "never")
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
    mean = rate(markers["target"].removeprefix("-"))
    if mean is None:
        raise DeclarationError(
            f"{where}: @target {markers['target']}", hint="A number: the mean that is meant."
        )
    mean = -mean if markers["target"].startswith("-") else mean
    parts.targets[text] = Target(text, float(mean), statement.sql, where)
