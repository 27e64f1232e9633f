"""SAS transport files, version 5: the form in which authorities take datasets.

Written from SAS's own description of the format (TS-140). A file has records of 80 bytes; numbers
are IBM's floating point of base 16, which holds every double of its range exactly.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..base.sql import literal, quoted
from ..errors import NotConformant
from .chunks import chunks
from .model import Variable
from .output import Output, is_number

MAX_NAME, MAX_LABEL, MAX_TEXT = 8, 40, 200  # bytes
MAX_WHOLE = 2**53  # all whole numbers up to it are doubles, which is what readers make of them

_RECORD = 80
_NAMESTR = struct.Struct(">hhhh8s40s8shhh2s8shhl52x")
_ZEROS = "0" * 30
_MISSING = b"." + bytes(7)
_CHUNK = 2_000  # rows that are written at once
_MOST_TEXTS = 100  # of one printf(): functions of SQLite take 127
_CACHED = 100_000  # numbers that are remembered as they are written


def check_names(output: Output) -> Iterator[str]:
    """What of the names and labels does not fit, a text for each."""
    named = [(output.name, output.label, f"the dataset {output.name}")]
    named += [(v.name, v.label, f"{output.name}.{v.name}") for v in output.variables]
    for name, label, told in named:
        if len(name) > MAX_NAME:
            yield f"{told}: its name has {len(name)} letters; at most {MAX_NAME}"
        if len(label.encode()) > MAX_LABEL:
            yield f"{told}: its label has {len(label.encode())} bytes; at most {MAX_LABEL}"


def check_values(output: Output) -> Iterator[str]:
    """Which variables have values that do not fit, a text for each."""
    for variable in output.variables:
        told = f"{output.name}.{variable.name}"
        length = output.filled.lengths[variable.name]
        if not is_number(variable) and length > MAX_TEXT:
            yield f"{told}: a text has {length:,} bytes; at most {MAX_TEXT}"
        if variable.name in output.filled.nul_in:
            yield f"{told}: a text has the character NUL, at which readers take it to end"
        largest = output.filled.largest.get(variable.name, 0)
        if isinstance(largest, int) and largest > MAX_WHOLE:
            yield f"{told}: {largest} is a whole number over {MAX_WHOLE}, which would be rounded"


def write(output: Output, path: Path) -> None:
    """One dataset as one file. Raises NotConformant for a number that the format cannot hold."""
    created = output.package.created
    with path.open("wb") as file:
        file.write(_header("LIBRARY", _ZEROS))
        file.write(_stamp("SAS", "SASLIB", created))
        file.write(_text(_date(created), _RECORD))
        file.write(_header("MEMBER", "000000000000000001600000000140"))
        file.write(_header("DSCRPTR", _ZEROS))
        file.write(_stamp(output.name, "SASDATA", created))
        file.write(_text(_date(created), 32) + _text(output.label, 40) + _text("", 8))
        count = len(output.variables)
        file.write(_header("NAMESTR", f"000000{count:04d}{'0' * 20}"))
        written = file.write(b"".join(_namestrs(output)))
        file.write(b" " * (-written % _RECORD))
        file.write(_header("OBS", _ZEROS))
        _write_rows(output, file)


def _write_rows(output: Output, file: BinaryIO) -> None:
    """The rows: a text of fixed length for what stands between two numbers, and the numbers."""
    parts: list[str] = []  # SQL of each part of a row
    numbers: dict[int, _Numbers] = {}  # by the place of the part; the others are texts
    for number, group in itertools.groupby(output.variables, is_number):
        if number:
            for variable in group:
                numbers[len(parts)] = _Numbers(f"{output.name}.{variable.name}")
                parts.append(quoted(variable.name))
        else:
            parts += [_padded(output, some) for some in chunks(group, _MOST_TEXTS)]
    written = 0
    for rows in output.select(parts, _CHUNK):
        columns: list[Iterable[bytes]] = []
        for place, values in enumerate(zip(*rows, strict=True)):
            if place in numbers:
                columns.append(map(numbers[place].__getitem__, values))
            else:
                columns.append(map(str.encode, values))
        written += file.write(b"".join(itertools.chain.from_iterable(zip(*columns, strict=True))))
    file.write(b" " * (-written % _RECORD))


def _padded(output: Output, variables: Sequence[Variable]) -> str:
    """The SQL of texts, each with spaces behind it, which fill the bytes that it does not take."""
    widths = "".join(f"%-{output.length(variable)}s" for variable in variables)
    values = ", ".join(
        quoted(variable.name) if output.has_values(variable) else "NULL" for variable in variables
    )
    return f"printf({literal(widths)}, {values})"


class _Numbers(dict[Any, bytes]):
    """Numbers as they are written, remembered: most of them are there many times."""

    def __init__(self, told: str) -> None:
        super().__init__({None: _MISSING})
        self._told = told  # dataset and variable

    def __missing__(self, value: float) -> bytes:
        try:
            made = ibm(value)
        except OverflowError:
            raise NotConformant(
                f"{self._told} {value!r} is no number of an XPT file.",
                hint="They are from about 5.4e-79 to 7.2e75.",
            ) from None
        if len(self) < _CACHED:
            self[value] = made
        return made


def ibm(value: float) -> bytes:
    """A number as IBM's floating point of 8 bytes: sign, exponent of 16, fraction of 56 bits.

    Raises OverflowError for one that is too large or too near to 0.
    """
    if value == 0:
        return bytes(8)
    fraction, exponent = math.frexp(abs(value))
    places = -(-exponent // 4)
    if not -64 <= places <= 63:
        raise OverflowError(value)
    whole = int(math.ldexp(fraction, exponent - 4 * places + 56))
    sign = 128 if value < 0 else 0
    return ((sign | (places + 64)) << 56 | whole).to_bytes(8, "big")


def _namestrs(output: Output) -> Iterator[bytes]:
    """The description of each variable."""
    position = 0
    for place, variable in enumerate(output.variables, 1):
        number = is_number(variable)
        length = 8 if number else output.length(variable)
        yield _NAMESTR.pack(
            1 if number else 2, 0, length, place, _text(variable.name, 8),
            _text(variable.label, 40), b" " * 8, 0, 0, 0, b"\0\0", b" " * 8, 0, 0, position,
        )  # fmt: skip
        position += length


def _header(name: str, rest: str) -> bytes:
    return f"HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!{rest}  ".encode()


def _stamp(name: str, kind: str, created: dt.datetime) -> bytes:
    first = "SAS" if kind == "SASDATA" else "SAS     SAS"
    named = f"{first:<8}{name:<8}" if kind == "SASDATA" else f"{first:<16}"
    return _text(f"{named}{kind:<8}{'9.4':<8}{'':<8}{'':<24}{_date(created)}", _RECORD)


def _date(moment: dt.datetime) -> str:
    months = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
    return f"{moment:%d}{months[moment.month - 1]}{moment:%y:%H:%M:%S}"


def _text(text: str, length: int) -> bytes:
    return text.encode().ljust(length)[:length]
