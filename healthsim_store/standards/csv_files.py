"""Datasets as CSV: a header of names, UTF-8, and an empty field where nothing is known."""

from __future__ import annotations

import csv
from pathlib import Path

from .output import Output


def write(output: Output, path: Path) -> None:
    """One dataset as one file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(variable.name for variable in output.variables)
        writer.writerows(output.rows())
