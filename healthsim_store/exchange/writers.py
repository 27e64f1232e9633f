"""The formats that `export` writes without a plugin, and the lines of code that read them."""

from __future__ import annotations

import contextlib
import json
import keyword
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..base.sqlite import connect
from .formats import Exporter
from .table import Table, texts

if TYPE_CHECKING:
    import pyarrow as pa

    from ..schema.model import EntityType

# A Parquet row group: large enough to be read quickly, small enough to be held in memory.
_GROUP_ROWS = 131_072
_GROUP_BYTES = 24_000_000


def _no_rows(entity_type: EntityType) -> pa.RecordBatch:
    """An empty batch with the types as stored."""
    import pyarrow as pa

    arrays = [pa.array([], column.type.stored_arrow()) for column in entity_type.columns]
    return pa.RecordBatch.from_arrays(arrays, names=[*entity_type.by_name])


# -- formats ---------------------------------------------------------------------------------


@contextlib.contextmanager
def delimited(
    entity_type: EntityType, sink: Path | BinaryIO, delimiter: str = ","
) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """A function that writes batches from `texts` as CSV, below a header.

    NULL is an empty field and the empty text is ``""``, so they stay different. A float has enough
    digits to read the same number back.

    Args:
        entity_type: its columns are the header.
        sink: a path or a binary file.
        delimiter: between fields.
    """
    from pyarrow import csv

    schema = texts(entity_type, _no_rows(entity_type)).schema
    options = csv.WriteOptions(delimiter=delimiter, batch_size=_GROUP_ROWS)
    with csv.CSVWriter(sink, schema, write_options=options) as writer:
        yield writer.write_batch


def _write_delimited(table: Table, path: Path, delimiter: str) -> None:
    with delimited(table.entity_type, path, delimiter) as write:
        for batch in table.texts():
            write(batch)


def _write_json(table: Table, path: Path) -> None:
    separator = b"[\n"
    with path.open("wb") as file:
        for lines in _json_lines(table):
            file.write(separator + b",\n".join(lines))
            separator = b",\n"
        file.write(b"\n]\n" if separator == b",\n" else b"[]\n")


def _write_lines(table: Table, path: Path) -> None:
    with path.open("wb") as file:
        for lines in _json_lines(table):
            file.write(b"\n".join(lines) + b"\n")


def _json_lines(table: Table) -> Iterator[list[bytes]]:
    """A JSON object for each row, batch by batch. A JSON column is a string that holds JSON."""
    import pyarrow as pa

    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    booleans = {c.name for c in table.entity_type.columns if c.type.kind == "boolean"}
    for batch in table.batches():
        columns = [
            (values.cast(pa.bool_()) if name in booleans else values).to_pylist()
            for name, values in zip(batch.schema.names, batch.columns, strict=True)
        ]
        names = batch.schema.names
        rows = zip(*columns, strict=True)
        try:
            yield [encode(dict(zip(names, row, strict=True))).encode() for row in rows]
        except ValueError as error:
            raise pa.ArrowInvalid("a number is infinite, which JSON cannot say") from error


