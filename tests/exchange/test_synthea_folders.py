"""Synthea folders of different years, verified row by row with the csv module.

Two were made by Synthea and are kept beside this project; the others are made from them here, in
the layouts of other years and as other ways of writing leave them. Nothing of the mapping is used:
what a row should have become is worked out from the row.
"""

from __future__ import annotations

import csv
import shutil
import sqlite3
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.exchange.imports import ImportResult
from healthsim_store.plugins import installed

DATA = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "synthea-a").is_dir(), reason="the real data is not beside the project"
)

Row = dict[str, str]
Folder = dict[str, list[Row]]  # rows by file, without its ending

_VITALS = {
    "8480-6": "systolic_bp", "8462-4": "diastolic_bp", "8867-4": "heart_rate",
    "9279-1": "respiratory_rate", "8310-5": "temperature", "59408-5": "oxygen_saturation",
    "2708-6": "oxygen_saturation", "29463-7": "weight", "8302-2": "height", "39156-5": "bmi",
    "72514-3": "pain_score",
}  # fmt: skip
_SETTINGS = {
    "wellness": "AMB", "outpatient": "AMB", "ambulatory": "AMB", "urgentcare": "AMB",
    "emergency": "EMER", "inpatient": "IMP", "hospice": "IMP", "snf": "NONAC", "home": "HH",
    "virtual": "VR", None: "UNK",
}  # fmt: skip
_NO_PLACE = ["careplans", "devices", "imaging_studies", "supplies"]


def read(folder: Path) -> Folder:
    found: Folder = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def write(folder: Path, files: Folder) -> Path:
    folder.mkdir()
    for name, rows in files.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*rows[0]])
            writer.writeheader()
            writer.writerows(rows)
    return folder


def columns(rows: list[Row], *kept: str, **made: Callable[[Row], str]) -> list[Row]:
    """The rows with these columns only: some as they are, others made of the row."""
    return [
        {name: row[name] for name in kept if name in row} | {n: f(row) for n, f in made.items()}
        for row in rows
    ]


# -- the folders: what is written, and what is expected of it where that is not what is written ----


def as_it_is(files: Folder) -> Folder:
    return files


def of_2017(files: Folder) -> Folder:
    """No encounter class, a day alone, no kinds of observations, no payers and no claims."""
    person = "BIRTHDATE DEATHDATE SSN DRIVERS PASSPORT PREFIX FIRST LAST SUFFIX MAIDEN MARITAL RACE"
    person += " ETHNICITY GENDER BIRTHPLACE ADDRESS"
    coded = "PATIENT ENCOUNTER CODE DESCRIPTION".split()
    reason = ["REASONCODE", "REASONDESCRIPTION"]
    return {
        "patients": columns(files["patients"], *person.split(), ID=lambda row: row["Id"]),
        "encounters": columns(
            files["encounters"], "PATIENT", "CODE", "DESCRIPTION", *reason,
            ID=lambda row: row["Id"], DATE=lambda row: row["START"][:10],
        ),
        "conditions": columns(files["conditions"], "START", "STOP", *coded),
        "procedures": columns(
            files["procedures"], *coded, *reason, DATE=lambda row: row["START"][:10]
        ),
        "medications": columns(files["medications"], "START", "STOP", *coded, *reason),
        "allergies": columns(files["allergies"], "START", "STOP", *coded),
        "observations": columns(files["observations"], "DATE", *coded, "VALUE", "UNITS"),
        "careplans": files["careplans"],
    }  # fmt: skip


def of_2019(files: Folder) -> Folder:
    """Observations without a kind, providers written twice, years of coverage, no claims."""
    made = {name: rows for name, rows in files.items() if not name.startswith("claims")}
    coded = "DATE PATIENT ENCOUNTER CODE DESCRIPTION VALUE UNITS TYPE".split()
    made["observations"] = columns(files["observations"], *coded)
    again = [row | {"SPECIALITY": "UROLOGY"} for row in files["providers"][::2]]
    made["providers"] = files["providers"] + again
    made["payer_transitions"] = columns(
        files["payer_transitions"], "PATIENT", "PAYER", "OWNERSHIP",
        START_YEAR=lambda row: row["START_YEAR"][:4],
        END_YEAR=lambda row: row["END_YEAR"][:4],
    )  # fmt: skip
    return made


