"""The conversation that this project is for, example by example: Python, the command line, and
each number counted again by plain sqlite3.

A user asks for data, a model makes and persists it, and everything after is asked of the file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.plugins import installed

TODAY = dt.date.today()
CITIES = ["Los Angeles", "San Diego", "San Francisco", "Sacramento", "Fresno"]
NAMES = ["Margaret Wilson", "Dorothy Chen", "Patricia Johnson", "Betty Martinez", "Ruth Anderson"]

if not {"patientsim", "membersim", "trialsim"} <= installed().declarations.keys():
    pytest.skip("the three products are not all installed", allow_module_level=True)


def born(age: int) -> str:
    """A birthday that makes somebody this old whatever day it is."""
    return f"{TODAY.year - age}-01-01"


# -- what the model makes --------------------------------------------------------------------


def medicare() -> dict[str, list[dict[str, Any]]]:
    """100 members over 65 in California; 12 are women over 75 with diabetes."""
    plans = ["HMO"] * 40 + ["PPO"] * 35 + ["PFFS"] * 25
    members = [
        {
            "member_id": f"M-{n:03}",
            "given_name": NAMES[n % 5].split()[0],
            "family_name": NAMES[n % 5].split()[1],
            "gender": "F" if n < 52 else "M",
            "birth_date": born(65 + n % 25),
            "city": CITIES[n % 5],
            "county": "Los Angeles" if n % 5 == 0 else None,
            "state": "CA",
            "plan_type": plans[n],
            "coverage_start": "2024-01-01",
            "risk_score": 1 + n / 50,
        }
        for n in range(100)
    ]
    old_women = [m for n, m in enumerate(members) if m["gender"] == "F" and 65 + n % 25 > 75]
    conditions = [
        {"member_id": m["member_id"], "code": "E11.9", "description": "Type 2 diabetes"}
        for m in [*old_women[:12], *members[52:60]]
    ]
    return {"members": members, "member_conditions": conditions}


def diabetes() -> dict[str, list[dict[str, Any]]]:
    """150 patients; 67 with complications, 43 on insulin; 150 A1C values from 6.1 to 12.4."""
    races = ["White"] * 68 + ["Hispanic"] * 42 + ["Black"] * 27 + ["Asian"] * 13
    mrns = [f"P-2024-{n:05}" for n in range(150)]
    a1c = [6.1, 12.4] + [7.7] * 148
    return {
        "patients": [
            {"mrn": mrn, "given_name": NAMES[n % 5].split()[0],
             "family_name": NAMES[n % 5].split()[1], "gender": "M" if n < 72 else "F",
             "birth_date": born(35 + n % 44), "person_id": f"person-{n}",
             "race": None if races[n] == "Hispanic" else races[n],
             "ethnicity": "Hispanic or Latino" if races[n] == "Hispanic" else None}
            for n, mrn in enumerate(mrns)
        ],
        "encounters": [
            {"encounter_id": f"e{n}", "patient_mrn": mrns[n % 150], "class_code": "AMB",
             "admission_time": f"2024-0{1 + n // 150}-15T09:00:00",
             "chief_complaint": "routine follow-up"}
            for n in range(425)
        ],
        "diagnoses": [
            {"patient_mrn": mrn, "code": "E11.65" if n < 67 else "E11.9",
             "description": "Type 2 DM with hyperglycemia" if n < 67 else "Type 2 DM",
             "diagnosis_type": "principal", "diagnosed_date": "2020-01-01"}
            for n, mrn in enumerate(mrns)
        ],
        "lab_results": [
            {"patient_mrn": mrns[n % 150], "test_name": "Hemoglobin A1c" if n < 150 else "Glucose",
             "loinc_code": "4548-4" if n < 150 else "2345-7",
             "value": str(a1c[n] if n < 150 else 140), "unit": "%" if n < 150 else "mg/dL",
             "value_numeric": a1c[n] if n < 150 else 140.0,
             "collected_time": "2024-02-15T08:00:00"}
            for n in range(890)
        ],
        "medications": [
            {"patient_mrn": mrns[n % 150], "name": "Insulin glargine" if n < 43 else "Metformin",
             "dose": "30u" if n < 43 else "500mg", "frequency": "qHS" if n < 43 else "BID",
             "start_date": "2023-01-01"}
            for n in range(320)
        ],
    }  # fmt: skip


def payers() -> dict[str, list[dict[str, Any]]]:
    """The same people as members: 23 of 30 have a claim over $10,000."""
    kinds = ["inpatient", "surgery", "ED"]
    return {
        "members": [
            {"member_id": f"D-{n}", "given_name": "A", "family_name": "B", "gender": "F",
             "birth_date": born(35 + n % 44), "coverage_start": "2023-01-01",
             "payer_name": ["Medicare", "BCBS"][n % 2], "person_id": f"person-{n}"}
            for n in range(30)
        ],
        "claims": [
            {"claim_id": f"D-{n}-{k}", "member_id": f"D-{n}", "provider_npi": "1234567893",
             "service_date": "2024-03-01", "principal_diagnosis": "E11.65",
             "service_category": kinds[n % 3],
             "total_charge": (10_000 + 500 * n if n < 23 else 9_999.99) if k else 100.50}
            for n in range(30) for k in (0, 1)
        ],
    }  # fmt: skip


def oncology() -> dict[str, list[dict[str, Any]]]:
    """A phase 3 trial: 8 sites, 2 arms, 200 subjects, 2,400 visits of which 1,847 took place."""
    study = {"protocol_number": "ONCO-2024-001"}
    subjects = [f"ONCO-{n % 8 + 1:02}-{n:03}" for n in range(200)]
    visits = [(s, v) for s in subjects for v in range(1, 13)]
    return {
        "studies": [study | {"phase": "3", "indication": "NSCLC", "sponsor": "Invented Pharma"}],
        "sites": [study | {"site_number": f"{n + 1:02}"} for n in range(8)],
        "treatment_arms": [
            study | {"arm_code": "A", "arm_name": "Active (Drug A + SOC)"},
            study | {"arm_code": "B", "arm_name": "Control (SOC only)"},
        ],
        "subjects": [
            study | {"usubjid": s, "site_number": f"{n % 8 + 1:02}", "arm_code": "AB"[n % 2]}
            for n, s in enumerate(subjects)
        ],
        "scheduled_visits": [
            {"scheduled_visit_id": f"{s}-{v}", "usubjid": s, "visit_num": v, "visit": f"Cycle {v}"}
            for s, v in visits
        ],
        "actual_visits": [
            {"scheduled_visit_id": f"{s}-{v}", "usubjid": s, "visit_num": v,
             "visit_date": f"2024-{v:02}-01"}
            for s, v in visits[:1847]
        ],
        "adverse_events": [
            {"usubjid": subjects[n % 32], "aeterm": "Nausea", "start_date": "2024-03-01"}
            for n in range(89)
        ],
        "disposition_events": [
            {"usubjid": s, "dsdecod": "COMPLETED" if n % 5 else "ADVERSE EVENT",
             "dsstdtc": "2024-12-31"}
            for n, s in enumerate(subjects)
        ],
    }  # fmt: skip


# -- the store that the conversation is about -------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path_factory.mktemp("seed") / "store") as made:
        made.persist(
            medicare(),
            context="Generate 100 Medicare Advantage members over 65 years old in California",
            tags=["california"],
        )
        made.persist(diabetes(), context="diabetes cohort for training", tags=["diabetes"])
        made.persist(oncology(), context="oncology phase3 trial with 200 subjects")
        made.persist(payers(), scenario="payer-side", tags=["validated", "training"])
        yield made


def cli(store: Store, *arguments: str, input: str | None = None) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "healthsim_store", *arguments],
        input=input, capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"HEALTHSIM_STORE_DIR": str(store.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def plainly(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    """What sqlite3 says, without any of our code but the file's place."""
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


