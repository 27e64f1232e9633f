"""Export: what is in the files, read by tools that are not ours."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import decimal
import hashlib
import importlib.util
import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import odd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run, owner
from forks import command

from healthsim_store import Store
from healthsim_store.plugins import installed
from healthsim_store.schema.partial_moments import PATTERN

FORMATS = ["csv", "tsv", "json", "ndjson", "parquet"]
SYNTHEA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea-a"


@pytest.fixture
def filled(odd_store: Store) -> Store:
    batch = {"things": odd.things(), "parts": odd.parts()}
    odd_store.persist(batch, scenario="odd", description="Odd values", tags=["b", "a"])
    return odd_store


def stored(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(store.find("odd"))) as connection:
        return connection.execute(sql).fetchall()


# -- the files -------------------------------------------------------------------------------


def test_csv_says_every_value_to_the_letter(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("odd", format="csv", to=tmp_path / "out")
    with (tmp_path / "out" / "things.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    expected = stored(
        filled,
        "SELECT code, note, amount, ratio, n, flag, day, at, doc, extra FROM things ORDER BY rowid",
    )
    for row, (code, note, amount, ratio, n, flag, day, at, doc, extra) in zip(
        rows, expected, strict=True
    ):
        assert row["code"] == code
        assert row["note"] == (note or "")
        # The declared scale, and for a float what makes the same double again.
        assert row["amount"] == ("" if amount is None else f"{decimal.Decimal(str(amount)):.2f}")
        assert row["ratio"] == "" if ratio is None else float(row["ratio"]) == ratio
        assert row["n"] == ("" if n is None else str(n))
        assert row["flag"] == {None: "", 0: "false", 1: "true"}[flag]
        assert (row["day"], row["at"], row["doc"]) == (day or "", at or "", doc or "")
        assert row["extra"] == (extra or "")
    text = (tmp_path / "out" / "things.csv").read_text("utf-8")
    empty, null = text.splitlines()[1:3]
    assert empty.startswith('"t00000","00000","",,')  # '' is quoted, and NULL is nothing
    assert null.startswith('"t00001","00001",,"5",')


def test_json_and_ndjson_say_the_same(filled: Store, tmp_path: Path) -> None:
    for format in ("json", "ndjson"):
        filled.export_scenario("odd", format=format, to=tmp_path / format)
    document = json.loads((tmp_path / "json" / "things.json").read_text("utf-8"))
    lines = (tmp_path / "ndjson" / "things.ndjson").read_text("utf-8").split("\n")
    assert [json.loads(line) for line in lines[:-1]] == document
    columns = [name for (name,) in stored(filled, "SELECT name FROM pragma_table_info('things')")]
    for row, values in zip(
        document, stored(filled, "SELECT * FROM things ORDER BY rowid"), strict=True
    ):
        assert list(row) == columns
        assert row["flag"] in (None, True, False)
        assert list(row.values()) == list(values)


def test_parquet_has_the_declared_types(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("odd", format="parquet", to=tmp_path / "out")
    file = pq.ParquetFile(tmp_path / "out" / "things.parquet")
    schema = file.schema_arrow
    types = {
        "thing_id": pa.string(), "amount": pa.decimal128(12, 2), "ratio": pa.float64(),
        "n": pa.int64(), "flag": pa.bool_(), "day": pa.date32(), "at": pa.timestamp("us"),
        "doc": pa.string(),
    }  # fmt: skip
    for name, type_ in types.items():
        assert schema.field(name).type == type_
    assert not schema.field("code").nullable
    assert schema.field("amount").metadata[b"unit"] == b"USD"
    assert schema.field("code").metadata[b"description"].startswith(b"Natural key")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    rows = file.read().to_pylist()
    expected = stored(filled, "SELECT amount, ratio, flag, day, at FROM things ORDER BY rowid")
    for row, (amount, ratio, flag, day, at) in zip(rows, expected, strict=True):
        assert row["amount"] == (None if amount is None else round(decimal.Decimal(amount), 2))
        assert row["ratio"] == ratio
        assert row["flag"] == (None if flag is None else bool(flag))
        assert row["day"] == (day and dt.date.fromisoformat(day))
        assert row["at"] == (at and dt.datetime.fromisoformat(at))


def test_sqlite_is_the_scenario_again(filled: Store, tmp_path: Path) -> None:
    result = filled.export_scenario("odd", format="sqlite", to=tmp_path / "out")
    assert [file.name for file in result.files] == ["odd.db"]
    assert result.rows == 150
    source, copy = filled.find("odd"), tmp_path / "out" / "odd.db"
    assert odd.tables(copy) == odd.tables(source)
    with Store(tmp_path / "out", remember=False) as store:
        assert store.check_scenario("odd").ok
        assert store.scenario_info("odd").tags == ("a", "b")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["datapackage.json", "odd.db"]


def test_only_entity_types_with_rows_or_named_ones(filled: Store, tmp_path: Path) -> None:
    filled.persist({"owners": [owner(1)]}, scenario="odd")
    for number, (entities, expected) in enumerate(
        [((), ["owners", "parts", "things"]), (("pets", "Parts"), ["parts", "pets"])]
    ):
        for format in FORMATS:
            folder = tmp_path / f"{format}{number}"
            result = filled.export_scenario("odd", format=format, to=folder, entities=entities)
            found = [file.stem for file in folder.iterdir() if file.stem != "datapackage"]
            assert sorted(found) == expected == sorted(f.entity_type or "" for f in result.files)
    empty = pq.read_table(tmp_path / "parquet1" / "pets.parquet")
    assert (empty.num_rows, empty.schema.field("price").type) == (0, pa.decimal128(8, 2))
    assert (tmp_path / "csv1" / "pets.csv").read_text().startswith('"pet_id","owner_id"')
    assert json.loads((tmp_path / "json1" / "pets.json").read_text()) == []


def test_a_long_export_shows_one_moment_and_blocks_no_writer(filled: Store, tmp_path: Path) -> None:
    """A batch that comes while the files are written is in none of them."""

    def write(rows: int) -> None:
        if filled.scenario_info("odd").total == 150:
            batch = {"things": [{"code": "new"}], "parts": [{"thing_id": "t00001", "number": 99}]}
            filled.persist(batch, scenario="odd")

    result = filled.export_scenario("odd", format="csv", to=tmp_path / "out", progress=write)
    assert filled.scenario_info("odd").total == 152
    assert result.rows == 150
    assert len((tmp_path / "out" / "parts.csv").read_text().splitlines()) == 91


# -- datapackage.json ------------------------------------------------------------------------


def test_the_data_package_describes_the_files(filled: Store, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    filled.export_scenario("odd", format="tsv", to=folder)
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert (package["name"], package["description"]) == ("odd", "Odd values")
    assert package["keywords"] == ["a", "b"]
    assert package["healthsim_store"]["products"] == {"odd": "1.0"}
    things, parts = package["resources"]
    for resource in (things, parts):
        content = (folder / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["dialect"] == {"delimiter": "\t"}
    assert (things["rows"], parts["rows"]) == (60, 90)
    fields = {field["name"]: field for field in things["schema"]["fields"]}
    with (folder / "things.tsv").open() as file:
        assert [*fields] == next(csv.reader(file, delimiter="\t"))
    assert {name: field["type"] for name, field in fields.items()} == {
        "thing_id": "string", "code": "string", "note": "string", "short": "string",
        "secret": "string", "amount": "number", "ratio": "number", "n": "integer",
        "level": "integer", "flag": "boolean", "day": "date", "at": "datetime",
        "since": "string", "doc": "string",
        "parent_id": "string", "person_id": "string", "extra": "string",
    }  # fmt: skip
    assert fields["code"]["constraints"] == {"required": True, "unique": True}
    assert fields["short"]["constraints"] == {"maxLength": 5}
    assert fields["since"]["constraints"] == {"pattern": PATTERN}
    assert fields["level"]["constraints"] == {"enum": [1, 2, 3]}
    assert (fields["amount"]["unit"], fields["code"]["codes"]) == ("USD", "ZIP")
    assert things["schema"]["primaryKey"] == ["thing_id"]
    assert things["schema"]["foreignKeys"] == [
        {"fields": ["parent_id"], "reference": {"fields": ["thing_id"]}}
    ]
    assert parts["schema"]["uniqueKeys"] == [["thing_id", "number"]]
    assert [key["reference"]["resource"] for key in parts["schema"]["foreignKeys"]] == [
        "things", "things",
    ]  # fmt: skip


def validated(folder: Path, *, native: bool = False) -> list[str]:
    """What frictionless finds wrong, foreign keys included.

    It reads Parquet through pandas, which makes NaN of a missing whole number, counts no bytes and
    takes no hash. So Arrow reads the rows for it, unless ``native``; another test compares bytes
    and hashes.
    """
    import frictionless

    descriptor = json.loads((folder / "datapackage.json").read_text("utf-8"))
    for resource in descriptor["resources"]:
        if resource["format"] == "parquet":
            rows = pq.read_table(folder / resource["path"]).to_pylist()
            for name in ("bytes", "hash", *(() if native else ("path", "format", "mediatype"))):
                del resource[name]
            if not native:
                resource["data"] = rows
    package = frictionless.Package.from_descriptor(descriptor, basepath=str(folder))
    report = package.validate()
    errors = [*report.errors, *(error for task in report.tasks for error in task.errors)]
    assert report.valid == (not errors)
    assert len(report.tasks) == len(descriptor["resources"])
    return [error.message for error in errors]


# Not json: frictionless's reader of it gives up on a double such as 1e300.
@pytest.mark.parametrize("format", ["csv", "tsv", "ndjson", "parquet"])
def test_frictionless_finds_the_export_valid(filled: Store, tmp_path: Path, format: str) -> None:
    filled.persist({"owners": [owner(n) for n in range(9)]}, scenario="odd")
    filled.export_scenario("odd", format=format, to=tmp_path / "out")
    assert validated(tmp_path / "out") == []
    filled.export_scenario("odd", format=format, to=tmp_path / "few", drop_sensitive=True)
    assert validated(tmp_path / "few") == []


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_frictionless_finds_what_is_wrong(filled: Store, tmp_path: Path, format: str) -> None:
    """So the test above can fail."""
    with contextlib.closing(sqlite3.connect(filled.find("odd"))) as connection:
        connection.execute("UPDATE parts SET other_id = 'nobody' WHERE number = 1")
        connection.commit()
    filled.export_scenario("odd", format=format, to=tmp_path / "out")
    found = validated(tmp_path / "out")
    assert found
    assert all("foreign key" in message for message in found)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_frictionless_finds_synthea_valid(tmp_path: Path, format: str) -> None:
    if not SYNTHEA.is_dir():
        pytest.skip(f"there is no Synthea sample at {SYNTHEA}")
    installed.cache_clear()
    if not {"patientsim", "membersim"} <= installed().declarations.keys():
        pytest.skip("PatientSim and MemberSim are not both installed")
    with Store(tmp_path / "store") as store:
        store.import_data([SYNTHEA], format="synthea", scenario="syn")
        store.export_scenario("syn", format=format, to=tmp_path / "out")
        assert validated(tmp_path / "out") == []
        # By its own reader, which takes long over the larger tables.
        few = ["patients", "allergies", "vital_signs"]
        store.export_scenario("syn", format="parquet", to=tmp_path / "few", entities=few)
    assert validated(tmp_path / "few", native=True) == []


# -- read by others --------------------------------------------------------------------------


def test_pandas_reads_it(filled: Store, tmp_path: Path) -> None:
    for format in FORMATS:
        filled.export_scenario("odd", format=format, to=tmp_path / format)
    frame = pd.read_parquet(tmp_path / "parquet" / "things.parquet")
    assert frame["ratio"].dtype == "float64"
    assert str(frame["at"].dtype) == "datetime64[us]"
    assert frame["amount"].dropna().map(type).eq(decimal.Decimal).all()
    assert frame["day"].dropna().map(type).eq(dt.date).all()
    assert frame["code"].tolist() == [f"{n:05}" for n in range(60)]
    text = pd.read_csv(tmp_path / "csv" / "things.csv", dtype=str, keep_default_na=False)
    tabs = pd.read_csv(tmp_path / "tsv" / "things.tsv", sep="\t", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(text, tabs)
    assert text["note"].tolist() == [odd.TEXTS[n % len(odd.TEXTS)] or "" for n in range(60)]
    lines = pd.read_json(tmp_path / "ndjson" / "things.ndjson", lines=True, dtype=False)
    assert lines["code"].tolist() == frame["code"].tolist()


def test_duckdb_reads_it(filled: Store, tmp_path: Path) -> None:
    filled.export_scenario("odd", format="parquet", to=tmp_path / "out")
    with duckdb.connect() as connection:
        relation = connection.sql(f"SELECT * FROM '{tmp_path}/out/things.parquet'")
        types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        assert types == {
            "thing_id": "VARCHAR", "code": "VARCHAR", "note": "VARCHAR", "short": "VARCHAR",
            "secret": "VARCHAR", "amount": "DECIMAL(12,2)", "ratio": "DOUBLE", "n": "BIGINT",
            "level": "BIGINT", "flag": "BOOLEAN", "day": "DATE", "at": "TIMESTAMP",
            "since": "VARCHAR",
            "doc": "VARCHAR", "parent_id": "VARCHAR", "person_id": "VARCHAR", "extra": "VARCHAR",
        }  # fmt: skip
        join = (
            f"SELECT count(*), sum(amount) FROM '{tmp_path}/out/things.parquet' AS t"
            f" JOIN '{tmp_path}/out/parts.parquet' AS p USING (thing_id)"
        )
        count, total = connection.sql(join).fetchall()[0]
    ((expected, about),) = stored(
        filled, "SELECT count(*), sum(amount) FROM things JOIN parts USING (thing_id)"
    )
    assert (count, float(total)) == (expected, pytest.approx(about))


def test_spark_reads_it(filled: Store, tmp_path: Path) -> None:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: pip install '.[spark]'")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none here")
    filled.export_scenario("odd", format="parquet", to=tmp_path / "out")
    code = (
        "import json, sys\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')"
        ".getOrCreate()\n"
        "things = spark.read.parquet(sys.argv[1] + '/things.parquet')\n"
        "parts = spark.read.parquet(sys.argv[1] + '/parts.parquet')\n"
        "print(json.dumps([dict(things.dtypes), things.count(), parts.count(),"
        " things.join(parts, 'thing_id').count(), things.where('note = \"\"').count()]))\n"
        "spark.stop()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "out")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    types, things, parts, joined, empty = json.loads(done.stdout.splitlines()[-1])
    assert (things, parts, joined) == (60, 90, 90)
    assert empty == len(stored(filled, "SELECT 1 FROM things WHERE note = ''"))
    assert types == {
        "thing_id": "string", "code": "string", "note": "string", "short": "string",
        "secret": "string", "amount": "decimal(12,2)", "ratio": "double", "n": "bigint",
        "level": "bigint", "flag": "boolean", "day": "date", "at": "timestamp_ntz",
        "since": "string",
        "doc": "string", "parent_id": "string", "person_id": "string", "extra": "string",
    }  # fmt: skip


# -- sensitive columns -----------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_sensitive_columns_are_left_out_on_request(
    filled: Store, tmp_path: Path, format: str
) -> None:
    filled.persist({"owners": [owner(n) for n in range(3)]}, scenario="odd")
    filled.export_scenario("odd", format=format, to=tmp_path / "all")
    filled.export_scenario("odd", format=format, to=tmp_path / "few", drop_sensitive=True)
    package = json.loads((tmp_path / "few" / "datapackage.json").read_text())
    names = {field["name"] for r in package["resources"] for field in r["schema"]["fields"]}
    assert "full_name" in names
    assert not names & {"tax_number", "secret"}
    assert b"tax_number" in (tmp_path / "all" / f"owners.{format}").read_bytes()
    assert b"tax_number" not in (tmp_path / "few" / f"owners.{format}").read_bytes()


def test_sensitive_columns_are_empty_in_sqlite(filled: Store, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(filled.find("odd"))) as connection:
        connection.execute("UPDATE things SET secret = 'whisper' || rowid")
        connection.commit()
    filled.export_scenario("odd", format="sqlite", to=tmp_path / "out", drop_sensitive=True)
    copy = tmp_path / "out" / "odd.db"
    assert b"whisper" in filled.find("odd").read_bytes()
    assert b"whisper" not in copy.read_bytes()
    columns, *rows = odd.tables(copy)["things"]
    assert {row[columns.index("secret")] for row in rows} == {None}
    assert len(rows) == 60


# -- the reply -------------------------------------------------------------------------------


def test_the_reply_is_json_ready(filled: Store, tmp_path: Path) -> None:
    result = filled.export_scenario("odd", format="parquet", to=tmp_path / "out")
    told = json.loads(json.dumps(result.to_dict()))
    assert told["files"][0] == {
        "name": "things.parquet", "entity_type": "things", "rows": 60,
        "bytes": (tmp_path / "out" / "things.parquet").stat().st_size,
    }  # fmt: skip
    csv_ = filled.export_scenario("odd", format="csv", to=tmp_path / "csv")
    assert told["csv_exact"] is True
    assert told["csv_bytes"] == csv_.bytes
    assert csv_.csv_bytes is None


def test_the_comparison_with_csv_is_near_where_it_is_scaled(filled: Store, tmp_path: Path) -> None:
    filled.persist({"things": odd.things(20_000)}, scenario="large")
    parquet = filled.export_scenario("large", format="parquet", to=tmp_path / "parquet")
    csv_ = filled.export_scenario("large", format="csv", to=tmp_path / "csv")
    assert not parquet.csv_exact
    assert parquet.csv_bytes == pytest.approx(csv_.bytes, rel=0.02)
    assert "% smaller than CSV!)" in str(parquet)
    assert "(about " in str(parquet)


def test_the_lines_of_the_reply_run(filled: Store, tmp_path: Path) -> None:
    for format in FORMATS:
        reply = str(filled.export_scenario("odd", format=format, to=tmp_path / format))
        code = reply[reply.index("```python\nimport pandas") :].split("```")[1]
        names: dict[str, Any] = {}
        exec(code.removeprefix("python"), names)
        assert len(names["things"]) == 60
        assert len(names["parts"]) == 90


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_commands_of_the_reply_run(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from a folder with a blank and a quote in its name, below the home folder or not."""
    for number, home in enumerate((tmp_path, tmp_path / "home")):
        monkeypatch.setenv("HOME", str(home))
        to = tmp_path / f"here's {number}"
        reply = str(filled.export_scenario("odd", format="sqlite", to=to))
        lines = reply[reply.index("```\nhealthsim-store") :].split("```")[1].split("\n")[1:-1]
        assert [line.split()[0] for line in lines] == ["healthsim-store", "sqlite3"]
        assert ("~/" in lines[0]) == (number == 0)
        for line in lines:
            told = subprocess.run(
                ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True
            )
            words = told.stdout.split("\0")[:-1]
            assert Path(words[-1] if ".tables" not in words else words[1]).is_file(), words
            if words[0] == "healthsim-store":
                done = command(*words[1:], environment=os.environ)
                assert done.returncode == 0, done.stderr


