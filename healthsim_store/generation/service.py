"""Generating into a scenario, batch by batch, and making a scenario again from its log."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..base.progress import Progress
from ..base.wording import call
from ..errors import HealthsimStoreError, InvalidArgument, ScenarioExists, UnknownProfile
from ..operations.diff_report import DiffResult
from ..query.reply import PersistResult, tell_account
from ..query.summary import Summary
from ..storage.rows import Row
from . import reading
from .base import Readable
from .engine import Entities
from .library import Library
from .logged_runs import IDENTITY, OPERATION, WHOLE_LOG, LoggedRun, changed, read_runs, total
from .recipe import read_recipe
from .run import Generation


@dataclass(frozen=True)
class GenerateResult:
    """What was generated. ``run`` has all that is needed to make the same again.

    ``first`` is the number of the counted entity that this call began with. It is above 1 if the
    call continued an interrupted run, and None if there was nothing left to do. ``inserted``
    counts rows by entity type. ``notes`` say what is else to know, such as that there are fewer
    entities than were asked for.
    """

    scenario: str
    run: Mapping[str, Any]
    first: int | None
    inserted: Mapping[str, int]
    summary: Summary
    notes: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """What this call stored, in a line."""
        return tell_account(self.inserted)

    def to_dict(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "run": dict(self.run),
            "first": self.first,
            "inserted": dict(self.inserted),
            "summary": self.summary.to_dict(),
            **({"notes": list(self.notes)} if self.notes else {}),
        }


@dataclass(frozen=True)
class RegenerateResult:
    """A scenario made again. ``difference`` is from ``source`` to the new ``scenario``."""

    source: str
    scenario: str
    runs: tuple[Mapping[str, Any], ...]
    difference: DiffResult
    summary: Summary

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "scenario": self.scenario,
            "runs": [dict(run) for run in self.runs],
            "difference": self.difference.to_dict(),
            "summary": self.summary.to_dict(),
        }


class Scenarios(Readable, Protocol):
    """What generating needs of a `Store`."""

    path: Path

    def find(self, scenario: str) -> Path: ...

    def exists(self, name: str) -> bool: ...

    def free_name(self, name: str) -> str: ...

    def get_summary(self, scenario: str, *, samples: int = ...) -> Summary: ...

    def persist_batches(
        self,
        batches: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
        *,
        scenario: str | None = ...,
        context: str | None = ...,
        tags: Sequence[str] = ...,
        description: str | None = ...,
        allow_triggers: bool = ...,
        again: bool = ...,
        new: bool = ...,
        operation: str = ...,
        stored: Callable[[str, Mapping[str, Any]], None] = ...,
    ) -> PersistResult: ...

    def diff_scenarios(self, a: str, b: str) -> DiffResult: ...

    def delete_scenario(self, scenario: str) -> str: ...


def generate(
    store: Scenarios,
    library: Library,
    profile: str,
    *,
    count: int | None = None,
    seed: int | None = None,
    batch: int | None = None,
    for_scenario: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, list[Row]]]:
    """Batches of entities; nothing is stored. See `Store.generate`."""
    recipe = library.recipe(profile)
    wanted = Generation(recipe, count=count, seed=seed, options=options)
    source = reading.find_source(store, library, recipe, profile, for_scenario, None)
    run = reading.open_run(store, library, wanted, source)
    return (
        {entity_type: list(rows) for entity_type, rows in entities.items()}
        for _, _, entities in run.batches(batch)
    )


def generate_scenario(
    store: Scenarios,
    library: Library,
    profile: str,
    *,
    count: int | None = None,
    seed: int | None = None,
    batch: int | None = None,
    options: Mapping[str, Any] | None = None,
    into: str | None = None,
    for_scenario: str | None = None,
    tags: Sequence[str] = (),
    description: str | None = None,
    allow_triggers: bool = False,
    again: bool = False,
    progress: Progress = lambda _: None,
) -> GenerateResult:
    """Generate into a scenario, batch by batch; see `Store.generate_scenario`."""
    if into is not None and not isinstance(into, str):
        raise InvalidArgument(f"into is {into!r:.60}.", hint="Give a scenario's name.")
    recipe = library.recipe(profile)
    there = into is not None and store.exists(into)
    run = Generation(recipe, count=count, seed=seed, options=options)
    source = reading.find_source(store, library, recipe, profile, for_scenario, into)
    runs = read_runs(store, into) if into is not None and there else []
    if seed is None:
        run = _unfinished(into, runs, run) or run
    with contextlib.closing(reading.open_run(store, library, run, source)) as run:
        done = _done(into, runs, run)
        batches = run.batches(batch, start=done + 1)
        first = next(batches, None)
        if first is None and not done:
            raise reading.nothing_made(run, profile)
        if first is None:
            assert into is not None
            summary = store.get_summary(into, samples=0)
            return GenerateResult(summary.scenario, run.facts(), None, {}, summary)
        with (
            reading.telling_where_they_are(source, into, run),
            _telling_how_to_go_on(store, profile, run, for_scenario) as stored,
        ):
            result = store.persist_batches(
                _logged(run, itertools.chain([first], batches), progress),
                scenario=into,
                context=recipe.name,
                tags=tags,
                description=description or (None if there else recipe.title),
                operation=OPERATION,
                allow_triggers=allow_triggers,
                again=again,
                stored=stored,
            )
        if result.repeated:
            return GenerateResult(result.scenario, run.facts(), None, {}, result.summary)
        notes = reading.told_fewer(run, result.inserted) if not done else ()
        return GenerateResult(
            result.scenario, run.facts(), done + 1, result.inserted, result.summary, notes
        )


def _logged(
    run: Generation, batches: Iterator[tuple[int, int, Entities]], progress: Progress
) -> Iterator[tuple[Entities, dict[str, Any]]]:
    """Each batch with its facts for the log.

    The caller asks for the next batch only after it has stored this one. So the line after
    ``yield`` reports progress for rows that are stored.
    """
    facts = run.facts()
    for first, last, entities in batches:
        yield entities, facts | {"first": first, "last": last}
        progress(last - first + 1)


@contextlib.contextmanager
def _telling_how_to_go_on(
    store: Scenarios, profile: str, run: Generation, for_scenario: str | None
) -> Iterator[Callable[[str, Mapping[str, Any]], None]]:
    """Add to an error or to Ctrl-C what was stored so far, and the command that adds the rest."""
    reached: list[tuple[str, int]] = []

    def note() -> str:
        scenario, last = reached[-1]
        more = call(
            "generate_scenario",
            profile,
            count=run.identity["count"],
            seed=run.seed,
            for_scenario=for_scenario,
            options={name: value for name, value in run.options.items() if value is not None},
            into=store.path / f"{scenario}.db",
        )
        return f"{run.told(last)} in {scenario}, in whole batches. Go on with: {more}"

    try:
        yield lambda scenario, details: reached.append((scenario, details["last"]))
    except HealthsimStoreError as error:
        if reached:
            error.hint = f"{error.hint}\n{note()}" if error.hint else note()
        raise
    except KeyboardInterrupt as interrupt:
        if reached:
            interrupt.add_note(note())
        raise


def count_generated(store: Scenarios, scenario: str) -> int:
    """How many counted entities `regenerate_scenario` would make, by the scenario's log."""
    return sum(last for _, last in read_runs(store, scenario))


