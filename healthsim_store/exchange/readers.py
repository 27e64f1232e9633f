"""The formats that `import` reads without a plugin: text, JSON, Parquet, XLSX, XPT."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..base.text import shorten
from ..errors import SourceError
from ..storage.rows import CHUNK, Table, chunks
from .compressed import inner_name
from .delimited import read_delimited
from .formats import Importer, Tables
from .json_files import read_json, read_lines
from .sheets import read_workbook
from .source import Source
from .xpt_files import read_xpt

if TYPE_CHECKING:
    import pyarrow as pa

_PANDAS = "__index_level_0__"  # the index of a DataFrame, where it is nothing but numbers


def _read_parquet(source: Source) -> Tables:
    yield None, _given(source, arrow_rows(source, "Parquet", lambda: _batches(source)))


def _batches(source: Source) -> Iterator[pa.RecordBatch]:
    """The rows without columns that are left out, and without a numbering of pandas."""
    left_out = {*source.reading.ignore}
    for batch in parquet_batches(source):
        names = [
            name
            for place, name in enumerate(batch.schema.names)
            if name not in left_out
            and not (name == _PANDAS and str(batch.schema.types[place]).startswith("int"))
        ]
        yield batch if len(names) == batch.num_columns else batch.select(names)


def _given(source: Source, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    given = dict(source.given)
    return (row | given for row in rows) if given else rows


def parquet_batches(source: Source) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file as Arrow batches."""
    import pyarrow.parquet as pq

    # The index of a Parquet file is at its end, so a stream must be read into memory first.
    with source.open() as stream:
        if source.path is not None and source.is_plain(stream):
            file = pq.ParquetFile(source.path, page_checksum_verification=True)
        else:
            file = pq.ParquetFile(io.BytesIO(stream.read()), page_checksum_verification=True)
        rows, told = 0, file.metadata.num_rows
        for batch in file.iter_batches(batch_size=CHUNK):
            rows += batch.num_rows
            yield batch
    if rows != told:  # Arrow gives none where a part of one column has none
        raise SourceError(
            f"{source.name} is not a whole Parquet file: its index says {told:,} rows, and it has"
            f" {rows:,}."
        )


def arrow_rows(
    source: Source, what: str, read: Callable[[], Iterator[pa.RecordBatch]]
) -> Iterator[dict[str, Any]]:
    """The rows of Arrow batches as dicts.

    Args:
        source: the file, for messages.
        what: the format's name, for messages.
        read: opens the file and returns its batches.

    Raises SourceError, also in the middle of the file.
    """
    import pyarrow as pa

    try:
        batches = read()
        while (batch := next(batches, None)) is not None:
            for chunk in chunks(source.name, pa.Table.from_batches([batch])):
                yield from chunk
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source.name} has a name or a text that is not UTF-8: {error.reason}."
        ) from error
    except (pa.ArrowException, OSError) as error:
        reason = shorten((str(error).splitlines() or ["it cannot be read"])[0], 300)
        raise SourceError(f"{source.name} is not a whole {what} file: {reason}") from error


def _delimited(delimiter: str) -> Callable[[Source], Tables]:
    def read(source: Source) -> Tables:
        yield None, Table(read_delimited(source, delimiter))

    return read


def _read_lines(source: Source) -> Tables:
    yield None, read_lines(source)


_TEXT = ("encoding", "compression")
_DELIMITED = (
    *_TEXT, "columns", "delimiter", "quote", "skip_lines", "skip_footer", "comment", "short_rows",
)  # fmt: skip
_SHEET = ("columns", "skip_lines", "skip_footer", "sheet", "compression")

#: The importers of the core.
READERS: tuple[Importer, ...] = (
    Importer("csv", (".csv",), _delimited(","), reading=_DELIMITED),
    Importer("tsv", (".tsv", ".tab"), _delimited("\t"), reading=_DELIMITED),
    Importer("psv", (".psv",), _delimited("|"), reading=_DELIMITED),
    Importer("json", (".json",), read_json, reading=(*_TEXT, "at")),
    Importer("ndjson", (".ndjson", ".jsonl", ".nl"), _read_lines, reading=_TEXT),
    Importer("parquet", (".parquet", ".pq"), _read_parquet, reading=("compression",)),
    Importer("xlsx", (".xlsx", ".xlsm"), read_workbook, reading=_SHEET),
    Importer("xpt", (".xpt",), read_xpt, reading=_TEXT),
)


#: Those of text with a header and cells.
DELIMITED = ("csv", "tsv", "psv")


def reader_of(source: Source) -> Importer | None:
    """The importer of the core for a file's ending; None where it has no such ending."""
    name = inner_name(source.path.name if source.path else source.name).lower()
    return next((one for one in READERS if name.endswith(one.suffixes)), None)


def is_delimited(source: Source) -> bool:
    """Whether a file has a header and cells of text; what has no known ending is taken for it."""
    reader = reader_of(source)
    return reader is None or reader.name in DELIMITED
