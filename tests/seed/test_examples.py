"""The conversation that this project is for, example by example: Python, the command line, and
each number counted again by plain sqlite3.

The data is generated, as a user would have it made; everything after is asked of the file.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forks import command

from healthsim_store import Store
from healthsim_store.plugins import installed

TODAY = dt.date.today()

if (
    not {"medicare-advantage", "oncology-phase3", "insured-diabetes-cohort"}
    <= installed().find("profiles").keys()
):
    pytest.skip("the products and the demo are not all installed", allow_module_level=True)


# -- the store that the conversation is about -------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path_factory.mktemp("seed") / "store") as made:
        made.generate_scenario("medicare-advantage", count=100, seed=9006, tags=["california"])
        made.generate_scenario("diabetes-cohort", count=150, seed=110, tags=["diabetes"])
        made.generate_scenario("oncology-phase3", count=200, seed=883, batch=50)
        made.generate_scenario("insured-diabetes-cohort", count=150, seed=32, into="with-claims",
            tags=["validated", "training"],
        )  # fmt: skip
        yield made


def cli(store: Store, *arguments: str, input: str | None = None) -> str:
    """What a command prints; it must succeed."""
    environment = os.environ | {"HEALTHSIM_STORE_DIR": str(store.path)}
    done = command(*arguments, environment=environment, input=input)
    assert done.returncode == 0, done.stderr
    return done.stdout


def plainly(store: Store, scenario: str, sql: str) -> list[tuple[Any, ...]]:
    """What sqlite3 says, without any of our code but the file's place."""
    with contextlib.closing(sqlite3.connect(store.find(scenario))) as connection:
        return connection.execute(sql).fetchall()


def values(store: Store, scenario: str, sql: str) -> list[Any]:
    return [value for (value,) in plainly(store, scenario, sql)]


def texts(store: Store, scenario: str) -> dict[str, str]:
    summary = store.get_summary(scenario, samples=0)
    assert summary.omitted == ()
    return {answer.label: answer.text for answer in summary.statistics.values()}


def age(born: str, day: dt.date = TODAY) -> int:
    """In whole years, by the calendar."""
    birth = dt.date.fromisoformat(born)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def ranked(found: Counter[Any], form: str) -> list[str]:
    """The most frequent first, and of equals the first by name."""
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [form.format(name, n, 100 * n / found.total()) for name, n in ordered]


# -- the examples ----------------------------------------------------------------------------


def test_1_a_hundred_medicare_members(store: Store, tmp_path: Path) -> None:
    (name,) = [info.name for info in store.list_scenarios(tag="california")]
    assert name == f"medicare-advantage-{dt.datetime.now(dt.UTC):%Y%m%d}"
    members = plainly(store, name, "SELECT birth_date, gender, plan_type, state, city FROM members")
    assert len(members) == 100
    assert {state for *_, state, _ in members} == {"CA"}
    assert len({city for *_, city in members}) > 20
    ages = [age(born) for born, *_ in members]
    assert min(ages) >= 65
    told = texts(store, "medicare")
    assert told["Age range"] == f"{min(ages)}-{max(ages)}"
    genders = Counter(gender for _, gender, *_ in members)
    assert told["Gender"] == f"{genders['M']} male, {genders['F']} female"
    plans = Counter(plan for _, _, plan, *_ in members)
    assert plans.keys() == {"HMO", "PPO", "PFFS"}
    assert told["Plan types"] == ", ".join(ranked(plans, "{} ({})"))
    cities = Counter(city for *_, city in members)
    assert told["Cities"] == ", ".join(ranked(cities, "{} ({})")[:5])
    scores = values(store, "medicare", "SELECT risk_score FROM members")
    assert told["Average risk score"] == \
        f"{sum(scores) / 100:.2f} (range: {min(scores):.2f}-{max(scores):.2f})"  # fmt: skip
    with Store(tmp_path / "cli") as other:
        reply = cli(other, "generate", "medicare-advantage", "--count", "100", "--seed", "9006")
    assert reply.startswith(f'Saved "{name}" (seed 9006)')
    for line in (
        "| Members | 100 |",
        f"- Gender: {told['Gender']}",
        f"- Age range: {told['Age range']}",
    ):
        assert line in reply


