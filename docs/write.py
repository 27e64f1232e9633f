"""Writes what the code says into the docs: help texts, signatures, hooks, tables, errors, packages.

    python docs/write.py            rewrite the blocks (`python3 dev.py docs` does the same)
    python docs/write.py --check    only compare; exit code 1 where a page differs

A block lies between the comments ``<!-- printed: WHAT -->`` and ``<!-- end -->``. WHAT is the name
of a function below, without its underscore, and a word for it where it takes one. Everything
between the two comments is replaced. No network is needed, and the width of the terminal does not
matter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import os
import re
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))  # the checkout, not what is installed
sys.path.append(str(ROOT / "docs"))

import click  # noqa: E402
import error_causes  # noqa: E402

import healthsim_store  # noqa: E402
from healthsim_store import commands, doors, errors, exit_codes, hookspecs, store, testing  # noqa: E402
from healthsim_store.browse.error_answers import status_of  # noqa: E402
from healthsim_store.cli import cli  # noqa: E402
from healthsim_store.exchange.reading_options import specs as reading_specs  # noqa: E402
from healthsim_store.plugins import installed, names  # noqa: E402
from healthsim_store.plugins.new_plugin import plugin_files  # noqa: E402
from healthsim_store.schema import refusals  # noqa: E402
from healthsim_store.schema.code_systems import code_systems  # noqa: E402
from healthsim_store.storage import format as file_format  # noqa: E402
from healthsim_store.storage import housekeeping  # noqa: E402

PAGES = (
    "CONTRIBUTING.md",
    "docs/cli.md",
    "docs/errors.md",
    "docs/import.md",
    "docs/plugins.md",
    "docs/promised.txt",
    "docs/python.md",
    "docs/scenario-file.md",
    "docs/standards.md",
)
# Pages about a command or product of a plugin; they are written where the plugin is installed.
PLUGIN_PAGES = {
    "demo": "plugins/healthsim-store-demo/README.md",
    "mcp": "plugins/healthsim-store-mcp/README.md",
    "trialsim": "docs/sdtm.md",
}
COMMAND = "python3 dev.py docs"

_BLOCK = re.compile(r"(<!-- printed: (\w+) ?(\w*) -->\n).*?(<!-- end -->)", re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4}.*\n|^\n)+", re.MULTILINE)
_WIDTH = 80  # of the help texts
_NO_PAGE = (errors.UsageError, errors.Interrupted)


def written(page: str) -> str:
    """The text of a page with each of its blocks printed anew.

    Args:
        page: its path, relative to the repository.
    """

    def block(found: re.Match[str]) -> str:
        begin, what, word, end = found.groups()
        text = _PRINTERS[what](word) if word else _PRINTERS[what]()
        return f"{begin}\n{text.strip()}\n\n{end}"

    return _BLOCK.sub(block, (ROOT / page).read_text("utf-8"))


# -- the command line ------------------------------------------------------------------------


def _commands() -> str:
    """The help of the core's own commands; what plugins bring depends on the installation."""
    group = click.Group(
        cli.name, dict(cli.commands), help=cli.help, params=cli.params,
        context_settings=cli.context_settings,
    )  # fmt: skip
    with _without_plugins():
        texts = [_help_text(group, "healthsim-store")]
        for name, command in sorted(cli.commands.items()):
            texts.append(f"## {name}\n\n{_help_text(command, f'healthsim-store {name}')}")
            for below, part in getattr(command, "commands", {}).items():
                texts.append(_help_text(part, f"healthsim-store {name} {below}"))
    return "\n\n".join(texts)


@contextlib.contextmanager
def _without_plugins() -> Iterator[None]:
    """The help of a command lists the options of installed formats."""
    before = os.environ.get(names.DISABLE)
    os.environ[names.DISABLE] = "1"
    installed.cache_clear()
    try:
        yield
    finally:
        del os.environ[names.DISABLE]
        os.environ |= {names.DISABLE: before} if before else {}
        installed.cache_clear()


