"""Merge strategies: one place says which there are, and a fifth would be one more value."""

from __future__ import annotations

import dataclasses
import json

import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import InvalidArgument
from healthsim_store.operations import strategies
from healthsim_store.operations.strategies import STRATEGIES, Strategies
from healthsim_store.schema.model import Column, EntityType
from healthsim_store.schema.registry import Registry
from healthsim_store.schema.types import LogicalType


def registry(*names: str) -> Registry:
    key = (Column("id", LogicalType.parse("VARCHAR"), required=True),)
    return Registry(EntityType(name, "toy", key, "id") for name in names)


def test_one_for_all_or_one_for_each_type() -> None:
    types = registry("owners", "pets")
    assert Strategies("rename").for_types(types) == dict.fromkeys(
        ("owners", "pets"), STRATEGIES["rename"]
    )
    mixed = Strategies({"pets": "error"}).for_types(types)
    assert {name: str(chosen) for name, chosen in mixed.items()} == {
        "owners": "skip", "pets": "error",
    }  # fmt: skip
    others = Strategies({"pets": "skip", "*": "overwrite"}).for_types(types)
    assert str(others["owners"]) == "overwrite"


@pytest.mark.parametrize("wrong", ["overwrit", "", None, 3, ["skip"], {"pets": "nothing"}])
def test_another_word_is_refused_with_those_that_there_are(wrong: object) -> None:
    with pytest.raises(InvalidArgument) as refused:
        Strategies({"*": wrong} if not isinstance(wrong, dict) else wrong)  # type: ignore[dict-item]
    assert "overwrite" in (refused.value.hint or "")


def test_a_fifth_one_is_one_more_value(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does what its flags say, and every reply has its word."""
    fifth = dataclasses.replace(STRATEGIES["overwrite"], name="newest", done="renewed")
    monkeypatch.setitem(strategies.STRATEGIES, "newest", fifth)
    store.persist({"owners": [owner(1, full_name="Old")]}, scenario="a")
    store.persist({"owners": [owner(1, full_name="New")]}, scenario="b")
    merged = store.merge_scenarios(["a", "b"], new_name="m", on_conflict="newest")
    assert store.load_scenario("m")["owners"][0]["full_name"] == "New"
    assert merged.conflicts == {"owners": {"newest": 1}}
    assert "Owners 1 renewed" in merged.to_markdown()


def test_the_command_line_tells_all_of_them(run: Run) -> None:
    told = run("merge", "--help").stdout
    for name, strategy in STRATEGIES.items():
        assert name in told
        assert " ".join(strategy.about.split()[:3]) in " ".join(told.split())
    run("persist", "--scenario", "a", input=json.dumps({"owners": [owner(1)]}))
    run("persist", "--scenario", "b", input=json.dumps({"owners": [owner(2)]}))
    wrong = run("merge", "a", "b", "--on-conflict", "overwrit")
    assert wrong.returncode == 2
    assert "Did you mean overwrite?" in wrong.stderr
