"""A product in four versions, of which each changes what the one before had."""

from __future__ import annotations

from typing import Any

V1_0 = """
-- Owners
CREATE TABLE owners (
  owner_id VARCHAR PRIMARY KEY, -- Id
  tax_number VARCHAR NOT NULL UNIQUE, -- Natural key
  dob DATE NOT NULL, -- Day of birth
  address VARCHAR, -- Street and town, with a comma between them
  zip INTEGER, -- Postal code
  fax VARCHAR -- Nobody has one
);

-- Pets
CREATE TABLE pets (
  pet_id VARCHAR PRIMARY KEY, -- Id
  owner_id VARCHAR NOT NULL REFERENCES owners (owner_id), -- Who feeds it
  sex VARCHAR CHECK (sex IN ('m', 'f')), -- Sex
  weight INTEGER, -- Weight @unit g
  barks BOOLEAN -- Whether it barks
);

-- Visits
CREATE TABLE visits (
  visit_id VARCHAR PRIMARY KEY, -- Id
  pet_id VARCHAR NOT NULL REFERENCES pets (pet_id), -- Whose
  seen DATE NOT NULL, -- When
  paid BOOLEAN NOT NULL -- Whether it was paid
);

CREATE INDEX owners_by_dob ON owners (dob);

-- Pets of the old
CREATE VIEW old_pets AS SELECT pet_id FROM pets JOIN owners USING (owner_id) WHERE dob < '1950';
"""

# A column is renamed, a code of the state is required, one more table.
V1_1 = """
-- Owners
CREATE TABLE owners (
  owner_id VARCHAR PRIMARY KEY, -- Id
  tax_number VARCHAR NOT NULL UNIQUE, -- Natural key
  birth_date DATE NOT NULL, -- Day of birth @alias dob
  address VARCHAR, -- Street and town, with a comma between them
  zip INTEGER, -- Postal code
  fax VARCHAR, -- Nobody has one
  since DATE NOT NULL -- First visit of a pet, or birth
);

-- Pets
CREATE TABLE pets (
  pet_id VARCHAR PRIMARY KEY, -- Id
  owner_id VARCHAR NOT NULL REFERENCES owners (owner_id), -- Who feeds it
  sex VARCHAR CHECK (sex IN ('m', 'f')), -- Sex
  weight INTEGER, -- Weight @unit g
  barks BOOLEAN -- Whether it barks
);

-- Visits
CREATE TABLE visits (
  visit_id VARCHAR PRIMARY KEY, -- Id
  pet_id VARCHAR NOT NULL REFERENCES pets (pet_id), -- Whose
  seen DATE NOT NULL, -- When
  paid BOOLEAN NOT NULL -- Whether it was paid
);

-- Vaccines
CREATE TABLE vaccines (
  vaccine_id VARCHAR PRIMARY KEY, -- Id
  pet_id VARCHAR NOT NULL REFERENCES pets (pet_id) -- Whose
);

CREATE INDEX owners_by_birth ON owners (birth_date);

-- Pets of the old
CREATE VIEW old_pets AS
SELECT pet_id FROM pets JOIN owners USING (owner_id) WHERE birth_date < '1950';
"""

# The address becomes a table, the fax is dropped, the postal code is text, the pets are animals.
V2_0 = """
-- Owners
CREATE TABLE owners (
  owner_id VARCHAR PRIMARY KEY, -- Id
  tax_number VARCHAR NOT NULL UNIQUE, -- Natural key
  birth_date DATE NOT NULL, -- Day of birth @alias dob
  since DATE NOT NULL -- First visit of a pet, or birth
);

-- Addresses
CREATE TABLE addresses (
  address_id VARCHAR PRIMARY KEY, -- Id
  owner_id VARCHAR NOT NULL UNIQUE REFERENCES owners (owner_id), -- Whose
  street VARCHAR, -- Street
  town VARCHAR NOT NULL, -- Town
  zip VARCHAR(5) -- Postal code
);

-- Animals
CREATE TABLE animals (
  animal_id VARCHAR PRIMARY KEY, -- Id
  owner_id VARCHAR NOT NULL REFERENCES owners (owner_id), -- Who feeds it
  sex VARCHAR CHECK (sex IN ('male', 'female')), -- Sex
  weight INTEGER, -- Weight @unit g
  barks BOOLEAN -- Whether it barks
);

-- Visits
CREATE TABLE visits (
  visit_id VARCHAR PRIMARY KEY, -- Id
  animal_id VARCHAR NOT NULL REFERENCES animals (animal_id), -- Whose
  seen DATE NOT NULL, -- When
  paid BOOLEAN NOT NULL -- Whether it was paid
);

-- Vaccines
CREATE TABLE vaccines (
  vaccine_id VARCHAR PRIMARY KEY, -- Id
  animal_id VARCHAR NOT NULL REFERENCES animals (animal_id) -- Whose
);
"""

