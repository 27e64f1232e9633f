"""Plugins: each is loaded alone, wholly or not at all, and cannot break the tool."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pluggy

from . import hookspecs
from .base.version import __version__
from .errors import DeclarationError, HealthsimStoreError
from .exchange.formats import Formats
from .exchange.readers import READERS
from .exchange.writers import WRITERS

if TYPE_CHECKING:
    import click

    from .exchange.formats import Exporter, Importer
    from .generation.profile import Profile
    from .schema.product import Product
    from .schema.registry import Declarations, Registry

GROUP = "healthsim_store"
CORE = "core"
DISABLE = "HEALTHSIM_STORE_NO_PLUGINS"

#: The core's own commands, and which module of `cli` has each. They stand here because no plugin
#: may take one of these names; `cli`, which is above this module, makes its commands from it.
COMMANDS: Mapping[str, str] = {
    "persist": "writing",
    "import": "writing",
    "generate": "generating",
    "regenerate": "generating",
    "profiles": "generating",
    "list": "listing",
    "tags": "listing",
    "info": "listing",
    "summary": "reading",
    "samples": "reading",
    "query": "reading",
    "check": "inspecting",
    "schema": "inspecting",
    "plugins": "inspecting",
    "clone": "copying",
    "merge": "copying",
    "diff": "copying",
    "export": "exporting",
    "metadata": "exporting",
    "serve": "serving",
    "tag": "managing",
    "untag": "managing",
    "rename": "managing",
    "upgrade": "managing",
    "delete": "managing",
    "restore": "managing",
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point and what it brings; ``problem`` says why it was left out."""

    name: str
    distribution: str
    version: str
    products: tuple[Product, ...] = ()
    importers: tuple[Importer, ...] = ()
    exporters: tuple[Exporter, ...] = ()
    profiles: tuple[Profile, ...] = ()
    commands: tuple[click.Command, ...] = ()
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "products": [product.name for product in self.products],
            "formats": [importer.name for importer in self.importers],
            "exports": [exporter.name for exporter in self.exporters],
            "profiles": [profile.name for profile in self.profiles],
            "commands": [command.name for command in self.commands],
        }
        return told | ({"problem": self.problem} if self.problem else {})


@dataclass(frozen=True)
class Plugins:
    """The plugins of this process, the core's own formats first."""

    plugins: tuple[Plugin, ...]

    def find(self, kind: str) -> dict[str, Any]:
        """What the healthy plugins bring of one kind (``products``, ...), by name."""
        healthy = (plugin for plugin in self.plugins if plugin.problem is None)
        return {thing.name: thing for plugin in healthy for thing in getattr(plugin, kind)}

    @functools.cached_property
    def checked(self) -> Plugins:
        """The same plugins after their declarations were tried out; a faulty one is left out."""
        from .schema.dry_run import DryRun
        from .schema.registry import Registry

        checked: list[Plugin] = []
        taken: list[_Claims] = []
        for plugin in self.plugins:
            dry_run = DryRun()
            try:
                for product in () if plugin.problem else plugin.products:
                    Registry(product.declaration.entity_types)  # no circle of references
                    dry_run.try_out(product.declaration)
            except DeclarationError as error:
                plugin = replace(plugin, problem=error.message)
            checked.append(plugin)
            taken.append(_Claims(dry_run.names))
        return Plugins(tuple(_without_clashes(checked, taken)))

    @functools.cached_property
    def declarations(self) -> Declarations:
        """The declarations of the installed products, by product; and what is left out, why."""
        from .schema.registry import Declarations

        products: dict[str, Product] = self.checked.find("products")
        left_out: dict[str, str] = {}
        for plugin in self.checked.plugins:
            for product in plugin.products if plugin.problem else ():
                with contextlib.suppress(DeclarationError):
                    reason = f"The plugin {plugin.name} has it, and is left out: {plugin.problem}."
                    names = (e.name for e in product.declaration.entity_types)
                    left_out |= dict.fromkeys(names, reason)
        return Declarations({n: product.declaration for n, product in products.items()}, left_out)

    @functools.cached_property
    def registry(self) -> Registry:
        """The entity types of all installed products."""
        from .schema.registry import Registry

        declared = self.declarations
        types = (e for declaration in declared.values() for e in declaration.entity_types)
        return Registry(types, left_out=declared.left_out)

    @functools.cached_property
    def formats(self) -> Formats:
        """What reads and writes files of other formats."""
        mapped = {name for product in self.find("products").values() for name in product.formats}
        return Formats(
            importers=self.find("importers"),
            exporters=self.find("exporters"),
            mapped=sorted(mapped),
            mappings=self._mappings,
            plugin_of=self._plugin_of,
        )

    def _plugin_of(self, format: Importer | Exporter) -> str | None:
        """The plugin that brings an importer or exporter; None for the core's own."""
        others = (plugin for plugin in self.plugins if plugin.name != CORE)
        return next(
            (p.name for p in others if any(f is format for f in (*p.importers, *p.exporters))), None
        )

    def _mappings(self, format: str) -> dict[str, str]:
        """The SQL by which products map a foreign format, by product; empty when none does."""
        products: dict[str, Product] = self.checked.find("products")
        return {
            name: product.formats[format]
            for name, product in products.items()
            if format in product.formats
        }


