"""Compare: two cohorts side by side, with differences worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from campaign import tries
from conftest import PLUGIN, SUMMARY, Run, install, owner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_tokenizer import count_tokens

from healthsim_store import ComparisonResult, Store
from healthsim_store.base.tokens import estimate_tokens
from healthsim_store.errors import InvalidArgument, ScenarioNotFound
from healthsim_store.operations.compare import Cohort, compare_cohorts
from healthsim_store.query import statistics
from healthsim_store.schema.template import fill_difference

STATISTICS = """
-- Species
-- @name species @section Pets @show {n:,} {species}
SELECT species, count(*) AS n FROM pets GROUP BY species ORDER BY n DESC, species;

-- Weight
-- @name weight @section Pets @show {mean:.1f} kg (range: {low:.1f}-{high:.1f})
SELECT avg(weight) AS mean, min(weight) AS low, max(weight) AS high FROM pets
HAVING count(weight) > 0;

-- With a chip
-- @name chipped @section Pets @show {n:,} ({percent:.0f}%)
SELECT count(*) AS n, 100.0 * count(*) / (SELECT count(*) FROM pets) AS percent
FROM pets WHERE chipped HAVING count(*) > 0;

-- Prices
-- @name prices @section Pets @show ${total:,.0f} in all
SELECT sum(price) AS total FROM pets HAVING count(price) > 0;

