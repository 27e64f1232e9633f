"""Commands that make entities, by profiles."""

from __future__ import annotations

from typing import Any

import click

from .common import (
    echo_json,
    echo_text,
    json_option,
    open_scenario,
    open_store,
    progress_bar,
    store_option,
    values_by_name,
)
from .common import table as as_table


@click.command()
@click.argument("profile")
@click.option("--count", "-n", type=int, help="How many  [default: the profile's own number]")
@click.option("--seed", type=int, help="The same seed makes the same  [default: one is chosen]")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="OPTION=VALUE",
    help="An option of the profile; may be repeated.",
)
@click.option("--batch", type=int, help="Counted entities in a batch  [default: 50, more if many]")
@click.option("--into", help="Add to this scenario, or name a new one.")
@click.option(
    "--for",
    "for_scenario",
    metavar="SCENARIO",
    help="Make it for the entities of this scenario, of a profile that reads one.",
)
@click.option("--description", help="The scenario's description.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option(
    "--allow-triggers",
    is_flag=True,
    help="Let triggers run that somebody put into the scenario's file.",
)
@click.option("--again", is_flag=True, help="Also where a scenario has this very run already.")
@json_option
@store_option
def generate(
    profile: str, given: tuple[str, ...], as_json: bool, folder: str | None, **options: Any
) -> None:
    """Make entities by PROFILE, a name or the path of a .sql file, into a scenario.

    \b
    healthsim-store profiles
    healthsim-store generate medicare-advantage --count 100 --seed 7 --into medicare
    healthsim-store generate claims --into medicare
    """
    store = open_store(folder)
    told = store.describe_profile(profile)
    count = options["count"] if "reads" not in told else None
    if count is None:
        count = told["count"] or 0  # of a profile that reads a scenario, nobody knows it yet
    with progress_bar(max(count, 0), "Generating") as progress:
        result = store.generate_scenario(
            profile, options=values_by_name(given), progress=progress, **options
        )
    if as_json:
        echo_json(result.to_dict())
        return
    seed = f"(seed {result.run['seed']})"
    if result.first is None:
        said = f'"{result.scenario}" has all of this already {seed}'
    elif result.first > 1:
        said = f'Went on with "{result.scenario}" at number {result.first:,} {seed}: '
    else:
        said = f'Saved "{result.scenario}" {seed}: '
    echo_text(f"{said}{result.account if result.first else ''}\n")
    for note in result.notes:
        click.echo(note, err=True)
    if result.first is None and options["into"] is None:
        click.echo("--again makes it once more, in a scenario of its own.", err=True)
    echo_text(result.summary.to_markdown())


@click.command()
@click.argument("scenario")
@click.option("--name", "new_name", help="The new scenario's name  [default: its name with -again]")
@click.option("--profile", help="The .sql file of a profile that is not found by its name.")
@json_option
@store_option
def regenerate(
    scenario: str, new_name: str | None, profile: str | None, as_json: bool, folder: str | None
) -> None:
    """Make a generated SCENARIO again, from the seed and options in its log, and compare."""
    from ..generation.service import count_generated

    store, name = open_scenario(folder, scenario)
    with progress_bar(count_generated(store, name), "Generating") as progress:
        result = store.regenerate_scenario(
            name, new_name=new_name, profile=profile, progress=progress
        )
    if as_json:
        echo_json(result.to_dict())
        return
    click.echo(f'Made "{result.source}" again as "{result.scenario}"\n')
    if result.difference.empty:
        click.echo("It is the same, entity by entity.")
    else:
        echo_text(result.difference.to_markdown())


def _counted(told: dict[str, Any]) -> str:
    if "reads" not in told:
        return f"Counts {told['counts']}, {told['count']:,} by default."
    others = [name for name in told["reads"] if name not in told["needs"]]
    also = f" It also reads {', '.join(others)}." if others else ""
    return f"Needs a scenario with {', '.join(told['needs'])}: give --into or --for.{also}"


@click.command()
@click.argument("profile", required=False)
@json_option
@store_option
def profiles(profile: str | None, as_json: bool, folder: str | None) -> None:
    """The profiles that generate knows; with PROFILE, what it makes and its options."""
    store = open_store(folder)
    if profile is not None:
        told = store.describe_profile(profile)
        if as_json:
            echo_json(told)
            return
        click.echo(f"{told['name']} {told['version']}: {told['title']}\n")
        click.echo(_counted(told))
        click.echo(f"Makes {', '.join(told['entity_types'])}.\n")
        rows = [
            [o["name"], o["type"], (o["default"] or "").strip("'"), ", ".join(o["allowed"]),
             o["description"]]
            for o in told["options"]
        ]  # fmt: skip
        headers = ["Option", "Type", "Default", "Allowed", "What it does"]
        click.echo(as_table(rows, headers) if rows else "It has no options.")
        return
    found = store.list_profiles()
    if as_json:
        echo_json(found)
        return
    rows = [
        [
            f["name"],
            f.get("counts", ""),
            f.get("count") or "",
            ", ".join(f.get("needs", ())),
            f.get("problem") or f["title"],
        ]
        for f in found
    ]
    click.echo(as_table(rows, ["Profile", "Counts", "Default", "Needs", "What it makes"]))
    if not rows:
        click.echo("No plugin brings one; see docs/profiles.md.", err=True)
