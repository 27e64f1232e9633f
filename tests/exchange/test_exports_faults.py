"""Exports that cannot be, or are killed: a clear error, and nothing left behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import odd
import pyarrow.parquet as pq
import pytest
from campaign import tries
from conftest import Run, owner

from healthsim_store import Exporter, Store
from healthsim_store.errors import (
    CorruptScenario,
    HealthsimStoreError,
    InvalidArgument,
    InvalidName,
    NotWritable,
    ScenarioNotFound,
    SourceError,
    TargetExists,
    UnknownEntityType,
    UnknownFormat,
)
from healthsim_store.exchange.table import Table
from healthsim_store.plugins import installed

FORMATS = ["csv", "tsv", "json", "ndjson", "parquet", "sqlite"]


@pytest.fixture
def filled(odd_store: Store) -> Store:
    odd_store.persist({"things": odd.things(), "parts": odd.parts()}, scenario="odd")
    return odd_store


def change(path: Path, *statements: str) -> None:
    """As a stranger might, past everything that persist looks at."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# -- where to ---------------------------------------------------------------------------------


def test_a_folder_that_is_there(filled: Store, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    filled.export_scenario("odd", format="csv", to=target)  # an empty one is fine
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    with pytest.raises(TargetExists, match="exists and is not empty"):
        filled.export_scenario("odd", format="csv", to=target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    filled.export_scenario("odd", format="ndjson", to=target, force=True)
    assert names(target) == ["datapackage.json", "parts.ndjson", "things.ndjson"]
    assert names(tmp_path) == ["out", "store"]


def test_force_replaces_nothing_but_an_export(filled: Store, tmp_path: Path) -> None:
    documents = tmp_path / "Documents"
    documents.mkdir()
    (documents / "thesis.txt").write_text("years of work")
    with pytest.raises(TargetExists, match="is no export"):
        filled.export_scenario("odd", format="csv", to=documents, force=True)
    (documents / "datapackage.json").write_text('{"name": "mine", "resources": []}')
    with pytest.raises(TargetExists, match="is no export"):
        filled.export_scenario("odd", format="csv", to=documents, force=True)
    mine = tmp_path / "export"
    filled.export_scenario("odd", format="csv", to=mine)
    (mine / "analysis.ipynb").write_text("{}")
    with pytest.raises(TargetExists, match=r"has analysis\.ipynb, which no export wrote"):
        filled.export_scenario("odd", format="csv", to=mine, force=True)
    assert (mine / "analysis.ipynb").exists()
    assert names(documents) == ["datapackage.json", "thesis.txt"]
    with pytest.raises(TargetExists, match="is a file"):
        filled.export_scenario("odd", format="csv", to=documents / "thesis.txt", force=True)
    with pytest.raises(TargetExists):
        filled.export_scenario("odd", format="sqlite", to=filled.path, force=True)
    assert names(tmp_path) == ["Documents", "export", "store"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_place_that_cannot_be_written(filled: Store, tmp_path: Path, format: str) -> None:
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "out", Path("/proc/nowhere/out"), tmp_path / ("x" * 300)):
        with pytest.raises(NotWritable) as caught:
            filled.export_scenario("odd", format=format, to=target)
        assert caught.value.hint
    assert names(tmp_path) == ["file", "store"]


@pytest.mark.parametrize(
    ("format", "limit"), [("csv", 40_000), ("ndjson", 2_500_000), ("sqlite", 1_000_000)]
)
def test_a_disk_that_is_full_half_way(
    run: Run, tmp_path: Path, toy_folder: Path, format: str, limit: int
) -> None:
    batch = {"owners": [owner(n) for n in range(20_000)]}
    assert run("persist", "-s", "s", input=json.dumps(batch)).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "healthsim_store", "export", "s", "--format", format,
         "--to", str(tmp_path / "new" / "out")],
        capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"HEALTHSIM_STORE_DIR": str(tmp_path / "store"),
                          "PYTHONPATH": str(toy_folder)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "Error (not_writable)" in done.stderr
    assert "free space" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == ["store"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_nothing_is_left_of_what_is_interrupted(
    filled: Store, tmp_path: Path, error: type[BaseException]
) -> None:
    def interrupt(rows: int) -> None:
        raise error

    for force in (False, True):
        with pytest.raises(error):
            filled.export_scenario(
                "odd", format="csv", to=tmp_path / "out", progress=interrupt, force=force
            )
        assert "out" not in names(tmp_path)
    filled.export_scenario("odd", format="csv", to=tmp_path / "out")
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    with pytest.raises(error):
        filled.export_scenario(
            "odd", format="csv", to=tmp_path / "out", progress=interrupt, force=True
        )
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert before == after
    assert names(tmp_path) == ["out", "store"]


# -- killed ----------------------------------------------------------------------------------


def whole(folder: Path) -> bool:
    """Whether every file is what datapackage.json says; not by our own code."""
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    for entry in package["resources"]:
        content = (folder / entry["path"]).read_bytes()
        assert entry["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {entry["path"] for entry in package["resources"]} | {"datapackage.json"} == {
        path.name for path in folder.iterdir()
    }


def test_killed_at_any_moment(run: Run, tmp_path: Path, toy_folder: Path) -> None:
    batch = {"owners": [owner(n) for n in range(60_000)]}
    assert run("persist", "-s", "s", input=json.dumps(batch)).returncode == 0
    source = tmp_path / "store" / "s.db"
    before = source.read_bytes()
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(tmp_path / "store"), "PYTHONPATH": str(toy_folder),
    }  # fmt: skip
    target = tmp_path / "out" / "s"

    def export(format: str) -> subprocess.Popen[bytes]:
        command = ["export", "s", "--format", format, "--to", str(target), "--force"]
        return subprocess.Popen(
            [sys.executable, "-m", "healthsim_store", *command],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip

    start = time.monotonic()
    first = export("csv")
    assert first.communicate()[1] == b""
    usual = time.monotonic() - start
    numbers = random.Random(7)
    killed = 0
    for number in range(tries(6, 50)):
        process = export(FORMATS[number % len(FORMATS)])
        # Most of the beginning goes into imports.
        time.sleep(usual * numbers.uniform(0.3, 1.1))
        process.send_signal(signal.SIGKILL)
        _, told = process.communicate()
        assert told == b""
        killed += process.returncode == -signal.SIGKILL
        assert source.read_bytes() == before
        assert not target.exists() or whole(target)
        strays = [path for path in target.parent.iterdir() if path != target]
        assert all(path.name.startswith(".s.") for path in strays)
    assert killed
    last = export("parquet")
    assert last.communicate()[1] == b""
    assert whole(target)
    assert pq.read_table(target / "owners.parquet").num_rows == 60_000
    for path in target.parent.iterdir():
        if path != target:
            os.utime(path, (time.time() - 90_000,) * 2)
    assert export("csv").communicate()[1] == b""
    assert names(target.parent) == ["s"]  # what was left is a day old, and swept away


# -- what for --------------------------------------------------------------------------------


def test_formats_and_entity_types_that_are_not_known(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat) as caught:
        filled.export_scenario("odd", format="parket", to=tmp_path / "out")
    assert "Did you mean parquet?" in str(caught.value)
    assert "csv, tsv, json, ndjson, parquet, sqlite" in str(caught.value)
    assert "list_export_formats()" in str(caught.value)
    with pytest.raises(UnknownFormat):
        filled.export_scenario("odd", format=None, to=tmp_path / "out")  # type: ignore[arg-type]
    with pytest.raises(UnknownEntityType, match="Did you mean things"):
        filled.export_scenario("odd", format="csv", to=tmp_path / "out", entities=["thngs"])
    with pytest.raises(InvalidArgument, match="exports the whole file"):
        filled.export_scenario("odd", format="sqlite", to=tmp_path / "out", entities=["things"])
    for name in ("../odd", "nothing", "/etc/passwd"):
        with pytest.raises(ScenarioNotFound):
            filled.export_scenario(name, format="csv", to=tmp_path / "out")
    assert names(tmp_path) == ["store"]


def test_a_scenario_without_rows(filled: Store, tmp_path: Path) -> None:
    change(filled.find("odd"), "DELETE FROM parts", "DELETE FROM things")
    with pytest.raises(InvalidArgument, match="no rows"):
        filled.export_scenario("odd", format="csv", to=tmp_path / "out")
    result = filled.export_scenario("odd", format="csv", to=tmp_path / "out", entities=["things"])
    assert (result.rows, names(tmp_path / "out")) == (0, ["datapackage.json", "things.csv"])


def test_sensitive_and_required_is_an_error_for_sqlite(store: Store, tmp_path: Path) -> None:
    store.persist({"owners": [owner(1)]}, scenario="s")
    with pytest.raises(InvalidArgument, match=r"owners must have .*owners\.tax_number"):
        store.export_scenario("s", format="sqlite", to=tmp_path / "out", drop_sensitive=True)
    assert "out" not in names(tmp_path)


# -- files of strangers ----------------------------------------------------------------------


def renamed(name: str) -> list[str]:
    quoted, text = '"' + name.replace('"', '""') + '"', "'" + name.replace("'", "''") + "'"
    return [
        f"ALTER TABLE parts RENAME TO {quoted}",
        "PRAGMA foreign_keys = OFF",
        f"UPDATE _entity_types SET entity_type = {text} WHERE entity_type = 'parts'",
        f"UPDATE _columns SET entity_type = {text} WHERE entity_type = 'parts'",
    ]


@pytest.mark.parametrize(
    "name", ["../../evil", "/tmp/evil", "a\\b", "..", ".hidden", "nul", "a/b", "a\nb"]
)
def test_an_entity_type_that_would_leave_the_folder(
    filled: Store, tmp_path: Path, name: str
) -> None:
    change(filled.find("odd"), *renamed(name))
    for format in FORMATS[:-1]:
        with pytest.raises((InvalidName, CorruptScenario)) as caught:
            filled.export_scenario("odd", format=format, to=tmp_path / "deep" / "er" / "out")
        assert caught.value.hint
    assert names(tmp_path) == ["store"]


def test_an_entity_type_that_would_be_the_description(filled: Store, tmp_path: Path) -> None:
    change(filled.find("odd"), *renamed("datapackage"))
    filled.export_scenario("odd", format="csv", to=tmp_path / "csv")
    with pytest.raises(InvalidName):
        filled.export_scenario("odd", format="json", to=tmp_path / "json")
    assert names(tmp_path) == ["csv", "store"]


STRANGE: dict[str, tuple[str, ...]] = {
    "a view": (
        "ALTER TABLE parts RENAME TO hidden",
        "CREATE VIEW parts AS SELECT * FROM hidden",
    ),
    "a computed column": (
        "ALTER TABLE parts DROP COLUMN extra",
        "ALTER TABLE parts ADD COLUMN extra TEXT AS (hex(zeroblob(1000000)))",
    ),
    "no table": ("DROP TABLE parts",),
    "a column too few": ("ALTER TABLE parts DROP COLUMN extra",),
    "no text": ("UPDATE parts SET thing_id = CAST(x'ff41' AS TEXT) WHERE part_id = 'x00060'",),
    "no table of rows": (
        "DROP TABLE parts",
        "CREATE VIRTUAL TABLE parts USING fts5(part_id, thing_id, number, other_id, extra)",
    ),
}


@pytest.mark.parametrize("statements", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_not_as_it_says(
    filled: Store, tmp_path: Path, format: str, statements: tuple[str, ...]
) -> None:
    change(filled.find("odd"), "PRAGMA foreign_keys = OFF", *statements)
    if format == "sqlite" and "ff41" in statements[0]:
        filled.export_scenario("odd", format=format, to=tmp_path / "out")
        return  # a copy is a copy
    with pytest.raises(CorruptScenario) as caught:
        filled.export_scenario("odd", format=format, to=tmp_path / "out")
    assert "parts" in str(caught.value)
    assert caught.value.hint
    assert names(tmp_path) == ["store"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE things SET day = '2024-02-30' WHERE n = 7",
        "UPDATE things SET at = 'yesterday' WHERE n = 7",
        "UPDATE things SET amount = 1e15 WHERE n = 7",
        "UPDATE things SET amount = 9e999 WHERE n = 7",
    ],
)
def test_a_value_that_its_type_does_not_have(filled: Store, tmp_path: Path, statement: str) -> None:
    change(filled.find("odd"), statement)
    with pytest.raises(CorruptScenario, match="things"):
        filled.export_scenario("odd", format="parquet", to=tmp_path / "out")
    assert names(tmp_path) == ["store"]


def test_a_number_that_json_does_not_have(filled: Store, tmp_path: Path) -> None:
    change(filled.find("odd"), "UPDATE things SET ratio = 9e999 WHERE n = 7")
    for format in ("json", "ndjson"):
        with pytest.raises(CorruptScenario, match="things"):
            filled.export_scenario("odd", format=format, to=tmp_path / "out")


def test_a_damaged_file(filled: Store, tmp_path: Path) -> None:
    path = filled.find("odd")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    path.write_bytes(content)
    for format in FORMATS:
        with pytest.raises(HealthsimStoreError):
            filled.export_scenario("odd", format=format, to=tmp_path / "out")
    assert names(tmp_path) == ["store"]


# -- exporters that fail ---------------------------------------------------------------------


def test_an_exporter_that_raises_leaves_nothing(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(table: Table, path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("no good")

    exporters = {"half": Exporter("half", ".half", write=half)}
    monkeypatch.setitem(
        installed().__dict__, "formats", replace(installed().formats, exporters=exporters)
    )
    with pytest.raises(RuntimeError, match="no good"):
        filled.export_scenario("odd", format="half", to=tmp_path / "out")
    assert names(tmp_path) == ["store"]


# -- what does not come back -----------------------------------------------------------------


def edited(folder: Path, edit: Callable[[Any], None]) -> None:
    path = folder / "datapackage.json"
    package = json.loads(path.read_text("utf-8"))
    edit(package)
    path.write_text(json.dumps(package))


def cut(folder: Path) -> None:
    file = next(folder.glob("things.*"))
    file.write_bytes(file.read_bytes()[:-20])


def touch(folder: Path) -> None:
    file = next(folder.glob("things.*"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def lose(folder: Path) -> None:
    next(folder.glob("parts.*")).unlink()


def add(folder: Path) -> None:
    file = next(folder.glob("parts.*"))
    file.with_name(f"owners{file.suffix}").write_bytes(file.read_bytes())


TAMPERED: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (cut, r"things\.\w+ has [\d,]+ bytes, datapackage.json says [\d,]+"),
    "changed": (touch, r"things\.\w+ has the hash sha256:\w+, datapackage.json says sha256:"),
    "lost": (lose, r"parts\.\w+ is in datapackage.json but cannot be read"),
    "added": (add, r"owners\.\w+ is not in datapackage.json"),
    "other rows": (
        lambda folder: edited(folder, lambda p: p["resources"][0].update(rows=59)),
        "has 60 rows, datapackage.json says 59",
    ),
    "outside": (
        lambda folder: edited(folder, lambda p: p["resources"][0].update(path="../things.csv")),
        "not the path of a file in the folder",
    ),
    "shapeless": (lambda folder: edited(folder, lambda p: p.update(resources=[5])), "has not what"),
    "no JSON": (lambda folder: (folder / "datapackage.json").write_text("{"), "is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED)
@pytest.mark.parametrize("format", ["csv", "ndjson", "parquet"])
def test_a_tampered_export_is_not_imported(
    filled: Store, tmp_path: Path, format: str, tamper: Callable[[Path], None], said: str
) -> None:
    filled.export_scenario("odd", format=format, to=tmp_path / "out")
    tamper(tmp_path / "out")
    with pytest.raises(SourceError, match=said):
        filled.import_data([tmp_path / "out"], scenario="back")
    assert filled.names() == ["odd"]


def test_a_parquet_file_that_is_broken_in_the_middle(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("odd", format="parquet", to=tmp_path / "out")
    content = bytearray((tmp_path / "out" / "things.parquet").read_bytes())
    broken = tmp_path / "things.parquet"
    for at in (10, 200, 1000):  # the footer is whole, so it opens
        broken.write_bytes(content[:at] + os.urandom(60) + content[at + 60 :])
        with pytest.raises(SourceError, match=r"things\.parquet is not a whole Parquet file"):
            filled.import_data([broken], scenario="back")
    broken.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match=r"things\.parquet is not a whole Parquet file"):
        filled.import_data([broken], scenario="back")
    assert filled.names() == ["odd"]


def test_an_export_to_sqlite_needs_no_import(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("odd", format="sqlite", to=tmp_path / "out")
    for source in (tmp_path / "out", tmp_path / "out" / "odd.db"):
        with pytest.raises(SourceError, match="scenario") as caught:
            filled.import_data([source], scenario="back")
        assert "Copy it into the store's folder" in str(caught.value)
    (filled.path / "copy.db").write_bytes((tmp_path / "out" / "odd.db").read_bytes())
    assert filled.check_scenario("copy").ok


def test_an_export_says_itself_what_it_is(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("odd", format="csv", to=tmp_path / "out")
    with pytest.raises(InvalidArgument, match="says itself"):
        filled.import_data([tmp_path / "out"], entity_type="things")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "datapackage.json").write_text('{"name": "x", "resources": []}')
    (foreign / "things.csv").write_text("code\n1\n")
    assert filled.import_data([foreign], scenario="foreign").rows == 1
