"""Tables as replies print them: Markdown, aligned, numbers as people write them."""

from __future__ import annotations

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
