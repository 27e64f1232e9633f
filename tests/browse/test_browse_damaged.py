"""Damaged files in the browser: a page says what is wrong, and the others are there."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from browsing import serving
from campaign import tries
from conftest import owner
from mutants import TABLES, damage

from healthsim_store import Store

PAGES = (
    "/mutant", "/mutant/-/info.json", "/mutant/owners", "/mutant/pets.json",
    "/mutant/-/query?sql=SELECT+*+FROM+owners", "/mutant/_log", "/mutant/_columns/1",
)  # fmt: skip


def test_damaged_files(store: Store, toy_folder: Path, tmp_path: Path) -> None:
    rows = {"owners": [owner(n) for n in range(3)], "pets": [{"owner_id": "o1", "weight": 2.5}]}
    store.persist(rows, scenario="good", tags=["t"])
    store.persist(rows, scenario="mutant", tags=["t"], again=True)
    file = store.find("mutant")
    whole = file.read_bytes()
    store.close()
    with serving(store.path, path=tmp_path, site=toy_folder) as served:
        for seed in range(tries(5, 100)):
            made = tmp_path / "made.db"
            made.write_bytes(whole)
            told = damage(made, random.Random(seed), TABLES)
            made.replace(file)
            for page in PAGES if tries(0, 1) else PAGES[seed % 3 :: 3]:
                answer = served.get(page)
                clear = answer.status != 500 or "damaged" in answer.text
                assert clear, (seed, told, page, answer.text[-2000:])
            assert "good" in served.get("/").text
            assert "Owner 2" in served.get("/good/owners").text
        assert "Traceback" not in served.stderr()
    with sqlite3.connect(store.path / "good.db") as good:
        assert good.execute("SELECT count(*) FROM owners").fetchone() == (3,)
    good.close()
