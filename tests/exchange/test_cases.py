"""Small inputs that went wrong elsewhere, kept beside this project; skipped where they are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, InvalidRows
from healthsim_store.plugins import installed

PATIENT = {
    "mrn": "T-1", "given_name": "Ann", "family_name": "Alpha", "birth_date": "1970-02-01",
    "gender": "F",
}  # fmt: skip
CASES = Path(__file__).parents[2].parent / "shared" / "cases"

pytestmark = [
    pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside the project"),
]


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Store]:
    pytest.importorskip("healthsim_store_patientsim")
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
        yield made
    installed.cache_clear()


# What the file is; the options; the rows that are stored.
READ: list[tuple[str, dict[str, Any], int]] = [
    ("12-semicolon/patients.csv", {"delimiter": ";"}, 2),
    ("14-ddmmyyyy/patients.csv", {"date_format": "DD/MM/YYYY"}, 2),
    ("15-cp1252/patients.csv", {"encoding": "cp1252"}, 1),
    ("16-utf16le-bom/patients.csv", {}, 2),
    ("17-gz/patients.csv.gz", {}, 2),
    ("18-duplicate-header/patients.csv", {"ignore": ["city#2"]}, 1),
    ("22-trailing-comma/patients.csv", {}, 1),
    ("23-first-row-narrower/patients.csv", {"short_rows": "null"}, 2),
    ("24-envelope/patients.json", {"at": "data"}, 1),
    ("26-nested-json/patients.json", {"ignore": ["phones"]}, 1),
    ("28-null-strings/patients.csv", {"null": ["NA", "NULL", "nan"]}, 2),
    ("29-pandas-index/patients.csv", {}, 2),
    ("31-excel-serial/patients.csv", {"date_format": "excel"}, 1),
    ("33-us-date/patients.csv", {"date_format": "MM/DD/YYYY"}, 1),
    ("36-pipe/patients.csv", {"delimiter": "|"}, 2),
    ("36-pipe/patients.psv", {}, 2),
    ("36-pipe/patients.txt", {"format": "csv"}, 2),
    ("37-sep-line/patients.csv", {}, 2),
    ("38-comment-line/patients.csv", {"skip_lines": 1}, 2),
    ("38-comment-line/patients.csv", {"comment": "#"}, 2),
    ("47-concatenated-json/patients.json", {}, 2),
    ("48-split-files", {}, 3),
    ("50-id-alias/patients.json", {}, 1),
    ("53-ragged-tail/patients.csv", {}, 2),
    ("54-footer-total/patients.csv", {"skip_footer": 1}, 2),
    ("80-parquet/part", {}, 2),
    ("80-parquet/spark", {}, 2),
    ("80-parquet/spark/patients.parquet", {}, 2),
    ("80-parquet/pandas-index/patients.parquet", {}, 2),
    ("80-parquet/float-zip/patients.parquet", {"whole_numbers": True}, 2),
    ("82-xlsx/patients.xlsx", {}, 2),
]


@pytest.mark.parametrize(("name", "options", "rows"), READ)
def test_is_read(own_store: Store, name: str, options: dict[str, Any], rows: int) -> None:
    result = own_store.import_data(CASES / name, scenario="s", **options)
    assert result.rows == rows
    assert result.persisted.inserted == {"patients": rows}
    assert own_store.query_scenario("s", "SELECT * FROM patients").total == rows


# What the file is, and what its error says without an option.
REFUSED = [
    ("12-semicolon/patients.csv", 'delimiter=";"'),
    ("13-decimal-comma/lab_results.csv", 'delimiter=";"'),
    ("14-ddmmyyyy/patients.csv", 'date_format="DD/MM/YYYY"'),
    ("15-cp1252/patients.csv", 'encoding="cp1252"'),
    ("18-duplicate-header/patients.csv", 'ignore="city#2"'),
    ("23-first-row-narrower/patients.csv", 'short_rows="null"'),
    ("24-envelope/patients.json", 'at="data"'),
    ("24-envelope/patients-data-only.json", 'at="data"'),
    ("28-null-strings/patients.csv", 'null="NA"'),
    ("31-excel-serial/patients.csv", 'date_format="excel"'),
    ("33-us-date/patients.csv", "only you know"),
    ("36-pipe/patients.csv", 'delimiter="|"'),
    ("38-comment-line/patients.csv", "skip_lines"),
    ("40-nul-byte/patients.csv", "(patients.csv, line 2), given_name"),
    ("48b-dup-key-json/patients.json", "'mrn' is there twice"),
    ("54-footer-total/patients.csv", "skip_footer"),
    ("80-parquet/float-zip/patients.parquet", "whole_numbers=True"),
    ("80-parquet/binary/patients.parquet", "must be text"),
]


@pytest.mark.parametrize(("name", "said"), REFUSED)
def test_is_refused_with_a_way_on(own_store: Store, name: str, said: str) -> None:
    with pytest.raises(HealthsimStoreError) as caught:
        own_store.import_data(CASES / name, scenario="s")
    assert said in str(caught.value)
    assert own_store.names() == []


SYNTHEA = [
    ("63-synthea-dup-encounter", "(encounters.csv, line 4), encounter_id 'e1'"),
    ("64-synthea-dup-claim", "(claims.csv, line 4), claim_id 'c1'"),
    ("66-synthea-no-encounters", "encounters.csv is not in the folder, and conditions.csv refers"),
    ("73-synthea-appended-run", "- patients (patients.csv, line 4)"),
    ("74-synthea-orphan", 'orphans="skip"'),
]


@pytest.mark.parametrize(("name", "said"), SYNTHEA)
def test_a_synthea_folder_is_refused(own_store: Store, name: str, said: str) -> None:
    pytest.importorskip("healthsim_store_membersim")
    with pytest.raises(HealthsimStoreError) as caught:
        own_store.import_data(CASES / name / "csv", format="synthea", scenario="s")
    assert said in str(caught.value)
    assert own_store.names() == []


# What the folder is, which option stores the rest of it, and what is counted.
TOLERANT = [
    ("63-synthea-dup-encounter", {"bad_rows": "skip"}, "encounters"),
    ("63-synthea-dup-encounter", {"on_conflict": "skip"}, "encounters"),
    ("64-synthea-dup-claim", {"bad_rows": "skip"}, "claims"),
    ("64-synthea-dup-claim", {"on_conflict": "skip"}, "claims"),
    ("73-synthea-appended-run", {"bad_rows": "skip"}, "patients"),
    ("73-synthea-appended-run", {"on_conflict": "skip"}, "patients"),
]


@pytest.mark.parametrize(("name", "options", "entity_type"), TOLERANT)
def test_what_is_there_twice_is_left_out_and_counted(
    own_store: Store, tmp_path: Path, name: str, options: dict[str, Any], entity_type: str
) -> None:
    pytest.importorskip("healthsim_store_membersim")
    made = own_store.import_data(
        CASES / name / "csv", format="synthea", scenario="s", rejects=tmp_path / "r.csv", **options
    ).persisted
    assert made.inserted[entity_type] == 2
    assert made.inserted["claims"] == made.inserted["claim_lines"] == made.inserted["members"] == 2
    assert (made.left_out or made.skipped)[entity_type] == 1


# What the folder is, a query, and the values that it has.
ANSWERS: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    ("61-synthea-dup-provider", "SELECT claim_id, provider_name, total_charge FROM claims",
     [("c1", "Doc One", 100.0), ("c2", "Doc One", 50.0)]),
    ("65-synthea-dup-transaction-id",
     "SELECT claim_id, charge_amount, claim_line_id = 't1' FROM claim_lines ORDER BY 1",
     [("c1", 100.0, 1), ("c2", 50.0, 0)]),
    ("67-synthea-2019-observations", "SELECT loinc_code, value, value_numeric FROM lab_results",
     [("4548-4", "8.2", 8.2)]),
    ("67-synthea-2019-observations", "SELECT systolic_bp FROM vital_signs", [(120.0,)]),
    ("67-synthea-2019-observations", "SELECT count(*) FROM observations", [(0,)]),
    ("68-synthea-2017-encounters",
     "SELECT encounter_id, class_code, admission_time, status FROM encounters ORDER BY 1",
     [("e1", "UNK", "2017-01-02T00:00:00", "unknown"),
      ("e2", "UNK", "2017-02-02T00:00:00", "unknown")]),
    ("69-synthea-no-transactions",
     "SELECT DISTINCT total_charge, total_allowed, total_paid, patient_responsibility FROM claims",
     [(None, None, None, None)]),
    ("75-synthea-nonnumeric-numeric", "SELECT code, value, value_numeric FROM observations",
     [("69453-9", "Natural death with unknown cause", None)]),
    ("78-synthea-conditions-system", "SELECT code, code_system FROM diagnoses ORDER BY 1",
     [("44054006", "SNOMED CT"), ("I10", "ICD-10-CM")]),
    ("86-a1c-snomed", "SELECT code, code_system FROM diagnoses ORDER BY 1",
     [("38341003", "SNOMED CT"), ("44054006", "SNOMED CT")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "query", "values"), ANSWERS)
def test_a_synthea_folder_is_stored_right(
    own_store: Store, name: str, query: str, values: list[tuple[Any, ...]]
) -> None:
    pytest.importorskip("healthsim_store_membersim")
    own_store.import_data(CASES / name / "csv", format="synthea", scenario="s")
    assert [tuple(row.values()) for row in own_store.query_scenario("s", query).rows] == values
    assert own_store.check_scenario("s").findings == ()


def test_a_second_speciality_of_a_provider_is_counted(own_store: Store) -> None:
    pytest.importorskip("healthsim_store_membersim")
    folder = CASES / "61-synthea-dup-provider" / "csv"
    made = own_store.import_data(folder, format="synthea", scenario="s")
    (account,) = [one for one in made.sources if one.name == "providers.csv"]
    assert account.unmapped == {
        "the same Id as a row before": 1, "looked up for encounters and claims": 1,
    }  # fmt: skip


def test_totals_that_are_unknown_are_not_0(own_store: Store) -> None:
    pytest.importorskip("healthsim_store_membersim")
    folder = CASES / "69-synthea-no-transactions" / "csv"
    own_store.import_data(folder, format="synthea", scenario="s")
    summary = own_store.get_summary("s")
    assert summary.statistics["claim_totals"].text.startswith("unknown charged, unknown allowed")
    assert "$0" not in summary.to_markdown()
    cards = [
        row["Claims"]
        for row in own_store.query_scenario("s", "SELECT Claims FROM member_cards").rows
    ]
    assert cards == ["1, charges unknown"] * 2


def test_diabetes_in_snomed_ct_is_found(own_store: Store) -> None:
    pytest.importorskip("healthsim_store_membersim")
    folder = CASES / "86-a1c-snomed" / "csv"
    own_store.import_data(folder, format="synthea", scenario="s")
    (found,) = own_store.ask_question("s", "a1c_above", params={"least": 8}).rows
    assert (found["given_name"], found["family_name"], found["latest_a1c"]) == (
        "Ann1",
        "Alpha1",
        8.2,
    )
    (found,) = own_store.ask_question("s", "patients_with_diagnosis").rows
    assert (found["given_name"], found["codes"]) == ("Ann1", "44054006")
    (found,) = own_store.ask_question("s", "high_cost_patients", params={"amount": 99}).rows
    assert (found["given_name"], found["total_claims"]) == ("Ann1", 100.0)
    nobody = own_store.ask_question("s", "patients_with_diagnosis", params={"code": "I10"})
    assert nobody.rows == []
    assert nobody.note == (
        "No code of diagnoses begins with I10. Most often there: 38341003, 44054006 (SNOMED CT)."
    )


def test_a_zip_of_synthea_is_as_its_folder(own_store: Store) -> None:
    pytest.importorskip("healthsim_store_membersim")
    archive = CASES / "98-synthea-zip" / "synthea.zip"
    result = own_store.import_data(archive, format="synthea", scenario="s")
    assert {name: n for name, n in result.persisted.inserted.items() if n} == {
        "members": 2, "patients": 2, "encounters": 2, "claims": 2, "diagnoses": 2,
        "lab_results": 1, "vital_signs": 1, "claim_lines": 2,
    }  # fmt: skip


def test_orphans_are_counted(own_store: Store, tmp_path: Path) -> None:
    pytest.importorskip("healthsim_store_membersim")
    rejects = tmp_path / "rejects.csv"
    result = own_store.import_data(
        CASES / "74-synthea-orphan" / "csv",
        format="synthea",
        scenario="s",
        orphans="skip",
        rejects=rejects,
    )
    assert result.persisted.left_out == {"diagnoses": 1}
    assert "conditions.csv,4,diagnoses,patient_id,p9," in rejects.read_text("utf-8")


def test_one_patient_and_what_belongs_to_it(own_store: Store) -> None:
    made = own_store.import_data(CASES / "27-singular-map" / "scenario.json", scenario="s")
    assert made.persisted.inserted == {"patients": 1, "encounters": 1}


def test_a_saved_scenario_lacks_the_day_of_its_diagnosis_only(own_store: Store) -> None:
    file = CASES / "96-workspace-scenario" / "patient.json"
    made = own_store.import_data(file, scenario="s", value={"diagnosed_date": "2024-01-02"})
    assert made.persisted.inserted == {"patients": 1, "encounters": 1, "diagnoses": 1}
    sql = "SELECT given_name, code FROM patients JOIN diagnoses USING (patient_id)"
    (found,) = own_store.query_scenario("s", sql).rows
    assert tuple(found.values()) == ("Ann", "E11.9")


DESYNPUF = """
-- @file *Beneficiary_Summary*
CREATE TABLE people (DESYNPUF_ID TEXT NOT NULL, BENE_BIRTH_DT TEXT, BENE_SEX_IDENT_CD TEXT);
-- @file *Inpatient_Claims*
CREATE TABLE stays (DESYNPUF_ID TEXT, CLM_ID TEXT, CLM_FROM_DT TEXT, CLM_THRU_DT TEXT,
  PRVDR_NUM TEXT, CLM_PMT_AMT TEXT, ICD9_DGNS_CD_1 TEXT);

