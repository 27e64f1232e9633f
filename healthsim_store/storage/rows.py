"""Every shape in which rows come, as chunks, in bounded memory."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import InvalidArgument

CHUNK = 10_000

Row = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Rows:
    """Rows that all have the same fields, as their values in the order of ``fields``.

    They are dicts to whoever goes through them. Who stores many is spared a dict for each.
    """

    fields: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Row]:
        return (dict(zip(self.fields, row, strict=True)) for row in self.values)


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Rows that whoever reads them has as tuples already, a part after the other.

    They can be gone through once. No part has more than CHUNK rows.
    """

    parts: Iterator[Rows]


def grouped_chunks(entity_type: str, source: Any) -> Iterator[list[Rows]]:
    """Chunks of at most CHUNK rows, in each those that stand together and have the same fields.

    ``source`` is what `chunks` takes. Raises InvalidArgument for anything else.
    """
    if isinstance(source, Rows):
        for start in range(0, len(source), CHUNK):
            yield [Rows(source.fields, source.values[start : start + CHUNK])]
    elif isinstance(source, Table):
        yield from _bundled(source.parts)
    elif hasattr(source, "__arrow_c_stream__"):
        for rows in _arrow_chunks(entity_type, source):
            yield [rows]
    else:
        for chunk in chunks(entity_type, source):
            yield [
                Rows(fields, [tuple(row.values()) for row in rows])
                for fields, rows in itertools.groupby(chunk, key=tuple)
            ]


def _bundled(parts: Iterator[Rows]) -> Iterator[list[Rows]]:
    """Those that fit into one chunk together: rows with other fields may take turns."""
    held: list[Rows] = []
    for rows in parts:
        if held and sum(map(len, held)) + len(rows) > CHUNK:
            yield held
            held = []
        held.append(rows)
    if held:
        yield held


def chunks(entity_type: str, source: Any) -> Iterator[list[Row]]:
    """Lists of at most CHUNK rows.

    ``source`` is a sequence or iterator of dicts, mappings, dataclass instances or pydantic
    models; one of these alone; or an Arrow table or anything else with ``__arrow_c_stream__``
    (pandas, polars and DuckDB have it). Raises InvalidArgument for anything else.
    """
    if hasattr(source, "__arrow_c_stream__"):
        yield from map(list, _arrow_chunks(entity_type, source))
        return
    if isinstance(source, Table):
        yield from map(list, source.parts)
        return
    if _is_row(source):
        source = [source]
    if isinstance(source, str | bytes) or not isinstance(source, Iterable):
        raise InvalidArgument(
            f"{entity_type}: expected rows, got {_what(source)}.",
            hint="Give a list or iterator of dicts, dataclasses or pydantic models, or a table "
            "with __arrow_c_stream__.",
        )
    iterator = iter(source)
    number = 1
    while chunk := list(itertools.islice(iterator, CHUNK)):
        if set(map(type, chunk)) != {dict}:
            chunk = [_as_dict(entity_type, number + i, row) for i, row in enumerate(chunk)]
        yield chunk
        number += len(chunk)


def _is_row(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        or (dataclasses.is_dataclass(value) and not isinstance(value, Rows | type))
        or hasattr(value, "model_dump")
    )


def _as_dict(entity_type: str, number: int, row: Any) -> Row:
    if isinstance(row, dict):
        return row
    if isinstance(row, Mapping):
        return dict(row)
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    if hasattr(row, "model_dump"):
        return dict(row.model_dump())
    raise InvalidArgument(
        f"{entity_type} row {number}: expected a dict, got {_what(row)}.",
        hint="`...` only stands for rows in an example: put the rows there."
        if row is ...
        else "A row is a dict, a dataclass instance or a pydantic model.",
    )


def _what(value: Any) -> str:
    return "`...`" if value is ... else f"{type(value).__name__} {value!r:.40}"


class Unstorable:
    """A value that Python has no object for. No type takes it; its text is for the message."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _arrow_chunks(entity_type: str, source: Any) -> Iterator[Rows]:
    """Of a table. Raises InvalidArgument, with the column, where one cannot be read."""
    import pyarrow as pa

    frame = hasattr(source, "dtypes") and hasattr(source, "reset_index")
    if frame and any(type_.name == "object" for type_ in source.dtypes):
        yield from _frame_chunks(entity_type, source)
        return
    with _readable(entity_type):
        reader = pa.RecordBatchReader.from_stream(source)
    names = tuple(reader.schema.names)
    while True:
        with _readable(entity_type):
            batch = next(reader, None)
        if batch is None:
            return
        for start in range(0, batch.num_rows, CHUNK):
            part = batch.slice(start, CHUNK)
            columns = [
                _arrow_values(entity_type, name, column)
                for name, column in zip(names, part.columns, strict=True)
            ]
            yield Rows(names, list(zip(*columns, strict=True)))


def _frame_chunks(entity_type: str, frame: Any) -> Iterator[Rows]:
    """Of a DataFrame of pandas that has Python objects.

    Arrow has one type for all of a column, so they would be changed to be like their neighbours.
    """
    import pyarrow as pa

    if type(frame.index).__name__ != "RangeIndex":
        frame = frame.reset_index()  # an index may be data, as it is to Arrow
    names = tuple(frame.columns)
    for start in range(0, len(frame), CHUNK):
        part = frame.iloc[start : start + CHUNK]
        columns = []
        for place, name in enumerate(names):
            series = part.iloc[:, place]
            if series.dtype.name == "object":
                columns.append(list(series))
                continue
            with _readable(entity_type, name):
                column = pa.Array.from_pandas(series)
            columns.append(_arrow_values(entity_type, name, column))
        yield Rows(names, list(zip(*columns, strict=True)))


def _arrow_values(entity_type: str, name: str, column: Any) -> list[Any]:
    """The values of a column, as objects that can be stored."""
    import pyarrow as pa
    import pyarrow.compute as pc

    with _readable(entity_type, name):
        # Text at once in Arrow; Python's date objects would only be turned into text later.
        if pa.types.is_date(column.type):
            column = pc.strftime(column, format="%Y-%m-%d")
        elif pa.types.is_decimal(column.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(column.type):
            micro = pa.timestamp("us", column.type.tz)
            try:
                return list(column.cast(micro).to_pylist())
            except (pa.ArrowInvalid, OverflowError, ValueError):
                return [_moment(value, micro) for value in column]
        return list(column.to_pylist())


def _moment(value: Any, micro: Any) -> Any:
    """A timestamp of Arrow as Python has it; as text where that would lose its nanoseconds.

    Other years than Python's cannot be stored, and Arrow's text of them is not to be read.
    """
    import pyarrow as pa

    try:
        return value.cast(micro).as_py()
    except (pa.ArrowInvalid, OverflowError, ValueError):
        text = str(value.cast(pa.string()).as_py())
        return text.replace(" ", "T") if value.type.unit == "ns" else Unstorable(text)


@contextlib.contextmanager
def _readable(entity_type: str, name: object = None) -> Iterator[None]:
    """Errors of Arrow and pandas as ours. They themselves name the column when it is not given."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        reason = " ".join(map(str, error.args)) if name is None else str(error)
        raise InvalidArgument(
            f"{entity_type}{'' if name is None else f', {name}'}: the table cannot be read:"
            f" {reason}.",
            hint="Give the column one of Arrow's plain types, or give the rows as dicts.",
        ) from error
