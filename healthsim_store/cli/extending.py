"""Commands about plugins: which there are, and a new one."""

from __future__ import annotations

from pathlib import Path

import click

from .common import echo_json, json_option, table


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def plugins(context: click.Context, as_json: bool) -> None:
    """The installed plugins, what each brings, and why one was left out.

    With HEALTHSIM_STORE_TRACE_PLUGINS=1 every command tells on stderr how long plugins took. With
    HEALTHSIM_STORE_NO_PLUGINS=1 none is loaded.
    """
    if context.invoked_subcommand:
        return
    from ..plugins import installed

    found = installed().listed()
    if as_json:
        echo_json([plugin.to_dict() for plugin in found])
        return
    rows = []
    for plugin in found:
        status = f"LEFT OUT: {plugin.problem}" if plugin.problem else plugin.brings()
        rows.append([plugin.name, f"{plugin.distribution} {plugin.version}", status])
        rows += [["", "", f"note: {note}"] for note in plugin.notes]
    click.echo(table(rows, ["Plugin", "Distribution", "Brings"]))


@plugins.command()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["product", "exporter", "importer", "profile", "standard", "command"]),
    required=True,
    help="What it brings.",
)
@json_option
def new(name: str, kind: str, as_json: bool) -> None:
    """Make a folder NAME with a plugin whose tests pass, to begin from.

    It has pyproject.toml, the package, tests, README.md and a workflow of GitHub Actions.
    """
    from ..plugins.new_plugin import new_plugin

    made = new_plugin(name, kind=kind)
    if as_json:
        echo_json({"name": made.name, "kind": kind, "folder": str(made.folder),
                   "files": list(made.files)})  # fmt: skip
        return
    click.echo(f"Made {name}, a plugin of the kind {kind}:")
    for file in made.files:
        click.echo(f"  {Path(name, file)}")
    click.echo(f'Now: cd {name}; pip install -e ".[test]"; pytest')