-- @into members @from people
SELECT DESYNPUF_ID AS member_id, 'unknown' AS given_name, 'unknown' AS family_name,
  BENE_BIRTH_DT AS birth_date, CASE BENE_SEX_IDENT_CD WHEN '1' THEN 'M' ELSE 'F' END AS gender,
  '2008-01-01' AS coverage_start, 'Medicare' AS plan_type
FROM people;

-- @into claims @from stays
SELECT CLM_ID AS claim_id, DESYNPUF_ID AS member_id, 'institutional' AS claim_type,
  CLM_FROM_DT AS service_date, CLM_THRU_DT AS end_date, PRVDR_NUM AS provider_id,
  CLM_PMT_AMT AS total_paid, ICD9_DGNS_CD_1 AS principal_diagnosis,
  'ICD-9-CM' AS diagnosis_code_system
FROM stays;
"""

RIF = """
CREATE TABLE carrier (BENE_ID TEXT, CLM_ID TEXT, LINE_NUM TEXT, CLM_FROM_DT TEXT, HCPCS_CD TEXT,
  LINE_NCH_PMT_AMT TEXT);

-- @into members @from carrier
SELECT BENE_ID AS member_id, 'unknown' AS given_name, 'unknown' AS family_name,
  '1900-01-01' AS birth_date, 'U' AS gender, '1900-01-01' AS coverage_start, count(*) AS _rows
