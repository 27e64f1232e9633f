"""The plugins of this process: what the healthy ones bring, and why the others are left out."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base.version import __version__
from ..exchange.formats import Formats
from ..exchange.readers import READERS
from ..exchange.writers import WRITERS
from .claims import Claims, claimed, left_out, missing, neither, without_clashes
from .loading import load_all
from .names import CORE, DISABLE
from .plugin import Name, Plugin
from .rehearsal import tried_out
from .shared_names import with_notes
from .tracing import traced

if TYPE_CHECKING:
    from ..exchange.formats import Exporter, Importer
    from ..schema.product import Product
    from ..schema.registry import Declarations, Registry
    from ..standards.library import Standards


@dataclass(frozen=True)
class Plugins:
    """The plugins of this process, the core's own formats first."""

    plugins: tuple[Plugin, ...]

    def find(self, kind: str) -> dict[str, Any]:
        """What the healthy plugins bring of one kind (``products``, ...), by name."""
        healthy = (plugin for plugin in self.plugins if plugin.problem is None)
        return {thing.name: thing for plugin in healthy for thing in getattr(plugin, kind)}

    def owned(self, kind: str) -> list[tuple[str, Any]]:
        """The same as pairs: the name of the plugin, and what it brings."""
        healthy = (plugin for plugin in self.plugins if plugin.problem is None)
        return [(plugin.name, thing) for plugin in healthy for thing in getattr(plugin, kind)]

    def missing(self, kind: str, name: str) -> str | None:
        """Why something is not to be had although a plugin brings it; None if none does.

        Args:
            kind: ``format``, ``export format``, ``profile`` or ``command``.
            name: what it is called.
        """
        declared = kind in ("format", "export format")
        for plugins in (self, self.checked) if declared else (self,):
            told = missing(plugins.plugins, (kind, name))
            if told:
                return told
        return None

    @functools.cached_property
    def checked(self) -> Plugins:
        """The same plugins after their declarations were tried out; a faulty one is left out."""
        checked: list[Plugin] = []
        taken: list[Claims] = []
        for plugin in self.plugins:
            names: dict[Name, str] = {}
            has = plugin.products or plugin.file or plugin.standards
            if has and not plugin.problem:
                with traced(f"{plugin.name}: its declarations, tried out,"):
                    plugin, names = tried_out(plugin)
            checked.append(plugin)
            taken.append(Claims(names))
        return Plugins(tuple(without_clashes(checked, taken)))

    @functools.cached_property
    def declarations(self) -> Declarations:
        """The declarations of the installed products, by product; and what is left out, why."""
        from ..schema.registry import Declarations

        products: dict[str, Product] = self.checked.find("products")
        reasons: dict[str, str] = {}
        faulty: dict[str, str] = {}
        for plugin in (plugin for plugin in self.checked.plugins if plugin.problem):
            # One that cannot be imported brings nothing; its product is called as it is.
            called = [product.name for product in plugin.products] or [plugin.name]
            told = f"the plugin {plugin.name}, {plugin.problem}"
            faulty |= {name.replace("-", "_"): told for name in called}
            for product in plugin.products:
                try:
                    names = [e.name for e in product.declaration.entity_types]
                except Exception:  # the reason why it is left out
                    names = []
                for name in names:
                    owners = plugin.clashes.get(("table", name))
                    reasons[name] = neither(name, owners) if owners else left_out(plugin)
        declared = {name: product.declaration for name, product in products.items()}
        return Declarations(declared, reasons, faulty)

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the installed products; their declarations are not read."""
        return {name: product.version for name, product in self.find("products").items()}

    @functools.cached_property
    def registry(self) -> Registry:
        """The entity types of all installed products."""
        from ..schema.registry import Registry

        declared = self.declarations
        types = (e for declaration in declared.values() for e in declaration.entity_types)
        return Registry(types, left_out=declared.left_out)

    @functools.cached_property
    def formats(self) -> Formats:
        """What reads and writes files of other formats."""
        healthy = (plugin for plugin in self.plugins if plugin.problem is None)
        mapped = {name for plugin in healthy for name in plugin.mapped()}
        return Formats(
            importers=self.find("importers"),
            exporters=self.find("exporters") | self.standards.exporters(),
            mapped=sorted(mapped),
            mappings=self._mappings,
            plugin_of=self._plugin_of,
            missing=self.missing,
            at=self.standards.at,
            standards=self.standards.importers(),
            standard_at=self.standards.importer_at,
        )

    @functools.cached_property
    def standards(self) -> Standards:
        """The standards that can be written."""
        from ..standards.library import Standards

        return Standards(
            brought=tuple(self.owned("standards")),
            checked=lambda: tuple(self.checked.owned("standards")),
            products=lambda: tuple(self.declarations.values()),
            missing=lambda name: self.missing("export format", name),
        )

    def _plugin_of(self, format: Importer | Exporter) -> str | None:
        """The plugin that brings an importer or exporter; None for the core's own."""
        others = (plugin for plugin in self.plugins if not plugin.core)
        return next(
            (p.name for p in others if any(f is format for f in (*p.importers, *p.exporters))), None
        )

    def _mappings(self, format: str) -> dict[str, str]:
        """The SQL that maps a foreign format, by product or .sql file; empty when none does."""
        products: dict[str, Product] = self.checked.find("products")
        found = {
            name: product.formats[format]
            for name, product in products.items()
            if format in product.formats
        }
        for plugin in self.checked.plugins:
            if format in plugin.mappings and plugin.problem is None:
                found[str(plugin.file)] = plugin.mappings[format]
        return found

    def listed(self) -> tuple[Plugin, ...]:
        """Every plugin, checked, with notes about names that several may have."""
        return tuple(with_notes(self.checked.plugins))


@functools.cache
def installed() -> Plugins:
    """Load every plugin of the entry-point group; with HEALTHSIM_STORE_NO_PLUGINS set, none."""
    core = Plugin(
        CORE, "healthsim-store", __version__, importers=READERS, exporters=WRITERS, core=True
    )
    found = [core, *(() if os.environ.get(DISABLE) else load_all())]
    return Plugins(tuple(without_clashes(found, [claimed(plugin) for plugin in found])))
