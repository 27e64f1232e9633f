"""Names that plugins claim: of two that claim one neither has it, and both are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .names import COMMANDS
from .plugin import Name, Plugin


@dataclass(frozen=True, slots=True)
class Claims:
    """What a plugin brings, by what it is called: of each name the kind of thing.

    ``twice`` are names that the plugin itself claims twice. ``mapped`` are foreign formats: several
    products may map one, each into its own entity types, but it may not hide an importer.
    """

    own: Mapping[Name, str]
    mapped: frozenset[Name] = frozenset()
    twice: tuple[Name, ...] = ()

    def clashes(self, other: Claims) -> set[Name]:
        """The names that only one of the two may have."""
        shared = self.own.keys() & other.own
        return {*shared, *(self.mapped & other.own.keys()), *(self.own.keys() & other.mapped)}


def claimed(plugin: Plugin) -> Claims:
    """What a plugin claims before its declarations are read."""
    standards = tuple(one for one in plugin.standards if not one.adds)
    things: dict[str, tuple[Any, ...]] = {
        "product": plugin.products,
        "format": (*plugin.importers, *standards),
        "export format": (*plugin.exporters, *standards),
        "profile": plugin.profiles,
        "command": plugin.commands,
        "tool": plugin.tools,
        "page": plugin.pages,
    }
    names = [(kind, str(one.name)) for kind, brought in things.items() for one in brought]
    names.append(("plugin", plugin.name))
    if plugin.core:
        names += [("command", name) for name in COMMANDS]
    twice = tuple(name for name, count in Counter(names).items() if count > 1)
    mapped = frozenset(("format", format) for format in plugin.mapped())
    return Claims({name: name[0] for name in names}, mapped, twice)


def without_clashes(plugins: Sequence[Plugin], taken: Sequence[Claims]) -> Iterator[Plugin]:
    """Leave out every plugin that claims a name which another one claims too.

    None of them is better than the other, and what a name means must not depend on the alphabet or
    on what was installed last. Only the core keeps what is its own.
    """
    called = _called(plugins)
    healthy = [(p, c) for p, c in zip(plugins, taken, strict=True) if not p.problem]
    for plugin, own in zip(plugins, taken, strict=True):
        if plugin.problem or plugin.core:
            yield plugin
            continue
        if own.twice:
            yield replace(plugin, problem=f"claims the {' '.join(own.twice[0])} twice")
            continue
        clashes: dict[Name, list[Plugin]] = {}
        for other, theirs in healthy:
            for name in own.clashes(theirs) if other is not plugin else ():
                clashes.setdefault(name, []).append(other)
        if not clashes:
            yield plugin
            continue
        told = {n: _told(n, own, others, called) for n, others in clashes.items()}
        first = min(clashes, key=lambda name: (not any(p.core for p in clashes[name]), name))
        more = f" (and {len(clashes) - 1:,} more names)" if len(clashes) > 1 else ""
        owners = {
            name: tuple(sorted(called[id(p)] for p in (plugin, *others)))
            for name, others in clashes.items()
        }
        yield replace(plugin, problem=told[first] + more, clashes=owners)


def _told(name: Name, own: Claims, others: Sequence[Plugin], called: Mapping[int, str]) -> str:
    what = f"claims the {own.own.get(name, name[0])} {name[1]}"
    core = next((plugin for plugin in others if plugin.core), None)
    if core:
        return f"{what}, which {core.name} has"
    also = and_(called[id(plugin)] for plugin in others)
    verb = "do" if len(others) > 1 else "does"
    return f"{what}, as {also} {verb}, so none of them is used: uninstall all but one"


def _called(plugins: Sequence[Plugin]) -> dict[int, str]:
    """What each is called: two of one name are told apart by their distributions."""
    names = Counter(plugin.name for plugin in plugins)
    return {
        id(p): f"{p.name} of {p.distribution}" if names[p.name] > 1 else p.name for p in plugins
    }


def and_(names: Iterable[str]) -> str:
    """``a``, ``a and b``, or ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def missing(plugins: Iterable[Plugin], name: Name) -> str | None:
    """Why a name is not to be had although somebody brings it; None where nobody does."""
    for plugin in plugins:
        if name in plugin.clashes:
            return neither(name[1], plugin.clashes[name])
    for plugin in plugins:
        if plugin.problem and name in plugin.named():
            return left_out(plugin)
    return None


def neither(name: str, owners: Sequence[str]) -> str:
    """That several plugins claim a name."""
    none = "neither" if len(owners) == 2 else "none of them"
    return f"{name} is declared by {and_(owners)}; {none} is loaded. Uninstall all but one."


def left_out(plugin: Plugin) -> str:
    """That a plugin has what is asked for, and why it is not used."""
    return f"The plugin {plugin.name} has it, and is left out: {plugin.problem}."
