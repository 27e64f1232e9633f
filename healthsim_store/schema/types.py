"""Logical types: what a column of schema.sql means, beyond what SQLite can store.

SQLite's STRICT tables know five types. A logical type adds to one of them a CHECK, the spellings
that are understood on the way in, the types of Arrow and of a Data Package on the way out, and when
two values are the same. All of it stands in one `Kind`; a new type is one more in `KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import partial_moments, values
from .values import Stored as Stored
from .values import Usual

if TYPE_CHECKING:
    import pyarrow as pa

_DECLARED = re.compile(r"\s*([A-Za-z_ ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*")

TYPE_NAMES = (
    "VARCHAR, VARCHAR(n), INTEGER, REAL, DECIMAL(p,s), BOOLEAN, DATE, TIMESTAMP, PARTIAL_TIMESTAMP,"
    " JSON"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What all logical types of one kind have in common.

    ``spellings`` are their names in SQL, the first one being ours. ``storage`` is the type in a
    STRICT table, ``check`` the CHECK by which SQLite refuses what is not of the type, over a
    column's quoted name. ``unlike`` is the SQL by which two values that are not the same to the
    letter differ all the same; None where any difference counts. ``package`` is the type in a Data
    Package, ``pattern`` the regular expression that text fits there. ``typed_text``: delimited text
    has it as Arrow writes the declared type, and not as it is stored. ``moment``: a day or a time,
    by which rows have an order. ``usual`` gives, for a size and a scale, the stored form of text in
    the spelling that most files have, quickly; None for any other text, which is left to
    ``coerce``.
    """

    name: str
    spellings: tuple[str, ...]
    storage: str
    package: str
    expected: Callable[[LogicalType], str]
    coerce: Callable[[Any, int | None, int], Stored]
    plain: Callable[[Sequence[Any], int | None, int], bool]
    arrow: Callable[[LogicalType], pa.DataType]
    rounded: Callable[[Any, int | None, int], Stored] | None = None
    check: Callable[[LogicalType, str], str | None] = lambda type_, column: None
    unlike: Callable[[LogicalType, LogicalType, str, str], str] | None = None
    pattern: str | None = None
    typed_text: bool = False
    moment: bool = False
    usual: Callable[[int | None, int], Usual | None] = lambda size, scale: None


@dataclass(frozen=True, slots=True)
class LogicalType:
    """A declared SQL type. ``sql`` is its one spelling, ``kind`` the name of what it means.

    ``size`` is the length of a VARCHAR, or the digits of a DECIMAL; ``scale`` its decimals.
    """

    sql: str
    kind: str
    size: int | None = None
    scale: int = 0

    @classmethod
    def parse(cls, declared: str) -> LogicalType:
        """Read ``DECIMAL(12, 2)``. Raises ValueError for a type that is not one of TYPE_NAMES."""
        match = _DECLARED.fullmatch(declared)
        name = " ".join(match[1].upper().split()) if match else ""
        kind = _by_spelling().get(name)
        if match is None or kind is None:
            raise ValueError(declared)
        size = int(match[2]) if match[2] else None
        scale = int(match[3] or 0)
        if kind.name == "decimal" and (size is None or not scale <= size <= 15):
            # REAL is exact to 15 decimal digits; more would be stored as something else.
            raise ValueError(declared)
        if kind.name == "decimal":
            return cls(f"DECIMAL({size},{scale})", kind.name, size, scale)
        if kind.name == "text":
            return cls(f"VARCHAR({size})" if size else "VARCHAR", kind.name, size)
        return cls(kind.spellings[0], kind.name)

    @property
    def storage(self) -> str:
        """The type of the column in a STRICT table."""
        return KINDS[self.kind].storage

    @property
    def package(self) -> str:
        """The type of the field in a Data Package."""
        return KINDS[self.kind].package

    @property
    def pattern(self) -> str | None:
        """The regular expression that text fits in a Data Package; None where any text does."""
        return KINDS[self.kind].pattern

    @property
    def typed_text(self) -> bool:
        """Whether delimited text has the declared Arrow type, and not what is stored."""
        return KINDS[self.kind].typed_text

    @property
    def moment(self) -> bool:
        """Whether values are days or times."""
        return KINDS[self.kind].moment

    @property
    def expected(self) -> str:
        """What a value must be, for an error message."""
        return KINDS[self.kind].expected(self)

    def check(self, column: str) -> str | None:
        """The CHECK that makes SQLite itself refuse what is not of this type; NULL passes."""
        return KINDS[self.kind].check(self, column)

    def coerce(self, value: Any, *, rounding: bool = False) -> Stored:
        """The stored form of a value in any understood spelling; None stays None.

        Raises ValueError when there is none, and Inexact, a ValueError, for a number with more
        decimals than the type has, unless ``rounding``. The caller says which field of which row.
        """
        value = values.unwrapped(value)
        if value is None:
            return None
        if isinstance(value, str):
            value.encode()  # a lone surrogate is no text: UnicodeEncodeError is a ValueError
            if value.strip() == "" and self.kind != "text":
                return None
        kind = KINDS[self.kind]
        coerce = (kind.rounded or kind.coerce) if rounding else kind.coerce
        try:
            return coerce(value, self.size, self.scale)
        except (OverflowError, RecursionError) as error:
            raise ValueError(value) from error

    def usual(self) -> Usual | None:
        """What gives the stored form of text in its usual spelling at once; None without."""
        return KINDS[self.kind].usual(self.size, self.scale)

    def plain(self, column: Sequence[Any]) -> bool:
        """Whether SQLite stores each of these values exactly as `coerce` gives it, or refuses it.

        False says nothing: then each has to be coerced.
        """
        return KINDS[self.kind].plain(column, self.size, self.scale)

    def arrow(self) -> pa.DataType:
        """The Arrow type, the same for every export."""
        return KINDS[self.kind].arrow(self)

    def stored_arrow(self) -> pa.DataType:
        """The Arrow type of the values as they are stored: string, int64 or double."""
        import pyarrow as pa

        types: dict[str, pa.DataType]
        types = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64()}
        return types[self.storage]

    def unlike(self, other: LogicalType, a: str, b: str) -> str:
        """SQL: whether ``a``, of this type, and ``b``, of the other one, are different values."""
        unlike = KINDS[self.kind].unlike
        if unlike is None or other.kind != self.kind:
            return f"{a} IS NOT {b}"
        return f"CASE WHEN {a} IS {b} THEN 0 ELSE {unlike(self, other, a, b)} END"


