"""Statistics: how their rows are told, and what does not suffice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from conftest import owner

from healthsim_store import Store
from healthsim_store.query import statistics as module
from healthsim_store.query.statistics import compute
from healthsim_store.schema.model import Statistic
from healthsim_store.storage.sandbox import Sandbox

ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS n FROM n"
)


@pytest.fixture
def sandbox(store: Store) -> Iterator[Sandbox]:
    store.persist({"owners": [owner(n) for n in range(30)]}, scenario="s")
    with contextlib.closing(Sandbox(store.find("s"))) as made:
        yield made


def statistic(name: str, sql: str, show: str = "{n}") -> Statistic:
    return Statistic(name, "toy", name.title(), "People", show, sql)


def test_rows_are_told_one_after_the_other(sandbox: Sandbox) -> None:
    sql = "SELECT gender, count(*) AS n FROM owners GROUP BY gender ORDER BY gender"
    answers, failed = compute(sandbox, [statistic("sexes", sql, "{n} {gender}")])
    assert failed == []
    (answer,) = answers
    assert (answer.name, answer.section, answer.label) == ("sexes", "People", "Sexes")
    assert answer.text == "15 F, 15 M"
    assert answer.rows == ({"gender": "F", "n": 15}, {"gender": "M", "n": 15})


def test_only_so_many_rows_are_told(sandbox: Sandbox) -> None:
    (answer,), _ = compute(sandbox, [statistic("all", "SELECT rowid AS n FROM owners")])
    assert [row["n"] for row in answer.rows] == [*range(1, module.MAX_ROWS + 1)]


@pytest.mark.parametrize("sql", ["SELECT 1 AS n WHERE false", "SELECT NULL AS n"])
def test_what_has_nothing_to_say_is_not_told(sandbox: Sandbox, sql: str) -> None:
    assert compute(sandbox, [statistic("nothing", sql)]) == ([], [])


def test_one_that_fails_is_told_and_the_others_are_computed(sandbox: Sandbox) -> None:
    bad, good = statistic("bad", "SELECT n FROM nowhere"), statistic("good", "SELECT 7 AS n")
    answers, failed = compute(sandbox, [bad, good])
    assert [answer.text for answer in answers] == ["7"]
    assert len(failed) == 1
    assert (failed[0].name, failed[0].label) == ("bad", "Bad")
    assert "nowhere" in failed[0].reason


def test_all_together_have_a_bound(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's file may have any number of slow ones."""
    monkeypatch.setattr(module, "SECONDS_IN_ALL", 0.2)
    asked = [statistic("quick", "SELECT 7 AS n"), statistic("slow", ENDLESS),
             statistic("late", "SELECT 8 AS n")]  # fmt: skip
    answers, failed = compute(sandbox, asked)
    assert [answer.name for answer in answers] == ["quick"]
    assert str(failed[0]).startswith("Slow (")
    assert str(failed[1]) == "Late (those before it took 0 seconds)"


@pytest.mark.parametrize(
    ("show", "row", "told"),
    [
        ("${paid:,.0f} paid", "NULL AS paid, 1 AS n", "unknown paid"),
        ("{n} ({percent:.0f}%)", "0 AS n, NULL AS percent", "0 (unknown)"),
        ("{low}-{high} kg", "NULL AS low, 2 AS high", "unknown-2 kg"),
        ("${paid:,.0f} paid", "0.0 AS paid", "$0 paid"),
    ],
)
def test_a_null_is_told_as_unknown(sandbox: Sandbox, show: str, row: str, told: str) -> None:
    (answer,), _ = compute(sandbox, [statistic("s", f"SELECT {row}", show)])
    assert answer.text == told


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("37783.34999999999", 37783.35),
        ("100.0 / 3", 33.333333),
        ("1.0 / 3000000", 3.33333e-07),
        ("9e999", float("inf")),
        ("1234567890123456789", 1234567890123456789),
    ],
)
def test_a_fraction_has_no_digits_of_the_arithmetic_alone(
    sandbox: Sandbox, number: str, told: float
) -> None:
    (answer,), _ = compute(sandbox, [statistic("s", f"SELECT {number} AS n")])
    assert answer.rows == ({"n": told},)


def test_a_long_label_is_cut_in_the_text_alone_and_stays_apart(sandbox: Sandbox) -> None:
    names = [f"Type 2 diabetes mellitus with diabetic {what}" for what in ("neuropathy", "foot")]
    sql = " UNION ALL ".join(f"SELECT '{name}' AS label" for name in names)
    (answer,), _ = compute(sandbox, [statistic("s", sql, "{label}")])
    assert [row["label"] for row in answer.rows] == names
    assert answer.text == "Type 2 diabet…neuropathy, Type 2 diabet…foot"


def test_more_rows_than_are_told_are_not_kept_silent(sandbox: Sandbox) -> None:
    (answer,), _ = compute(sandbox, [statistic("all", "SELECT rowid AS n FROM owners")])
    assert answer.text.endswith("19, 20, …")
    (exact,), _ = compute(sandbox, [statistic("all", "SELECT rowid AS n FROM owners LIMIT 20")])
    assert exact.text.endswith("19, 20")