FROM carrier GROUP BY BENE_ID;

-- @into claims @from carrier
SELECT CLM_ID AS claim_id, BENE_ID AS member_id, min(CLM_FROM_DT) AS service_date,
  'unknown' AS provider_id, 'R69' AS principal_diagnosis, count(*) AS _rows
FROM carrier GROUP BY CLM_ID;

-- @into claim_lines @from carrier
SELECT rowid AS _row, CLM_ID || '-' || LINE_NUM AS claim_line_id, CLM_ID AS claim_id,
  LINE_NUM AS line_number, HCPCS_CD AS procedure_code, LINE_NCH_PMT_AMT AS charge_amount,
  LINE_NCH_PMT_AMT AS paid_amount
FROM carrier;
"""

TUVA = """
CREATE TABLE eligibility (member_id TEXT, subscriber_id TEXT, gender TEXT, birth_date TEXT,
  enrollment_start_date TEXT, enrollment_end_date TEXT, payer TEXT, first_name TEXT, last_name TEXT,
  zip_code TEXT);

-- @into members @from eligibility
SELECT member_id, subscriber_id, gender, birth_date, enrollment_start_date AS coverage_start,
  enrollment_end_date AS coverage_end, payer, first_name, last_name, zip_code
FROM eligibility;
"""

TUTORIAL = """
CREATE TABLE members (member_id TEXT, member_name TEXT, date_of_birth TEXT, gender TEXT,
  state TEXT);
