"""The verbs at every door: functions, command line, MCP, browser. The table is in `doors.py`."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import pkgutil
import pydoc
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import click
import doors
import pytest
from conftest import owner
from doors import BESIDE, PROGRESS, No

import healthsim_store
from healthsim_store import cli as command_line
from healthsim_store.browse import arguments, pages
from healthsim_store.cli import cli
from healthsim_store.store import VERBS, Store

ROOT = Path(healthsim_store.__file__).parent
DOORS = ("cli", "mcp", "browser")

Real = dict[str, set[str]]  # of each command, tool or page the options


# -- the real things ---------------------------------------------------------------------------


def _commands() -> Real:
    return {
        # --debug is of all commands, after the name of each too.
        name: {_spelled(parameter) for parameter in _parameters(command)} - {"--debug"}
        | ({PROGRESS} if "progress=progress" in inspect.getsource(command.callback) else set())
        for name, command in cli.commands.items()
    }


def _parameters(command: click.Command) -> list[click.Parameter]:
    """Those of a command; of one that is nothing without a command below it, also of these."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    more = [] if getattr(command, "invoke_without_command", False) else below
    return [*command.params, *(parameter for part in more for parameter in part.params)]


def _spelled(parameter: click.Parameter) -> str:
    """An option as ``--limit``, an argument as ``SCENARIO``."""
    return parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.name).upper()


def _tools(folder: Path) -> Real:
    server = pytest.importorskip("healthsim_store_mcp.server").build(folder)
    from healthsim_store_mcp.reading_tools import Reading
    from healthsim_store_mcp.writing_tools import Writing

    def tells_progress(name: str) -> bool:
        method = getattr(Reading, name, None) or getattr(Writing, name)
        return "Progress(ctx" in inspect.getsource(method)

    return {
        tool.name: set(tool.input_schema["properties"])
        | ({PROGRESS} if tells_progress(tool.name) else set())
        for tool in anyio.run(server.list_tools)
    }


def _pages() -> Real:
    """The pages and the arguments of their URLs, as the code of each asks for them."""
    found: Real = {}
    for route, view in pages.ROUTES:
        tree = ast.parse(inspect.getsource(view))
        path = re.sub(r"\(\?P<(\w+)>.*?\)", r"{\1}", route).replace("\\", "").removesuffix("$")
        found[path] = {*re.findall(r"{(\w+)}", path), *_asked(tree)}
    return found


def _asked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, on = node.func.attr, ast.unparse(node.func.value)
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if (name == "get" and on in ("wanted", "request.args")) or name == "number":
                yield texts[0]
            elif ast.unparse(node.func) == "QueryArguments.of":
                yield from arguments._OWN


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Real]:
    folder = tmp_path_factory.mktemp("store")
    return {"cli": _commands(), "mcp": _tools(folder), "browser": _pages()}


# -- the table ---------------------------------------------------------------------------------


def _cells() -> Iterator[tuple[str, str, str, Any]]:
    """Of each verb and option what the table says of each door; of the verb itself the option is
    an empty text."""
    for name, verb in doors.VERBS.items():
        for number, door in enumerate(DOORS):
            yield name, "", door, getattr(verb, door)
            for option, cells in verb.options.items():
                yield name, option, door, cells[number]


def _argument(cell: str) -> str:
    """The argument in which an option is: of ``part.only`` it is ``part``."""
    return cell if cell.startswith("/") else cell.partition(".")[0]


def test_every_verb_and_option_is_in_the_table() -> None:
    expected = {name: list(inspect.signature(m).parameters)[1:] for name, m in VERBS.items()}
    assert {name: list(verb.options) for name, verb in doors.VERBS.items()} == expected


def test_what_a_door_has_not_has_a_reason() -> None:
    for name, option, door, cell in _cells():
        if isinstance(cell, No):
            assert re.fullmatch(r"[A-Za-z].{10,}\.", cell.reason), (name, option, door)
        missing = isinstance(getattr(doors.VERBS[name], door), No)
        # A reason for the whole verb is enough, and an option of it is then nowhere.
        assert not option or (cell is None) == missing, (name, option, door)
    for door, beside in BESIDE.items():
        for what, purpose in beside.items():
            assert re.fullmatch(r"[A-Za-z].{10,}\.", purpose), (door, what)


def test_what_the_table_names_is_there(real: dict[str, Real]) -> None:
    for name, option, door, cell in _cells():
        places = getattr(doors.VERBS[name], door)
        if isinstance(cell, tuple):
            assert set(cell) <= set(real[door]), (name, door)
        elif isinstance(cell, str):
            has = {place for place in places if _argument(cell) in real[door][place]}
            assert has, (name, option, door, cell)
    for door, beside in BESIDE.items():
        for what in beside:
            place, _, option = what.partition(" ")
            options = set.union(*real[door].values()) if place == "*" else real[door][place]
            assert not option or option in options, (door, what)


@pytest.mark.parametrize("door", DOORS)
def test_what_a_door_has_is_in_the_table(real: dict[str, Real], door: str) -> None:
    named: set[tuple[str, str]] = set()
    for name, _, at, cell in _cells():
        if at == door and not isinstance(cell, No) and cell is not None:
            if isinstance(cell, tuple):
                named |= {(place, "") for place in cell}
            else:
                named |= {(place, _argument(cell)) for place in getattr(doors.VERBS[name], door)}
    whole = set()
    for what in BESIDE[door]:
        place, _, option = what.partition(" ")
        named.add((place, option))
        if not option:
            whole.add(place)
    for place, options in real[door].items():
        assert (place, "") in named, f"{place} is not in the table"
        if place not in whole:
            unnamed = {o for o in options if (place, o) not in named and ("*", o) not in named}
            assert unnamed == set(), place


