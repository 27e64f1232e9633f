"""A value that does not fit a question is refused over MCP too, naming the field."""

from __future__ import annotations

from typing import Any

import pytest
from wrong_values import WRONG, beyond, right

import healthsim_store as hs
from healthsim_store.plugins import installed

PRODUCTS = {"patientsim": "diabetes-cohort", "membersim": "medicare-members"}

installed.cache_clear()
TYPED = [
    (scenario, question.name, parameter)
    for product, scenario in PRODUCTS.items()
    if product in installed().declarations
    for question in installed().declarations[product].questions
    if question.name != "high_cost_patients"  # it is over both
    for parameter in question.parameters
]


@pytest.mark.parametrize(
    ("scenario", "question", "parameter"), TYPED, ids=[f"{q}-{p.name}" for _, q, p in TYPED]
)
def test_refused_naming_the_field(scenario: str, question: str, parameter: Any, talk: Any) -> None:
    name = parameter.name
    for value in [*WRONG[parameter.type], *beyond(parameter)]:
        told = talk.error("query", scenario=scenario, question=question, values={name: value})
        assert told.startswith("invalid_value: "), told
        assert f"does not fit {name}: give " in told
    for typed, _ in right(parameter)[:6]:
        talk("query", scenario=scenario, question=question, values={name: typed})


def test_numbers_and_several_at_once(talk: Any) -> None:
    asked = {"scenario": "diabetes-cohort", "question": "a1c_above"}
    text, data = talk("query", **asked, values={"least": 10})
    assert (text, data) == talk("query", **asked, values={"least": 10.0})
    assert (text, data) == talk("query", **asked, values={"least": "10"})
    # A code that is a number loses no zero and gets none.
    by_code = {"scenario": "diabetes-cohort", "question": "patients_with_diagnosis"}
    assert talk("query", **by_code, values={"code": 250}) == talk(
        "query", **by_code, values={"code": "250"}
    )
    assert "does not fit code" in talk.error("query", **by_code, values={"code": 250.1})
    told = talk.error(
        "query", scenario="diabetes-cohort", question="patients_by_gender_and_age",
        values={"gender": "femal", "youngest": "over 75"},
    )  # fmt: skip
    assert "does not fit gender: give one of M (male), F (female)" in told
    assert "Did you mean female" in told
    assert "'over 75' does not fit youngest: give a whole number from 0 to 150" in told


def test_every_product_that_is_served_is_tried() -> None:
    assert len(TYPED) >= 12 or not hs.list_entity_types()