-- Names
-- @name names @section Owners @show {first} to {last}
SELECT min(full_name) AS first, max(full_name) AS last FROM owners;
"""


@pytest.fixture
def pair(toy_of: Callable[..., None], tmp_path: Path) -> Any:
    """Two scenarios of a product with five statistics; they have no entity in common."""
    toy_of("1.0", summary_sql=STATISTICS)
    with Store(tmp_path / "store") as store:
        owners = [owner(1, full_name="Ada"), owner(2, full_name="Bo")]
        store.persist(
            {"owners": owners, "pets": [
                {"owner_id": "o1", "species": "cat", "weight": 2.0, "chipped": True, "price": 1500},
                {"owner_id": "o1", "species": "cat", "weight": 4.0, "chipped": False},
                {"owner_id": "o2", "species": "dog", "weight": 9.0, "chipped": False},
                {"owner_id": "o2", "species": "dog", "weight": 9.0, "chipped": True},
            ]}, scenario="before",
        )  # fmt: skip
        others = [owner(n, owner_id=f"x{n}", full_name=name) for n, name in ((1, "Ada"), (2, "Bo"))]
        store.persist(
            {"owners": others, "pets": [
                {"owner_id": "x1", "species": "cat", "weight": 2.0, "price": 300},
                {"owner_id": "x2", "species": "cat", "weight": 3.0},
                {"owner_id": "x2", "species": "cat", "weight": 8.0},
            ]}, scenario="after",
        )  # fmt: skip
        yield store


def test_counts_and_statistics_side_by_side(pair: Store) -> None:
    assert pair.compare_scenarios("before", "after").to_markdown() == (
        "**before** (A) and **after** (B)\n"
        "\n"
        "| | A | B | B - A |\n"
        "|---|---|---|---|\n"
        "| Pets | 4 | 3 | -1 |\n"
        "| With a chip | 2 (50%) | none |  |\n"
        "| Prices | $1,500 in all | $300 in all | -$1,200 |\n"
        "| Species | 2 cat, 2 dog | 3 cat | +1 |\n"
        "| Weight | 6.0 kg (range: 2.0-9.0) | 4.3 kg (range: 2.0-8.0) | -1.7, high -1.0 |\n"
        "\n"
        "Equal: Owners 2; Names"
    )


def test_the_result_has_the_values_themselves(pair: Store) -> None:
    found = pair.compare_scenarios("before", "after")
    pets = found.entity_types["pets"]
    assert (pets.a, pets.b, pets.difference, pets.equal) == (4, 3, -1, False)
    assert found.entity_types["owners"].equal
    by_name = {statistic.name: statistic for statistic in found.statistics}
    assert list(by_name) == ["species", "weight", "chipped", "prices", "names"]
    mean, high = by_name["weight"].changes
    assert (mean.field, mean.a, mean.b) == ("mean", 6.0, 4.333333)
    assert mean.difference == pytest.approx(4.333333 - 6, abs=1e-9)
    assert (high.field, high.difference) == ("high", -1.0)
    # 1 more of 2 and 3 cats, and 2 dogs that are not there: 3 of 5.
    assert by_name["species"].size == pytest.approx(3 / 5)
    assert by_name["chipped"].b.text is None
    assert by_name["names"].equal
    told = json.loads(json.dumps(found.to_dict()))
    assert told["entity_types"]["pets"] == {"label": "Pets", "a": 4, "b": 3, "difference": -1}
    assert told["statistics"][2]["b"] == {"text": "none", "rows": []}
    assert told["statistics"][3]["changes"] == [
        {"field": "total", "a": 1500.0, "b": 300.0, "difference": -1200.0, "text": "-$1,200"}
    ]
    assert (told["a"], told["b"], told["comparable"]) == ("before", "after", True)


def test_the_other_way_round_every_sign_is_the_other(pair: Store) -> None:
    there = pair.compare_scenarios("before", "after")
    back = pair.compare_scenarios("after", "before")
    for one, other in zip(there.statistics, back.statistics, strict=True):
        assert {c.field: c.difference for c in one.changes} == {
            c.field: -c.difference for c in other.changes
        }
        assert one.size == pytest.approx(other.size)
    assert "| With a chip | none | 2 (50%) |  |" in back.to_markdown()
    assert "| Prices | $300 in all | $1,500 in all | +$1,200 |" in back.to_markdown()


def test_a_clone_is_equal_and_what_is_changed_of_it_is_all_that_is_told(pair: Store) -> None:
    pair.clone_scenario("before", new_name="twin")
    assert pair.compare_scenarios("before", "twin").to_markdown() == (
        "**before** (A) and **twin** (B): all that both have is equal.\n"
        "Equal: Owners 2, Pets 4; Species, Weight, With a chip, Prices, Names"
    )
    pair.update_entities("twin", "pets", {"chipped": False}, where="price IS NOT NULL")
    found = pair.compare_scenarios("before", "twin")
    assert "| With a chip | 2 (50%) | 1 (25%) | -1, percent -25 points |" in found.to_markdown()
    assert len(found.differing) == 1


def test_a_row_that_only_one_lists_is_not_taken_for_0(pair: Store) -> None:
    """A statistic may list the most frequent alone."""
    species = pair.compare_scenarios("before", "after").statistics[0]
    assert [(change.of, change.difference) for change in species.changes] == [("cat", 1)]


def test_a_statistic_that_fails_on_one_side_is_told_first(pair: Store) -> None:
    with closing(sqlite3.connect(pair.find("after"))) as file, file:
        file.execute("UPDATE _statistics SET sql = 'SELECT n FROM nowhere' WHERE name = 'prices'")
    found = pair.compare_scenarios("before", "after")
    first = found.to_markdown().split("\n")[5]  # after the counts
    assert first.startswith(
        "| Prices* | $1,500 in all | failed: The query failed: no such table: now"
    )
    assert found.statistics[3].to_dict()["b"]["reason"].endswith("no such table: nowhere.")
    assert "$300" not in found.to_markdown()


def test_one_that_takes_too_long_is_told(pair: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with closing(sqlite3.connect(pair.find("before"))) as file, file:
        file.execute("UPDATE _statistics SET sql = ? WHERE name = 'weight'", (endless,))
    monkeypatch.setattr(statistics, "SECONDS_IN_ALL", 0.3)
    with Store(pair.path, isolated=False) as here:
        told = here.compare_scenarios("before", "after").to_markdown()
    assert "| Weight* | failed: " in told
    # Those after it are told too, since their time was over.
    assert "| With a chip | failed: those before it took 0 seconds | none |  |" in told


def test_the_same_statistic_with_other_sql_is_marked(
    pair: Store, toy_of: Callable[..., None]
) -> None:
    """Also where the answers are equal: here 1 is counted twice, and 1 of 1 is told as half."""
    toy_of("1.1", summary_sql=STATISTICS.replace("count(*) AS n, 100.0", "2 * count(*) AS n, 50.0"))
    pair.persist(
        {"owners": [owner(1)], "pets": [{"owner_id": "o1", "weight": 3.0, "chipped": True}]},
        scenario="later",
    )
    told = pair.compare_scenarios("before", "later").to_markdown()
    assert told.endswith("\nEqual: With a chip*")
    assert "\n*: the two files have different SQL for it, which may be all that differs" in told
    assert told.count("*:") == 1


def test_other_products_have_nothing_in_common(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_of: Callable[..., None]
) -> None:
    schema = (
        "-- Cars\nCREATE TABLE cars (car_id VARCHAR PRIMARY KEY, -- Id\n  seats INTEGER -- n\n);"
    )
    summary = "-- Seats\n-- @name seats @section Cars @show {n}\nSELECT sum(seats) AS n FROM cars;"
    plugin = PLUGIN.replace('"toy"', '"cars"')
    files = {"__init__.py": plugin, "schema.sql": schema, "summary.sql": summary}
    install(tmp_path / "cars", "carsim", files)
    monkeypatch.syspath_prepend(str(tmp_path / "cars"))
    toy_of("1.0", summary_sql=SUMMARY)
    store.persist({"owners": [owner(1)]}, scenario="people")
    store.persist({"cars": [{"seats": 5}, {"seats": 2}]}, scenario="traffic")
    found = store.compare_scenarios("people", "traffic")
    assert not found.comparable
    assert found.to_markdown() == (
        "**people** (A) and **traffic** (B) have no entity type in common.\n"
        "Only in A: Owners 1\n"
        "Only in B: Cars 2; Seats"
    )
    store.persist({"cars": [{"seats": 5}]}, scenario="people")
    both = store.compare_scenarios("people", "traffic")
    assert both.comparable
    assert "| Cars | 1 | 2 | +1 |" in both.to_markdown()
    assert "| Seats | 5 | 7 | +2 |" in both.to_markdown()
    assert both.to_markdown().endswith("\nOnly in A: Owners 1")


def test_bad_pairs_are_refused(pair: Store) -> None:
    with pytest.raises(InvalidArgument, match="are the same scenario, before"):
        pair.compare_scenarios("before", "before")
    with pytest.raises(ScenarioNotFound):
        pair.compare_scenarios("before", "nowhere")
    for bad in (99, 0, -1, 10**9):
        with pytest.raises(InvalidArgument):
            pair.compare_scenarios("before", "after", max_tokens=bad)


def test_another_store(pair: Store, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    shutil.copy(pair.find("after"), there / "before.db")
    with Store(there) as other:
        found = pair.compare_scenarios("before", "before", other=other)
    assert found.entity_types["pets"].difference == -1


def test_the_command_line_tells_the_same(pair: Store, run: Run) -> None:
    done = run("compare", "before", "after")
    assert done.stdout == pair.compare_scenarios("before", "after").to_markdown() + "\n"
    assert json.loads(run("compare", "before", "after", "--json").stdout) == (
        pair.compare_scenarios("before", "after").to_dict()
    )
    path = str(pair.find("after"))
    assert "| Pets | 4 | 3 | -1 |" in run("compare", "before", path, "--all").stdout
    assert run("compare", "before", "before").returncode == 2


# -- budgets -------------------------------------------------------------------------------------


def many(count: int, word: str = "Statistic") -> ComparisonResult:
    """Two cohorts in which all of ``count`` statistics and counts differ, by 1 of 2, 1 of 3, ..."""

    def side(more: int) -> Cohort:
        names = [f"s{n}" for n in range(count)]
        declared = [("p", n, "All", f"{word} {n}", "{n:,} of them", "SELECT") for n in names]
        answers = [
            (name, "All", f"{word} {name}", f"{n + 1 + more:,} of them", [{"n": n + 1 + more}])
            for n, name in enumerate(names)
        ]
        return Cohort(f"{word} {more}", {
            "products": {"p": "1"}, "labels": {n: f"{word} type {n}" for n in names},
            "entity_counts": {name: n + 1 + more for n, name in enumerate(names)},
            "declared": declared, "failed": [], "statistics": answers,
        })  # fmt: skip

    return compare_cohorts(side(0), side(1), max_tokens=399)


@pytest.mark.parametrize("count", [1, 5, 12, 100, 2_000])
def test_the_text_has_less_than_400_tokens_whatever_there_is(count: int) -> None:
    found = many(count)
    assert count_tokens(found.to_markdown()) < 400
    assert estimate_tokens(found.to_markdown()) < 400
    told = [one for one in found.to_markdown().split("\n") if one.startswith("| Statistic")]
    left = 2 * count - len(told)
    assert (f"Left out: {left:,} smaller difference" in found.to_markdown()) == (left > 0)
    if left:
        assert "(max_tokens gives more)" in found.to_markdown()
        # The smallest numbers differ most, by 1 of 2 and so on; all that is told is the first.
        assert "| Statistic type s0 | 1 | 2 | +1 |" in told


def test_all_tells_all() -> None:
    whole = dataclasses.replace(many(60), max_tokens=None)
    assert whole.to_markdown().count("\n| Statistic ") == 120
    assert "Left out" not in whole.to_markdown()


@pytest.mark.parametrize("budget", [100, 150, 1_000])
def test_any_budget_is_kept_also_with_long_names(budget: int) -> None:
    for word in ("Statistic", "|\n**x** " * 40, "\u6f22\u5b57" * 80):
        found = dataclasses.replace(many(30, word), max_tokens=budget)
        assert count_tokens(found.to_markdown()) <= budget


# -- values of strangers -------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(), st.none(), st.text(max_size=5), st.booleans()
)
ROWS = st.lists(st.fixed_dictionaries({"n": NUMBERS, "who": NUMBERS, "p": NUMBERS}), max_size=4)


@settings(max_examples=tries(60, 2_000), suppress_health_check=[HealthCheck.too_slow])
@given(a=ROWS, b=ROWS, show=st.sampled_from(["{n}", "{who}: ${n:,.0f} ({p:.1f}%)", "{p:.0%} {n}"]))
def test_any_rows_can_be_compared(a: Any, b: Any, show: str) -> None:
    def side(name: str, rows: Any) -> Cohort:
        answers = [("s", "All", "S", "text", rows)] if rows else []
        return Cohort(name, {
            "products": {}, "labels": {"t": "T"}, "entity_counts": {"t": 1},
            "declared": [("p", "s", "All", "S", show, "SELECT")], "failed": [],
            "statistics": answers,
        })  # fmt: skip

    found = compare_cohorts(side("a", a), side("b", b), max_tokens=399)
    (statistic,) = found.statistics
    assert 0 <= statistic.size <= 1
    assert all(math.isfinite(change.difference) for change in statistic.changes)
    assert all(change.difference for change in statistic.changes)
    assert estimate_tokens(found.to_markdown()) < 400
    same = compare_cohorts(side("a", a), side("b", a), max_tokens=399).statistics[0]
    assert same.changes == ()


@pytest.mark.parametrize(
    ("template", "name", "difference", "told"),
    [
        ("{n:,} ({percent:.0f}%)", "n", -1234, "-1,234"),
        ("{n:,} ({percent:.0f}%)", "percent", -29.0, "-29 points"),
        ("{n:,} ({percent:.0f}%)", "percent", 0.04, "+0.04 points"),
        ("${paid:,.0f} paid", "paid", -1200.0, "-$1,200"),
        ("{average:.1f}%", "average", -0.7, "-0.7 points"),
        ("{share:.1%} of all", "share", 0.29, "+29.0 points"),
        ("{share:.0%} of all", "share", 0.0004, "+0.04 points"),
        ("{mean} kg", "mean", 0.1 + 0.2, "+0.3"),
        ("{n:,d}", "n", 3.0, "+3"),
    ],
)
def test_a_difference_has_its_unit(template: str, name: str, difference: float, told: str) -> None:
    assert fill_difference(template, name, difference) == told