# -- what SQLite refuses, and what it takes for the same ------------------------------------------


def _decimal_check(type_: LogicalType, column: str) -> str:
    assert type_.size is not None
    # A tolerance, since SQLite's round() may be off by the last bit of the double; of over twelve
    # digits that is more than a thousandth of the last decimal.
    tolerance = f"1e-{type_.scale + 3}"
    if type_.size > 12:
        tolerance = f"max({tolerance}, 2.3e-16 * abs({column}))"
    return (
        f"abs({column} - round({column}, {type_.scale})) < {tolerance}"
        f" AND abs({column}) < 1e{type_.size - type_.scale}"
    )


def _timestamp_check(type_: LogicalType, column: str) -> str:
    # One spelling only, so that comparing text compares time: T, no offset, and an optional
    # fraction, which strftime() would round.
    return (
        f"{column} IS NULL"
        f" OR strftime('%Y-%m-%dT%H:%M:%S', substr({column}, 1, 19), '+0 days')"
        f" IS substr({column}, 1, 19)"
        f" AND (length({column}) = 19 OR length({column}) BETWEEN 21 AND 26"
        f" AND substr({column}, 20, 1) = '.'"
        f" AND substr({column}, 21) NOT GLOB '*[^0-9]*') AND {column} >= '0001'"
    )


def _unlike_decimals(mine: LogicalType, yours: LogicalType, a: str, b: str) -> str:
    if mine.scale == yours.scale:
        # Another tool may have stored a sum of doubles, which is off by what doubles are.
        noise = f"{values.NOISE} * max(abs({a}), 1e-{mine.scale})"
        most = values.PART * 10.0**-mine.scale
        return f"coalesce(abs({a} - {b}) > min({noise}, {most}), 1)"
    # Of DECIMAL(12,2) and DECIMAL(12,4), what both can say.
    scale = min(mine.scale, yours.scale)
    return f"round({a}, {scale}) IS NOT round({b}, {scale})"


def _unlike_timestamps(mine: LogicalType, yours: LogicalType, a: str, b: str) -> str:
    return f"{_without_zeros(a)} IS NOT {_without_zeros(b)}"


def _without_zeros(value: str) -> str:
    """A timestamp without zeros at the end of its fraction."""
    return f"substr({value}, 1, 19) || rtrim(substr({value}, 20), '0.')"


def _unlike_json(mine: LogicalType, yours: LogicalType, a: str, b: str) -> str:
    valid = f"json_valid({a}) AND json_valid({b})"
    return f"CASE WHEN {valid} THEN json({a}) <> json({b}) ELSE 1 END"


