"""A question's page without rows tells what the other doors tell: which codes there are."""

from __future__ import annotations

from pathlib import Path

import browsing
import pytest

from healthsim_store import Store
from healthsim_store.plugins import installed


def test_the_page_tells_which_codes_there_are(tmp_path: Path) -> None:
    pytest.importorskip("healthsim_store_patientsim")
    installed.cache_clear()
    with Store(tmp_path) as store:
        store.persist({
            "patient": {"mrn": "M1", "given_name": "Ann", "family_name": "Lee",
                        "birth_date": "1970-02-01", "gender": "F"},
            "diagnoses": [{"code": "44054006", "code_system": "SNOMED CT", "description": "d",
                           "diagnosed_date": "2020-01-02"}],
        }, scenario="s")  # fmt: skip
        told = store.ask_question("s", "patients_with_diagnosis", params={"code": "I10"}).note
    assert told is not None
    assert "44054006 (SNOMED CT)" in told
    with browsing.serving(tmp_path, path=tmp_path) as served:
        page = "/s/patientsim_patients_with_diagnosis"
        assert told in served.get(page, code="I10").text
        assert "No code of" not in served.get(page, code="44054006").text
        assert "No code of" not in served.get(page).text
