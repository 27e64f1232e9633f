"""What a plugin adds is there without a line in the server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

PLUGIN = """
from healthsim_store import Exporter, Importer, Parameter, Product, Profile, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="petsim")]

@hookimpl
def healthsim_store_profiles():
    return Profile.all_from_package(__name__)

def write(table, path):
    rows = sum(batch.num_rows for batch in table.batches())
    path.write_text(f"{rows} {table.options['mark']}")

def read(source):
    with source.text() as text:
        yield "pets", [
            {"pet_id": name, "name": name, "species": source.options["species"]}
            for name in text.read().split()
        ]

@hookimpl
def healthsim_store_importers():
    species = Parameter("species", "choice", default="cat", values=("cat", "dog"))
    return [Importer("names", (".names",), read, options=(species,))]

@hookimpl
def healthsim_store_exporters():
    mark = Parameter("mark", "choice", default="!", values=("!", "?"))
    return [Exporter("tally", ".tally", write=write, takes=("pets",), options=(mark,))]
"""

SCHEMA = """
-- Pets
CREATE TABLE pets (
  pet_id VARCHAR PRIMARY KEY, -- Id
  name VARCHAR NOT NULL, -- Name
  species VARCHAR NOT NULL CHECK (species IN ('cat', 'dog')) -- Kind
);
"""

PROFILE = """\
-- Pets of a household @counts pets @count 3

-- @for count
CREATE TABLE trait (
  species VARCHAR -- @choice cat=1, dog=1
);

-- @into pets
SELECT 'P' || key || n AS pet_id, 'Pet ' || n AS name, species FROM trait, run ORDER BY n;
"""


PATIENT = {
    "mrn": "M1", "given_name": "A", "family_name": "B", "birth_date": "1970-01-01", "gender": "F",
}  # fmt: skip


def test_a_product_and_its_profile(stdio: Any, tmp_path: Path) -> None:
    package = tmp_path / "site" / "petsim"
    (package / "profiles").mkdir(parents=True)
    (package / "__init__.py").write_text(PLUGIN, "utf-8")
    (package / "schema.sql").write_text(SCHEMA, "utf-8")
    (package / "summary.sql").write_text("", "utf-8")
    (package / "profiles" / "household.sql").write_text(PROFILE, "utf-8")
    info = tmp_path / "site" / "petsim-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: petsim\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[healthsim_store]\npetsim = petsim\n")
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    with stdio(tmp_path / "store", PYTHONPATH=path) as talk:
        _, data = talk("describe")
        assert data["entity_types"]["petsim"] == "pets"
        assert data["profiles"]["household"] == "Pets of a household"
        _, data = talk("persist", profile="household", seed=1, scenario="home")
        assert data["entity_counts"] == {"pets": 3}
        assert "species(cat|dog)" in talk("describe", scenario="home")[0]
        tools = {tool.name: tool for tool in talk.do(talk.client.list_tools).tools}
        formats = tools["scenario_export"].input_schema["properties"]["format"]["enum"]
        assert formats == data_formats(talk)
        text, data = talk("describe")
        assert data["export_options"]["tally"] == "mark !|? = !"
        assert "Options of the export format tally: mark !|? = !" in text
        assert data["import_options"]["names"] == "species cat|dog = cat"
        assert "Options of the import format names: species cat|dog = cat" in text
        assert "names" in data["import_formats"]
        (tmp_path / "store" / "more.names").write_text("Rex")
        given = {"file": str(tmp_path / "store" / "more.names"), "scenario": "read"}
        talk("persist", **given, options={"species": "dog"})
        sql = "SELECT name, species FROM pets"
        assert talk("query", scenario="read", sql=sql)[1]["rows"] == [["Rex", "dog"]]
        # How the file is read is in the same argument, so a name may be that of either.
        (tmp_path / "store" / "wide.names").write_bytes("Zoë".encode("utf-16-be"))
        wide = {"file": str(tmp_path / "store" / "wide.names"), "scenario": "wide"}
        talk("persist", **wide, options={"species": "dog", "encoding": "utf-16-be"})
        assert talk("query", scenario="wide", sql=sql)[1]["rows"] == [["Zoë", "dog"]]
        told = talk.error("persist", **given, options={"encodin": "utf-16-be"})
        assert "Did you mean encoding?" in told
        told = talk.error("persist", **given, options={"species": "cow"})
        assert "'cow' does not fit species: give one of cat, dog." in told
        talk("persist", entities={"patients": [PATIENT]}, scenario="home")
        given = {"scenario": "home", "format": "tally"}
        text, data = talk("export", **given, to="exports/t", options={"mark": "?"})
        assert data["left_out"] == {"patients": 1}
        assert "**Left out**: patients (1 rows): the format tally does not take it" in text
        assert (tmp_path / "store" / "exports" / "t" / "pets.tally").read_text() == "3 ?"
        assert "is given by the user" in talk.error("export", scenario="home", format="./club")
        told = talk.error("export", **given, options={"mark": "x"})
        assert "'x' does not fit mark: give one of !, ?." in told


def data_formats(talk: Any) -> list[str]:
    return list(talk("describe")[1]["export_formats"])
