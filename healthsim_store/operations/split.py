"""Split: a scenario's entities dealt out to several new scenarios, disjoint and together all.

What is dealt are units: the chosen entities, each with what belongs to it. Units that have
something in common hang together and go to one part. What nobody owns and several need, such as
the study of two subjects, is in each of their parts.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ..base.prefetch import work_together
from ..base.progress import Progress
from ..base.sql import quoted
from ..base.text import count_table
from ..base.wording import option
from ..errors import CopyFailed, InvalidArgument
from ..schema.model import EntityType
from ..storage.files import Files
from ..storage.names import clean_name
from .belonging import Taken
from .builder import SOURCE
from .choice import PERSON, Choice
from .clone import Part, clone_file
from .clone_report import CloneResult, told_counts
from .drawing import draw, evenly
from .linked import join_linked
from .subset import Ask, Selecting, part_of, selecting

_MOST = 20  # parts


@dataclass(frozen=True)
class SplitResult:
    """The reply to a split. ``parts`` are the new scenarios, by the names of their shares.

    ``in_several`` counts entities by type that more than one part needs; ``not_taken`` counts those
    that are in none, where only some were dealt.
    """

    source: str
    parts: Mapping[str, CloneResult]
    seed: int
    in_several: Mapping[str, int] = field(default_factory=dict)
    not_taken: Mapping[str, int] = field(default_factory=dict)

    @property
    def scenarios(self) -> list[str]:
        """The names of the new scenarios."""
        return [part.scenario for part in self.parts.values()]

    def __str__(self) -> str:
        return self.to_markdown()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "source": self.source,
            "seed": self.seed,
            "parts": {
                name: {
                    "scenario": part.scenario,
                    "scenario_id": part.scenario_id,
                    "dealt": dict(part.chosen),
                    "copied": dict(part.copied),
                    "total": part.total,
                }
                for name, part in self.parts.items()
            },
            "in_several": dict(self.in_several),
            "not_taken": dict(self.not_taken),
        }

    def to_markdown(self) -> str:
        """A table of what each part has, as O(entity types)."""
        parts = [*self.parts.values()]
        types = dict.fromkeys(name for part in parts for name in part.copied)
        rows: list[list[str | int]] = [
            [parts[0].labels.get(name, name), *(part.copied.get(name, 0) for part in parts)]
            for name in types
            if any(part.copied.get(name) for part in parts)
        ]
        total: list[str | int] = ["Total", *(part.total for part in parts)]
        names = ", ".join(f'"{name}"' for name in self.scenarios)
        dealt = "; ".join(
            f"{told_counts(part.chosen)} to {name}" for name, part in self.parts.items()
        )
        lines = [
            f'**Split "{self.source}" → {names}**',
            "",
            *count_table(["Entity Type", *self.scenarios], rows, total),
            "",
            f"Dealt: {dealt}, seed {self.seed}.",
        ]
        if self.in_several:
            lines.append(f"In several parts, which need them: {told_counts(self.in_several)}.")
        lines.append(
            f"Left out of all parts: {told_counts(self.not_taken)}."
            if self.not_taken
            else "Together they have every entity of the source."
        )
        lines.append("All entities have new unique ids; every reference was followed and checked.")
        return "\n".join(lines)


def check_shares(shares: Any) -> dict[str, int]:
    """Percentages as whole numbers of one scale, by cleaned name. Raises InvalidArgument."""
    if not isinstance(shares, Mapping) or not 2 <= len(shares) <= _MOST:
        raise InvalidArgument(
            f"A split has from 2 to {_MOST} parts, with a name and a share each.",
            hint="For example train with 80 and test with 20 percent.",
        )
    found: dict[str, Decimal] = {}
    for name, share in shares.items():
        try:
            number = Decimal(str(share)) if not isinstance(share, bool) else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not (number.is_finite() and 0 < number <= 100):
            raise InvalidArgument(
                f"The share of {str(name)!r:.60} is {share!r:.60}.",
                hint="A share is a number of percent, such as 80.",
            )
        cleaned = clean_name(str(name))
        if cleaned in found:
            raise InvalidArgument(f"Two parts are called {cleaned!r:.60}.")
        found[cleaned] = number
    total = sum(found.values(), Decimal(0))
    if total != 100:
        raise InvalidArgument(
            f"The shares are {total.normalize():f} % together, not 100 %.",
            hint="Give the rest to one more part, or correct them.",
        )
    decimals = max(-int(number.normalize().as_tuple().exponent) for number in found.values())
    if decimals > 6:
        raise InvalidArgument("A share has more than 6 decimals.", hint="Round it.")
    return {name: int(number * 10 ** max(0, decimals)) for name, number in found.items()}


def split_scenario(
    files: Files,
    source: Path,
    shares: Mapping[str, float | str],
    new_name: str | None,
    choice: Choice,
    ask: Ask,
    progress: Progress,
) -> SplitResult:
    """Split a scenario; see `Store.split_scenario`.

    Args:
        files: the store's.
        source: the scenario's file.
        shares: percent by part.
        new_name: the beginning of the new names.
        choice: what is dealt.
        ask: gives a question of the scenario by its name.
        progress: is told how many rows were just copied.
    """
    wanted = check_shares(shares)
    choice = choice.checked(split=True)
    beginning = clean_name(new_name) if new_name is not None else source.stem
    names = [clean_name(f"{beginning}-{name}") for name in wanted]

    def write(targets: list[Path]) -> SplitResult:
        with selecting(files, source, choice, ask) as (rows, begun, reading):
            with reading():
                dealing = _Dealing(begun, wanted)
                dealing.run()
                parts = dealing.parts(rows)
            made = _clone_parts(source, parts, targets, progress)
            assert choice.seed is not None
            return SplitResult(source.stem, made, choice.seed, *dealing.shared())

    paths, result = files.folder.make_together(names, write)
    named = {
        name: replace(part, scenario=path.stem)
        for (name, part), path in zip(result.parts.items(), paths, strict=True)
    }
    return replace(result, parts=named)


def _clone_parts(
    source: Path, parts: Mapping[str, Part], targets: Sequence[Path], progress: Progress
) -> dict[str, CloneResult]:
    """The parts' files, several at once: each has connections of its own."""

    def clone(part: Part, target: Path, tell: Progress) -> CloneResult:
        return clone_file(source, target, tell, part)

    made = work_together(
        (
            functools.partial(clone, part, target)
            for part, target in zip(parts.values(), targets, strict=True)
        ),
        progress,
    )
    return dict(zip(parts, made, strict=True))


