"""What a merge does with an entity that is there already, and which strategy applies where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..base.text import did_you_mean
from ..errors import InvalidArgument
from ..schema.registry import Registry

ALL_TYPES = "*"


@dataclass(frozen=True, slots=True)
class Strategy:
    """One of them. ``done`` says what became of an entity, ``about`` what it does.

    ``refuses``: a conflict ends the merge. ``keeps_both``: the later entity gets another id.
    ``replaces``: the entity that stands gets the later one's values.
    """

    name: str
    done: str
    about: str
    refuses: bool = False
    keeps_both: bool = False
    replaces: bool = False

    def __str__(self) -> str:
        return self.name


STRATEGIES = {
    strategy.name: strategy
    for strategy in (
        Strategy("skip", "skipped", "the first one stays"),
        Strategy("overwrite", "overwritten", "it gets the later one's values", replaces=True),
        Strategy(
            "rename",
            "renamed",
            "both stay; the later one gets a new id, and a suffix to its natural key",
            keeps_both=True,
        ),
        Strategy("error", "refused", "nothing is merged", refuses=True),
    )
}


class Strategies:
    """What is to be done with conflicts, for each entity type."""

    def __init__(self, on_conflict: str | Mapping[str, str]) -> None:
        """One strategy for all, or one by entity type, with ``*`` for the others (skip if not).

        Raises InvalidArgument for an unknown strategy.
        """
        given = {ALL_TYPES: on_conflict} if isinstance(on_conflict, str) else on_conflict
        chosen = {entity_type: _named(name) for entity_type, name in given.items()}
        self._default = chosen.pop(ALL_TYPES, STRATEGIES["skip"])
        self._chosen = chosen

    def all(self) -> list[Strategy]:
        """Those that were chosen, and that for the other types."""
        return [self._default, *self._chosen.values()]

    def for_types(self, registry: Registry) -> dict[str, Strategy]:
        """Raises UnknownEntityType for a type that no source has."""
        chosen = {registry.entity_type(name).name: s for name, s in self._chosen.items()}
        return {e.name: chosen.get(e.name, self._default) for e in registry}


def _named(name: str) -> Strategy:
    found = STRATEGIES.get(name) if isinstance(name, str) else None
    if found is None:
        near = did_you_mean(name, STRATEGIES) if isinstance(name, str) else None
        raise InvalidArgument(
            f"on_conflict is {name!r:.60}.",
            hint=near or f"It is one of {', '.join(STRATEGIES)}.",
        )
    return found