def texts(store: Store, scenario: str) -> dict[str, str]:
    summary = store.get_summary(scenario, samples=0)
    assert summary.omitted == ()
    return {answer.label: answer.text for answer in summary.statistics.values()}


# -- the examples ----------------------------------------------------------------------------


def test_1_a_hundred_medicare_members(store: Store, tmp_path: Path) -> None:
    (name,) = [info.name for info in store.list_scenarios(tag="california")]
    assert name == f"medicare-advantage-{dt.datetime.now(dt.UTC):%Y%m%d}"
    told = texts(store, "medicare")
    assert told["Age range"] == "65-89"
    assert told["Gender"] == "48 male, 52 female"
    assert told["Plan types"] == "HMO (40), PPO (35), PFFS (25)"
    assert told["Average risk score"] == "1.99 (range: 1.00-2.98)"
    assert told["Cities"].startswith("Fresno (20), Los Angeles (20)")
    assert plainly(store, "medicare", "SELECT gender, count(*) FROM members GROUP BY 1") == [
        ("F", 52), ("M", 48),
    ]  # fmt: skip
    assert dict(plainly(store, "medicare", "SELECT plan_type, count(*) FROM members GROUP BY 1")) \
        == {"HMO": 40, "PPO": 35, "PFFS": 25}  # fmt: skip
    with Store(tmp_path / "cli") as other:
        reply = cli(other, "persist", "--context", "medicare advantage members",
                    input=json.dumps(medicare()))  # fmt: skip
    assert reply.startswith('Saved "medicare-advantage-')
    for line in ("| Members | 100 |", "- Gender: 48 male, 52 female", "- Age range: 65-89"):
        assert line in reply


