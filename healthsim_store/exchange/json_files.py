"""JSON documents and lines of JSON; a key that comes twice in one object is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..base.text import in_line
from ..base.wording import option_of_import
from ..errors import SourceError
from . import json_shapes
from .formats import Tables
from .source import Source

_SPACE = re.compile(r"[\s\x1e]*")


class _Twice(ValueError):
    """A JSON object has a key twice; Python would keep the last value and lose the others."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs. Raises _Twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _not_json(source: Source, line: int, error: ValueError | RecursionError) -> SourceError:
    """The error for a JSON document, or for a line of one."""
    where = f"{source.name}, line {line}" if line else source.name
    if isinstance(error, _Twice):
        return SourceError(
            f"{where}: {str(error)!r:.60} is there twice in one object.",
            hint="Give each field one value.",
        )
    if isinstance(error, json.JSONDecodeError):
        line = line or error.lineno
        return SourceError(f"{source.name}, line {line}: not JSON ({error.msg}).")
    if isinstance(error, RecursionError):
        return SourceError(f"{where} is nested too deeply.")
    # Of the limits of Python one is left: how many digits a whole number may have.
    return SourceError(f"{where}: a number has too many digits.", hint="Give it as text.")


def read_json(source: Source) -> Tables:
    """The rows of a JSON document: a list, an object of lists by entity type, or one object.

    Documents that follow each other, as lines of JSON do, are rows too. ``at`` of the options is
    the path of what is read.
    """
    found = [*documents(source)]
    several = [document for document, _ in found]
    if len(several) > 1:
        for row, (_, line) in enumerate(found):
            source.lines.begin(row, line)
        others = [one for one in several if not isinstance(one, dict)]
        if others or source.reading.at:
            raise SourceError(
                f"{source.name} has {len(several)} JSON documents, which are not all objects.",
                hint="Give one document, or one object in each line.",
            )
        given = dict(source.given)
        yield None, [{**one, **given} for one in several] if given else several
        return
    if not several:
        raise SourceError(
            f"{source.name} is empty, which is not JSON.", hint="Give a list of objects."
        )
    source.lines.items = True
    source.lines.begin(0, 1)
    yield from _tables(source, json_shapes.at(source.name, several[0], source.reading.at))


def documents(source: Source) -> Iterator[tuple[Any, int]]:
    """Each JSON document of a file with the line that it begins in, from 1."""
    with source.text() as text:
        try:
            content = text.read()
        except UnicodeDecodeError as error:
            raise source.undecodable(0, error) from error
    try:
        yield from [*_documents(source, content)]
    except (ValueError, RecursionError) as error:
        raise _not_json(source, 0, error) from error


def _documents(source: Source, content: str) -> Iterator[tuple[Any, int]]:
    """Each document with the line that it begins in."""
    at, row, line, counted = _end_of_space(content, 0), 0, 1, 0
    while at < len(content):
        line += content.count("\n", counted, at)
        counted = at
        try:
            document, end = _DECODER.raw_decode(content, at)
        except _Twice as error:
            raise _not_json(source, line if row else 0, error) from error
        yield document, line
        if not isinstance(document, dict) and _end_of_space(content, end) < len(content):
            raise json.JSONDecodeError("Extra data", content, end)
        at, row = _end_of_space(content, end), row + 1


def _end_of_space(content: str, at: int) -> int:
    match = _SPACE.match(content, at)
    return match.end() if match else at


def _tables(source: Source, document: Any) -> Tables:
    at, ignored = source.reading.at, source.reading.ignore
    if isinstance(document, dict) and ignored:
        document = {name: value for name, value in document.items() if name not in ignored}
    source.suggest(json_shapes.where_rows_are(document, at))
    if isinstance(document, list):
        yield None, _objects(source, document)
    elif isinstance(document, dict) and "datasetJSONVersion" in document:
        raise SourceError(
            f"{source.name} is Dataset-JSON, which is read by the name of its standard.",
            hint=f"{option_of_import('format', 'NAME')}.",
        )
    elif isinstance(document, dict) and json_shapes.has_columns(document):
        raise SourceError(
            f"{source.name} has lists of values: {in_line(document, 100)}.",
            hint=json_shapes.OBJECTS,
        )
    elif isinstance(document, dict) and not at and (key := json_shapes.envelope(document)):
        raise SourceError(
            f"{source.name} is an object with {in_line(document, 100)}, of which"
            f" {in_line([key], 60)} may have the rows.",
            hint=f"{option_of_import('at', key)}.",
        )
    elif isinstance(document, dict) and all(isinstance(v, list) for v in document.values()):
        for name, rows in document.items():
            yield name, _objects(source, rows, f" of {name}")
    elif isinstance(document, dict):
        yield None, _objects(source, [document])
    else:
        raise SourceError(
            f"{source.name} is {json_shapes.kind(document)}.",
            hint='Give a list of objects, or {"patients": [...], "encounters": [...]}.',
        )


def _objects(source: Source, rows: list[Any], of: str = "") -> list[dict[str, Any]]:
    """The rows of a list, with what the names of folders give them.

    Args:
        source: the file.
        rows: the list.
        of: whose list it is, where the document has several; nothing is left out of those, since
            an item's number is that of one list.
    """
    given = dict(source.given)
    found: list[dict[str, Any]] = []
    for item, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            reason = f"{json_shapes.kind(row)}, and not an object"
            if of:
                where = f"{source.name}, item {item}{of}: "
                raise SourceError(f"{where}{reason}.", hint=json_shapes.OBJECTS)
            source.bad_row(item, reason, json_shapes.OBJECTS, value=row)
            continue
        if not of:
            source.lines.begin(len(found), item)
        found.append({**row, **given} if given else row)
    return found


def read_lines(source: Source) -> Iterator[dict[str, Any]]:
    """The objects of a file that has one in each line."""
    given = dict(source.given)
    with source.text() as text:
        number = row = 0
        try:
            for line in text:
                number += 1
                if not line.strip():
                    continue
                try:
                    found = _DECODER.decode(line)
                except (ValueError, RecursionError) as error:
                    told = _not_json(source, number, error)
                    if source.refuse is None:
                        if number == 1 and isinstance(error, json.JSONDecodeError):
                            told.hint = json_shapes.not_in_lines(line)
                        raise told from error
                    twice = isinstance(error, _Twice)
                    reason = "a key is there twice in one object" if twice else "not JSON"
                    source.bad_row(number, reason, value=line.strip())
                    continue
                if not isinstance(found, dict):
                    reason = f"{json_shapes.kind(found)}, and not an object"
                    hint = json_shapes.not_in_lines(line) if number == 1 else json_shapes.OBJECTS
                    source.bad_row(number, reason, hint, value=found)
                    continue
                source.lines.begin(row, number)
                row += 1
                yield {**found, **given} if given else found
        except UnicodeDecodeError as error:
            raise source.undecodable(number, error) from error