def of_2025(files: Folder) -> Folder:
    """With SYSTEM, as a URI, and with NPI; one condition is coded in ICD-10-CM."""
    conditions = [{**row, "SYSTEM": "http://snomed.info/sct"} for row in files["conditions"]]
    conditions[0] |= {"SYSTEM": "ICD10", "CODE": "E11.9"}
    procedures = [{**row, "SYSTEM": "http://snomed.info/sct"} for row in files["procedures"]]
    providers = [{**row, "NPI": f"{n:010}"} for n, row in enumerate(files["providers"], 1)]
    return files | {"conditions": conditions, "procedures": procedures, "providers": providers}


def without_transactions(files: Folder) -> Folder:
    return {name: rows for name, rows in files.items() if name != "claims_transactions"}


def appended(files: Folder) -> Folder:
    """Each run writes all organizations, providers and payers again; some rows came twice."""
    made = dict(files)
    made["payers"] = files["payers"] * 2
    for name in ("organizations", "providers"):
        made[name] = files[name] + [{**row, "UTILIZATION": "7"} for row in files[name]]
    made["patients"] = files["patients"] + files["patients"][:2]
    made["encounters"] = files["encounters"] + files["encounters"][:3]
    made["claims"] = files["claims"] + files["claims"][:4]
    made["claims_transactions"] = files["claims_transactions"] + files["claims_transactions"][:40]
    return made


def on_its_own(folder: Path) -> Path:
    return folder


def split(folder: Path) -> Path:
    """Three files of each, as Synthea numbers them."""
    for path in [*folder.glob("*.csv")]:
        header, *lines = path.read_text("utf-8").splitlines(keepends=True)
        third = len(lines) // 3 + 1
        for part in range(3):
            text = "".join([header, *lines[third * part : third * (part + 1)]])
            path.with_name(f"{path.stem}_{part}.csv").write_text(text, "utf-8")
        path.unlink()
    return folder


