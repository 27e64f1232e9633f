"""A parameter of a question: its type, what fits it, and the value that the SELECT gets.

Every way to ask a question uses `Parameter.bind`, so that one value means the same everywhere. How
a parameter is declared is read by `schema.parameter_marker`.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.json_text import read_json
from ..base.text import did_you_mean, shorten
from .types import LogicalType, Stored
from .values import unwrapped

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
COLUMN = re.compile(r"([a-z][a-z0-9_]{0,62})\.([a-z][a-z0-9_]{0,62})")

_WHOLE = re.compile(r"([+-]?\d{1,18})(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_AMOUNT = re.compile(r"([+-]?)\$?\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d*)?", re.ASCII)
_CODE = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,39}", re.ASCII)
_DATE = LogicalType.parse("DATE")

_TOLD_CHOICES = 30
_MOST_CHOICES = 500  # and spellings of them; of a file, which may be a stranger's


# -- the types ------------------------------------------------------------------------------------


def _integer(value: Any) -> int:
    if isinstance(value, str):
        match = _WHOLE.fullmatch(value)
        if match is None:
            raise ValueError(value)
        return int(match[1])
    if isinstance(value, bool) or value != int(value) or abs(value) >= 2**63:
        raise ValueError(value)
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueError(value)
    elif isinstance(value, bool):
        raise ValueError(value)
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def _amount(value: Any) -> float:
    if not isinstance(value, str):
        return _number(value)
    match = _AMOUNT.fullmatch(value)
    if match is None:
        raise ValueError(value)
    sign, whole, fraction = match.groups("")
    return _number(sign + whole.replace(",", "") + fraction)


def _date(value: Any) -> Stored:
    return _DATE.coerce(value)


def _code(value: Any) -> str:
    # A number would have lost the zeros at its ends: 250.10 is no 250.1.
    if isinstance(value, float):
        raise ValueError(value)
    found = _text(value).upper()
    if not _CODE.fullmatch(found):
        raise ValueError(value)
    return found.replace(".", "")


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    found = str(value)
    found.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
    if "\0" in found:
        raise ValueError(value)
    return found


def _path(value: Any) -> str:
    return _text(os.fspath(value) if isinstance(value, os.PathLike) else value)


@dataclass(frozen=True, slots=True)
class Kind:
    """What all parameters of one type have in common.

    ``expected`` says what a value must be, ``example`` is one as a person types it. ``coerce``
    gives the value that the SELECT gets, or raises ValueError. ``ordered``: it may have bounds.
    """

    expected: str
    example: str
    coerce: Callable[[Any], Stored]
    ordered: bool = False


KINDS: Mapping[str, Kind] = {
    "integer": Kind("a whole number", "10", _integer, ordered=True),
    "number": Kind("a number", "8.5", _number, ordered=True),
    "amount": Kind("an amount", "$10,000", _amount, ordered=True),
    "date": Kind("a date that exists, as YYYY-MM-DD", "2025-01-31", _date, ordered=True),
    "code": Kind(
        "a code or the beginning of one, of letters, digits, dots and hyphens", "E11.9", _code
    ),
    "choice": Kind("one of", "", _text),
    "text": Kind("text", "", _text),
    "file": Kind("the path of a file", "", _path),
}

#: The type of an option whose value is the path of a file, which only formats have.
FILE = "file"

#: The type of a parameter that is not declared: its value is bound as it is given.
ANY = "any"


# -- a parameter ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A value that whoever asks a question may give. ``type`` is one of the keys of `KINDS`.

    It is ``any`` for one that is not declared. ``default`` is bound where nothing is given,
    ``least`` and ``most`` are the bounds; all three are as the SELECT gets them. ``values`` are
    what a choice may be, and ``synonyms`` are other spellings of them. ``column`` is the column
    that a code is one of, as ``table.column``; empty where none is declared.
    """

    name: str
    type: str = ANY
    default: Stored = None
    least: Stored = None
    most: Stored = None
    values: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    column: str = ""

    @functools.cached_property
    def _spellings(self) -> dict[str, str]:
        return {spelling.casefold(): value for spelling, value in self.synonyms.items()} | {
            value.casefold(): value for value in self.values
        }

    @property
    def of_file(self) -> bool:
        """Whether its value is the path of a file, which a server must not read from anywhere."""
        return self.type == FILE

    def bind(self, value: Any = None) -> Stored:
        """What the SELECT gets for a value. Where it is None or blank: the default, or NULL.

        Raises ValueError where it does not fit; `problem` says why.
        """
        try:
            if value is not None and unwrapped(value) is None:
                raise ValueError(value)  # NaN is no wish for the default
            value = unwrapped(value)
            if isinstance(value, str):
                value = value.strip()
            if value is None or value == "":
                return self.default
            return self._fit(value)
        except (TypeError, OverflowError, ArithmeticError) as error:
            raise ValueError(value) from error

    def _fit(self, value: Any) -> Stored:
        found = KINDS[self.type].coerce(value)
        if self.type == "choice":
            if str(found).casefold() not in self._spellings:
                raise ValueError(value)
            return self._spellings[str(found).casefold()]
        below = self.least is not None and found < self.least  # type: ignore[operator]
        if below or (self.most is not None and found > self.most):  # type: ignore[operator]
            raise ValueError(value)
        return found

    def problem(self, value: Any) -> str:
        """Why a value cannot be bound: the parameter, what was given, and what fits."""
        told = f"{shorten(repr(value), 60)} does not fit {self.name}: give {self.expected}"
        near = did_you_mean(value.strip(), self._known()) if isinstance(value, str) else None
        example = f", such as {self.example}" if self.type in KINDS and self.example else ""
        return f"{told}{example}.{f' {near}' if near else ''}"

    def _known(self) -> list[str]:
        return [*self.synonyms, *self.values]

    @property
    def example(self) -> str:
        """A value that fits, as a person types it; empty for a choice, whose values are told."""
        if self.type in (ANY, "choice"):
            return ""
        if self.default is not None:
            return self.written(self.default)
        kind = KINDS[self.type]
        if kind.ordered:
            for bound in (None, self.least, self.most):
                text = kind.example if bound is None else self.written(bound)
                try:
                    self.bind(text)
                except ValueError:
                    continue
                return text
        return kind.example

    @property
    def expected(self) -> str:
        """What a value must be: ``a whole number from 0 to 150``."""
        if self.type == ANY:
            return "text or a number"
        expected = KINDS[self.type].expected
        if self.type == "choice":
            told = [self.label(value) for value in self.values[:_TOLD_CHOICES]]
            more = len(self.values) - len(told)
            return f"{expected} {', '.join(told)}{f' and {more} more' if more else ''}"
        if self.least is not None and self.most is not None:
            return f"{expected} from {self.written(self.least)} to {self.written(self.most)}"
        if self.least is not None:
            return f"{expected}, at least {self.written(self.least)}"
        return expected if self.most is None else f"{expected}, at most {self.written(self.most)}"

    def label(self, value: str) -> str:
        """A choice for a reader: the stored value, and in brackets the word for it."""
        words = (s for s, meant in self.synonyms.items() if meant == value)
        word = next(words, value)
        return value if word.casefold() == value.casefold() else f"{value} ({word})"

    def written(self, value: Stored) -> str:
        """A bound value as a person types it: 10000.0 as 10000."""
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        return "" if value is None else str(value)

    @property
    def told(self) -> str:
        """The parameter in one line: ``least: a number, by default 9: the A1C in percent``."""
        default = "" if self.default is None else f", by default {self.written(self.default)}"
        about = f": {self.description}" if self.description else ""
        return f"{self.name}: {self.expected}{default}{about}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without what is empty; `from_dict` reads it."""
        told = {
            "name": self.name,
            "type": self.type,
            "default": self.default,
            "least": self.least,
            "most": self.most,
            "values": list(self.values),
            "synonyms": dict(self.synonyms),
            "description": self.description,
            "column": self.column,
        }
        return {key: value for key, value in told.items() if value not in (None, [], {}, "")}

    @classmethod
    def from_dict(cls, told: Any) -> Parameter:
        """The parameter of which `to_dict` told. Raises ValueError for what tells of none.

        It may come from a stranger's file, so everything is looked at.
        """
        fields: dict[str, Any] = {
            "name": str, "type": str, "default": str | int | float, "least": str | int | float,
            "most": str | int | float, "values": list, "synonyms": dict, "description": str,
            "column": str,
        }  # fmt: skip
        if not isinstance(told, dict) or "name" not in told:
            raise ValueError("a parameter is no object with a name")
        for key, value in told.items():
            if key not in fields or not isinstance(value, fields[key]) or isinstance(value, bool):
                raise ValueError(f"{key!r:.40} of a parameter is {value!r:.40}")
        values, synonyms = told.get("values", []), told.get("synonyms", {})
        texts = [*values, *synonyms, *synonyms.values(), told.get("description", "")]
        if len(texts) > _MOST_CHOICES or not all(
            isinstance(text, str) and text.isprintable() for text in texts
        ):
            raise ValueError("the choices or the description of a parameter")
        made = cls(**told | {"values": tuple(values)})
        if not NAME.fullmatch(made.name) or made.type not in KINDS or made.type == FILE:
            raise ValueError(f"a parameter {made.name!r:.60} of the type {made.type!r:.60}")
        check(made)
        return made


