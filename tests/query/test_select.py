"""A statement before it runs: what was typed, and what it is bound as."""

from __future__ import annotations

import json

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.query.select import typed


@pytest.mark.parametrize(("text", "value"), [
    ("2", 2), ("0", 0), ("-7", -7), ("8.5", 8.5), ("-0.25", -0.25),
    ("123456789012345678", 123456789012345678),
    *((text, text) for text in (
        "02", "2.50", "+2", "1e3", "-0", " 2", "", ".5", "5.", "1,000", "12345678901234567890",
        "0.1000000000000000055", "nan", "\u0662",
    )),
])  # fmt: skip
def test_a_number_as_numbers_are_written_is_one(text: str, value: object) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_what_is_typed_counts_and_codes_stay_text(run: Run) -> None:
    owners = [owner(n, tax_number=f"0{n}") for n in range(6)]
    pets = [{"owner_id": f"o{n % 3}"} for n in range(9)]
    run("persist", "--scenario", "s", input=json.dumps({"owners": owners, "pets": pets}))
    counted = "SELECT owner_id FROM pets GROUP BY 1 HAVING count(*) > :n ORDER BY 1"
    told = run("query", "s", counted, "-p", "n", "2", "--csv").stdout
    assert told.splitlines() == ["owner_id", "o0", "o1", "o2"]
    assert run("query", "s", counted, "-p", "n", "3", "--csv").stdout.splitlines() == ["owner_id"]
    by_code = "SELECT owner_id FROM owners WHERE tax_number = :code"
    assert run("query", "s", by_code, "-p", "code", "04", "--csv").stdout.split() == [
        "owner_id", "o4",
    ]  # fmt: skip


def test_a_number_is_compared_with_a_column_of_text(store: Store) -> None:
    store.persist({"owners": [owner(1, tax_number="90210")]}, scenario="s")
    for sql in ("tax_number = :zip", "tax_number IN (:zip)", "tax_number LIKE :zip"):
        found = store.query_scenario(
            "s", f"SELECT 1 FROM owners WHERE {sql}", params={"zip": 90210}
        )
        assert len(found.rows) == 1, sql