def _write_parquet(table: Table, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in table.typed():
            group.append(batch)
            if (
                sum(part.num_rows for part in group) >= _GROUP_ROWS
                or sum(part.nbytes for part in group) >= _GROUP_BYTES
            ):
                writer.write_table(pa.Table.from_batches(group), row_group_size=_GROUP_ROWS)
                group = []
        if group or not table.rows:
            # Write a file even without rows: it has the types.
            whole = pa.Table.from_batches(group, schema=table.schema)
            writer.write_table(whole, row_group_size=_GROUP_ROWS)


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy by VACUUM: without free pages, and defragmented. The copy is a scenario too."""
    with contextlib.closing(connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


# -- how to read it --------------------------------------------------------------------------

_NO_TYPES = "\n\nCSV has no types: for codes with leading zeros add `dtype=str`, or export Parquet."
_SHOWN = 3  # files in the lines of code; the others are read in the same way


def _variable(file: str) -> str:
    name = Path(file).stem
    return name if name.isidentifier() and not keyword.iskeyword(name) else "table"


def _pandas(location: str, files: Sequence[str], function: str, options: str = "") -> str:
    shown = files[:_SHOWN]
    reads = [
        f"{_variable(file)} = pd.{function}({f'{location}/{file}'!r}{options})" for file in shown
    ]
    counts = " and ".join(
        f"{{len({_variable(file)})}} {Path(file).stem.replace('_', ' ')}" for file in shown[:2]
    )
    lines = ["import pandas as pd", "", *reads, "", f'print(f"Loaded {counts}")']
    return "Load in Python:\n```python\n" + "\n".join(lines) + "\n```"


def _spark_and_pandas(location: str, files: Sequence[str]) -> str:
    folder = Path(location).expanduser().absolute()
    lake = f"dbfs:/FileStore/healthsim/{folder.name}"
    first, name = files[0], _variable(files[0])
    return "\n".join(
        [
            "Load in Databricks:",
            "```python",
            "# Upload to DBFS first",
            "dbutils.fs.cp(",
            f"    {f'{folder.as_uri()}/'!r},",
            f"    {f'{lake}/'!r},",
            "    recurse=True,",
            ")",
            "",
            "# Read with Spark",
            f"{name} = spark.read.parquet({f'{lake}/{first}'!r})",
            f"{name}.display()",
            "```",
            "",
            "Or query directly:",
            "```sql",
            f"CREATE TABLE healthsim.{name}",
            "USING PARQUET",
            f"LOCATION '{lake}/{first}';",
            "",
            f"SELECT * FROM healthsim.{name} LIMIT 10;",
            "```",
            "",
            _pandas(location, files, "read_parquet"),
        ]
    )


def _word(path: str) -> str:
    """A path as a word of a shell, which replaces ~ only where it stands outside of quotes."""
    inside = path.removeprefix("~/")
    return ("~/" if inside != path else "") + shlex.quote(inside)


def _sqlite(location: str, files: Sequence[str]) -> str:
    file = _word(f"{location}/{files[0]}")
    return "\n".join(
        [
            "It is a scenario itself. Give its path, copy it into a store's folder, or open it in",
            "any SQLite tool:",
            "```",
            f"healthsim-store summary {file}",
            f"sqlite3 {file} .tables",
            "```",
        ]
    )


#: The exporters of the core.
WRITERS: tuple[Exporter, ...] = (
    Exporter(
        "csv",
        ".csv",
        write=lambda table, path: _write_delimited(table, path, ","),
        title="CSV",
        mediatype="text/csv",
        encoding="utf-8",
        loading=lambda location, files: _pandas(location, files, "read_csv") + _NO_TYPES,
    ),
    Exporter(
        "tsv",
        ".tsv",
        write=lambda table, path: _write_delimited(table, path, "\t"),
        title="TSV",
        mediatype="text/tab-separated-values",
        encoding="utf-8",
        dialect={"delimiter": "\t"},
        loading=lambda location, files: (
            _pandas(location, files, "read_csv", r", sep='\t'") + _NO_TYPES
        ),
    ),
    Exporter(
        "json",
        ".json",
        write=_write_json,
        title="JSON",
        mediatype="application/json",
        encoding="utf-8",
        loading=lambda location, files: _pandas(location, files, "read_json", ", dtype=False"),
    ),
    Exporter(
        "ndjson",
        ".ndjson",
        write=_write_lines,
        title="NDJSON",
        mediatype="application/x-ndjson",
        encoding="utf-8",
        loading=lambda location, files: _pandas(
            location, files, "read_json", ", lines=True, dtype=False"
        ),
    ),
    Exporter(
        "parquet",
        ".parquet",
        write=_write_parquet,
        title="Parquet",
        mediatype="application/vnd.apache.parquet",
        loading=_spark_and_pandas,
        against_csv=True,
    ),
    Exporter(
        "sqlite",
        ".db",
        copy=_copy_sqlite,
        title="SQLite",
        mediatype="application/vnd.sqlite3",
        loading=_sqlite,
    ),
)
