"""Two cohorts side by side, in the budget of the call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import healthsim_store as hs


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory, stdio: Any) -> Any:
    """A session on a cohort, its clone without insulin, and members of a plan."""
    folder: Path = tmp_path_factory.mktemp("cohorts")
    with hs.Store(folder) as store:
        store.generate_scenario("diabetes-cohort", count=40, seed=3, into="cohort")
        store.clone_scenario("cohort", new_name="no-insulin")
        store.remove_entities("no-insulin", "medications", where="name LIKE '%insulin%'")
        store.generate_scenario("medicare-advantage", count=5, seed=3, into="members")
    with stdio(folder) as talk:
        yield talk


def test_text_and_structure_say_the_same(cohorts: Any) -> None:
    told, data = cohorts("compare", a="cohort", b="no-insulin")
    assert (data["a"], data["b"]) == ("cohort", "no-insulin")
    assert data["columns"] == ["", "a", "b", "b - a"]
    rows = {label: others for label, *others in data["rows"]}
    assert rows["On insulin"][1] == "0 (0%)"
    for row in data["rows"]:
        assert f"| {' | '.join(row)} |" in told
    assert "Equal: Patients 40, " in told


@pytest.mark.parametrize("budget", [100, 150, 400, 2_000])
def test_a_budget_is_kept_and_what_is_left_out_is_told(cohorts: Any, budget: int) -> None:
    """`Talk` weighs the reply."""
    told, data = cohorts("compare", a="cohort", b="no-insulin", max_tokens=budget)
    assert ("Left out: " in told or "Truncated: " in told) == ("truncated" in data)
    assert "| On insulin | " in told  # the largest difference
    told, data = cohorts("compare", a="cohort", b="members", max_tokens=budget)
    assert "have no entity type in common" in told


def test_bad_pairs_are_refused(cohorts: Any) -> None:
    assert "the same scenario" in cohorts.error("compare", a="cohort", b="cohort")
    assert cohorts.error("compare", a="cohort", b="nowhere").startswith("scenario_not_found: ")
    told = cohorts.error("compare", a="cohort", b="members", max_tokens=5)
    assert told.startswith("invalid_argument: ")
