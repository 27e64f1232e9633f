"""What a summary counts together where there is little room: what no statistic is about."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from healthsim_store import Store
from healthsim_store.query.summary import Summary, make_summary

MINOR = {f"part_{number}": 10 + number for number in range(12)}


def summary(*, max_tokens: int) -> Summary:
    counts = {"trials": 1, **MINOR, "people": 5_000}
    parts: dict[str, Any] = {
        "scenario_id": "abc123", "description": "Much of which a reader need not know at once",
        "created_at": "", "tags": [], "products": {"own": "1"}, "entity_counts": counts,
        "statistics": [("ages", "People", "Ages", "from 20 to 70 years", [{"n": 1}])],
        "samples": {}, "omitted": [], "labels": {name: f"The kind {name}" for name in counts},
        "columns": {}, "minor": list(MINOR),
    }  # fmt: skip
    return make_summary("one", parts, max_tokens=max_tokens)


def test_statistics_stay_longer_than_the_counts_of_what_they_are_not_about() -> None:
    whole = summary(max_tokens=1_000).to_markdown()
    assert whole.count("| The kind ") == 14
    text = summary(max_tokens=150).to_markdown()
    assert "- Ages: from 20 to 70 years" in text
    assert "| The kind trials | 1 |\n" in text
    assert "| The kind people | 5,000 |\n" in text
    shown = [name for name in MINOR if f"| The kind {name} |" in text]
    assert 0 < len(shown) < 12
    assert shown == list(MINOR)[-len(shown) :], "the smallest go first"
    rest = [count for name, count in MINOR.items() if name not in shown]
    assert f"| {len(rest)} more | {sum(rest)} |" in text
    assert "Left out" not in text


def test_what_statistics_read_is_found_in_their_sql(tmp_path: Path) -> None:
    """TrialSim's statistics are about subjects, and none of them about supplemental values."""
    with Store(tmp_path) as store:
        store.generate_scenario("oncology-phase3", count=3, seed=1, into="trial")
        found = store.get_summary("trial", samples=1)
    assert {"subjects", "studies", "visit_schedule"}.isdisjoint(found.minor)
    assert {"supplemental_values", "arm_elements", "trial_lab_results"} <= {*found.minor}
    assert [*found.samples][:4] == ["studies", "sites", "treatment_arms", "subjects"]


def test_without_statistics_nothing_is_minor(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.generate_scenario("oncology-phase3", count=3, seed=1, into="trial")
        with sqlite3.connect(store.find("trial")) as connection:
            connection.execute("DELETE FROM _statistics")
        connection.close()
        assert store.get_summary("trial", samples=0).minor == ()
