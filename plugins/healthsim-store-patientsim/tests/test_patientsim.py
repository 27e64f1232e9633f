"""PatientSim: known answers for every statistic, Synthea's real output, budgets, keys."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_tokenizer import count_tokens

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, InvalidRows
from healthsim_store.plugins import installed
from healthsim_store.testing import ProductTests

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made


def patient(n: int, **fields: Any) -> dict[str, Any]:
    return {
        "mrn": f"P-{n}", "given_name": f"Given{n}", "family_name": f"Family{n}",
        "birth_date": "1960-06-15", "gender": "F",
    } | fields  # fmt: skip


def lab(mrn: str, value: float | str, loinc: str = "4548-4", **fields: Any) -> dict[str, Any]:
    return {
        "patient_mrn": mrn, "test_name": "Hemoglobin A1c", "loinc_code": loinc, "value": str(value),
        "value_numeric": value if isinstance(value, float) else None, "unit": "%",
        "collected_time": "2024-02-15T09:00:00",
    } | fields  # fmt: skip


def diagnosis(mrn: str, code: str, **fields: Any) -> dict[str, Any]:
    return {"patient_mrn": mrn, "code": code, "diagnosed_date": "2020-01-01"} | fields


def cohort() -> dict[str, list[dict[str, Any]]]:
    """Ten patients whose statistics can be counted on the fingers."""
    return {
        "patients": [
            patient(
                1, gender="male", race="White", birth_date="1950-01-01", death_date="2000-01-01"
            ),
            patient(2, gender="M", race="White", birth_date="1990-01-02", death_date="2020-01-01"),
            *(patient(n, race="White", death_date="2010-06-14") for n in range(3, 6)),
            *(patient(n, race="Black", death_date="2010-06-15") for n in range(6, 8)),
            patient(8, race="White", ethnicity="Hispanic or Latino", death_date="2010-01-01"),
            patient(9, race="Asian", death_date="2010-01-01"),
            patient(10, race="Asian", gender="U", death_date="2010-01-01"),
        ],
        "diagnoses": [
            diagnosis("P-1", "E11.9"), diagnosis("P-2", "E11.65"), diagnosis("P-2", "E11.40"),
            diagnosis("P-3", "E10.21"), diagnosis("P-4", "E13.8"), diagnosis("P-5", "I10"),
            diagnosis("P-6", "E11.65", code_system="SNOMED CT"),
        ],
        "lab_results": [
            lab("P-1", 6.1), lab("P-2", 12.4), lab("P-3", "7.0", loinc="17856-6"),
            lab("P-3", 99.0, loinc="2339-0"),
        ],
        "medications": [
            {"patient_mrn": mrn, "name": name, "start_date": "2024-01-01"}
            for mrn, name in [("P-1", "Insulin glargine 100 UNT/ML"), ("P-1", "Humalog"),
                              ("P-2", "Lantus"), ("P-3", "Metformin 500 MG")]
        ],
        "encounters": [
            {"patient_mrn": "P-1", "encounter_class": "inpatient", "admission_time": "2023-05-01",
             "discharge_time": "2023-05-04T12:00:00Z"},
            {"patient_mrn": "P-2", "class_code": "AMB", "visit_date": "2024-03-01T10:00:00"},
        ],
    }  # fmt: skip


def test_statistics_have_the_known_answers(store: Store) -> None:
    store.persist(cohort(), scenario="diabetes")
    answers = {name: a.text for name, a in store.get_summary("diabetes").statistics.items()}
    assert answers == {
        "age_range": "29-50 years",
        "gender": "2 male, 7 female, 1 unknown",
        "race": "White (50%), Asian (20%), Black (20%), Hispanic (10%)",
        "a1c": "8.5% (range: 6.1-12.4%)",
        "with_complications": "3 (30%)",
        "on_insulin": "2 (20%)",
        "encounter_dates": "2023-05-01 to 2024-03-01",
        "encounter_classes": "AMB 1, IMP 1",
        "frequent_diagnoses": "E11.65 (2), E10.21 (1), E11.40 (1)",
        "frequent_medications": "Humalog (1), Insulin glargine 100 UNT/ML (1), Lantus (1)",
    }


def a1c_cohort(values: tuple[float, ...], insulin: int) -> dict[str, list[dict[str, Any]]]:
    """Seven patients with an A1C each; the first ones are on insulin, all others on metformin."""
    drugs = ["Insulin glargine"] * insulin + ["Metformin"] * (7 - insulin)
    return {
        "patients": [patient(n, death_date="2010-01-01") for n in range(7)],
        "lab_results": [lab(f"P-{n}", value) for n, value in enumerate(values)],
        "medications": [
            {"patient_mrn": f"P-{n}", "name": name, "start_date": "2024-01-01"}
            for n, name in enumerate(drugs)
        ],
    }


def test_two_cohorts_side_by_side(store: Store) -> None:
    """Of 7 patients 2 are 29 %; the means are 54.6 / 7 = 7.8 and 49.7 / 7 = 7.1."""
    store.persist(a1c_cohort((6.1, 7.0, 7.5, 7.5, 8.0, 8.5, 10.0), insulin=2), scenario="a")
    store.persist(a1c_cohort((6.1, 6.5, 7.0, 7.0, 7.0, 7.5, 8.6), insulin=0), scenario="b")
    told = store.compare_scenarios("a", "b").to_markdown()
    assert (
        "| Average A1C | 7.8% (range: 6.1-10.0%) | 7.1% (range: 6.1-8.6%)"
        " | -0.7 points, highest -1.4 points |\n"
    ) in told
    assert "| On insulin | 2 (29%) | 0 (0%) | -2, percent -29 points |\n" in told
    assert told.endswith("\nEqual: Patients 7, Lab Results 7, Medications 7; Age range, Gender")
    assert count_tokens(told) < 400


def test_nobody_on_insulin_is_0_where_medications_are_recorded_and_untold_where_none_are(
    store: Store,
) -> None:
    store.persist(a1c_cohort((7.0,) * 7, insulin=0), scenario="recorded")
    assert store.get_summary("recorded").statistics["on_insulin"].text == "0 (0%)"
    store.persist({"patients": [patient(1)]}, scenario="unrecorded")
    assert "on_insulin" not in store.get_summary("unrecorded").statistics


def test_labels_are_whole_and_no_two_look_the_same(store: Store) -> None:
    long = "Type 2 diabetes mellitus with diabetic "
    rows = [
        diagnosis("P-1", "E11.40", description=f"{long}neuropathy"),
        diagnosis("P-1", "E11.21", description=f"{long}nephropathy"),
        diagnosis("P-1", "E10.9", description="Diabetes"),
        diagnosis("P-1", "E11.9", description="Diabetes"),
    ]
    drugs = [f"Insulin glargine 100 UNT/ML injectable {form}" for form in ("pen", "solution")]
    medications = [
        {"patient_mrn": "P-1", "name": name, "start_date": "2024-01-01"} for name in drugs
    ]
    store.persist(
        {"patients": [patient(1)], "diagnoses": rows, "medications": medications}, scenario="s"
    )
    told = store.get_summary("s").statistics
    assert [row["diagnosis"] for row in told["frequent_diagnoses"].rows] == [
        "Diabetes [E10.9]",
        f"{long}nephropathy",
        f"{long}neuropathy",
    ]
    assert told["frequent_diagnoses"].text == (
        "Diabetes [E10.9] (1), Type 2 diabet…nephropathy (1), Type 2 diabet…neuropathy (1)"
    )
    assert [row["medication"] for row in told["frequent_medications"].rows] == drugs
    assert told["frequent_medications"].text == (
        "Insulin glarg…pen (1), Insulin glarg…solution (1)"
    )


def test_age_counts_birthdays(store: Store) -> None:
    rows = [patient(1, birth_date="1960-06-15", death_date=d) for d in ("2010-06-14", "2010-06-15")]
    for number, (row, age) in enumerate(zip(rows, (49, 50), strict=True)):
        store.persist({"patients": [row]}, scenario=f"s{number}")
        (answer,) = store.get_summary(f"s{number}").statistics["age_range"].rows
        assert answer == {"youngest": age, "oldest": age}


def everything() -> dict[str, list[dict[str, Any]]]:
    """Rows of every entity type; nobody dies before something is measured."""
    batch = cohort()
    for one in batch["patients"][:7]:
        del one["death_date"]
    at = {"patient_mrn": "P-1"}
    batch["procedures"] = [
        at | {"code": "45378", "code_system": "CPT", "performed_time": "2024-01-01T08:00:00"}
    ]
    batch["vitals"] = [at | {"observed_time": "2024-01-01T08:00:00", "sbp": 120, "dbp": 80}]
    batch["observations"] = [at | {"code": "72166-2", "effective_time": "2024-01-01", "value": "x"}]
    batch["allergies"] = [at | {"allergen": "Penicillin", "category": "drug", "severity": "SEVERE"}]
    batch["orders"] = [at | {"type": "lab", "name": "CBC", "order_date": "2024-01-01"}]
    batch["notes"] = [at | {"type": "progress", "text": "Fine.", "note_date": "2024-01-01"}]
    return batch


class TestPatientSim(ProductTests):
    product = "patientsim"
    rows = everything()


def test_check_finds_what_cannot_be(store: Store) -> None:
    """One row against each rule, at a patient who was born in 2000 and died in 2020."""
    visit = {"class": "outpatient", "admission_time": "2010-01-01T08:00:00"}
    rows = {
        "patients": [patient(1, birth_date="2000-01-01", death_date="2020-01-01"), patient(2)],
        "encounters": [
            visit | {"encounter_id": "e1", "patient_mrn": "P-1"},
            visit | {"encounter_id": "e2", "patient_mrn": "P-2"},
        ],
        "diagnoses": [diagnosis("P-1", "E11.9", encounter_id="e1", diagnosed_date="2010-01-01")],
        "vitals": [{"patient_mrn": "P-1", "observed_time": "2020-01-01T23:00:00", "sbp": 120}],
        "medications": [{"patient_mrn": "P-1", "name": "Insulin", "start_date": "2000-01-01"}],
    }
    store.persist(rows, scenario="s")
    assert store.check_scenario("s").ok
    wrong = {
        "What belongs to a visit is of the visit's patient": (
            "diagnoses", {"encounter_id": "e2"}, "diagnosis"
        ),
        "Nothing is before the birth": ("medications", {"start_date": "1999-12-31"}, "medication"),
        "Nothing is measured or given after death": (
            "vital_signs", {"observed_time": "2020-01-02T00:00:00"}, "vital sign"
        ),
    }  # fmt: skip
    for label, (entity_type, values, kind) in wrong.items():
        store.update_entities("s", entity_type, values, where="1")
        (finding,) = store.check_scenario("s").findings
        assert finding.message.startswith(f"{label}: not so for 1")
        assert kind in finding.message
        store.undo("s")


def asked(store: Store, question: str, column: str = "mrn", **values: Any) -> list[Any]:
    """One column of the answer."""
    page = store.ask_question("s", question, params=values, limit=100)
    return [row[column] for row in page.rows]


def test_questions_have_the_known_answers(store: Store) -> None:
    batch = cohort()
    batch["lab_results"] += [
        lab("P-4", "9.4 %", collected_time="2024-01-01T09:00:00"),
        lab("P-3", 11.0, collected_time="2023-01-01T09:00:00"),  # not the latest
        lab("P-7", 10.0),  # no diabetes
    ]
    batch["diagnoses"].append(diagnosis("P-5", "E14.1"))  # in ICD-10 of the WHO, not in CM
    store.persist(batch, scenario="s")
    assert asked(store, "a1c_above") == ["P-2", "P-4"]
    assert asked(store, "a1c_above", "latest_a1c") == [12.4, 9.4]
    assert asked(store, "a1c_above", least="6.5") == ["P-2", "P-4", "P-3"]
    assert asked(store, "a1c_above", "a1c_results", least=6.9) == [1, 1, 2]
    assert asked(store, "a1c_above", least=12.4) == []
    assert asked(store, "patients_with_diagnosis") == ["P-1", "P-2", "P-6"]
    assert asked(store, "patients_with_diagnosis", code="e1165") == ["P-2", "P-6"]
    assert asked(store, "patients_with_diagnosis", code="I10") == ["P-5"]
    assert asked(store, "diabetes_complications") == ["P-2", "P-3", "P-4"]
    assert asked(store, "diabetes_complications", "complications") == [2, 1, 1]
    assert asked(store, "patients_on_insulin") == ["P-1", "P-2"]
    ages = {"youngest": 30, "oldest": 49}  # P-2 was 29, P-3 died a day before being 50
    assert asked(store, "patients_by_gender_and_age", gender="female", **ages) == [
        "P-3", "P-4", "P-5", "P-8", "P-9",
    ]  # fmt: skip
    assert asked(store, "patients_by_gender_and_age", gender="U") == ["P-10"]
    assert len(asked(store, "patients_by_gender_and_age")) == 10
    assert asked(store, "encounters_between", first="2024-03-01") == ["P-2"]
    assert asked(store, "encounters_between", last="2024-03-01", **{"class": "imp"}) == ["P-1"]
    assert asked(store, "encounters_between", last="2023-04-30") == []


def test_a_card_reads_like_a_chart(store: Store) -> None:
    store.persist(
        {
            "patients": [
                patient(1, given_name="Maria", family_name="Gonzalez", birth_date="1966-03-02",
                        death_date="2024-06-01"),
                patient(2, death_date="2024-06-14"),
            ],
            "diagnoses": [
                diagnosis("P-1", "I10", description="Hypertension"),
                diagnosis("P-1", "E11.65", description="Type 2 DM with hyperglycemia",
                          diagnosis_type="principal"),
                diagnosis("P-1", "J06.9", description="Cold", resolved_date="2020-02-01"),
                diagnosis("P-1", "160903007", description="Full-time employment (finding)"),
            ],
            "lab_results": [
                lab("P-1", 9.9, collected_time="2023-02-15T09:00:00"), lab("P-1", 8.2),
            ],
            "medications": [
                {"patient_mrn": "P-1", "name": "Metformin", "dose": "1000mg", "frequency": "BID",
                 "start_date": "2023-01-01"},
                {"patient_mrn": "P-1", "name": "Old", "start_date": "2023-01-01",
                 "end_date": "2023-02-01"},
            ],
            "encounters": [
                {"patient_mrn": "P-1", "class_code": "AMB", "admission_time": "2024-02-15T09:00:00",
                 "chief_complaint": "routine follow-up"},
                {"patient_mrn": "P-1", "class_code": "AMB",
                 "admission_time": "2023-02-15T09:00:00"},
            ],
        },
        scenario="s",
    )  # fmt: skip
    one, two = store.get_samples("s", "patients")
    del one["patient_id"], two["patient_id"]
    assert one == {
        "patient": "Maria Gonzalez (Female, died at 58)",
        "MRN": "P-1",
        "Diagnosis": "E11.65 - Type 2 DM with hyperglycemia",
        "Latest_A1C": "8.2% (2024-02-15)",
        "Medications": "Metformin 1000mg BID",
        "Comorbidities": "Hypertension (I10)",
        "Last_Visit": "2024-02-15 (routine follow-up)",
    }
    assert two == {"patient": "Given2 Family2 (Female, died at 63)", "MRN": "P-2"}
    row = store.get_samples("s", "patients", count=1, cards=False)[0]
    assert row["given_name"] == "Given2"  # of one sample, the middle


def test_every_entity_type_persists_with_usual_spellings(store: Store) -> None:
    result = store.persist(everything(), scenario="all", tags=["diabetes", "training"])
    declared = {e.name for e in installed().declarations["patientsim"].entity_types}
    assert result.inserted.keys() == declared
    connection = sqlite3.connect(store.path / "all.db")
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT severity, category FROM allergies").fetchall() == [
        ("severe", "medication")
    ]
    assert connection.execute("SELECT class_code, discharge_time FROM encounters").fetchall() == [
        ("IMP", "2023-05-04T12:00:00"),
        ("AMB", None),
    ]
    connection.close()


@pytest.mark.parametrize(
    ("entity_type", "row", "said"),
    [
        ("patients", patient(1, ssn="123-45-6789"), "ssn"),
        ("patients", patient(1, gender="femal"), "one of M, F, O, U"),
        ("patients", patient(1, death_date="1950-01-01"), "death_date >= birth_date"),
        ("encounters", {"patient_mrn": "P-9", "class": "AMB", "admit_date": "2024-01-01"},
         "no such mrn in patients"),
        ("lab_results", {"test": "A1C", "result": "7"}, "collected_time: is required"),
        ("vital_signs", {"patient_id": "x", "observed_time": "2024-01-01", "temp": 99}, "BETWEEN"),
    ],
)  # fmt: skip
def test_what_is_refused(store: Store, entity_type: str, row: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRows) as caught:
        store.persist({entity_type: [row]}, scenario="s")
    assert said in str(caught.value)


def test_budgets_by_a_real_tokenizer(store: Store) -> None:
    result = store.persist(everything(), scenario="all", context="diabetes cohort", tags=["t", "u"])
    reply = result.summary.to_markdown()
    assert count_tokens(reply) <= result.summary.tokens <= 500
    five = {name: rows for name, rows in everything().items() if name in cohort()}
    assert len(five) == 5
    store.persist(five, scenario="five", description="diabetes cohort for training", tags=["t"])
    for samples, budget in ((0, 300), (3, 1300)):
        summary = store.get_summary("five", samples=samples)
        real = count_tokens(summary.to_markdown())
        assert real <= budget
        assert real <= summary.tokens <= 1.3 * real
        assert "Average A1C" in summary.to_markdown()


def csv_rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", ["synthea-a", "synthea-b"])
def test_every_row_of_a_real_synthea_folder_is_stored(store: Store, name: str) -> None:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the real data {name} is not beside the project")
    result = store.import_data([folder], format="synthea", scenario=name)
    connection = sqlite3.connect(store.path / f"{name}.db")

    def count(table: str) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    sources = {
        "patients": "patients", "encounters": "encounters", "conditions": "diagnoses",
        "procedures": "procedures", "medications": "medications", "allergies": "allergies",
    }  # fmt: skip
    for source, table in sources.items():
        assert count(table) == len(csv_rows(folder, source)) > 0
    accounts = {account.name: account for account in result.sources}
    for account in accounts.values():
        file = csv_rows(folder, account.name.removesuffix(".csv"))
        assert account.rows == len(file)
        assert sum(account.mapped.values()) + sum(account.unmapped.values()) == account.rows
    assert accounts["careplans.csv"].unmapped == {
        "no installed product maps this file": len(csv_rows(folder, "careplans"))
    }
    if (folder / "observations.csv").exists():
        observations = csv_rows(folder, "observations")
        labs = [row for row in observations if row["CATEGORY"] == "laboratory"]
        assert count("lab_results") == len(labs)
        vitals = ("systolic_bp diastolic_bp heart_rate respiratory_rate temperature weight height"
                  " bmi oxygen_saturation pain_score").split()  # fmt: skip
        cells = sum(
            connection.execute(f"SELECT count({column}) FROM vital_signs").fetchone()[0]
            for column in vitals
        )
        assert cells + len(labs) + count("observations") == len(observations)
        a1c = [float(row["VALUE"]) for row in labs if row["CODE"] == "4548-4"]
        (answer,) = store.get_summary(name).statistics["a1c"].rows
        assert answer["average"] == pytest.approx(sum(a1c) / len(a1c))
        assert (answer["lowest"], answer["highest"]) == (min(a1c), max(a1c))
        joined = store.query_scenario(
            name,
            "SELECT count(*) AS n FROM patients JOIN encounters USING (patient_id)"
            " JOIN lab_results USING (encounter_id)",
        )
        assert joined.rows == [{"n": sum(1 for row in labs if row["ENCOUNTER"])}]
    assert connection.execute("SELECT DISTINCT code_system FROM diagnoses").fetchall() == [
        ("SNOMED CT",)
    ]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert len(store.get_samples(name, "patients")) == 3
    again = store.import_data([folder], format="synthea", scenario=name, on_conflict="skip")
    assert not any(again.persisted.inserted.values())  # ids are the same the second time


def test_diabetes_is_found_in_both_code_systems(store: Store) -> None:
    """44054006 is E11.9, and 422034002 is one of its complications; 38341003 is neither."""
    codes = [("44054006", "SNOMED CT"), ("422034002", "SNOMED CT"), ("38341003", "SNOMED CT"),
             ("E11.22", "ICD-10-CM"), ("E11.9", "ICD-10-CM"), ("44054006", "ICD-10-CM"),
             ("E11.9", "ICD-9-CM")]  # fmt: skip
    batch = {
        "patients": [patient(n) for n in range(len(codes))],
        "diagnoses": [
            {"patient_mrn": f"P-{n}", "code": code, "code_system": system,
             "diagnosed_date": "2024-01-01"}
            for n, (code, system) in enumerate(codes)
        ],
        "labs": [lab(f"P-{n}", 9.5) for n in range(len(codes))],
    }  # fmt: skip
    store.persist(batch, scenario="s")

    def found(question: str, **params: Any) -> list[str]:
        return [row["mrn"] for row in store.ask_question("s", question, params=params).rows]

    assert sorted(found("a1c_above")) == ["P-0", "P-1", "P-3", "P-4"]
    assert sorted(found("diabetes_complications")) == ["P-1", "P-3"]
    assert found("patients_with_diagnosis") == ["P-0", "P-1", "P-3", "P-4", "P-6"]
    assert found("patients_with_diagnosis", code="E11.3") == ["P-1"]
    assert found("patients_with_diagnosis", code="44054006") == ["P-0", "P-5"]
    assert store.get_summary("s").statistics["with_complications"].text == "2 (29%)"


def test_a_code_that_no_diagnosis_has_is_told(store: Store) -> None:
    store.persist({"patients": [patient(1)]}, scenario="s")
    nobody = store.ask_question("s", "patients_with_diagnosis")
    assert nobody.note == "No code of diagnoses begins with E11. There are no diagnoses."
    assert nobody.to_dict()["note"] == nobody.note
    found = {"patient_mrn": "P-1", "code": "38341003", "code_system": "SNOMED CT",
             "diagnosed_date": "2024-01-01"}  # fmt: skip
    store.persist({"diagnoses": [found]}, scenario="s")
    nobody = store.ask_question("s", "patients_with_diagnosis", params={"code": "i10"})
    assert nobody.note == (
        "No code of diagnoses begins with I10. Most often there: 38341003 (SNOMED CT)."
    )
    somebody = store.ask_question("s", "patients_with_diagnosis", params={"code": "383"})
    assert (len(somebody.rows), somebody.note) == (1, None)


SYNTHEA = {
    "patients.csv": "Id,BIRTHDATE,FIRST,LAST,GENDER,RACE,ETHNICITY,FIPS\n"
    "p-1,1960-01-01,Ann1,Lee2,F,white,hispanic,1\n",
    "observations.csv": "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n"
    "2024-01-01T08:00:00Z,p-1,,vital-signs,8867-4,Heart rate,61,/min,numeric\n"
    "2024-01-01T08:00:00Z,p-1,,vital-signs,8867-4,Heart rate,75,/min,numeric\n"
    "2024-01-01T08:00:00Z,p-1,,vital-signs,8302-2,Body Height,170,cm,numeric\n"
    "2024-01-01T08:00:00Z,p-1,,laboratory,4548-4,A1C,7.1,%,numeric\n"
    "2024-01-01T08:00:00Z,p-1,,survey,1-8,Same,x,,text\n"
    "2024-01-01T08:00:00Z,p-1,,survey,1-8,Same,x,,text\n",
    "supplies.csv": "DATE,PATIENT\n2024-01-01,p-1\n",
}


def lay(folder: Path, **changes: str) -> Path:
    folder.mkdir()
    for name, text in (SYNTHEA | {k.replace("_", "."): v for k, v in changes.items()}).items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_a_small_synthea_folder(store: Store, tmp_path: Path) -> None:
    result = store.import_data([lay(tmp_path / "in")], format="synthea", scenario="s")
    told = {account.name: account.to_dict() for account in result.sources}
    assert told["observations.csv"]["mapped"] == {
        "lab_results": 1, "vital_signs": 3, "observations": 2,
    }  # fmt: skip
    assert told["patients.csv"]["not_carried"] == ["FIPS"]
    assert told["supplies.csv"]["unmapped"] == {"no installed product maps this file": 1}
    vitals = store.query_scenario("s", "SELECT heart_rate, height FROM vital_signs ORDER BY 1")
    assert vitals.rows == [{"heart_rate": 61, "height": 170}, {"heart_rate": 75, "height": None}]
    labs = store.query_scenario("s", "SELECT collected_time, value_numeric FROM lab_results")
    assert labs.rows == [{"collected_time": "2024-01-01T08:00:00", "value_numeric": 7.1}]


def test_synthea_folders_that_are_none(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cases = {
        tmp_path / "empty": "No file of the format synthea",
        tmp_path / "missing": "is a folder of files",
        lay(tmp_path / "a", patients_csv="Id,FIRST\np-1,Ann\n"): "lacks BIRTHDATE, GENDER, LAST",
        lay(tmp_path / "b", patients_csv="Id,BIRTHDATE\np-1\n"): "line 2",
        lay(tmp_path / "c", patients_csv=SYNTHEA["patients.csv"].replace("p-1", "p-2")): "no such",
    }
    for folder, said in cases.items():
        with pytest.raises(HealthsimStoreError) as caught:
            store.import_data([folder], format="synthea", scenario="s")
        assert said in str(caught.value)
    assert store.names() == []
