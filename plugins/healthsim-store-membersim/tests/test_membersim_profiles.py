"""MemberSim's profile: what its SQL promises, and known answers in the file that it makes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest
from campaign import tries

from healthsim_store import Store
from healthsim_store.testing import ProfileTests


class TestMedicareAdvantage(ProfileTests):
    profile = "medicare-advantage"
    variants = ({}, {"claims": True})
    seeds = range(tries(10, 60))


class TestClaims(ProfileTests):
    profile = "claims"
    base = "medicare-advantage"
    base_options: ClassVar = {"claims": True}
    variants = ({}, {"months": 36})
    count = 60


class TestPatientClaims(ProfileTests):
    profile = "patient-claims"
    base = "diabetes-cohort"
    variants = ({}, {"claims": False}, {"illnesses": "I10"})
    count = 60


class TestDiabetesClaims(ProfileTests):
    profile = "diabetes-claims"
    base = "diabetes-cohort"
    variants = ({},)
    count = 60


def test_diabetes_claims_are_for_those_with_diabetes(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for profile in ("copd", "diabetes-cohort"):
            store.generate_scenario(profile, count=40, seed=7, into="clinic")
        made = store.generate_scenario("diabetes-claims", for_scenario="clinic", into="payer")
        one = store.generate_scenario(
            "patient-claims", for_scenario="clinic", into="e11", options={"illnesses": "j44, e11"}
        )
        with closing(sqlite3.connect(store.find("clinic"))) as clinic:
            clinic.execute("ATTACH ? AS payer", (str(store.find("payer")),))
            wanted, insured, charged = clinic.execute(
                "SELECT count(*), sum(person_id IN (SELECT person_id FROM payer.members)),"
                " sum(person_id IN (SELECT person_id FROM payer.members JOIN payer.claims"
                " USING (member_id))) FROM patients WHERE patient_id IN (SELECT patient_id FROM"
                " diagnoses WHERE code LIKE 'E11%' OR code LIKE 'E10%')"
            ).fetchone()
    assert 40 <= wanted < 80
    assert insured == made.inserted["members"] == wanted
    assert 30 < charged <= wanted
    assert one.inserted["members"] == 80


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder: Path = tmp_path_factory.mktemp("store")
    with Store(folder) as store:
        store.generate_scenario(
            "medicare-advantage", count=100, seed=7, options={"claims": True}, into="made"
        )
    with closing(sqlite3.connect(folder / "made.db")) as connection:
        yield connection


def test_a_hundred_members_over_65_in_california(made: sqlite3.Connection) -> None:
    assert made.execute(
        "SELECT count(*), count(DISTINCT member_number), group_concat(DISTINCT state),"
        " max(birth_date) <= '1960-12-31', min(birth_date) > '1936' FROM members"
    ).fetchone() == (100, 100, "CA", 1, 1)
    plans = dict(made.execute("SELECT plan_type, count(*) FROM members GROUP BY 1"))
    assert plans.keys() == {"HMO", "PPO", "PFFS"}


def test_about_a_dozen_women_over_75_have_diabetes(made: sqlite3.Connection) -> None:
    (women,) = made.execute(
        "SELECT count(DISTINCT member_id) FROM members JOIN member_conditions USING (member_id)"
        " WHERE gender = 'F' AND birth_date <= '1950-12-31' AND code LIKE 'E11%'"
    ).fetchone()
    assert 5 <= women <= 17


def test_a_risk_score_is_the_sum_of_its_parts(made: sqlite3.Connection) -> None:
    # CMS-HCC V28, community, not dual, aged: payment year 2026
    demographic = {"F": (330, 395, 465, 524, 624), "M": (332, 396, 502, 571, 664)}
    category = {
        "37": 166, "38": 166, "48": 186, "93": 617, "127": 341, "155": 299, "199": 615, "226": 360,
        "238": 299, "280": 319, "327": 514, "328": 127, "329": 127,
    }  # fmt: skip
    for member_id, gender, age, score in made.execute(
        "SELECT member_id, gender, 2025 - strftime('%Y', birth_date), risk_score FROM members"
    ).fetchall():
        found = made.execute(
            "SELECT DISTINCT hcc FROM member_conditions WHERE member_id = ? AND hcc NOT NULL",
            (member_id,),
        ).fetchall()
        whole = demographic[gender][(age - 65) // 5] + sum(category[hcc] for (hcc,) in found)
        assert round(score * 1000) == whole, member_id


def test_money_adds_up_to_the_cent(made: sqlite3.Connection) -> None:
    kinds = ("charge_amount", "allowed_amount", "paid_amount", "patient_responsibility")
    lines: dict[str, list[Decimal]] = {}
    for claim_id, *amounts in made.execute(
        f"SELECT claim_id, {', '.join(kinds)} FROM claim_lines WHERE allowed_amount NOT NULL"
    ):
        sums = lines.setdefault(claim_id, [Decimal()] * 4)
        lines[claim_id] = [a + Decimal(str(b)) for a, b in zip(sums, amounts, strict=True)]
    claims = made.execute(
        "SELECT claim_id, total_charge, total_allowed, total_paid, patient_responsibility"
        " FROM claims WHERE claim_status <> 'pending'"
    ).fetchall()
    assert len(claims) == len(lines)
    assert 400 < len(claims) < 700  # about six for each, and some are pending
    for claim_id, *amounts in claims:
        charge, allowed, paid, patient = map(Decimal, map(str, amounts))
        assert [charge, allowed, paid, patient] == lines[claim_id]
        assert paid + patient == allowed <= charge


def test_what_the_payer_has_not_settled_yet_is_pending(made: sqlite3.Connection) -> None:
    days = dict(
        made.execute(
            "SELECT claim_status, max(julianday('2025-12-31') - julianday(end_date)) FROM claims"
            " GROUP BY 1"
        )
    )
    assert days.keys() == {"paid", "denied", "pending"}
    assert days["pending"] < 45 < days["paid"]
    assert made.execute("SELECT max(paid_date) <= '2025-12-31' FROM claims").fetchone() == (1,)


def test_who_has_more_conditions_has_more_claims(made: sqlite3.Connection) -> None:
    few, many = (
        made.execute(
            "SELECT avg((SELECT count(*) FROM claims WHERE claims.member_id = members.member_id))"
            " FROM members WHERE (SELECT count(*) FROM member_conditions WHERE"
            f" member_conditions.member_id = members.member_id) {how}"
        ).fetchone()[0]
        for how in ("< 2", "> 3")
    )
    assert many > 2 * few


def test_without_the_option_there_are_no_claims(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        result = store.generate_scenario("medicare-advantage", seed=7)
    assert result.inserted.keys() == {"members", "member_conditions"}
