"""Where records are in a JSON document: paths such as ``$.entry[*].resource``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import DeclarationError

Step = str | int | None  # a key, a place in a list from 0, or each of a list

_STEP = re.compile(r'\.(?P<key>[^.\[\]"\s]+)|\."(?P<quoted>[^"]+)"|\[(?P<place>\d{1,9}|\*)\]')


def steps(path: str, where: str) -> tuple[Step, ...]:
    """The steps of a path.

    Args:
        path: ``$`` is the document itself, ``.key`` or ``."a key"`` a value of an object,
            ``[0]`` and ``[*]`` one and each of a list.
        where: file and line, for the message.

    Raises DeclarationError.
    """
    found: list[Step] = []
    at = 1
    while path.startswith("$") and at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            break
        key = match["key"] or match["quoted"]
        found.append(key or (None if match["place"] == "*" else int(match["place"])))
        at = match.end()
    if not path.startswith("$") or at < len(path):
        raise DeclarationError(
            f"{where}: @json {path}",
            hint="A path is made of $, .key, [*] and [0], such as $.entry[*].resource.",
        )
    return tuple(found)


def records(document: Any, path: Sequence[Step]) -> Iterator[Any]:
    """What is at a path; nothing where there is nothing. A list at its end is each of its items.

    Args:
        document: of JSON.
        path: its `steps`.
    """
    if not path:
        if isinstance(document, list):
            yield from document
        elif document is not None:
            yield document
        return
    step, rest = path[0], path[1:]
    if step is None:
        for item in document if isinstance(document, list) else ():
            yield from records(item, rest)
    elif isinstance(step, int):
        if isinstance(document, list) and step < len(document):
            yield from records(document[step], rest)
    elif isinstance(document, dict) and step in document:
        yield from records(document[step], rest)


def inside(record: dict[str, Any], name: str) -> Any:
    """The value that a column is called after: a key, or a path such as ``name[0].given``.

    Args:
        record: a JSON object.
        name: of the column.
    """
    if name in record or not ("." in name or "[" in name):
        return record.get(name)
    value: Any = record
    for match in _STEP.finditer(f".{name}"):
        key, place = match["key"] or match["quoted"], match["place"]
        if key and isinstance(value, dict):
            value = value.get(key)
        elif place and place != "*" and isinstance(value, list) and int(place) < len(value):
            value = value[int(place)]
        else:
            return None
    return value
