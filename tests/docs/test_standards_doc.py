"""docs/standards.md: the standard that it prints is a stranger's, written by what stands there."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from conftest import Run

from healthsim_store import Store
from healthsim_store.plugins import installed
from healthsim_store.standards.layouts import COLUMN_MARKERS, TABLE_MARKERS
from healthsim_store.standards.reading import HEAD_MARKERS, MARKERS, WRITERS

DOC = (Path(__file__).resolve().parents[2] / "docs" / "standards.md").read_text("utf-8")
PEOPLE = [
    {"mrn": "B", "given_name": "A", "family_name": "B", "gender": "M", "birth_date": "1961-10-05"},
    {"mrn": "A", "given_name": "A", "family_name": "B", "gender": "F", "birth_date": "1970-01-31"},
]
VISITS = [
    {"patient_mrn": "B", "class_code": "IMP", "admission_time": "2024-01-30T10:00:00",
     "discharge_time": "2024-02-02T08:00:00"},
    {"patient_mrn": "A", "class_code": "AMB", "admission_time": "2024-03-01T10:00:00"},
    {"patient_mrn": "B", "class_code": "EMER", "admission_time": "2024-01-05T23:10:00"},
]  # fmt: skip


@pytest.fixture
def omop(tmp_path: Path) -> Path:
    """The folder of the page."""
    if "patientsim" not in installed().declarations:
        pytest.skip("PatientSim is not installed")
    folder = tmp_path / "omop"
    folder.mkdir()
    found = re.findall(r"^`omop/(\w+\.sql)`:\n\n```sql\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE)
    for name, text in found:
        (folder / name).write_text(text, "utf-8")
    assert [name for name, _ in found] == ["standard.sql", "person.sql", "visit_occurrence.sql"]
    return folder


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [*csv.reader(file)]


def test_the_commands_of_the_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not {"patientsim", "trialsim"} <= set(installed().declarations):
        pytest.skip("PatientSim or TrialSim is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^    healthsim-store (.*)$", DOC, re.MULTILINE)
    assert len(commands) == 5
    (tmp_path / "terms.csv").write_text("term,pt\nNausea,A term of the user's\n", encoding="utf-8")
    assert "meddra" in commands[3]
    commands[3] += " --to trial-coded"  # the first one has written the usual folder
    for words in commands:
        done = run(*words.split())
        assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "trial-xpt").iterdir()} == {".xpt", ".xml", ".json"}
    assert "A term of the user's" in (tmp_path / "trial-coded" / "ae.json").read_text("utf-8")


def test_it_is_short_and_all_sql(omop: Path) -> None:
    lines = [line for file in omop.iterdir() for line in file.read_text().splitlines()]
    assert len(lines) < 80


def test_a_scenario_is_written_as_it_says(omop: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        store.persist({"patients": PEOPLE, "encounters": VISITS}, scenario="ward-7")
        made = store.export_scenario("ward-7", format=str(omop), to=tmp_path / "out")
    assert rows(tmp_path / "out" / "person.csv") == [
        ["person_id", "gender_concept_id", "year_of_birth", "birth_datetime", "race_concept_id",
         "ethnicity_concept_id", "person_source_value", "gender_source_value"],
        ["1", "8532", "1970", "1970-01-31T00:00:00", "0", "0", "A", "F"],
        ["2", "8507", "1961", "1961-10-05T00:00:00", "0", "0", "B", "M"],
    ]  # fmt: skip
    assert rows(tmp_path / "out" / "visit_occurrence.csv") == [
        ["visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date",
         "visit_end_date", "visit_type_concept_id", "visit_source_value"],
        ["1", "1", "9202", "2024-03-01", "2024-03-01", "32817", "AMB"],
        ["2", "2", "9203", "2024-01-05", "2024-01-05", "32817", "EMER"],
        ["3", "2", "9201", "2024-01-30", "2024-02-02", "32817", "IMP"],
    ]  # fmt: skip
    assert [file.name for file in made.files] == ["person.csv", "visit_occurrence.csv"]
    assert made.left_out == ()


def test_its_files_are_read_as_it_says(omop: Path, tmp_path: Path) -> None:
    (reads,) = re.findall(
        r"^`omop/person\.import\.sql`:\n\n```sql\n(.*?)^```", DOC, re.DOTALL | re.MULTILINE
    )
    (omop / "person.import.sql").write_text(reads, "utf-8")
    with Store(tmp_path / "store") as store:
        store.persist({"patients": PEOPLE, "encounters": VISITS}, scenario="ward-7")
        store.export_scenario("ward-7", format=str(omop), to=tmp_path / "out")
        made = store.import_data(tmp_path / "out", format=str(omop), scenario="back")
        sql = "SELECT patient_id, mrn, family_name, birth_date, gender FROM patients ORDER BY mrn"
        found = [tuple(row.values()) for row in store.query_scenario("back", sql).rows]
    assert found == [("A", "A", "1", "1970-01-31", "F"), ("B", "B", "2", "1961-10-05", "M")]
    assert {one.name: one.unmapped for one in made.sources} == {
        "person.csv": {},
        "visit_occurrence.csv": {
            "omop makes nothing of visit_occurrence for the installed products": 3
        },
    }


def test_every_marker_is_on_the_page() -> None:
    for marker in (*HEAD_MARKERS, *MARKERS, *TABLE_MARKERS, *COLUMN_MARKERS):
        assert re.search(rf"@{marker}\b", DOC), marker
    for kind in {kind for kinds in WRITERS.values() for kind in kinds}:
        assert re.search(rf"^\| .*`{kind}`.* \|", DOC, re.MULTILINE), kind
