"""What is wrong with rows is counted to the end, and told in few words however many there are."""

from __future__ import annotations

import collections
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import owner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthsim_store import Store
from healthsim_store.base.tokens import estimate_tokens
from healthsim_store.errors import InvalidRows
from healthsim_store.storage import problems as problems_module
from healthsim_store.storage.problems import Problems
from healthsim_store.storage.violations import MAX_PROBLEMS, Problem

# Faults of a row, by the field and what is in it.
FAULTS: list[tuple[str, Any]] = [
    ("born", "never"), ("born", "1903-13-15"), ("gender", "x"), ("gender", "REMOTE"),
    ("full_name", ""), ("mentor_id", 7.5), ("full_name", "y" * 50),
]  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(FAULTS) | st.none(), min_size=1, max_size=120))
def test_the_counts_are_of_all_rows(store: Store, faults: list[tuple[str, Any] | None]) -> None:
    rows = [owner(n) | dict([fault] if fault else []) for n, fault in enumerate(faults)]
    wrong = collections.Counter(fault[0] for fault in faults if fault)
    if not wrong:
        return
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": rows}, scenario="s")
    error = caught.value
    assert error.complete
    assert error.total == sum(wrong.values())
    told = collections.Counter[str]()
    for problem in error.problems:
        told[str(problem.field)] += problem.count
    assert told == wrong
    assert len(error.problems) <= MAX_PROBLEMS + len(FAULTS)
    assert estimate_tokens(str(error)) < 300


def test_counts_go_beyond_a_chunk(store: Store) -> None:
    rows = [owner(n) | ({"gender": "REMOTE"} if n % 2 else {}) for n in range(25_000)]
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": rows}, scenario="s")
    assert "12,500 problems" in caught.value.message
    assert "'REMOTE' (12,500 rows)" in caught.value.message
    assert len(caught.value.problems) == MAX_PROBLEMS


def test_values_that_all_differ_are_counted_together(store: Store) -> None:
    with pytest.raises(InvalidRows) as caught:
        store.persist({"owners": [owner(n, born=f"day {n}") for n in range(500)]}, scenario="s")
    assert "and other values (496 rows)" in caught.value.message
    assert len(caught.value.problems) == MAX_PROBLEMS + 1


def test_a_fault_of_a_column_is_one(store: Store) -> None:
    rows = [owner(n) | {"shoe": 1} for n in range(25_000)]
    with pytest.raises(InvalidRows, match="1 problem") as caught:
        store.persist({"owners": rows}, scenario="s")
    (problem,) = caught.value.problems
    assert (problem.field, problem.count) == ("shoe", 25_000)


def test_it_ends_when_it_takes_too_long(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problems_module, "SECONDS", 0.05)
    rows = [owner(n, born="never") for n in range(200_000)]
    begin = time.thread_time()
    with pytest.raises(InvalidRows, match="or more problems") as caught:
        store.persist({"owners": rows}, scenario="s")
    assert not caught.value.complete
    assert time.thread_time() - begin < 2


def test_many_kinds_are_told_in_few_words() -> None:
    """Of what has no room the fields are named; the problems themselves are there for programs."""
    problems = Problems()
    names = [f"a_long_name_of_a_field_{n}" for n in range(100)]
    for row in range(3):
        problems.add(
            Problem("observations", row, name, "a value", f"must be of kind {name}", "A hint.")
            for name in names
        )
    error = problems.error(complete=True)
    assert error.total == 300
    assert estimate_tokens(str(error)) < 300
    assert "- also: observations, a_long_name_of_a_field_" in error.message
    assert error.message.endswith(" more.")


def test_items_of_json_are_numbered(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(
        '{"owners": [{"full_name": "A", "tax_number": "T1", "born": "1970-01-01"},\n\n'
        '{"full_name": "B", "tax_number": "T2", "born": "never"}],\n'
        '"pets": [{"owner_tax_number": "T1", "species": "dog"}]}'
    )
    with pytest.raises(InvalidRows, match=r"owners \(all\.json, item 2\), born 'never'") as caught:
        store.import_data(path, scenario="s")
    assert caught.value.to_dict()["problems"][0]["item"] == 2
