"""What shape a JSON document has: where its rows are, and which shapes have none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..base.text import in_line
from ..base.wording import choice, option_of_import
from ..errors import SourceError

#: What to do with a document of columns or lists.
OBJECTS = (
    "Give each row as an object with the names of its fields; pandas writes so by"
    " to_json(orient='records')."
)

_USUAL = frozenset(
    ("data", "items", "results", "records", "rows", "value", "content", "entries", "entry")
)
_DEEP = 3  # levels of a document that are searched for rows
_PLACES = 3  # places that a hint names
_STEP = re.compile(r'\.?(?P<key>[^.\[\]"]+)|\.?"(?P<quoted>[^"]+)"|\[(?P<place>\d{1,9}|\*)\]')
_KINDS = {
    list: "a list", dict: "an object", str: "a text", bool: "true or false", int: "a number",
    float: "a number", type(None): "null",
}  # fmt: skip


def kind(value: Any) -> str:
    """What a value of JSON is, in words."""
    return _KINDS.get(type(value), "no object")


def envelope(document: dict[str, Any]) -> str | None:
    """The key of the one list of objects, beside which things tell of it, as APIs answer."""
    lists = [name for name, value in document.items() if _is_rows(value)]
    if len(lists) != 1 or _USUAL.isdisjoint(document):
        return None
    others = [name for name, value in document.items() if isinstance(value, list)]
    return lists[0] if lists[0] in _USUAL or len(others) < len(document) else None


def has_columns(document: dict[str, Any]) -> bool:
    """Whether it has lists or numbered objects of values, where rows would be objects."""
    values = [*document.values()]
    if not values:
        return False
    if any(name in _USUAL and _has_lists(value) for name, value in document.items()):
        return True
    if all(isinstance(value, list) for value in values):
        return any(value and not any(isinstance(one, dict) for one in value) for value in values)
    numbered = [isinstance(value, dict) and "0" in value for value in values]
    return all(numbered)


def _has_lists(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def where_rows_are(document: Any, below: str | None) -> str | None:
    """A hint that tells the places of a document which may have the rows; None where none has.

    Args:
        document: what is read.
        below: the path that the user gave already.
    """
    places = []
    for path, value in _inside(document, below or "", _DEEP):
        if path != (below or "") and _is_rows(value):
            places.append(path)
    if not places and isinstance(document, dict):
        places = [
            f"{below}.{name}" if below else name
            for name, value in document.items()
            if name in _USUAL and isinstance(value, dict) and value
        ]
    if not places:
        return None
    told = " or ".join(option_of_import("at", place) for place in places[:_PLACES])
    return f"Are the rows deeper in it? {told}."


def _inside(value: Any, path: str, deep: int) -> Iterator[tuple[str, Any]]:
    """Each value below another one with its path; of a list its first item stands for all."""
    yield path, value
    if deep and isinstance(value, dict):
        for name, one in value.items():
            if _STEP.fullmatch(name):
                yield from _inside(one, f"{path}.{name}" if path else name, deep - 1)
    elif deep and isinstance(value, list) and value and isinstance(value[0], dict):
        for name, one in value[0].items():
            if isinstance(one, dict) and len(value[0]) <= _PLACES and _STEP.fullmatch(name):
                yield f"{path}[*].{name}", [one]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def at(name: str, document: Any, path: str | None) -> Any:
    """What is at the path that a user gave: ``data.items``, ``$.entry[*].resource``.

    Args:
        name: of the file, for messages.
        document: of JSON.
        path: as the user gave it.

    Raises SourceError, with what is there.
    """
    if not path or path == "$" or (isinstance(document, dict) and path in document):
        return document[path] if path and path != "$" else document
    return _follow(name, document, path.removeprefix("$"), path)


def _follow(name: str, document: Any, rest: str, path: str) -> Any:
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise SourceError(
                f"{path!r:.60} is no path in JSON.",
                hint="A path is made of names, points, [*] and [0], such as entry[*].resource.",
            )
        rest = rest[match.end() :]
        key, place = match["key"] or match["quoted"], match["place"]
        if place == "*" and isinstance(document, list):
            if not rest:
                return document
            return [_follow(name, item, rest, path) for item in document]
        if place and place != "*" and isinstance(document, list) and int(place) < len(document):
            document = document[int(place)]
        elif key and isinstance(document, dict) and key in document:
            document = document[key]
        else:
            there = f"There is: {in_line(document)}." if isinstance(document, dict) else None
            if key and isinstance(document, list):
                there = f"It is a list; [*] before .{key:.60} takes each of its items."
            raise SourceError(
                f"{name} has nothing at {path!r:.60}: no {(key or place)!r:.60}.",
                hint=there or f"There is {kind(document)}.",
            )
    return document


def not_in_lines(first: str) -> str | None:
    """A hint where the first line of what should be lines of JSON begins one document."""
    if first.strip()[:1] == "[" or first.strip() == "{":
        return f"Is it one document over many lines? {choice('format', ['json'])}."
    return None
