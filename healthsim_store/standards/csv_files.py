"""Datasets as CSV: a header of names, UTF-8, and an empty field where nothing is known."""

from __future__ import annotations

import csv
from pathlib import Path

from ..base.sql import quoted
from .output import Output

_CHUNK = 1_000  # rows that are written at once


def write(output: Output, path: Path) -> None:
    """One dataset as one file."""
    names = [variable.name for variable in output.variables]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for rows in output.select([*map(quoted, names)], _CHUNK):
            writer.writerows(rows)
