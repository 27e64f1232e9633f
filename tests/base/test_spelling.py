"""What a wrong name was meant to be: known answers, worked out by hand."""

from __future__ import annotations

import pytest

from healthsim_store.base.spelling import Meant, meant_by, plain

TABLES = ("patients", "prescriptions", "claims", "lab_results", "members")
TABLE_ALIASES = {"labs": "lab_results", "pts": "patients", "patient": "patients"}
COLUMNS = (
    "patient_id", "given_name", "family_name", "birth_date", "language", "code", "postal_code",
    "procedure_code", "start_date", "status",
)  # fmt: skip
COLUMN_ALIASES = {"dob": "birth_date", "surname": "family_name", "zip": "postal_code"}


@pytest.mark.parametrize(("word", "names", "sure"), [
    ("labs", ("lab_results",), True),  # an alias, though claims has more of its letters
    ("Pts", ("patients",), True),
    ("patiens", ("patients",), True),
    ("patinets", ("patients",), True),
    ("Lab Results", ("lab_results",), True),
    ("results", ("lab_results",), False),
    ("persons", (), False),  # no prescriptions
    ("labels", (), False),
    ("", (), False),
    ("__", (), False),
])  # fmt: skip
def test_tables(word: str, names: tuple[str, ...], sure: bool) -> None:
    assert meant_by(word, TABLES, TABLE_ALIASES) == Meant(names, sure)


@pytest.mark.parametrize(("word", "names", "sure"), [
    ("age", (), False),  # no language
    ("dob", ("birth_date",), True),
    ("birthDate", ("birth_date",), True),
    ("given_nam", ("given_name",), True),
    ("surnam", ("family_name",), True),
    ("cod", ("code",), False),  # three letters are too few to be sure
    ("odd", (), False),
    ("name", ("given_name", "family_name"), False),
    ("procedure_id", (), False),  # another thing, however many letters are the same
    ("encounter_date", (), False),
    ("stat", (), False),
    ("patient_status", ("status",), False),
    ("x" * 100_000, (), False),
])  # fmt: skip
def test_columns(word: str, names: tuple[str, ...], sure: bool) -> None:
    assert meant_by(word, COLUMNS, COLUMN_ALIASES) == Meant(names, sure)


def test_the_alias_of_what_is_not_there_is_none() -> None:
    assert meant_by("labs", ["claims"], TABLE_ALIASES) == Meant()


def test_as_a_question() -> None:
    assert Meant().question is None
    assert Meant(("a", "b")).question == "Did you mean a or b?"


@pytest.mark.parametrize("spelling", ["Größe", "größe", " Größe ", "«größe»"])
def test_letters_are_those_of_any_script(spelling: str) -> None:
    assert plain(spelling) == "größe"
    assert plain("age年") == "age年"


@pytest.mark.parametrize("spelling", ["birthDate", "Birth Date", " birth-date ", "BIRTH_DATE"])
def test_plain(spelling: str) -> None:
    assert plain(spelling) == "birth_date"