@functools.cache
def installed() -> Plugins:
    """Load every plugin of the entry-point group; with HEALTHSIM_STORE_NO_PLUGINS set, none."""
    found = [Plugin(CORE, "healthsim-store", __version__, importers=READERS, exporters=WRITERS)]
    if not os.environ.get(DISABLE):
        entries = importlib.metadata.entry_points(group=GROUP)
        for entry in sorted(entries, key=lambda entry: entry.name):
            distribution = entry.dist.name if entry.dist else "?"
            found.append(_load(entry.name, distribution, entry.load))
    return Plugins(tuple(_without_clashes(found, [_claimed(plugin) for plugin in found])))


def _load(name: str, distribution: str, load: Callable[[], Any]) -> Plugin:
    try:
        version = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        version = "?"
    plugin = Plugin(name, distribution, version)
    # A manager for each: what one plugin raises cannot reach the hooks of another.
    manager = pluggy.PluginManager("healthsim_store")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(load())
        manager.check_pending()
        return replace(
            plugin,
            products=_flat(manager.hook.healthsim_store_products()),
            importers=_flat(manager.hook.healthsim_store_importers()),
            exporters=_flat(manager.hook.healthsim_store_exporters()),
            profiles=_flat(manager.hook.healthsim_store_profiles()),
            commands=_flat(manager.hook.healthsim_store_commands()),
        )
    # Broad on purpose: whatever a stranger's code raises must not stop the tool; it is
    # reported by `healthsim-store plugins`.
    except Exception as error:
        text = error.message if isinstance(error, HealthsimStoreError) else str(error)
        reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
        return replace(plugin, problem=" ".join(reason.split()))


def _flat(answers: Iterable[Iterable[Any]]) -> tuple[Any, ...]:
    return tuple(thing for answer in answers for thing in answer)


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a plugin brings, by what it is called: of each name the kind of thing.

    ``twice`` are names that the plugin itself claims twice. ``mapped`` are foreign formats: several
    products may map one, each into its own entity types, but it may not hide an importer.
    """

    own: Mapping[tuple[str, str], str]
    mapped: frozenset[tuple[str, str]] = frozenset()
    twice: tuple[tuple[str, str], ...] = ()

    def clash(self, other: _Claims) -> tuple[str, str] | None:
        """A name that only one of the two may have."""
        both = [*(self.own.keys() & other.own), *(self.mapped & other.own.keys())]
        return min([*both, *(self.own.keys() & other.mapped)], default=None)


def _claimed(plugin: Plugin) -> _Claims:
    kinds: dict[str, Sequence[Any]] = {
        "product": plugin.products,
        "format": plugin.importers,
        "export format": plugin.exporters,
        "profile": plugin.profiles,
        "command": plugin.commands,
    }
    names = [(kind, str(thing.name)) for kind, things in kinds.items() for thing in things]
    if plugin.name == CORE:
        names += [("command", name) for name in COMMANDS]
    mapped = {("format", format) for product in plugin.products for format in product.formats}
    twice = tuple(name for name, count in Counter(names).items() if count > 1)
    return _Claims({name: name[0] for name in names}, frozenset(mapped), twice)


def _without_clashes(plugins: Sequence[Plugin], taken: Sequence[_Claims]) -> Iterator[Plugin]:
    """Leave out every plugin that claims a name which another one claims too.

    None of them is better than the other, and what a name means must not depend on the alphabet or
    on what was installed last. Only the core keeps what is its own.
    """
    healthy = [(p, c) for p, c in zip(plugins, taken, strict=True) if not p.problem]
    for plugin, claimed in zip(plugins, taken, strict=True):
        others = [(p, claimed.clash(c)) for p, c in healthy if p is not plugin]
        clashes = [(other, name) for other, name in others if name]
        if plugin.problem or plugin.name == CORE:
            yield plugin
        elif claimed.twice:
            yield replace(plugin, problem=f"claims the {' '.join(claimed.twice[0])} twice")
        elif clashes:
            yield replace(plugin, problem=_told(clashes, claimed))
        else:
            yield plugin


def _told(clashes: Sequence[tuple[Plugin, tuple[str, str]]], claimed: _Claims) -> str:
    other, name = next((c for c in clashes if c[0].name == CORE), clashes[0])
    what = f"claims the {claimed.own.get(name, name[0])} {name[1]}"
    if other.name == CORE:
        return f"{what}, which {CORE} has"
    also = " and ".join(plugin.name for plugin, clash in clashes if clash == name)
    return f"{what}, as {also} does, so none of them is used: uninstall all but one"
