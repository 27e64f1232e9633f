"""Several entity types side by side: looked up by any spelling, put in order, linked."""

from __future__ import annotations

import functools
import graphlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..base.spelling import Meant, meant_by, plain
from ..base.text import listed
from ..errors import AmbiguousEntityType, DeclarationError, UnknownEntityType
from .model import Column, Declaration, EntityType


@dataclass(frozen=True, slots=True)
class Link:
    """A field such as ``patient_mrn``: the parent is found by its natural key.

    ``scope`` are the further columns of a composite key, which parent and child share: the
    ``site_number`` of a subject is one of the subject's study. ``beside`` are those that the child
    lacks too: they are fields of their own, and all of them are given.
    """

    column: Column
    parent: EntityType
    key: Column
    scope: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def parts(self) -> frozenset[str]:
        """The columns of the natural key."""
        return frozenset((self.key.name, *self.scope, *self.beside))

    def spelling(self, part: str) -> str:
        """The field that gives a column of the parent's key: ``site_number`` of a ``site_id``."""
        return f"{self.column.name.removesuffix('_id')}_{part}"


class Declarations(dict[str, Declaration]):
    """Declarations by product.

    ``left_out`` are names of entity types that cannot be used, each with the reason. ``faulty`` are
    the products that are installed and cannot be used, each with the reason.
    """

    def __init__(
        self,
        declarations: Mapping[str, Declaration],
        left_out: Mapping[str, str] | None = None,
        faulty: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(declarations)
        self.left_out = left_out or {}
        self.faulty = faulty or {}


class Registry:
    """Entity types in insert order: parents before children.

    Args:
        entity_types: all of them.
        left_out: names of others that cannot be used, each with the reason.

    Raises DeclarationError when two products use one name, or references go round in a circle.
    """

    def __init__(
        self, entity_types: Iterable[EntityType], *, left_out: Mapping[str, str] | None = None
    ) -> None:
        by_name: dict[str, EntityType] = {}
        for entity_type in entity_types:
            other = by_name.setdefault(entity_type.name, entity_type)
            if other is not entity_type:
                raise DeclarationError(
                    f"the entity type {entity_type.name} of {entity_type.product} "
                    f"is already one of {other.product}"
                )
        self._by_name = {name: by_name[name] for name in _insert_order(by_name)}
        self._left_out = left_out or {}
        by_alias: dict[str, list[EntityType]] = {}
        for entity_type in self._by_name.values():
            for alias in dict.fromkeys(entity_type.aliases):
                by_alias.setdefault(alias, []).append(entity_type)
        self._spellings = {alias: those[0] for alias, those in by_alias.items()} | self._by_name
        self._ambiguous = {
            alias: those
            for alias, those in by_alias.items()
            if len(those) > 1 and alias not in self._by_name
        }

    def __iter__(self) -> Iterator[EntityType]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def linked_order(self) -> list[EntityType]:
        """Parents before children also where a reference into another product is not enforced.

        As far as those do not go round in a circle.
        """
        try:
            names = _insert_order(self._by_name, soft=True)
        except DeclarationError:
            return [*self]
        return [self._by_name[name] for name in names]

    def entity_type(self, name: str) -> EntityType:
        """Find one by name or alias, whatever its case.

        A name goes before an alias. Raises UnknownEntityType, and AmbiguousEntityType for an alias
        that two have: rows are stored by what they are called, and never by chance.
        """
        spelling = name if name in self._spellings else plain(name)
        if spelling in self._ambiguous:
            those = self._ambiguous[spelling]
            owners = " and ".join(f"{found.product}.{found.name}" for found in those)
            raise AmbiguousEntityType(
                f"{name!r} is an alias of {owners}.",
                hint=f"Give the name: {listed(found.name for found in those)}.",
            )
        found = self._spellings.get(spelling)
        if found is None:
            raise UnknownEntityType(
                f"Unknown entity type {name!r}.",
                hint=self._left_out.get(spelling)
                or self._meant(name).question
                or f"Known: {', '.join(self._by_name) or 'none (no product is installed)'}.",
            )
        return found

    def _meant(self, name: str) -> Meant:
        aliases = {spelling: found.name for spelling, found in self._spellings.items()}
        return meant_by(name, self._by_name, aliases)

    def is_name(self, spelling: str) -> bool:
        """Whether it is the name of one, whatever its case, and not only an alias."""
        return spelling in self._by_name or plain(spelling) in self._by_name

    @functools.lru_cache(maxsize=256)  # noqa: B019 - a registry lives as long as its cache
    def fields(self, name: str) -> dict[str, Column | Link]:
        """Every spelling of every field that a row of an entity type may have.

        A foreign key ``patient_id`` is also ``patient_mrn``, by each natural key of the parent;
        plain ``mrn`` too, where only one parent has it and the child has no such column. Of two
        references to one parent, the plain field means the one that is called as the parent's key:
        with ``arm_id`` and ``actual_arm_id``, an ``arm_code`` is that of ``arm_id``. Of a composite
        key each column is such a field that the child has not itself.
        """
        entity_type = self._by_name[name]
        fields: dict[str, Column | Link] = {}
        plain: dict[str, list[Link]] = {}
        for column, reference in entity_type.references():
            parent = self._by_name.get(reference.entity_type)
            if parent is None:
                continue
            for key in parent.unique_keys:
                own = [part for part in key if len(key) == 1 or part not in entity_type.by_name]
                scope = tuple(part for part in key if part not in own)
                for part in own:
                    beside = tuple(other for other in own if other != part)
                    link = Link(column, parent, parent.by_name[part], scope, beside)
                    # Of two keys that share a column, the first one is what the field means.
                    fields.setdefault(link.spelling(part), link)
                    if fields[link.spelling(part)] is link:
                        plain.setdefault(part, []).append(link)
        for spelling, links in plain.items():
            parents = {link.parent.name for link in links}
            if len(links) > 1 and len(parents) == 1:
                links = [link for link in links if link.column.name == link.parent.primary_key]
            if len(links) == 1:
                fields.setdefault(spelling, links[0])
        for column in entity_type.columns:
            fields |= dict.fromkeys(column.aliases, column)
        for spelling, meant in [*fields.items()]:
            if "." in spelling:  # as programs write it that make a table of nested objects
                fields.setdefault(spelling.replace(".", "_"), meant)
        return fields | entity_type.by_name

    def field(self, name: str, spelling: str) -> Column | Link | None:
        """What a row's field means, in any spelling (``birthDate`` too); None when nothing.

        ``Patient MRN`` and ``patientMrn`` of patients are ``mrn``; ``id`` is the primary key.
        """
        fields = self.fields(name)
        found = fields.get(spelling) or fields.get(plain(spelling))
        if found is None and (own := self._without_owner(name, plain(spelling))):
            found = fields.get(own)
        return found

    def _without_owner(self, name: str, spelling: str) -> str | None:
        """The spelling without the entity type's name before or after it."""
        entity_type = self._by_name[name]
        for owner in (entity_type.name, *entity_type.aliases):
            for word in (owner, owner.removesuffix("s")):
                rest = spelling.removeprefix(f"{word}_").removesuffix(f"_{word}")
                if rest != spelling:
                    return entity_type.primary_key if rest == "id" else rest
        return entity_type.primary_key if spelling == "id" else None

    @functools.lru_cache(maxsize=256)  # noqa: B019 - a registry lives as long as its cache
    def nested(self, name: str) -> frozenset[str]:
        """The names of objects that rows of an entity type may have inside: ``name.given``."""
        aliases = (alias for column in self._by_name[name].columns for alias in column.aliases)
        return frozenset(alias.partition(".")[0] for alias in aliases if "." in alias)

    def near_field(self, name: str, spelling: str) -> str | None:
        """A sentence that offers the field of an entity type that may be meant; None without."""
        fields = self.fields(name)
        aliases = {s: to.name for s, to in fields.items() if isinstance(to, Column)}
        known = [s for s, to in fields.items() if isinstance(to, Link) or to.name == s]
        return meant_by(spelling, known, aliases).question


def circle(by_name: Mapping[str, EntityType]) -> list[str]:
    """The names of entity types whose references lead back to the first one; empty without."""
    try:
        [*_sorter(by_name).static_order()]
    except graphlib.CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


def _insert_order(by_name: Mapping[str, EntityType], *, soft: bool = False) -> list[str]:
    try:
        return [*_sorter(by_name, soft=soft).static_order()]
    except graphlib.CycleError as error:
        raise DeclarationError(
            f"references go round in a circle: {' -> '.join(error.args[1])}"
        ) from None


def _sorter(
    by_name: Mapping[str, EntityType], *, soft: bool = False
) -> graphlib.TopologicalSorter[str]:
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for name, entity_type in by_name.items():
        parents = {reference.entity_type for _, reference in entity_type.references(soft=soft)}
        sorter.add(name, *sorted((parents - {name}) & by_name.keys()))
    return sorter
