"""200 entity types in one product, and 300 columns in one type, at every door."""

from __future__ import annotations

import contextlib
import importlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import serving
from conftest import Run
from large_products import COLUMNS, TYPES, column, install_large, kind, many, wide
from real_tokenizer import counts

from healthsim_store import Store
from healthsim_store.plugins import installed
from healthsim_store.query.reply import MAX_TOKENS
from healthsim_store.storage.catalog import MAX_QUESTIONS

BATCHES = {"many": many(), "wide": wide()}
ROWS = {"many": 3 * TYPES, "wide": 20}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    install_large(folder)
    return folder


@pytest.fixture
def large(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    importlib.invalidate_caches()
    installed.cache_clear()
    with Store(tmp_path / "store") as store:
        yield store
    for name in ("manysim", "widesim"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    installed.cache_clear()


def within(text: str, budget: int) -> bool:
    return all(real <= budget for real in counts(text).values())


@pytest.mark.parametrize("name", BATCHES)
def test_in_python(large: Store, tmp_path: Path, name: str) -> None:
    batch, total = BATCHES[name], ROWS[name]
    first = next(iter(batch))
    made = large.persist(batch, scenario=name)
    assert sum(made.inserted.values()) == total
    assert within(made.summary.to_markdown(), MAX_TOKENS)
    again = large.persist(batch, scenario=name, on_conflict="replace")
    assert within(again.summary.to_markdown(), MAX_TOKENS)
    for budget in (100, 300, 1_000):
        assert within(large.get_summary(name, max_tokens=budget).to_markdown(), budget)
    assert sum(map(len, large.load_scenario(name).values())) == total
    assert len(large.get_samples(name, first)) > 0
    assert large.scenario_info(name).total == total
    assert large.check_scenario(name).ok
    assert not any(upgraded.changes for upgraded in large.upgrade_scenario(name))
    large.clone_scenario(name, new_name="copy")
    large.persist({first: [batch[first][0] | {"code": "more"} | {f"{first}_id": "x"}]}
                  if name == "many" else wide(1, 50), scenario="copy")  # fmt: skip
    for by in ("auto", "natural-key"):
        found = large.diff_scenarios(name, "copy", by=by)
        assert within(found.to_markdown(), 299)
        assert sum(one.added for one in found.entity_types.values()) == 1
    for conflict in ("skip", "overwrite"):
        merged = large.merge_scenarios([name, "copy"], on_conflict=conflict, new_name=conflict)
        assert large.scenario_info(merged.scenario).total == total + 1


@pytest.mark.parametrize("name", BATCHES)
def test_out_and_in_again(large: Store, tmp_path: Path, name: str) -> None:
    large.persist(BATCHES[name], scenario=name)
    before = large.load_scenario(name)
    for format in ("csv", "ndjson", "parquet"):
        large.export_scenario(name, format=format, to=tmp_path / format)
        assert large.import_data([tmp_path / format], scenario=f"from-{format}").rows == ROWS[name]
        assert large.load_scenario(f"from-{format}") == before


def test_what_is_largest_is_told_first(large: Store) -> None:
    large.persist(many() | {kind(0): many(40)[kind(0)]}, scenario="s")
    text = large.get_summary("s", samples=0).to_markdown()
    assert "| Kind Of Thing Number 000 | 40 |" in text
    shown = sum(int(line.split("|")[2]) for line in text.splitlines() if line.startswith("| Kind"))
    (more,) = [line for line in text.splitlines() if " more | " in line]
    assert shown + int(more.split("|")[2]) == 3 * TYPES + 37


def test_every_question_is_asked_at_every_door(large: Store, site: Path, tmp_path: Path) -> None:
    """By its own name, also where a file has more questions than are read."""
    large.persist(many(), scenario="many")
    assert len(large.list_questions("many")) == TYPES
    with contextlib.closing(sqlite3.connect(large.find("many"))) as file, file:
        file.executemany(
            "INSERT INTO _questions VALUES ('many', ?, 999, 'x', '', 'SELECT 1', '[]')",
            [(f"more_{n}",) for n in range(MAX_QUESTIONS)],
        )
    found = large.list_questions("many")
    assert (len(found), found.left_out) == (MAX_QUESTIONS, TYPES)
    with serving(large.path, path=tmp_path, site=site) as served:
        for name in ("above_3", f"above_{TYPES - 1}"):
            assert len(large.ask_question("many", name).rows) == 3
            for address in (f"/many/{name}", f"/many/many_{name}"):
                page = served.get(address)
                assert (page.status, "Above :least" in page.text) == (200, True)
        assert f"{TYPES} more are left out" in served.get("/many").text


@pytest.mark.long
def test_on_the_command_line(large: Store, run: Run, tmp_path: Path) -> None:
    for name, batch in BATCHES.items():
        calls: list[tuple[str, ...]] = [
            ("persist", "--scenario", name), ("summary", name), ("info", name), ("check", name),
            ("samples", name, next(iter(batch))), ("schema", next(iter(batch))),
            ("clone", name, f"{name}2"), ("diff", name, f"{name}2"),
            ("query", name, f"SELECT * FROM {next(iter(batch))}"),
            ("merge", name, f"{name}2", "--dry-run"), ("list",), ("upgrade", name),
            ("export", name, "--format", "json", "--to", str(tmp_path / f"json-{name}")),
            ("import", str(tmp_path / f"json-{name}"), "--scenario", f"{name}3"),
            ("metadata", "--to", str(tmp_path)),
        ]  # fmt: skip
        for call in calls:
            done = run(*call, input=json.dumps(batch))
            assert (done.returncode, done.stderr) == (0, ""), call
    assert run("query", "wide", "SELECT count(*) FROM pragma_table_info('wides')").returncode != 70
    columns: list[dict[str, Any]] = json.loads(
        run("query", "wide", "SELECT * FROM wides LIMIT 1", "--json").stdout
    )["rows"]
    assert len(columns[0]) >= COLUMNS


def test_in_the_browser(large: Store, site: Path, tmp_path: Path) -> None:
    """Every page of ours and of Datasette's that shows tables, columns or statistics."""
    for name, batch in BATCHES.items():
        large.persist(batch, scenario=name)
    wanted = {
        "/": ["many", "wide"],
        "/many": [kind(0), kind(TYPES - 1)],
        "/wide": ["wides"],
        f"/many/{kind(7)}": ["C0", "C2"],
        f"/many/{kind(7)}/7-1": ["C1", "1.5", f"/many/{kind(6)}/6-1"],
        "/wide/wides": [column(0), column(COLUMNS - 3)],
        "/wide/wides/w3": [column(0), column(COLUMNS - 3)],
        "/many/-/statistics": ["3 of 4.50"],
    }
    with serving(large.path, path=tmp_path, site=site) as served:
        for path, texts in wanted.items():
            page = served.get(path)
            assert page.status == 200, path
            assert [text for text in texts if text not in page.text] == [], path
        info = served.get("/many/-/info.json").json
        assert len(info["entity_counts"]) == TYPES
        summary = served.get("/many/-/summary.json").json
        assert sum(summary["entity_counts"].values()) == 3 * TYPES
        rows = served.get("/wide/-/query.json", sql="SELECT * FROM wides").json
        assert (len(rows["columns"]), rows["total"]) == (COLUMNS + 1, 20)
        joined = f"SELECT b.code FROM {kind(198)} AS a JOIN {kind(199)} AS b ON b.parent_id = " \
            f"a.{kind(198)}_id ORDER BY 1"  # fmt: skip
        assert served.get("/many/-/query.csv", sql=joined).text.split() == [
            "code",
            "C0",
            "C1",
            "C2",
        ]
        assert len(served.get("/wide/wides.csv").text.splitlines()) == 21
        assert "Traceback" not in served.told.read_text()
