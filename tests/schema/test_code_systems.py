"""The table of code systems: it is well-formed, and names are found as people write them."""

from __future__ import annotations

import re

import pytest

from healthsim_store import Product
from healthsim_store.plugins import installed
from healthsim_store.plugins.code_notes import code_notes
from healthsim_store.plugins.plugin import Plugin
from healthsim_store.schema.code_systems import code_systems, find_code_system


def test_what_is_said_is_well_formed() -> None:
    names = [n.lower() for s in code_systems() for n in (s.name, *s.aliases)]
    assert len(names) == len({*names})
    assert [s.name.lower() for s in code_systems()] == sorted(
        s.name.lower() for s in code_systems()
    )
    for system in code_systems():
        assert system.licence, system.name
        assert re.fullmatch(r"(https?://[^ ]+|urn:[a-z0-9:.]+)?", system.uri), system.name
        assert re.fullmatch(r"([0-2](\.\d+)+)?", system.oid), system.name
        assert all(re.fullmatch(r"[A-Z0-9]{2,3}", one) for one in system.x12), system.name
        assert ("{}" in system.uri) <= system.family, system.name


@pytest.mark.parametrize(
    ("written", "name", "uri"),
    [
        ("LOINC", "LOINC", "http://loinc.org"),
        ("snomed", "SNOMED CT", "http://snomed.info/sct"),
        ("icd-10-cm", "ICD-10-CM", "http://hl7.org/fhir/sid/icd-10-cm"),
        ("ISO 3166-1 alpha-3", "ISO 3166", "urn:iso:std:iso:3166"),
        ("HL7 v2  0001", "HL7 v2", "http://terminology.hl7.org/CodeSystem/v2-{}"),
        ("US Core race", "US Core race", "urn:oid:2.16.840.1.113883.6.238"),
        ("CDISC SEX", "CDISC", ""),
    ],
)
def test_it_is_found_by_its_names(written: str, name: str, uri: str) -> None:
    found = find_code_system(written)
    assert found is not None
    assert (found.name, found.uri) == (name, uri)


@pytest.mark.parametrize("written", ["", "LOINC 2.77", "ICD-11", "Sex", "HL7 v9 0001", "LOINCS"])
def test_an_unknown_one_is_not_made_up(written: str) -> None:
    assert find_code_system(written) is None


def test_the_products_name_none_that_is_unknown() -> None:
    for product in installed().declarations.values():
        for entity_type in product.entity_types:
            for column in entity_type.columns:
                if column.codes and product.product in ("patientsim", "membersim", "trialsim"):
                    assert find_code_system(column.codes), f"{column.where}: {column.codes}"


def test_an_unknown_one_is_noted_with_its_columns() -> None:
    lines = [f"  c{n} VARCHAR, -- Code @codes LOINCS" for n in range(5)]
    schema = "\n".join([
        "-- Rows @alias row", "CREATE TABLE some_rows (", "  row_id VARCHAR PRIMARY KEY, -- Id",
        *lines, "  d VARCHAR, -- D @codes ICD-10-CM", "  e VARCHAR -- E @codes Own list", ");",
    ])  # fmt: skip
    plugin = Plugin("own", "own", "1.0", products=(Product("own", "1.0", schema),))
    assert [*code_notes(plugin)] == [
        "@codes LOINCS (some_rows.c0, some_rows.c1, some_rows.c2 and 2 more) is no code system that"
        " is known here. Did you mean LOINC?",
        "@codes Own list (some_rows.e) is no code system that is known here",
    ]
    assert not [*code_notes(Plugin("own", "own", "1.0", plugin.products, problem="it fails"))]