def test_progress_counts_the_rows(filled: Store, tmp_path: Path) -> None:
    for format in ("csv", "sqlite"):
        calls: list[int] = []
        filled.export_scenario("odd", format=format, to=tmp_path / format, progress=calls.append)
        assert sum(calls) == 150


# -- the command line ------------------------------------------------------------------------


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path / "home" / "Downloads"))
    return tmp_path / "home" / "Downloads"


def persisted(run: Run) -> None:
    batch = {"owners": [owner(n) for n in range(30)], "pets": [{"owner_id": "o1"}]}
    assert run("persist", "--scenario", "pets-1", input=json.dumps(batch)).returncode == 0


def test_the_command(run: Run, downloads: Path) -> None:
    persisted(run)
    done = run("export", "pets")
    assert (done.returncode, done.stderr) == (0, "")
    assert '**Exported "pets-1" to CSV**' in done.stdout
    assert "| owners.csv | 30 | " in done.stdout
    assert "**Location**: `~/Downloads/pets-1/`" in done.stdout
    assert "pd.read_csv('~/Downloads/pets-1/owners.csv')" in done.stdout
    assert (downloads / "pets-1" / "owners.csv").exists()
    run("export", "pets", "--format", "parquet", "--entity", "people")
    assert sorted(p.name for p in (downloads / "pets-1-parquet").iterdir()) == [
        "datapackage.json", "owners.parquet",
    ]  # fmt: skip
    again = run("export", "pets", "--json")
    assert again.returncode == 4
    assert "target_exists" in again.stderr
    told = json.loads(run("export", "pets", "--force", "--json", "--drop-sensitive").stdout)
    assert told["location"] == str(downloads / "pets-1")
    assert "tax_number" not in (downloads / "pets-1" / "owners.csv").read_text()
    assert [p.name for p in downloads.iterdir() if p.name.startswith(".")] == []
    back = run("import", str(downloads / "pets-1-parquet"), "-s", "back")
    assert back.returncode == 0, back.stderr
    assert "| owners.parquet | 30 " in back.stdout


def test_a_bar_for_who_watches_a_terminal(run: Run, tmp_path: Path, toy_folder: Path) -> None:
    persisted(run)
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "HEALTHSIM_STORE_DIR": str(tmp_path / "store"), "PYTHONPATH": str(toy_folder),
        "TERM": "xterm",
    }  # fmt: skip
    command = ["healthsim_store", "export", "pets", "--to", str(tmp_path / "out"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE, stderr=theirs, env=environment, timeout=120, check=True,
    )  # fmt: skip
    os.close(theirs)
    seen = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "Exporting" in seen
    assert "100%" in seen
    assert json.loads(done.stdout)["rows"] == 31
