"""migrations.sql: what is read, and what is refused with file and line."""

from __future__ import annotations

import pytest

from healthsim_store.errors import DeclarationError
from healthsim_store.schema.migrations import read_migrations

GOOD = """-- Migrations of the vet.

-- @migration rename_dob to 1.1: birth_date was called dob
-- @since 1.0
ALTER TABLE pets RENAME COLUMN dob TO birth_date;

-- @migration split to 2.0: towns have a table of their own,
-- as in the register @drops_rows pets visits @adds_rows towns
CREATE TABLE towns AS SELECT town FROM pets;
-- A comment of no importance.
DELETE FROM pets WHERE town IS NULL;
"""


def read(text: str, version: str = "2.0") -> object:
    return read_migrations("vet", version, text, file="vet/migrations.sql")


def test_what_is_read() -> None:
    oldest, (first, second) = read_migrations("vet", "2.1", GOOD, file="migrations.sql")
    assert oldest == "1.0"
    assert (first.name, first.version, first.description) == (
        "rename_dob", "1.1", "birth_date was called dob",
    )  # fmt: skip
    assert first.statements == (
        ("ALTER TABLE pets RENAME COLUMN dob TO birth_date", "migrations.sql, line 5"),
    )
    assert second.description == "towns have a table of their own, as in the register"
    assert (second.drops_rows, second.adds_rows) == (("pets", "visits"), ("towns",))
    assert [sql for sql, _ in second.statements] == [
        "CREATE TABLE towns AS SELECT town FROM pets", "DELETE FROM pets WHERE town IS NULL",
    ]  # fmt: skip


def test_no_file_is_no_migrations() -> None:
    assert read("") == ("", ())
    assert read("-- Nothing yet.\n") == ("", ())


def test_only_its_sql_makes_it_another_one() -> None:
    _, (first, second) = read_migrations("vet", "2.0", GOOD, file="x")
    again = GOOD.replace("was called", "is not").replace("TABLE pets", "TABLE\n  pets")
    _, (same, _) = read_migrations("vet", "2.0", again, file="x")
    assert first.digest == same.digest != second.digest
    _, (_, other) = read_migrations("vet", "2.0", GOOD.replace("IS NULL", "= 1"), file="x")
    assert other.digest != second.digest


def test_a_version_before_the_release_of_it_will_do() -> None:
    for version in ("2.0.dev1", "2.0rc1", "2.0+local"):
        assert read(GOOD, version)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("to 2.0", "to 2.1"), "line 9: split is to 2.1, but the product is 2.0"),
        (("to 2.0", "to 1.0.9"), "split is to 1.0.9, and stands after rename_dob"),
        (("to 2.0", "to soon"), "split to soon, which is no version"),
        (("to 2.0:", "2.0:"), "@migration split 2.0: towns"),
        (("split to", "Split-it to"), "@migration Split-it to 2.0"),
        (("1.1: birth_date was called dob", "1.1"), "@migration rename_dob to 1.1 is not"),
        (("split to", "rename_dob to"), "a second migration named rename_dob"),
        (("-- @since 1.0\n", ""), "line 4: the first migration needs @since and a version before"),
        (("@since 1.0", "@since 1.1"), "needs @since and a version before 1.1"),
        (("@since 1.0", "@since ever"), "needs @since and a version before 1.1"),
        (("-- A comment of no importance.", "-- @drops_rows pets"), "line 11: @drops_rows belongs"),
        (("@adds_rows towns", "@adds towns"), "unknown marker @adds"),
        (("-- @migration rename_dob", "UPDATE pets SET a = 1;\n-- @migration rename_dob"),
         "line 3: a statement before the first @migration"),
        (("as in the register @drops", "as in the register @drops_rows a\n\n-- @drops"),
         "line 7: @migration belongs to nothing"),
        (("-- @since 1.0\n", "-- @since 1.0\n\n"), "line 3: @migration belongs to nothing"),
        (("DELETE FROM pets WHERE town IS NULL;", "DELETE FROM pets"), "has no end"),
        (("DELETE FROM pets WHERE town IS NULL", "SELECT 1"), "line 11: SELECT 1 does not belong"),
        (("DELETE FROM pets WHERE town IS NULL", "PRAGMA user_version = 9"), "PRAGMA user_version"),
        (("DELETE FROM pets WHERE town IS NULL", "ATTACH 'x' AS y"), "ATTACH 'x' AS y does not"),
        (("DELETE FROM pets WHERE town IS NULL", "BEGIN"), "BEGIN does not belong here"),
        (("DELETE FROM pets WHERE town IS NULL", "VACUUM"), "VACUUM does not belong here"),
        (("DELETE FROM pets WHERE town IS NULL", "CREATE VIEW v AS SELECT 1"), "CREATE VIEW v AS"),
        (("DELETE FROM pets WHERE town IS NULL",
          "CREATE TRIGGER t AFTER DELETE ON pets BEGIN SELECT 1; END"), "CREATE TRIGGER t"),
        (("DELETE FROM pets WHERE town IS NULL", "CREATE TEMP TABLE t (a)"), "CREATE TEMP TABLE"),
        (("DELETE FROM pets WHERE town IS NULL", "CREATE VIRTUAL TABLE t USING fts5(a)"),
         "CREATE VIRTUAL TABLE"),
    ],
)  # fmt: skip
def test_what_is_refused(change: tuple[str, str], said: str) -> None:
    assert GOOD.count(change[0]) == 1
    with pytest.raises(DeclarationError) as caught:
        read(GOOD.replace(*change))
    assert said in caught.value.message, caught.value.message
    assert caught.value.message.startswith("vet/migrations.sql")
