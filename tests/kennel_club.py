"""A standard of nobody's, for the toy product: breeders and their dogs."""

from __future__ import annotations

from pathlib import Path

HEAD = """
-- Register of a kennel club, edition 2
-- @writer datasets @files json, ndjson, xpt, csv
-- @guide CLUB 2.1 @terminology PETS/CLUB COATS 2025-01
-- @param least number from 0 to 100 = 0: how heavy a dog is at least, in kg

-- Grams of kilograms, rounded
-- @macro grams(weight)
SELECT CAST(round(:weight * 1000) AS INTEGER);

-- Whoever has a dog
CREATE VIEW keepers AS SELECT * FROM owners WHERE owner_id IN (SELECT owner_id FROM pets);

-- @study
SELECT 'CLUB' || count(*) AS name, 'Dogs (all of them)' AS description FROM pets;

-- A dog that is heavier than its keeper's age in kilograms @never
SELECT DOG, GRAMS, YEAR FROM DOGS JOIN KEEPERS USING (KEEPER) WHERE GRAMS > (2025 - YEAR) * 1000;
"""

KEEPERS = """
-- Who keeps dogs @class PEOPLE @structure One record per keeper
CREATE TABLE KEEPERS (
  CLUB VARCHAR(8) NOT NULL DEFAULT 'CLUB', -- Club @role Identifier
  KEEPER VARCHAR(20) NOT NULL UNIQUE, -- Number of the keeper @role Identifier
  NAME VARCHAR(40), -- Name @role Topic
  SEX VARCHAR(1) CHECK (SEX IN ('F', 'M')), -- Sex @codes Sex (C1)
  YEAR INTEGER NOT NULL, -- Year of birth
  PHONE VARCHAR(20), -- Telephone @optional
  FAX VARCHAR(20), -- Telefax
  PRIMARY KEY (CLUB, KEEPER)
);

-- @into KEEPERS
SELECT tax_number AS KEEPER, full_name AS NAME, gender AS SEX,
  CAST(substr(born, 1, 4) AS INTEGER) AS YEAR
FROM keepers ORDER BY tax_number DESC;
"""

DOGS = """
-- Dogs of the register @class ANIMALS
CREATE TABLE DOGS (
  KEEPER VARCHAR(20) NOT NULL REFERENCES KEEPERS (KEEPER), -- Who keeps it
  DOG INTEGER, -- Number of the dog with its keeper @origin Derived by Club
  KIND VARCHAR(3) CHECK (KIND IN ('cat', 'dog')), -- Kind
  GRAMS INTEGER CHECK (GRAMS > 0), -- Weight in g
  PRICE DECIMAL(8,2), -- Price
  CHIPPED BOOLEAN, -- Whether it has a chip
  SEEN TIMESTAMP, -- When it was seen
  PRIMARY KEY (KEEPER, DOG)
);

-- @into DOGS
SELECT tax_number AS KEEPER,
  row_number() OVER (PARTITION BY owner_id ORDER BY pet_id) AS DOG,
  species AS KIND, grams(weight) AS GRAMS, price AS PRICE, chipped AS CHIPPED, seen_at AS SEEN
FROM pets JOIN owners USING (owner_id)
WHERE coalesce(weight, 0) >= :least;
"""

FILES = {"standard.sql": HEAD, "keepers.sql": KEEPERS, "dogs.sql": DOGS}


def write(folder: Path, **changed: str | None) -> Path:
    """The standard in a folder of its name.

    Args:
        folder: where the folder is made.
        changed: other texts, by name without the ending; None leaves a file out.
    """
    home = folder / "club"
    home.mkdir(parents=True, exist_ok=True)
    texts: dict[str, str | None] = {**FILES}
    texts |= {f"{name}.sql": text for name, text in changed.items()}
    for name, text in texts.items():
        if text is not None:
            (home / name).write_text(text.lstrip("\n"), "utf-8")
    return home


def replaced(name: str, old: str, new: str) -> dict[str, str]:
    """One of the files with other words; for `write`."""
    text = FILES[f"{name}.sql"]
    assert old in text, old
    return {name: text.replace(old, new)}


#: What an import makes of the datasets; for `write`.
READS = {
    "standard": HEAD.replace(
        "-- @param least",
        "-- @import born integer from 1900 to 2100: year of birth, where the files have none\n"
        "-- @param least",
    ),
    "keepers": KEEPERS.replace("DEFAULT 'CLUB',", "DEFAULT 'CLUB' CHECK (CLUB IN ('CLUB')),"),
    "keepers.import": """
-- @into owners @from KEEPERS
SELECT rowid AS _row, 'k' || KEEPER AS owner_id, KEEPER AS tax_number, NAME AS full_name,
  SEX AS gender, CAST(coalesce(YEAR, :born) AS TEXT) || '-01-01' AS born
FROM KEEPERS;

-- the day of birth is not known, but the year @note KEEPERS
SELECT count(*) FROM KEEPERS WHERE YEAR IS NOT NULL;

-- what follows from the keeper @derived KEEPERS
SELECT FAX FROM KEEPERS;
""",
    "dogs.import": """
-- @into pets @from DOGS
SELECT rowid AS _row, KEEPER || '/' || DOG AS pet_id, 'k' || KEEPER AS owner_id, KIND AS species,
  GRAMS / 1000.0 AS weight, PRICE AS price, CHIPPED AS chipped, SEEN AS seen_at
FROM DOGS WHERE DOG <> 99;

-- number 99 is nobody's @skip DOGS
SELECT count(*) FROM DOGS WHERE DOG = 99;
""",
}
