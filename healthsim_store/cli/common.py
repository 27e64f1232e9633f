"""What commands share: which store and scenario is meant, and how rows are printed."""

from __future__ import annotations

import contextlib
import csv
import inspect
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..base.progress import Progress
from ..commands import echo_json as echo_json
from ..commands import json_option as json_option
from ..commands import open_scenario as open_scenario
from ..commands import open_store as open_store
from ..commands import store_option as store_option

if TYPE_CHECKING:
    from ..schema.parameter import Parameter

Command = TypeVar("Command", bound=Callable[..., Any])


def format_options(command: Command) -> Command:
    """``--json`` and its kin; the command gets ``output``, one of their names."""
    for name, help_ in (
        ("tsv", "Print tab-separated values."),
        ("csv", "Print CSV."),
        ("nl", "Print newline-delimited JSON."),
        ("json", "Print JSON."),
    ):
        flag = click.option(f"--{name}", "output", flag_value=name, help=help_, default=None)
        command = flag(command)
    fmt = click.option("--fmt", help="Table format of tabulate: github, simple, grid, ...")
    return fmt(command)


def echo_text(text: str) -> None:
    """Print a reply; at a terminal with aligned tables and lines that fit."""
    if sys.stdout.isatty():
        from ..base.text import for_terminal

        text = for_terminal(text, shutil.get_terminal_size((100, 24)).columns)
    click.echo(text)


def echo_result(result: Any, as_json: bool) -> None:
    """Print what a verb gave, which has ``to_dict`` and ``to_markdown``."""
    if as_json:
        echo_json(result.to_dict())
    else:
        echo_text(result.to_markdown())


def echo_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Iterable[str],
    *,
    output: str | None,
    fmt: str | None,
) -> None:
    """Print rows on stdout; without a format as a table that a person reads."""
    columns = list(columns)
    rows = list(rows)
    if output == "json":
        echo_json([dict(row) for row in rows])
    elif output == "nl":
        for row in rows:
            click.echo(json.dumps(dict(row), ensure_ascii=False, default=str))
    elif output in ("csv", "tsv"):
        writer = csv.writer(sys.stdout, delimiter="," if output == "csv" else "\t")
        writer.writerow(columns)
        writer.writerows([row.get(name) for name in columns] for row in rows)
    else:
        click.echo(table([[row.get(name) for name in columns] for row in rows], columns, fmt))


def table(rows: list[list[Any]], headers: list[str], fmt: str | None = None) -> str:
    """An aligned table, Markdown unless another format is named."""
    import tabulate

    if fmt is not None and fmt not in tabulate.tabulate_formats:
        from ..base.text import did_you_mean
        from ..errors import InvalidArgument

        raise InvalidArgument(
            f"Unknown table format {fmt!r}.",
            hint=did_you_mean(fmt, tabulate.tabulate_formats) or "For example github or simple.",
        )
    # Codes and ids that look like numbers stay as they are.
    return tabulate.tabulate(rows, headers, tablefmt=fmt or "github", disable_numparse=True)


def values_by_name(given: Iterable[str]) -> dict[str, str]:
    """What ``--set NAME=VALUE`` gives, by name.

    Raises InvalidArgument for one without a value, and for one that is given twice: nobody knows
    which of the values is meant.
    """
    from ..errors import InvalidArgument

    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidArgument(f"--set {text}: no value.", hint="Write --set OPTION=VALUE.")
        if name.strip() in values:
            raise InvalidArgument(
                f"--set {text}: {name.strip()} is given twice.", hint="Give each option once."
            )
        values[name.strip()] = value.strip()
    return values


def options_told(options: Mapping[str, Iterable[Parameter]]) -> str:
    """The options of formats, by format, for the help of ``--set``; empty where none has any."""
    told = [f"{name}: {'; '.join(one.told for one in has)}" for name, has in options.items()]
    return f"  [{' | '.join(told)}]" if told else ""


class ListingHelp(click.Command):
    """A command in whose help a ``{name}`` stands for a list that is kept elsewhere.

    ``lists`` gives the text of each by its name. It is asked for when the help is shown, not
    before: most lists are in modules that ``--help`` of another command need not load.
    """

    def __init__(self, *args: Any, lists: Mapping[str, Callable[[], str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lists = lists

    def format_help(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        texts = {f"{{{name}}}": make() for name, make in self._lists.items()}

        def filled(help: str | None) -> str | None:
            # Without its indentation, which click takes away only later, and by all of its lines.
            filled = inspect.cleandoc(help) if help else help
            for name, text in texts.items():
                filled = filled and filled.replace(name, text)
            return filled

        described: list[click.Command | click.Option] = [self]
        described += [one for one in self.params if isinstance(one, click.Option)]
        before = [one.help for one in described]
        try:
            for one in described:
                one.help = filled(one.help)
            super().format_help(context, formatter)
        finally:  # the lists may be others the next time
            for one, help in zip(described, before, strict=True):
                one.help = help


@contextlib.contextmanager
def progress_bar(length: int, label: str) -> Iterator[Progress]:
    """A bar on stderr, when somebody watches."""
    if not length or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update
