"""How the command line ends when something was raised: an error on stderr, and an exit code."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Sequence

import click

from ..base.faults import as_error, is_debugging, trace
from ..errors import HealthsimStoreError, Interrupted, UsageError

_LONGEST = 200  # letters of a command that is told


def tell(error: BaseException, arguments: Sequence[str]) -> int:
    """Print the error on stderr, and say which exit code it is.

    With ``--json`` or ``--nl`` it is a line of JSON: what `HealthsimStoreError.to_dict` has, and
    ``exit_code``. With ``--debug`` its trace is told too, in JSON as ``trace``.

    Args:
        error: what was raised.
        arguments: those of the command line. They are looked at again, since an error may be that
            they cannot be understood.
    """
    options = set(itertools.takewhile(lambda argument: argument != "--", arguments))
    told = _known(error, arguments)
    code = error.exit_code if isinstance(error, click.ClickException) else int(told.exit_code)
    debugging = "--debug" in options or is_debugging()
    if options & {"--json", "--nl"}:
        answer = told.to_dict() | {"exit_code": code}
        if debugging:
            answer["trace"] = trace(error).splitlines()
        click.echo(json.dumps(answer, ensure_ascii=False, default=str), err=True)
        return code
    if debugging:
        click.echo(trace(error), err=True)
    if isinstance(told, Interrupted):
        click.echo(f"Interrupted: {told}", err=True)
    elif isinstance(told, UsageError):
        click.echo(f"{told.hint or ''}\nError ({told.code}): {told.message}".lstrip(), err=True)
    else:
        click.echo(f"Error ({told.code}): {told}", err=True)
    return code


def _known(error: BaseException, arguments: Sequence[str]) -> HealthsimStoreError:
    if isinstance(error, click.Abort | KeyboardInterrupt):
        # click makes an Abort of Ctrl-C; what the work has to say about it is on the cause.
        notes = getattr(error.__cause__ or error, "__notes__", ["nothing was changed."])
        return Interrupted(" ".join(notes))
    if isinstance(error, click.UsageError):
        return UsageError(error.format_message(), hint=_usage(error))
    if isinstance(error, click.ClickException):
        return HealthsimStoreError(error.format_message())
    command = shlex.join(arguments)
    shown = f"{command[:_LONGEST]}..." if len(command) > _LONGEST else command
    return as_error(error, f"healthsim-store {shown}".rstrip())


def _usage(error: click.UsageError) -> str | None:
    """The lines above a wrong usage: how the command is called, and where its help is."""
    if error.ctx is None:
        return None
    names = error.ctx.help_option_names
    help_ = f"Try '{error.ctx.command_path} {names[-1]}' for help." if names else ""
    return f"{error.ctx.get_usage()}\n{help_}".rstrip()
