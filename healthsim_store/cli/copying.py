"""Commands that make new scenarios of old ones, and compare them."""

from __future__ import annotations

import click

from .common import echo_json, json_option, open_store, progress_bar, store_option


@click.command()
@click.argument("scenario")
@click.argument("new_name", required=False)
@json_option
@store_option
def clone(scenario: str, new_name: str | None, as_json: bool, folder: str | None) -> None:
    """Copy a scenario under NEW_NAME  [default: its name with -copy], with new entity ids."""
    store = open_store(folder)
    with progress_bar(store.scenario_info(scenario).total, "Cloning") as progress:
        result = store.clone_scenario(scenario, new_name=new_name, progress=progress)
    if as_json:
        echo_json(result.to_dict())
    else:
        click.echo(result.to_markdown())
