"""What texts of the code name is there: commands, options, calls, tools; at the door it is for.

Every literal of the packages is looked at, so a hint with a wrong name fails here, by its place.
"""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import click
import doors
import pytest

from healthsim_store.base import wording
from healthsim_store.base.wording import CALLS, MCP, PYTHON, SHELL, at
from healthsim_store.cli import cli
from healthsim_store.store import VERBS, Store

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path
    for folder in (ROOT / "healthsim_store", *ROOT.glob("plugins/*/src"))
    for path in folder.rglob("*")
    if path.suffix in (".py", ".html", ".js")
    and path.name != "wording.py"  # whose names are compared with the doors below
)

# Whose texts are only told by these commands, and may name options of theirs.
COMMANDS_OF = {
    "healthsim_store/browse/metadata.py": ["metadata"],
    "healthsim_store/browse/serving.py": ["serve"],
    "healthsim_store_mcp/": ["mcp"],
    "healthsim_store/browse/page_data.py": ["summary", "query", "export"],
    "healthsim_store_demo/demo.py": ["demo"],
    "healthsim_store_demo/script.py": [
        "generate",
        "merge",
        "export",
        "query",
        "samples",
        "update",
        "remove",
        "clone",
        "compare",
    ],
    "healthsim_store/cli/streaming.py": ["query"],
    # The options that they give to commands of plugins, as those of the core have them.
    "healthsim_store/commands.py": ["list"],
    "healthsim_store/testing_hooks.py": ["list"],
}

