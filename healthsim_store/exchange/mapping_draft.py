"""A first mapping of a file, from its header, the products' aliases, and the shape of values."""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.spelling import plain
from ..base.sql import quoted
from ..errors import InvalidArgument, SourceError
from ..schema.model import EXTRA, Column, EntityType
from ..schema.registry import Link, Registry
from ..storage.rows import Unstorable
from . import hints, mapped_files, staged_rows
from .formats import Formats
from .found_files import Files
from .readers import is_delimited
from .source import Source

_ROWS = 1_000  # that are looked at
_VALUES = 5  # told of one column
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS = {"date": "date", "timestamp": "timestamp", "partial": "partial", "decimal": "decimal",
          "integer": "integer", "real": "real"}  # fmt: skip


@dataclass(slots=True)
class _Read:
    """The columns of a file, with the values of its first rows; the path of its records."""

    source: Source
    stem: str
    json: str | None = None
    values: dict[str, list[Any]] = field(default_factory=dict)


def draft(files: Files, formats: Formats, registry: Registry) -> str:
    """The text of a mapping, with what it is unsure of as comments; see `Store.draft_mapping`.

    Args:
        files: what it is of.
        formats: the installed formats.
        registry: the installed entity types.
    """
    if not files.sources:
        raise InvalidArgument("No file was given.", hint="Give files or a folder.")
    found = mapped_files.sources(files, [Path(one) for one in files.sources], formats)
    parts = ["-- A draft. Look at each line, and then import the files by it.\n"]
    for sources in found.values():
        read = _read(sources[0])
        entity_type = (
            registry.entity_type(files.entity_type) if files.entity_type
            else _best(read, registry)
        )  # fmt: skip
        parts.append(_of(read, entity_type, registry))
    return "\n".join(parts)


def _read(source: Source) -> _Read:
    read = _Read(source, Path(source.name.split("/")[-1]).name.partition(".")[0])
    rows = [*itertools.islice(staged_rows.rows_of(source, None), _ROWS)]
    if not is_delimited(source):
        read.json, rows = _records(rows)
    for row in rows:
        for name, value in row.items():
            read.values.setdefault(name, []).append(value)
    if not read.values:
        raise SourceError(f"{source.name} has no rows.", hint="Give a file with some.")
    looks = hints.delimiter([*map(str, read.values)], ",") if read.json is None else None
    if looks:
        raise SourceError(f"{source.name} has one column.", hint=looks)
    return read


def _records(rows: list[dict[str, Any]]) -> tuple[str | None, list[dict[str, Any]]]:
    """Where the records of a JSON document seem to be, and those."""
    if len(rows) != 1:
        return None, rows
    lists = {
        name: value for name, value in rows[0].items()
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    }  # fmt: skip
    if len(lists) != 1:
        return None, rows
    ((name, records),) = lists.items()
    key = name if _SIMPLE.fullmatch(name) else f'"{name}"'
    if all(isinstance(one.get("resource"), dict) for one in records):
        return f"$.{key}[*].resource", [one["resource"] for one in records[:_ROWS]]
    return f"$.{key}[*]", records[:_ROWS]


def _best(read: _Read, registry: Registry) -> EntityType:
    """The entity type that most columns are fields of; required ones count twice."""

    def score(entity_type: EntityType) -> tuple[int, bool]:
        targets = {name for name, _ in _targets(read, entity_type, registry)}
        required = {c.name for c in entity_type.columns if c.required and c.default is None}
        alike = plain(read.stem).startswith((entity_type.name, *entity_type.aliases))
        return len(targets) + len(targets & required), alike

    types = [*registry]
    if not types:
        raise InvalidArgument("No product is installed.", hint="Install one first.")
    best: EntityType = max(types, key=score)
    return best


def _targets(read: _Read, entity_type: EntityType, registry: Registry) -> Iterator[tuple[str, str]]:
    for name in read.values:
        found = registry.field(entity_type.name, name)
        if found is not None:
            yield (found.column.name if isinstance(found, Link) else found.name), name


def _of(read: _Read, entity_type: EntityType, registry: Registry) -> str:
    table = plain(read.stem) or "rows"
    table = f"t_{table}" if table[0].isdigit() else table
    markers = [] if table == read.stem.lower() else [f"@file {_pattern(read.stem)}"]
    markers += [f"@json {read.json}"] if read.json else []
    columns = ",\n".join(f"  {_name(name)} TEXT" for name in read.values)
    lines: list[tuple[str, str]] = []
    taken: dict[str, str] = {}
    left: list[str] = []
    for name, values in read.values.items():
        found = registry.field(entity_type.name, name)
        target = found.column.name if isinstance(found, Link) else found.name if found else None
        if found is None or target is None or target in taken:
            near = registry.near_field(entity_type.name, name)
            why = f"means {target} too" if target else (near or "")
            left.append(f"{name} ({why})" if why else name)
            continue
        taken[target] = name
        field_ = found.spelling(found.key.name) if isinstance(found, Link) else found.name
        column = found.key if isinstance(found, Link) else found
        same = _name(name) == field_
        lines.append((field_ if same else f"{_name(name)} AS {field_}", _doubt(column, values)))
    for column in entity_type.columns:
        needed = column.required and column.default is None and column.name != EXTRA
        if needed and column.name not in taken:
            told = f"required, and no column is called so: {column.description}".rstrip(": ")
            lines.append((f"NULL AS {column.name}", told))
    last = len(lines) - 1
    select = "\n".join(
        f"  {sql}{',' if at < last else ''}{f' -- {_comment(doubt)}' if doubt else ''}"
        for at, (sql, doubt) in enumerate(lines)
    )
    above = f"-- {' '.join(markers)}\n" if markers else ""
    rest = "".join(f"-- Not mapped: {_comment(name)}\n" for name in left)
    return (
        f"{above}CREATE TABLE {table} (\n{columns}\n);\n\n{rest}"
        f"-- @into {entity_type.name} @from {table}\nSELECT\n{select}\nFROM {table};\n"
    )


def _doubt(column: Column, values: Sequence[Any]) -> str:
    """What is unsure about values for a column; empty where all of them can be stored."""
    wrong: dict[str, None] = {}
    for value in values:
        text = staged_rows.cell(None if isinstance(value, Unstorable) else value)
        if text in (None, ""):
            continue
        try:
            column.coerce(text)
        except ValueError:
            wrong[str(text)] = None
    if not wrong:
        return ""
    shown = ", ".join(repr(text)[:40] for text in itertools.islice(wrong, _VALUES))
    hint = hints.value(_KINDS.get(column.type.kind, ""), next(iter(wrong)))
    return f"unsure: {shown} is not {column.expected}. {hint or ''}".strip()


def _comment(text: str) -> str:
    """In one line, and without what would be a marker."""
    return " ".join(text.split()).replace("@", "(at)")


def _name(name: str) -> str:
    return name if _SIMPLE.fullmatch(name) and name.lower() not in _WORDS else quoted(name)


def _pattern(stem: str) -> str:
    return glob.escape(" ".join(stem.split())).replace("@", "?")


_WORDS = frozenset(
    "all and as asc between by case check collate create cross default desc distinct drop else end"
    " except exists for foreign from full group having in index insert into is join key left like"
    " limit natural not null on or order outer primary references right select set table then to"
    " union unique update using values view when where with".split()
)
