"""Words in fields of text that may mean no value: they are stored, and told once in the reply.

Nobody but the caller knows: None may be the name of a religion, NA the code of a country.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..base.text import shorten
from ..base.wording import PYTHON, here, option_of_import, takes

#: As programs write what is missing: databases, pandas, R, Python, spreadsheets.
WORDS = frozenset([
    "NULL", "Null", "null", "(null)", "<null>", "NaN", "nan", "NAN", "NaT", "nat", "<NA>", "NA",
    "N/A", "n/a", "#N/A", "#NA", "None", "nil", "undefined", "\\N",
])  # fmt: skip

_NOTHING = {PYTHON: "None"}
_FIELDS = 6  # that one note tells

#: By entity type, field and word, how often it came.
Suspects = Mapping[str, Mapping[str, Mapping[str, int]]]


def has_words(values: Iterable[Any]) -> bool:
    """Whether one of the values is such a word."""
    try:
        return not WORDS.isdisjoint(values)
    except TypeError:  # one cannot be hashed, and is no text
        return any(type(value) is str and value in WORDS for value in values)


def told(suspects: Suspects, *, of_files: bool) -> Iterator[str]:
    """What the reply says of them: where they are, how many, and how to make them nothing.

    Args:
        suspects: what came.
        of_files: the rows were read from files, which has options at every door.
    """
    found = [
        (f"{entity_type}.{shorten(str(field), 60)}", counts)
        for entity_type, fields in suspects.items()
        for field, counts in fields.items()
        if counts
    ]
    if not found:
        return
    places = [
        f"{name} {', '.join(f'{word} ({count:,})' for word, count in counts.items())}"
        for name, counts in found[:_FIELDS]
    ]
    more = f"; {len(found) - _FIELDS:,} other fields" if len(found) > _FIELDS else ""
    words = dict.fromkeys(word for _, counts in found for word in counts)
    way = f"give {_NOTHING.get(here().kind, 'null')} in its place"
    if of_files or takes("null"):
        way = option_of_import("null", ",".join(words))
    yield (
        f"Stored as text, but it may mean no value: {'; '.join(places)}{more}. To make it nothing:"
        f" {way}."
    )
