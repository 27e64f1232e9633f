"""For plugin authors: what a command of the command line shares with the core's own.

    import click

    from healthsim_store.commands import json_option, open_scenario, store_option


    @click.command()
    @click.argument("scenario")
    @json_option
    @store_option
    def count(scenario, as_json, folder):
        \"\"\"How many entities a scenario has.\"\"\"
        store, name = open_scenario(folder, scenario)
        ...

Nothing slow is imported before a command runs, so that ``--help`` stays quick.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from .store import Store

__all__ = ["echo_json", "json_option", "open_scenario", "open_store", "store_option"]

Command = TypeVar("Command", bound=Callable[..., Any])


def store_option(command: Command) -> Command:
    """Give a command the option ``--store``. It gets the folder as ``folder``, or None.

    Args:
        command: the function below ``@click.command()``.
    """
    option = click.option(
        "--store",
        "folder",
        metavar="FOLDER",
        help="Folder of the scenarios  [default: HEALTHSIM_STORE_DIR, else your user data folder]",
    )
    return option(command)


def json_option(command: Command) -> Command:
    """Give a command the option ``--json``. It gets ``as_json``, which is true or false.

    Args:
        command: the function below ``@click.command()``.
    """
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def open_store(folder: str | None) -> Store:
    """The store in a folder, as the core's own commands open it.

    Args:
        folder: what ``--store`` gave; with None the default store.
    """
    from .store import Store

    return Store(folder)


def open_scenario(folder: str | None, scenario: str) -> tuple[Store, str]:
    """The store and the scenario's name in it; a path to a .db file is a store of its own.

    Args:
        folder: what ``--store`` gave; with None the default store.
        scenario: what the user typed: a name, enough of a name, an id, or the path of a file.
    """
    from .store import Store

    path = Path(scenario)
    if path.suffix == ".db" and path.is_file():
        return Store(path.parent, remember=False), path.stem
    return open_store(folder), scenario


def echo_json(value: Any) -> None:
    """Print a value as JSON on standard output. What JSON does not know is printed as text.

    Args:
        value: dicts, lists, texts, numbers, dates.
    """
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
