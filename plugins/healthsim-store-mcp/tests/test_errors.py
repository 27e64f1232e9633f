"""Errors as a model can use them: what was wrong, what was meant, the call that would work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import install
from mcp import MCPError


def test_a_wrong_column(talk: Any) -> None:
    told = talk.error("query", scenario="diabetes", sql="SELECT given_nam FROM patients")
    assert "no such column: given_nam" in told
    assert "Did you mean given_name?" in told
    assert "patients: patient_id, mrn, given_name" in told
    assert 'This works: scenario_query(sql="SELECT given_name FROM patients")' in told
    assert "lab_results:" not in told  # only the table that was meant


def test_a_wrong_table(talk: Any) -> None:
    told = talk.error("query", scenario="diabetes", sql="SELECT count(*) FROM patient p")
    assert "Did you mean patients" in told
    assert 'This works: scenario_query(sql="SELECT count(*) FROM patients p")' in told


def test_an_alias_is_sure_and_letters_alone_are_not(talk: Any) -> None:
    for sql, meant in (
        ("SELECT count(*) FROM labs", "SELECT count(*) FROM lab_results"),
        ("SELECT p.dob FROM patients p WHERE mrn > :n", "SELECT p.birth_date FROM patients p"
         " WHERE mrn > :n"),
    ):  # fmt: skip
        told = talk.error("query", scenario="diabetes", sql=sql, values={"n": 1})
        assert f'This works: scenario_query(sql="{meant}")' in told
    for sql, listed in (
        ("SELECT age FROM patients", "patients: patient_id, mrn"),
        ("SELECT 1 FROM persons", "Tables: "),
        ("SELECT name FROM patients", "Did you mean family_name or given_name?"),
    ):
        told = talk.error("query", scenario="diabetes", sql=sql)
        assert "This works" not in told
        assert listed in told


def test_a_quoted_name_that_is_none(talk: Any) -> None:
    sql = "SELECT count(*) FROM diagnoses WHERE \"cod\" = 'E11.9'"
    told = talk.error("query", scenario="diabetes", sql=sql)
    assert "no such column: cod" in told
    assert "a text is written 'cod'" in told
    assert "Did you mean code?" in told
    assert "This works" not in told  # it may be a text all the same


def test_no_correction_that_does_not_work(talk: Any) -> None:
    sql = "SELECT given_nam, nothing_like_it FROM patients"
    told = talk.error("query", scenario="diabetes", sql=sql)
    assert "This works" not in told
    assert "patients: patient_id, mrn" in told


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM patients", "DELETE"),
        ("DROP TABLE patients", "DROP"),
        ("UPDATE patients SET mrn = 'x'", "UPDATE"),
        ("PRAGMA query_only = 0", "PRAGMA"),
        ("ATTACH '/tmp/x.db' AS x", "ATTACH"),
        ("VACUUM INTO '/tmp/x.db'", "VACUUM"),
        ("SELECT 1; SELECT 2", "one"),
        ("SELECT load_extension('x')", "load_extension"),
    ],
)
def test_a_refused_statement_says_why(talk: Any, sql: str, why: str) -> None:
    told = talk.error("query", scenario="diabetes", sql=sql)
    assert told.startswith("query_")
    assert why in told


def test_no_harmless_query_is_refused(talk: Any) -> None:
    for sql in (
        "SELECT 'update pending; -- delete'",
        "SELECT mrn FROM patients WHERE family_name LIKE '%pragmatic%' -- drop",
    ):
        talk("query", scenario="diabetes", sql=sql)


def test_a_statement_that_takes_too_long(talk: Any) -> None:
    sql = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    told = talk.error("query", scenario="diabetes", sql=sql)
    assert told.startswith("query_timeout: ")
    assert "scenario_export(query=...)" in told


def test_a_name_that_fits_several_lists_them(talk: Any) -> None:
    talk("clone", scenario="one-patient")
    told = talk.error("summary", scenario="one")
    assert "one-patient, one-patient-copy" in told
    assert told.endswith("Call again with one of these names.")


def test_a_wrong_name(talk: Any) -> None:
    told = talk.error("summary", scenario="diabetis-cohort")
    assert "Did you mean diabetes-cohort?" in told
    assert "scenario_list() finds scenarios." in told
    assert "Known: members" in talk.error("describe", entity_types=["no-such"])
    assert "Did you mean copd?" in talk.error("persist", profile="copdd")
    assert "Known: csv" in talk.error("export", scenario="diabetes", format="xls")


def test_what_is_deleted_is_named_in_full(talk: Any) -> None:
    told = talk.error("delete", scenario="medicare")
    assert told.splitlines()[:2] == [
        "scenario_not_found: There is no 'medicare', and a part of a name is not enough here.",
        'Did you mean medicare-members? scenario_delete(scenario="medicare-members")',
    ]
    talk("summary", scenario="medicare-members")


def test_rows_that_cannot_be_stored(talk: Any, patient: dict[str, str]) -> None:
    wrong = patient | {"birth_date": "2024-02-30", "gendre": "F"}
    told = talk.error("persist", entities={"patients": [wrong]})
    assert "Nothing was stored" in told
    assert "gendre" in told
    assert "gender" in told
    many = [patient | {"mrn": f"M-{n}", "birth_date": "x" * 200} for n in range(200)]
    told = talk.error("persist", entities={"patients": many})
    assert "birth_date" in told


def test_arguments(talk: Any) -> None:
    told = talk.error("query", scenario="diabetes", sqll="SELECT 1")
    assert told == (
        "invalid_argument: there is no argument 'sqll'. Did you mean sql?\n"
        "It takes scenario_query(scenario, [sql], [question], [values], [limit], [offset],"
        " [attach], [max_tokens])"
    )
    told = talk.error("query", sql="SELECT 1")
    assert told.startswith("invalid_argument: scenario: Field required.\nIt takes scenario_query(")
    assert talk.error("query", scenario="diabetes").startswith("invalid_argument: give either sql")
    told = talk.error("query", scenario="diabetes", sql="SELECT 1", limit="many")
    assert "limit: " in told
    assert "not 'many'" in told
    assert "pydantic" not in told
    told = talk.error("merge", scenarios=["a", "b"], on_conflict="wipe")
    assert "'skip', 'overwrite', 'rename' or 'error'" in told
    told = talk.error("query", scenario="diabetes", sql="SELECT 1", max_tokens=10**9)
    assert "max_tokens" in told
    told = talk.error("persist", profile="copd", file="x.csv")
    assert told == (
        "invalid_argument: Give one of profile, file, select and entities, not profile and file."
    )
    assert "needs source" in talk.error("persist", select={"patients": "SELECT 1"})
    assert "no conflicts" in talk.error("persist", profile="copd", on_conflict="skip")
    # What a client sends for an argument that was not given.
    talk("query", scenario="diabetes", sql="SELECT 1", attach=None)


def test_no_such_tool(talk: Any) -> None:
    assert "There is no tool 'scenario_drop'. There are: scenario_list" in talk.error("drop")


def test_hints_are_calls_and_not_options(talk: Any) -> None:
    talk("export", scenario="one-patient", to="exports/one")
    told = talk.error("export", scenario="one-patient", to="exports/one")
    assert "force=true replaces an export" in told
    assert "--" not in told


MISTAKE = """
import healthsim_store.store

