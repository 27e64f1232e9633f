"""Every reply keeps its budget by real tokenizers, whatever is stored; `Talk` weighs each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign import tries
from token_corpus import KINDS, value

import healthsim_store as hs

BUDGETS = (300, 100, 1_000)
COLUMNS = ("given_name", "family_name", "address_line", "city", "email")


def told(kind: str, number: int, most: int) -> str:
    return value(kind, number).replace("\0", "").strip()[:most] or "-"


def rows(kind: str, first: int) -> list[dict[str, Any]]:
    """Patients whose texts are all of one kind."""
    return [
        {"mrn": f"{told(kind, 7 * number, 20)} {number}", "birth_date": "1966-03-02", "gender": "F"}
        | {column: told(kind, 7 * number + n, 200) for n, column in enumerate(COLUMNS)}
        for number in range(first, first + 25)
    ]


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory, stdio: Any) -> Iterator[Any]:
    """A session on a store with a scenario of each kind."""
    folder: Path = tmp_path_factory.mktemp("nasty")
    with hs.Store(folder) as store:
        for n, kind in enumerate(KINDS):
            store.persist(
                {"patients": rows(kind, 0)}, scenario=f"s{n}",
                description=" ".join(told(kind, number, 200) for number in range(9)),
            )  # fmt: skip
        store.persist({"patients": rows("drugs", 1_000)}, scenario="other")
    with stdio(folder) as talk:
        yield talk


@pytest.mark.parametrize("kind", KINDS)
def test_every_reply_keeps_its_budget(nasty: Any, kind: str) -> None:
    scenario = f"s{list(KINDS).index(kind)}"
    word = told(kind, 1, 60)
    for budget in BUDGETS[: tries(1, 3)]:
        calls: list[tuple[str, dict[str, Any]]] = [
            ("summary", {"samples": 3}),
            ("samples", {"entity_type": "patients", "count": 20}),
            ("query", {"sql": "SELECT * FROM patients", "limit": 25}),
            ("describe", {}),
            ("describe", {"log": 5}),
        ]
        for tool, arguments in calls:
            found = {"scenario": scenario, "max_tokens": budget} | arguments
            assert nasty.raw(f"scenario_{tool}", found).content
        nasty.raw("scenario_diff", {"a": scenario, "b": "other", "rows": 9, "max_tokens": budget})
        nasty.raw("scenario_compare", {"a": scenario, "b": "other", "max_tokens": budget})
        # What is asked comes back in errors.
        nasty.raw("scenario_query", {"scenario": scenario, "sql": word, "max_tokens": budget})
        nasty.raw("scenario_summary", {"scenario": word, "max_tokens": budget})
    stored = {"entities": {"patients": rows(kind, 500)}, "scenario": scenario}
    assert not nasty.raw("scenario_persist", stored).is_error


def test_a_list_keeps_its_budget(nasty: Any) -> None:
    for budget in BUDGETS:
        assert nasty.raw("scenario_list", {"max_tokens": budget}).content
