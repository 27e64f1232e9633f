"""MemberSim: known answers, what is refused, and the money side of Synthea's real output."""

from __future__ import annotations

import csv
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidRows, UnknownQuestion
from healthsim_store.plugins import installed
from healthsim_store.testing import ProductTests

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made


def member(n: int, **fields: Any) -> dict[str, Any]:
    return {
        "member_id": f"M-{n}", "first_name": f"Given{n}", "last_name": f"Family{n}",
        "dob": "1950-01-01", "gender": "female", "plan_type": "HMO", "city": "San Diego",
        "state": "CA", "effective_date": "2024-01-01",
    } | fields  # fmt: skip


def claim(n: int, member: str, charge: float | None, **fields: Any) -> dict[str, Any]:
    return {
        "claim_id": f"C-{n}", "member_id": member, "claim_type": "837P", "npi": "1234567893",
        "dos": "2024-03-01", "total_charge": charge, "dx1": "E11.9",
    } | fields  # fmt: skip


def line(claim: str, number: int, charge: float, **fields: Any) -> dict[str, Any]:
    return {
        "claim_id": claim, "line": number, "cpt": "99213", "charge": charge,
    } | fields  # fmt: skip


def plan() -> dict[str, list[dict[str, Any]]]:
    """Four members, two of them one person, and three claims."""
    return {
        "members": [
            member(1, risk_score=1.5, subscriber_id="M-1"),
            member(2, gender="M", plan_type="PPO", risk_score=2.0, city="Fresno"),
            member(3, person_id="p", relationship="spouse", subscriber_id="M-2", dob="1960-01-01"),
            member(4, person_id="p", plan_type="PFFS", effective_date="2025-01-01",
                   dob="1960-01-01"),
        ],
        "member_conditions": [
            {"member_id": "M-1", "code": "E11.9", "description": "Type 2 diabetes"},
            {"member_id": "M-2", "icd10": "E11.9", "hcc": "37"},
            {"member_id": "M-1", "code": "I10"},
        ],
        "authorizations": [
            {"auth_number": "A-1", "member_id": "M-1", "service": "MRI", "status": "approved",
             "request_date": "2024-02-01"},
        ],
        "claims": [
            claim(1, "M-1", 300.00, total_allowed=200, total_paid=150.5,
                  patient_responsibility=49.5, authorization_auth_number="A-1"),
            claim(2, "M-1", 12000.25, total_allowed=9000, total_paid=9000,
                  patient_responsibility=0, claim_type="institutional"),
            claim(3, "M-2", 20, claim_type="pharmacy", dx1=None, total_allowed=20, total_paid=10,
                  patient_responsibility=10),
        ],
        "claim_lines": [
            line("C-1", 1, 100, allowed=80, paid=60.5, patient_share=19.5),
            line("C-1", 2, 200, allowed=120, paid=90, patient_share=30),
            line("C-2", 1, 12000.25),
        ],
        "accumulators": [
            {"member_id": "M-1", "type": "deductible", "year": 2024, "limit": 500, "used": 49.5},
        ],
    }  # fmt: skip


class TestMemberSim(ProductTests):
    product = "membersim"
    rows = plan()
    rows["claims"].append(claim(99, "M-1", None))


def test_statistics_have_the_known_answers(store: Store) -> None:
    store.persist(plan(), scenario="s")
    answers = {name: a.text for name, a in store.get_summary("s").statistics.items()}
    assert answers.pop("member_age_range").count("-") == 1
    assert answers == {
        "member_gender": "1 male, 2 female",  # the person with two spans is one
        "member_states": "CA (3)",
        "member_cities": "San Diego (2), Fresno (1)",
        "plan_types": "HMO (2), PFFS (1), PPO (1)",
        "risk_score": "1.75 (range: 1.50-2.00)",
        "claim_totals": "$12,320 charged, $9,220 allowed, $9,160 paid, $60 patient share",
        "highest_claim": "$12,000",
        "member_conditions": "Type 2 diabetes (2), I10 (1)",
    }


