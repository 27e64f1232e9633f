"""Every question of every product: what does not fit is refused at every door, naming the field."""

from __future__ import annotations

import datetime as dt
import decimal
import html
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Served, clinic, serving
from forks import command
from wrong_values import WRONG, beyond, objects, right

from healthsim_store import Store
from healthsim_store.browse.metadata import query_name
from healthsim_store.browse.plain_queries import plain_sql
from healthsim_store.errors import InvalidValue
from healthsim_store.plugins import installed
from healthsim_store.query.questions import fill_in
from healthsim_store.schema.model import Question
from healthsim_store.schema.parameter import Parameter

PRODUCTS = ("patientsim", "membersim", "trialsim")
SCENARIOS = {
    "patientsim": "diabetes-cohort",
    "membersim": "medicare-advantage",
    "trialsim": "oncology-phase3",
}

installed.cache_clear()
TYPED = [
    (question, parameter)
    for product in PRODUCTS
    if product in installed().declarations
    for question in installed().declarations[product].questions
    for parameter in question.parameters
]
IDS = [f"{question.name}-{parameter.name}" for question, parameter in TYPED]
EVERY = pytest.mark.parametrize(("question", "parameter"), TYPED, ids=IDS)

pytestmark = pytest.mark.skipif(not TYPED, reason="the three products are not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clinic")
    installed.cache_clear()
    clinic(made)
    return made


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(folder, path=tmp_path_factory.mktemp("log")) as found:
        yield found


def wrong(parameter: Parameter) -> list[str]:
    found = [*WRONG[parameter.type], *beyond(parameter)]
    assert len(found) >= 20 or parameter.type == "text"
    return found


def askable(question: Question, store: Store) -> str:
    """The scenario that can answer it; empty for one over two products."""
    scenario = SCENARIOS[question.product]
    names = [one.name for one in store.list_questions(scenario)]
    return scenario if question.name in names else ""


def test_every_parameter_is_declared() -> None:
    assert len(TYPED) >= 18
    for question, parameter in TYPED:
        assert parameter.type != "any", question.where
        assert parameter.description, question.where


@EVERY
def test_python(question: Question, parameter: Parameter, folder: Path) -> None:
    with Store(folder) as store:
        scenario = askable(question, store)

        def ask(value: Any) -> Any:
            if scenario:
                return store.ask_question(scenario, question.name, params={parameter.name: value})
            return fill_in(question, {parameter.name: value})

        for value in [*wrong(parameter), *objects(parameter)]:
            with pytest.raises(InvalidValue) as refused:
                ask(value)
            assert refused.value.fields == (parameter.name,)
            assert f"does not fit {parameter.name}: give " in refused.value.message
            assert "\n" not in refused.value.message
            assert len(refused.value.message) < 600


@EVERY
def test_right_values_in_many_spellings(
    question: Question, parameter: Parameter, folder: Path
) -> None:
    for typed, meant in right(parameter):
        found = fill_in(question, {parameter.name: typed})[parameter.name]
        assert (found, type(found)) == (meant, type(meant)), typed
    with Store(folder) as store:
        scenario = askable(question, store)
        for typed, _ in right(parameter)[:12] if scenario else ():
            store.ask_question(scenario, question.name, params={parameter.name: typed})
    for blank in (None, "", "  "):
        assert fill_in(question, {parameter.name: blank})[parameter.name] == parameter.default


def test_what_only_python_can_give() -> None:
    found = {parameter.type: parameter for _, parameter in TYPED}
    assert found["integer"].bind(30) == found["integer"].bind(30.0) == 30
    assert found["number"].bind(decimal.Decimal("8.5")) == 8.5
    assert found["amount"].bind(12000) == 12000.0
    assert found["date"].bind(dt.date(2025, 1, 31)) == "2025-01-31"
    assert found["date"].bind(dt.datetime(2025, 1, 31)) == "2025-01-31"
    assert found["code"].bind(250) == "250"
    with pytest.raises(ValueError):
        found["code"].bind(250.1)  # 250.10 and 250.1 are not the same code


@EVERY
def test_command_line(question: Question, parameter: Parameter, folder: Path) -> None:
    with Store(folder) as store:
        scenario = askable(question, store)
    if not scenario:
        pytest.skip("it is over two products")
    environment = os.environ | {"HEALTHSIM_STORE_DIR": str(folder), "PYTHONWARNINGS": "error"}
    values = [value for value in wrong(parameter) if "\0" not in value and "\ud800" not in value]
    for value in values[: None if os.environ.get("HEALTHSIM_STORE_CAMPAIGN") else 20]:
        done = command(
            "query", scenario, "-q", question.name, "-p", parameter.name, value,
            environment=environment,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, ""), (value, done)
        assert f"does not fit {parameter.name}: give " in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


