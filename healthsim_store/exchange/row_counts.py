"""How many rows a file has, where its ending says how to count them."""

from __future__ import annotations

import csv
from pathlib import Path


def possible_counts(path: Path) -> set[int] | None:
    """The numbers of rows that a file may truly be said to have; None where nobody can tell.

    A CSV or TSV may have a header or not, so it has two. So has NDJSON with an object
    in its first line and lists in the others: that line describes them.

    Args:
        path: a file that ends on .csv, .tsv, .ndjson, .jsonl or .parquet, or another one.

    Raises pyarrow.ArrowInvalid for a .parquet that is none.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        return {pq.read_metadata(path).num_rows}
    if suffix in (".ndjson", ".jsonl"):
        return _lines(path)
    if suffix in (".csv", ".tsv"):
        return _delimited(path, "," if suffix == ".csv" else "\t")
    return None


def _lines(path: Path) -> set[int]:
    with path.open("rb") as file:
        filled = (line for line in file if line.strip())
        first = next(filled, b"")
        second = next(filled, b"")
        count = bool(first) + bool(second) + sum(1 for _ in filled)
    described = first.lstrip().startswith(b"{") and second.lstrip().startswith(b"[")
    return {count, count - 1} if described else {count}


def _delimited(path: Path, delimiter: str) -> set[int] | None:
    # Only the delimiter, quotes and ends of lines matter, which are the same in most encodings.
    with path.open(encoding="latin-1", newline="") as file:
        try:
            records = sum(1 for row in csv.reader(file, delimiter=delimiter) if row)
        except csv.Error:  # a field that is too long to be looked at
            return None
    return {records, max(0, records - 1)}
