"""A plugin as a value: what it brings, and why it was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from ..additions import Check, Page, Tool
    from ..exchange.formats import Exporter, Importer
    from ..generation.profile import Profile
    from ..schema.product import Product
    from ..standards.standard import Standard

#: A kind of thing, such as a format, and the name of one.
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point and what it brings.

    ``problem`` says why it was left out. ``notes`` are what else is worth knowing. ``clashes`` has
    each name that others claim too, with the plugins that do, itself among them. ``core`` is true
    of the core's own formats, which are listed as a plugin is. ``mappings`` has
    the SQL of foreign formats that a file of its own maps, by format; ``file`` is the plugin's only
    file, where it has no more.
    """

    name: str
    distribution: str
    version: str
    products: tuple[Product, ...] = ()
    importers: tuple[Importer, ...] = ()
    exporters: tuple[Exporter, ...] = ()
    profiles: tuple[Profile, ...] = ()
    commands: tuple[click.Command, ...] = ()
    checks: tuple[Check, ...] = ()
    tools: tuple[Tool, ...] = ()
    pages: tuple[Page, ...] = ()
    standards: tuple[Standard, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()
    clashes: Mapping[Name, tuple[str, ...]] = field(default_factory=dict)
    core: bool = False
    mappings: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None

    def mapped(self) -> list[str]:
        """The foreign formats that it or its products map."""
        of_products = {format for product in self.products for format in product.formats}
        return sorted({*self.mappings, *of_products})

    def named(self) -> dict[Name, str]:
        """What it brings, by kind and name, each with what it is called in a message.

        Its entity types are known once its declarations are read.
        """
        brought: Mapping[str, tuple[Any, ...]] = {
            "product": self.products,
            "format": self.importers,
            "export format": self.exporters,
            "profile": self.profiles,
            "command": self.commands,
            "tool": self.tools,
            "page": self.pages,
        }
        names = {(kind, str(t.name)): kind for kind, things in brought.items() for t in things}
        for kind in ("export format", "format"):
            names |= {(kind, one.name): "standard" for one in self.standards}
        return names | {("format", format): "format" for format in self.mapped()}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: the names of what it brings, with versions and endings of files."""
        told: dict[str, Any] = {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "products": [product.name for product in self.products],
            "versions": {product.name: product.version for product in self.products},
            "formats": [importer.name for importer in self.importers],
            "suffixes": {importer.name: [*importer.suffixes] for importer in self.importers},
            "import_options": {
                importer.name: [option.to_dict() for option in importer.options]
                for importer in self.importers
                if importer.options
            },
            "mapped": self.mapped(),
            "exports": [exporter.name for exporter in self.exporters],
            "export_options": {
                exporter.name: [option.to_dict() for option in exporter.options]
                for exporter in self.exporters
                if exporter.options
            },
            "profiles": [profile.name for profile in self.profiles],
            "commands": [command.name for command in self.commands],
        }
        for kind in ("checks", "tools", "pages", "standards"):
            if getattr(self, kind):
                told[kind] = [thing.name for thing in getattr(self, kind)]
        if self.notes:
            told["notes"] = [*self.notes]
        return told | ({"problem": self.problem} if self.problem else {})

    def brings(self) -> str:
        """The same in a line, for a reader."""
        parts = {
            "products": [f"{product.name} {product.version}" for product in self.products],
            "formats": [
                _with_options(" ".join((one.name, *one.suffixes)), one) for one in self.importers
            ],
            "mapped formats": self.mapped(),
            "exports": [_with_options(one.name, one) for one in self.exporters],
            "standards": [f"{one.name} {one.version}" for one in self.standards],
            "profiles": [profile.name for profile in self.profiles],
            "commands": [str(command.name) for command in self.commands],
            "checks": [check.name for check in self.checks],
            "tools": [tool.name for tool in self.tools],
            "pages": [page.name for page in self.pages],
        }
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in parts.items() if names)


def _with_options(told: str, format: Exporter | Importer) -> str:
    names = " and ".join(option.name for option in format.options)
    return f"{told} with {names}" if names else told