def _unfinished(into: str | None, runs: Sequence[LoggedRun], run: Generation) -> Generation | None:
    """The same run as one that is not finished there, whose seed is then meant."""
    wanted = run.identity
    seeds = {
        facts["seed"]
        for facts, last in runs
        if last < total(facts)
        and all(facts[name] == wanted[name] for name in IDENTITY if name != "seed")
    }
    if len(seeds) > 1:
        raise InvalidArgument(
            f"{into} has {len(seeds)} runs that are not finished.",
            hint=f"Give one's seed: {', '.join(map(str, sorted(seeds)))}.",
        )
    if not seeds:
        return None
    return Generation(run.recipe, count=run.wanted, seed=seeds.pop(), options=run.options)


def _done(into: str | None, runs: Sequence[LoggedRun], run: Generation) -> int:
    """How many counted entities of this run the scenario has already."""
    if not runs:
        return 0
    wanted = run.facts()
    for facts, last in runs:
        reading.check_seed(into, facts, last, run)
        if any(facts[name] != wanted[name] for name in IDENTITY if name != "profile"):
            continue
        half = f"{into} has {last:,} of {total(facts):,} from {facts['profile']}"
        if facts["profile"] != wanted["profile"]:
            if last < total(facts) and not changed(facts, wanted):
                raise InvalidArgument(
                    f"{half}, which is this profile under another name.",
                    hint="Give it that name again, or generate a new scenario.",
                )
            continue
        if last < total(facts) and changed(facts, wanted):
            raise InvalidArgument(
                f"{half} {facts.get('version')}, which has changed since: the rest would not fit.",
                hint="Generate a new scenario.",
            )
        return int(last)
    return 0


