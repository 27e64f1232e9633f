"""How many rows each parent has in the sampled tables of one block, and their key columns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..base.text import did_you_mean
from ..errors import DeclarationError
from ..schema.types import Stored
from .sampled_tables import IMPLICIT, SampledTable

_MAX_ROWS = 5_000_000  # of one sampled table for one block

Tables = dict[str, dict[str, Sequence[Any]]]  # the columns of each sampled table


class RowCounts:
    """The numbers of rows of one run.

    Args:
        sampled: the sampled tables of the profile.
        options: the profile's options, by name, as stored.
        size_of: how many rows a reference table has; None if there is no such table.
        uniforms: uniform numbers for a purpose, the number of the first counted entity of a block,
            and how many are wanted.
    """

    def __init__(
        self,
        sampled: Sequence[SampledTable],
        options: Mapping[str, Stored],
        size_of: Callable[[str], int | None],
        uniforms: Callable[[str, int, int], Sequence[float]],
    ) -> None:
        self._sampled = sampled
        self._options = options
        self._size_of = size_of
        self._uniforms = uniforms
        self._sizes: dict[str, int] = {}

    def keys(
        self, sampled: SampledTable, tables: Tables, first: int, last: int
    ) -> dict[str, Sequence[Any]]:
        """The key columns of a table in a block. Their length is the number of rows."""
        if sampled.depth == 0:
            return {"n": list(range(first, last + 1))}
        above = tables[sampled.parent]
        if sampled.when is not None and not self._options[sampled.when]:
            counts: Sequence[int] = [0] * len(above["n"])
        elif sampled.total is not None:
            counts = self._shares(sampled, tables, first, last)
        else:
            counts = self._times(sampled, tables)
        if sum(counts) > _MAX_ROWS:
            raise DeclarationError(
                f"{sampled.where}: {sum(counts):,} rows for {last - first + 1} counted entities",
                hint=f"At most {_MAX_ROWS:,} at once.",
            )
        keys: dict[str, Sequence[Any]] = {
            "n": [n for n, times in zip(above["n"], counts, strict=True) for _ in range(times)]
        }
        if sampled.depth == 2:
            keys["parent"] = [
                k for k, times in zip(above["k"], counts, strict=True) for _ in range(times)
            ]
        if not sampled.single:
            keys["k"] = list(itertools.chain.from_iterable(range(1, times + 1) for times in counts))
        return keys

    def _column(self, sampled: SampledTable, written: str, tables: Tables) -> Sequence[Any] | None:
        """A column with a value for each row of the parent; None if there is none.

        ``written`` is a column of the parent, or TABLE.COLUMN of a table beside it.
        """
        table, dot, name = written.rpartition(".")
        if not dot:
            table = sampled.parent
        elif not self._is_beside(table, sampled.parent):
            return None
        return None if name in IMPLICIT else tables.get(table, {}).get(name)

    def _is_beside(self, table: str, parent: str) -> bool:
        """Whether a table has exactly one row for each row of the parent."""
        return any(
            other.name == table and other.parent == parent and other.single
            for other in self._sampled
        )

    def _times(self, sampled: SampledTable, tables: Tables) -> Sequence[int]:
        times = sampled.times or ""
        parents = len(tables[sampled.parent]["n"])
        if times.isdigit():
            return [int(times)] * parents
        counts = self._column(sampled, times, tables)
        if counts is not None:
            if len(counts) != parents or any(
                not isinstance(count, int) or count < 0 for count in counts
            ):
                raise DeclarationError(f"{sampled.where}: @times {times}: not a number from 0 on")
            return counts
        if times not in self._sizes:
            size = self._size_of(times)
            if size is None:
                raise DeclarationError(
                    f"{sampled.where}: @times {times}: neither a number, nor a column of "
                    f"{sampled.parent}, nor a table",
                    hint=did_you_mean(times, tables[sampled.parent]),
                )
            self._sizes[times] = size
        return [self._sizes[times]] * parents

    def _shares(self, sampled: SampledTable, tables: Tables, first: int, last: int) -> list[int]:
        """How many rows each parent gets, so that the sum over the run is the declared total.

        The block's part of the total is divided by weight. The running sum of the weights, rounded,
        is where the share of each parent ends. So the shares always add up to the whole.
        """
        assert sampled.total is not None
        half = Fraction(1, 2)
        total = int(sampled.total * last + half) - int(sampled.total * (first - 1) + half)
        parents = last - first + 1
        extra = max(0, total - sampled.least * parents)
        if sampled.weight is None:
            uniforms = self._uniforms(f"{sampled.name}()", first, parents)
            weights = [0.2 + 1.6 * u for u in uniforms]
        else:
            column = self._column(sampled, sampled.weight, tables)
            if (
                column is None
                or len(column) != parents
                or any(not isinstance(weight, int | float) for weight in column)
            ):
                raise DeclarationError(
                    f"{sampled.where}: @weight {sampled.weight} is no column of numbers of "
                    f"{sampled.parent}",
                    hint=did_you_mean(sampled.weight, tables[sampled.parent]),
                )
            weights = [max(0.0, float(weight)) for weight in column]
        if not 0 < sum(weights) < 1e15:
            weights = [1.0] * parents  # all weights are 0: the same for every parent
        running = list(itertools.accumulate(weights))
        whole = running[-1]
        ends = [int(extra * part / whole + 0.5) for part in running]
        ends[-1] = extra
        return [
            sampled.least + end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)
        ]