def test_what_nobody_was_paid_is_not_told_as_nothing(store: Store) -> None:
    members = [member(1)]
    amounts = [0.1, 0.2, 37783.05]  # their sum is not 37783.35 in floats
    claims = [claim(n, "M-1", charge) for n, charge in enumerate(amounts)]
    store.persist({"members": members, "claims": claims}, scenario="s")
    summary = store.get_summary("s")
    assert summary.statistics["claim_totals"].text == (
        "$37,783 charged, unknown allowed, unknown paid, unknown patient share"
    )
    assert summary.to_dict()["statistics"]["claim_totals"]["rows"] == [
        {"charged": 37783.35, "allowed": None, "paid": None, "patient": None, "n": 3}
    ]


def test_how_many_claims_have_no_charge_is_told_beside_the_sum_of_the_others(store: Store) -> None:
    claims = [claim(1, "M-1", 100.0), claim(2, "M-1", None), claim(3, "M-2", None)]
    store.persist({"members": [member(1), member(2)], "claims": claims}, scenario="s")
    told = {name: a.text for name, a in store.get_summary("s").statistics.items()}
    assert told["claim_totals"].startswith("$100 charged")
    assert told["uncharged_claims"] == "2 of 3"
    cards = {card["member_id"]: card["Claims"] for card in store.query_scenario(
        "s", "SELECT member_id, Claims FROM member_cards").rows}  # fmt: skip
    assert cards == {"M-1": "2 for $100.00", "M-2": "1, charges unknown"}


def test_labels_are_whole_and_two_conditions_never_look_the_same(store: Store) -> None:
    long = "Type 2 diabetes mellitus with diabetic "
    told = {"E11.40": f"{long}neuropathy", "E11.21": f"{long}nephropathy"}
    conditions = [
        {"member_id": "M-1", "code": code, "description": text} for code, text in told.items()
    ]
    store.persist({"members": [member(1)], "member_conditions": conditions}, scenario="long")
    answer = store.get_summary("long").statistics["member_conditions"]
    assert {row["code"]: row["condition"] for row in answer.rows} == told
    assert answer.text == "Type 2 diabet…nephropathy (1), Type 2 diabet…neuropathy (1)"
    same = [{"member_id": "M-1", "code": c, "description": "Diabetes"} for c in ("E10.9", "E11.9")]
    store.persist({"members": [member(1)], "member_conditions": same}, scenario="same")
    answer = store.get_summary("same").statistics["member_conditions"]
    assert answer.text == "Diabetes [E10.9] (1), Diabetes [E11.9] (1)"


def asked(store: Store, question: str, *columns: str, **values: Any) -> list[Any]:
    """Some columns of the answer."""
    rows = store.ask_question("s", question, params=values).rows
    return [row[columns[0]] if len(columns) == 1 else [row[c] for c in columns] for row in rows]


def test_questions_have_the_known_answers(store: Store) -> None:
    batch = plan()
    batch["claims"] += [
        claim(4, "M-2", 50000, status="denied"), claim(5, "M-1", 10000.01, category="inpatient"),
    ]  # fmt: skip
    store.persist(batch, scenario="s")
    assert asked(store, "members_at_risk", "member_id") == ["M-2", "M-1"]
    assert asked(store, "members_at_risk", "conditions", plan_type="hmo") == ["E11.9,I10"]
    assert asked(store, "members_at_risk", "member_id", least="1.5") == ["M-2"]
    assert asked(store, "members_with_condition", "member_id") == ["M-1", "M-2"]
    assert asked(store, "members_with_condition", "member_id", gender="female", age=60) == ["M-1"]
    assert asked(store, "members_with_condition", "member_id", age=110) == []
    assert asked(store, "members_with_condition", "codes", code="i1") == ["I10"]
    columns = ("member_id", "claims_over", "charged", "highest_claim", "highest_is_for")
    assert asked(store, "claims_over", *columns) == [
        ["M-1", 2, 22000.26, 12000.25, "institutional"]
    ]
    assert asked(store, "claims_over", "member_id", amount="19.5") == ["M-1", "M-2"]
    assert asked(store, "authorizations_by_status", "auth_number", "claims") == [["A-1", 1]]
    assert asked(store, "authorizations_by_status", "auth_number", status="denied") == []
    with pytest.raises(UnknownQuestion):
        asked(store, "high_cost_patients", "mrn")  # there are no patients


