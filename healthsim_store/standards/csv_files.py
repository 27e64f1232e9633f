"""Datasets as delimited text: a header of names, UTF-8, and an empty field where nothing is known.

A field that has the delimiter, a quote or a line end stands in quotes.
"""

from __future__ import annotations

import csv
from pathlib import Path

from ..base.sql import quoted
from .output import Output

DELIMITERS = {"csv": ",", "tsv": "\t", "psv": "|"}  # by the kind of files

_CHUNK = 1_000  # rows that are written at once


def write(output: Output, path: Path) -> None:
    """One dataset as one file."""
    names = [variable.name for variable in output.variables]
    with path.open("w", encoding="utf-8", newline="") as file:
        delimiter = DELIMITERS[output.package.kind]
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(names)
        for rows in output.select([*map(quoted, names)], _CHUNK):
            writer.writerows(rows)
