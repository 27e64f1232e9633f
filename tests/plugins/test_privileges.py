"""Our own plugins use nothing of the core that is not promised to everybody."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_wheels import ROOT

import healthsim_store

SOURCES = sorted((ROOT / "plugins").glob("*/src/**/*.py"))
#: What a plugin may import, beside the package itself.
OPEN = {f"healthsim_store.{name}" for name in ("commands", "doors", "errors", "testing")}


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each module of the core that is imported, and the name that is taken of it, or ``""``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((str(node.module), alias.name) for alias in node.names)


def faults(text: str) -> list[str]:
    """What a module uses of the core that is not promised."""
    tree = ast.parse(text)
    found = []
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "healthsim_store"
    }
    for module, name in imported(tree):
        if module.partition(".")[0] != "healthsim_store":
            continue
        if module == "healthsim_store":
            is_open = not name or name in healthsim_store.__all__ or f"{module}.{name}" in OPEN
        else:
            public = getattr(importlib.import_module(module), "__all__", None)
            is_open = module in OPEN and (public is None or not name or name in public)
        if not is_open:
            found.append(f"{module}: {name}")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        is_hidden = node.attr[0] == "_" and node.attr[:2] != "__" and owner not in ("self", "cls")
        is_hidden = is_hidden and (owner, node.attr) != ("os", "_exit")  # the standard library's
        is_ours = owner in aliases and node.attr not in (*healthsim_store.__all__, "__version__")
        if is_hidden or is_ours:
            found.append(f"{owner}.{node.attr}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_plugin_of_ours_has_no_privilege(path: Path) -> None:
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from healthsim_store import Product, hookimpl, errors", []),
        ("import healthsim_store as hs\nhs.Store().persist({})", []),
        ("from healthsim_store.commands import echo_json", []),
        ("from healthsim_store.commands import click", ["healthsim_store.commands: click"]),
        ("from healthsim_store import plugins", ["healthsim_store: plugins"]),
        ("def f():\n    import healthsim_store.store", ["healthsim_store.store: "]),
        ("from healthsim_store.base.text import shorten", ["healthsim_store.base.text: shorten"]),
        ("import healthsim_store as hs\nhs.plugins.installed()", ["hs.plugins"]),
        ("def f(store):\n    return store._files", ["store._files"]),
        ("class A:\n    def f(self):\n        return self._files", []),
    ],
)
def test_a_privilege_is_found(text: str, found: list[str]) -> None:
    assert faults(text) == found


def test_there_are_plugins_to_look_at() -> None:
    assert len({path.relative_to(ROOT).parts[1] for path in SOURCES}) == 6
