"""What a merge is asked for: which scenarios, of what base, and where to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..base.arguments import check_texts
from ..base.progress import Progress
from ..base.wording import call, option
from ..errors import InvalidArgument
from ..storage.files import Files
from ..storage.names import make_name
from .merge import merge_files, try_merge
from .merge_into import IntoCall, merge_into
from .merge_report import MergeResult
from .strategies import STRATEGIES, Strategies


@dataclass(frozen=True, slots=True)
class MergeCall:
    """What `Store.merge_scenarios` is asked for."""

    scenarios: Sequence[str]
    new_name: str | None
    context: str | None
    on_conflict: str | Mapping[str, str]
    base: str | None
    into: str | None
    dry_run: bool
    progress: Progress


def merge_scenarios(files: Files, asked: MergeCall, find: Callable[[str], Path]) -> MergeResult:
    """Merge scenarios; see `Store.merge_scenarios`. ``find`` gives the file of a scenario."""
    target = None if asked.into is None else find(asked.into)
    paths = check_sources(asked.scenarios, find, target)
    check_texts(context=asked.context)
    strategies = Strategies(asked.on_conflict)
    base = None if asked.base is None else find(asked.base)
    if base or target:
        check_strategies(strategies)
    if target:
        check_named(asked.into, new_name=asked.new_name, context=asked.context)
        call_ = IntoCall(target, paths[0], base, strategies, asked.dry_run, asked.progress)
        return merge_into(files, call_)
    write = functools.partial(
        merge_files, paths, strategies=strategies, progress=asked.progress, base=base
    )
    if asked.dry_run:
        return try_merge(write)
    automatic = make_name(f"merged {asked.context or ''}", "merged")
    path, result = files.folder.make(asked.new_name, lambda _: automatic, write)
    return replace(result, scenario=path.stem)


def check_sources(
    scenarios: Sequence[str], find: Callable[[str], Path], into: Path | None = None
) -> list[Path]:
    """The files of the scenarios to merge.

    Raises InvalidArgument unless they are two or more, or one ``into`` another.
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
    """One at a time, so that each is an operation that undo takes back."""
    if len(paths) != 1:
        raise InvalidArgument(
            f"Into {into.stem} one scenario is merged at a time, not {len(paths)}.",
            hint="Merge them one after the other; undo takes back the last one.",
        )


def check_named(into: str | None, **names: str | None) -> None:
    """Raises InvalidArgument where a merge into a scenario is to have another name."""
    for name, given in names.items():
        if into is not None and given is not None:
            raise InvalidArgument(
                f"{name} is of a new scenario, and {into} is there already.",
                hint=f"Leave out {option(name, verb='merge_scenarios')}, or {option('into')}.",
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