COMMAND = re.compile(r"healthsim-store ([a-z][a-z-]*)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
GIVEN = re.compile(r"\b([a-z_]+)=(?:True|False|true|false|\.\.\.)")
# A word after the project's name that begins no command.
PROSE = {"scenario", "keeps", "is", "wrote", "package", "or", "store", "itself"}


@dataclass(frozen=True)
class Text:
    """A text that may be told. ``commands`` are those that tell it, where only some do."""

    where: str
    text: str
    commands: Collection[str] | None


def _commands_of(path: Path, node: ast.AST | None, tree: ast.Module | None) -> list[str] | None:
    name = path.relative_to(ROOT).as_posix()
    for part, commands in COMMANDS_OF.items():
        if part in name:
            return commands
    if "/cli/" not in name or tree is None:
        return None
    # A command is its function; the texts of what commands share are those of every one there.
    inside = [
        f for f in tree.body
        if isinstance(f, ast.FunctionDef) and node is not None
        and f.lineno - len(f.decorator_list) <= node.lineno <= (f.end_lineno or 0)  # type: ignore[attr-defined]
    ]  # fmt: skip
    here = [n for n, c in cli.commands.items() if _module(c) == _dotted(name)]
    own = [n for n in here if inside and _function(cli.commands[n]) == inside[0].name]
    return own or here or [*cli.commands]


def _module(command: click.Command) -> str:
    return str(getattr(inspect.unwrap(command.callback), "__module__", ""))  # type: ignore[arg-type]


def _function(command: click.Command) -> str:
    return str(getattr(inspect.unwrap(command.callback), "__name__", ""))  # type: ignore[arg-type]


def _dotted(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")


def _told(path: Path) -> Iterator[Text]:
    source = path.read_text("utf-8")
    name = path.relative_to(ROOT).as_posix()
    if path.suffix != ".py":
        for number, line in enumerate(source.splitlines(), 1):
            yield Text(f"{name}:{number}", line, None)
        return
    tree = ast.parse(source)
    skipped = {id(part) for part in _not_told(tree, keep="/cli/" in name)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{X}" for p in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        yield Text(f"{name}:{node.lineno}", text, _commands_of(path, node, tree))


def _not_told(tree: ast.Module, *, keep: bool) -> Iterator[ast.AST]:
    """Docstrings, unless they are the help of commands, and the parts of f-strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for value in node.values:
                if isinstance(value, ast.Constant):
                    yield value
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, kinds) and node.body:
            first = node.body[0]
            help_of_command = keep and isinstance(node, ast.FunctionDef) and node.decorator_list
            if isinstance(first, ast.Expr) and not help_of_command:
                yield first.value


TEXTS = [text for path in FILES for text in _told(path)]


def flags(*names: str) -> set[str]:
    """The options of commands."""
    found = {"--help", "--version"}
    for name in names:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        below = [*command.commands.values()] if isinstance(command, click.Group) else []
        for own in (command, *below):
            found |= {flag for one in own.params for flag in (*one.opts, *one.secondary_opts)}
    return found


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 150
    assert sum(bool(COMMAND.search(text.text)) for text in TEXTS) >= 20
    assert sum(bool(FLAG.search(text.text)) for text in TEXTS) >= 100


def wrong_names(told: Text) -> Iterator[str]:
    """What a text names that is not there."""
    known = {*cli.commands, *cli.list_commands(click.Context(cli))}
    start = COMMAND.search(told.text)
    before = told.text[: start.start()] if start else told.text
    before = before.replace("pip install --upgrade", "")
    for flag in FLAG.findall(before):
        before_any = {opt for one in cli.params for opt in one.opts}
        if told.commands is None or flag not in flags(*told.commands) | before_any:
            yield f"{flag} is no option of {told.commands or 'every call that tells this'}"
    for match in COMMAND.finditer(told.text):
        name = match[1]
        if name not in known:
            if name not in PROSE:
                yield f"healthsim-store {name} is no command"
            continue
        rest = told.text[match.end() :].split("\n")[0]
        following = COMMAND.search(rest)
        for flag in FLAG.findall(rest[: following.start()] if following else rest):
            if flag not in flags(name):
                yield f"healthsim-store {name} has no {flag}"


def test_commands_and_options_that_texts_name_are_there() -> None:
    wrong = [f"{told.where}: {fault}" for told in TEXTS for fault in wrong_names(told)]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "commands", "fault"),
    [
        ("Give --force.", None, "--force is no option of every call that tells this"),
        ("Give --force.", ["query"], "--force is no option of ['query']"),
        ("More: --offset 20", ["query"], None),
        ("healthsim-store inspect s says more.", None, "healthsim-store inspect is no command"),
        ("healthsim-store check s --force", None, "healthsim-store check has no --force"),
        ("healthsim-store query s --csv, or healthsim-store list --tag x", None, None),
        ("-- a comment of SQL", None, None),
    ],
)
def test_a_wrong_name_would_be_found(
    text: str, commands: list[str] | None, fault: str | None
) -> None:
    assert [*wrong_names(Text("here", text, commands))] == ([fault] if fault else [])


# -- calls and options of Python, and of tools -----------------------------------------------------


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    server = pytest.importorskip("healthsim_store_mcp.server").build(tmp_path_factory.mktemp("s"))
    return {t.name: set(t.input_schema["properties"]) for t in anyio.run(server.list_tools)}


def test_tools_and_arguments_that_texts_name_are_there(tools: dict[str, set[str]]) -> None:
    wrong = []
    seen = 0
    for told in TEXTS:
        ours = "healthsim_store_mcp/" in told.where
        for name, _, given in re.findall(r"\b(scenario_[a-z]+)\b(\(([^()]*)\))?", told.text):
            if name not in tools:
                # In the core such a word is a column, a code, or a verb of Python.
                if ours and _ and name not in VERBS:
                    wrong.append(f"{told.where}: {name} is no tool")
                continue
            seen += 1
            arguments = re.findall(r"([a-z_]+)=", given)
            strange = [one for one in arguments if one not in tools[name]]
            wrong += [f"{told.where}: {name} has no {one}" for one in strange]
        if ours:
            everything = set().union(*tools.values())
            strange = [one for one in GIVEN.findall(told.text) if one not in everything]
            wrong += [f"{told.where}: no tool has {one}" for one in strange]
    assert wrong == []
    assert seen >= 20


def test_no_text_of_the_core_spells_a_call_or_an_option_itself() -> None:
    """It would be told at every door: `wording` spells them."""
    wrong = []
    for told in TEXTS:
        # Its moments and streams are only there in Python.
        if told.where.startswith("healthsim_store/") and "/storage/files.py" not in told.where:
            found = [*re.findall(rf"\b({'|'.join(VERBS)})\(", told.text)]
            found += [name for name in GIVEN.findall(told.text) if _is_option(name)]
            wrong += [f"{told.where}: {name}" for name in found]
    assert wrong == []


def _is_option(name: str) -> bool:
    return any(name in inspect.signature(verb).parameters for verb in VERBS.values())


def test_what_wording_is_asked_for_is_there() -> None:
    """Of every call of it: the verb is one that it knows, the options are options of it."""
    wrong, seen = [], 0
    for path in FILES:
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            first = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            where = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
            if node.func.id in ("call", "command") and first in VERBS:
                seen += 1
                parameters = inspect.signature(VERBS[first]).parameters
                wrong += [f"{where}: {first}"] if first not in CALLS else []
                wrong += [f"{where}: {k.arg}" for k in node.keywords if k.arg not in parameters]
            if node.func.id in ("option", "choice", "takes", "option_of_import") and first:
                seen += 1
                # --debug and --store are options of every command.
                if not _is_option(str(first)) and first not in ("store", "debug"):
                    wrong.append(f"{where}: {first}")
    assert wrong == []
    assert seen >= 35


# -- the names themselves --------------------------------------------------------------------------


@pytest.mark.parametrize("verb", sorted(CALLS))
def test_a_verb_is_spelled_as_the_doors_have_it(verb: str, tools: dict[str, set[str]]) -> None:
    names, table = CALLS[verb], doors.VERBS[verb]
    assert names.command.split()[0] in table.cli  # type: ignore[operator]
    if names.tool is None:
        assert isinstance(table.mcp, doors.No)
    else:
        assert names.tool in table.mcp  # type: ignore[operator]
        assert {*names.first, *dict(names.fixed)} <= tools[names.tool]
    for option, (shell, mcp, _) in table.options.items():
        if option == "progress":
            continue
        if isinstance(shell, str) and shell.startswith("--"):
            assert wording._flag(verb, option) == shell, option
        if isinstance(mcp, str) and option not in names.first and names.tool and mcp != "options":
            with at(MCP):
                given = mcp.rpartition(".")[2]  # of part.only it is only
                assert wording._spelled(verb, option) in (given, *names.first), option


@pytest.mark.parametrize("option", ["entity_type", "by", "timeout"])
def test_an_option_of_diff_is_spelled_as_the_doors_have_it(option: str) -> None:
    shell, mcp, _ = doors.VERBS["diff_scenarios"].options[option]
    assert wording._flag("diff_scenarios", option) == shell
    if isinstance(mcp, str):
        assert mcp == option


# Known answers: verb, what is given, and the text at each door.
PATH = Path("/data/store/s 1.db")
KNOWN: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str, str]] = [
    (
        "check_scenario", (PATH,), {},
        'check_scenario("s 1")',
        "healthsim-store check 's 1' --store /data/store",
        'scenario_describe(scenario="s 1", check=true)',
    ),
    (
        "upgrade_scenario", (PATH,), {},
        'upgrade_scenario("s 1")',
        "healthsim-store upgrade 's 1' --store /data/store",
        "healthsim-store upgrade 's 1' --store /data/store",
    ),
    (
        "query_scenario", (PATH, "SELECT 'a'"), {},
        'query_scenario("s 1", "SELECT \'a\'")',
        """healthsim-store query 's 1' 'SELECT '"'"'a'"'"'' --store /data/store""",
        'scenario_query(scenario="s 1", sql="SELECT \'a\'")',
    ),
    (
        "generate_scenario", ("copd",),
        {"count": 9, "options": {"state": "New York"}, "into": PATH},
        """generate_scenario("copd", count=9, options={'state': 'New York'}, into="s 1")""",
        "healthsim-store generate copd --count 9 --set 'state=New York' --into 's 1'"
        " --store /data/store",
        'scenario_persist(profile="copd", count=9, options={"state": "New York"}, scenario="s 1")',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "first", "given", "python", "shell", "mcp"), KNOWN)
def test_a_call_at_each_door(
    verb: str, first: Any, given: Any, python: str, shell: str, mcp: str
) -> None:
    for door, expected in ((PYTHON, python), (SHELL, shell), (MCP, mcp)):
        with at(door):
            assert wording.call(verb, *first, **given) == expected
    with at(wording.BROWSER, ()):
        assert wording.call(verb, *first, **given) == shell


def test_a_scenario_where_commands_look_needs_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", "/data/store")
    assert wording.command("get_summary", PATH) == "healthsim-store summary 's 1'"
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", "/data")
    assert wording.command("get_summary", PATH).endswith("--store /data/store")


def test_a_name_that_begins_with_a_dash_is_no_option() -> None:
    told = wording.command("get_summary", Path("/data/-x.db"))
    assert shlex.split(told) == [
        "healthsim-store", "summary", "--store", "/data", "--", "-x",
    ]  # fmt: skip


def test_options_at_each_door() -> None:
    assert wording.option("force", True) == "force=True"
    assert wording.choice("on_conflict", ["skip", "rename"]) == 'on_conflict="skip" or "rename"'
    with at(SHELL, ["--force", "--on-conflict"]):
        assert wording.option("force", True) == "--force"
        assert wording.choice("on_conflict", ["skip", "rename"]) == "--on-conflict skip or rename"
        told = wording.choice("on_conflict", ["skip", "rename"], of="patients")
        assert told == "--on-conflict patients=skip or rename"
        assert wording.takes("force")
        assert not wording.takes("again")
        told = wording.option_of_import("encoding", "latin-1")
        assert told == "healthsim-store import FILE --encoding latin-1"
    with at(MCP, ["force"]):
        assert wording.option("force", True) == "force=true"
        assert wording.takes("force")
        assert not wording.takes("timeout")
    with at(wording.BROWSER):
        assert not wording.takes("timeout")


def test_in_python_the_options_are_those_of_the_verb_that_was_called(tmp_path: Path) -> None:
    seen = []

    class Spy(Store):
        def find(self, scenario: str) -> Path:
            seen.append(wording.here())
            return super().find(scenario)

    with Spy(tmp_path) as store, pytest.raises(Exception, match="There is no scenario"):
        store.rename_scenario("s", "t")
    assert wording.here().takes is None
    assert seen[0].kind == PYTHON
    assert set(seen[0].takes or ()) == {*inspect.signature(Store.rename_scenario).parameters}
