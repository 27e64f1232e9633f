"""Two products with everything that a scenario's file can say of one, and files of all kinds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from conftest import PLUGIN, QUESTIONS, SCHEMA, SUMMARY, install, make_older, owner

from healthsim_store import Store
from healthsim_store.plugins import installed

CARD = """
-- One owner for a reader @card owners
CREATE VIEW owner_cards AS
SELECT owner_id, full_name AS owner, (SELECT count(*) FROM pets AS p
  WHERE p.owner_id = o.owner_id) AS Pets
FROM owners AS o;

CREATE INDEX pets_by_species ON pets (species);
"""

CHECKS = """
-- Nobody feeds a hundred @name many
SELECT owner_id, count(*) AS n FROM pets GROUP BY owner_id HAVING n > 100;
"""

CHART = """
-- Years of birth
-- @name years @section Owners @chart
SELECT substr(born, 1, 4) AS year, count(*) AS n FROM owners GROUP BY 1 ORDER BY 1;
"""

ASKED = """
-- Owners born after a day
-- @name young
-- @param after date = 1950-01-01: the day
-- @param sex choice of owners.gender: their gender
SELECT full_name FROM owners WHERE born > :after AND (:sex IS NULL OR gender = :sex);
"""

NOTES = """
-- Notes about pets of the other product
CREATE TABLE remarks (
  remark_id VARCHAR PRIMARY KEY, -- Id
  pet_id VARCHAR, -- Which pet @references pets(pet_id)
  follows_id VARCHAR REFERENCES remarks (remark_id), -- The one before @acyclic
  UNIQUE (pet_id, follows_id)
);
"""

PROFILE = """-- Owners @counts owners @count 3

-- An owner @for count
CREATE TABLE person (
  gender VARCHAR, -- @choice F=3, M=1
  age INTEGER -- @normal 50, 10, 20, 80
);

-- @into owners
SELECT 'made' || n AS owner_id, 'M' || n AS tax_number, 'Made ' || n AS full_name, gender,
  '1970-01-01' AS born
FROM person;
"""


def lay(folder: Path) -> Path:
    """The products as distributions, to be put on the path."""
    plugin = PLUGIN.replace('name="toy"', "name=__name__")
    install(folder, "meadowsim", {
        "__init__.py": plugin, "schema.sql": SCHEMA + CARD, "summary.sql": SUMMARY + CHART,
        "checks.sql": CHECKS, "questions.sql": QUESTIONS + ASKED,
    })  # fmt: skip
    install(folder, "remarksim", {"__init__.py": plugin, "schema.sql": NOTES})
    return folder


def entities(letter: str, count: int = 4) -> dict[str, list[dict[str, Any]]]:
    """Owners that every scenario has, with pets and remarks of its own."""
    return {
        "owners": [owner(n, mentor_id="o0" if n else None) for n in range(count)],
        "pets": [
            {"pet_id": f"{letter}{n}", "owner_id": f"o{n % count}", "weight": n + 0.5,
             "notes": {"n": n}, "seen_at": "2024-02-29T10:00:00"}
            for n in range(2 * count)
        ],
        "remarks": [
            {"remark_id": f"{letter}r{n}", "pet_id": f"{letter}{n}",
             "follows_id": f"{letter}r{n - 1}" if n else None}
            for n in range(count)
        ],
    }  # fmt: skip


def scenarios(store: Store, *, real: bool = True) -> dict[str, Path]:
    """Files of every kind: of each older format, a clone, a merge; with ``real`` also products.

    ``good`` and ``real-good`` are for the company of the damaged ones.
    """
    (store.path / "profiles").mkdir(parents=True, exist_ok=True)
    (store.path / "profiles" / "herd.sql").write_text(PROFILE, "utf-8")
    store.persist(entities("g"), scenario="good", tags=["kept"], batch_id="first")
    store.persist(
        entities("m"), scenario="new", tags=["kept", "both"], batch_id="first",
        description="About the meadow",
    )  # fmt: skip
    store.generate_scenario("herd", seed=1, into="new")
    store.save_question("new", "saved_before", "SELECT 1 AS one WHERE :least < 2",
                        parameters=["least number = 1: a number"])  # fmt: skip
    for version in (1, 2, 3):
        shutil.copy(store.find("new"), store.path / f"format-{version}.db")
        make_older(store.path / f"format-{version}.db", version)
    store.clone_scenario("new", new_name="clone")
    store.merge_scenarios(["good", "new"], new_name="merge")
    names = ["new", "new", "clone", "merge", "format-1", "format-2", "format-3"]
    if real and {"patientsim", "membersim"} <= installed().declarations.keys():
        for name, seed in (("real", 1), ("real-good", 2)):
            store.generate_scenario("insured-diabetes-cohort", count=2, seed=seed, into=name)
        names.append("real")
    return {name: store.find(name) for name in names}
