"""What benchmarks/SOUNDNESS.md says of a campaign."""

from __future__ import annotations

import datetime
import os
import platform
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import hypothesis
import numpy
import pandas
import pyarrow
import pydantic
from trial import Tally


def write(path: Path, tally: Tally, ways: Sequence[str], seconds: float) -> None:
    versions = {
        "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version,
        "pyarrow": pyarrow.__version__, "pandas": pandas.__version__, "numpy": numpy.__version__,
        "pydantic": pydantic.VERSION, "hypothesis": hypothesis.__version__,
    }  # fmt: skip
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "# Values: stored equal, or refused by name",
        "",
        "The campaign of `tests/soundness/` writes this page: `python3 dev.py check --all`, or"
        " `HEALTHSIM_STORE_CAMPAIGN=1 pytest tests/soundness`. The last one:"
        f" {datetime.date.today().isoformat()}, {sys.platform}, {os.cpu_count()} cores,"
        f" {seconds:,.0f} s. {told}.",
        "",
        "A value is tried in a column of each logical type, among others of every kind: text that"
        " looks like numbers, floats and their noise, moments of the years 1 and 9999, what numpy"
        " and pandas have of their own, JSON of every shape. An oracle that shares no code with"
        " healthsim-store (`tests/soundness/oracle.py`) says what must be stored. Stored equal is"
        " what a query gives back in the same type. Refused is what an error names by row and"
        " field, and nothing of the batch is stored. What is neither is wrong.",
        "",
        "| way in | values tried | stored equal | refused by name | neither |",
        "|---|---|---|---|---|",
    ]
    counted = (tally.tried, tally.stored, tally.refused, tally.wrong)
    lines += [
        *(_row(way, (counts.get(way, 0) for counts in counted)) for way in ways),
        _row("all", (sum(counts.values()) for counts in counted)),
        "",
        "Every batch that was stored then went by every way out. Counted are all its values, also"
        " those that stand where one was refused.",
        "",
        "| way out | values that came back equal |",
        "|---|---|",
        *(_row(way, [count]) for way, count in tally.came_back.items()),
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _row(name: str, counts: Iterable[int]) -> str:
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |"
