"""Accounts: every row that goes in is in exactly one of the numbers that the reply tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.query.reply import tell_account


def priced(number: int, price: float) -> dict[str, Any]:
    return {"pet_id": f"p{number}", "owner_id": "o0", "price": price}


@pytest.mark.parametrize("on_conflict", ["skip", "replace"])
def test_persist_accounts_for_every_row(store: Store, on_conflict: str) -> None:
    store.persist({"owners": [owner(n) for n in range(10)]}, scenario="s")
    given = {
        "owners": [owner(n) for n in (3, 4, 10, 11, 12, 10)],
        "pets": [priced(1, 1.005), priced(2, 2)],
    }
    result = store.persist(given, scenario="s", on_conflict=on_conflict, round_decimals=True)
    for entity_type, rows in given.items():
        kinds = (result.inserted, result.skipped, result.replaced)
        assert sum(kind.get(entity_type, 0) for kind in kinds) == len(rows)
    assert result.account == {
        "skip": "3 owners, 2 pets; 3 owners skipped, 1 value rounded",
        "replace": "3 owners, 2 pets; 3 owners replaced, 1 value rounded",
    }[on_conflict]  # fmt: skip


def test_an_account_in_words() -> None:
    assert tell_account({"lab_results": 1200, "owners": 0}) == "1,200 lab results"
    assert tell_account({"owners": 0}, {"owners": 3}) == "nothing new; 3 owners skipped"
    assert tell_account({}, {}, {"pets": 2}, {"pets": 2, "owners": 3}) == (
        "nothing new; 2 pets replaced, 5 values rounded"
    )


def test_every_command_says_what_was_stored_and_what_was_not(run: Run, tmp_path: Path) -> None:
    batch = json.dumps({"owners": [owner(n) for n in range(5)]})

    def first(*arguments: str, input: str | None = batch) -> str:
        return run(*arguments, input=input).stdout.splitlines()[0]

    persist = ("persist", "--scenario", "mine")
    assert first(*persist, "--batch-id", "b") == 'Saved "mine": 5 owners'
    assert first(*persist, "--batch-id", "b") == (
        'Already saved "mine": 5 owners; nothing was stored again'
    )
    assert first(*persist, "--on-conflict", "skip") == (
        'Added to "mine": nothing new; 5 owners skipped'
    )
    file = tmp_path / "owners.json"
    file.write_text(json.dumps([owner(n) for n in range(3, 9)]))
    arguments = ("import", str(file), "--scenario", "mine", "--on-conflict", "replace")
    assert first(*arguments) == 'Added to "mine": 4 owners; 2 owners replaced'
    new = first("import", str(file), "--batch-id", "i")
    assert new.startswith('Imported into "owners-')
    assert new.endswith('": 6 owners')
    assert first("import", str(file), "--batch-id", "i").endswith("nothing was stored again")


STRATEGIES = ("skip", "overwrite", "rename")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_merge_accounts_for_every_row_of_its_sources(store: Store, strategy: str) -> None:
    """Three sources that overlap, one conflict of which is by natural key alone."""
    sources = {"a": range(10), "b": range(5, 15), "c": range(8, 20)}
    for name, numbers in sources.items():
        pets = [{"pet_id": f"{name}{n}", "owner_id": f"o{n}"} for n in numbers]
        owners = [owner(n) for n in numbers] + [owner(99, owner_id=f"{name}99")]
        store.persist({"owners": owners, "pets": pets}, scenario=name)
    result = store.merge_scenarios(list(sources), new_name="m", on_conflict=strategy)
    merged = store.scenario_info("m").entity_counts
    for entity_type in ("owners", "pets"):
        given = sum(store.scenario_info(name).entity_counts[entity_type] for name in sources)
        done = result.conflicts.get(entity_type, {})
        gave_way = done.get("skip", 0) + done.get("overwrite", 0)
        gave_way += result.same.get(entity_type, 0)
        assert given == merged[entity_type] + gave_way
        assert merged[entity_type] == result.entity_counts[entity_type]
        taken = sum(counts.get(entity_type, 0) for counts in result.taken.values())
        assert merged[entity_type] == taken
    assert result.total == sum(result.entity_counts.values())


def test_a_difference_accounts_for_every_row_of_both(store: Store) -> None:
    store.persist({"owners": [owner(n) for n in range(10)]}, scenario="a")
    changed = [owner(n, full_name="New") for n in (4, 5)]
    store.persist({"owners": [*changed, *(owner(n) for n in range(6, 17))]}, scenario="b")
    found = store.diff_scenarios("a", "b").entity_types["owners"]
    assert (found.same, found.changed, found.removed, found.added) == (4, 2, 4, 7)
    assert found.same + found.changed + found.removed == 10
    assert found.same + found.changed + found.added == 13


def test_an_import_accounts_for_every_row_of_its_files(store: Store, tmp_path: Path) -> None:
    (tmp_path / "owners.csv").write_text(
        "owner_id,tax_number,full_name,born\n"
        + "".join(f"o{n},T{n},Owner {n},1990-01-01\n" for n in range(7))
    )
    (tmp_path / "more.json").write_text(
        json.dumps({"owners": [owner(n) for n in (5, 6, 7)], "pets": [priced(1, 2)]})
    )
    result = store.import_data(
        [tmp_path / "owners.csv", tmp_path / "more.json"], scenario="s", on_conflict="skip"
    )
    for account in result.sources:
        counted = sum(account.mapped.values()) + sum(account.unmapped.values())
        assert account.rows == counted - account.shared
    given = {"owners": 10, "pets": 1}
    for entity_type, count in given.items():
        assert count == sum(account.mapped.get(entity_type, 0) for account in result.sources)
        done = result.persisted
        assert count == done.inserted[entity_type] + done.skipped.get(entity_type, 0)
