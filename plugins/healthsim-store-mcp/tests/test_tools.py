"""Every tool, over stdio and over HTTP; and what the client is told of them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from real_tokenizer import count_tokens

import healthsim_store as hs


def test_every_tool(connect: Any, folder: Path, patient: dict[str, str]) -> None:
    with connect(folder) as talk:
        text, data = talk("list")
        assert text.startswith("name,entities,tags,changed,about\n")
        assert "Tags: small 1" in text
        assert {row[0] for row in data["rows"]} == {
            "diabetes-cohort", "medicare-members", "one-patient",
        }  # fmt: skip

        text, data = talk("describe", scenario="one-patient")
        assert text.startswith("patients (1): patient_id, mrn, ")
        assert "gender(M|F|O|U)" in data["tables"]["patients"]

        text, data = talk("persist", entities={"patients": [patient]}, scenario="second")
        assert text.startswith('Saved "second" (new).')
        assert data["entity_counts"] == {"patients": 1}

        text, data = talk("summary", scenario="diabetes", samples=1)
        assert "- Average A1C: " in text
        assert data["entity_counts"]["patients"] == 30
        assert "Average A1C" in data["statistics"]

        text, data = talk("samples", scenario="diabetes", entity_type="patients", count=2)
        assert text.count("MRN: ") == 2
        assert len(data["samples"]) == 2

        text, data = talk("query", scenario="second", sql="SELECT mrn, gender, email FROM patients")
        assert text == "mrn,gender\nP-1,F\nEmpty here: email"
        assert data == {
            "columns": ["mrn", "gender"], "rows": [["P-1", "F"]], "total": 1, "empty": ["email"],
        }  # fmt: skip

        text, data = talk("diff", a="one-patient", b="diabetes-cohort")
        assert data["entity_types"]["patients"] == {"added": 30, "removed": 1, "changed": 0}

        text, data = talk("compare", a="one-patient", b="diabetes-cohort")
        assert ["Patients", "1", "30", "+29"] in data["rows"]

        text, _ = talk("annotate", scenario="second", add=["validated"])
        assert text == "second: validated"

        assert talk("change", scenario="second", entity_type="patients", where="1",
                    set={"city": "Fresno"})[1]["updated"] == 1  # fmt: skip
        assert "1 patients updated" in talk("undo", scenario="second")[0]

        text, _ = talk("rename", scenario="second", new_name="third")
        assert text == "Old name: second\nNew name: third"

        text, data = talk("clone", scenario="diabetes")
        assert data["scenario"] == "diabetes-cohort-copy"
        assert data["copied"]["patients"] == 30
        assert talk("diff", a="diabetes-cohort", b="diabetes-cohort-copy")[1]["entity_types"] == {}

        text, data = talk("merge", scenarios=["diabetes-cohort", "third"], context="training")
        assert data["entity_counts"]["patients"] == 31
        assert data["sources"]["third"] == {"patients": 1}
        assert data["tags"] == ["validated"]

        text, data = talk("export", scenario="third", format="ndjson")
        assert Path(data["folder"]) == folder / "exports" / "third-ndjson"
        rows = (folder / "exports/third-ndjson/patients.ndjson").read_text("utf-8").splitlines()
        assert [json.loads(row)["mrn"] for row in rows] == ["P-1"]

        assert "Deleted third." in talk("delete", scenario="third")[0]
        assert talk("restore")[1]["rows"][0][0] == "third"
        assert talk("restore", scenario="third")[1] == {"restored": "third"}

        listed = {tool.name for tool in talk.do(talk.client.list_tools).tools}
        assert talk.called == listed

        uris = [r.uri for r in talk.do(talk.client.list_resources).resources]
        assert "scenario://third/summary" in uris
        (found,) = talk.do(talk.client.read_resource, "scenario://diabetes-cohort/summary").contents
        assert found.mime_type == "text/markdown"
        assert found.text == talk("summary", scenario="diabetes-cohort")[0]


def test_a_part_of_a_scenario(talk: Any) -> None:
    women = "SELECT patient_id FROM patients WHERE gender = :g"
    part = {"only": women, "values": {"g": "F"}}
    text, data = talk("clone", scenario="diabetes", new_name="only-women", part=part)
    assert data["copied"]["patients"] == data["chosen"]["patients"]
    assert data["copied"]["patients"] + data["not_taken"]["patients"] == 30
    assert "Left out" in text
    part = {"only_question": "a1c_above", "values": {"least": 7}}
    _, data = talk("clone", scenario="diabetes", new_name="poor", part=part)
    assert 0 < data["chosen"]["patients"] < 30
    part = {"split": {"train": 80, "test": 20}, "seed": 7, "stratify": "gender"}
    text, data = talk("clone", scenario="diabetes-cohort", new_name="x", part=part)
    assert data["parts"]["train"]["dealt"] == {"patients": 24}
    assert data["parts"]["test"]["scenario"] == "x-test"
    told = talk.error("clone", scenario="diabetes-cohort", part={"stratifi": "gender"})
    assert "part has no 'stratifi'. Did you mean stratify?" in told
    told = talk.error("clone", scenario="diabetes-cohort", part={"sample": 3, "values": 7})
    assert "values of part are by name" in told
    told = talk.error("clone", scenario="diabetes-cohort", part={"only_question": "a1c_abov"})
    assert "Did you mean a1c_above?" in told
    told = talk.error("clone", scenario="diabetes-cohort", part={"split": {"a": 50, "b": 60}})
    assert "The shares are 110 % together" in told


def test_a_question_that_the_scenario_brings(talk: Any) -> None:
    text, data = talk("describe", scenario="diabetes")
    assert (
        "\nQuestions: patients_by_gender_and_age(gender M|F|O|U, youngest integer, oldest" in text
    )
    assert data["questions"]["a1c_above"] == "least number = 9"
    text, data = talk("query", scenario="diabetes", question="patients_by_gender_and_age",
                      values={"gender": "female", "youngest": 60})  # fmt: skip
    sql = (
        "SELECT mrn FROM patients WHERE gender = :g"
        " AND strftime('%Y', 'now') - strftime('%Y', birth_date)"
        " - (strftime('%m-%d', 'now') < strftime('%m-%d', birth_date)) >= 60 ORDER BY mrn"
    )
    asked = talk("query", scenario="diabetes", sql=sql, values={"g": "F"})[1]
    assert asked["total"] == data["total"] > 0
    assert [row[0] for row in data["rows"]] == [row[0] for row in asked["rows"]]

    told = talk.error("query", scenario="diabetes", question="a1c_abov")
    assert told.startswith("unknown_question: ")
    assert "Did you mean a1c_above?" in told
    told = talk.error("query", scenario="diabetes", question="a1c_above", values={"leest": "9"})
    assert "Did you mean least?" in told
    for wrong in ({}, {"sql": "SELECT 1", "question": "a1c_above"},
                  {"question": "a1c_above", "attach": ["medicare"]}):  # fmt: skip
        assert "give either sql" in talk.error("query", scenario="diabetes", **wrong)


def test_the_whole_list_costs_less_than_3000_tokens(talk: Any) -> None:
    tools = talk.do(talk.client.list_tools).tools
    told = [tool.model_dump(by_alias=True, exclude_none=True) for tool in tools]
    assert count_tokens(json.dumps(told, separators=(",", ":"))) <= 3_000
    assert len(tools) == 17
    for tool in told:
        assert tool["name"].startswith("scenario_")
        assert "title" not in tool["inputSchema"]
        assert "null" not in json.dumps(tool["inputSchema"])


def test_annotations_are_true(talk: Any) -> None:
    told = {tool.name: tool.annotations for tool in talk.do(talk.client.list_tools).tools}
    reading = {name for name, hints in told.items() if hints.read_only_hint}
    assert reading == {
        "scenario_list", "scenario_describe", "scenario_summary", "scenario_samples",
        "scenario_query", "scenario_diff", "scenario_compare",
    }  # fmt: skip
    destructive = {name for name, hints in told.items() if hints.destructive_hint}
    assert destructive == {
        "scenario_persist", "scenario_change", "scenario_undo", "scenario_annotate",
        "scenario_export", "scenario_delete", "scenario_merge",
    }  # fmt: skip
    assert {hints.open_world_hint for hints in told.values()} == {False}
    assert all(hints.idempotent_hint for name, hints in told.items() if name in reading)


def test_the_instructions_say_what_comes_first(talk: Any) -> None:
    told = talk.client.instructions
    assert told.index("First scenario_list") < told.index("scenario_persist")
    assert count_tokens(told) < 200


def test_prompts_for_the_conversations(talk: Any) -> None:
    prompts = {prompt.name for prompt in talk.do(talk.client.list_prompts).prompts}
    assert prompts == {"generate", "resume", "ask", "ab_test", "training_set"}
    (message,) = talk.do(
        talk.client.get_prompt, "ask", {"scenario": "medicare", "question": "How many women?"}
    ).messages
    assert "From my scenario medicare: How many women?" in message.content.text
    assert "scenario_query" in message.content.text


def test_read_only_leaves_only_what_reads(stdio: Any, folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with stdio(folder, "--read-only") as talk:
        tools = talk.do(talk.client.list_tools).tools
        assert all(tool.annotations.read_only_hint for tool in tools)
        assert len(tools) == 7
        told = talk.error("delete", scenario="one-patient")
        assert told == (
            "invalid_argument: scenario_delete is not there: this server was started with"
            " --read-only."
        )  # fmt: skip
        prompts = {prompt.name for prompt in talk.do(talk.client.list_prompts).prompts}
        assert prompts == {"resume", "ask"}
        talk("list")
        talk("summary", scenario="diabetes")
        talk("query", scenario="diabetes", sql="SELECT count(*) FROM patients")
        talk("diff", a="one-patient", b="diabetes-cohort")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_page_says_how_to_get_the_next(talk: Any) -> None:
    sql = "SELECT patient_id, mrn, given_name, family_name FROM patients"
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        text, data = talk(
            "query", scenario="diabetes", sql=sql, limit=100, offset=offset, max_tokens=300
        )
        seen += [row[0] for row in data["rows"]]
        assert data["total"] == 30
        offset = data.get("next_offset")
        assert offset is None or f"More: offset={offset}" in text
    assert len(seen) == len(set(seen)) == 30


def test_an_answer_does_not_grow_with_the_rows(talk: Any) -> None:
    sql = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
    text, data = talk("query", scenario="one-patient", sql=sql, limit=1000)
    assert data["next_offset"] == len(data["rows"])
    assert data["total"] == 20_000
    wide = ", ".join(f"{n} AS column_{n}" for n in range(300))
    assert "Select fewer" in talk.error("query", scenario="one-patient", sql=f"SELECT {wide}")
    long = "SELECT printf('%.*c', 90000, 'x') AS note, 7 AS n"
    text, data = talk("query", scenario="one-patient", sql=long)
    assert data["rows"][0][1] == 7
    assert "Values are cut at 200 characters" in text


def test_odd_values_are_told(talk: Any) -> None:
    sql = "SELECT 9e999 AS inf, x'0001' AS blob, 'a,\"b\n' AS text, 0.1 AS number, NULL AS gone"
    text, data = talk("query", scenario="one-patient", sql=sql)
    assert data["rows"] == [["inf", "2 bytes", 'a,"b\n', 0.1]]
    assert data["empty"] == ["gone"]
    _, values = csv.reader(io.StringIO(text.removesuffix("\nEmpty here: gone"), newline=""))
    assert values == ["inf", "2 bytes", 'a,"b\n', "0.1"]
    text, data = talk("query", scenario="one-patient", sql="SELECT 1 AS a WHERE 0")
    assert text == "No rows."
    assert data["total"] == 0


def test_a_query_of_several_scenarios(talk: Any) -> None:
    sql = "SELECT (SELECT count(*) FROM patients) + (SELECT count(*) FROM medicare_members.members)"
    _, data = talk("query", scenario="diabetes", sql=sql, attach=["medicare-members"])
    assert data["rows"] == [[70]]
    # A single name for a list, as models write it.
    _, again = talk("query", scenario="diabetes", sql=sql, attach="medicare-members")
    assert again == data


@pytest.mark.parametrize("tokens", [100, 200, 500])
def test_any_budget_is_kept(talk: Any, tokens: int) -> None:
    for tool, arguments in (
        ("list", {}),
        ("describe", {}),
        ("describe", {"scenario": "diabetes"}),
        ("describe", {"entity_types": ["patients", "members", "claims"]}),
        ("describe", {"profile": "diabetes-claims"}),
        ("describe", {"scenario": "diabetes", "log": 100}),
        ("describe", {"scenario": "diabetes", "check": True}),
        ("summary", {"scenario": "diabetes", "samples": 5}),
        ("samples", {"scenario": "diabetes", "entity_type": "encounters", "count": 50}),
        ("query", {"scenario": "diabetes", "sql": "SELECT mrn, ssn, city FROM patients"}),
        ("diff", {"a": "one-patient", "b": "diabetes-cohort", "rows": 20}),
        ("compare", {"a": "one-patient", "b": "diabetes-cohort"}),
        ("export", {"scenario": "diabetes", "force": True}),
    ):
        talk(tool, **arguments, max_tokens=tokens)


def test_what_can_be_stored_and_generated(talk: Any) -> None:
    text, data = talk("describe")
    assert set(data["profiles"]) == {
        "adverse-events", "cardiovascular-outcomes", "claims", "copd", "diabetes-claims",
        "diabetes-cohort", "heart-failure",
        "insured-diabetes-cohort", "labs", "medicare-advantage", "oncology-phase3",
        "patient-claims",
    }  # fmt: skip
    assert "patients, encounters" in data["entity_types"]["patientsim"]
    assert "truncated" not in data
    text, _ = talk("describe", profile="medicare-advantage")
    assert "claims,BOOLEAN" in text
    text, data = talk("describe", profile="claims")
    assert "Needs members in scenario, or in for_scenario" in text
    assert data["needs"] == "members"
    text, data = talk("describe", entity_types=["lab_results"])
    assert "patient_id,VARCHAR,required; of patients" in text
    assert next(row[:2] for row in data["rows"] if row[0] == "value") == ["value", "VARCHAR"]
    text, _ = talk("describe", scenario="medicare", entity_types="members")
    assert "M|F|U" in text


def test_the_log_and_the_soundness_of_a_scenario(talk: Any, shared: Path) -> None:
    talk("annotate", scenario="one-patient", add=["seen"])
    text, data = talk("describe", scenario="one-patient", log=2)
    assert [row[2] for row in data["rows"]] == ["tag", "persist"]
    assert "tags: seen" in text
    assert "patients 1" in text
    assert len(talk("describe", scenario="one-patient", log=1)[1]["rows"]) == 1

    text, data = talk("describe", scenario="one-patient", check=True)
    assert text.startswith("one-patient: sound (")
    assert data == {"scenario": "one-patient", "ok": True}
    talk("clone", scenario="one-patient", new_name="spoiled")
    with closing(sqlite3.connect(shared / "spoiled.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE patients SET gender = 'X'")
        connection.commit()
    text, data = talk("describe", scenario="spoiled", check=True)
    assert text.startswith("spoiled: NOT SOUND (")
    assert data["ok"] is False
    assert any(level == "error" for level, _, _ in data["findings"])
    assert "give its name" in talk.error("describe", check=True)
    assert "one at a time" in talk.error("describe", scenario="spoiled", check=True, log=1)


def test_a_file_is_stored_without_passing_through_the_context(
    talk: Any, shared: Path, patient: dict[str, str]
) -> None:
    (shared / "in").mkdir()
    with (shared / "in" / "patients.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, patient)
        writer.writeheader()
        writer.writerows(patient | {"mrn": f"F-{n}"} for n in range(500))
    text, data = talk("persist", file="in/patients.csv", context="from a file")
    assert data["entity_counts"] == {"patients": 500}
    _, data = talk("persist", file="in", scenario="from-a-folder", batch_id="b1")
    _, again = talk("persist", file="in", scenario="from-a-folder", batch_id="b1")
    assert again["said"] == "was there already"
    text, data = talk("persist", file="in/patients.csv", scenario="from-a-folder",
                      on_conflict="replace")  # fmt: skip
    assert "replaced: patients 500" in text
    assert data["replaced"] == {"patients": 500}


def test_an_export_comes_back(talk: Any) -> None:
    _, data = talk("export", scenario="diabetes", format="parquet", to="exports/again")
    _, back = talk("persist", file=data["folder"], scenario="came-back")
    assert back["entity_counts"]["patients"] == 30
    assert talk("diff", a="diabetes-cohort", b="came-back")[1]["entity_types"] == {}


def test_rows_of_a_query_into_a_file_and_a_scenario(talk: Any, shared: Path) -> None:
    sql = "SELECT * FROM patients WHERE gender = 'F'"
    into = {"scenario": "diabetes", "query": sql, "to": "women.csv"}
    _, data = talk("export", **into)
    assert Path(data["file"]) == shared / "exports" / "women.csv"
    with open(data["file"], newline="", encoding="utf-8") as file:
        women = list(csv.DictReader(file))
    assert len(women) == data["rows"] > 0
    assert "is there already" in talk.error(
        "export", scenario="diabetes", query=sql, to="women.csv"
    )
    talk("export", scenario="diabetes", query=sql, to="women.csv", force=True)

    select = {
        "patients": sql,
        "encounters": "SELECT e.* FROM encounters e JOIN patients USING (patient_id)"
        " WHERE gender = 'F'",
    }
    _, made = talk("persist", select=select, source="diabetes-cohort", scenario="selected")
    assert made["entity_counts"]["patients"] == len(women)
    with closing(sqlite3.connect(shared / "selected.db")) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    wrong = {"patients": "SELECT * FROM patient"}
    told = talk.error("persist", select=wrong, source="diabetes-cohort", scenario="none")
    assert "Did you mean patients?" in told
    told = talk.error("persist", select=select, source="selected", scenario="selected")
    assert "cannot be selected into itself" in told
    assert "none" not in hs.Store(shared).names()


def test_the_store_that_was_named_is_the_only_one(
    stdio: Any, folder: Path, tmp_path: Path, patient: dict[str, str]
) -> None:
    other = tmp_path / "of-the-user"
    with stdio(folder, HEALTHSIM_STORE_DIR=str(other)) as talk:
        talk("persist", profile="copd", count=2, seed=1, scenario="made")
        (folder / "patients.json").write_text(json.dumps({"patients": [patient]}), "utf-8")
        talk("persist", file="patients.json", scenario="read")
        talk("describe")
    assert {"made", "read"} <= set(hs.Store(folder).names())
    assert not other.exists()


def test_generated_again_nothing_is_added(talk: Any) -> None:
    run = {"profile": "copd", "count": 5, "seed": 3, "scenario": "lungs"}
    _, first = talk("persist", **run)
    assert first["said"] == "seed 3"
    _, again = talk("persist", **run)
    assert again["said"] == "seed 3, was there already"
    assert again["entity_counts"] == first["entity_counts"]
    # Nor with a batch_id, which stands for the seed and finds the scenario.
    _, first = talk("persist", profile="copd", count=5, batch_id="ask-17")
    _, again = talk("persist", profile="copd", count=5, batch_id="ask-17")
    assert again["scenario"] == first["scenario"] != "lungs"
    assert again["said"].endswith("was there already")
    _, other = talk("persist", profile="copd", count=5, batch_id="ask-18")
    assert other["scenario"] != first["scenario"]


def test_tags(talk: Any) -> None:
    text, data = talk("annotate", scenario="medicare", add=["a", "b"], remove=["a"])
    assert (text, data["tags"]) == ("medicare-members: b", "b")
    assert [row[0] for row in talk("list", tag="b")[1]["rows"]] == ["medicare-members"]
    assert "is not tagged z" in talk.error("annotate", scenario="medicare", remove=["z"])
    assert "Give add, remove, description" in talk.error("annotate", scenario="medicare")


def test_what_is_said_of_a_scenario(talk: Any, patient: dict[str, str]) -> None:
    talk("persist", entities={"patients": [patient | {"mrn": "S-1"}]}, scenario="said")
    sql = "SELECT mrn FROM patients WHERE birth_date < :born"
    text, data = talk("annotate", scenario="said", description="One of them", note="Seen",
                      question="elders", sql=sql, add=["seen"])  # fmt: skip
    number = data.pop("note")
    assert data == {
        "scenario": "said", "saved": "elders", "tags": "seen", "description": "One of them",
    }  # fmt: skip
    assert text == f"said: seen, saved elders, description One of them, note {number}"
    told, data = talk("describe", scenario="said")
    assert "\nOf these saved in this scenario: elders" in told
    assert data["saved_questions"] == ["elders"]
    found = talk("query", scenario="said", question="elders", values={"born": "2000-01-01"})
    assert found[1]["rows"] == [["S-1"]]
    assert "Seen" in talk("describe", scenario="said", log=1)[0]
    assert "Undone" in talk("undo", scenario="said")[0]  # the description, and no note
    assert "question elders" in talk("undo", scenario="said")[0] + talk("undo", scenario="said")[0]
    assert "no question 'elders'" in talk.error("annotate", scenario="said",
                                                question="elders", sql="")  # fmt: skip
    assert "belong together" in talk.error("annotate", scenario="said", question="q")
    assert "DELETE" in talk.error("annotate", scenario="said", question="q",
                                  sql="DELETE FROM patients", note="x")  # fmt: skip
    assert "x" not in [row[3] for row in talk("describe", scenario="said", log=3)[1]["rows"]]


def test_an_older_one_is_restored_by_its_number(talk: Any, patient: dict[str, str]) -> None:
    for mrn in ("Z-1", "Z-2"):
        talk("persist", entities={"patients": [patient | {"mrn": mrn}]}, scenario="twice")
        talk("delete", scenario="twice")
    rows = [row for row in talk("restore")[1]["rows"] if row[0] == "twice"]
    assert rows[0][2] == rows[1][2] + 1
    assert rows[0][3] > 1_000  # bytes
    assert talk("restore", number=rows[1][2])[1] == {"restored": "twice"}
    found = talk("query", scenario="twice", sql="SELECT mrn FROM patients")[1]
    assert found["rows"] == [["Z-1"]]


def test_merge_as_a_trial(talk: Any, shared: Path) -> None:
    before = hs.Store(shared).names()
    text, data = talk("merge", scenarios=["diabetes-cohort", "one-patient"], dry_run=True)
    assert data["dry_run"] is True
    assert "nothing was written" in text
    assert hs.Store(shared).names() == before


def test_rows_of_a_file_that_no_entity_was_made_of_are_told(talk: Any, shared: Path) -> None:
    synthea = shared / "synthea"
    synthea.mkdir()
    (synthea / "patients.csv").write_text(
        "Id,BIRTHDATE,FIRST,LAST,GENDER\na,1950-01-01,Ann,One,F\nb,1951-01-01,Bob,Two,M\n"
    )
    (synthea / "careplans.csv").write_text("Id,START\n1,2024-01-01\n2,2024-01-01\n3,2024-01-01\n")
    text, data = talk("persist", file="synthea", format="synthea", scenario="from-synthea")
    assert data["unmapped"] == {"careplans.csv: no installed product maps this file": 3}
    assert "unmapped: careplans.csv: no installed product maps this file 3\n" in text
    assert data["entity_counts"] == {"patients": 2}


def test_words_that_may_mean_no_value_are_told(
    connect: Any, folder: Path, patient: dict[str, str]
) -> None:
    """Once in a reply, with what helps at this door: an option of files, or null in its place."""
    patients = [patient | {"mrn": f"W-{n}", "city": word} for n, word in enumerate(["NULL", "nan"])]
    said = "patients.city NULL (1), nan (1)"
    with connect(folder) as talk:
        text, data = talk("persist", entities={"patients": patients}, scenario="words")
        assert text.count("may mean no value") == 1
        assert f"{said}. To make it nothing: give null in its place." in text
        assert said in data["notes"][0]
        path = folder / "patients.json"
        path.write_text(json.dumps(patients))
        text, _ = talk("persist", file="patients.json", scenario="words-of-a-file")
        assert text.count("may mean no value") == 1
        assert f'{said}. To make it nothing: options={{"null": "NULL,nan"}}.' in text
        text, _ = talk(
            "persist", file="patients.json", scenario="none", options={"null": "NULL,nan"}
        )
        assert "may mean" not in text
