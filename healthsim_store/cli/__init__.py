"""The command line: a command parses its arguments, calls one method of `Store` and prints the
result; work that a Python program may want too belongs to `Store`.

Nothing slow is imported here, so that ``--help`` is quick. What is raised becomes one message and
an exit code in one place, `failures`.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from .. import __version__
from ..base.wording import SHELL, at
from ..exit_codes import ExitCode
from ..plugins import COMMANDS, FOLDER, installed

PROGRAM = "healthsim-store"


def _debug_option(command: click.Command, *, hidden: bool) -> click.Command:
    """The command, which takes ``--debug`` from now on, unless it has one of its own."""
    if not any("--debug" in parameter.opts for parameter in command.params):
        option = click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            hidden=hidden,
            help="Show the trace of an error, as HEALTHSIM_STORE_DEBUG=1 does; also after COMMAND.",
        )
        command.params.append(option)
    return command


class _Commands(click.Group):
    """The core's commands, and those that plugins bring."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*super().list_commands(context), *sorted(self._brought())]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        command = super().get_command(context, name) or self._brought().get(name)
        for part in getattr(command, "commands", {}).values():
            _debug_option(part, hidden=True)
        return command and _debug_option(command, hidden=True)

    def _brought(self) -> dict[str, click.Command]:
        found: dict[str, click.Command] = installed().find("commands")
        return found

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            found = super().resolve_command(context, arguments)
        except click.UsageError as error:
            from ..base.text import did_you_mean

            why = installed().missing("command", arguments[0])
            near = why or did_you_mean(arguments[0], self.list_commands(context))
            raise click.UsageError(f"{error.message} {near or ''}".rstrip(), context) from None
        # What the command raises and tells names options that it has.
        parts = [found[1], *getattr(found[1], "commands", {}).values()] if found[1] else []
        takes = [flag for part in parts for one in part.params for flag in one.opts]
        context.with_resource(at(SHELL, takes))
        return found


def _set_folder(context: click.Context, option: click.Parameter, folder: str | None) -> None:
    """Name the folder to this process and to those that it starts."""
    if folder:
        os.environ[FOLDER] = os.path.abspath(folder)
        installed.cache_clear()


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=PROGRAM)
@click.option(
    "--plugins-dir",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    is_eager=True,  # --help lists the commands that are in it
    expose_value=False,
    callback=_set_folder,
    help="Folder of plugins of one file, .py or .sql  [default: HEALTHSIM_STORE_PLUGINS_DIR]",
)
def cli() -> None:
    """Scenarios of synthetic healthcare data, each one self-contained SQLite file.

    \b
    healthsim-store generate PROFILE --count 100      make one, by a plugin's recipe
    healthsim-store import --format synthea FOLDER    read a Synthea folder
    healthsim-store summary SCENARIO                  what is in it, in a few hundred tokens
    healthsim-store query SCENARIO "SELECT ..."       ask it anything, read-only
    healthsim-store export SCENARIO --format parquet  files for pandas, Spark, a lake
    healthsim-store serve --open                      look at them in a browser

    A SCENARIO is a name, enough of a name, an id, or the path of a .db file. Scenarios live in the
    folder of --store, or HEALTHSIM_STORE_DIR, or your user data folder.

    Exit codes: {exit_codes}. With --json an error is JSON too.
    """


assert cli.help
_debug_option(cli, hidden=False)
cli.help = cli.help.replace("{exit_codes}", ExitCode.listed())


def _own(name: str) -> click.Command:
    """The command of this name; the function may be called differently: ``import_``."""
    module = importlib.import_module(f".{COMMANDS[name]}", __name__)
    commands = (found for found in vars(module).values() if isinstance(found, click.Command))
    return next(command for command in commands if command.name == name)


for _name in COMMANDS:
    cli.add_command(_own(_name))


def main() -> None:
    """The entry point."""
    try:
        code = cli.main(prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()  # a full disk is told here, and not when Python ends
    except BrokenPipeError:
        # The reader, such as `head`, has enough; there is nobody left to tell.
        sys.stderr.close()
        code = ExitCode.DONE
    except BaseException as error:
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        from .failures import tell

        code = tell(error, sys.argv[1:])
    if isinstance(code, int) and code:  # what a command gave to Context.exit() too
        sys.exit(code)
