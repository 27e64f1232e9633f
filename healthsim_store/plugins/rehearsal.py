"""The declarations of a plugin are tried out before anybody relies on them."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..base.version import __version__
from ..errors import DeclarationError
from .isolation import Apart, reason
from .plugin import Name, Plugin

if TYPE_CHECKING:
    from ..schema.product import Product

#: Of the processor, for a first try. 200 entity types take 0.03; so only what hardly ever ends is
#: looked up among what is known not to end.
QUICK = 0.1
KEPT = 24 * 3600.0  # seconds that it is known; then it is tried again


def tried_out(plugin: Plugin) -> tuple[Plugin, dict[Name, str]]:
    """The plugin, with a problem if its declarations do not work, and the names that they take.

    What does not end costs its whole second once a day, and not with every command. Ctrl-C, which
    SQLite would take for a statement that fails, is no problem of the plugin.
    """
    apart = Apart()
    none: dict[Name, str] = {}
    tried, names = apart.run(lambda: _tried_out(plugin, apart), (plugin, none))
    return (replace(tried, problem=apart.problem) if apart.problem else tried), names


def _tried_out(plugin: Plugin, apart: Apart) -> tuple[Plugin, dict[Name, str]]:
    from ..schema import dry_run

    try:
        known = _known(plugin, dry_run.SECONDS)
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if time.time() - known.stat().st_mtime < KEPT:
                return replace(plugin, problem=known.read_text("utf-8")), {}
        try:
            _read(plugin)
            _try_apart(plugin, known.parent.with_name("tried") / known.name)
            try:
                return plugin, _names(plugin.products, QUICK)
            except DeclarationError as error:
                if not dry_run.is_endless(error):
                    raise
            return plugin, _names(plugin.products, dry_run.SECONDS)
        except DeclarationError as error:
            if dry_run.is_endless(error) and not apart.pressed:
                _keep(known, error.in_one_line)
            raise
    except DeclarationError as error:
        return replace(plugin, problem=error.in_one_line), {}
    # Broad on purpose: a declaration may be of any text, and a product of any class.
    except Exception as error:
        return replace(plugin, problem=reason(error)), {}


def _read(plugin: Plugin) -> None:
    """Read what a plugin of one file declares beside products. Raises DeclarationError."""
    if plugin.file is None:
        return
    from ..exchange.staging import StagedFolder
    from ..generation.recipe import read_recipe

    for profile in plugin.profiles:
        read_recipe(profile)
    for format, sql in plugin.mappings.items():
        StagedFolder(format, {str(plugin.file): sql}, None).close()


def _try_apart(plugin: Plugin, known: Path) -> None:
    """Try in a worker what may take without end in this process; once, as ``known`` says by then.

    Raises DeclarationError.
    """
    from ..exchange.staging import FUNCTION, StagedFolder
    from ..schema.dry_run import statements
    from ..storage.apart import Trial, try_apart

    if not (plugin.products or plugin.mappings or plugin.standards) or known.exists():
        return
    mappings = [(format, str(plugin.file), sql) for format, sql in plugin.mappings.items()]
    for product in plugin.products:
        try_apart(Trial(*told) for told in statements(product.declaration))
        mappings += [(format, product.name, sql) for format, sql in product.formats.items()]
    for format, owner, sql in mappings:
        with contextlib.closing(StagedFolder(format, {owner: sql}, None)) as staged:
            try_apart((Trial(*told) for told in staged.statements()), [FUNCTION])
    _try_standards(plugin)
    _keep(known, "")


def _try_standards(plugin: Plugin) -> None:
    """Read and try out the standards that it declares, not those that it adds to."""
    from ..schema.dry_run import SECONDS
    from ..standards.reading import read_standard
    from ..standards.trial import try_in_worker, try_out

    products = [product.declaration for product in plugin.products]
    for standard in plugin.standards:
        if not standard.adds:
            declared = read_standard([standard])
            try_in_worker(declared, products)
            try_out(declared, products, seconds=SECONDS)


def _names(products: Sequence[Product], seconds: float) -> dict[Name, str]:
    from ..exchange.staging import try_out_mapping
    from ..schema.dry_run import DryRun

    dry_run = DryRun(seconds)
    for product in products:
        dry_run.try_out(product.declaration)
        for format, sql in product.formats.items():
            try_out_mapping(product.declaration, format, sql, seconds=seconds)
    return dry_run.names


def _known(plugin: Plugin, seconds: float) -> Path:
    """The file in the user's cache that says that it does not end; it may be deleted any time."""
    import platformdirs

    products = plugin.products
    texts = [f"{__version__} {sqlite3.sqlite_version} {seconds}"]
    texts += [part for p in products for part in (p.schema, p.summary, p.checks, p.questions)]
    standards = (one.files for one in plugin.standards)
    for mappings in (plugin.mappings, *(p.formats for p in products), *standards):
        texts += [part for pair in sorted(mappings.items()) for part in pair]
    name = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
    return platformdirs.user_cache_path("healthsim-store", appauthor=False) / "endless" / name


def _keep(known: Path, problem: str) -> None:
    with contextlib.suppress(OSError):  # then it is tried with every command
        known.parent.mkdir(parents=True, exist_ok=True)
        known.write_text(problem, "utf-8")
