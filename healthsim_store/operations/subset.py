"""Subset: a part of a scenario, chosen entities with all that belongs to them, as a new one.

The rows are found first, into a file of rowids that is thrown away in the end; then they are cloned
as a whole scenario is. All of it is read at one moment.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..base.progress import Progress
from ..base.sql import quoted
from ..base.wording import option
from ..errors import InvalidArgument
from ..schema.model import Question
from ..schema.registry import Registry
from ..storage.catalog import read_entity_types
from ..storage.files import Files
from ..storage.sandbox import Sandbox
from .belonging import Taken
from .builder import SOURCE, Building
from .choice import Choice, Chosen, choose, strata
from .clone import Part, clone_file
from .clone_report import CloneResult
from .drawing import draw, evenly

Ask = Callable[[str], Question]


@dataclass(slots=True)
class Selecting:
    """The file of rowids while it is made, and what is known of the source."""

    connection: sqlite3.Connection
    registry: Registry
    choice: Choice
    chosen: Chosen
    totals: Mapping[str, int] = field(default_factory=dict)

    def make_units(self) -> None:
        """The chosen entities in the table ``units``, by rowid, each with a drawn number."""
        entity_type = self.chosen.entity_type
        table = f"{SOURCE}.{quoted(entity_type.name)}"
        self.connection.execute(
            "CREATE TABLE main.units"
            " (unit INTEGER PRIMARY KEY, stratum, draw INTEGER, linked INTEGER, part INTEGER)"
        )
        self.connection.execute(
            "INSERT INTO main.units (unit, stratum)"
            f" SELECT c.row, {strata(entity_type, self.choice.stratify)} FROM main.chosen AS c"
            f" CROSS JOIN {table} AS s ON s.rowid = c.row"
        )
        if self.choice.seed is not None:
            draw(self.connection, "units", self.choice.seed)
        if self.choice.sample is not None:
            self._sample(self.choice.sample)

    def _sample(self, count: int) -> None:
        name, of = self.chosen.entity_type.name, self.chosen.count
        if count > of:
            raise InvalidArgument(
                f"A sample of {count:,} {name} cannot be drawn from {of:,}.",
                hint=f"Ask for at most {of:,}.",
            )
        self.connection.execute(
            "DELETE FROM main.units WHERE unit NOT IN (SELECT unit FROM"
            " (SELECT unit, row_number() OVER (ORDER BY stratum, draw, unit) AS i FROM main.units)"
            f" WHERE {evenly('i', count, of)})"
        )
        self.chosen = replace(self.chosen, count=count)


@contextlib.contextmanager
def selecting(
    files: Files, source: Path, choice: Choice, ask: Ask
) -> Iterator[tuple[Path, Selecting, Callable[[], contextlib.AbstractContextManager[None]]]]:
    """The chosen entities of a source, in a file of rowids that is thrown away after the block.

    Nobody can commit to the source in the block. Gives the file, what was chosen, and a block in
    which the source is attached and the file's tables can be written.
    """
    with (
        files.moment(source) as sandbox,
        files.folder.unfinished() as rows,
        contextlib.closing(Building(rows, lambda _: None)) as building,
    ):
        reading = functools.partial(building.reading, source)
        with reading():
            begun = _begin(building, source, sandbox, choice, ask)
        yield rows, begun, reading


def _begin(
    building: Building, source: Path, sandbox: Sandbox, choice: Choice, ask: Ask
) -> Selecting:
    connection = building.connection
    registry = Registry(read_entity_types(sandbox.connection))
    building.check_tables(source, [entity_type.name for entity_type in registry], all_=True)
    building.check_keys([*registry])
    chosen = choose(connection, registry, sandbox, choice, ask)
    return Selecting(connection, registry, choice, chosen, count_all(connection, registry))


def count_all(connection: sqlite3.Connection, registry: Registry) -> dict[str, int]:
    """How many entities of each type the source has."""
    return {
        name: connection.execute(f"SELECT count(*) FROM {SOURCE}.{quoted(name)}").fetchone()[0]
        for name in (entity_type.name for entity_type in registry)
    }


def clone_scenario(
    files: Files,
    source: Path,
    new_name: str | None,
    choice: Choice,
    ask: Ask,
    progress: Progress,
) -> CloneResult:
    """Clone a scenario or a part of it; see `Store.clone_scenario`.

    Args:
        files: the store's.
        source: the scenario's file.
        new_name: of the clone.
        choice: which part.
        ask: gives a question of the scenario by its name.
        progress: is told how many rows were just copied.
    """
    choice = choice.checked()
    if choice.everything:
        path, result = files.folder.make(
            new_name,
            lambda _: f"{source.stem}-copy",
            lambda target: clone_file(source, target, progress),
        )
        return replace(result, scenario=path.stem)

    def write(target: Path) -> CloneResult:
        with selecting(files, source, choice, ask) as (rows, begun, reading):
            with reading():
                taken = Taken(begun.connection, begun.registry, begun.totals, "part_0")
                begun.make_units()
                taken.take_units(begun.chosen.entity_type)
                taken.follow_down()
                taken.expect_whole(taken.whole())
                taken.follow_up()
                part = part_of(rows, taken, begun)
                _check_a_part(choice, part)
            return clone_file(source, target, progress, part)

    path, result = files.folder.make(new_name, lambda _: f"{source.stem}-part", write)
    return replace(result, scenario=path.stem)


def _check_a_part(choice: Choice, part: Part) -> None:
    """Raises InvalidArgument where a SELECT or a question leaves nothing out."""
    if choice.sample is None and not any(part.not_taken.values()):
        given = "only" if choice.question is None else "only_question"
        raise InvalidArgument(
            f"Everything is chosen: {option(given)} leaves nothing out ({part.how}).",
            hint=f"Tighten its conditions; a clone without {option(given)} takes all.",
        )


def part_of(
    rows: Path, taken: Taken, begun: Selecting, count: int | None = None, **facts: Any
) -> Part:
    """What a clone of the taken rows has to know of them.

    ``count`` is how many of the chosen entities are among them, all by default; ``facts`` are
    added to the log.
    """
    chosen = begun.chosen
    count = chosen.count if count is None else count
    entity_type = chosen.entity_type.name
    how = f"{count:,} of {chosen.of:,} {entity_type.replace('_', ' ')}"
    how += f" by {chosen.by}" if chosen.by else ""
    how += f", seed {begun.choice.seed}" if begun.choice.seed is not None else ""
    return Part(
        rows,
        taken.names,
        taken.counted(),
        {name: begun.totals[name] - n for name, n in taken.counts().items()},
        {entity_type: count},
        how,
        {"entity_type": entity_type, **begun.choice.facts(), **facts},
    )
