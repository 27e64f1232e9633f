"""The dry run of a declaration: a quoted name that is no column is an error with its place."""

from __future__ import annotations

import pytest
from conftest import QUESTIONS, SCHEMA, SUMMARY

from healthsim_store.errors import DeclarationError
from healthsim_store.schema.dry_run import DryRun
from healthsim_store.schema.parser import read_declaration

CHECKS = """
-- Heavy pets have legs
-- @name legs
SELECT pet_id FROM pets WHERE weight > 20 AND legs = 0;
"""
CARD = """
CREATE VIEW owner_cards AS SELECT owner_id, full_name AS "Name" FROM owners;
CREATE INDEX pets_species ON pets (species);
"""


def try_out(**changed: tuple[str, str]) -> None:
    """The toy product, with one piece of one file changed."""
    files = {"schema": SCHEMA + CARD, "summary": SUMMARY, "checks": CHECKS, "questions": QUESTIONS}
    for name, (old, new) in changed.items():
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    DryRun().try_out(read_declaration("toy", "1", *files.values(), folder="toy/"))


@pytest.mark.parametrize(("file", "old", "new"), [
    ("schema", "full_name AS", '"full_name" AS'),
    ("schema", "pets (species)", '"pets" ("species")'),
    ("schema", "CHECK (weight > 0)", 'CHECK ("weight" > 0)'),
    ("summary", "SELECT species", 'SELECT "species"'),
    ("summary", "n DESC", '"n" DESC'),
    ("checks", "weight > 20", '"pets"."weight" > 20'),
    ("questions", "weight DESC", '"weight" DESC'),
])  # fmt: skip
def test_a_quoted_name_that_is_one(file: str, old: str, new: str) -> None:
    try_out(**{file: (old, new)})


@pytest.mark.parametrize(("file", "old", "new", "said"), [
    ("schema", "full_name AS", '"ful_name" AS', r"schema.sql, line \d+: no such column: ful_name"),
    ("schema", "pets (species)", 'pets ("spicies")', r"schema.sql, line .* spicies"),
    ("schema", "CHECK (weight > 0)", 'CHECK ("wieght" > 0)', "table pets: no such column: wieght"),
    ("summary", "SELECT species", 'SELECT "spicies" AS species',
     r"toy/summary.sql, line 4: no such column: spicies \(\"...\" is a name, a text is written"
     r" 'spicies'\)"),
    ("checks", "weight > 20", '"wieght" > 20', "toy/checks.sql, line 4: no such column: wieght"),
    ("questions", "= coalesce(nullif(:species, '')", '= coalesce(nullif(:species, "")',
     "toy/questions.sql, line 5: no such column: .* a text is written ''"),
])  # fmt: skip
def test_one_that_sqlite_would_take_for_text(file: str, old: str, new: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        try_out(**{file: (old, new)})


@pytest.mark.parametrize(("file", "old", "new", "where"), [
    ("schema", "full_name AS \"Name\" FROM owners",
     "n AS \"Name\" FROM (WITH RECURSIVE r(owner_id, n) AS (SELECT 1, 1 UNION ALL SELECT n, n + 1"
     " FROM r) SELECT * FROM r)", r"toy/schema\.sql, line \d+"),
    ("checks", "SELECT pet_id FROM pets WHERE weight > 20 AND legs = 0",
     "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
     r"toy/checks\.sql, line 4"),
])  # fmt: skip
def test_one_that_does_not_end(file: str, old: str, new: str, where: str) -> None:
    with pytest.raises(DeclarationError, match=rf"{where}: it does not end"):
        try_out(**{file: (old, new)})
