"""What an import tells a model to do works when it does so, and what it is told is all there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

HEADER = "mrn,given_name,family_name,birth_date,gender\n"
ANN = {"mrn": "T-1", "given_name": "Ann", "family_name": "Lee", "birth_date": "1980-01-05",
       "gender": "F"}  # fmt: skip


def _lay(folder: Path, name: str, text: str) -> str:
    path = folder / "imports" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return f"imports/{name}"


def _options(told: str) -> dict[str, Any]:
    """Those that a hint names."""
    match = re.search(r"options=(\{.*?\})(?:[.,\s]|$)", told)
    assert match, told
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_the_options_that_hints_name_are_those_of_the_tool(folder: Path, connect: Any) -> None:
    beside = json.dumps({"metadata": {"v": 1}, "version": 2, "patient": ANN})
    day = f"{HEADER}T-1,Ann,Lee,1980-01-05,F\nT-2,Bo,Ray,1980-13-45,M\n"
    files = {
        _lay(folder, "a/patients.json", beside): {"ignore": ["metadata", "version"]},
        _lay(folder, "b/patients.csv", day): {"bad_rows": "skip"},
        _lay(folder, "c/patients.csv", HEADER.replace(",", ";") + "T-1;Ann;Lee;1980-01-05;F\n"):
            {"delimiter": ";"},
    }  # fmt: skip
    with connect(folder) as talk:
        for number, (file, wanted) in enumerate(files.items()):
            told = talk.error("persist", file=file, scenario=f"h{number}")
            assert _options(told) == wanted
            _, data = talk("persist", file=file, scenario=f"h{number}", options=wanted)
            assert data["inserted" if "inserted" in data else "entity_counts"]["patients"] == 1


def test_a_dry_run_makes_no_folder_for_rejected_rows(folder: Path, connect: Any) -> None:
    day = f"{HEADER}T-1,Ann,Lee,1980-01-05,F\nT-2,Bo,Ray,1980-13-45,M\n"
    good = f"{HEADER}T-1,Ann,Lee,1980-01-05,F\n"
    file, other = _lay(folder, "d/patients.csv", day), _lay(folder, "e/patients.csv", good)
    before = {path for path in folder.iterdir() if path.is_dir()}
    skip = {"bad_rows": "skip"}
    with connect(folder) as talk:
        talk("persist", file=file, scenario="dry", options=skip, dry_run=True)
        talk("persist", file=other, scenario="good", options=skip)  # nothing is rejected
        assert {path for path in folder.iterdir() if path.is_dir()} == before
        text, _ = talk("persist", file=file, scenario="wet", options=skip)
    assert "Rows that were left out are in" in text
    assert [*folder.rglob("rejects-*.csv")]


def test_an_answer_without_rows_tells_which_codes_there_are(folder: Path, connect: Any) -> None:
    diagnosis = {"code": "44054006", "code_system": "SNOMED CT", "description": "Diabetes",
                 "diagnosed_date": "2024-01-02", "patient_mrn": "T-1"}  # fmt: skip
    with connect(folder) as talk:
        talk("persist", entities={"patients": [ANN], "diagnoses": [diagnosis]}, scenario="codes")
        text, data = talk("query", scenario="codes", question="patients_with_diagnosis",
                          values={"code": "I10"})  # fmt: skip
    assert "Most often there: 44054006 (SNOMED CT)" in text
    assert data["note"] in text