def _command(name: str) -> str:
    """The help of one command, which may be a plugin's."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, f"{name} is not installed"
    return _help_text(command, f"healthsim-store {name}")


def _help_text(command: click.Command, path: str) -> str:
    settings = {"help_option_names": ["-h", "--help"]} | command.context_settings
    context = click.Context(command, info_name=path, terminal_width=_WIDTH, **settings)
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "\n".join(["```text", *lines, "```"])


# -- Python ----------------------------------------------------------------------------------


def _functions() -> str:
    """Every verb, with its parameters."""
    return "\n\n".join(_callable(name, method) for name, method in sorted(store.VERBS.items()))


def _store() -> str:
    """The class, and those of its methods that are no functions of the package."""
    own = _public(store.Store)
    texts = [_signature("Store", store.Store), _markdown(store.Store.__doc__)]
    for name, method in own:
        if name not in store.VERBS:
            texts.append(_callable(name, method))
    return "\n\n".join(texts)


def _reading() -> str:
    """The options of reading files."""
    lines = ["| option | what |", "|---|---|"]
    for spec in reading_specs():
        value = f" {spec.metavar}" if spec.metavar else ""
        more = f" ({', '.join(spec.choices)})" if spec.choices else ""
        flag = f"--{spec.name.replace('_', '-')}"
        lines.append(f"| `{flag}{value}` | {_cell(spec.help)}{more} |")
    return "\n".join(lines) + "\n"


def _values() -> str:
    """The classes that functions return and that plugins make, with fields and methods."""
    texts = []
    for name in healthsim_store.__all__:
        value = getattr(healthsim_store, name)
        if not inspect.isclass(value) or value is store.Store or issubclass(value, Exception):
            continue
        texts += [f"### {name}", _markdown(value.__doc__)]
        lines = [*_fields(value), *_methods(value)]
        if lines:
            texts.append("\n".join(lines))
    return "\n\n".join(texts)


def _fields(value: type) -> Iterator[str]:
    """A line for each field: its type, and the comment beside it."""
    if not dataclasses.is_dataclass(value):
        return
    comments = dict(re.findall(r"^    (\w+): .*?  # (.+)$", inspect.getsource(value), re.MULTILINE))
    for field in dataclasses.fields(value):
        if not field.name.startswith("_"):
            about = f": {comments[field.name]}" if field.name in comments else ""
            yield f"- `{field.name}` (`{field.type}`){about}"


def _methods(value: type) -> Iterator[str]:
    """A line for each property and method: how it is called, and what it answers."""
    for name, member in _public(value):
        about = _markdown(inspect.getdoc(member)).partition("\n\n")[0].replace("\n", " ")
        if callable(member):
            parameters = ", ".join(_parameters(member))
            yield f"- `{name}({parameters})`: {about}".removesuffix(": ")
        else:
            yield f"- `{name}`: {about}".removesuffix(": ")


def _public(value: type) -> Iterator[tuple[str, Any]]:
    for name, raw in vars(value).items():
        member = raw.__func__ if isinstance(raw, classmethod | staticmethod) else raw
        method = inspect.isfunction(member) or isinstance(member, property)
        method = method or hasattr(member, "attrname")  # a functools.cached_property
        if not name.startswith("_") and method:
            yield name, member


def _callable(name: str, function: Callable[..., Any]) -> str:
    texts = [f"### {name}", _signature(name, function), _markdown(inspect.getdoc(function))]
    return "\n\n".join(text for text in texts if text)


def _signature(name: str, function: Callable[..., Any]) -> str:
    """How it is called, in one line if that is short, else with one parameter on each."""
    if isinstance(function, property):
        return ""
    returned = inspect.signature(function).return_annotation
    end = "" if returned in (inspect.Signature.empty, None, "None") else f" -> {returned}"
    parameters = _parameters(function)
    line = f"{name}({', '.join(parameters)}){end}"
    if len(line) > _WIDTH:
        line = "\n".join([f"{name}(", *(f"    {text}," for text in parameters), f"){end}"])
    return f"```text\n{line}\n```"


def _parameters(function: Callable[..., Any]) -> list[str]:
    """Each with its type and default. A default that is a function is written as ``...``."""
    texts: list[str] = []
    seen_star = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            seen_star = True
        if parameter.kind is parameter.KEYWORD_ONLY and not seen_star:
            texts.append("*")
            seen_star = True
        text = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        text += parameter.name
        if parameter.annotation is not parameter.empty:
            text += f": {parameter.annotation}"
        if parameter.default is not parameter.empty:
            text += f" = {'...' if callable(parameter.default) else repr(parameter.default)}"
        texts.append(text)
    return texts


def _markdown(docstring: str | None, language: str = "text") -> str:
    """A docstring as Markdown: its Args as a list, indented code as a block.

    ``language`` is that of the block. A test runs each block of Python in python.md, which an
    example in a docstring, with a store of its own, is not made for.
    """
    lines: list[str] = []
    in_args = False
    for line in inspect.cleandoc(docstring or "").replace("``", "`").splitlines():
        if line == "Args:":
            in_args = True
            continue
        if in_args and line and not line.startswith("    "):
            in_args = False
        parameter = re.match(r"    (\w+): (.*)", line) if in_args else None
        if parameter:
            lines.append(f"- `{parameter[1]}`: {parameter[2]}")
        else:
            # A further line about a parameter is indented as deep as its list item.
            lines.append(f"  {line.strip()}" if in_args and line else line)

    def fenced(found: re.Match[str]) -> str:
        code = inspect.cleandoc(found[0])
        return f"\n```{language}\n{code}\n```\n\n" if code else "\n"

    return _INDENTED.sub(fenced, "\n".join(lines) + "\n").strip()


def _errors() -> str:
    """Every error as a row, below the one that it is a kind of."""

    def rows(error: type[errors.HealthsimStoreError], depth: int) -> Iterator[str]:
        about = " ".join(inspect.cleandoc(error.__doc__ or "").replace("``", "`").split())
        yield f"| {'&nbsp;&nbsp;' * depth}`{error.__name__}` | `{error.code}` | {about} |"
        for kind in error.__subclasses__():
            if kind.__module__ == errors.__name__:
                yield from rows(kind, depth + 1)

    head = ["| error | code | when |", "|---|---|---|"]
    return "\n".join([*head, *rows(errors.HealthsimStoreError, 0)])


def _exits() -> str:
    """Every exit code."""
    rows = [f"| {int(code)} | {code.about} |" for code in exit_codes.ExitCode]
    return "\n".join(["| exit code | when |", "|---|---|", *rows])


def _causes() -> str:
    """Every error code: what it means, how each door tells it, and an input that causes it."""
    rows = ["| code | what it means | exit | HTTP | caused by |", "|---|---|---|---|---|"]
    for kind in errors.every():
        cause = error_causes.CAUSES[kind.code]
        about = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("``", "`")
        by = (
            f"`{cause.command}`"
            if cause.door == "browser"
            else f"`healthsim-store {cause.command}`"
        )
        told = f"{cause.given}: {by}" if cause.given else by
        status = "" if kind in _NO_PAGE else status_of(kind)
        rows.append(
            f"| `{kind.code}` | {' '.join(about.split())} | {int(kind.exit_code)} | {status}"
            f" | {told[0].upper()}{told[1:]} |"
        )
    return "\n".join(rows)


# -- plugins, files, packages ----------------------------------------------------------------


def _hooks() -> str:
    """Each hook: what it returns, and an example. Code in its docstring is indented."""
    texts = []
    for name, hook in vars(hookspecs).items():
        if not name.startswith("healthsim_store_"):
            continue
        returned = inspect.signature(hook).return_annotation
        texts.append(f"### `{name}() -> {returned}`")
        texts.append(_markdown(hook.__doc__, "python"))
    return "\n\n".join(text.strip() for text in texts)


def _tables() -> str:
    """The housekeeping tables of a new scenario file, with the comments in their declarations."""
    texts = [f"The version of the format is {housekeeping.FORMAT_VERSION}."]
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        file_format.create(connection, description=None)
        for table in housekeeping.TABLES:
            about = re.search(r"^ *-- (.+)$", table.sql, re.MULTILINE)
            facts = [f"{about[1]}."] if about else []
            if table.since > 1:
                facts.append(f"Since version {table.since} of the format.")
            if table.carried:
                facts.append("A clone has the same rows.")
            comments = dict(re.findall(r"^ *(\w+) [^\n]*?-- (.+)$", table.sql, re.MULTILINE))
            comments |= housekeeping.ADDED.get(table.name, {})
            rows = [
                f"| `{name}`{' (key)' if key else ''} | {kind}{' NOT NULL' if required else ''}"
                f" | {comments.get(name, '')} |"
                for _, name, kind, required, _, key in connection.execute(
                    f"PRAGMA table_info({table.name})"
                )
            ]
            texts += [f"### `{table.name}`", " ".join(facts)]
            texts.append("\n".join(["| column | type | what |", "|---|---|---|", *rows]))
    return "\n\n".join(texts)


def _refusals() -> str:
    """What schema.sql may not have, and what to write instead."""
    rows = [
        f"| {_cell(one.what)} | {_cell(one.why)} | {_cell(one.instead)} |"
        for one in refusals.REFUSALS.values()
    ]
    return "\n".join(["| refused | why | instead |", "|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("_", "\\_").replace("*", "\\*")


def _packages() -> str:
    """The packages and the modules beside them, from the top down, by their docstrings."""
    rows = ["| package | what belongs in it |", "|---|---|"]
    for name in re.split(r"[ |:]+", " ".join(_layers())):
        module = importlib.import_module(f"healthsim_store.{name}")
        if hasattr(module, "__path__"):
            about = " ".join(inspect.cleandoc(module.__doc__ or "").partition("\n\n")[0].split())
            rows.append(f"| `{name}/` | {about.replace('``', '`')} |")
    return "\n".join(rows)


def _direction() -> str:
    """The layers that `lint-imports` keeps, from the top down."""
    return f"```text\n{' -> '.join(_layers()).replace(' : ', ', ')}\n```"


def _layers() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract: dict[str, list[str]] = settings["tool"]["importlinter"]["contracts"][0]
    return contract["layers"]


def _new(kind: str) -> str:
    """What `plugins new` writes for this kind of plugin, but for README, CI and what git skips.

    pyproject.toml is shown once.
    """
    texts = []
    for file, text in plugin_files(f"my-{kind}", kind=kind).items():
        if file.startswith(("README", ".git")) or (kind != "product" and file.endswith(".toml")):
            continue
        language = Path(file).suffix.removeprefix(".").replace("py", "python")
        texts += [f"`{file}`:", f"```{language}\n{text.rstrip()}\n```"]
    return "\n\n".join(texts)


#: The classes of `healthsim_store` that plugins make or are given.
_PROMISED = ("Check", "Column", "EntityType", "Exporter", "Importer", "LogicalType", "Page",
             "Parameter", "Product", "Profile", "Reference", "ScenarioTables", "SelectedRows",
             "Source", "SourceFolder", "Table", "Tool", "WrittenFile")  # fmt: skip
#: Methods and properties of these classes that only the core needs.
_NOT_PROMISED = {"accepts", "bind", "check", "close", "declaration", "example", "from_dict",
                 "label", "moment", "package", "parse", "pattern", "plain", "problem", "recipe",
                 "storage", "stored_arrow", "to_dict", "told", "typed_text", "undecodable",
                 "unlike", "written"}  # fmt: skip


def _promised() -> str:
    """A line for each name that a plugin may rely on, with how it is called."""
    lines = [f"the entry-point group {names.GROUP}"]
    lines += [f"the variable {name}" for name in (names.DISABLE, names.FOLDER, names.TRACE)]
    for name, hook in vars(hookspecs).items():
        if name.startswith("healthsim_store_"):
            lines.append(f"the hook {name}() -> {inspect.signature(hook).return_annotation}")
    for name in _PROMISED:
        lines += _promised_class(f"healthsim_store.{name}", getattr(healthsim_store, name))
    for name, value in vars(testing).items():
        if name.endswith("Tests"):
            lines += _promised_class(f"healthsim_store.testing.{name}", value)
    for module in (commands, doors):
        for name in module.__all__:
            lines.append(_line(f"{module.__name__}.{name}", getattr(module, name)))
    lines.append("the classes of healthsim_store.errors, with their codes, as in docs/errors.md")
    return "\n".join(lines)


def _promised_class(name: str, value: type) -> Iterator[str]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if not field.name.startswith("_"):
                free = field.default is field.default_factory is dataclasses.MISSING
                yield f"{name}.{field.name}: {field.type}{'' if free else ' (optional)'}"
    own = [one for one in value.__mro__ if one is value or one.__name__.startswith("_")]
    annotations = [pair for one in own for pair in vars(one).get("__annotations__", {}).items()]
    for attribute, annotation in annotations:
        if "ClassVar" in str(annotation) and not attribute.startswith("_"):
            yield f"{name}.{attribute}: {annotation}"
    for method, member in _public(value):
        if not method.startswith("test_") and method not in _NOT_PROMISED:
            yield _line(f"{name}.{method}", member)


def _line(name: str, member: Any) -> str:
    if not callable(member):
        return name
    returned = inspect.signature(member).return_annotation
    end = "" if returned in (inspect.Signature.empty, None, "None") else f" -> {returned}"
    return f"{name}({', '.join(_parameters(member))}){end}"


# -- standards -------------------------------------------------------------------------------


def _datasets(standard: str) -> str:
    """The datasets of a standard, with the variables that a SELECT fills and those that none does.

    Args:
        standard: its name.
    """
    rows = ["| dataset | what | filled | not filled |", "|---|---|---|---|"]
    for told in installed().standards.describe(standard)["datasets"]:
        name = ", ".join(told["written_as"]) or told["name"]
        filled, others = (", ".join(told[key]) or "none" for key in ("filled", "not_filled"))
        rows.append(f"| {name} | {told['label']} | {filled} | {others} |")
    return "\n".join(rows)


def _codes() -> str:
    """The code systems that are known, with what other standards call them."""
    rows = ["| name | other names | FHIR | OID | X12 | licence |", "|---|---|---|---|---|---|"]
    for system in code_systems():
        name = f"{system.name} ..." if system.family else system.name
        uri = f"`{system.uri}`" if system.uri else ""
        told = [name, ", ".join(system.aliases), uri, system.oid, " ".join(system.x12)]
        rows.append(f"| {' | '.join([*told, system.licence])} |")
    return "\n".join(rows)


_PRINTERS: dict[str, Callable[..., str]] = {
    "causes": _causes,
    "codes": _codes,
    "command": _command,
    "commands": _commands,
    "datasets": _datasets,
    "direction": _direction,
    "errors": _errors,
    "exits": _exits,
    "functions": _functions,
    "hooks": _hooks,
    "new": _new,
    "packages": _packages,
    "promised": _promised,
    "refusals": _refusals,
    "store": _store,
    "tables": _tables,
    "reading": _reading,
    "values": _values,
}


def pages() -> list[str]:
    """The pages that this installation can write: a plugin's where it is installed."""
    brought = {*cli.list_commands(click.Context(cli)), *installed().declarations}
    return [*PAGES, *(page for name, page in PLUGIN_PAGES.items() if name in brought)]


def main() -> None:
    """Write the pages, or compare them."""
    differing = [page for page in pages() if written(page) != (ROOT / page).read_text("utf-8")]
    if "--check" in sys.argv[1:]:
        if differing:
            sys.exit(f"{', '.join(differing)}: not what the code says. Write: {COMMAND}")
        return
    for page in differing:
        (ROOT / page).write_text(written(page), "utf-8")
        click.echo(f"Written: {page}")


if __name__ == "__main__":
    main()
