"""Codes of adverse events from a file of the user's own. The terms in it are invented here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_store import Store
from healthsim_store.errors import InvalidValue, SourceError
from healthsim_store.plugins import installed

STUDY = {"protocol_number": "ABC-1"}
ANN = {"usubjid": "ABC-1-01-1"}
ROWS: dict[str, list[dict[str, Any]]] = {
    "studies": [STUDY | {"phase": "2", "indication": "NSCLC"}],
    "sites": [STUDY | {"site_number": "01", "country": "FRA"}],
    "treatment_arms": [STUDY | {"arm_code": "A", "arm_name": "Active"}],
    "subjects": [
        STUDY | ANN | {"site_number": "01", "arm_code": "A", "consent_date": "2024-01-02"}
    ],
    "adverse_events": [
        ANN | {"term": term, "start_date": "2024-01-12", "sequence": number} | fields
        for number, (term, fields) in enumerate(
            [
                ("Red SPOTS", {}),
                ("low rank term", {}),
                ("Blue spots", {"aellt": "Low Rank Term"}),
                ("Red spots", {"aedecod": "Coded by hand"}),
                ("Nobody knows", {}),
            ],
            1,
        )
    ],
    "medical_histories": [ANN | {"mhterm": "red spots", "mhdecod": None}],
}
HEADER = "term,llt,llt_code,pt,pt_code,hlt,hlt_code,hlgt,hlgt_code,soc,soc_code\n"
TERMS = (
    HEADER + "Red spots,Spots red,101,Spots,11,Spots all,21,Spots group,31,Skin system,41\n"
    ",Low rank term,102,Rank,12,,,,,Rank system,42\n"
    "Other,Low rank term,103,Not this,13,,,,,,\n"
)
CODED = ("AELLT", "AELLTCD", "AEDECOD", "AEPTCD", "AEHLT", "AEHLGTCD", "AEBODSYS", "AEBDSYCD",
         "AESOC", "AESOCCD")  # fmt: skip
SPOTS = ["Spots red", 101, "Spots", 11, "Spots all", 31, "Skin system", 41, "Skin system", 41]
RANK = ["Low rank term", 102, "Rank", 12, "", None, "Rank system", 42, "Rank system", 42]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path_factory.mktemp("store")) as made:
        made.persist(ROWS, scenario="trial")
        yield made


def exported(store: Store, folder: Path, terms: Path | None) -> dict[str, list[dict[str, Any]]]:
    options = {"meddra": terms} if terms else {}
    store.export_scenario("trial", format="sdtm", to=folder, options=options)
    found = {}
    for file in folder.glob("[am][eh].json"):
        told = json.loads(file.read_text("utf-8"))
        names = [column["name"] for column in told["columns"]]
        found[told["name"]] = [dict(zip(names, row, strict=True)) for row in told["rows"]]
    return found


def test_terms_are_looked_up_in_the_users_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "terms.csv"
    file.write_text(TERMS, encoding="utf-8-sig")
    before = store.scenario_info("trial").entity_counts
    found = exported(store, tmp_path / "out", file)
    coded = [[event[name] for name in CODED] for event in found["AE"]]
    assert coded[0] == SPOTS
    assert coded[1] == coded[2] == RANK
    assert coded[3] == ["", None, "Coded by hand", None, "", None, "", None, "", None]
    assert coded[4] == ["", None, "", None, "", None, "", None, "", None]
    assert [found["MH"][0][name.replace("AE", "MH", 1)] for name in CODED] == SPOTS
    # Nothing of it is in the scenario.
    assert store.scenario_info("trial").entity_counts == before
    told = store.query_scenario("trial", "SELECT count(aeptcd) FROM adverse_events")
    assert told.rows == [{"count(aeptcd)": 0}]


def test_without_a_file_they_stay_empty_and_the_reply_says_so(store: Store, tmp_path: Path) -> None:
    made = store.export_scenario("trial", format="sdtm", to=tmp_path / "out")
    events = next(account for account in made.datasets if account.name == "AE")
    assert {"AELLTCD", "AEPTCD", "AEBODSYS", "AEBDSYCD", "AESOC"} <= {*events.empty}
    told = next(line for line in made.to_markdown().splitlines() if "AEPTCD" in line)
    assert told.startswith("**AE without values**: ")
    assert told.endswith("; options={'meddra': 'FILE'} may fill some")
    assert {account.name for account in made.datasets if account.files} == {"AE", "MH"}
    (tmp_path / "terms.csv").write_text(TERMS, encoding="utf-8")
    made = store.export_scenario(
        "trial", format="sdtm", to=tmp_path / "with", options={"meddra": tmp_path / "terms.csv"}
    )
    assert not any(account.files for account in made.datasets)


def test_a_file_that_does_not_fit_is_told(store: Store, tmp_path: Path) -> None:
    (tmp_path / "terms.csv").write_text("term,llt\nRed spots,Spots red\n")
    with pytest.raises(SourceError, match=r"csv, line 1: no column pt\.\n.*\[llt_code\], pt"):
        exported(store, tmp_path / "out", tmp_path / "terms.csv")
    (tmp_path / "terms.csv").write_text(HEADER + ",,1,Spots,,,,,,,\n")
    with pytest.raises(SourceError, match="line 2: it must satisfy term IS NOT NULL OR llt"):
        exported(store, tmp_path / "out", tmp_path / "terms.csv")
    with pytest.raises(InvalidValue, match="does not fit meddra: give the path of a file"):
        store.export_scenario("trial", format="sdtm", to=tmp_path / "o", options={"meddra": True})
    assert not (tmp_path / "out").exists()
