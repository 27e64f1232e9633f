"""Entity types side by side: spellings, order, links."""

from __future__ import annotations

import pytest

from healthsim_store.errors import AmbiguousEntityType, DeclarationError, UnknownEntityType
from healthsim_store.schema.model import Column, EntityType, Reference
from healthsim_store.schema.registry import Link, Registry
from healthsim_store.schema.types import LogicalType

TEXT = LogicalType.parse("VARCHAR")


def entity_type(
    name: str,
    *columns: str,
    to: dict[str, str] | None = None,
    soft: bool = False,
    keys: tuple[tuple[str, ...], ...] = (),
    aliases: tuple[str, ...] = (),
    product: str = "p",
) -> EntityType:
    """One whose key is ``id``; ``to`` are columns and the entity types that they refer to."""
    references = {c: Reference(parent, "id", not soft) for c, parent in (to or {}).items()}
    made = [Column(c, TEXT, references=references.get(c)) for c in ("id", *columns, *references)]
    return EntityType(name, product, tuple(made), "id", keys, aliases)


def names(registry: Registry) -> list[str]:
    return [each.name for each in registry]


def test_parents_come_before_children() -> None:
    registry = Registry([
        entity_type("visits", to={"pet_id": "pets", "owner_id": "owners"}),
        entity_type("pets", to={"owner_id": "owners"}),
        entity_type("owners", to={"mentor_id": "owners"}),  # one of their own is no circle
    ])  # fmt: skip
    assert names(registry) == ["owners", "pets", "visits"]
    assert len(registry) == 3
    assert "pets" in registry
    assert "cars" not in registry


def test_references_in_a_circle_are_told() -> None:
    with pytest.raises(DeclarationError, match=r"go round in a circle: .*a.* -> .*b"):
        Registry([entity_type("a", to={"b_id": "b"}), entity_type("b", to={"a_id": "a"})])


def test_references_that_are_not_enforced_give_an_order_where_they_can() -> None:
    children = entity_type("children", to={"parent_id": "parents"}, soft=True)
    registry = Registry([children, entity_type("parents")])
    assert names(registry) == ["children", "parents"]
    assert [each.name for each in registry.linked_order()] == ["parents", "children"]
    registry = Registry([children, entity_type("parents", to={"c_id": "children"}, soft=True)])
    assert [each.name for each in registry.linked_order()] == ["children", "parents"]


def test_two_products_with_one_name_are_told() -> None:
    with pytest.raises(DeclarationError, match="pets of q is already one of p"):
        Registry([entity_type("pets"), entity_type("pets", product="q")])


@pytest.mark.parametrize("spelling", ["pets", "animals", "PETS", "Animals", "furry-ones"])
def test_an_entity_type_in_any_spelling(spelling: str) -> None:
    registry = Registry([entity_type("pets", aliases=("animals", "furry_ones"))])
    assert registry.entity_type(spelling).name == "pets"


def test_a_name_goes_before_another_ones_alias() -> None:
    registry = Registry([
        entity_type("pets", aliases=("animals", "beasts")), entity_type("animals"),
        entity_type("cattle", aliases=("beasts",), product="q"),
    ])  # fmt: skip
    assert registry.entity_type("animals").name == "animals"
    for spelling in ("beasts", "Beasts"):
        with pytest.raises(
            AmbiguousEntityType, match=r"an alias of p\.pets and q\.cattle"
        ) as error:
            registry.entity_type(spelling)
        assert error.value.hint == "Give the name: pets or cattle."
    assert [registry.is_name(one) for one in ("pets", "PETS", "beasts", "x")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_an_unknown_entity_type_is_told_with_the_nearest() -> None:
    registry = Registry([entity_type("pets"), entity_type("owners")])
    with pytest.raises(UnknownEntityType, match="'owner'") as error:
        registry.entity_type("owner")
    assert error.value.hint == "Did you mean owners?"
    with pytest.raises(UnknownEntityType) as error:
        registry.entity_type("zzz")
    assert error.value.hint == "Known: pets, owners."
    with pytest.raises(UnknownEntityType) as error:
        Registry([]).entity_type("pets")
    assert error.value.hint == "Known: none (no product is installed)."


def test_a_field_in_any_spelling() -> None:
    born = Column("birth_date", TEXT, aliases=("dob",))
    registry = Registry([EntityType("p", "x", (Column("id", TEXT), born), "id")])
    for spelling in ("birth_date", "birthDate", "Birth Date", "BIRTH-DATE", "dob", "DOB"):
        assert registry.field("p", spelling) is born
    assert registry.field("p", "birth") is None


def test_a_link_by_the_parents_natural_key() -> None:
    owners = entity_type("owners", "mrn", keys=(("mrn",),))
    registry = Registry([owners, entity_type("pets", to={"owner_id": "owners"})])
    link = registry.field("pets", "owner_mrn")
    column = registry.entity_type("pets").by_name["owner_id"]
    assert link == Link(column, owners, owners.by_name["mrn"])
    assert registry.field("pets", "mrn") == link


def test_a_plain_key_that_two_parents_have_is_no_link() -> None:
    owners = entity_type("owners", "mrn", keys=(("mrn",),))
    vets = entity_type("vets", "mrn", keys=(("mrn",),))
    pets = entity_type("pets", to={"owner_id": "owners", "vet_id": "vets"})
    registry = Registry([owners, vets, pets])
    assert registry.field("pets", "mrn") is None
    found = registry.field("pets", "vet_mrn")
    assert isinstance(found, Link)
    assert found.parent is vets


def test_a_column_goes_before_a_link_of_its_name() -> None:
    owners = entity_type("owners", "mrn", keys=(("mrn",),))
    registry = Registry([owners, entity_type("pets", "mrn", to={"owner_id": "owners"})])
    assert isinstance(registry.field("pets", "mrn"), Column)
    assert isinstance(registry.field("pets", "owner_mrn"), Link)


def test_a_composite_key_links_where_the_child_has_the_rest_of_it() -> None:
    sites = entity_type("sites", "study", "number", keys=(("study", "number"),))
    registry = Registry([sites, entity_type("rooms", "study", to={"site_id": "sites"})])
    link = registry.field("rooms", "site_number")
    assert isinstance(link, Link)
    assert (link.key.name, link.scope) == ("number", ("study",))
    registry = Registry([sites, entity_type("rooms", to={"site_id": "sites"})])
    link = registry.field("rooms", "site_number")
    assert isinstance(link, Link)
    assert (link.key.name, link.scope, link.beside) == ("number", (), ("study",))
    assert (link.parts, link.spelling("study")) == ({"number", "study"}, "site_study")
