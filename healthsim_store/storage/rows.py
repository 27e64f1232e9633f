"""Every shape in which rows come, as chunks, in bounded memory."""

from __future__ import annotations

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


def grouped_chunks(entity_type: str, source: Any) -> Iterator[list[Rows]]:
    """Chunks of at most CHUNK rows, in each those that stand together and have the same fields.

    ``source`` is what `chunks` takes. Raises InvalidArgument for anything else.
    """
    if isinstance(source, Rows):
        for start in range(0, len(source), CHUNK):
            yield [Rows(source.fields, source.values[start : start + CHUNK])]
    elif hasattr(source, "__arrow_c_stream__"):
        for rows in _arrow_chunks(source):
            yield [rows]
    else:
        for chunk in chunks(entity_type, source):
            yield [
                Rows(fields, [tuple(row.values()) for row in rows])
                for fields, rows in itertools.groupby(chunk, key=tuple)
            ]


def chunks(entity_type: str, source: Any) -> Iterator[list[Row]]:
    """Lists of at most CHUNK rows.

    ``source`` is a sequence or iterator of dicts, mappings, dataclass instances or pydantic
    models; one of these alone; or an Arrow table or anything else with ``__arrow_c_stream__``
    (pandas, polars and DuckDB have it). Raises InvalidArgument for anything else.
    """
    if hasattr(source, "__arrow_c_stream__"):
        yield from map(list, _arrow_chunks(source))
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


def _arrow_chunks(source: Any) -> Iterator[Rows]:
    import pyarrow as pa
    import pyarrow.compute as pc

    def storable(column: Any) -> list[Any]:
        # Text at once in Arrow; Python's date objects would only be turned into text later.
        if pa.types.is_date(column.type):
            column = pc.strftime(column, format="%Y-%m-%d")
        elif pa.types.is_decimal(column.type):
            column = column.cast(pa.string())
        elif pa.types.is_timestamp(column.type):
            try:
                return list(column.cast(pa.timestamp("us", column.type.tz)).to_pylist())
            except (pa.ArrowInvalid, OverflowError, ValueError):
                # Nanoseconds, or a year that Python has not: as text, whose row can be named.
                column = column.cast(pa.string())
        return list(column.to_pylist())

    for batch in pa.RecordBatchReader.from_stream(source):
        names = tuple(batch.schema.names)
        for start in range(0, batch.num_rows, CHUNK):
            part = batch.slice(start, CHUNK)
            yield Rows(names, list(zip(*map(storable, part.columns), strict=True)))
