"""What the folders promise: each thing is done in one place, and each place says what it is for."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import healthsim_store

ROOT = Path(healthsim_store.__file__).parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
MODULES = sorted(ROOT.rglob("*.py"))

#: Who may do what the others must ask for, and why.
ALONE = {
    "sqlite3.connect": {"base/sqlite.py": "it is where connections are made"},
    "set_authorizer": {
        "storage/sandbox.py": "the only way to run untrusted SQL",
        "storage/inserting.py": "the same, where its rows go into a table of ours",
        "storage/triggers.py": "what a stranger's trigger does is refused where rows are written",
        "storage/worker.py": "declarations that are tried in it may open no other file",
        "schema/dry_run.py": "a declaration is tried out as the sandbox will run it",
        "exchange/mapping.py": "the layout of a source runs no SELECT while it is read",
        "generation/engine.py": "a profile may build tables of its own in memory",
        "generation/run.py": "the options of a profile are judged by its own SQL",
        "operations/migrate.py": "a migration changes the tables of its product only",
    },
    "set_progress_handler": {
        "storage/sandbox.py": "the deadline of a query",
        "storage/worker.py": "the deadline of a declaration's statement that is tried in it",
        "storage/isolated.py": "none of SQLite: a deadline of Datasette's, asked while it waits",
        "exchange/statement_clock.py": "the deadline of a mapping's statement on real rows",
        "generation/engine.py": "the deadline of a profile's statement",
        "schema/dry_run.py": "the deadline of a declaration's statements",
        "base/deadline.py": "the deadline of an upgrade, and of what a standard's SQL does",
    },
}


def called(module: Path) -> Iterator[str]:
    """The names that a module calls: ``sqlite3.connect``, ``set_authorizer``."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
            if isinstance(node.func.value, ast.Name):
                yield f"{node.func.value.id}.{node.func.attr}"


@pytest.mark.parametrize("call", ALONE)
def test_what_few_may_do_is_done_nowhere_else(call: str) -> None:
    found = {path.relative_to(ROOT).as_posix() for path in MODULES if call in set(called(path))}
    assert found == set(ALONE[call])


#: What is written once, as it would look written again, and where it stands.
ONCE = {
    "Callable[[int], None]": "base/progress.py",  # Progress
    "rootpage > 0": "storage/format.py",  # missing_tables
    "SELECT max(rowid)": "base/sql.py",  # greatest_rowid
    "SELECT min(rowid) FROM {table}": "base/sql.py",  # rowid_ends
    "- len(mark)": "base/text.py",  # shorten
}


@pytest.mark.parametrize("text", ONCE)
def test_what_stands_once_is_not_written_again(text: str) -> None:
    found = {
        path.relative_to(ROOT).as_posix() for path in MODULES if text in path.read_text("utf-8")
    }
    assert found == {ONCE[text]}


def test_there_are_eleven_packages_and_each_says_what_belongs_in_it() -> None:
    assert PACKAGES == [
        "base", "browse", "cli", "exchange", "generation", "operations", "plugins", "query",
        "schema", "standards", "storage",
    ]  # fmt: skip
    for name in PACKAGES:
        about = ast.get_docstring(ast.parse((ROOT / name / "__init__.py").read_text("utf-8")))
        assert about, name
        assert len(about.split()) > 15, f"{name} does not say what belongs in it and what not"


def imports(module: Path) -> Iterator[Path]:
    """The modules of the package that a module imports, also for types or in functions alone."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = module.parents[node.level - 1]
            base = folder.joinpath(*(node.module or "").split(".")) if node.module else folder
            for found in (base, *(base / alias.name for alias in node.names)):
                for path in (found.with_suffix(".py"), found / "__init__.py"):
                    if path.is_file() and path not in (module, ROOT / "__init__.py"):
                        yield path


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {path: set(imports(path)) for path in MODULES if path != ROOT / "__init__.py"}
    assert sum(map(len, graph.values())) > 300
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, with the circle


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in MODULES
    }
    assert {name for name, length in lengths.items() if length > 450} == {"store.py"}


def test_no_class_but_store_has_over_twenty_public_methods() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name != "Store":
                methods = [
                    item.name
                    for item in node.body
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
                ]
                assert len(methods) <= 20, f"{path.name}: {node.name}"


def test_the_store_only_hands_on() -> None:
    """At most eight statements in each method, its docstring not counted."""
    (store,) = [
        node
        for node in ast.parse((ROOT / "store.py").read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == "Store"
    ]
    for method in store.body:
        if isinstance(method, ast.FunctionDef):
            body = [node for node in method.body if not _is_docstring(node)]
            statements = [node for part in body for node in ast.walk(part)
                          if isinstance(node, ast.stmt)]  # fmt: skip
            assert len(statements) <= 8, f"{method.name} has {len(statements)} statements"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
