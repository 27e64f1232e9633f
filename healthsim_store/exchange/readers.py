"""The formats that `import` reads without a plugin: CSV, TSV, JSON, NDJSON and Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from ..storage.rows import CHUNK, chunks
from .formats import Importer, Tables
from .source import Source

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_CELL = 8_000_000  # the longest value that a query can read back


def read_delimited(source: Source, delimiter: str) -> Iterator[dict[str, str | None]]:
    """Rows of delimited text as dicts; an empty cell is None.

    Raises SourceError, with the line, for a row with more or fewer cells than the header, for a
    quote without an end, and for bytes that are not in the encoding.
    """
    csv.field_size_limit(_MAX_CELL)
    with source.text() as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            header = list(source.columns) or _header(source, next(reader, []))
            width = len(header)
            for cells in reader:
                if len(cells) != width:
                    if not cells:
                        continue  # an empty line, as at the end of many files
                    raise SourceError(
                        f"{source.name}, line {reader.line_num}: {len(cells)} cells, "
                        f"but the header has {width}.",
                        hint="Quote cells that contain the delimiter.",
                    )
                yield dict(zip(header, [cell or None for cell in cells], strict=True))
        except UnicodeDecodeError as error:
            raise source.undecodable(reader.line_num, error) from error
        except csv.Error as error:
            raise SourceError(f"{source.name}, line {reader.line_num}: {error}.") from error


def _header(source: Source, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    if not header:
        raise SourceError(f"{source.name} is empty.", hint="Its first line must name the columns.")
    faults = sorted({cell or "(empty)" for cell in header if not cell or header.count(cell) > 1})
    if faults:
        raise SourceError(
            f"{source.name}: the header has {', '.join(faults)} more than once or empty.",
            hint="Each column needs a name of its own.",
        )
    return header


class _Twice(ValueError):
    """A JSON object has a key twice; Python would keep the last value and lose the others."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs. Raises _Twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _not_json(source: Source, line: int, error: ValueError | RecursionError) -> SourceError:
    """The error for a JSON document, or for a line of one."""
    where = f"{source.name}, line {line}" if line else source.name
    if isinstance(error, _Twice):
        return SourceError(
            f"{where}: {str(error)!r:.60} is there twice in one object.",
            hint="Give each field one value.",
        )
    if isinstance(error, json.JSONDecodeError):
        line = line or error.lineno
        return SourceError(f"{source.name}, line {line}: not JSON ({error.msg}).")
    if isinstance(error, RecursionError):
        return SourceError(f"{where} is nested too deeply.")
    # Of the limits of Python one is left: how many digits a whole number may have.
    return SourceError(f"{where}: a number has too many digits.", hint="Give it as text.")


def _read_json(source: Source) -> Tables:
    with source.text() as text:
        try:
            document = _DECODER.decode(text.read())
        except UnicodeDecodeError as error:
            raise source.undecodable(0, error) from error
        except (ValueError, RecursionError) as error:
            raise _not_json(source, 0, error) from error
    if isinstance(document, list):
        yield None, document
    elif isinstance(document, dict) and all(isinstance(v, list) for v in document.values()):
        yield from document.items()
    elif isinstance(document, dict):
        yield None, [document]
    else:
        raise SourceError(
            f"{source.name} is a single {type(document).__name__}.",
            hint='Give a list of objects, or {"patients": [...], "encounters": [...]}.',
        )


def _read_lines(source: Source) -> Iterator[dict[str, Any]]:
    with source.text() as text:
        number = 0
        try:
            for line in text:
                number += 1
                if line.strip():
                    yield _DECODER.decode(line)
        except UnicodeDecodeError as error:
            raise source.undecodable(number, error) from error
        except (ValueError, RecursionError) as error:
            raise _not_json(source, number, error) from error


def _read_parquet(source: Source) -> Tables:
    yield None, arrow_rows(source, "Parquet", lambda: parquet_batches(source))


def parquet_batches(source: Source) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file as Arrow batches."""
    import pyarrow.parquet as pq

    # The index of a Parquet file is at its end, so standard input must be read into memory first.
    file = pq.ParquetFile(source.path or io.BytesIO(source.open().read()))
    return file.iter_batches(batch_size=CHUNK)


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
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or ["it cannot be read"])[0]
        raise SourceError(f"{source.name} is not a whole {what} file: {reason}") from error


#: The importers of the core.
READERS: tuple[Importer, ...] = (
    Importer("csv", (".csv",), lambda source: iter([(None, read_delimited(source, ","))])),
    Importer("tsv", (".tsv", ".tab"), lambda source: iter([(None, read_delimited(source, "\t"))])),
    Importer("json", (".json",), _read_json),
    Importer("ndjson", (".ndjson", ".jsonl", ".nl"), lambda s: iter([(None, _read_lines(s))])),
    Importer("parquet", (".parquet", ".pq"), _read_parquet),
)
