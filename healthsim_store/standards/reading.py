"""Reads the .sql files of a standard: the one place where what it declares comes from."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..base.sql import parameters
from ..base.text import did_you_mean
from ..errors import DeclarationError
from ..exchange.standard_files import FILES, ONLY
from ..schema.parameter import Parameter
from ..schema.parameter_marker import read_parameters
from ..schema.sqlfile import Statement, blanked, head_comment, read_statements
from .macros import Macro, Step, expanded, read_macro, read_step, with_steps
from .model import Dataset, Declared, FileTable, Guide, Head, Never, Reads, Refusal, Select
from .standard import HEAD, Standard

# The kinds of files of each.
WRITERS = {"datasets": ("json", "ndjson", "xpt", "csv"), "delimited": ("csv", "tsv", "psv")}

HEAD_MARKERS = ("files", "guide", "import", "param", "terminology", "writer")
MARKERS = (
    "class", "derived", "file", "from", "into", "macro", "many", "never", "note", "reference",
    "refuse", "skip", "split", "structure", "study",
)  # fmt: skip

_KIND = re.compile(r"\s*(SELECT|WITH|CREATE\s+TABLE|CREATE\s+VIEW)\b", re.IGNORECASE)
_OF_ROWS = ({"skip"}, {"note"}, {"derived"})  # the markers of SELECTs that make no entities
_GUIDE = re.compile(r"(?P<name>.+) (?P<version>[0-9][0-9A-Za-z.-]*)")


def read_head(standard: Standard) -> Head:
    """What standard.sql says of the standard, in its first comment.

    Raises DeclarationError.
    """
    where = f"{standard.where}/{HEAD}"
    comment = head_comment(standard.files[HEAD], allowed=HEAD_MARKERS, where=where)
    writer = comment.markers.get("writer", "")
    if not comment.text or writer not in WRITERS:
        raise DeclarationError(
            f"{where}: the first comment does not say what it is and how it is written",
            hint="-- What it is @writer datasets @files csv, and an empty line. Writers:"
            f" {', '.join(WRITERS)}.",
        )
    kinds = (
        tuple(re.split(r"[,\s]+", comment.markers.get("files", "")))
        if (comment.markers.get("files"))
        else WRITERS[writer]
    )
    for kind in kinds:
        if kind not in WRITERS[writer] or kinds.count(kind) > 1:
            raise DeclarationError(
                f"{where}: @files {comment.markers['files']}",
                hint=f"Each once, of {', '.join(WRITERS[writer])}; the first one is the usual.",
            )
    return Head(
        name=standard.name,
        version=standard.version,
        title=comment.text,
        writer=writer,
        kinds=kinds,
        guide=_guide(comment.markers.get("guide"), "guide", where),
        terminology=_guide(comment.markers.get("terminology"), "terminology", where),
        options=_options(comment.every("param"), kinds, where),
        import_options=_options(comment.every("import"), kinds, where, of_import=True),
    )


def _guide(written: str | None, marker: str, where: str) -> Guide | None:
    if written is None:
        return None
    found = _GUIDE.fullmatch(written)
    if found is None:
        raise DeclarationError(
            f"{where}: @{marker} {written}", hint=f"A name and a version: @{marker} NAME 3.4"
        )
    return Guide(found["name"], found["version"])


def _options(
    markers: Sequence[str], kinds: Sequence[str], where: str, *, of_import: bool = False
) -> tuple[Parameter, ...]:
    names = [text.partition(" ")[0] for text in markers]
    marker = "import" if of_import else "param"
    for name in names:
        if name in (FILES, ONLY):
            raise DeclarationError(f"{where}: @{marker} {name}, which every standard has")
    usual = None if of_import else kinds[0]
    files = Parameter(FILES, "choice", usual, values=tuple(kinds), description="kind of files")
    only = Parameter(ONLY, "text", description="these datasets alone, with commas between")
    return (files, only, *read_parameters(markers, names, (), where, files=True))


@dataclass(slots=True)
class _Parts:
    """What was found so far."""

    macros: dict[str, Macro] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    selects: list[tuple[str, Statement]] = field(default_factory=list)  # with the file's stem
    reads: list[Statement] = field(default_factory=list)
    nevers: list[Never] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    tables: dict[str, FileTable] = field(default_factory=dict)
    study: Statement | None = None
    where: str = ""  # the file that says what the standard is


def read_standard(parts: Sequence[Standard]) -> Declared:
    """A whole standard.

    Args:
        parts: the one that declares it, and others of its name that add to it.

    Raises DeclarationError, with file and line.
    """
    return _read_parts(tuple((p.name, p.version, p.where, tuple(p.files.items())) for p in parts))


@functools.lru_cache(maxsize=8)  # it is tried out before it is used, and takes a second to read
def _read_parts(texts: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...]) -> Declared:
    parts = [Standard(name, version, dict(files), where) for name, version, where, files in texts]
    main = next((part for part in parts if not part.adds), None)
    if main is None:
        places = ", ".join(part.where for part in parts)
        raise DeclarationError(f"{places}: nobody brings the {HEAD} that it adds to")
    head = read_head(main)
    found = _Parts(where=f"{main.where}/{HEAD}")
    for part in (main, *(other for other in parts if other is not main)):
        for file, sql in part.files.items():
            allowed = HEAD_MARKERS if file == HEAD else ()
            where = f"{part.where}/{file}"
            for statement in read_statements(sql, file=where, markers=MARKERS, head=allowed):
                _take(statement, dataset_of(file), found, head)
    return _whole(head, found, main)


def dataset_of(file: str) -> str:
    """The dataset that a file is about, by its name: ``dm.sql`` and ``dm.import.sql``: dm."""
    return file.partition(".")[0]


def _take(statement: Statement, stem: str, parts: _Parts, head: Head) -> None:
    markers, where = statement.comment.markers, statement.where
    match = _KIND.match(blanked(statement.sql))
    kind = " ".join(match[1].upper().split()) if match else ""
    reads = kind in ("SELECT", "WITH")
    if "macro" in markers and reads:
        macro = read_macro(statement, parts.macros)
        parts.macros[macro.name] = macro
        return
    statement = replace(statement, sql=expanded(statement.sql, parts.macros, where))
    given = set(markers)
    if kind == "CREATE TABLE" and given == {"file"}:
        _take_file_table(statement, parts, head)
    elif kind == "CREATE TABLE" and given <= {"class", "reference", "split", "structure"}:
        _take_layout(statement, stem, parts, head)
    elif kind == "CREATE VIEW" and not given:
        step = read_step(statement, statement.sql)
        if step.name.lower() in parts.steps:
            raise DeclarationError(f"{where}: a second view named {step.name}")
        parts.steps[step.name.lower()] = step
    elif reads and ({"into", "from"} <= given <= {"into", "from", "many"} or given in _OF_ROWS):
        parts.reads.append(statement)
    elif reads and given == {"into"}:
        if markers["into"].lower() != stem.lower():
            raise DeclarationError(
                f"{where}: @into {markers['into']} in the file {stem}.sql",
                hint="Each dataset has a file of its name, with its layout and its SELECTs.",
            )
        parts.selects.append((stem.lower(), statement))
    elif reads and given == {"never"}:
        if not statement.comment.text:
            raise DeclarationError(f"{where}: a @never says in words what it is about")
        parts.nevers.append(Never(statement.comment.text, statement.sql, where))
    elif reads and given == {"refuse"}:
        if not statement.comment.text:
            raise DeclarationError(f"{where}: a @refuse says in words why a row is left out")
        name = markers["refuse"]
        parts.refusals.append(Refusal(statement.comment.text, name, statement.sql, where))
    elif reads and given == {"study"} and parts.study is None:
        parts.study = statement
    else:
        told = ", ".join(f"@{marker}" for marker in markers) or "without a marker"
        raise DeclarationError(
            f"{where}: {statement.sql.strip():.20}... ({told}) does not belong here",
            hint="A standard has CREATE TABLE, CREATE VIEW, and SELECT with one of @into, @never,"
            " @refuse, @macro and, once, @study; to be read, SELECT with @into and @from, @skip,"
            " @note or @derived.",
        )


def _take_layout(statement: Statement, stem: str, parts: _Parts, head: Head) -> None:
    from .layouts import read_layout  # sqlglot is slow to import

    dataset = read_layout(statement, head.name)
    if dataset.name.lower() != stem.lower():
        raise DeclarationError(
            f"{statement.where}: the layout of {dataset.name} in the file {stem}.sql",
            hint=f"Each dataset has a file of its name: {dataset.name.lower()}.sql.",
        )
    if dataset.name.lower() in parts.datasets:
        first = parts.datasets[dataset.name.lower()].where
        raise DeclarationError(f"{statement.where}: a second layout of it, after {first}")
    parts.datasets[dataset.name.lower()] = dataset


def _take_file_table(statement: Statement, parts: _Parts, head: Head) -> None:
    from .layouts import read_layout  # sqlglot is slow to import

    name = statement.comment.markers["file"]
    options = [option.name for option in head.options if option.of_file]
    if name not in options:
        raise DeclarationError(
            f"{statement.where}: @file {name}, which is no @param of the type file",
            hint=did_you_mean(name, options)
            or f"{HEAD} declares it: @param {name or 'terms'} file: what the file has",
        )
    layout = read_layout(statement, head.name)
    if any(layout.name.lower() == other.layout.name.lower() for other in parts.tables.values()):
        raise DeclarationError(f"{statement.where}: a second table {layout.name}")
    parts.tables[layout.name.lower()] = FileTable(name, layout)


def _whole(head: Head, parts: _Parts, main: Standard) -> Declared:
    if not parts.datasets:
        raise DeclarationError(
            f"{main.where}: it has no dataset", hint="A file person.sql has CREATE TABLE person."
        )
    steps = [*parts.steps.values()]
    for stem, statement in parts.selects:
        if stem not in parts.datasets:
            near = did_you_mean(stem, parts.datasets) or ""
            raise DeclarationError(
                f"{statement.where}: @into {stem}, which has no layout",
                hint=f"{near} CREATE TABLE in {stem}.sql declares it.".strip(),
            )
        dataset = parts.datasets[stem]
        select = _select(statement, steps)
        parts.datasets[stem] = replace(dataset, selects=(*dataset.selects, select))
    _check_references(parts.datasets)
    _check_parts(parts.datasets)
    _check_refusals(parts)
    _check_options(head, parts)
    return Declared(
        head=head,
        datasets=tuple(parts.datasets.values()),
        nevers=tuple(parts.nevers),
        refusals=tuple(parts.refusals),
        tables=tuple(parts.tables.values()),
        study=_select(parts.study, steps) if parts.study else None,
        reads=_reads(parts, steps),
    )


def _reads(parts: _Parts, steps: Sequence[Step]) -> Reads:
    # Here a dataset's name is its own: a step that is called so is for what an export reads.
    steps = [step for step in steps if step.name.lower() not in parts.datasets]
    found: dict[str, list[Statement]] = {"from": [], "skip": [], "note": [], "derived": []}
    for statement in parts.reads:
        marker = next(name for name in found if name in statement.comment.markers)
        source = statement.comment.markers[marker]
        if source.lower() not in parts.datasets:
            raise DeclarationError(
                f"{statement.where}: @{marker} {source}, which is no dataset",
                hint=did_you_mean(source, [d.name for d in parts.datasets.values()]),
            )
        found[marker].append(replace(statement, sql=with_steps(statement.sql, steps)))
    selects, skips, notes, derived = map(tuple, found.values())
    return Reads(selects, skips, notes, derived)


def _select(statement: Statement, steps: Sequence[Step]) -> Select:
    from sqlglot import exp

    from ..schema.parser import parse_statement

    sql = with_steps(statement.sql, steps)
    # The tables are only told; SQLite says what can be run, also where this cannot be parsed.
    try:
        tree = parse_statement(replace(statement, sql=sql))
    except DeclarationError:
        return Select(sql, statement.where)
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    tables = (table.name.lower() for table in tree.find_all(exp.Table))
    reads = dict.fromkeys(name for name in tables if name and name not in own)
    return Select(sql, statement.where, tuple(reads))


def _check_options(head: Head, parts: _Parts) -> None:
    """Raises DeclarationError for an option that no SELECT asks for."""
    texts = [select.sql for dataset in parts.datasets.values() for select in dataset.selects]
    texts += [parts.study.sql] if parts.study else []
    for marker, options, asked in (
        ("param", head.options, texts),
        ("import", head.import_options, [statement.sql for statement in parts.reads]),
    ):
        used = {name[1:] for sql in asked for name in parameters(sql)}
        used |= {table.option for table in parts.tables.values()}
        for option in options:
            if option.name not in (FILES, ONLY, *used):
                raise DeclarationError(
                    f"{parts.where}: @{marker} {option.name}, but no SELECT has :{option.name}",
                    hint=did_you_mean(option.name, used),
                )


def _check_parts(datasets: dict[str, Dataset]) -> None:
    """Raises DeclarationError where two datasets would be written by the same name."""
    found: dict[str, Dataset] = {}
    for dataset in datasets.values():
        for part in dataset.parts.values():
            other = found.setdefault(part.name.lower(), dataset)
            if other is not dataset:
                raise DeclarationError(
                    f"{dataset.where}: {part.name} is written by {other.name} and {dataset.name}"
                )


def _check_refusals(parts: _Parts) -> None:
    for refusal in parts.refusals:
        dataset = parts.datasets.get(refusal.dataset.lower())
        if dataset is None:
            near = did_you_mean(refusal.dataset, parts.datasets)
            raise DeclarationError(
                f"{refusal.where}: @refuse {refusal.dataset}, which is no dataset", hint=near
            )
        if not dataset.key:
            raise DeclarationError(
                f"{refusal.where}: @refuse {dataset.name}, which has no key",
                hint="PRIMARY KEY (a, b) in its layout says by which columns rows are found.",
            )
        for other in parts.datasets.values():
            if dataset.name.lower() in other.needs:
                raise DeclarationError(
                    f"{refusal.where}: @refuse {dataset.name}, to which {other.name} refers"
                )


def _check_references(datasets: dict[str, Dataset]) -> None:
    for dataset in datasets.values():
        for column, reference in dataset.table.references():
            parent = datasets.get(reference.entity_type.lower())
            told = f"REFERENCES {reference.entity_type} ({reference.column})"
            if parent is None:
                near = did_you_mean(reference.entity_type, datasets)
                raise DeclarationError(f"{column.where}: {told}, which is no dataset", hint=near)
            keys = [tuple(name.lower() for name in key) for key in parent.table.unique_keys]
            target = parent.by_name.get(reference.column.lower())
            if target is None or not (target.column.unique or (reference.column.lower(),) in keys):
                raise DeclarationError(
                    f"{column.where}: {told}, which is not unique",
                    hint=f"Write UNIQUE behind {reference.column} of {parent.name}.",
                )
    _order(datasets)


def _order(datasets: dict[str, Dataset]) -> None:
    """Raises DeclarationError where references go round in a circle."""
    waiting = dict(datasets)
    while waiting:
        free = [name for name, each in waiting.items() if not each.needs & waiting.keys()]
        if not free:
            told = " and ".join(each.name for each in waiting.values())
            where = next(iter(waiting.values())).where
            raise DeclarationError(f"{where}: {told} refer to each other in a circle")
        for name in free:
            del waiting[name]
