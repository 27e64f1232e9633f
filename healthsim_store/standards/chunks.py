"""Rows some at a time: few enough for the memory, and enough that handing them on costs little."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def chunks(rows: Iterable[T], most: int) -> Iterator[list[T]]:
    """The rows in lists.

    Args:
        rows: any number of them.
        most: how many a list has, except for the last one.
    """
    reader = iter(rows)
    while chunk := [*itertools.islice(reader, most)]:
        yield chunk
