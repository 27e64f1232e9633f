"""How files are to be read: one declaration, from which every door has its options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from ..base.text import did_you_mean
from ..errors import InvalidArgument

COMPRESSIONS = ("gz", "zst", "zip", "none")
SHORT_ROWS = ("error", "null")
_CODE = re.compile(r"\\x([0-9a-fA-F]{2})")  # of a sign that nobody can type
_PAIRS = ("map", "value")  # a dict, where the door has such a thing

#: Options that say how values are written, whatever they are read from; the others are of files.
OF_VALUES = (
    "null", "decimal", "thousands", "date_format", "time_format", "whole_numbers", "ignore", "map",
    "value",
)  # fmt: skip

#: The options of an import that say what becomes of rows that do not fit.
TOLERANCE = ("bad_rows", "orphans")


@dataclass(frozen=True, slots=True)
class Spec:
    """One option as a door shows it.

    ``name`` is that of the field. ``kind`` is text, texts (several, separated by commas), number,
    flag, or one of ``choices``. ``each``: the option may be repeated on the command line, since
    its values may have commas.
    """

    name: str
    kind: str
    help: str
    default: Any
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    each: bool = False


def _option(
    default: Any, kind: str, help: str, metavar: str | None = None, *,
    choices: tuple[str, ...] = (), each: bool = False,
) -> Any:  # fmt: skip
    spec = {"kind": kind, "help": help, "metavar": metavar, "choices": choices, "each": each}
    return field(default=default, metadata=spec)


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How files are read. Nothing of it is guessed: what is not given is as the default says.

    Each field has its meaning in its ``help``. `specs` returns all of them for a door.
    """

    encoding: str = _option("utf-8", "text", "Of text files; a byte order mark tells its own.")
    columns: tuple[str, ...] = _option((), "texts", "The header of a file that has none.", "A,B,C")
    delimiter: str | None = _option(
        None, "text", "Between cells, such as ';', '|' or tab  [default: as the format says]"
    )
    quote: str = _option('"', "text", "Around cells with delimiters in them; none for no quotes.")
    skip_lines: int = _option(0, "number", "Lines before the header.")
    skip_footer: int = _option(0, "number", "Lines at the end.")
    comment: str | None = _option(None, "text", "Lines that begin so are left out, such as '#'.")
    short_rows: str = _option(
        "error", "choice", "Rows with fewer cells than the header.", choices=SHORT_ROWS
    )
    null: tuple[str, ...] = _option((), "texts", "Words that mean no value.", "NA,NULL")
    decimal: str = _option(".", "text", "The decimal sign of numbers.")
    thousands: str | None = _option(None, "text", "The sign between thousands, such as ','.")
    date_format: tuple[str, ...] = _option(
        (),
        "texts",
        "Of dates, such as DD/MM/YYYY; of one column as column=FORMAT.",
        "FORMAT",
        each=True,
    )
    time_format: tuple[str, ...] = _option(
        (),
        "texts",
        "Of moments, such as 'DD.MM.YYYY hh:mm'; of one column as column=FORMAT.",
        "FORMAT",
        each=True,
    )
    whole_numbers: bool = _option(
        False, "flag", "Store 2134.0 as 2134 in a field of text, and count how many."
    )
    ignore: tuple[str, ...] = _option(
        (),
        "texts",
        "A column to leave out; the second one of a name is city#2.",
        "COLUMN",
        each=True,
    )
    map: tuple[str, ...] = _option(
        (),
        "texts",
        "A column that means a field, such as 'Last=family_name'; of one entity type as "
        "'Last=members.family_name'.",
        "COLUMN=FIELD",
        each=True,
    )
    value: tuple[str, ...] = _option(
        (), "texts", "A field with one value for all rows: plan_type=HMO", "FIELD=TEXT", each=True
    )
    compression: str | None = _option(
        None, "choice", "Of the file  [default: as its content tells]", choices=COMPRESSIONS
    )
    sheet: str | None = _option(None, "text", "Of a workbook that has several.")
    at: str | None = _option(None, "text", "Where the rows are in a JSON document: data.items")

    def __post_init__(self) -> None:
        """Raises InvalidArgument, which names the option."""
        for spec in specs():
            _check(spec, getattr(self, spec.name))
        for name in ("decimal", "thousands"):
            sign = getattr(self, name)
            if sign is not None and len(sign) != 1:
                raise _wrong(name, sign, "It is one sign.")
        if self.delimiter is not None and len(self.separator(",")) != 1:
            raise _wrong(
                "delimiter",
                self.delimiter,
                "It is one sign, the word tab, or \\x01 for one that cannot be typed.",
            )
        if self.quote not in ("none", "") and len(self.quote) != 1:
            raise _wrong("quote", self.quote, "It is one sign, or the word none.")
        if self.thousands == self.decimal:
            raise _wrong("thousands", self.thousands, "The decimal sign is another one.")
        if self.quoting and self.separator(",") == self.quoting:
            raise _wrong("quote", self.quote, "The delimiter is another sign.")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> ReadingOptions:
        """The options of these values by name. Raises InvalidArgument, also for an unknown one."""
        known = {spec.name: spec for spec in specs()}
        for name in given:
            if name not in known:
                raise InvalidArgument(
                    f"Unknown reading option {name!r:.60}.",
                    hint=did_you_mean(str(name), known) or f"Known: {', '.join(known)}.",
                )
        values = {name: _listed(known[name], value) for name, value in given.items()}
        return cls(**values)

    def separator(self, usual: str) -> str:
        """The sign between cells; ``usual`` is that of the format."""
        if self.delimiter is None:
            return usual
        if self.delimiter in ("tab", "\\t"):
            return "\t"
        code = _CODE.fullmatch(self.delimiter)
        sign = chr(int(code[1], 16)) if code else "\0"
        return self.delimiter if sign in "\0\r\n" else sign

    @property
    def quoting(self) -> str | None:
        """The quote; None where there is none."""
        return None if self.quote in ("none", "") else self.quote

    def given(self) -> dict[str, Any]:
        """What is not as by default, JSON-ready."""
        values = {spec.name: getattr(self, spec.name) for spec in specs()}
        return {
            spec.name: [*values[spec.name]] if spec.kind == "texts" else values[spec.name]
            for spec in specs()
            if values[spec.name] != spec.default
        }


