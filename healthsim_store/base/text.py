"""Texts for people: did you mean, sizes, places, tables of replies, what is too long cut short.

A model pays for every space, so a budgeted reply is as narrow as it can be; `for_terminal` makes of
one what a person likes to read.
"""

from __future__ import annotations

import difflib
import itertools
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

_NARROW = 12  # characters of a column that is narrow enough


def nearest(word: str, known: Iterable[str], *, count: int = 3) -> list[str]:
    """At most ``count`` of the ``known`` names that resemble ``word``, best first."""
    by_folded = {name.casefold(): name for name in known}
    folded = word.casefold()
    found = difflib.get_close_matches(folded, by_folded, n=count, cutoff=0.6)
    contained = [name for name in sorted(by_folded) if len(folded) > 2 and folded in name]
    return [by_folded[name] for name in dict.fromkeys([*found, *contained])][:count]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A sentence that offers the nearest names, or None when nothing is near."""
    names = nearest(word, known)
    return f"Did you mean {' or '.join(names)}?" if names else None


def listed(names: Iterable[str]) -> str:
    """Names to choose from: ``a``, ``a or b``, ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def size(number: int) -> str:
    """``312 KB``, ``1.2 MB``."""
    amount = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "bytes" else f"{amount:.1f} {unit}"


def place(path: Path) -> str:
    """A path as a person writes it: ``~`` for the home folder, ``/`` between."""
    path = path.absolute()
    home = Path.home()
    inside = path != home and path.is_relative_to(home) and home != Path(home.anchor)
    return f"~/{path.relative_to(home).as_posix()}" if inside else path.as_posix()


def in_line(names: Iterable[object], most: int = 200) -> str:
    """Names of a file, for a message: ``mrn, city``; a line's end in one of them is shown.

    Args:
        names: what the file calls its columns or keys.
        most: characters of all; more are cut off.
    """
    text = ", ".join(map(str, names))
    return shorten(text.replace("\r", "\\r").replace("\n", "\\n"), most)


def shorten(text: str, most: int, mark: str = "…") -> str:
    """The text in at most ``most`` characters; ``mark`` stands where it was cut."""
    return text if len(text) <= most else text[: most - len(mark)] + mark


def shorten_apart(texts: Sequence[str], most: int) -> list[str]:
    """The texts, each in about ``most`` characters; those that differ still differ.

    Where they would look the same, the cut is in the middle, before the word in which they begin
    to differ. They are longer than ``most`` where even that does not show it.
    """
    short = [shorten(text, most) for text in texts]
    for alike in {one for one in short if one.endswith("…")}:
        group = {text for text, one in zip(texts, short, strict=True) if one == alike}
        if len(group) > 1:
            letters = enumerate(zip(*group, strict=False))
            first = next((n for n, some in letters if len(set(some)) > 1), min(map(len, group)))
            word = 1 + max(min(group).rfind(" ", 0, first), first - most // 2, most // 3)
            short = [
                f"{text[: most // 3]}…{shorten(text[word:], most - most // 3 - 1)}"
                if one == alike
                else one
                for text, one in zip(texts, short, strict=True)
            ]
    if len(set(short)) < len(set(texts)):
        return shorten_apart(texts, 2 * most)
    return short


def count_table(
    headers: Sequence[str], rows: Sequence[Sequence[str | int]], total: Sequence[str | int] = ()
) -> list[str]:
    """The lines of a table; ``total`` is a last row in bold."""
    cells = [[_cell(value) for value in row] for row in rows]
    if total:
        cells.append([f"**{_cell(value)}**" for value in total])
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    lines = [_line(headers, widths), f"|{'|'.join('-' * (width + 2) for width in widths)}|"]
    return [*lines, *(_line(row, widths) for row in cells)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _cell(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def for_terminal(text: str, width: int) -> str:
    """The text with its tables aligned and its long lines wrapped; code stays as it is."""
    lines: list[str] = []
    in_code = False
    for is_table, group in itertools.groupby(text.split("\n"), lambda line: line[:1] == "|"):
        if is_table:
            lines += _aligned(list(group), width)
            continue
        for line in group:
            in_code ^= line.startswith("```")
            if in_code or len(line) <= width:
                lines.append(line)
                continue
            indent = " " * (len(line) - len(line.lstrip(" ")))
            indent += "  " if line.lstrip(" ").startswith("- ") else ""
            lines += textwrap.wrap(
                line, width, subsequent_indent=indent, break_long_words=False,
                break_on_hyphens=False,
            )  # fmt: skip
    return "\n".join(lines)


def _aligned(lines: Sequence[str], width: int) -> list[str]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    headers, _rule, *cells = rows if len(rows) > 1 else [[], []]
    if any(len(row) != len(headers) for row in cells):
        return list(lines)  # a cell with a | in it: left as it is
    return count_table(headers, _narrower(headers, cells, width))


def _narrower(
    headers: Sequence[str], rows: Sequence[Sequence[str]], width: int
) -> list[Sequence[str]]:
    """The rows, where they are too wide with the long cells on several lines; no word is cut."""
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    # A column has "| " before it and a space behind it, and the last one a "|".
    least = [
        max([_NARROW, *(len(word) for cell in column for word in cell.split())])
        for column in zip(headers, *rows, strict=True)
    ]
    while sum(widths) + 3 * len(widths) + 1 > width:
        wide = [n for n, own in enumerate(widths) if own > least[n]]
        if not wide:
            break  # words that are too long by themselves
        widths[max(wide, key=widths.__getitem__)] -= 1
    told: list[Sequence[str]] = []
    for row in rows:
        parts = [
            textwrap.wrap(cell, own, break_long_words=False, break_on_hyphens=False) or [""]
            if len(cell) > own
            else [cell]
            for cell, own in zip(row, widths, strict=True)
        ]
        told += itertools.zip_longest(*parts, fillvalue="")
    return told
