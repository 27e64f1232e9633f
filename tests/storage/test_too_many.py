"""Files that declare more than anybody has are told at once, and not read to their end."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.errors import CopyFailed, CorruptScenario
from healthsim_store.storage import catalog, records

COUNTED = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT {})"


def change(store: Store, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(store.find("s"))) as file, file:
        for statement in statements:
            file.execute(statement)


@pytest.fixture
def shop(store: Store) -> Store:
    store.persist({"owners": [owner(n) for n in range(2)]}, scenario="s")
    return store


def columns(entity_type: str, count: int) -> str:
    """Further columns, each as the first of an owner is but for its name and place."""
    fields = [one.name for one in records._fields("_columns")]
    new = {"entity_type": entity_type, "position": "100 + n", "column_name": "'c' || n"}
    return (
        f"{COUNTED.format(count)} INSERT INTO _columns ({', '.join(fields)})"
        f" SELECT {', '.join(new.get(name, name) for name in fields)}"
        " FROM (SELECT * FROM _columns WHERE entity_type = 'owners' ORDER BY position DESC LIMIT 1)"
        ", r"
    )


def test_a_type_of_too_many_columns(shop: Store) -> None:
    change(shop, columns("'owners'", 200_000))
    begun = time.monotonic()
    for read in (
        lambda: shop.get_summary("s"),
        lambda: shop.persist({"owners": [owner(7)]}, scenario="s"),
        lambda: shop.clone_scenario("s"),
    ):
        with pytest.raises(CorruptScenario, match="more than 2,000 columns of 'owners'"):
            read()
    assert time.monotonic() - begun < 20


def test_too_many_columns_in_all(shop: Store) -> None:
    change(shop, columns("'type_' || (n / 1000)", 100_001))
    with pytest.raises(CorruptScenario, match="_columns has more than 20,000 rows"):
        shop.get_summary("s")


def test_too_many_statistics(shop: Store) -> None:
    change(
        shop,
        f"{COUNTED.format(10_001)} INSERT INTO _statistics (product, name, position, section,"
        " label, show, sql) SELECT 'toy', 'n' || n, n, 'S', 'L', '{n}', 'SELECT 1 AS n' FROM r",
    )
    with pytest.raises(CorruptScenario, match="_statistics has more than 10,000 rows"):
        shop.get_summary("s")


def test_too_many_rules(shop: Store) -> None:
    change(
        shop,
        f"{COUNTED.format(10_001)} INSERT INTO _rules (product, name, position, label, sql)"
        " SELECT 'toy', 'n' || n, n, 'L', 'SELECT 1' FROM r",
    )
    told = str(shop.check_scenario("s").to_dict())
    assert "_rules has more than 10,000 rows" in told


def test_as_many_as_may_be_are_read(shop: Store) -> None:
    most = catalog._MAX_NAMED - 50
    values = "'toy', 'n' || n, n, 'L', 'SELECT 1 WHERE 0'"
    change(
        shop,
        f"{COUNTED.format(most)} INSERT INTO _rules (product, name, position, label, sql)"
        f" SELECT {values} FROM r",
    )
    with shop._files.reading(shop.find("s")) as sandbox:
        assert len(catalog.read_rules(sandbox.connection)) >= most


def test_too_many_views_to_clone(shop: Store) -> None:
    change(
        shop,
        "PRAGMA writable_schema = ON",
        f"{COUNTED.format(5_001)} INSERT INTO sqlite_master"
        " SELECT 'view', 'w' || n, 'w' || n, 0, 'CREATE VIEW w' || n || ' AS SELECT 1 AS x' FROM r",
    )
    with pytest.raises(CopyFailed, match=r"s has 5,\d+ tables, .* at most 5,000 are copied"):
        shop.clone_scenario("s")
    assert shop.query_scenario("s", "SELECT count(*) AS n FROM owners").rows == [{"n": 2}]