class _Dealing:
    def __init__(self, begun: Selecting, shares: Mapping[str, int]) -> None:
        self._begun = begun
        self._connection = begun.connection
        self._shares = shares
        here = begun.connection, begun.registry, begun.totals
        self._owned = Taken(*here, "owned", links=True)
        self._parts = [Taken(*here, f"part_{number}") for number in range(len(shares))]
        self._dealt: list[int] = []
        self._shared: tuple[dict[str, int], dict[str, int]] = ({}, {})

    def run(self) -> None:
        self._begun.make_units()
        self._dealt = self._deal(self._begun.chosen.entity_type, first=True)
        if not all(self._dealt):
            raise self._too_few()
        if self._begun.choice.everything:
            self._deal_the_others()
        self._shared = self._count_shared()
        if self._begun.choice.everything and self._shared[1]:
            raise CopyFailed("Nothing was kept: the parts have not all the rows of the source.")

    def _deal(self, entity_type: EntityType, *, first: bool = False) -> list[int]:
        """Deal what is in ``units``; how many entities of the type each part gets.

        ``first``: nothing was dealt before.
        """
        connection = self._connection
        before = self._owned.wave
        self._owned.take_units(entity_type)
        self._owned.follow_down()
        join_linked(connection)
        self._give_parts()
        whole = self._owned.whole() if first else frozenset()
        dealt = []
        for number, part in enumerate(self._parts):
            part.take_part(self._owned, before, number)
            (count,) = connection.execute(
                f"SELECT count(*) FROM main.units WHERE part = {number}"
            ).fetchone()
            dealt.append(int(count))
            if first:
                part.expect_whole(whole)
            part.follow_up()
        (units,) = connection.execute("SELECT count(*) FROM main.units").fetchone()
        if sum(dealt) != units:
            raise CopyFailed("Nothing was kept: an entity would be in no part.")
        return dealt

    def _give_parts(self) -> None:
        """Each group of units gets its part, so that the shares are right in every stratum."""
        connection = self._connection
        connection.execute("DROP TABLE IF EXISTS main.groups")
        connection.execute(
            "CREATE TABLE main.groups"
            " (unit INTEGER PRIMARY KEY, stratum, draw INTEGER, part INTEGER)"
        )
        connection.execute(
            "INSERT INTO main.groups (unit, stratum, draw)"
            " SELECT unit, stratum, draw FROM main.units WHERE linked = unit"
        )
        whole = sum(self._shares.values())
        for number, share in enumerate(self._shares.values()):
            connection.execute(
                f"UPDATE main.groups SET part = {number} WHERE unit IN (SELECT unit FROM"
                " (SELECT unit, row_number() OVER (ORDER BY stratum, draw, unit) AS i"
                f" FROM main.groups WHERE part IS NULL) WHERE {evenly('i', share, whole)})"
            )
            whole -= share
        connection.execute(
            "UPDATE main.units SET part ="
            " (SELECT part FROM main.groups AS g WHERE g.unit = units.linked)"
        )

    def _deal_the_others(self) -> None:
        """What belongs to none of the chosen: further persons first, then type by type."""
        types = [*self._begun.registry]
        persons = [entity_type for entity_type in types if PERSON in entity_type.by_name]
        for entity_type in (*persons, *types):
            if self._left(entity_type):
                self._deal(entity_type)

    def _left(self, entity_type: EntityType) -> int:
        """Make units of the rows of a type that are in no part yet; how many."""
        connection, name = self._connection, entity_type.name
        if self._owned.all_of(name):
            return 0  # what belongs to a unit is where the unit is
        connection.execute("DELETE FROM main.units")
        absent = " AND ".join(
            f"NOT EXISTS (SELECT 1 FROM {part.table(name)} AS k WHERE k.row = s.rowid)"
            for part in self._parts
        )
        count = connection.execute(
            "INSERT INTO main.units (unit, stratum)"
            f" SELECT s.rowid, '' FROM {SOURCE}.{quoted(name)} AS s WHERE {absent}"
        ).rowcount
        if count:
            draw(connection, "units", self._begun.choice.seed or 0)
        return count

    def _too_few(self) -> InvalidArgument:
        chosen = self._begun.chosen
        name = chosen.entity_type.name
        (groups,) = self._connection.execute("SELECT count(*) FROM main.groups").fetchone()
        (empty, *_) = [part for part, n in zip(self._shares, self._dealt, strict=True) if not n]
        together = (
            f", which hang together in {groups:,} {'group' if groups == 1 else 'groups'}"
            if groups < chosen.count
            else ""
        )
        return InvalidArgument(
            f"The part {empty} would have none of the {chosen.count:,} {name}{together}.",
            hint=f"Give it a greater share, or deal another type: {option('entity_type')}.",
        )

    def _count_shared(self) -> tuple[dict[str, int], dict[str, int]]:
        """How many entities of each type are in several parts, and how many in none."""
        several, none = {}, {}
        taken = [part.counts() for part in self._parts]
        for name, total in self._begun.totals.items():
            if self._owned.all_of(name) and sum(counts[name] for counts in taken) == total:
                continue  # each is in a part, so none in two
            rows = " UNION ALL ".join(f"SELECT row FROM {p.table(name)}" for p in self._parts)
            once, often = self._connection.execute(
                "SELECT count(*), count(CASE WHEN c > 1 THEN 1 END)"
                f" FROM (SELECT count(*) AS c FROM ({rows}) GROUP BY row)"
            ).fetchone()
            if often:
                several[name] = int(often)
            if once < total:
                none[name] = total - int(once)
        return several, none

    def shared(self) -> tuple[dict[str, int], dict[str, int]]:
        """The same, as it was counted."""
        return self._shared

    def parts(self, rows: Path) -> dict[str, Part]:
        """What each part's clone has to know."""
        whole = sum(self._shares.values())
        return {
            name: part_of(
                rows, taken, self._begun, count, part=name, share=round(100 * share / whole, 6)
            )
            for (name, share), taken, count in zip(
                self._shares.items(), self._parts, self._dealt, strict=True
            )
        }
