"""The command that serves scenarios to a browser."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from .common import open_scenario, open_store, store_option


@click.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--port", "-p", default=8001, show_default=True, help="0 takes a free one.")
@click.option("--open", "show", is_flag=True, help="Open it in your browser.")
@store_option
def serve(scenarios: tuple[str, ...], port: int, show: bool, folder: str | None) -> None:
    """Look at scenarios in a browser, with Datasette; Ctrl-C ends it.

    Only this machine can reach it, and it only reads. Without SCENARIO the whole store is served:
    what is stored, renamed or deleted meanwhile is there, renamed or gone without a restart.
    """
    from ..browse import serving  # Datasette is slow to import

    opened = [open_scenario(folder, scenario) for scenario in scenarios]
    store = opened[0][0] if opened else open_store(folder)
    if any(other.path.resolve() != store.path.resolve() for other, _ in opened):
        raise click.UsageError("Give scenarios of one folder only.")
    names = [other.find(name).stem for other, name in opened]
    remember = not (scenarios and Path(scenarios[0]).suffix == ".db" and names)

    def ready(address: str) -> None:
        click.echo(address)
        click.echo(f"Serving {store.path}. Ctrl-C ends it.", err=True)
        if show:
            click.launch(address)

    # Ctrl-C is how it is meant to end.
    with serving.listen(port) as listening, contextlib.suppress(KeyboardInterrupt):
        datasette = serving.make_datasette(store.path, scenarios=names, remember=remember)
        serving.serve(datasette, listening, ready)