def specs() -> tuple[Spec, ...]:
    """All options, in the order in which doors show them."""
    found = []
    for one in fields(ReadingOptions):
        default = None if one.default is MISSING else one.default
        found.append(Spec(name=one.name, default=default, **one.metadata))
    return tuple(found)


def reserved() -> tuple[str, ...]:
    """The names that no option of an importer may have: a door may take all of them in one."""
    return (*(spec.name for spec in specs()), *TOLERANCE)


def _listed(spec: Spec, value: Any) -> Any:
    if value is None:
        return spec.default
    if spec.kind == "number" and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if spec.kind != "texts":
        return value
    if isinstance(value, str):
        return (value,) if spec.each else tuple(part.strip() for part in value.split(","))
    if isinstance(value, Mapping) and (spec.name.endswith("_format") or spec.name in _PAIRS):
        return tuple(f"{column}={text}" for column, text in value.items())
    return tuple(value) if isinstance(value, list | tuple) else value


def _check(spec: Spec, value: Any) -> None:
    if value is None and spec.default is None:
        return
    if spec.kind == "texts":
        good = isinstance(value, tuple) and all(isinstance(part, str) for part in value)
        wanted = "Give a list of texts."
    elif spec.kind == "number":
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000
        wanted = "It is a whole number from 0."
    elif spec.kind == "flag":
        good, wanted = isinstance(value, bool), "It is true or false."
    else:
        good, wanted = isinstance(value, str), "Give text."
        if spec.choices:
            good, wanted = value in spec.choices, f"It is one of {', '.join(spec.choices)}."
    if not good:
        raise _wrong(spec.name, value, wanted)


def _wrong(name: str, value: Any, wanted: str) -> InvalidArgument:
    return InvalidArgument(f"{name} is {value!r:.60}.", hint=wanted)


#: What is read without any option.
USUAL = ReadingOptions()