healthsim_store.store.check_limit = None  # which scenario_info of the store calls
"""

MISTAKE_OF_SUMMARIES = """
import healthsim_store

healthsim_store.Store.get_summary = None
"""


def test_a_fault_is_a_line(stdio: Any, folder: Path, tmp_path: Path) -> None:
    install(tmp_path / "site", "mistaken", {"__init__.py": MISTAKE})
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    with stdio(folder, PYTHONPATH=path) as talk:
        told = talk.error("describe", scenario="one-patient", log=5)
    line, hint = told.splitlines()
    assert line == (
        "internal_error: TypeError: 'NoneType' object is not callable (tool scenario_describe)."
    )
    assert "log of the server" in hint


def test_a_fault_of_a_resource_is_a_line_with_its_code(
    stdio: Any, folder: Path, tmp_path: Path
) -> None:
    install(tmp_path / "site", "mistaken", {"__init__.py": MISTAKE_OF_SUMMARIES})
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    with stdio(folder, PYTHONPATH=path) as talk, pytest.raises(MCPError) as caught:
        talk.do(talk.client.read_resource, "scenario://one-patient/summary")
    line, hint = str(caught.value).splitlines()
    assert line == (
        "plugin_failed: The plugin mcp failed (resource scenario://one-patient/summary):"
        " TypeError: 'NoneType' object is not callable."
    )
    assert "log of the server" in hint