WOMEN = """
SELECT given_name || ' ' || family_name AS Name, city AS City, plan_type AS Plan,
  risk_score AS "Risk Score"
FROM members JOIN member_conditions USING (member_id)
WHERE gender = 'F' AND code LIKE 'E11%' AND birth_date <= date('now', '-76 years')
ORDER BY risk_score DESC
"""


def test_2_female_members_over_75_with_diabetes(store: Store) -> None:
    page = store.query_scenario("medicare", WOMEN, limit=5)
    assert (len(page.rows), page.total, page.has_more) == (5, 12, True)
    assert page.columns == ("Name", "City", "Plan", "Risk Score")
    rest = store.query_scenario("medicare", WOMEN, limit=20, offset=5)
    assert [tuple(r.values()) for r in page.rows + rest.rows] == plainly(store, "medicare", WOMEN)
    printed = cli(store, "query", "medicare", WOMEN, "--limit", "5", "--json")
    assert json.loads(printed)["rows"] == page.rows
    assert "| Name " in cli(store, "query", "medicare", WOMEN, "--limit", "5")


def test_3_the_summary_of_a_cohort(store: Store) -> None:
    summary = store.get_summary("diabetes", samples=0)
    counts = {name: n for name, n in summary.entity_counts.items() if n}
    assert counts == {
        "patients": 150, "encounters": 425, "diagnoses": 150, "lab_results": 890,
        "medications": 320,
    }  # fmt: skip
    assert counts == {
        name: plainly(store, "diabetes", f"SELECT count(*) FROM {name}")[0][0] for name in counts
    }
    told = texts(store, "diabetes")
    assert told["Age range"] == "35-78 years"
    assert told["Gender"] == "72 male, 78 female"
    assert told["Race"] == "White (45%), Hispanic (28%), Black (18%), Asian (9%)"
    ((low, high, mean),) = plainly(
        store, "diabetes",
        "SELECT min(CAST(value AS REAL)), max(CAST(value AS REAL)), avg(CAST(value AS REAL))"
        " FROM lab_results WHERE test_name = 'Hemoglobin A1c'",
    )  # fmt: skip
    assert told["Average A1C"] == f"{mean:.1f}% (range: {low}-{high}%)" == \
        "7.7% (range: 6.1-12.4%)"  # fmt: skip
    assert told["With complications"] == "67 (45%)"
    assert told["On insulin"] == "43 (29%)"
    printed = cli(store, "summary", "diabetes")
    for line in (
        "| Lab Results | 890 |",
        "- On insulin: 43 (29%)",
        "- Race: White (45%), Hispanic",
    ):
        assert line in printed


def test_4_a_few_example_patients(store: Store) -> None:
    cards = store.get_samples("diabetes", "patients", count=3)
    people = {
        mrn: (name, len(medicines))
        for mrn, name, *medicines in plainly(
            store, "diabetes",
            "SELECT mrn, given_name || ' ' || family_name FROM patients",
        )
    }  # fmt: skip
    assert len({card["MRN"] for card in cards}) == 3
    for card in cards:
        assert card["patient"].startswith(people[card["MRN"]][0])
        ((age,),) = plainly(
            store, "diabetes",
            "SELECT CAST(strftime('%Y', 'now') AS INT) - CAST(substr(birth_date, 1, 4) AS INT)"
            f" FROM patients WHERE mrn = '{card['MRN']}'",
        )  # fmt: skip
        assert card["patient"].endswith(f", {age})")
        assert card["Diagnosis"].startswith("E11")
        assert card["Latest_A1C"] == "7.7% (2024-02-15)"
        assert card["Last_Visit"].endswith("-15 (routine follow-up)")
    printed = cli(store, "samples", "diabetes", "patients", "--count", "3")
    assert printed.count("\n- Latest A1C: ") == 3
    assert f"**1. {cards[0]['patient']}**\n- MRN: {cards[0]['MRN']}\n" in printed