def _arrow(name: str, *arguments: Any) -> Callable[[LogicalType], pa.DataType]:
    """A type of pyarrow's by the name of its function; pyarrow is slow to import."""

    def make(type_: LogicalType) -> pa.DataType:
        import pyarrow as pa

        made: pa.DataType = getattr(pa, name)(*arguments)
        return made

    return make


def _arrow_decimal(type_: LogicalType) -> pa.DataType:
    import pyarrow as pa

    assert type_.size is not None
    return pa.decimal128(type_.size, type_.scale)


# -- the kinds ----------------------------------------------------------------------------------


def _named(kinds: Iterable[Kind]) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS: dict[str, Kind] = _named([
    Kind(
        "text", ("VARCHAR", "TEXT", "CHAR"), "TEXT", "string",
        expected=lambda t: f"text of at most {t.size} characters" if t.size else "text",
        check=lambda t, column: f"length({column}) <= {t.size}" if t.size else None,
        coerce=values.text,
        plain=values.plain_text,
        arrow=_arrow("string"),
    ),
    Kind(
        "integer", ("INTEGER", "INT", "BIGINT", "SMALLINT"), "INTEGER", "integer",
        expected=lambda t: "a whole number",
        coerce=values.integer,
        plain=values.plain_integer,
        usual=values.usual_integer,
        arrow=_arrow("int64"),
    ),
    Kind(
        "real", ("REAL", "DOUBLE", "DOUBLE PRECISION", "FLOAT"), "REAL", "number",
        expected=lambda t: "a number",
        # Infinity is no measurement, and JSON cannot say it.
        check=lambda t, c: f"{c} BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308",
        coerce=values.real,
        plain=values.plain_real,
        usual=values.usual_real,
        arrow=_arrow("float64"),
    ),
    Kind(
        "decimal", ("DECIMAL", "NUMERIC"), "REAL", "number",
        expected=lambda t: f"a number with at most {t.scale} decimals",
        check=_decimal_check,
        coerce=values.exact_decimal,
        plain=values.plain_decimal,
        usual=values.usual_decimal,
        rounded=values.rounded_decimal,
        arrow=_arrow_decimal,
        unlike=_unlike_decimals,
        typed_text=True,
    ),
    Kind(
        "boolean", ("BOOLEAN",), "INTEGER", "boolean",
        expected=lambda t: "true or false",
        check=lambda t, column: f"{column} IN (0, 1)",
        coerce=values.boolean,
        plain=values.plain_boolean,
        usual=values.usual_boolean,
        arrow=_arrow("bool_"),
        typed_text=True,
    ),
    Kind(
        "date", ("DATE",), "TEXT", "date",
        expected=lambda t: "a date that exists, as YYYY-MM-DD",
        # Without the modifier, date() gives 30 February back as it came.
        check=lambda t, column: (
            f"{column} IS NULL OR date({column}, '+0 days') IS {column} AND {column} >= '0001'"
        ),
        coerce=values.date,
        plain=values.plain_date,
        arrow=_arrow("date32"),
        moment=True,
    ),
    Kind(
        "timestamp", ("TIMESTAMP",), "TEXT", "datetime",
        expected=lambda t: "a date and time that exist, as YYYY-MM-DDTHH:MM:SS",
        check=_timestamp_check,
        coerce=values.timestamp,
        plain=values.plain_timestamp,
        arrow=_arrow("timestamp", "us"),
        unlike=_unlike_timestamps,
        moment=True,
    ),
    Kind(
        "partial", ("PARTIAL_TIMESTAMP",), "TEXT", "string",
        expected=lambda t: partial_moments.EXPECTED,
        check=lambda t, column: partial_moments.check(column),
        coerce=partial_moments.partial_moment,
        plain=partial_moments.plain_partial,
        pattern=partial_moments.PATTERN,
        arrow=_arrow("string"),
        moment=True,
    ),
    Kind(
        "json", ("JSON",), "TEXT", "string",
        expected=lambda t: "a JSON value",
        # SQLite 3.40 says that NULL is not valid JSON.
        check=lambda t, column: f"{column} IS NULL OR json_valid({column})",
        coerce=values.json_text,
        plain=values.plain_json,
        arrow=_arrow("string"),
        unlike=_unlike_json,
    ),
])  # fmt: skip


def _by_spelling() -> dict[str, Kind]:
    return {spelling: kind for kind in KINDS.values() for spelling in kind.spellings}
