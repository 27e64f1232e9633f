"""Units that hang together: what belongs to one refers to what belongs to another, or is one human.

Each unit gets the least number of its group as ``linked``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from ..base.sql import quoted
from .belonging import Taken
from .builder import SOURCE
from .choice import PERSON


def join_linked(connection: sqlite3.Connection, owned: Taken, since: Mapping[str, int]) -> None:
    """Fill ``units.linked`` from the rows that belong to the units.

    ``since`` is how many rows of each type were owned before these units: no older one refers to
    what they own, nor they to what older ones own, for then it would be of one unit.
    """
    connection.execute("UPDATE main.units SET linked = unit")
    connection.execute("DROP TABLE IF EXISTS main.links")
    connection.execute(
        "CREATE TABLE main.links (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID"
    )
    _link_by_references(connection, owned, since)
    _link_by_persons(connection, owned, since)
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


def _link_by_references(
    connection: sqlite3.Connection, owned: Taken, since: Mapping[str, int]
) -> None:
    for child in owned.registry:
        for column, to in child.references(soft=True):
            if to.entity_type not in owned.names:
                continue
            connection.execute(
                "INSERT OR IGNORE INTO main.links SELECT DISTINCT t.unit, q.unit"
                f" FROM {owned.table(child.name)} AS t"
                f" CROSS JOIN {SOURCE}.{quoted(child.name)} AS c ON c.rowid = t.row"
                f" CROSS JOIN {SOURCE}.{quoted(to.entity_type)} AS p"
                f" ON p.{quoted(to.column)} = c.{quoted(column.name)}"
                f" CROSS JOIN {owned.table(to.entity_type)} AS q ON q.row = p.rowid"
                f" WHERE t.n > {since[child.name]} AND q.unit <> t.unit"
            )


def _link_by_persons(
    connection: sqlite3.Connection, owned: Taken, since: Mapping[str, int]
) -> None:
    """By one unit of each person, so that many rows of one do not make a link for each pair."""
    persons = [entity_type.name for entity_type in owned.registry if PERSON in entity_type.by_name]
    connection.execute("DROP TABLE IF EXISTS main.persons")
    connection.execute("CREATE TABLE main.persons (person PRIMARY KEY, unit INTEGER) WITHOUT ROWID")
    found = [
        f"FROM {owned.table(name)} AS t CROSS JOIN {SOURCE}.{quoted(name)} AS s"
        f" ON s.rowid = t.row AND t.n > {since[name]}"
        for name in persons
    ]
    for rows in found:
        connection.execute(
            f"INSERT OR IGNORE INTO main.persons SELECT s.{PERSON}, t.unit {rows}"
            f" WHERE s.{PERSON} IS NOT NULL"
        )
    for rows in found:
        connection.execute(
            f"INSERT OR IGNORE INTO main.links SELECT DISTINCT t.unit, h.unit {rows}"
            f" CROSS JOIN main.persons AS h ON h.person = s.{PERSON} WHERE h.unit <> t.unit"
        )
