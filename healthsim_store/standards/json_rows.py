"""The rows of a dataset as JSON arrays, made by SQLite as far as it writes what Python would.

For numbers with a fraction it does so only where they have few decimals: it writes 15 digits of
any, which are not always enough to read the same number again.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..base.sql import quoted
from ..base.sqlite import connect
from .model import Variable
from .output import Output

_CHUNK = 1_000  # rows that are made into text at once
_MOST_VALUES = 100  # of one json_array(): functions of SQLite take 127
_AS_PYTHON = "[0.1,0.001,-12.5,200.0,999999999.999]"

_Text = Callable[[Any], str]


def row_texts(output: Output) -> Iterator[Sequence[str]]:
    """The rows, some at a time, each as the text of an array without spaces.

    A text that is not known is "", anything else that is not known is null.

    Args:
        output: the dataset.
    """
    parts: list[str] = []  # SQL of each part of a row
    texts: dict[int, _Text] = {}  # by the place of the part; the others are text already
    run: list[str] = []  # values that SQLite writes
    for variable in output.variables:
        text = _text(output, variable)
        if (text or len(run) == _MOST_VALUES) and run:
            parts.append(_array(run))
            run = []
        if text:
            texts[len(parts)] = text
            parts.append(quoted(variable.name))
        else:
            run.append(_value(output, variable))
    if run:
        parts.append(_array(run))
    if len(parts) == 1 and not texts:
        for rows in output.select(parts, _CHUNK):
            yield [text for (text,) in rows]
        return
    # Without their brackets: what is between them begins and ends with a quote, a letter or digit.
    parts = [part if place in texts else f"trim({part}, '[]')" for place, part in enumerate(parts)]
    for rows in output.select(parts, _CHUNK):
        columns: list[Any] = [*zip(*rows, strict=True)]
        for place, text in texts.items():
            columns[place] = [*map(text, columns[place])]
        yield [f"[{row}]" for row in map(",".join, zip(*columns, strict=True))]


def _array(values: Sequence[str]) -> str:
    return f"json_array({', '.join(values)})"


def _value(output: Output, variable: Variable) -> str:
    """The SQL of a value that SQLite writes."""
    text = variable.column.type.storage == "TEXT"
    if not output.has_values(variable):
        return "''" if text else "NULL"
    return f"coalesce({quoted(variable.name)}, '')" if text else quoted(variable.name)


def _text(output: Output, variable: Variable) -> _Text | None:
    """What writes the values of a variable, where SQLite does not."""
    if not output.has_values(variable):
        return None
    if variable.column.type.kind == "boolean":
        return lambda value: "null" if value is None else "true" if value else "false"
    if variable.column.type.storage == "REAL" and not (
        variable.name in output.filled.short and _writes_as_python()
    ):
        return lambda value: "null" if value is None else repr(value)
    return None


@functools.cache
def _writes_as_python() -> bool:
    """Whether this SQLite writes numbers of few decimals in as few digits as Python."""
    with contextlib.closing(connect(":memory:")) as connection:
        sql = f"SELECT json_array({_AS_PYTHON.strip('[]')})"
        return bool(connection.execute(sql).fetchone() == (_AS_PYTHON,))
