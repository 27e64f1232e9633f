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
    assert failed[0].startswith("Bad (")
    assert "nowhere" in failed[0]


def test_all_together_have_a_bound(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's file may have any number of slow ones."""
    monkeypatch.setattr(module, "SECONDS_IN_ALL", 0.2)
    asked = [statistic("quick", "SELECT 7 AS n"), statistic("slow", ENDLESS),
             statistic("late", "SELECT 8 AS n")]  # fmt: skip
    answers, failed = compute(sandbox, asked)
    assert [answer.name for answer in answers] == ["quick"]
    assert failed[0].startswith("Slow (")
    assert failed[1] == "Late (those before it took 0 seconds)"