WOMEN = """
SELECT given_name || ' ' || family_name AS Name,
  CAST(strftime('%Y', 'now') - strftime('%Y', birth_date)
    - (strftime('%m-%d', 'now') < strftime('%m-%d', birth_date)) AS INTEGER) AS Age,
  city AS City, plan_type AS Plan, risk_score AS "Risk Score"
FROM members
WHERE gender = 'F' AND birth_date <= date('now', '-76 years')
  AND member_id IN (SELECT member_id FROM member_conditions WHERE code LIKE 'E11%')
ORDER BY risk_score DESC
"""


def test_2_female_members_over_75_with_diabetes(store: Store) -> None:
    sql = "SELECT member_id FROM member_conditions WHERE code GLOB 'E11*'"
    diabetic = set(values(store, "medicare", sql))
    women = [
        (f"{given} {family}", age(born), city, plan, score)
        for member, given, family, born, city, plan, score in plainly(
            store, "medicare",
            "SELECT member_id, given_name, family_name, birth_date, city, plan_type, risk_score"
            " FROM members WHERE gender = 'F'",
        )
        if member in diabetic and age(born) > 75
    ]  # fmt: skip
    assert len(women) > 5
    page = store.query_scenario("medicare", WOMEN, limit=5)
    assert (len(page.rows), page.total, page.has_more) == (5, len(women), True)
    assert page.columns == ("Name", "Age", "City", "Plan", "Risk Score")
    rest = store.query_scenario("medicare", WOMEN, limit=100, offset=5)
    found = [tuple(row.values()) for row in page.rows + rest.rows]
    assert sorted(found) == sorted(women)
    assert [score for *_, score in found] == sorted((s for *_, s in women), reverse=True)
    printed = cli(store, "query", "medicare", WOMEN, "--limit", "5", "--json")
    assert json.loads(printed)["rows"] == page.rows
    assert "| Name " in cli(store, "query", "medicare", WOMEN, "--limit", "5")


def test_3_the_summary_of_a_cohort(store: Store) -> None:
    summary = store.get_summary("diabetes", samples=0)
    counts = {name: n for name, n in summary.entity_counts.items() if n}
    seed = {"patients": 150, "encounters": 425, "lab_results": 890, "medications": 320}
    assert seed.items() <= counts.items()
    assert counts == {
        name: plainly(store, "diabetes", f"SELECT count(*) FROM {name}")[0][0] for name in counts
    }
    told = texts(store, "diabetes")
    patients = plainly(
        store, "diabetes", "SELECT birth_date, gender, race, ethnicity FROM patients"
    )
    ages = [age(born) for born, *_ in patients]
    assert told["Age range"] == f"{min(ages)}-{max(ages)} years"
    genders = Counter(gender for _, gender, *_ in patients)
    assert told["Gender"] == f"{genders['M']} male, {genders['F']} female"
    races = Counter(
        "Hispanic" if str(ethnicity).startswith("Hispanic") else race
        for *_, race, ethnicity in patients
    )
    assert races.keys() == {"White", "Hispanic", "Black", "Asian"}
    assert told["Race"] == ", ".join(ranked(races, "{0} ({2:.0f}%)"))
    a1c = values(
        store, "diabetes", "SELECT value_numeric FROM lab_results WHERE loinc_code = '4548-4'"
    )
    assert told["Average A1C"] == \
        f"{sum(a1c) / len(a1c):.1f}% (range: {min(a1c):.1f}-{max(a1c):.1f}%)"  # fmt: skip
    complicated = {
        patient
        for patient, code in plainly(store, "diabetes", "SELECT patient_id, code FROM diagnoses")
        if code.startswith("E11") and code != "E11.9"
    }
    assert told["With complications"] == f"{len(complicated)} ({len(complicated) / 1.5:.0f}%)"
    insulin = {
        patient
        for patient, name in plainly(store, "diabetes", "SELECT patient_id, name FROM medications")
        if "insulin" in name.lower()
    }
    assert told["On insulin"] == f"{len(insulin)} ({len(insulin) / 1.5:.0f}%)"
    # Treatment follows control: those on insulin had the higher A1C.
    by_patient: dict[str, list[float]] = {}
    for patient, value in plainly(
        store, "diabetes",
        "SELECT patient_id, value_numeric FROM lab_results WHERE loinc_code = '4548-4'",
    ):  # fmt: skip
        by_patient.setdefault(patient, []).append(value)
    assert len(by_patient) == 150
    worst = {patient: max(found) for patient, found in by_patient.items()}
    on = [worst[patient] for patient in insulin]
    off = [value for patient, value in worst.items() if patient not in insulin]
    assert sum(on) / len(on) > sum(off) / len(off) + 1
    printed = cli(store, "summary", "diabetes")
    for line in ("| Lab Results | 890 |", f"- On insulin: {told['On insulin']}",
                 f"- Race: {told['Race']}"):  # fmt: skip
        assert line in printed


