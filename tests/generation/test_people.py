"""The part with people: places that exist, names in their proportions, telephones of fiction."""

from __future__ import annotations

import csv
from pathlib import Path

import zipcodes

import healthsim_store

FOLDER = Path(healthsim_store.__file__).parent / "profiles"


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_city_county_and_zip_code_belong_together() -> None:
    places = rows("california.csv")
    assert len({place["county"] for place in places}) > 50
    assert len({place["postal_code"] for place in places}) == len(places)
    for place in places:
        (known,) = zipcodes.matching(place["postal_code"])
        assert (known["state"], known["zip_code_type"]) == ("CA", "STANDARD")
        assert known["county"] == f"{place['county']} County"
        assert known["city"] == place["city"]
        assert int(place["weight"]) > 0


def test_older_names_are_not_given_twice() -> None:
    for name in ("older_female_names.csv", "older_male_names.csv"):
        found = rows(name)
        assert len({row["name"] for row in found}) == len(found) == 60
        assert all(int(row["weight"]) > 0 for row in found)
