"""Commands that make new scenarios of old ones, and compare them."""

from __future__ import annotations

import click

from .common import (
    echo_json,
    json_option,
    open_scenario,
    open_store,
    progress_bar,
    store_option,
)


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


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--by",
    default="auto",
    show_default=True,
    help="How rows find their partners: id, natural-key, origin (what a clone's ids were), or auto:"
    " all that fit.",
)
@click.option(
    "--rows",
    default=0,
    show_default=True,
    help="Show so many rows of each kind of change of each entity type.",
)
@click.option("--entity", "entity_type", metavar="TYPE", help="Compare this entity type alone.")
@click.option("--timeout", default=600.0, show_default=True, help="Seconds.")
@json_option
@store_option
def diff(
    a: str,
    b: str,
    by: str,
    rows: int,
    entity_type: str | None,
    timeout: float,
    as_json: bool,
    folder: str | None,
) -> None:
    """What is added, removed and changed from scenario A to scenario B.

    \b
    healthsim-store diff ward-7 ward-7-b
    healthsim-store diff ward-7 ward-7-b --rows 5 --entity patients
    """
    store, name_a = open_scenario(folder, a)
    other, name_b = open_scenario(folder, b)
    total = other.scenario_info(name_b).total if entity_type is None else 0
    with progress_bar(total, "Comparing") as progress:
        result = store.diff_scenarios(
            name_a, name_b, by=by, rows=rows, entity_type=entity_type, timeout=timeout,
            other=other, progress=progress,
        )  # fmt: skip
    if as_json:
        echo_json(result.to_dict())
        return
    click.echo(result.to_markdown())
    if result.rows:
        click.echo(f"\n{result.rows_to_markdown()}")
