"""The rows of one entity type, as an exporter reads them: Arrow batches of several types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from ..schema.model import Column, EntityType
    from ..schema.types import Stored


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one entity type, for an `Exporter`; they can be read once.

    ``entity_type`` has the columns as they are exported, ``rows`` is their number. ``batches``
    returns the rows as they are stored: strings, int64 and doubles. ``options`` are the values of
    the exporter's options, by name.
    """

    entity_type: EntityType
    rows: int
    batches: Callable[[], Iterator[pa.RecordBatch]]
    options: Mapping[str, Stored] = field(default_factory=dict)
    _unreadable: Callable[[Exception], Exception] = field(default=lambda e: e, repr=False)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of `typed`: the declared types."""
        return self.entity_type.arrow_schema()

    def typed(self) -> Iterator[pa.RecordBatch]:
        """The rows in the declared Arrow types: date32, timestamp, decimal128, bool, ..."""
        return self._as(typed)

    def texts(self) -> Iterator[pa.RecordBatch]:
        """The rows for delimited text: dates and timestamps are text, exactly as stored."""
        return self._as(texts)

    def _as(
        self, convert: Callable[[EntityType, pa.RecordBatch], pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in self.batches():
            try:
                converted = convert(self.entity_type, batch)
            except pa.ArrowException as error:
                # The file is at fault, not the exporter.
                raise self._unreadable(error) from error
            yield converted


def typed(entity_type: EntityType, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch in the declared Arrow types.

    Raises pyarrow.ArrowInvalid for a value that cannot be converted.
    """
    import pyarrow as pa

    schema = entity_type.arrow_schema()
    arrays = [
        _declared(column, values)
        for column, values in zip(entity_type.columns, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def texts(entity_type: EntityType, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch for delimited text: decimals and booleans in their declared types, the rest stored.

    Arrow writes decimals with all their digits and booleans as true and false.
    """
    import pyarrow as pa

    arrays = [
        _declared(column, values) if column.type.typed_text else values
        for column, values in zip(entity_type.columns, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _declared(column: Column, values: Any) -> Any:
    """The values in the column's Arrow type. Raises pyarrow.ArrowInvalid where one is another."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from ..schema.values import NOISE, PART  # slow to import for those who only ask which formats

    if column.type.kind == "decimal":
        # Arrow would round what has more decimals without a word.
        steps = 10.0**column.type.scale
        near = pc.divide(pc.round(pc.multiply(values, steps)), steps)
        off = pc.abs(pc.subtract(values, near))
        noise = pc.multiply(pc.max_element_wise(pc.abs(values), 1 / steps), NOISE)
        allowed = pc.min_element_wise(noise, PART / steps)
        wrong = pc.greater(off, allowed)
        if pc.any(wrong).as_py():
            value = values.filter(wrong)[0].as_py()
            raise pa.ArrowInvalid(f"{column.name} {value!r} is no {column.type.expected}")
        values = near
    return values.cast(column.type.arrow())
