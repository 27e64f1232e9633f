"""`healthsim-store demo`: the examples, played with the real commands in a fresh store."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import click

from healthsim_store import HealthsimStoreError

from .script import Command, Example, examples

WIDTH = 100


class _Screen(io.StringIO):
    """What a command prints, caught; the command prints as it does for a person."""

    def isatty(self) -> bool:
        return True


class _Aside(io.TextIOBase):
    """Hints, on the same screen but without the bars that a terminal gets."""

    def __init__(self, screen: _Screen) -> None:
        self._screen = screen

    def write(self, text: str) -> int:
        return self._screen.write(text)


@click.command()
@click.option("--quiet", is_flag=True, help="A line for each example, and no files left.")
@click.option("--to", "folder", metavar="FOLDER", help="Where to work  [default: a temporary one]")
@click.pass_context
def demo(context: click.Context, quiet: bool, folder: str | None) -> None:
    """Play the thirteen examples of a conversation, from nothing, in a store of their own.

    Each prompt, the command that answers it, and the answer. The exit code is 1 when an example
    fails.
    """
    began = time.monotonic()
    home = Path(folder).absolute() if folder else Path(tempfile.mkdtemp(prefix="healthsim-demo-"))
    if any(home.iterdir()) if home.is_dir() else home.exists():
        raise click.UsageError(f"{home} is not an empty folder: give another one.", context)
    try:
        with _environment(HEALTHSIM_STORE_DIR=str(home / "store"), COLUMNS=str(WIDTH)):
            played, failed = _play(context, home, quiet=quiet)
        if not quiet:
            _tell_where(home)
    finally:
        if quiet and not folder:
            shutil.rmtree(home)
    seconds = time.monotonic() - began
    click.echo(f"{played - failed} of {played} examples in {seconds:.1f} seconds.")
    if failed:
        context.exit(1)


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _play(context: click.Context, home: Path, *, quiet: bool) -> tuple[int, int]:
    """Every example, also after one that failed; how many, and how many failed."""
    failed = 0
    script = examples(str(home))
    for example in script:
        began = time.monotonic()
        shown, problems = _answer(context, example)
        seconds = time.monotonic() - began
        failed += bool(problems)
        if quiet:
            state = "FAILED" if problems else "ok"
            click.echo(f"{state:6} {example.number:>2}. {example.title} ({seconds:.1f} s)")
        else:
            click.echo(_heading(example))
            click.echo(shown)
        for problem in problems:
            click.echo(f"Example {example.number} failed: {problem}", err=True)
    return len(script), failed


def _heading(example: Example) -> str:
    title = f"Example {example.number}: {example.title}"
    quoted = textwrap.wrap(
        example.prompt, WIDTH, initial_indent="> ", subsequent_indent="> ", break_on_hyphens=False
    )
    return "\n".join(["=" * WIDTH, title, "=" * WIDTH, *quoted, ""])


def _answer(context: click.Context, example: Example) -> tuple[str, list[str]]:
    """What the example shows, and what is wrong with it."""
    shown: list[str] = []
    problems: list[str] = []
    for command in example.commands:
        answer, problem = _run(context, command)
        if problem is None:
            missing = [text for text in command.says if text not in answer]
            problem = f"the answer has no {missing[0]!r}" if missing else None
        shown.append(_typed(command.arguments))
        lines = answer.strip("\n").split("\n")
        shown += [*(lines[:1] if command.quietly and problem is None else lines), ""]
        if problem is not None:
            problems.append(f"{command.arguments[0]}: {problem}")
    return "\n".join(shown), problems


def _run(context: click.Context, command: Command) -> tuple[str, str | None]:
    """What the command prints, and why it failed."""
    screen = _Screen()
    main = context.find_root().command
    try:
        with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(_Aside(screen)):
            code = main.main(
                list(command.arguments), prog_name="healthsim-store", standalone_mode=False
            )
    except HealthsimStoreError as error:
        return screen.getvalue(), str(error)
    except click.ClickException as error:
        return screen.getvalue(), error.format_message()
    return screen.getvalue(), f"exit code {code}" if isinstance(code, int) and code else None


def _typed(arguments: tuple[str, ...]) -> str:
    """As one would type it: long commands on several lines, a statement on lines of its own."""
    plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:\\~"
    lines = ["$ healthsim-store"]
    for argument in arguments:
        if "\n" in argument:
            escaped = argument.replace('"', '\\"').replace("$", "\\$")
            lines[-1] += ' "'
            lines += [*textwrap.indent(escaped, "    ").splitlines()]
            lines[-1] += '"'
            continue
        word = argument if set(argument) <= set(plain) else f'"{argument}"'
        if len(lines[-1]) + len(word) + 3 > WIDTH:
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _tell_where(home: Path) -> None:
    store = home / "store"
    scenarios = sorted(store.glob("*.db"))
    size = sum(path.stat().st_size for path in scenarios) / 1e6
    click.echo("=" * WIDTH)
    click.echo(f"Scenarios: {store} ({len(scenarios)} files, {size:.1f} MB)")
    click.echo(f"Exports:   {home / 'training-csv'}, {home / 'training-parquet'}")
    click.echo("To type such commands in this shell:")
    click.echo()
    for line in (*_preparation(store), "healthsim-store list", "healthsim-store serve --open"):
        click.echo(f"    {line}")
    click.echo()


def _preparation(store: Path) -> list[str]:
    """What a shell needs so that `healthsim-store` is found and means the demo's scenarios."""
    on_path = shutil.which("healthsim-store")
    command = shutil.which("healthsim-store", path=str(Path(sys.executable).parent))
    # Made by dev.py, the environment is not active, and its command is not on the PATH.
    hidden = command and not (on_path and Path(on_path).resolve() == Path(command).resolve())
    folder = Path(command).parent if command and hidden else None
    if os.name == "nt":
        path = [f'$env:PATH = "{folder};$env:PATH"'] if folder else []
        return [*path, f'$env:HEALTHSIM_STORE_DIR = "{store}"']
    path = [f'export PATH={shlex.quote(str(folder))}:"$PATH"'] if folder else []
    return [*path, f"export HEALTHSIM_STORE_DIR={shlex.quote(str(store))}"]