def test_4_a_few_example_patients(store: Store) -> None:
    cards = store.get_samples("diabetes", "patients", count=3)
    people = {
        mrn: (f"{given} {family}", age(born))
        for mrn, given, family, born in plainly(
            store, "diabetes", "SELECT mrn, given_name, family_name, birth_date FROM patients"
        )
    }
    assert len({card["MRN"] for card in cards}) == 3
    for card in cards:
        name, years = people[card["MRN"]]
        gender = {"M": "Male", "F": "Female"}[
            values(store, "diabetes", f"SELECT gender FROM patients WHERE mrn = '{card['MRN']}'")[0]
        ]
        assert card["patient"] == f"{name} ({gender}, {years})"
        assert card["Diagnosis"].startswith("E11")
        ((latest, day),) = plainly(
            store, "diabetes",
            "SELECT value_numeric, date(collected_time) FROM lab_results JOIN patients"
            f" USING (patient_id) WHERE mrn = '{card['MRN']}' AND loinc_code = '4548-4'"
            " ORDER BY collected_time DESC LIMIT 1",
        )  # fmt: skip
        assert card["Latest_A1C"] == f"{latest}% ({day})"
    printed = cli(store, "samples", "diabetes", "patients", "--count", "3")
    assert printed.count("\n- Latest A1C: ") == 3
    assert f"**1. {cards[0]['patient']}**\n- MRN: {cards[0]['MRN']}\n" in printed