def test_5_a_trial_with_200_subjects(store: Store) -> None:
    told = texts(store, "oncology")
    assert told["Study"] == "ONCO-2024-001, phase 3, NSCLC: 8 sites, 200 subjects"
    assert told["Treatment arms"] == "Active (Drug A + SOC) 100 (50%), Control (SOC only) 100 (50%)"
    assert told["Scheduled visits"] == "2,400 (12 per subject)"
    assert told["Completed visits"] == "1,847 (77%)"
    assert told["Adverse events"] == "89 (32 subjects affected)"
    assert told["Dispositions"] == "COMPLETED 160, ADVERSE EVENT 40"
    assert plainly(
        store, "oncology",
        "SELECT (SELECT count(*) FROM visit_schedule), (SELECT count(*) FROM actual_visits),"
        " (SELECT count(*) FROM adverse_events),"
        " (SELECT count(DISTINCT subject_id) FROM adverse_events),"
        " (SELECT count(*) FROM disposition_events),"
        " (SELECT count(DISTINCT site_id) FROM subjects)",
    ) == [(2400, 1847, 89, 32, 200, 8)]  # fmt: skip
    printed = cli(store, "summary", "oncology")
    for line in ("| Subjects | 200 |", "| Treatment Arms | 2 |", "| Scheduled Visits | 2,400 |",
                 "| Actual Visits | 1,847 |", "| Disposition Events | 200 |"):  # fmt: skip
        assert line in printed
    assert cli(store, "check", "oncology").startswith(store.find("oncology").stem + ": ok")


HIGH_COST = """
SELECT p.mrn AS "Patient", sum(c.total_charge) AS "Total Claims",
  max(c.total_charge) AS "Highest Claim", m.payer_name AS "Primary Payer"
FROM patients AS p
JOIN {0}members AS m USING (person_id)
JOIN {0}claims AS c USING (member_id)
WHERE EXISTS (SELECT 1 FROM diagnoses AS d
  WHERE d.patient_id = p.patient_id AND d.code LIKE 'E11%')
GROUP BY p.patient_id
HAVING max(c.total_charge) >= 10000
ORDER BY 2 DESC
"""


def test_6_patients_who_also_have_high_claims(store: Store) -> None:
    across = store.query_scenario("diabetes", HIGH_COST.format("payer_side."), limit=5,
                                  attach=["payer-side"])  # fmt: skip
    assert (across.total, across.has_more) == (23, True)
    assert across.rows[0] == {
        "Patient": "P-2024-00022", "Total Claims": 21_100.5, "Highest Claim": 21_000.0,
        "Primary Payer": "Medicare",
    }  # fmt: skip
    store.save_scenario("both-sides", diabetes() | payers())
    together = store.query_scenario("both-sides", HIGH_COST.format(""), limit=5)
    assert (together.rows, together.total) == (across.rows, 23)
    expected = plainly(store, "both-sides", HIGH_COST.format(""))
    assert len(expected) == 23
    assert [tuple(row.values()) for row in together.rows] == expected[:5]
    printed = cli(store, "query", "diabetes", HIGH_COST.format("payer_side."), "--limit", "5",
                  "--with", "payer-side", "--json")  # fmt: skip
    assert json.loads(printed)["rows"] == across.rows
    store.delete_scenario("both-sides")


def test_7_rename_and_tag(store: Store) -> None:
    old = store.find("medicare").stem
    assert store.rename_scenario("medicare", "ca-medicare-q4-2024") == "ca-medicare-q4-2024"
    tags = store.add_tags("ca-medicare-q4-2024", "training", "medicare-advantage")
    assert tags == ("california", "medicare-advantage", "training")
    assert "ca-medicare-q4-2024" in {i.name for i in store.list_scenarios(tag="training")}
    assert store.find("ca-medicare-q4-2024").exists()
    assert cli(store, "rename", "ca-medicare", old) == (
        f"Old name: ca-medicare-q4-2024\nNew name: {old}\n"
    )
    assert cli(store, "tag", old, "q4") == f"{old}: california, medicare-advantage, q4, training\n"
    assert old in cli(store, "list", "--tag", "q4")
    assert plainly(store, old, "SELECT tag FROM _tags ORDER BY 1") == [
        ("california",), ("medicare-advantage",), ("q4",), ("training",),
    ]  # fmt: skip


