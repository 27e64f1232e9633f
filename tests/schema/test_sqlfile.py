"""Reading .sql files: statements, the comments above them, and markers."""

from __future__ import annotations

import pytest

from healthsim_store.errors import DeclarationError
from healthsim_store.schema.sqlfile import Comment, read_comment, read_statements


def read(text: str) -> list[tuple[str, str, int]]:
    found = read_statements(text, file="f.sql", markers=("name", "unit"))
    return [(statement.sql, statement.comment.text, statement.line) for statement in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("-- only words\n\n", []),
        ("SELECT 1;", [("SELECT 1", "", 1)]),
        ("SELECT 1;\nSELECT\n  2;", [("SELECT 1", "", 1), ("SELECT\n  2", "", 2)]),
        ("-- One\n--  and more\nSELECT 1;", [("SELECT 1", "One and more", 3)]),
        # One that is followed by an empty line belongs to the file.
        ("-- The file\n\n-- One\nSELECT 1;", [("SELECT 1", "One", 4)]),
        ("-- The file\n\nSELECT 1;", [("SELECT 1", "", 3)]),
        ("-- One\nSELECT 1;\nSELECT 2;", [("SELECT 1", "One", 2), ("SELECT 2", "", 3)]),
        ("SELECT ';\n';", [("SELECT ';\n'", "", 1)]),
        ("SELECT 1 -- not the end;\n;", [("SELECT 1 -- not the end;\n", "", 1)]),
        ("SELECT 1; SELECT 2; -- both\n\n;", [("SELECT 1", "", 1), ("SELECT 2", "", 1)]),
        ("SELECT '\u2028\x0b';", [("SELECT '\u2028\x0b'", "", 1)]),
        (
            "\ufeff-- One\r\nSELECT\r\n1;\r-- Two\rSELECT 2;",
            [
                ("SELECT\n1", "One", 2),
                ("SELECT 2", "Two", 5),
            ],
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;\nSELECT 3;",
            [
                ("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END", "", 1),
                ("SELECT 3", "", 2),
            ],
        ),
        ("SELECT 1\n-- inside\n\n, 2;", [("SELECT 1\n-- inside\n\n, 2", "", 1)]),
    ],
)
def test_statements(text: str, found: list[tuple[str, str, int]]) -> None:
    assert read(text) == found


def test_a_statement_says_where_it_stands() -> None:
    (statement,) = read_statements("\n\nSELECT 1;", file="f.sql", markers=())
    assert statement.where == "f.sql, line 3"


@pytest.mark.parametrize(
    "text", ["SELECT 1", "SELECT 1;\n\nSELECT ';", "SELECT 1;\n\nSELECT 2 /*;"]
)
def test_a_statement_without_an_end_is_told(text: str) -> None:
    line = text.count("\n") + 1
    with pytest.raises(DeclarationError, match=rf"f\.sql, line {line}: the statement has no end"):
        read(text)


def test_markers() -> None:
    comment = read_comment(
        "Weight  of it @unit kg @alias heavy\n pets @alias and light", allowed=("unit", "alias"),
        where="f.sql, line 1",
    )  # fmt: skip
    assert comment == Comment("Weight of it", {"unit": "kg", "alias": "heavy pets and light"})
    assert comment.words("alias") == ("heavy", "pets", "and", "light")
    assert comment.words("unit") == ("kg",)
    assert comment.words("other") == ()


def test_a_marker_begins_a_word() -> None:
    assert read_comment("mail a@b.org", allowed=(), where="") == Comment("mail a@b.org", {})
    assert read_comment("@chart", allowed=("chart",), where="") == Comment("", {"chart": ""})


def test_pairs_of_several_markers() -> None:
    comment = read_comment("@synonym a=A @synonym b=B, c=C", allowed=("synonym",), where="")
    assert comment.pairs("synonym") == {"a": "A", "b": "B", "c": "C"}


def test_pairs() -> None:
    comment = Comment("", {"synonym": "female=F, male = M, no pair, a=b=c"})
    assert comment.pairs("synonym") == {"female": "F", "male": "M", "a": "b=c"}
    assert comment.pairs("other") == {}


def test_an_unknown_marker_is_told_with_its_place() -> None:
    with pytest.raises(DeclarationError, match=r"f\.sql, line 2: unknown marker @xyz") as error:
        read("-- x @xyz y\nSELECT 1;")
    assert error.value.hint == "Allowed here: @name, @unit."
