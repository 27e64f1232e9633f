"""What a merge is asked for: which scenarios, of what base, and where to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..base.wording import call, option
from ..errors import InvalidArgument
from .strategies import STRATEGIES, Strategies

MOST_INTO = 8  # scenarios at once: SQLite attaches no more


def check_sources(
    scenarios: Sequence[str], find: Callable[[str], Path], into: Path | None = None
) -> list[Path]:
    """The files of the scenarios to merge.

    Raises InvalidArgument unless they are two or more, or one or more ``into`` another.
    """
    if isinstance(scenarios, str) or not isinstance(scenarios, Sequence):
        raise InvalidArgument(
            f"scenarios is {scenarios!r:.60}.", hint="Give a list of two names or more."
        )
    paths = [find(scenario) for scenario in scenarios]
    if into is not None:
        _check_into(paths, into)
    elif len(paths) < 2:
        raise InvalidArgument(
            f"A merge needs two scenarios, not {len(paths)}.",
            hint="One is copied by a clone.",
        )
    for path in paths:
        if paths.count(path) > 1 or path == into:
            copied = call("clone_scenario", path, new_name=f"{path.stem}-copy")
            raise InvalidArgument(
                f"{path.stem} cannot be merged with itself.",
                hint=f"Give each scenario once; {copied} makes a copy with new ids.",
            )
    return paths


def _check_into(paths: Sequence[Path], into: Path) -> None:
    if not paths:
        raise InvalidArgument(
            f"Nothing was given to merge into {into.stem}.", hint="Give one scenario or more."
        )
    if len(paths) > MOST_INTO:
        raise InvalidArgument(
            f"{len(paths)} scenarios cannot be merged into {into.stem} at once.",
            hint=f"Give {MOST_INTO} at the most, and then the others.",
        )


def check_named(into: str | None, **names: str | None) -> None:
    """Raises InvalidArgument where a merge into a scenario is to have another name."""
    for name, given in names.items():
        if into is not None and given is not None:
            raise InvalidArgument(
                f"{name} is of a new scenario, and {into} is there already.",
                hint=f"Leave out {option(name)}, or {option('into')}.",
            )


def check_strategies(strategies: Strategies) -> None:
    """Raises InvalidArgument for one that a merge with a base, or into a scenario, has not."""
    if any(strategy.keeps_both for strategy in strategies.all()):
        usable = [name for name, strategy in STRATEGIES.items() if not strategy.keeps_both]
        raise InvalidArgument(
            "on_conflict is rename, which a merge with a base, or into a scenario, has not: there"
            " an entity that both sides changed stays one.",
            hint=f"Choose {', '.join(usable)}.",
        )