@EVERY
def test_browser(question: Question, parameter: Parameter, folder: Path, served: Served) -> None:
    with Store(folder) as store:
        scenario = askable(question, store)
    if not scenario:
        pytest.skip("it is over two products")
    path = f"/{scenario}/{query_name(question)}"
    form = served.get(path)
    assert form.status == 200
    assert f'name="{parameter.name}"' in form.text
    assert html.escape(parameter.description, quote=False) in html.unescape(form.text).replace(
        "&", "&amp;"
    )
    for value in wrong(parameter):
        if "\ud800" in value:
            continue  # no URL has it
        for ending in ("", ".json", ".csv"):
            answer = served.get(path + ending, **{parameter.name: value})
            assert answer.status == 400, (value, ending, answer.text[:500])
            told = html.unescape(answer.text)
            assert f"does not fit {parameter.name}: give " in told, (value, ending)
            assert 'class="rows-and-columns"' not in answer.text
    for typed, _ in right(parameter)[:4]:
        assert served.get(path, **{parameter.name: typed}).status == 200


def test_the_form_is_made_of_the_types(served: Served) -> None:
    form = served.get("/diabetes-cohort/patientsim_patients_by_gender_and_age").text
    assert '<option value="" selected>any</option><option value="M">M (male)</option>' in form
    assert 'type="number" id="qp2" name="youngest" value="" step="1" min="0" max="150"' in form
    assert (
        'name="least" value="9" step="any"'
        in served.get("/diabetes-cohort/patientsim_a1c_above").text
    )
    form = served.get("/diabetes-cohort/patientsim_encounters_between", first="2025-01-31").text
    assert 'type="date" id="qp2" name="first" value="2025-01-31"' in form
    refused = served.get("/diabetes-cohort/patientsim_encounters_between", first="01/31/2025").text
    assert 'type="text" id="qp2" name="first" value="01/31/2025" aria-invalid="true"' in refused
    assert "<select" in refused
    unknown = served.get("/diabetes-cohort/patientsim_a1c_above", leest=9)
    assert (unknown.status, "has no value" in unknown.text) == (400, True)


def test_edit_sql_has_the_values(served: Served) -> None:
    page = served.get("/diabetes-cohort/patientsim_a1c_above", least="10.5").text
    (edit,) = [part.split('"')[0] for part in page.split('href="')[1:] if "/-/query" in part[:60]]
    asked = served.get(html.unescape(edit)).text
    assert "a1c &gt; 10.5" in asked
    assert asked.count("<tr>") == page.count("<tr>") > 1


def test_a_datasette_without_the_plugin_refuses_too(folder: Path) -> None:
    """It has metadata.yml only, so the SELECT itself has to judge what was typed."""
    ask = _plain(folder)
    for question, parameter in TYPED:
        with Store(folder) as store:
            scenario = askable(question, store)
            if not scenario:
                continue
            for typed, _ in right(parameter)[:12]:
                if typed in ("85e-1", "20250131", "2025-01-31T00:00:00", "30.0"):
                    continue  # spellings that only we know
                expected = store.ask_question(
                    scenario, question.name, params={parameter.name: typed}, limit=10_000
                ).rows
                assert ask(scenario, question, {parameter.name: typed}) == expected, typed
        # Without a row, SQLite does not look at the value.
        for value in wrong(parameter) if ask(scenario, question, {}) else ():
            if "\0" not in value and "\ud800" not in value:
                told = ask(scenario, question, {parameter.name: value})
                assert isinstance(told, str), (parameter.name, value)
                assert parameter.name in told


def _plain(folder: Path) -> Callable[..., Any]:
    def ask(scenario: str, question: Question, values: dict[str, str]) -> Any:
        connection = sqlite3.connect(folder / f"{scenario}.db")
        connection.row_factory = sqlite3.Row
        filled = {one.name: values.get(one.name, "") for one in question.parameters}
        try:
            return [dict(row) for row in connection.execute(plain_sql(question), filled)]
        except sqlite3.OperationalError as error:
            return str(error)
        finally:
            connection.close()

    return ask