CREATE TABLE claims (claim_id TEXT, claim_type TEXT, member_id TEXT, provider_id TEXT,
  service_date TEXT, service_code TEXT, billed_amount TEXT, allowed_amount TEXT, paid_amount TEXT,
  claim_status TEXT);

-- @into members @from members
SELECT member_id, substr(member_name, 1, instr(member_name, ' ') - 1) AS given_name,
  substr(member_name, instr(member_name, ' ') + 1) AS family_name, date_of_birth, gender, state,
  '2026-01-01' AS coverage_start
FROM members;

-- @into claims @from claims
SELECT rowid AS _row, claim_id, member_id, provider_id, service_date, 'R69' AS principal_diagnosis,
  CASE claim_type WHEN 'PHARMACY' THEN 'pharmacy' END AS claim_type,
  billed_amount, allowed_amount, paid_amount, claim_status
FROM claims;
"""


def test_what_is_wrong_with_a_tutorial_is_found_by_its_line(
    own_store: Store, tmp_path: Path
) -> None:
    pytest.importorskip("healthsim_store_membersim")
    mapping = tmp_path / "mine.sql"
    sql = TUTORIAL.replace("'pharmacy' END", "'pharmacy' ELSE 'professional' END")
    mapping.write_text(sql, "utf-8")
    with pytest.raises(HealthsimStoreError) as caught:
        own_store.import_data(CASES / "83-claims-etl", format=str(mapping), scenario="s")
    told = str(caught.value)
    assert "claims.csv, line 4" in told  # M9 is no member
    assert "claims.csv, line 5" in told  # C1 comes twice
    assert "claims.csv, line 6" in told  # less than nothing was paid
    assert "members.csv" not in told


MAPPED: list[tuple[str, str, dict[str, Any], dict[str, int], str]] = [
    ("93-desynpuf", DESYNPUF, {"date_format": "YYYYMMDD"}, {"members": 1, "claims": 1},
     "SELECT service_date || ' ' || birth_date || ' ' || total_paid FROM claims, members"),
    ("94-rif-pipe/carrier.csv", RIF, {"delimiter": "|", "date_format": "DD-MMM-YYYY"},
     {"members": 1, "claims": 1, "claim_lines": 1},
     "SELECT claim_lines.claim_id || ' ' || claims.service_date FROM claim_lines, claims"),
    ("95-tuva-layout/eligibility.csv", TUVA, {}, {"members": 1},
     "SELECT coverage_start || ' ' || postal_code FROM members"),
]  # fmt: skip
TOLD = {
    "93-desynpuf": "2008-03-12 1923-05-01 4000.0",
    "94-rif-pipe/carrier.csv": "-10 2015-03-05",
    "95-tuva-layout/eligibility.csv": "2020-01-01 02134",
}


@pytest.mark.parametrize(("name", "sql", "options", "inserted", "query"), MAPPED)
def test_is_mapped(
    own_store: Store, tmp_path: Path, name: str, sql: str, options: dict[str, Any],
    inserted: dict[str, int], query: str,
) -> None:  # fmt: skip
    pytest.importorskip("healthsim_store_membersim")
    mapping = tmp_path / "mine.sql"
    mapping.write_text(sql, "utf-8")
    made = own_store.import_data(CASES / name, format=str(mapping), scenario="s", **options)
    assert made.persisted.inserted == inserted
    ((told,),) = [tuple(row.values()) for row in own_store.query_scenario("s", query).rows]
    assert told == TOLD[name]


def test_numbers_with_a_comma(own_store: Store) -> None:
    own_store.persist({"patients": [PATIENT]}, scenario="s")
    path = CASES / "13-decimal-comma" / "lab_results.csv"
    own_store.import_data(path, scenario="s", delimiter=";", decimal=",")
    (row,) = own_store.query_scenario("s", "SELECT value_numeric AS n FROM lab_results").rows
    assert row["n"] == 8.2


def test_money_is_no_number(own_store: Store) -> None:
    pytest.importorskip("healthsim_store_membersim")
    path = CASES / "34-money" / "claims.csv"
    more = {"service_date": "2024-01-02", "provider_npi": "1234567893"}
    with pytest.raises(InvalidRows) as caught:
        own_store.import_data(path, scenario="s", value=more | {"principal_diagnosis": "Z00.00"})
    assert "A number has no currency sign; take it out of the file." in str(caught.value)


def test_empty_files_are_told(own_store: Store, tmp_path: Path) -> None:
    path = CASES / "20-empty-file"
    alone = own_store.import_data(path / "header-only.csv", entity_type="patients")
    assert (alone.rows, [one.rows for one in alone.sources]) == (0, [0])
    both = own_store.import_data(path, entity_type="patients")
    assert {one.name: one.notes for one in both.sources} == {
        "header-only.csv": (), "patients.csv": ("the file is empty",),
    }  # fmt: skip
    with pytest.raises(HealthsimStoreError, match=r"patients\.csv is empty"):
        own_store.import_data(path / "patients.csv")


def test_what_a_claim_lacks_is_told_at_once(own_store: Store, tmp_path: Path) -> None:
    """It names a member that is nowhere, and has neither a provider nor a diagnosis."""
    pytest.importorskip("healthsim_store_membersim")
    claim = CASES / "96-workspace-scenario" / "claim.json"
    with pytest.raises(InvalidRows) as caught:
        own_store.import_data(claim, scenario="s")
    for said in ("member_id 'M1'", "provider_npi IS NOT NULL", "principal_diagnosis IS NOT NULL"):
        assert said in str(caught.value)
    members = tmp_path / "members.csv"
    members.write_text(
        "member_id,given_name,family_name,birth_date,gender,coverage_start,plan_type\n"
        "M1,Ann,Alpha,1970-02-01,F,2024-01-01,PPO\n"
    )
    made = own_store.import_data(
        [members, claim], scenario="s",
        value={"claims.provider_npi": "1234567893", "claims.principal_diagnosis": "Z00.00"},
    )  # fmt: skip
    assert made.persisted.inserted == {"members": 1, "claims": 1, "claim_lines": 1}