def test_no_command_is_forgotten() -> None:
    """Every command that a module of the command line makes is one of its commands."""
    made = set()
    for module in pkgutil.iter_modules(command_line.__path__, f"{command_line.__name__}."):
        found = vars(__import__(module.name, fromlist=["_"])).values()
        made |= {command for command in found if isinstance(command, click.Command)}
    groups = [command for command in made if isinstance(command, click.Group)]
    below = {part for group in groups if group is not cli for part in group.commands.values()}
    assert made - {cli} == below | {*cli.commands.values()}


# -- Python ------------------------------------------------------------------------------------


def test_the_front_door_is_listed_and_whole() -> None:
    for name in healthsim_store.__all__:
        assert getattr(healthsim_store, name) is not None
    with pytest.raises(AttributeError):
        _ = healthsim_store.nothing  # type: ignore[attr-defined]
    lines = "\n".join(f"from healthsim_store import {name}" for name in healthsim_store.__all__)
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=60)


def test_what_type_checkers_see_is_what_is_listed() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text("utf-8"))
    (block,) = (
        node for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )  # fmt: skip
    names = []
    for node in block.body:
        if isinstance(node, ast.ImportFrom):
            names += [alias.asname for alias in node.names]
        else:
            assert isinstance(node, ast.Assign)
            names += [ast.unparse(target) for target in node.targets]
            (name,) = node.targets
            assert ast.unparse(name) == "_default" or ast.unparse(node.value) == (
                f"_default.{ast.unparse(name)}"
            )
    names.remove("_default")
    assert sorted(names) == healthsim_store.__all__


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_function_is_the_method_of_the_default_store(name: str) -> None:
    # Python makes a module of this name an attribute, in place of the function.
    assert importlib.util.find_spec(f"healthsim_store.{name}") is None
    function, method = getattr(healthsim_store, name), getattr(Store, name)
    signature = inspect.signature(method)
    _, *parameters = signature.parameters.values()
    assert inspect.signature(function) == signature.replace(parameters=parameters)
    assert function.__doc__ == method.__doc__
    assert function.__name__ == function.__qualname__ == name
    assert function.__module__ == "healthsim_store"


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_parameter_is_told(name: str) -> None:
    text = inspect.getdoc(VERBS[name]) or ""
    told = text.partition("Args:\n")[2].partition("\n\n")[0]
    named = re.findall(r"^    (\w+): \S", told, re.MULTILINE)
    assert named == list(inspect.signature(VERBS[name]).parameters)[1:]


def test_help_shows_the_real_function() -> None:
    # Python 3.13 gives each parameter a line of its own.
    shown = " ".join(pydoc.plain(pydoc.render_doc(healthsim_store.persist)).split())
    shown = shown.replace("( ", "(")
    assert "persist(entities: 'Mapping[str, Any]', *, scenario: 'str | None' = None" in shown
    assert "batch_id: a second call with the same one stores nothing." in shown


def test_what_verbs_return_is_listed() -> None:
    returned: set[type] = set()
    for method in VERBS.values():
        returned |= set(_classes(typing.get_type_hints(method)["return"]))
    ours = {one.__name__ for one in returned if one.__module__.startswith("healthsim_store")}
    assert "PersistResult" in ours
    assert "Deleted" in ours  # only within a list
    assert ours <= set(healthsim_store.__all__)


def _classes(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _classes(part)


def test_the_default_store_is_looked_up_at_each_call(
    tmp_path: Path, toy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path / name))
        healthsim_store.persist({"owners": [owner(1)]}, scenario=f"of-{name}")
        assert [info.name for info in healthsim_store.list_scenarios()] == [f"of-{name}"]
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path / "first"))
    assert [info.name for info in healthsim_store.list_scenarios()] == ["of-first"]


PROGRAM = """
import healthsim_store
reveal_type(healthsim_store.persist)
reveal_type(healthsim_store.persist({}).scenario)
healthsim_store.query_scenario("s", "SELECT 1", limits=5)
healthsim_store.get_summary(3)
"""


CHECKOUT = (ROOT.parent / "pyproject.toml").exists()


def test_a_type_checker_sees_the_real_signature(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(program)],
        capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False,
        # Of a checkout, its sources; of an installed package, mypy finds the types itself.
        env=os.environ | ({"MYPYPATH": str(ROOT.parent)} if CHECKOUT else {}),
    )  # fmt: skip
    revealed, scenario, unexpected, *wrong = (
        line.partition("program.py:")[2] for line in done.stdout.splitlines()
        if "Revealed type" in line or ": error: " in line
    )  # fmt: skip
    assert re.match(r'3: note: Revealed type is "def \(entities: .*Mapping\[.*str, Any\]', revealed)
    assert "on_conflict: " in revealed
    assert revealed.endswith('-> healthsim_store.query.reply.PersistResult"')
    assert "str" in scenario
    assert 'Unexpected keyword argument "limits"' in unexpected
    assert 'incompatible type "int"; expected "str"' in wrong[0]
