"""Plugins: each is loaded alone, wholly or not at all, and cannot break the tool."""

from __future__ import annotations

import functools
import importlib.metadata
import os
from collections.abc import Callable, Iterable, Mapping
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
    from .schema.model import Declaration
    from .schema.product import Product
    from .schema.registry import Registry

GROUP = "healthsim_store"
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
        dry_run = DryRun()
        for plugin in self.plugins:
            try:
                for product in () if plugin.problem else plugin.products:
                    Registry(product.declaration.entity_types)  # no circle of references
                    dry_run.try_out(product.declaration)
            except DeclarationError as error:
                plugin = replace(plugin, problem=error.message)
            checked.append(plugin)
        return Plugins(tuple(checked))

    @functools.cached_property
    def declarations(self) -> dict[str, Declaration]:
        """The declarations of the installed products, by product."""
        products: dict[str, Product] = self.checked.find("products")
        return {name: product.declaration for name, product in products.items()}

    @functools.cached_property
    def registry(self) -> Registry:
        """The entity types of all installed products."""
        from .schema.registry import Registry

        return Registry(
            entity_type
            for declaration in self.declarations.values()
            for entity_type in declaration.entity_types
        )

    @functools.cached_property
    def formats(self) -> Formats:
        """What reads and writes files of other formats."""
        mapped = {name for product in self.find("products").values() for name in product.formats}
        return Formats(
            importers=self.find("importers"),
            exporters=self.find("exporters"),
            mapped=sorted(mapped),
            mappings=self._mappings,
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
    found = [Plugin("core", "healthsim-store", __version__, importers=READERS, exporters=WRITERS)]
    if not os.environ.get(DISABLE):
        entries = importlib.metadata.entry_points(group=GROUP)
        for entry in sorted(entries, key=lambda entry: entry.name):
            distribution = entry.dist.name if entry.dist else "?"
            found.append(_load(entry.name, distribution, entry.load))
    return Plugins(tuple(_without_clashes(found)))


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


def _without_clashes(plugins: Iterable[Plugin]) -> Iterable[Plugin]:
    """Leave out a plugin that claims a name which an earlier one has.

    Several products may map one foreign format, each into its own entity types.
    """
    owners: dict[tuple[str, str], str] = {("command", name): "core" for name in COMMANDS}
    for plugin in plugins:
        names = [("product", product.name) for product in plugin.products]
        names += [("format", importer.name) for importer in plugin.importers]
        names += [("export format", exporter.name) for exporter in plugin.exporters]
        names += [("profile", profile.name) for profile in plugin.profiles]
        names += [("command", str(command.name)) for command in plugin.commands]
        mapped = {format for product in plugin.products for format in product.formats}
        wanted = names + [("format", format) for format in mapped]
        # A mapped format is owned by nobody alone, but it may not hide an importer, or the reverse.
        wanted += [("mapped format", importer.name) for importer in plugin.importers]
        clash = next((name for name in wanted if name in owners), None)
        if clash and not plugin.problem:
            kind, name = clash
            plugin = replace(plugin, problem=f"claims the {kind} {name}, which {owners[clash]} has")
        elif not plugin.problem:
            owners |= dict.fromkeys(names, plugin.name)
            for format in mapped:
                owners.setdefault(("mapped format", format), plugin.name)
        yield plugin
