"""benchmarks/SOUNDNESS.md: what each campaign found, a chapter each.

A campaign replaces its own chapter and leaves the others, since each can be run alone.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from trial import Tally

from healthsim_store.base.locks import locked

PAGE = Path(__file__).parents[2] / "benchmarks" / "SOUNDNESS.md"

OPENING = """\
# Soundness: what was tried, and what went wrong

The campaigns of `tests/soundness/` write this page, a chapter each: `python3 dev.py check --all`,
or `HEALTHSIM_STORE_CAMPAIGN=1 pytest tests/soundness`. The ordinary run of the tests does the same
with smaller numbers."""

#: The chapters, in their order on the page.
VALUES = "Values: stored equal, or refused by name"
KILLS = "Kills: all of it or nothing, and the next call works"
UPGRADES = "Upgrades that are killed: the old file or the new one"
RACERS = "Racers: what was stored is there, and once"
DAMAGE = "Damaged files: an answer, or an error that names the damage"
FILES = "Files that are imported: an error, or an equal account"
BOMBS = "Bombs: every statement ends within its limit"
TITLES = (VALUES, KILLS, UPGRADES, RACERS, DAMAGE, FILES, BOMBS)


def write_chapter(
    title: str, lines: Iterable[str], seconds: float, *, versions: Mapping[str, str] | None = None
) -> None:
    """Replace one chapter.

    Args:
        title: one of TITLES.
        lines: what the chapter says, in Markdown.
        seconds: how long the campaign took.
        versions: of what was tried besides Python and SQLite.
    """
    if not PAGE.parent.is_dir():  # the tests alone, without the rest of the project
        return
    used = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    told = ", ".join(f"{name} {version}" for name, version in (used | dict(versions or {})).items())
    ran = (
        f"Last run: {datetime.date.today().isoformat()}, {sys.platform}, {os.cpu_count()} cores,"
        f" {seconds:,.0f} s. {told}."
    )
    # Campaigns run side by side.
    with locked(Path(tempfile.gettempdir()) / "healthsim-store-soundness.lock", wait=60):
        chapters = _chapters() | {title: "\n".join([*lines, "", ran])}
        found = (f"## {name}\n\n{chapters[name]}" for name in TITLES if name in chapters)
        PAGE.write_text("\n\n".join([OPENING, *found]) + "\n", "utf-8")


def _chapters() -> dict[str, str]:
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}


def table(head: Sequence[str], rows: Iterable[tuple[str, Iterable[object]]]) -> list[str]:
    """A Markdown table; whole numbers get their commas."""
    return [
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
        *(f"| {name} | {' | '.join(map(_cell, cells))} |" for name, cells in rows),
    ]


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def values(tally: Tally, ways: Sequence[str]) -> list[str]:
    """What the campaign of values found."""
    counted = (tally.tried, tally.stored, tally.refused, tally.wrong)
    return [
        "A value is tried in a column of each logical type, among others of every kind: text that"
        " looks like numbers, floats and their noise, moments of the years 1 and 9999, what numpy"
        " and pandas have of their own, JSON of every shape. An oracle that shares no code with"
        " healthsim-store (`tests/soundness/oracle.py`) says what must be stored. Stored equal is"
        " what a query gives back in the same type. Refused is what an error names by row and"
        " field, and nothing of the batch is stored. What is neither is wrong.",
        "",
        *table(
            ["way in", "values tried", "stored equal", "refused by name", "neither"],
            [
                *((way, [counts.get(way, 0) for counts in counted]) for way in ways),
                ("all", [sum(counts.values()) for counts in counted]),
            ],
        ),
        "",
        "Every batch that was stored then went by every way out. Counted are all its values, also"
        " those that stand where one was refused.",
        "",
        *table(
            ["way out", "values that came back equal"],
            ((way, [count]) for way, count in tally.came_back.items()),
        ),
    ]
