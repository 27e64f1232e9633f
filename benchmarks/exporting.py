"""Measure export against the ways that one would write by hand, in one run.

    python benchmarks/exporting.py [--quick]

Both write the same tables of the same scenario, 1,000,000 rows in 6 entity types, to files; ours
also takes a copy of the scenario first, has every file on the disk, and writes its hash. Needs
healthsim-store and healthsim-store-patientsim.
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from run import Scratch, begin, medians, report

from healthsim_store import Store
from healthsim_store.schema.model import EntityType
from healthsim_store.schema.registry import Registry

# What a value of SQLite's has to be for pa.array() to make the declared type of it.
FROM_STORED: dict[str, Callable[[Any], Any]] = {
    "date": dt.date.fromisoformat,
    "timestamp": dt.datetime.fromisoformat,
    "decimal": lambda value: Decimal(str(value)),
    "boolean": bool,
}


def cursors(store: Store) -> Iterator[tuple[EntityType, sqlite3.Cursor]]:
    """A plain cursor over each table that has rows, the scenario's own columns in order."""
    connection = sqlite3.connect(f"file:{store.find('million')}?mode=ro", uri=True)
    registry: Registry = store.registry("million")
    for entity_type in registry:
        names = ", ".join(entity_type.by_name)
        cursor = connection.execute(f"SELECT {names} FROM {entity_type.name}")
        if connection.execute(f"SELECT EXISTS (SELECT 1 FROM {entity_type.name})").fetchone()[0]:
            yield entity_type, cursor
    connection.close()


def csv_writer(store: Store, folder: Path) -> None:
    folder.mkdir()
    for entity_type, cursor in cursors(store):
        with (folder / f"{entity_type.name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(entity_type.by_name)
            writer.writerows(cursor)


def fetchmany(store: Store, folder: Path) -> None:
    folder.mkdir()
    for entity_type, cursor in cursors(store):
        schema = entity_type.arrow_schema()
        made = [FROM_STORED.get(column.type.kind) for column in entity_type.columns]
        with pq.ParquetWriter(
            folder / f"{entity_type.name}.parquet", schema, compression="zstd"
        ) as writer:
            while rows := cursor.fetchmany(65_536):
                arrays = [
                    pa.array([None if v is None else make(v) for v in values], type_)
                    if make
                    else pa.array(values, type_)
                    for values, make, type_ in zip(
                        zip(*rows, strict=True), made, schema.types, strict=True
                    )
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def fetchmany_text(store: Store, folder: Path) -> None:
    """The same without types: every column as SQLite has it."""
    folder.mkdir()
    stored = {"TEXT": pa.string(), "INTEGER": pa.int64(), "REAL": pa.float64()}
    for entity_type, cursor in cursors(store):
        schema = pa.schema([(c.name, stored[c.type.storage]) for c in entity_type.columns])
        with pq.ParquetWriter(
            folder / f"{entity_type.name}.parquet", schema, compression="zstd"
        ) as writer:
            while rows := cursor.fetchmany(65_536):
                arrays = [
                    pa.array(values, type_)
                    for values, type_ in zip(zip(*rows, strict=True), schema.types, strict=True)
                ]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def memory(store: Store, scratch: Scratch, format: str) -> float:
    """The peak of a process of its own, in MB."""
    code = (
        "import sys, resource\n"
        "from healthsim_store import Store\n"
        "with Store(sys.argv[1]) as store:\n"
        "    store.export_scenario('million', format=sys.argv[2], to=sys.argv[3])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    arguments = [sys.executable, "-c", code, str(store.path), format, str(scratch.new())]
    return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    scale = begin(__doc__)
    rounds = 5
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store") as store:
        made = subprocess.run(  # in a process of its own: a child's peak counts from its parent's
            [sys.executable, "-c", "import sys, million; from healthsim_store import Store\n"
             "with Store(sys.argv[1]) as s:\n"
             "    print(s.persist(million.million(int(sys.argv[2])), scenario='million').scenario)",
             str(store.path), str(scale)],
            cwd=Path(__file__).parent, check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert made.stdout == "million\n"
        scratch = Scratch(Path(folder))
        for format in ("csv", "parquet", "ndjson"):
            report(f"export to {format}: resident memory", memory(store, scratch, format), "MB",
                   "< 300", "peak of a process of its own")  # fmt: skip

        def written(write: Callable[[Path], Any]) -> Callable[[], None]:
            def action() -> None:
                target = scratch.new()
                write(target)
                shutil.rmtree(target)

            return action

        def ours(format: str) -> Callable[[], None]:
            return written(lambda to: store.export_scenario("million", format=format, to=to))

        t = medians(
            rounds,
            csv=ours("csv"),
            csv_writer=written(lambda to: csv_writer(store, to)),
            parquet=ours("parquet"),
            fetchmany=written(lambda to: fetchmany(store, to)),
            untyped=written(lambda to: fetchmany_text(store, to)),
        )
        rows = 1_000_000 // scale
        report(f"csv.writer : export of {rows:,} rows to CSV", t["csv_writer"] / t["csv"], "x",
               ">= 2.5", f"csv.writer {t['csv_writer']:.2f} s, ours {t['csv']:.2f} s")  # fmt: skip
        for name, what in (
            ("untyped", "fetchmany + pa.array, as SQLite has the values"),
            ("fetchmany", "fetchmany + pa.array, in the declared types"),
        ):
            report(f"{what} : export of {rows:,} rows to Parquet", t[name] / t["parquet"], "x",
                   ">= 2.5", f"by hand {t[name]:.2f} s, ours {t['parquet']:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
