"""Drawing by a seed, in SQL alone: the same seed draws the same rows, on every machine.

SQLite has no random numbers with a seed, so each row gets a number that is mixed from its place and
the seed. Places are counted, not read from rowids, so the clone of a scenario draws the entities
that its source draws.
"""

from __future__ import annotations

import sqlite3

MAX_SEED = 2**63 - 1

_MASK = 0xFFFFFFFF
# An odd number near 2**32 divided by the golden ratio spreads neighbours far apart.
_SPREAD = 2654435769
# Multiplied with 32 bits it stays below 2**63, where SQLite would go over to floats.
_FACTOR = 0x45D9F3B


def _xor_shifted(x: str) -> str:
    """SQL for ``x ^ (x >> 16)``: SQLite has no exclusive or."""
    return f"(({x} | ({x} >> 16)) - ({x} & ({x} >> 16)))"


def draw(connection: sqlite3.Connection, table: str, seed: int) -> None:
    """Give each row of a table, which has ``unit`` and ``draw``, its number for this seed."""
    low, high = seed & _MASK, seed >> 32
    rounds = [
        # Each step once: a nested subquery would be written out again at each use of its number.
        f"s{number + 1} AS MATERIALIZED"
        f" (SELECT unit, ({_xor_shifted('x')} * {_FACTOR} + {more}) & {_MASK} AS x FROM s{number})"
        for number, more in enumerate((high, 0, low, 0))
    ]
    connection.execute(
        "WITH s0 AS MATERIALIZED (SELECT unit,"
        f" (row_number() OVER (ORDER BY unit) * {_SPREAD} + {low}) & {_MASK} AS x FROM {table}),"
        f" {', '.join(rounds)}"
        f" UPDATE {table} SET draw = {_xor_shifted('s4.x')} FROM s4 WHERE s4.unit = {table}.unit"
    )


def evenly(number: str, share: int, whole: int) -> str:
    """SQL that is true for ``share`` of each ``whole`` of rows that are numbered from 1.

    They are spread evenly, so rows that are numbered stratum by stratum give of each stratum what
    it is of all, to within one.
    """
    here = f"(2 * {number} * {share} + {whole}) / (2 * {whole})"
    before = f"(2 * ({number} - 1) * {share} + {whole}) / (2 * {whole})"
    return f"{here} > {before}"