def both(store: Store) -> None:
    """Three patients who are members: two with diabetes, of whom one has a claim that is high."""
    if "patientsim" not in installed().declarations:
        pytest.skip("patientsim is not installed")
    people = [
        {"mrn": f"P-{n}", "given_name": f"Given{n}", "family_name": f"Family{n}",
         "dob": "1950-01-01", "gender": "F", "person_id": f"h{n}"}
        for n in (1, 2, 3)
    ]  # fmt: skip
    codes = {1: "E11.9", 2: "E10.65", 3: "I10"}
    store.persist(
        {
            "patients": people,
            "diagnoses": [
                {"patient_mrn": f"P-{n}", "code": code, "diagnosed_date": "2020-01-01"}
                for n, code in codes.items()
            ],
            "members": [member(n, person_id=f"h{n}", payer_name=f"Payer {n}") for n in (1, 2, 3)]
            + [member(4, person_id="h1", payer_name="Other", effective_date="2025-01-01")],
            "claims": [
                claim(1, "M-1", 28500, category="inpatient"), claim(2, "M-4", 100.5),
                claim(3, "M-2", 10000), claim(4, "M-2", 99999, status="reversed"),
                claim(5, "M-3", 45000),
            ],
        },
        scenario="s",
    )  # fmt: skip


def test_patients_who_have_high_claims(store: Store) -> None:
    both(store)
    columns = ("mrn", "claims", "total_claims", "highest_claim", "highest_is_for", "payer")
    assert asked(store, "high_cost_patients", *columns) == [
        ["P-1", 2, 28600.5, 28500.0, "inpatient", "Payer 1"]
    ]
    assert asked(store, "high_cost_patients", "mrn", amount="9999") == ["P-1", "P-2"]
    assert asked(store, "high_cost_patients", "mrn", code="i10") == ["P-3"]
    assert asked(store, "high_cost_patients", "mrn", code="E1165", amount=1) == []


def test_high_claims_are_found_by_keys(store: Store) -> None:
    """From those with the diagnosis to their claims, or a large scenario would take long."""
    both(store)
    (question,) = [q for q in store.list_questions("s") if q.name == "high_cost_patients"]
    sql = f"EXPLAIN QUERY PLAN {question.sql}"
    plan = store.query_scenario("s", sql, params={"code": "", "amount": ""}, limit=100).rows
    steps = [str(row["detail"]) for row in plan]
    for alias, key in (("p", "patient_id"), ("m", "person_id"), ("c", "member_id")):
        assert any(s.startswith(f"SEARCH {alias} ") and f"({key}=?)" in s for s in steps), steps


def test_a_card(store: Store) -> None:
    store.persist(plan(), scenario="s")
    card = store.get_samples("s", "members", count=4)[0]
    assert card.pop("member").startswith("Given1 Family1 (Female, ")
    assert card == {
        "member_id": "M-1",
        "Plan": "HMO",
        "Coverage": "2024-01-01 on",
        "Residence": "San Diego, CA",
        "Risk_Score": 1.5,
        "Conditions": "Type 2 diabetes (E11.9), I10",
        "Claims": "2 for $12,300.25, paid $9,150.50",
    }


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ({"members": [member(1, plan_type="HMOO")]}, "one of HMO, PPO, PFFS"),
        ({"members": [member(1, plan_type="HMOO")]}, "Did you mean HMO?"),
        ({"claim_lines": [line("C-9", 1, 5)]}, "there is no such claim_id in claims"),
        ({"members": [member(1, subscriber_id="M-2"), member(2, subscriber_id="M-1")]},
         "following subscriber_id from here comes back to this row: 'M-2' (1 row), 'M-1'"),
        ({"members": [member(1, subscriber_id="M-9")]}, "no such member_id in members"),
        ({"members": [member(1)], "claims": [claim(1, "M-1", 5, dx1=None)]},
         "principal_diagnosis IS NOT NULL OR claim_type"),
        ({"members": [member(1)], "claims": [claim(1, "M-1", 5, total_allowed=6)]},
         "total_allowed <= total_charge"),
        ({"members": [member(1)], "claims": [claim(1, "M-1", 5)],
          "claim_lines": [line("C-1", 1, 5), line("C-1", 1, 5)]}, "claim_id + line_number"),
    ],
)  # fmt: skip
def test_what_is_refused(store: Store, batch: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRows) as caught:
        store.persist(batch, scenario="s")
    assert said in str(caught.value)
    assert store.names() == []


