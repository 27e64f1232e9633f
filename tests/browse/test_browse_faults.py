"""A fault of ours in the browser: an answer with a code, and its trace where the server runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import serving
from conftest import owner

from healthsim_store import Store

MISTAKE = """
import healthsim_store.browse.page_data

healthsim_store.browse.page_data.info = None
"""


@pytest.mark.newest
def test_a_fault_is_told_without_its_trace(store: Store, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    (tmp_path / "mistaken").mkdir()
    # Python runs it at its start.
    (tmp_path / "mistaken" / "sitecustomize.py").write_text(MISTAKE)
    with serving(store.path, path=tmp_path, site=tmp_path / "mistaken") as served:
        answer = served.get("/s/-/info.json")
        assert answer.status == 500
        error = answer.json["error"]
        assert error["code"] == "internal_error"
        assert error["message"].startswith("TypeError: ")
        assert "\n" not in error["message"]
        assert "where the server runs" in error["hint"]
        assert "Traceback" not in answer.text
        assert served.get("/s/owners").status == 200
    assert "Traceback (most recent call last)" in served.stderr()