def check(parameter: Parameter) -> None:
    """Raises ValueError where a bound, the default or a synonym does not fit the parameter."""
    kind = KINDS[parameter.type]
    bounds = [bound for bound in (parameter.least, parameter.most) if bound is not None]
    if bounds and not kind.ordered:
        raise ValueError(f"{parameter.name} has bounds, and {parameter.type} has none")
    if bounds != sorted(map(kind.coerce, bounds)):  # type: ignore[type-var]
        raise ValueError(f"the bounds of {parameter.name}")
    if parameter.column and (parameter.type != "code" or not COLUMN.fullmatch(parameter.column)):
        raise ValueError(f"{parameter.name} is one of {parameter.column!r:.60}")
    if bool(parameter.values) != (parameter.type == "choice"):
        raise ValueError(f"{parameter.name} has choices, or is a choice without any")
    for spelling, value in parameter.synonyms.items():
        if value not in parameter.values:
            raise ValueError(f"{spelling}={value} of {parameter.name}")
    default = parameter.default
    if default is not None and parameter.bind(default) != default:
        raise ValueError(f"the default of {parameter.name}")


def read_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters that a scenario file keeps of a question, as JSON. Raises ValueError."""
    told = read_json(text)
    if not isinstance(told, list):
        raise ValueError("they are no list")
    found = {parameter.name: parameter for parameter in map(Parameter.from_dict, told)}
    if len(found) < len(told):
        raise ValueError("one is there twice")
    return tuple(found.values())


def write_parameters(parameters: Iterable[Parameter]) -> str:
    """The same as text."""
    return json.dumps([parameter.to_dict() for parameter in parameters], ensure_ascii=False)