def test_a_circle_through_rows_that_are_there_is_found(store: Store) -> None:
    store.persist({"members": [member(1), member(2, subscriber_id="M-1")]}, scenario="s")
    with pytest.raises(InvalidRows, match="comes back to this row"):
        store.persist(
            {"members": [member(1, subscriber_id="M-2")]}, scenario="s", on_conflict="replace"
        )
    store.persist({"members": [member(3, subscriber_id="M-2")]}, scenario="s")
    assert store.check_scenario("s").ok


def test_check_finds_money_that_does_not_add_up(store: Store) -> None:
    batch = plan()
    batch["claim_lines"][0]["charge"] = 100.01
    store.persist(batch, scenario="s")
    (finding,) = store.check_scenario("s").findings
    assert (finding.level, finding.kind) == ("error", "rule")
    assert finding.message.startswith("Charges of the lines add up to the claim: not so for 1")
    assert "C-1" in finding.message


def test_check_finds_what_was_paid_for_a_day_without_coverage(store: Store) -> None:
    batch = plan()
    store.persist(batch, scenario="s")
    assert store.check_scenario("s").ok
    ends = {"coverage_end": "2000-01-01", "coverage_start": "2000-01-01"}
    store.update_entities("s", "members", ends, where="member_id = 'M-1'")
    (paid,) = store.query_scenario(
        "s", "SELECT count(*) AS n FROM claims WHERE member_id = 'M-1' AND total_paid > 0"
    ).rows
    assert paid["n"] > 0
    (finding,) = store.check_scenario("s").findings
    assert finding.message.startswith(
        f"What is paid was on a day of the member's coverage: not so for {paid['n']}"
    )


def test_a_member_and_a_patient_with_one_person_id_are_one_human(store: Store) -> None:
    """Told of both products in one scenario, where birth or gender differ and are known."""
    patients = [
        {"patient_id": f"p{n}", "mrn": f"P-{n}", "given_name": "A", "family_name": "B",
         "person_id": f"x{n}", "birth_date": "1960-06-15", "gender": "F"}
        for n in range(1, 5)
    ]  # fmt: skip
    members = [
        member(1, person_id="x1", dob="1960-06-15", gender="F"),
        member(2, person_id="x2", dob="1960-06-16", gender="F"),
        member(3, person_id="x3", dob="1960-06-15", gender="M"),
        member(4, person_id="x4", dob="1960-06-15", gender="U"),
    ]
    store.persist({"patients": patients, "members": members}, scenario="s")
    told = [finding.message for finding in store.check_scenario("s").findings]
    assert told == [
        "member_and_patient: the member M-2 (F, born 1960-06-16) and the patient p2"
        " (F, born 1960-06-15) have one person_id",
        "member_and_patient: the member M-3 (M, born 1960-06-15) and the patient p3"
        " (F, born 1960-06-15) have one person_id",
    ]


