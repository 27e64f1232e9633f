"""What to do next, in the words of the door where it is read.

A hint that names another call or an option is read by somebody who has Python, the command line,
the tools of an MCP server or a page in a browser in front of them. So hints do not spell such names
themselves: `call` and `option` do it, for the door that the work came in by. A call that a door
has not, and all that a page tells, is told as a command of the command line, as it can be run
there: with ``--store`` unless the scenario is where commands look by themselves.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .text import listed

ENVIRONMENT = "HEALTHSIM_STORE_DIR"

PYTHON, SHELL, MCP, BROWSER = "python", "shell", "mcp", "browser"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the work came in; ``takes`` are the options of that call, None if they are not known.

    They are spelled as there: ``on_conflict`` in Python and for a tool, ``--on-conflict``.
    """

    kind: str = PYTHON
    takes: Collection[str] | None = None

    def plain(self) -> tuple[str, list[str] | None]:
        """What `at` needs, to be sent to another process."""
        return self.kind, None if self.takes is None else [*self.takes]


_UNKNOWN = Door()
_door: ContextVar[Door] = ContextVar("door", default=_UNKNOWN)


class at:  # noqa: N801 (a function to its callers; a generator would take thrice the time)
    """What is raised and told in a ``with`` block is read at this door."""

    __slots__ = ("_door", "_token")

    def __init__(self, kind: str, takes: Collection[str] | None = None) -> None:
        self._door = Door(kind, takes)

    def __enter__(self) -> None:
        self._token = _door.set(self._door)

    def __exit__(self, *error: object) -> None:
        _door.reset(self._token)


def here() -> Door:
    """The door of the work at hand."""
    return _door.get()


@dataclass(frozen=True, slots=True)
class Names:
    """A verb's command, and its tool if it has one; ``first`` is what stands before options.

    ``fixed`` are arguments by which a tool of several uses is told to do this.
    """

    command: str
    tool: str | None
    first: tuple[str, ...] = ("scenario",)
    fixed: tuple[tuple[str, Any], ...] = ()


#: The verbs that hints offer. tests/test_wording.py compares them with the real doors.
CALLS: Mapping[str, Names] = {
    "check_scenario": Names("check", "scenario_describe", fixed=(("check", True),)),
    "clone_scenario": Names("clone", "scenario_clone", ("scenario", "new_name")),
    "delete_scenario": Names("delete", "scenario_delete"),
    "draft_mapping": Names("map", None, ("source",)),
    "export_scenario": Names("export", "scenario_export"),
    "generate_scenario": Names("generate", "scenario_persist", ("profile",)),
    "get_summary": Names("summary", "scenario_summary"),
    "list_export_formats": Names("plugins", "scenario_describe", ()),
    "import_data": Names("import", "scenario_persist", ("file",)),
    "purge_deleted": Names("purge", None),
    "query_scenario": Names("query", "scenario_query", ("scenario", "sql")),
    "restore_scenario": Names("restore", "scenario_restore"),
    "upgrade_scenario": Names("upgrade", None),
    "upgrade_scenarios": Names("upgrade --all", None, ()),
    "list_history": Names("history", "scenario_describe", fixed=(("log", 20),)),
    "keep_history": Names("history", None),
}

#: What a door calls otherwise than Python: by verb, or "" for all others, and option.
_FLAGS = {
    ("", "attach"): "--with",
    ("", "entities"): "--entity",
    ("", "log_entries"): "--log",
    ("", "params"): "--param",
    ("", "tags"): "--tag",
    ("compare_scenarios", "max_tokens"): "--all",
    ("diff_scenarios", "entity_type"): "--entity",
    ("export_scenario", "options"): "--set",
    ("generate_scenario", "options"): "--set",
    ("", "for_scenario"): "--for",
    ("import_data", "options"): "--set",
    ("merge_scenarios", "new_name"): "--name",
    ("restore_scenario", "new_name"): "--as",
    ("purge_deleted", "everything"): "--all",
    ("purge_deleted", "confirm"): "--yes",
    ("upgrade_scenarios", "scenarios"): "--all",
    ("keep_history", "rows"): "--keep-rows",
    ("keep_history", "megabytes"): "--keep-mb",
}
_ARGUMENTS = {
    ("", "log_entries"): "log",
    ("", "params"): "values",
    ("", "source"): "file",
    ("generate_scenario", "description"): "context",
    ("generate_scenario", "into"): "scenario",
    ("list_history", "limit"): "log",
}


