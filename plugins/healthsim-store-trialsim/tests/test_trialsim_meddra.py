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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    installed.cache_clear()
    with Store(tmp_path / "store") as made:
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
    assert [found["MH"][0][name] for name in ("MHDECOD", "MHBODSYS")] == ["Spots", "Skin system"]
    # Nothing of it is in the scenario.
    assert store.scenario_info("trial").entity_counts == before
    assert not list(store.query("trial", "SELECT 1 FROM adverse_events WHERE aeptcd"))


def test_without_a_file_they_stay_empty_and_the_reply_says_so(store: Store, tmp_path: Path) -> None:
    made = store.export_scenario("trial", format="sdtm", to=tmp_path / "out")
    events = next(account for account in made.datasets if account.name == "AE")
    assert {"AELLT", "AELLTCD", "AEPTCD", "AEBODSYS", "AEBDSYCD", "AESOC"} <= {*events.empty}
    assert "AEPTCD" in made.to_markdown()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: no column pt"),
        ("term,llt\na,b\n", "line 1: no column pt"),
        ("Term,PT,Preferred\n", "line 1: the column 'Preferred' is not known"),
        ("term;pt\na;b\n", "line 1: the column 'term;pt' is not known"),
        ("term,pt,pt\n", "line 1: the column pt is there twice"),
        ("term,pt\na,b,c\n", "line 2: 3 fields, and the header has 2"),
        ("term,pt\na,\n", "line 2: pt is empty"),
        ("term,pt,pt_code\na,b,1\n\nc,d,ten\n", "line 4: pt_code 'ten' must be a whole number"),
        ("term,pt\na,b\na,c\n", "line 3: term 'a' is there twice"),
        ("term,pt\n,b\n", "line 2: it must satisfy term IS NOT NULL OR llt IS NOT NULL"),
        ('term,pt\n"a,b\n', "line 2: unexpected end of data"),
    ],
)
def test_a_file_that_does_not_fit_is_told(
    store: Store, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "terms.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        exported(store, tmp_path / "out", file)
    assert told in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_or_not_text_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.csv cannot be read: No such file"):
        exported(store, tmp_path / "out", tmp_path / "none.csv")
    (tmp_path / "terms.csv").write_bytes(b"term,pt\nf\xfcr,b\n")
    with pytest.raises(SourceError, match="it is not UTF-8"):
        exported(store, tmp_path / "out", tmp_path / "terms.csv")
    with pytest.raises(InvalidValue, match="does not fit meddra: give the path of a file"):
        store.export_scenario("trial", format="sdtm", to=tmp_path / "o", options={"meddra": True})
