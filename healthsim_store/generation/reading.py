"""Profiles that read a scenario: which one is read, and what is said when it does not fit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ..base.wording import call, option
from ..errors import EmptyBatch, InvalidArgument, InvalidRows, ScenarioNotFound
from .base import Readable, read_base, unknown_type
from .library import Library
from .logged_runs import base_fingerprint, own_entries
from .recipe import Recipe
from .run import Generation


class Scenarios(Readable, Protocol):
    """What finding the scenario needs of a `Store`."""

    def find(self, scenario: str) -> Path: ...

    def exists(self, name: str) -> bool: ...


def find_source(
    store: Scenarios,
    library: Library,
    recipe: Recipe,
    profile: str,
    for_scenario: str | None,
    into: str | None,
) -> str | None:
    """The name of the scenario that a profile reads; None for a profile that reads none.

    Args:
        store: has the scenarios.
        library: knows other profiles, for the hints.
        recipe: the profile.
        profile: its name or path, as the user gave it.
        for_scenario: the scenario to read, if the user gave one.
        into: the scenario to add to, which is read otherwise.

    Raises InvalidArgument, ScenarioNotFound.
    """
    if not recipe.reads:
        if for_scenario is not None:
            readers = ", ".join(library.readers())
            raise InvalidArgument(
                f"{recipe.name} reads no scenario: what it makes is not for what is there.",
                hint=f"These read one: {readers}." if readers else "No profile reads one.",
            )
        return None
    if for_scenario is not None:
        return store.find(for_scenario).stem
    needs = " and ".join(recipe.needs)
    ways = (
        f"Give the scenario that has them: {option('into')} to add to it, or"
        f" {option('for_scenario')} to make a new one for the same."
    )
    if into is None:
        raise InvalidArgument(f"{recipe.name} needs {needs} that are there.", hint=ways)
    if not store.exists(into):
        raise ScenarioNotFound(
            f"There is no scenario {into!r:.80}, and {recipe.name} needs {needs} that are there.",
            hint=ways,
        )
    return store.find(into).stem


def open_run(store: Scenarios, library: Library, run: Generation, source: str | None) -> Generation:
    """The run with what it reads of ``source``; a run that reads nothing as it is.

    Raises InvalidArgument when the scenario has none of what the profile needs.
    """
    if source is None:
        return run
    recipe = run.recipe
    counts = store.scenario_info(source, log_entries=0).entity_counts
    missing = [name for name in recipe.needs if not counts.get(name)]
    if missing:
        has = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
        ways = []
        declared = {found.name for found in store.list_entity_types()} | counts.keys()
        for name in missing:
            if name not in declared:
                raise unknown_type(recipe, name, declared)
            makers = library.makers(name, [found for found, count in counts.items() if count])
            if makers:
                first = call("generate_scenario", makers[0], into=source)
                others = f", as {' and '.join(makers[1:])} would" if makers[1:] else ""
                ways.append(f"{first} adds {name}{others}.")
            else:
                ways.append(f"No profile makes {name}: persist or import them.")
        raise InvalidArgument(
            f"{recipe.name} needs {' and '.join(missing)}, of which {source} has none.",
            hint=f"It has: {has or 'nothing'}. Choose another scenario, or add them first: "
            + " ".join(ways),
        )
    own = own_entries(store, source, run.identity)
    base = read_base(store, recipe, source, leave_out=own)
    return Generation(recipe, count=run.wanted, seed=run.seed, options=run.options, base=base)


def nothing_made(run: Generation, profile: str) -> EmptyBatch:
    """The error for a run of which nothing comes."""
    if not run.recipe.reads:
        return EmptyBatch(
            f"{profile} makes nothing of a count of {run.count}.", hint="Give a larger count."
        )
    scenario = run.facts()["base"]["scenario"]
    return EmptyBatch(
        f"{profile} makes nothing for the {' and '.join(run.recipe.needs)} of {scenario}.",
        hint=f"It goes through {run.count:,} of them. What it asks of them, such as dates, its"
        f" options tell: healthsim-store profiles {profile}.",
    )


@contextlib.contextmanager
def telling_where_they_are(source: str | None, into: str | None, run: Generation) -> Iterator[None]:
    """Add to an error about rows that what they belong to may be in the scenario that was read."""
    try:
        yield
    except InvalidRows as error:
        if source is not None and source != into:
            told = (
                f"If {run.recipe.counts} are of {' and '.join(run.recipe.needs)} that stay in"
                f" {source}, add them there: {option('into', source)}."
            )
            error.hint = f"{error.hint}\n{told}" if error.hint else told
        raise


def told_fewer(run: Generation, inserted: Mapping[str, int]) -> tuple[str, ...]:
    """A note where another number of entities was made than was asked for."""
    made = inserted.get(run.recipe.counts, 0)
    if not run.recipe.reads or run.wanted in (None, made):
        return ()
    return (
        f"{made:,} {run.recipe.counts} were made, of {run.wanted:,}: for {run.count:,}"
        f" {run.recipe.needs[0]} there can be no more.",
    )


def check_seed(into: str | None, facts: Mapping[str, Any], last: int, run: Generation) -> None:
    """Raises InvalidArgument where a scenario has another run of the profile with this seed.

    Both would draw the same for each entity: as if it had happened twice.
    """
    now = run.facts()
    if not run.recipe.reads or (facts["profile"], facts["seed"]) != (now["profile"], run.seed):
        return
    same = all(facts[name] == now[name] for name in ("count", "options"))
    if same and base_fingerprint(facts) == base_fingerprint(now):
        return
    begun = f"{into} has a run of {run.recipe.name} with the seed {run.seed} already"
    if same:
        raise InvalidArgument(
            f"{begun}, for {' and '.join(run.recipe.reads)} that have changed since.",
            hint="The rest would not fit. Give another seed: the same draws the same again."
            if last < facts["base"]["entities"]
            else "Give another seed: the same draws the same again, as if it had happened twice.",
        )
    raise InvalidArgument(
        f"{begun}, with another count or other options.",
        hint="Give another seed: the same draws the same again, as if it had happened twice.",
    )


def check_source(
    store: Scenarios, source: str, own_id: str, facts: Mapping[str, Any], *, alone: bool
) -> None:
    """Raises InvalidArgument where it is clear at once that a run cannot be made again.

    Args:
        store: has the scenarios.
        source: the scenario that is to be made again.
        own_id: its id.
        facts: of the run, from its log.
        alone: whether no run before made anything.
    """
    base = facts.get("base")
    if not base:
        return
    if base["scenario_id"] != own_id:
        try:
            store.find(base["scenario_id"])
        except ScenarioNotFound:
            raise InvalidArgument(
                f"{facts['profile']} was made for {base['scenario']}, which is no longer there.",
                hint="Restore that scenario.",
            ) from None
    elif alone:
        raise InvalidArgument(
            f"{facts['profile']} was made for what was in {source} already, which came from no"
            " profile: that cannot be made again.",
            hint="Make a new scenario for it instead: "
            + call("generate_scenario", facts["profile"], for_scenario=source, seed=facts["seed"]),
        )


def source_again(own_id: str, name: str, facts: Mapping[str, Any]) -> str | None:
    """The scenario to read when a run of the one with ``own_id`` is made again in ``name``."""
    base = facts.get("base")
    if not base:
        return None
    return name if base["scenario_id"] == own_id else str(base["scenario_id"])


def check_same(own_id: str, facts: Mapping[str, Any], run: Generation) -> None:
    """Raises InvalidArgument where a run reads something else than it read then."""
    if not run.recipe.reads or base_fingerprint(facts) == base_fingerprint(run.facts()):
        return
    base, now = facts["base"], run.facts()["base"]
    differ = [
        f"{count:,} {name} then, {now['rows'].get(name, 0):,} now"
        for name, count in base["rows"].items()
        if count != now["rows"].get(name, 0)
    ]
    what = "; ".join(differ) or f"the same numbers of {' and '.join(base['rows'])}, other values"
    if base["scenario_id"] == own_id:
        raise InvalidArgument(
            f"{run.recipe.name} cannot be made again: what it read is not what the runs before it"
            f" make ({what}).",
            hint=f"Something was changed or added by hand before: {option('log_entries')} of info"
            " tells what.",
        )
    raise InvalidArgument(
        f"{run.recipe.name} cannot be made again: {base['scenario']}, for which it was made, was"
        f" changed since ({what}).",
        hint="Undo the change there, or make a new scenario for what is there now.",
    )