# Weights in kg, visits that were not paid are dropped, and so is the table of vaccines.
V3_0 = """
-- Owners
CREATE TABLE owners (
  owner_id VARCHAR PRIMARY KEY, -- Id
  tax_number VARCHAR NOT NULL UNIQUE, -- Natural key
  birth_date DATE NOT NULL, -- Day of birth @alias dob
  since DATE NOT NULL CHECK (since >= birth_date) -- First visit of a pet, or birth
);

-- Addresses
CREATE TABLE addresses (
  address_id VARCHAR PRIMARY KEY, -- Id
  owner_id VARCHAR NOT NULL UNIQUE REFERENCES owners (owner_id), -- Whose
  street VARCHAR, -- Street
  town VARCHAR NOT NULL, -- Town
  zip VARCHAR(5) -- Postal code
);

-- Animals
CREATE TABLE animals (
  animal_id VARCHAR PRIMARY KEY, -- Id
  owner_id VARCHAR NOT NULL REFERENCES owners (owner_id), -- Who feeds it
  sex VARCHAR CHECK (sex IN ('male', 'female')), -- Sex
  weight DECIMAL(8,3) CHECK (weight < 1000), -- Weight @unit kg
  barks BOOLEAN -- Whether it barks
);

-- Visits
CREATE TABLE visits (
  visit_id VARCHAR PRIMARY KEY, -- Id
  animal_id VARCHAR NOT NULL REFERENCES animals (animal_id), -- Whose
  seen DATE NOT NULL -- When
);

-- Heavy ones
CREATE VIEW heavy AS SELECT animal_id FROM animals WHERE weight > 4;
"""

TO_1_1 = """
-- @migration rename_dob to 1.1: birth_date was called dob @since 1.0
ALTER TABLE owners RENAME COLUMN dob TO birth_date;

-- @migration fill_since to 1.1: since when one is an owner
ALTER TABLE owners ADD COLUMN since TEXT;
UPDATE owners SET since = coalesce(
  (SELECT min(seen) FROM pets JOIN visits USING (pet_id) WHERE pets.owner_id = owners.owner_id),
  birth_date);
"""

TO_2_0 = """
-- @migration split_address to 2.0: addresses have a table of their own
CREATE TABLE addresses AS
SELECT owner_id, nullif(trim(substr(address, 1, instr(address, ',') - 1)), '') AS street,
  trim(substr(address, instr(address, ',') + 1)) AS town, printf('%05d', zip) AS zip
FROM owners WHERE address IS NOT NULL;
ALTER TABLE owners DROP COLUMN address;
ALTER TABLE owners DROP COLUMN zip;
-- Nobody misses it.
ALTER TABLE owners DROP COLUMN fax;

-- @migration animals to 2.0: pets are called animals, and their sex is written out
ALTER TABLE pets RENAME TO animals;
ALTER TABLE animals RENAME COLUMN pet_id TO animal_id;
ALTER TABLE visits RENAME COLUMN pet_id TO animal_id;
UPDATE animals SET sex = CASE sex WHEN 'm' THEN 'male' WHEN 'f' THEN 'female' END;

-- @migration animals_of_vaccines to 2.0: vaccines are given to animals
CREATE TABLE IF NOT EXISTS vaccines (vaccine_id, pet_id);
ALTER TABLE vaccines RENAME COLUMN pet_id TO animal_id;
"""

TO_3_0 = """
-- @migration kilograms to 3.0: weights are in kg
UPDATE animals SET weight = weight / 1000.0;

-- @migration paid_only to 3.0: visits are those that were paid @drops_rows visits
DELETE FROM visits WHERE NOT paid;
ALTER TABLE visits DROP COLUMN paid;

-- @migration no_vaccines to 3.0: vaccines are another product's @drops_rows vaccines
DROP TABLE vaccines;
"""

VERSIONS = {
    "1.0": (V1_0, ""),
    "1.1": (V1_1, TO_1_1),
    "2.0": (V2_0, TO_1_1 + TO_2_0),
    "3.0": (V3_0, TO_1_1 + TO_2_0 + TO_3_0),
}


def rows(count: int = 3) -> dict[str, list[dict[str, Any]]]:
    """A batch for version 1.0: each owner has a pet, and each pet two visits, one of them paid."""
    numbers = range(1, count + 1)
    return {
        "owners": [
            {
                "owner_id": f"o{n}", "tax_number": f"T{n}", "dob": f"19{40 + n % 50}-01-15",
                "address": f"Street {n}, Town {n}" if n % 3 else None, "zip": 500 + n,
                "fax": f"F{n}",
            }
            for n in numbers
        ],
        "pets": [
            {"pet_id": f"p{n}", "owner_id": f"o{n}", "sex": "mf"[n % 2], "weight": 1500 * n,
             "barks": True}
            for n in numbers
        ],
        "visits": [
            {"visit_id": f"v{n}{paid}", "pet_id": f"p{n}", "seen": f"2020-0{1 + paid}-01",
             "paid": bool(paid)}
            for n in numbers
            for paid in (0, 1)
        ],
    }  # fmt: skip