def call(verb: str, *first: Any, **options: Any) -> str:
    """A call that can be made as it is told.

    Args:
        verb: one of `CALLS`.
        first: what stands before the options; a scenario as the path of its file.
        options: by their names in Python; what is None or empty is left out.
    """
    names, kind = CALLS[verb], here().kind
    options = {name: value for name, value in options.items() if value not in (None, {})}
    if kind == PYTHON:
        told = [_quoted(_plain(value)) for value in first]
        told += [f"{name}={_quoted(_plain(value))}" for name, value in options.items()]
        return f"{verb}({', '.join(told)})"
    if kind == MCP and names.tool:
        given = dict(zip(names.first, first, strict=False)) | dict(names.fixed)
        given |= {_spelled(verb, name): value for name, value in options.items()}
        told = [f"{name}={_json(_plain(value))}" for name, value in given.items()]
        return f"{names.tool}({', '.join(told)})"
    return command(verb, *first, **options)


def command(verb: str, *first: Any, **options: Any) -> str:
    """The same as a command of the command line, whatever the door."""
    places = [*first, *(options.pop(n) for n in CALLS[verb].first if n in options)]
    words = [shlex.quote(str(_plain(value))) for value in places]
    given: list[str] = []
    folders = [v.parent for v in (*first, *options.values()) if isinstance(v, Path)]
    for name, value in options.items():
        given += _flags(_flag(verb, name), value)
    if folders and not _is_default(folders[0]):
        given += ["--store", shlex.quote(str(folders[0]))]
    if any(word.startswith("-") for word in words):  # a name, no option
        words, given = [*given, "--", *words], []
    return " ".join(["healthsim-store", CALLS[verb].command, *words, *given])


def takes(name: str, *, verb: str = "") -> bool:
    """Whether the call at hand has an option; nobody should be told of one that it has not."""
    door = here()
    if door.kind == BROWSER:
        return False
    return door.takes is None or _spelled(verb, name) in door.takes


def option(name: str, value: Any = None, *, verb: str = "") -> str:
    """An option of the call at hand, which `takes` it.

    Args:
        name: its name in Python.
        value: as in Python, True for the flag of a command; without one the name alone.
        verb: the verb that is called; only where a door spells the option otherwise.
    """
    spelled, kind = _spelled(verb, name), here().kind
    if value is None:
        return spelled
    if kind == SHELL:
        return " ".join(_flags(spelled, value))
    return f"{spelled}={_json(value) if kind == MCP else _quoted(value)}"


def choice(name: str, values: Collection[str], *, of: str | None = None) -> str:
    """An option with the values that it may have: ``--on-conflict skip, overwrite or rename``.

    Args:
        name: the option's name in Python.
        values: its values.
        of: the entity type for which the option is given, where it is given for one.
    """
    first, *others = values
    told = option(name, first if of is None else {of: first})
    return listed([told, *(value if here().kind == SHELL else _quoted(value) for value in others)])


def takes_of_files() -> bool:
    """Whether the call at hand is of a tool that has the options of files in one argument."""
    return here().kind == MCP and takes("options") and takes("file")


def option_of_import(name: str, value: str | list[str]) -> str:
    """An option of reading files: of the call at hand, else of the command that has them all.

    Args:
        name: its name in Python.
        value: a text; several for an option that may be given again and again.
    """
    given = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(given, list):
        if takes(name) and here().kind == SHELL:
            return " ".join(option(name, one) for one in given)
        if takes(name):
            return option(name, given)
        if takes_of_files():
            return f"options={_json({name: given})}"
        return command("import_data", "FILE", **{name: given})
    value = given
    if takes(name):
        several = name == "columns" and here().kind != SHELL
        return option(name, value.split(",") if several else value)
    if takes_of_files() and "..." not in value:
        return f"options={_json({name: value})}"
    return command("import_data", "FILE", **{name: value})


def _spelled(verb: str, name: str) -> str:
    kind = here().kind
    if kind == SHELL:
        return _flag(verb, name)
    return (kind == MCP and _of(_ARGUMENTS, verb, name)) or name


def _flag(verb: str, name: str) -> str:
    return _of(_FLAGS, verb, name) or f"--{name.replace('_', '-')}"


def _of(names: Mapping[tuple[str, str], str], verb: str, name: str) -> str | None:
    return names.get((verb, name)) or names.get(("", name))


def _flags(flag: str, value: Any) -> list[str]:
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for n, v in value.items() for word in (flag, shlex.quote(f"{n}={v}"))]
    if isinstance(value, list):
        return [word for one in value for word in _flags(flag, one)]
    return [flag, shlex.quote(str(_plain(value)))]


def _plain(value: Any) -> Any:
    return value.stem if isinstance(value, Path) else value


def _quoted(value: Any) -> str:
    return _json(value) if isinstance(value, str | list) else repr(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _is_default(folder: Path) -> bool:
    """Whether commands look there without being told."""
    try:
        return folder.resolve() == default_folder().resolve()
    except ImportError:  # a worker has nothing but this package
        return False


def default_folder() -> Path:
    """HEALTHSIM_STORE_DIR, else the platform's folder for a user's data."""
    configured = os.environ.get(ENVIRONMENT)
    if configured:
        return Path(configured).expanduser()
    import platformdirs

    return platformdirs.user_data_path("healthsim-store", appauthor=False)