def csv_rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_money_side_of_a_real_synthea_folder(store: Store) -> None:
    folder = DATA / "synthea-a"
    if not folder.is_dir():
        pytest.skip("the real data synthea-a is not beside the project")
    result = store.import_data([folder], format="synthea", scenario="s")
    accounts = {account.name: account for account in result.sources}
    for name, entity_type in (
        ("claims", "claims"), ("claims_transactions", "claim_lines"),
        ("payer_transitions", "members"),
    ):  # fmt: skip
        account = accounts[f"{name}.csv"]
        assert account.mapped == {entity_type: len(csv_rows(folder, name))}
        assert account.unmapped == {}
    connection = sqlite3.connect(store.path / "s.db")

    charges: dict[str, Decimal] = defaultdict(Decimal)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for row in csv_rows(folder, "claims_transactions"):
        if row["TYPE"] == "CHARGE":
            charges[row["CLAIMID"]] += Decimal(row["AMOUNT"])
        if row["METHOD"] == "ECHECK":
            paid[row["CLAIMID"]] += Decimal(row["PAYMENTS"])
    claims = {row["Id"]: row for row in csv_rows(folder, "claims")}
    stored = connection.execute(
        "SELECT claim_id, total_charge, total_paid, total_allowed - total_paid"
        " - patient_responsibility, person_id, encounter_id FROM claims JOIN members USING"
        " (member_id)"
    ).fetchall()
    assert len(stored) == len(claims)
    for claim_id, charge, payment, rest, person_id, encounter_id in stored:
        assert charge == pytest.approx(float(charges[claim_id]))
        assert payment == pytest.approx(float(paid[claim_id]))
        assert rest == pytest.approx(0)
        assert person_id == claims[claim_id]["PATIENTID"]
        assert encounter_id == claims[claim_id]["APPOINTMENTID"]
    lines = sum(row["TYPE"] == "CHARGE" for row in csv_rows(folder, "claims_transactions"))
    joined = connection.execute(
        "SELECT count(*), sum(charge_amount) FROM patients JOIN members USING (person_id)"
        " JOIN claims USING (member_id) JOIN claim_lines USING (claim_id)"
    ).fetchone()
    assert joined == (lines, pytest.approx(float(sum(charges.values()))))
    # Every claim lies in a span of its payer, but for those that no transition of it covers.
    payers = {row["Id"]: row["NAME"] for row in csv_rows(folder, "payers")}
    outside = wrong = 0
    for claim_id, day, start, end, payer in connection.execute(
        "SELECT claim_id, service_date, coverage_start, coverage_end, payer_name FROM claims"
        " JOIN members USING (member_id)"
    ):
        outside += not start <= day <= end
        wrong += payers.get(claims[claim_id]["PRIMARYPATIENTINSURANCEID"]) != payer
    assert wrong == 0
    transitions = defaultdict(list)
    for row in csv_rows(folder, "payer_transitions"):
        transitions[row["PATIENT"]].append((row["START_YEAR"], row["END_YEAR"]))
    nowhere = sum(
        not any(a <= row["SERVICEDATE"] < b for a, b in transitions[row["PATIENTID"]])
        for row in claims.values()
    )
    assert outside == nowhere == 1
    connection.close()
    check = store.check_scenario("s")
    assert check.findings == ()
    again = store.import_data([folder], format="synthea", scenario="s", on_conflict="skip")
    assert not any(again.persisted.inserted.values())


OTHER = {
    "patients.csv": "Id,BIRTHDATE,FIRST,LAST,GENDER\np-1,1960-01-01,Ann1,Lee2,F\n",
    "payers.csv": "Id,NAME,OWNERSHIP\ny-1,Medicare,GOVERNMENT\ny-2,Gone,NO_INSURANCE\n",
    "payer_transitions.csv": "PATIENT,START_DATE,END_DATE,PAYER,PLAN_OWNERSHIP\n"
    "p-1,2020-01-01T00:00:00Z,2021-01-01T00:00:00Z,y-1,Self\n"
    "p-1,2021-01-01T00:00:00Z,2022-01-01T00:00:00Z,y-1,Self\n"
    "p-1,2023-01-01T00:00:00Z,,y-1,Self\n"
    "p-2,2023-01-01T00:00:00Z,,y-1,Self\n",
    "claims.csv": "Id,PATIENTID,SERVICEDATE,DIAGNOSIS1,PRIMARYPATIENTINSURANCEID\n"
    "c-1,p-1,2021-06-01T00:00:00Z,1,y-1\nc-2,p-3,2021-06-01T00:00:00Z,1,y-1\n",
}


def test_another_version_of_synthea_without_transactions(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in OTHER.items():
        (folder / name).write_text(text, "utf-8")
    result = store.import_data([folder], format="synthea", scenario="s")
    told = {account.name: account.to_dict() for account in result.sources}
    assert told["payer_transitions.csv"]["mapped"] == {"members": 3}
    assert told["payer_transitions.csv"]["unmapped"] == {"the patient is not in patients.csv": 1}
    assert told["claims.csv"]["mapped"] == {"claims": 1}
    assert sum(told["claims.csv"]["unmapped"].values()) == 1
    spans = store.query_scenario(
        "s", "SELECT plan_type, coverage_start, coverage_end FROM members ORDER BY 2"
    )
    assert spans.rows == [
        {"plan_type": "Medicare", "coverage_start": "2020-01-01", "coverage_end": "2022-01-01"},
        {"plan_type": "Medicare", "coverage_start": "2023-01-01", "coverage_end": None},
    ]
    assert store.query_scenario("s", "SELECT total_charge FROM claims").rows == [
        {"total_charge": None}
    ]
