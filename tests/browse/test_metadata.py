"""metadata.yml and datasette.yml: fresh, and understood by Datasette itself."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import SCHEMA, SUMMARY, Run, owner

from healthsim_store import Store
from healthsim_store.browse.metadata import write_metadata
from healthsim_store.errors import InvalidArgument, NotWritable
from healthsim_store.plugins import installed
from healthsim_store.schema.parser import read_declaration

ROOT = Path(__file__).resolve().parents[2]


def test_the_files_at_the_top_are_fresh(tmp_path: Path) -> None:
    installed.cache_clear()
    products = {"membersim", "patientsim", "trialsim"}
    declarations = {n: d for n, d in installed().declarations.items() if n in products}
    if declarations.keys() != products:
        pytest.skip("the three products are not all installed")
    for path in write_metadata(tmp_path, declarations.values()):
        committed = (ROOT / path.name).read_text("utf-8")
        assert path.read_text("utf-8") == committed, "run: healthsim-store metadata"


@pytest.mark.newest
def test_datasette_shows_what_was_declared(store: Store, tmp_path: Path, run: Run) -> None:
    store.persist({"owners": [owner(1)], "pets": [{"owner_id": "o1", "weight": 3}]}, scenario="zoo")
    done = run("metadata", "--database", "zoo", "--to", str(tmp_path))
    assert done.returncode == 0, done.stderr

    # 0.65 has all of it in metadata.yml; 1.0 reads facets and queries from the other file.
    is_old = importlib.metadata.version("datasette").startswith("0.")
    newer = [] if is_old else ["--config", str(tmp_path / "datasette.yml")]

    def page(path: str, *, found: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "datasette", str(store.path / "zoo.db"),
             "--metadata", str(tmp_path / "metadata.yml"), *newer, "--get", path],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0 or not found, done.stderr
        return done.stdout

    table = page("/zoo/pets")
    assert "Weight (unit kg)" in table
    assert "Who feeds it (refers to owners)" in table
    assert "T1" in table  # an owner is shown by the natural key
    assert "facet-species" in table or "_facet=species" in table or "Facet by this" in table
    species = page("/zoo/toy_species")
    assert "cat" in species
    assert "1 cat" not in species
    asked = page("/zoo/toy_heavy_pets?least=2.5")
    for text in ("<h1", "Pets of more than :least kg", ":least is 20", 'name="species"', "Owner 1"):
        assert text in asked, text
    assert "Owner 1" not in page("/zoo/toy_heavy_pets")
    assert "no such table: treatments" in page("/zoo/toy_doctors", found=False)
    assert "_log" not in page("/zoo").partition("hidden table")[0]


def test_a_column_added_to_schema_sql_is_there(tmp_path: Path) -> None:
    more = SCHEMA.replace("  legs INTEGER,", "  colour VARCHAR, -- Fur\n  legs INTEGER,")
    declaration = read_declaration("toy", "1.1", more, SUMMARY)
    metadata, configuration = write_metadata(tmp_path, [declaration], databases=["zoo"])
    tables = yaml.safe_load(metadata.read_text("utf-8"))["databases"]["zoo"]["tables"]
    assert tables["pets"]["columns"]["colour"] == "Fur"
    tables = yaml.safe_load(configuration.read_text("utf-8"))["databases"]["zoo"]["tables"]
    assert tables["pets"] == {"facets": ["species"]}
    assert tables["owners"]["label_column"] == "tax_number"
    assert tables["_log"] == {"hidden": True}


def test_somebody_s_own_file_is_not_overwritten(tmp_path: Path) -> None:
    own = tmp_path / "datasette.yml"
    own.write_text("mine: true\n")
    with pytest.raises(InvalidArgument, match="was not written by this command"):
        write_metadata(tmp_path, [])
    assert own.read_text() == "mine: true\n"
    assert not (tmp_path / "metadata.yml").exists()
    write_metadata(tmp_path, [], force=True)
    write_metadata(tmp_path, [])
    with pytest.raises(NotWritable):
        write_metadata(tmp_path / "missing", [])