def test_5_a_trial_with_200_subjects(store: Store) -> None:
    told = texts(store, "oncology")
    assert told["Study"] == "ONCO-2024-001, phase 3, NSCLC: 8 sites, 200 subjects"
    assert told["Treatment arms"] == "Active (Drug A + SOC) 100 (50%), Control (SOC only) 100 (50%)"
    assert told["Scheduled visits"] == "2,400 (12 per subject)"
    ((scheduled, actual, events, affected, dispositions, sites),) = plainly(
        store, "oncology",
        "SELECT (SELECT count(*) FROM visit_schedule), (SELECT count(*) FROM actual_visits),"
        " (SELECT count(*) FROM adverse_events),"
        " (SELECT count(DISTINCT subject_id) FROM adverse_events),"
        " (SELECT count(*) FROM disposition_events),"
        " (SELECT count(DISTINCT site_id) FROM subjects)",
    )  # fmt: skip
    assert (scheduled, dispositions, sites) == (2400, 200, 8)
    assert 1750 < actual < 1950
    assert told["Completed visits"] == f"{actual:,} ({actual / 24:.0f}%)"
    assert told["Adverse events"] == f"{events} ({affected} subjects affected)"
    reasons = Counter(values(store, "oncology", "SELECT dsdecod FROM disposition_events"))
    assert told["Dispositions"] == ", ".join(ranked(reasons, "{} {}")[:6])
    printed = cli(store, "summary", "oncology")
    for line in ("| Subjects | 200 |", "| Treatment Arms | 2 |", "| Scheduled Visits | 2,400 |",
                 f"| Actual Visits | {actual:,} |", "| Disposition Events | 200 |"):  # fmt: skip
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
HAVING max(c.total_charge) > 10000
ORDER BY 2 DESC
"""


def test_6_patients_who_also_have_high_claims(store: Store) -> None:
    person = dict(plainly(store, "with-claims", "SELECT member_id, person_id FROM members"))
    mrns = dict(plainly(store, "with-claims", "SELECT person_id, mrn FROM patients"))
    assert set(person.values()) == mrns.keys()  # the same persons
    charges: dict[str, list[float]] = {}
    for member, charge in plainly(
        store, "with-claims", "SELECT member_id, total_charge FROM claims"
    ):
        charges.setdefault(mrns[person[member]], []).append(charge)
    high = {mrn: found for mrn, found in charges.items() if max(found) > 10_000}
    assert 20 <= len(high) < 30
    page = store.query_scenario("with-claims", HIGH_COST.format(""), limit=5)
    assert (page.total, page.has_more) == (len(high), True)
    rest = store.query_scenario("with-claims", HIGH_COST.format(""), limit=100, offset=5)
    for row in page.rows + rest.rows:
        found = high[row["Patient"]]
        assert row["Highest Claim"] == max(found)
        assert row["Total Claims"] == pytest.approx(sum(found))
    printed = cli(store, "query", "with-claims", HIGH_COST.format(""), "--limit", "5", "--json")
    assert json.loads(printed)["rows"] == page.rows
    # The same where the two sides are scenarios of their own, joined for the question.
    clinical = ("patients", "diagnoses")
    whole = store.load_scenario("with-claims", max_rows=100_000)
    store.save_scenario("clinical", {name: whole[name] for name in clinical})
    store.save_scenario("payer", {name: whole[name] for name in ("members", "claims")})
    across = store.query_scenario("clinical", HIGH_COST.format("payer."), limit=5, attach=["payer"])
    assert (across.rows, across.total) == (page.rows, len(high))
    printed = cli(store, "query", "clinical", HIGH_COST.format("payer."), "--limit", "5",
                  "--with", "payer", "--json")  # fmt: skip
    assert json.loads(printed)["rows"] == page.rows
    for name in ("clinical", "payer"):
        store.delete_scenario(name)


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
    counted = store.scenario_info(source).entity_counts
    for label, count in (("Patients", 150), ("Encounters", 425), ("Lab Results", 890),
                         ("Medications", 320)):  # fmt: skip
        assert f"| {label:<11} | {count:<18} |" in printed
    assert f"| **Total**   | **{sum(counted.values()):,} entities** |" in printed
    copy = f"{source}-copy"
    joined = (
        "SELECT mrn, class_code, code, name FROM patients JOIN encounters USING (patient_id)"
        " JOIN diagnoses USING (patient_id) JOIN medications USING (patient_id) ORDER BY 1, 2, 3, 4"
    )
    assert plainly(store, copy, joined) == plainly(store, source, joined)
    ids = "SELECT patient_id FROM patients UNION ALL SELECT lab_result_id FROM lab_results"
    assert not {*plainly(store, copy, ids)} & {*plainly(store, source, ids)}
    # The two are independent.
    new = {"mrn": "NEW", "given_name": "N", "family_name": "N", "gender": "F", "dob": "1960-01-01"}
    store.persist({"patients": [new]}, scenario=copy)
    assert plainly(store, source, "SELECT count(*) FROM patients") == [(150,)]
    assert store.rename_scenario(copy, "b-arm") == "b-arm"
    store.delete_scenario("b-arm")


def test_10_three_cohorts_merged(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for profile, name, count, tags in (
            ("diabetes-cohort", "diabetes-cohort", 150, ["training", "chronic-disease"]),
            ("heart-failure", "heart-failure-cohort", 120, ["training", "validated"]),
            ("copd", "copd-training", 75, ["training"]),
        ):
            store.generate_scenario(profile, count=count, seed=2024, into=name, tags=tags)
        before = {name: store.find(name).read_bytes() for name in store.names()}
        printed = cli(store, "merge", "diabetes", "heart-failure", "copd", "--context",
                      "training dataset")  # fmt: skip
        (merged,) = set(store.names()) - before.keys()
        assert merged == f"merged-training-{TODAY:%Y%m%d}"
        assert printed.splitlines()[0] == f'**Created "{merged}"** from 3 sources:'
        table = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in printed.splitlines()
            if line.startswith("|")
        ]
        assert table[0] == ["Entity Type", "diabetes-cohort", "heart-failure-cohort",
                            "copd-training", "Total"]  # fmt: skip
        told = {row[0]: row[1:] for row in table[2:]}
        assert told["Patients"] == ["150", "120", "75", "345"]
        assert told["Encounters"] == ["425", "380", "210", "1,015"]
        assert told["Lab Results"] == ["890", "720", "450", "2,060"]
        for line in ("- Conflicts resolved: 0 (no duplicate ids or keys)",
                     "- Tags inherited: chronic-disease, training, validated",
                     "All source scenarios remain unchanged."):  # fmt: skip
            assert line in printed.splitlines()
        counted = "SELECT count(DISTINCT mrn), count(*) FROM patients JOIN {} USING (patient_id)"
        assert plainly(store, merged, counted.format("encounters")) == [(345, 1015)]
        assert plainly(store, merged, counted.format("lab_results")) == [(345, 2060)]
        assert {name: store.find(name).read_bytes() for name in before} == before
