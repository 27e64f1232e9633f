"""Units that hang together: what belongs to one refers to what belongs to another, or is one human.

Each unit gets the least number of its group as ``linked``.
"""

from __future__ import annotations

import sqlite3


def join_linked(connection: sqlite3.Connection) -> None:
    """Fill ``units.linked`` from the pairs of units in ``links``."""
    connection.execute("UPDATE main.units SET linked = unit")
    connection.execute("INSERT OR IGNORE INTO main.links SELECT b, a FROM main.links")
    # The least number goes from neighbour to neighbour. Then each takes the number that its own
    # number's unit has by now: so a long chain takes few rounds.
    changed = True
    while changed:
        changed = False
        for low in (
            "SELECT l.a AS unit, min(u.linked) AS low FROM main.links AS l"
            " CROSS JOIN main.units AS u ON u.unit = l.b GROUP BY l.a",
            "SELECT u.unit, v.linked AS low FROM main.units AS u"
            " CROSS JOIN main.units AS v ON v.unit = u.linked WHERE u.linked <> u.unit",
        ):
            moved = connection.execute(
                f"UPDATE main.units SET linked = m.low FROM ({low}) AS m"
                " WHERE m.unit = units.unit AND m.low < units.linked"
            ).rowcount
            changed = changed or moved > 0
