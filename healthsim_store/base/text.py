"""Tables as replies print them: Markdown, aligned, numbers as people write them.

A model pays for every space, so a budgeted reply is as narrow as it can be; `for_terminal` makes of
one what a person likes to read.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence


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
            lines += _aligned(list(group))
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


def _aligned(lines: Sequence[str]) -> list[str]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    headers, _rule, *cells = rows if len(rows) > 1 else [[], []]
    if any(len(row) != len(headers) for row in cells):
        return list(lines)  # a cell with a | in it: left as it is
    return count_table(headers, cells)