def test_8_the_tags_across_scenarios(store: Store) -> None:
    counted: Counter[str] = Counter()
    for name in store.names():
        counted.update(tag for (tag,) in plainly(store, name, "SELECT tag FROM _tags"))
    assert counted == store.list_tags()
    assert counted["training"] == 2
    first, *_ = store.list_tags()
    assert first == "training"
    printed = cli(store, "tags")
    assert "| Tag " in printed
    assert "| training           | 2 scenarios   |" in printed
    assert "| diabetes           | 1 scenario    |" in printed


def test_9_a_clone_for_ab_testing(store: Store) -> None:
    source = store.find("diabetes").stem
    printed = cli(store, "clone", "diabetes")
    assert printed.splitlines()[0] == f'**Cloned "{source}" → "{source}-copy"**'
    for line in ("| Patients    | 150                |", "| Encounters  | 425                |",
                 "| Lab Results | 890                |", "| Medications | 320                |",
                 "| **Total**   | **1,935 entities** |"):  # fmt: skip
        assert line in printed
    copy = f"{source}-copy"
    joined = (
        "SELECT mrn, class_code, code, name FROM patients JOIN encounters USING (patient_id)"
        " JOIN diagnoses USING (patient_id) JOIN medications USING (patient_id) ORDER BY 1, 2, 3, 4"
    )
    assert plainly(store, copy, joined) == plainly(store, source, joined)
    ids = "SELECT patient_id FROM patients UNION ALL SELECT lab_result_id FROM lab_results"
    assert not {*plainly(store, copy, ids)} & {*plainly(store, source, ids)}
    # The two are independent.
    store.persist({"patients": [diabetes()["patients"][0] | {"mrn": "NEW"}]}, scenario=copy)
    assert plainly(store, source, "SELECT count(*) FROM patients") == [(150,)]
    assert store.rename_scenario(copy, "b-arm") == "b-arm"
    store.delete_scenario("b-arm")


def cohort(name: str, patients: int, encounters: int, labs: int) -> dict[str, Any]:
    mrns = [f"{name}-{n:05}" for n in range(patients)]
    return {
        "patients": [
            {"mrn": mrn, "given_name": "A", "family_name": "B", "gender": "F",
             "birth_date": born(70)}
            for mrn in mrns
        ],
        "encounters": [
            {"mrn": mrns[n % patients], "class_code": "AMB",
             "admission_time": "2024-01-01T08:00:00"}
            for n in range(encounters)
        ],
        "lab_results": [
            {"mrn": mrns[n % patients], "test_name": "BNP", "value": "100",
             "collected_time": "2024-01-01T08:00:00"}
            for n in range(labs)
        ],
    }  # fmt: skip


def test_10_three_cohorts_merged(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for name, counts, tags in (
            ("diabetes-cohort", (150, 425, 890), ["training", "chronic-disease"]),
            ("heart-failure-cohort", (120, 380, 720), ["training", "validated"]),
            ("copd-training", (75, 210, 450), ["training"]),
        ):
            store.persist(cohort(name, *counts), scenario=name, tags=tags)
        before = {name: store.find(name).read_bytes() for name in store.names()}
        printed = cli(store, "merge", "diabetes", "heart-failure", "copd", "--context",
                      "training dataset")  # fmt: skip
        (merged,) = set(store.names()) - before.keys()
        assert merged == f"merged-training-{TODAY:%Y%m%d}"
        assert printed.splitlines()[0] == f'**Created "{merged}"** from 3 sources:'
        for line in ("| Source               | Patients | Encounters | Lab Results |",
                     "| diabetes-cohort      | 150      | 425        | 890         |",
                     "| heart-failure-cohort | 120      | 380        | 720         |",
                     "| copd-training        | 75       | 210        | 450         |",
                     "| **Total**            | **345**  | **1,015**  | **2,060**   |",
                     "- Conflicts resolved: 0 (no duplicate ids or keys)",
                     "- Tags inherited: chronic-disease, training, validated",
                     "All source scenarios remain unchanged."):  # fmt: skip
            assert line in printed.splitlines()
        counted = "SELECT count(DISTINCT mrn), count(*) FROM patients JOIN {} USING (patient_id)"
        assert plainly(store, merged, counted.format("encounters")) == [(345, 1015)]
        assert plainly(store, merged, counted.format("lab_results")) == [(345, 2060)]
        assert {name: store.find(name).read_bytes() for name in before} == before
