"""The options by which commands say how files are read, made from their one declaration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..exchange.reading_options import Spec, specs
from .common import Command

_CHOICES = ("error", "skip")


def reading_options(command: Command) -> Command:
    """Add an option for each field of `ReadingOptions`; what is not given is not handed on."""
    for spec in reversed(specs()):
        command = _option(spec)(command)
    return command


def _option(spec: Spec) -> Any:
    flag = f"--{spec.name.replace('_', '-')}"
    more: dict[str, Any] = {}
    if spec.kind == "flag":
        more = {"is_flag": True}
    elif spec.kind == "number":
        more = {"type": int}
    elif spec.choices:
        more = {"type": click.Choice(spec.choices)}
    if spec.metavar:
        more["metavar"] = spec.metavar
    if spec.each:
        more["multiple"] = True
    return click.option(flag, default=None, help=spec.help, **more)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """The options without those of reading that nobody gave."""
    names = {spec.name for spec in specs()}
    return {
        name: value
        for name, value in options.items()
        if name not in names or value not in (None, (), False)
    }


def tolerance_options(command: Command) -> Command:
    """The options by which a command leaves out rows that cannot be stored, or is a trial."""
    for option in (
        click.option("--bad-rows", default="error", show_default=True, type=click.Choice(_CHOICES),
                     help="skip leaves out rows that cannot be stored."),
        click.option("--orphans", default="error", show_default=True, type=click.Choice(_CHOICES),
                     help="skip leaves out rows that refer to what is not there."),
        click.option("--rejects", type=click.Path(path_type=Path), metavar="FILE",
                     help="For rows that are left out  [default: rejects-NAME.csv]"),
        click.option("--dry-run", is_flag=True, help="Tell what would be stored, store nothing."),
    ):  # fmt: skip
        command = option(command)
    return command
