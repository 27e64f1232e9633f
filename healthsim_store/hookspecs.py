"""The hooks that a plugin may implement. Each returns values; docs/plugins.md has an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from .exchange.formats import Exporter, Importer
    from .generation.profile import Profile
    from .schema.product import Product

hookspec = pluggy.HookspecMarker("healthsim_store")
hookimpl = pluggy.HookimplMarker("healthsim_store")


@hookspec
def healthsim_store_products() -> list[Product]:
    """Products: sets of entity types. ``return [Product.from_package(__name__)]``"""
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_importers() -> list[Importer]:
    """Formats that `import` reads: ``return [Importer("xlsx", (".xlsx",), read_xlsx)]``"""
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_exporters() -> list[Exporter]:
    """Formats that `export` writes: ``return [Exporter("arrow", ".arrow", write_arrow)]``"""
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_profiles() -> list[Profile]:
    """Recipes that `generate` follows: ``return Profile.all_from_package(__name__)``"""
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_commands() -> list[click.Command]:
    """Further commands of the command line: ``return [my_click_command]``"""
    raise AssertionError("a specification is never called")
