"""Where entities come from: inline, a file, a profile, or SELECTs over another scenario."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from healthsim_store import RowStream
from healthsim_store.doors import options_of_files

from .confined_store import ConfinedStore, seed_of
from .descriptions import profile_count
from .progress import Rows
from .reading_tools import summarised
from .refusals import invalid
from .replies import Reply, line

# Counted entities that are generated at once. It changes nothing of what is made; between two of
# them progress is told, and a call that was cancelled ends.
_BATCH = 500
_LEFT = 10  # reasons, why rows were left out, that are told


@dataclass(frozen=True)
class Order:
    """What is to be stored in which scenario, and how."""

    scenario: str | None
    context: str | None
    tags: Sequence[str]
    on_conflict: str
    batch_id: str | None
    round_decimals: bool = False
    again: bool = False
    dry_run: bool = False

    def how(self, scenario: str | None) -> dict[str, Any]:
        return {
            "scenario": scenario, "context": self.context, "tags": self.tags,
            "on_conflict": self.on_conflict, "batch_id": self.batch_id,
            "round_decimals": self.round_decimals, "again": self.again, "dry_run": self.dry_run,
        }  # fmt: skip


def inline(confined: ConfinedStore, entities: Mapping[str, Any], order: Order) -> Any:
    return confined.store.persist(entities, **order.how(confined.target(order.scenario)))


def from_file(
    confined: ConfinedStore, file: str, format: str | None, entity_type: str | None,
    options: Mapping[str, Any] | None, order: Order, progress: Rows,
) -> tuple[Any, dict[str, int]]:  # fmt: skip
    """What was stored, and how many rows no entity was made of, by file and reason."""
    path = confined.confinement.reading(file)
    given = _file_options(confined, path, options or {})
    with _place_for(given.get("rejects"), order):
        made = confined.store.import_data(
            str(path), format=format, entity_type=entity_type, progress=progress,
            **order.how(confined.target(order.scenario)), **given,
        )  # fmt: skip
    left = {
        f"{line(account.name, 60)}: {line(reason, 120)}": count
        for account in made.kinds
        for reason, count in account.unmapped.items()
    }
    notes = [
        f"{line(account.name, 60)}: {line(note, 200)}"
        for account in made.kinds
        for note in account.notes
    ]
    notes = [*made.persisted.notes, *notes[:_LEFT]]
    return dataclasses.replace(made.persisted, notes=tuple(notes)), left


def _file_options(
    confined: ConfinedStore, path: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    """How a file is read, the options of its format, and a place for rows that it leaves out."""
    of_files = {*options_of_files()}
    given = {name: value for name, value in options.items() if name in of_files}
    given["options"] = {name: options[name] for name in options if name not in of_files}
    if "skip" in (given.get("bad_rows"), given.get("orphans")):
        names = itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
        places = (confined.confinement.writing(f"rejects-{path.stem}{n}.csv") for n in names)
        given["rejects"] = next(place for place in places if not place.exists())
    return given


@contextlib.contextmanager
def _place_for(rejects: Path | None, order: Order) -> Iterator[None]:
    """The folder of the file of rejected rows; it is there no more if none was written."""
    if rejects is None or order.dry_run:
        yield
        return
    made = [folder for folder in rejects.parents if not folder.exists()]
    rejects.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # it has the file
                folder.rmdir()


def selected(
    confined: ConfinedStore,
    source: str,
    select: Mapping[str, str],
    order: Order,
    progress: Rows,
) -> Any:
    """The rows of SELECTs over a scenario, all of one moment, as entities of another."""
    name = confined.name(source)
    target = confined.target(order.scenario)
    if target is not None and target.casefold() == name.casefold():
        raise invalid(f"{line(name)} cannot be selected into itself. Name another scenario.")

    def entities(rows: RowStream) -> Iterator[dict[str, Any]]:
        for chunk in rows.chunks():
            progress(len(chunk))
            for row in chunk:
                pairs = zip(rows.columns, row, strict=True)
                yield {column: value for column, value in pairs if value is not None}

    store = confined.store
    with contextlib.ExitStack() as opened:
        # Nobody changes the source between two statements, so that references stay whole.
        opened.enter_context(store.moment(name))
        # All begin before anything is stored: one that is wrong is told, and nothing was begun.
        streams = {
            entity_type: opened.enter_context(store.rows(name, sql))
            for entity_type, sql in select.items()
        }
        found = {entity_type: entities(rows) for entity_type, rows in streams.items()}
        return store.persist(found, **order.how(target))


def generated(
    confined: ConfinedStore, profile: str, count: int | None, seed: int | None,
    options: Mapping[str, Any] | None, for_scenario: str | None, order: Order, progress: Rows,
) -> tuple[str, Any]:  # fmt: skip
    """What is said of it, and the result."""
    if profile.endswith(".sql") or "/" in profile or "\\" in profile:
        raise invalid(
            "A profile is given by its name. The user's own belong in the folder"
            " profiles of the store; scenario_describe() lists all."
        )
    if order.on_conflict != "error":
        raise invalid("on_conflict is for entities, file and select: a profile has no conflicts.")
    scenario = order.scenario
    if order.batch_id is not None:
        seed = seed_of(order.batch_id) if seed is None else seed
        wanted = count if count is not None else profile_count(confined.store, profile)
        scenario = scenario or confined.generated_in(profile, seed, wanted)
    read = None if for_scenario is None else confined.name(for_scenario)
    made = confined.store.generate_scenario(
        profile, count=count, seed=seed, options=options, into=confined.target(scenario),
        for_scenario=read, batch=_BATCH, tags=order.tags, description=order.context,
        again=order.again, progress=progress,
    )  # fmt: skip
    said = f"seed {made.run['seed']}"
    if made.first is None:
        said += ", was there already"
    elif made.first > 1:
        said += f", went on from {made.first:,}"
    return said, made


def told(said: str, stored: Any, budget: int, left: Mapping[str, int] | None = None) -> Reply:
    """The reply to all of them; ``left`` are rows of a file that no entity was made of."""
    counts = {
        kind: {name: n for name, n in getattr(stored, kind, {}).items() if n}
        for kind in ("inserted", "skipped", "replaced", "rounded", "left_out")
    }
    changed: dict[str, Any] = {kind: found for kind, found in counts.items() if found}
    head = f'Saved "{stored.scenario}" ({said}).\n'
    if getattr(stored, "dry_run", False):
        head = f"Nothing was stored (dry run). It would be {stored.account}.\n"
    rejects = getattr(stored, "rejects", None)
    if rejects:
        head += f"Rows that were left out are in {rejects}\n"
    whole = changed.get("inserted") == {
        name: n for name, n in stored.summary.entity_counts.items() if n
    }
    if whole and len(changed) == 1:
        changed = {}  # the counts of the summary say it
    if getattr(stored, "repeated", False):
        changed = {}  # that was the first time
    if left:
        shown = dict(list(left.items())[:_LEFT])
        changed["unmapped"] = shown | (
            {"others": sum(left.values()) - sum(shown.values())} if len(left) > _LEFT else {}
        )
    for kind, found in changed.items():
        head += f"{kind}: {', '.join(f'{name} {n:,}' for name, n in found.items())}\n"
    notes = [*getattr(stored, "notes", ())]
    head += "".join(f"{note}\n" for note in notes)
    if notes:
        changed["notes"] = notes
    return summarised(stored.summary, budget, head, said=said, **changed)
