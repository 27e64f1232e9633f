"""The distributions of a profile's columns, each declared by a marker in SQL.

A distribution turns each number that is uniform in [0, 1) into one value. Values must be the same
on every machine. Logarithms and exponentials may differ in their last digits between machines, so
these digits are rounded away.
"""

from __future__ import annotations

import bisect
import datetime as dt
import hashlib
import math
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from ..errors import DeclarationError
from ..schema.types import LogicalType, Stored

_DIGITS = 10  # significant digits of a REAL
_HUGE = 1e15  # above it, a float cannot hold every whole number
_NORMAL = NormalDist()

Draw = Callable[[Sequence[float]], Sequence[Stored]]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A marker, what was ``written`` after it, and the function that draws values.

    ``table`` is the reference table of a @pick. Its rows are known later, so ``draw`` is replaced
    by the result of `pick`. With ``column`` the values are those of that column, without it they
    are the numbers of rows.
    """

    marker: str
    written: str
    draw: Draw
    table: str | None = None
    column: str | None = None


#: How each marker is written, for error messages and for the documentation.
FORMS = {
    "choice": "@choice HMO=40, PPO=35, PFFS=25 (values with weights above 0; without, all alike)",
    "chance": "@chance 0.45 (from 0 to 1, for BOOLEAN or INTEGER)",
    "uniform": "@uniform 0, 1 (the least and the greatest; for days two of them)",
    "normal": "@normal 74, 6 (mean and standard deviation), or @normal 74, 6, 65, 95 with limits",
    "lognormal": "@lognormal 900, 0.8 (median and sigma of the logarithm), or with two limits more",
    "pick": "@pick places (the number of a row of a reference table, for INTEGER, by its column "
    "weight), or @pick names.name (a value of its column)",
}


def read_distribution(marker: str, written: str, type_: LogicalType, *, where: str) -> Distribution:
    """The distribution of a column.

    Args:
        marker: its name, without @.
        written: what follows the marker.
        type_: the column's type.
        where: file, line and column, for messages.

    Raises DeclarationError, which says what is allowed.
    """

    def wrong(why: str) -> DeclarationError:
        return DeclarationError(f"{where}: @{marker} {written}: {why}", hint=FORMS[marker] + ".")

    try:
        draw = _READERS[marker](written, type_)
    except ValueError as error:
        raise wrong(str(error)) from None
    table, _, column = written.partition(".") if marker == "pick" else ("", "", "")
    return Distribution(marker, written, draw, table or None, column or None)


def pick(weights: Sequence[float], values: Sequence[Stored] | None = None) -> Draw:
    """A function that draws ``values`` by weight; without values, the numbers of rows from 1."""
    return _weighted(values or list(range(1, len(weights) + 1)), weights)


def uniforms_by_key(
    what: str, first: int, keys: Sequence[object], numbers: Sequence[int]
) -> list[float]:
    """Uniform numbers in [0, 1) that depend on ``what`` and on the entity's key only.

    Making a source of random() for each key would take ten times as long.

    Args:
        what: the profile, the seed and the column.
        first: the number of the first entity.
        keys: those of the entities from that one on.
        numbers: of each row the number of its entity, in order; so many numbers are made.
    """
    begun = hashlib.shake_128(what.encode())
    counts = Counter(numbers)
    parts = []
    for number, key in enumerate(keys, first):
        if number in counts:
            source = begun.copy()
            source.update(str(key).encode("utf-8", "surrogatepass"))
            parts.append(source.digest(8 * counts[number]))
    whole = struct.unpack(f"<{len(numbers)}Q", b"".join(parts))
    return [(bits >> 11) * 2.0**-53 for bits in whole]


def _weighted(values: Sequence[Stored], weights: Sequence[float]) -> Draw:
    if len(set(weights)) == 1:
        count = len(values)
        return lambda uniforms: [values[int(u * count)] for u in uniforms]
    total = math.fsum(weights)
    ends: list[float] = []
    for weight in weights:
        ends.append((ends[-1] if ends else 0.0) + weight / total)
    ends[-1] = 1.0  # the sum of the parts may be slightly less
    find = bisect.bisect_right
    return lambda uniforms: [values[find(ends, u)] for u in uniforms]


# -- one reader for each marker; a ValueError says what is wrong ------------------------------


def _choice(written: str, type_: LogicalType) -> Draw:
    pairs = [part.partition("=") for part in written.split(",")]
    values: list[Stored] = []
    weights: list[float] = []
    for text, equals, weight in pairs:
        if not text.strip():
            raise ValueError("a value is missing")
        try:
            values.append(type_.coerce(text.strip()))
        except ValueError:
            raise ValueError(f"{text.strip()} is not {type_.expected}") from None
        weights.append(_number(weight) if equals else 1.0)
        if weights[-1] <= 0:
            raise ValueError(f"the weight of {text.strip()} is {weight.strip()}")
    if len({equals for _, equals, _ in pairs}) > 1:
        raise ValueError("some values have a weight and some have none")
    if len(set(values)) < len(values):
        raise ValueError("a value stands there twice")
    return _weighted(values, weights)


def _chance(written: str, type_: LogicalType) -> Draw:
    if type_.kind not in ("boolean", "integer"):
        raise ValueError(f"a {type_.sql} is no yes or no")
    (chance,) = _numbers(written, 1)
    if not 0 <= chance <= 1:
        raise ValueError(f"{chance:g} is no probability")
    return lambda uniforms: [int(u < chance) for u in uniforms]


def _uniform(written: str, type_: LogicalType) -> Draw:
    if type_.kind in ("date", "partial"):
        parts = [part.strip() for part in written.split(",")]
        if len(parts) != 2:
            raise ValueError("two days are needed")
        first, last = (dt.date.fromisoformat(part).toordinal() for part in parts)
        _check_order(first, last)
        days = last - first + 1
        day = dt.date.fromordinal
        return lambda uniforms: [day(first + int(u * days)).isoformat() for u in uniforms]
    low, high = _numbers(written, 2)
    _check_order(low, high)
    if type_.kind == "integer":
        if low != int(low) or high != int(high):
            raise ValueError("the limits of an INTEGER are whole numbers")
        least, span = int(low), int(high) - int(low) + 1
        return lambda uniforms: [least + int(u * span) for u in uniforms]
    width, finish = high - low, _finish(type_)
    if type_.kind == "real":  # this arithmetic is the same on every machine: no rounding is needed
        if (low, high) == (0, 1):
            return lambda uniforms: uniforms
        return lambda uniforms: [low + u * width for u in uniforms]
    return lambda uniforms: finish([low + u * width for u in uniforms])


def _normal(written: str, type_: LogicalType) -> Draw:
    finish = _finish(type_)
    mean, deviation, scale = _bell(written, _identity)
    quantile = _NORMAL.inv_cdf
    return lambda uniforms: finish([mean + deviation * quantile(scale(u)) for u in uniforms])


def _lognormal(written: str, type_: LogicalType) -> Draw:
    finish = _finish(type_)
    mean, sigma, scale = _bell(written, _logarithm)
    quantile, exp = _NORMAL.inv_cdf, math.exp
    return lambda uniforms: finish([exp(mean + sigma * quantile(scale(u))) for u in uniforms])


def _pick(written: str, type_: LogicalType) -> Draw:
    table, dot, column = written.partition(".")
    if not table.isidentifier() or (dot and not column.isidentifier()):
        raise ValueError("a table's name is needed, or TABLE.COLUMN")
    if not dot and type_.kind != "integer":
        raise ValueError("it gives the number of a row, so the column is an INTEGER")

    def unknown(uniforms: Sequence[float]) -> list[Stored]:
        raise AssertionError("a pick is made when its table's weights are known")

    return unknown


_READERS: dict[str, Callable[[str, LogicalType], Draw]] = {
    "choice": _choice,
    "chance": _chance,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "pick": _pick,
}


# -- numbers ---------------------------------------------------------------------------------


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text.strip() or 'nothing'} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{text.strip()} is not a number")
    if abs(number) >= _HUGE:
        raise ValueError(f"{text.strip()} is too large")
    return number


def _numbers(written: str, *counts: int) -> list[float]:
    parts = written.split(",") if written else []
    if len(parts) not in counts:
        wanted = " or ".join(map(str, counts))
        raise ValueError(f"{wanted} numbers are needed, not {len(parts)}")
    return [_number(part) for part in parts]


def _check_order(low: float, high: float) -> None:
    if low > high:
        raise ValueError("the least is above the greatest")


def _identity(value: float) -> float:
    return value


def _logarithm(value: float) -> float:
    if value <= 0:
        raise ValueError(f"{value:g} has no logarithm: it must be above 0")
    return math.log(value)


def _bell(
    written: str, measure: Callable[[float], float]
) -> tuple[float, float, Callable[[float], float]]:
    """The mean, the deviation, and a function that maps a uniform number into the limits.

    ``measure`` is the logarithm for @lognormal. The function returns a number in (0, 1), of which
    the quantile lies between the limits.
    """
    centre, deviation, *limits = _numbers(written, 2, 4)
    if deviation <= 0:
        raise ValueError(f"a spread of {deviation:g}: it must be above 0")
    mean = measure(centre)
    if measure is not _identity and deviation > 10:
        raise ValueError(f"a sigma of {deviation:g} makes numbers that are too large")
    tiny = 2.0**-54  # a uniform number may be 0, whose quantile is infinite
    if not limits:
        return mean, deviation, lambda u: u + tiny if u < 0.5 else u
    low, high = limits
    _check_order(low, high)
    start, end = (
        round(_NORMAL.cdf((measure(limit) - mean) / deviation), 12) for limit in (low, high)
    )
    if end - start < 1e-9:
        raise ValueError("next to nothing lies between the limits")
    return mean, deviation, lambda u: max(start + u * (end - start), tiny)


def _finish(type_: LogicalType) -> Callable[[list[float]], list[Stored]]:
    """A function that rounds numbers to what the column's type can hold."""
    if type_.kind == "integer":
        return lambda numbers: [round(number) for number in numbers]
    if type_.kind not in ("real", "decimal"):
        raise ValueError(f"a {type_.sql} is no number")
    if type_.kind == "real":
        return lambda numbers: [float(f"{number:.{_DIGITS}g}") for number in numbers]
    return lambda numbers: [round(number, type_.scale) for number in numbers]
