"""NOTICE names every code system whose codes or terms are shipped.

No terms are shipped whose license does not let them be.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/src"))
NOTICES = [folder for folder in (ROOT, *PLUGINS) if (folder / "NOTICE").exists()]

#: Columns of CSV files that have codes of one system.
COLUMNS = {
    "loinc_code": "LOINC", "lbloinc": "LOINC", "loinc": "LOINC", "rxnorm_code": "RxNorm",
    "rxnorm": "RxNorm", "icd10_code": "ICD-10-CM", "hcc": "CMS-HCC", "revenue_code": "NUBC",
    "lbtestcd": "CDISC", "vstestcd": "CDISC",
}  # fmt: skip

#: The names of MedDRA's system organ classes, and some of its preferred terms that are no plain
#: English, as the first letters of their SHA-256: the terms themselves are not ours to list.
MEDDRA = {*(
    "995027a33bb4 07db5d772a6f 5b14ece0e672 0fa7ebfd012c 7a73e21ce7b3 d941bcdd2c2a "
    "8e82d13fdc59 f01bf2dccadf 5a39155aaf10 1227a8f0ebcd 4dc19c0925a1 c5fdcfb83ab1 "
    "2cef2623f213 ea31bbbc078f 7ea94c53ac01 870d23b4ee7f dfa4fd5b510e ad751a680f7f "
    "41b57e4328d4 809df9aa635b c61ea89bd707 9331c3fd1a09 c30813ba59c4 1706f1227f91 "
    "430e25df147f d33bb3831ea7 a7e7c685e97d 06ea0cc5c018 51c04d231918 036a81a775bd "
    "8cbc0bf2f7fa b0fb7be7bdb2 9018d68bf2c9 d04cb5ad2dd1 329f1b6d8f6d f0221f95a88f "
    "97ac992cf0f4 6a61b0e51271 78b5e8ef8f2e "
).split()}  # fmt: skip


def shipped(folder: Path) -> Iterator[Path]:
    """The files of a project that a wheel has, or that are shown to people as an example."""
    places = (
        [folder / "healthsim_store", folder / "examples"] if folder == ROOT else [folder / "src"]
    )
    for place in places:
        yield from (p for p in sorted(place.rglob("*")) if p.suffix in (".sql", ".csv"))


def cells(path: Path) -> Iterator[tuple[str, str]]:
    """Each cell of a CSV file with its column's name; each text of an SQL file, without one."""
    text = path.read_text("utf-8")
    if path.suffix == ".csv":
        for row in csv.DictReader(text.splitlines()):
            yield from ((str(name), value or "") for name, value in row.items())
    else:
        yield from (("", found) for found in re.findall(r"'([^'\n]+)'", text))


def systems(folder: Path) -> dict[str, str]:
    """The code systems that are named in what a project ships, each with a file that names it."""
    found: dict[str, str] = {}
    for path in shipped(folder):
        where = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        if path.suffix == ".csv":
            for name, value in cells(path):
                if name.endswith("code_system") and value:
                    found[value] = where
                if name in COLUMNS and value:
                    found[COLUMNS[name]] = where
            continue
        for codes in re.findall(r"@codes ([^@\n]+?)(?:\s*@|\n)", text):
            # A list of a standard has its own name, and the code that CDISC gave it.
            found["CDISC" if re.search(r"\(C\d+\)$", codes.strip()) else codes.strip()] = where
        for name in re.findall(r"'([^']+)' AS \w*code_system\b", text):
            found[name] = where
        for name in re.findall(r"code_system = '([^']+)'", text):
            found[name] = where
    return found


def titles(notice: str) -> list[str]:
    """The code systems that a NOTICE is about, of the lines that are underlined."""
    lines = re.findall(r"^(.+)\n-{3,}$", notice, re.MULTILINE)
    return [word for line in lines for word in re.split(r", | and |: | \(|\)", line) if word]


@pytest.mark.parametrize("folder", [ROOT, *PLUGINS], ids=lambda folder: folder.name)
def test_every_code_system_that_is_shipped_is_in_the_notice(folder: Path) -> None:
    found = systems(folder)
    if not found:
        return
    known = titles((folder / "NOTICE").read_text("utf-8"))
    missing = {
        system: where
        for system, where in found.items()
        if not any(system.startswith(title.split(" Level")[0]) for title in known)
    }
    assert not missing, f"{folder.name}/NOTICE says nothing of {missing}"


def test_systems_are_found_at_all() -> None:
    found = {name for folder in (ROOT, *PLUGINS) for name in systems(folder)}
    assert {"LOINC", "ICD-10-CM", "RxNorm", "HCPCS", "MedDRA", "CDISC", "SNOMED CT", "NPI"} <= found


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_the_notice_of_a_plugin_is_a_part_of_the_whole_one(folder: Path) -> None:
    if folder not in NOTICES:
        return
    whole = (ROOT / "NOTICE").read_text("utf-8")
    _, _, parts = (folder / "NOTICE").read_text("utf-8").partition("on what terms:\n\n")
    for part in parts.split("\n\n"):
        assert part.strip() in whole


def test_the_notice_that_loinc_asks_for_is_there_word_for_word() -> None:
    asked = (
        "This material contains content from LOINC (http://loinc.org). LOINC is copyright"
        " © Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes"
        " (LOINC) Committee and is available at no cost under the license at"
        " http://loinc.org/license. LOINC® is a registered United States trademark of Regenstrief"
        " Institute, Inc."
    )
    for folder in (ROOT, *(f for f in PLUGINS if "LOINC" in systems(f))):
        assert asked in " ".join((folder / "NOTICE").read_text("utf-8").split())


def test_no_terms_of_a_licensed_code_system_are_shipped() -> None:
    found = []
    for path in (path for folder in (ROOT, *PLUGINS) for path in shipped(folder)):
        where = path.relative_to(ROOT).as_posix()
        for name, value in cells(path):
            said = hashlib.sha256(value.lower().strip().encode()).hexdigest()[:12]
            if said in MEDDRA:
                found.append(f"{where}: {value} is MedDRA's")
            if name.endswith("code_system") and value in ("CPT", "CDT", "SNOMED CT", "MedDRA"):
                found.append(f"{where}: {name} {value}")
            # Of HCPCS codes those of level I are CPT, and those with a D are CDT.
            if name == "procedure_code" and re.fullmatch(r"\d{5}|\d{4}[FTU]|D\d{4}", value):
                found.append(f"{where}: {name} {value}")
    assert not found


def test_a_term_of_meddra_would_be_found() -> None:
    assert hashlib.sha256(b"an" + b"aemia").hexdigest()[:12] in MEDDRA
    assert len(MEDDRA) == 39