def regenerate_scenario(
    store: Scenarios,
    library: Library,
    scenario: str,
    *,
    new_name: str | None = None,
    profile: str | None = None,
    progress: Progress = lambda _: None,
) -> RegenerateResult:
    """Make a scenario again, under a new name; see `Store.regenerate_scenario`.

    ``store`` has the scenario, ``library`` finds its profiles.
    """
    source = store.find(scenario).stem
    runs = read_runs(store, source)
    if not runs:
        raise InvalidArgument(
            f"{source} was not generated, so it cannot be made again.", hint=_history(store, source)
        )
    made = [_again(library, facts, profile) for facts, _ in runs]
    info = store.scenario_info(source)
    own_id = info.scenario_id
    for number, (facts, _) in enumerate(runs):
        reading.check_source(store, source, own_id, facts, alone=number == 0)
    if new_name is not None and store.exists(new_name):
        raise ScenarioExists(
            f"There is a scenario {new_name!r} already.", hint="Choose another name."
        )
    name = new_name or store.free_name(f"{source}-again")

    def batches() -> Iterator[tuple[Entities, dict[str, Any]]]:
        for run, (facts, last) in zip(made, runs, strict=True):
            base = reading.source_again(own_id, name, facts)
            with contextlib.closing(reading.open_run(store, library, run, base)) as opened:
                reading.check_same(own_id, facts, opened)
                yield from _logged(opened, opened.batches(stop=last), progress)

    begun: list[str] = []
    try:
        result = store.persist_batches(
            batches(),
            scenario=name,
            again=True,
            new=True,
            stored=lambda scenario, details: begun.append(scenario),
            tags=info.tags,
            description=info.description,
            operation=OPERATION,
        )
    except BaseException:
        # A half-made copy is of no use: unlike an interrupted `generate`, it cannot be continued.
        if begun:
            store.delete_scenario(begun[0])
        raise
    return RegenerateResult(
        source=source,
        scenario=result.scenario,
        runs=tuple(facts for facts, _ in runs),
        difference=store.diff_scenarios(source, result.scenario),
        summary=result.summary,
    )


def _again(library: Library, facts: Mapping[str, Any], path: str | None) -> Generation:
    try:
        found = library.find(facts["profile"])
    except UnknownProfile:
        if path is None:
            raise
        found = library.find(path)
    else:
        if path is not None and Path(path).stem == facts["profile"]:
            found = library.find(path)
    # The profile's name is part of the seed, so keep the old name even if the file has another.
    recipe = dataclasses.replace(read_recipe(found), name=facts["profile"])
    run = Generation(recipe, count=facts["count"], seed=facts["seed"], options=facts["options"])
    now = run.facts()
    if changed(facts, now):
        raise InvalidArgument(
            f"The profile {recipe.name} is no longer what it was: version "
            f"{facts.get('version')} then, {now['version']} now; {changed(facts, now)} differ.",
            hint="Install what it was, or generate a new scenario with the same seed.",
        )
    return run


def _history(store: Scenarios, scenario: str) -> str:
    """A hint for a scenario that was not generated."""
    info = store.scenario_info(scenario, log_entries=WHOLE_LOG)
    if info.parents:
        return f"It was made of {', '.join(info.parents)}: regenerate those."
    operations = ", ".join(dict.fromkeys(str(entry["operation"]) for entry in reversed(info.log)))
    return f"Its log has: {operations or 'nothing'}."
