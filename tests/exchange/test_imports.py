"""Import: every format, and files that are not as they should be."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run, owner

from healthsim_store import Store
from healthsim_store.errors import HealthsimStoreError, InvalidArgument, InvalidRows, SourceError

OWNERS = [owner(n) for n in range(5)]
HEADER = ",".join(OWNERS[0])


def as_csv(delimiter: str = ",") -> str:
    lines = [list(OWNERS[0]), *([str(value) for value in row.values()] for row in OWNERS)]
    return "\n".join(delimiter.join(line) for line in lines) + "\n"


def test_every_format_gives_the_same(store: Store, tmp_path: Path) -> None:
    files = {
        "owners.csv": as_csv(),
        "owners.tsv": as_csv("\t"),
        "people.csv": "\ufeff" + as_csv(),
        "owners.json": json.dumps(OWNERS),
        "all.json": json.dumps({"owners": OWNERS}),
        "owners.ndjson": "\n".join(map(json.dumps, OWNERS)) + "\n\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    table = pa.Table.from_pylist(OWNERS)
    pq.write_table(table, tmp_path / "owners.parquet")
    for name in [*files, "owners.parquet"]:
        result = store.import_data([tmp_path / name], scenario=name.replace(".", "-"))
        assert result.rows == 5
        assert result.unmapped == 0
        assert store.load_scenario(name.replace(".", "-"))["owners"] == OWNERS


def test_a_folder_with_children_before_their_parents(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "owners.csv").write_text(as_csv())
    (folder / "animals.csv").write_text("owner_tax_number,species,weight\nT1,dog,4.5\nT2,,\n")
    (folder / "README.txt").write_text("not for import")
    result = store.import_data([folder], scenario="s")
    assert {a.name: a.rows for a in result.sources} == {"animals.csv": 2, "owners.csv": 5}
    assert store.query_scenario("s", "SELECT species, weight FROM pets ORDER BY rowid").rows == [
        {"species": "dog", "weight": 4.5},
        {"species": "cat", "weight": None},
    ]


FAULTS: dict[str, tuple[str, bytes, str]] = {
    "ragged": ("owners.csv", f"{HEADER}\na,b\n".encode(), "line 2: 2 cells, but the header has 5"),
    "latin-1": ("owners.csv", as_csv().replace("Owner 3", "Böse").encode("latin-1"), "0xF6"),
    "no header": ("owners.csv", b"o1,T1,Ann,F,2000-01-01\n" * 2, "none of its columns"),
    "empty": ("owners.csv", b"", "is empty"),
    "doubled header": ("owners.csv", b"full_name,full_name\na,b\n", "full_name more than once"),
    "open quote": ("owners.csv", f'{HEADER}\n"a,b\n'.encode(), "line"),
    "no json": ("owners.json", b"{", "line 1: not JSON"),
    "twice": ("owners.json", b'[{"owner_id": "a", "owner_id": "b"}]', "'owner_id' is there twice"),
    "digits": ("owners.ndjson", b'{"owner_id": ' + b"1" * 5000 + b"}", "line 1: a number has too"),
    "no ndjson": ("owners.ndjson", b'{"a": 1}\n{', "line"),
    "scalar": ("owners.json", b"5", "Give a list"),
    "no parquet": ("owners.parquet", b"PAR1 but no more", "not a whole Parquet file"),
    "ending": ("owners.xyz", b"a", "the ending tells no format"),
    "type": ("ownrs.csv", as_csv().encode(), "Did you mean owners"),
}


@pytest.mark.parametrize(("name", "content", "said"), FAULTS.values(), ids=FAULTS)
def test_files_that_are_not_as_they_should_be(
    store: Store, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HealthsimStoreError) as caught:
        store.import_data([path], scenario="s")
    assert said in str(caught.value)
    assert store.names() == []


def test_what_the_hints_say_helps(store: Store, tmp_path: Path) -> None:
    latin = tmp_path / "owners.csv"
    latin.write_bytes(as_csv().replace("Owner 3", "Böse").encode("latin-1"))
    store.import_data([latin], scenario="latin", encoding="latin-1")
    assert store.query_scenario("latin", "SELECT * FROM owners WHERE full_name = 'Böse'").rows
    headless = tmp_path / "headless.csv"
    headless.write_text("\n".join(as_csv().splitlines()[1:]))
    columns = HEADER.split(",")
    store.import_data([headless], scenario="headless", entity_type="owners", columns=columns)
    assert store.load_scenario("headless")["owners"] == OWNERS
    with pytest.raises(InvalidArgument, match="Unknown encoding"):
        store.import_data([latin], encoding="klingon")
    with pytest.raises(SourceError):
        store.import_data([tmp_path / "nothing"])


def test_a_bad_row_of_a_file_is_named(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text(as_csv().replace("1903-01-15", "1903-13-15"))
    with pytest.raises(InvalidRows, match=r"owners \(owners.csv, line 5\), born '1903-13-15'"):
        store.import_data([path], scenario="s")


def test_standard_input_and_the_reply(run: Run) -> None:
    answer = run(
        "import", "-", "--format", "csv", "--entity-type", "owners", "-s", "s", input=as_csv()
    )
    assert answer.returncode == 0, answer.stderr
    assert "| standard input | 5      | owners                |" in answer.stdout
    again = run(
        "import", "-", "--format", "csv", "--entity-type", "owners", "-s", "s",
        "--on-conflict", "skip", input=as_csv(),
    )  # fmt: skip
    assert again.stdout.startswith('Added to "s": nothing new; 5 owners skipped\n')
    refused = run("import", "-", input=as_csv())
    assert refused.returncode == 2
    assert "--format" in refused.stderr


def test_progress_counts_the_bytes(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text(as_csv())
    sizes: list[Any] = []
    store.import_data([path], scenario="s", progress=sizes.append)
    assert sum(sizes) == path.stat().st_size


@pytest.mark.parametrize(
    "name", ["owners.csv", "owners.parquet", "owners.json", "datapackage.json"]
)
def test_a_pipe_in_a_folder_is_told_at_once(store: Store, tmp_path: Path, name: str) -> None:
    """Nobody writes to it, so who reads from it would wait for ever."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "pets.csv").write_text("species,owner_id\ncat,1\n")
    os.mkfifo(folder / name)
    with pytest.raises(SourceError, match="is no file"):
        store.import_data([folder], scenario="s")
    assert store.names() == []