def zipped(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in folder.glob("*.csv"):
            file.write(path, f"csv/{path.name}")
    shutil.rmtree(folder)
    return archive


FOLDERS: dict[str, tuple[str, Callable[[Folder], Folder], Callable[[Path], Path]]] = {
    "a": ("synthea-a", as_it_is, on_its_own),
    "b": ("synthea-b", as_it_is, on_its_own),
    "2017": ("synthea-a", of_2017, on_its_own),
    "2019": ("synthea-a", of_2019, on_its_own),
    "2025": ("synthea-b", of_2025, on_its_own),
    "split": ("synthea-a", as_it_is, split),
    "zip": ("synthea-b", as_it_is, zipped),
    "appended": ("synthea-a", appended, on_its_own),
    "without transactions": ("synthea-a", without_transactions, on_its_own),
}


@pytest.fixture(params=[*FOLDERS])
def imported(request: Any, tmp_path: Path) -> Iterator[tuple[str, Folder, ImportResult, Store]]:
    pytest.importorskip("healthsim_store_patientsim")
    pytest.importorskip("healthsim_store_membersim")
    installed.cache_clear()
    source, change, lay = FOLDERS[request.param]
    files = change(read(DATA / source))
    path = lay(write(tmp_path / "csv", files))
    options = {"bad_rows": "skip"} if request.param == "appended" else {}
    with Store(tmp_path / "store") as store:
        result = store.import_data(
            path, format="synthea", scenario="s", rejects=tmp_path / "rejects.csv", **options
        )
        yield request.param, files, result, store
    installed.cache_clear()


def test_every_row_is_stored_as_it_should_be_or_is_counted(
    imported: tuple[str, Folder, ImportResult, Store],
) -> None:
    name, files, result, store = imported
    verify_accounts(files, result)
    original = read(DATA / FOLDERS[name][0])
    kinds = {row["CODE"]: row["CATEGORY"] for row in original.get("observations", ())}
    connection = sqlite3.connect(store.path / "s.db")
    try:
        verify_people(files, connection)
        verify_encounters(files, connection)
        verify_clinical(files, connection)
        verify_observations(files, kinds, connection)
        verify_members(files, connection)
        verify_claims(files, connection)
    finally:
        connection.close()
    assert [f for f in store.check_scenario("s").findings if f.level == "error"] == []


def test_what_is_asked_of_it_is_answered(
    imported: tuple[str, Folder, ImportResult, Store],
) -> None:
    name, files, _, store = imported
    people = {row.get("Id") or row["ID"]: row for row in files["patients"]}
    (listed,) = store.list_scenarios()
    assert listed.name == "s"
    statistics = store.get_summary("s").statistics
    genders = Counter(row["GENDER"] for row in people.values())
    assert statistics["gender"].text == f"{genders['M']} male, {genders['F']} female"
    diabetics = {
        row["PATIENT"] for row in files["conditions"] if row["CODE"] in ("44054006", "E11.9")
    }
    found = store.ask_question("s", "patients_with_diagnosis", params={"code": "E11"}, limit=1000)
    assert {row["given_name"] for row in found.rows} >= {people[one]["FIRST"] for one in diabetics}
    by_text = {
        row["PATIENT"] for row in files["conditions"]
        if "due to" in row["DESCRIPTION"] and "diabetes" in row["DESCRIPTION"]
    }  # fmt: skip
    found = store.ask_question("s", "diabetes_complications", limit=1000)
    assert {row["given_name"] for row in found.rows} == {people[one]["FIRST"] for one in by_text}
    if "observations" in files:
        a1c = [Decimal(row["VALUE"]) for row in files["observations"] if row["CODE"] == "4548-4"]
        (told,) = statistics["a1c"].rows
        assert (told["lowest"], told["highest"]) == (float(min(a1c)), float(max(a1c)))
    if name == "without transactions":
        assert "$0" not in store.get_summary("s").to_markdown()


# -- verification ---------------------------------------------------------------------------------


def verify_accounts(files: Folder, result: ImportResult) -> None:
    accounts = {account.name.split(" ")[0].split("*")[0]: account for account in result.sources}
    for name, rows in files.items():
        found = [
            account for told, account in accounts.items()
            if told.removesuffix(".csv").rstrip("_012") == name
        ]  # fmt: skip
        assert sum(account.rows for account in found) == len(rows), name
        for account in found:
            counted = sum(account.mapped.values()) + sum(account.unmapped.values())
            assert counted == account.rows, account
            if name in _NO_PLACE:
                assert account.unmapped == {"no installed product maps this file": account.rows}
    assert result.rows == sum(map(len, files.values()))


def keyed(rows: list[Row]) -> dict[str, Row]:
    """The rows by Id; the first of those that have one Id."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row.get("Id") or row["ID"], row)
    return found


def some(text: str | None) -> str | None:
    return text or None


def day(text: str | None) -> str | None:
    return text[:10] if text else None


def moment(text: str | None) -> str | None:
    if not text:
        return None
    return text.removesuffix("Z") if "T" in text else f"{text}T00:00:00"


def verify_people(files: Folder, connection: sqlite3.Connection) -> None:
    stored = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT patient_id, given_name, family_name, birth_date, gender, city, state,"
            " postal_code, marital_status, deceased, death_date, address_line, ssn, person_id"
            " FROM patients"
        )
    }
    expected = {
        key: (
            row["FIRST"], row["LAST"], row["BIRTHDATE"], row["GENDER"], some(row.get("CITY")),
            some(row.get("STATE")), some(row.get("ZIP")), some(row["MARITAL"]),
            int(bool(row["DEATHDATE"])), day(row["DEATHDATE"]), row["ADDRESS"], row["SSN"], key,
        )
        for key, row in keyed(files["patients"]).items()
    }  # fmt: skip
    assert stored == expected


def verify_encounters(files: Folder, connection: sqlite3.Connection) -> None:
    facilities = {key: row["NAME"] for key, row in keyed(files.get("organizations", [])).items()}
    npi = {key: row.get("NPI") for key, row in keyed(files.get("providers", [])).items()}
    stored = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT encounter_id, patient_id, class_code, service_type, admission_time,"
            " discharge_time, type_code, type_description, type_code_system, reason_code,"
            " reason_description, reason_code_system,"
            " facility, attending_npi FROM encounters"
        )
    }
    expected = {
        key: (
            row["PATIENT"], _SETTINGS[row.get("ENCOUNTERCLASS")], row.get("ENCOUNTERCLASS"),
            moment(row.get("START") or row.get("DATE")), moment(row.get("STOP")), row["CODE"],
            row["DESCRIPTION"], "SNOMED CT", some(row["REASONCODE"]),
            some(row["REASONDESCRIPTION"]), "SNOMED CT" if row["REASONCODE"] else None,
            facilities.get(row.get("ORGANIZATION", "")), npi.get(row.get("PROVIDER", "")),
        )
        for key, row in keyed(files["encounters"]).items()
    }  # fmt: skip
    assert stored == expected


def verify_clinical(files: Folder, connection: sqlite3.Connection) -> None:
    systems = {"SNOMED-CT": "SNOMED CT", "http://snomed.info/sct": "SNOMED CT", None: "SNOMED CT"}
    systems |= {"ICD10": "ICD-10-CM", "RxNorm": "RxNorm"}

    def base(row: Row) -> tuple[Any, ...]:
        return row["PATIENT"], some(row["ENCOUNTER"]), row["CODE"], row["DESCRIPTION"]

    def reason(row: Row) -> tuple[Any, ...]:
        code = some(row["REASONCODE"])
        return code, some(row["REASONDESCRIPTION"]), "SNOMED CT" if code else None

    def compare(query: str, expected: Iterator[tuple[Any, ...]]) -> None:
        assert Counter(connection.execute(query).fetchall()) == Counter(expected)

    compare(
        "SELECT patient_id, encounter_id, code, description, diagnosed_date, resolved_date,"
        " code_system FROM diagnoses",
        (
            (*base(row), day(row["START"]), day(row["STOP"]), systems[row.get("SYSTEM")])
            for row in files["conditions"]
        ),
    )
    compare(
        "SELECT patient_id, encounter_id, code, description, reason_code, reason_description,"
        " reason_code_system, performed_time, end_time, code_system FROM procedures",
        (
            (*base(row), *reason(row), moment(row.get("START") or row.get("DATE")),
             moment(row.get("STOP")), "SNOMED CT")
            for row in files["procedures"]
        ),
    )  # fmt: skip
    compare(
        "SELECT patient_id, encounter_id, rxnorm_code, name, reason_code, reason_description,"
        " reason_code_system, start_date, end_date, status FROM medications",
        (
            (*base(row), *reason(row), day(row["START"]), day(row["STOP"]),
             "completed" if row["STOP"] else "active")
            for row in files["medications"]
        ),
    )  # fmt: skip
    compare(
        "SELECT patient_id, encounter_id, code, substance, onset_date, end_date, code_system,"
        " category FROM allergies",
        (
            (*base(row), day(row["START"]), day(row["STOP"]), systems[row.get("SYSTEM")],
             row.get("CATEGORY"))
            for row in files["allergies"]
        ),
    )  # fmt: skip


def verify_observations(
    files: Folder, kinds: dict[str, str], connection: sqlite3.Connection
) -> None:
    labs: Counter[tuple[Any, ...]] = Counter()
    vitals: Counter[tuple[Any, ...]] = Counter()
    others: Counter[tuple[Any, ...]] = Counter()
    for row in files.get("observations", []):
        # Where the file does not say it, it is what the code is everywhere else; one code of a
        # question to the patient is called laboratory by Synthea, which no list of tests has.
        kind = row.get("CATEGORY", kinds[row["CODE"]])
        if "CATEGORY" not in row and row["CODE"] == "56799-0":
            kind = ""
        try:
            number = float(row["VALUE"]) if row.get("TYPE", "numeric") == "numeric" else None
        except ValueError:
            number = None
        told = (
            row["PATIENT"], some(row["ENCOUNTER"]), moment(row["DATE"]), row["CODE"],
            some(row["DESCRIPTION"]), some(row["VALUE"]), some(row["UNITS"]), number,
        )  # fmt: skip
        if kind == "laboratory":
            labs[told] += 1
        elif kind == "vital-signs" and row["CODE"] in _VITALS:
            vitals[(*told[:3], _VITALS[row["CODE"]], number)] += 1
        else:
            others[told] += 1
    assert labs == Counter(
        connection.execute(
            "SELECT patient_id, encounter_id, collected_time, loinc_code, test_name, value, unit,"
            " value_numeric FROM lab_results"
        ).fetchall()
    )
    assert others == Counter(
        connection.execute(
            "SELECT patient_id, encounter_id, effective_time, code, description, value, unit,"
            " value_numeric FROM observations"
        ).fetchall()
    )
    cells: Counter[tuple[Any, ...]] = Counter()
    for column in dict.fromkeys(_VITALS.values()):
        cells.update(
            connection.execute(
                f"SELECT patient_id, encounter_id, observed_time, '{column}', {column}"
                f" FROM vital_signs WHERE {column} IS NOT NULL"
            ).fetchall()
        )
    assert vitals == cells


def verify_members(files: Folder, connection: sqlite3.Connection) -> None:
    payers = {key: row["NAME"] for key, row in keyed(files.get("payers", [])).items()}
    people = keyed(files["patients"])
    spans: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for person, *span in connection.execute(
        "SELECT person_id, given_name, family_name, payer_name, coverage_start, coverage_end"
        " FROM members"
    ):
        spans[person].append(tuple(span))
    used = set()
    for row in files.get("payer_transitions", []):
        if row["PATIENT"] not in people:
            continue
        person = people[row["PATIENT"]]
        payer = payers.get(row["PAYER"], row["PAYER"])
        start = row.get("START_DATE") or row["START_YEAR"]
        stop = row.get("END_DATE") or row.get("END_YEAR")
        start = f"{start}-01-01" if len(start) == 4 else start[:10]
        stop = f"{stop}-12-31" if stop and len(stop) == 4 else day(stop)
        fitting = [
            (row["PATIENT"], span)
            for span in spans[row["PATIENT"]]
            if span[:2] == (person["FIRST"], person["LAST"])
            and span[2] == (None if payer == "NO_INSURANCE" else payer)
            and span[3] <= start
            and (span[4] is None or (stop is not None and stop <= span[4]))
        ]
        assert fitting, row
        used.update(fitting)
    assert used == {(person, span) for person, found in spans.items() for span in found}


def verify_claims(files: Folder, connection: sqlite3.Connection) -> None:
    seen = set()
    charges: dict[str, list[Row]] = defaultdict(list)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for row in files.get("claims_transactions", []):
        if row["ID"] in seen:
            continue  # Synthea's own ids are unique in these folders: the same row again
        seen.add(row["ID"])
        if row["TYPE"] == "CHARGE":
            charges[row["CLAIMID"]].append(row)
        if row["METHOD"] == "ECHECK":
            paid[row["CLAIMID"]] += Decimal(row["PAYMENTS"])
    npi = {key: row.get("NPI") for key, row in keyed(files.get("providers", [])).items()}
    names = {key: row["NAME"] for key, row in keyed(files.get("providers", [])).items()}
    stored = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT claim_id, person_id, service_date, principal_diagnosis, other_diagnoses,"
            " provider_id, provider_npi, provider_name, encounter_id, total_charge, total_paid"
            " FROM claims JOIN members USING (member_id)"
        )
    }
    expected, visits = {}, keyed(files["encounters"])
    for key, row in keyed(files.get("claims", [])).items():
        known = "claims_transactions" in files
        total = sum((Decimal(line["AMOUNT"]) for line in charges[key]), Decimal(0))
        others = " ".join(row[f"DIAGNOSIS{n}"] for n in range(2, 9) if row[f"DIAGNOSIS{n}"])
        expected[key] = (
            row["PATIENTID"], day(row["SERVICEDATE"]),
            row["DIAGNOSIS1"] or visits[row["APPOINTMENTID"]]["CODE"], some(others),
            row["PROVIDERID"], npi.get(row["PROVIDERID"]), names.get(row["PROVIDERID"]),
            row["APPOINTMENTID"], float(total) if known else None,
            float(paid[key]) if known else None,
        )  # fmt: skip
    assert {k: v[:8] for k, v in stored.items()} == {k: v[:8] for k, v in expected.items()}
    for key, values in expected.items():
        for amount, told in zip(values[8:], stored[key][8:], strict=True):
            assert amount == told or amount == pytest.approx(told, abs=0.005), key
    lines = Counter(
        connection.execute(
            "SELECT claim_line_id, claim_id, procedure_code, procedure_description, service_date,"
            " charge_amount FROM claim_lines"
        ).fetchall()
    )
    assert lines == Counter(
        (line["ID"], key, line["PROCEDURECODE"], line["NOTES"], day(line["FROMDATE"]),
         float(line["AMOUNT"]))
        for key, found in charges.items() for line in found
    )  # fmt: skip
