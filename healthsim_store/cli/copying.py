"""Commands that make new scenarios of old ones, and compare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..base.text import listed
from .common import (
    ListingHelp,
    echo_json,
    echo_text,
    json_option,
    open_scenario,
    open_store,
    progress_bar,
    store_option,
)

if TYPE_CHECKING:
    from ..operations.clone_report import CloneResult
    from ..operations.split import SplitResult


@click.command()
@click.argument("scenario")
@click.argument("new_name", required=False)
@click.option("--only", metavar="SELECT", help="Only the entities whose ids this SELECT gives.")
@click.option(
    "--only-question", metavar="NAME", help="Only those that a question of the scenario names."
)
@click.option(
    "--param",
    "-p",
    "params",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A value for :NAME in the SELECT or question; may be repeated.",
)
@click.option("--sample", type=int, metavar="N", help="Only so many, drawn by the seed.")
@click.option("--seed", type=int, help="The same seed draws the same  [default: any; it is told]")
@click.option(
    "--stratify", metavar="COLUMN", help="Draw of each value of a column the share that it has."
)
@click.option(
    "--entity-type",
    metavar="TYPE",
    help="What is drawn  [default: persons, or what others belong to]",
)
@click.option(
    "--split",
    metavar="NAME=PERCENT,...",
    help="Deal all out to several scenarios: train=80,test=20 makes NEW_NAME-train, NEW_NAME-test.",
)
@click.option("--timeout", default=60.0, show_default=True, help="Seconds for the SELECT.")
@json_option
@store_option
def clone(
    scenario: str,
    new_name: str | None,
    only: str | None,
    only_question: str | None,
    params: tuple[tuple[str, str], ...],
    sample: int | None,
    seed: int | None,
    stratify: str | None,
    entity_type: str | None,
    split: str | None,
    timeout: float,
    as_json: bool,
    folder: str | None,
) -> None:
    """Copy a scenario, or a part of it, under NEW_NAME, with new entity ids.

    NEW_NAME is the scenario's name with -copy or -part by default. A part is the chosen entities
    with all that belongs to them; the reply tells what was left out.

    \b
    healthsim-store clone ward-7 ward-7-b
    healthsim-store clone ward-7 women --only "SELECT patient_id FROM patients WHERE gender = 'F'"
    healthsim-store clone ward-7 poor-control --only-question a1c_above -p least 9
    healthsim-store clone ward-7 small --sample 500 --seed 7 --stratify gender
    healthsim-store clone ward-7 --split train=80,test=20
    """
    from ..query.select import all_typed

    store = open_store(folder)
    values: dict[str, Any] = dict(params) if only_question else all_typed(dict(params))
    options: dict[str, Any] = {
        "new_name": new_name, "only": only, "only_question": only_question,
        "params": values or None, "sample": sample, "seed": seed, "stratify": stratify,
        "entity_type": entity_type, "timeout": timeout,
    }  # fmt: skip
    result: CloneResult | SplitResult
    with progress_bar(store.scenario_info(scenario).total, "Cloning") as progress:
        if split is None:
            result = store.clone_scenario(scenario, **options, progress=progress)
        else:
            shares = _shares(split)
            result = store.split_scenario(scenario, shares, **options, progress=progress)
    if as_json:
        echo_json(result.to_dict())
    else:
        echo_text(result.to_markdown())


def _shares(text: str) -> dict[str, str]:
    """Percent by name, as they were typed: what is no number is refused by who deals."""
    pairs = [part.partition("=") for part in text.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    if len({*names}) < len(names):
        raise click.UsageError(f"--split names a part twice: {text}")
    return {name.strip(): share.strip().removesuffix("%") for name, _, share in pairs}


def _names() -> str:
    from ..operations.strategies import STRATEGIES

    return listed(STRATEGIES)


def _meanings() -> str:
    from ..operations.strategies import STRATEGIES

    width = max(map(len, STRATEGIES))
    return "\n".join(f"  {name:<{width}}  {s.about}" for name, s in STRATEGIES.items())


@click.command(cls=ListingHelp, lists={"strategies": _names, "meanings": _meanings})
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--name", "new_name", help="The new scenario's name  [default: merged-YYYYMMDD]")
@click.option("--context", help="What it is for; the name begins with merged and its first word.")
@click.option(
    "--on-conflict",
    "given",
    multiple=True,
    metavar="[TYPE=]STRATEGY",
    help="{strategies}; for one entity type as patients=overwrite; may be"
    " repeated  [default: skip]",
)
@click.option(
    "--base",
    help="The scenario that all were copied of: what only one of them changed since is taken,"
    " and what two changed is a conflict.",
)
@click.option(
    "--into",
    help="Change this scenario and make none; undo takes it back. It is also the base of what was"
    " copied of it.",
)
@click.option("--dry-run", is_flag=True, help="Print the same report and write nothing.")
@json_option
@store_option
def merge(
    scenarios: tuple[str, ...],
    new_name: str | None,
    context: str | None,
    given: tuple[str, ...],
    base: str | None,
    into: str | None,
    dry_run: bool,
    as_json: bool,
    folder: str | None,
) -> None:
    """Put several scenarios into a new one, or into one that is there.

    \b
    healthsim-store merge ward-7 ward-8 --name wards
    healthsim-store merge ward-7-b --into ward-7
    healthsim-store merge ward-7-a ward-7-b --base ward-7

    Entities that go back to the same original are the same entity.

    \b
    One of a later scenario that is there already, or whose id or natural key is
    taken, is a conflict where its values differ:
    {meanings}
    What belongs to an entity that gave way belongs to the one that stands for it.
    """
    from ..operations.strategies import ALL_TYPES

    store = open_store(folder)
    pairs = (item.rpartition("=") for item in given)
    on_conflict = {entity_type or ALL_TYPES: strategy for entity_type, _, strategy in pairs}
    total = sum(store.scenario_info(scenario).total for scenario in scenarios)
    with progress_bar(total, "Merging") as progress:
        result = store.merge_scenarios(
            scenarios,
            new_name=new_name,
            context=context,
            on_conflict=on_conflict,
            base=base,
            into=into,
            dry_run=dry_run,
            progress=progress,
        )
    if as_json:
        echo_json(result.to_dict())
    else:
        echo_text(result.to_markdown())


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
    echo_text(result.to_markdown())
    if result.rows:
        click.echo(f"\n{result.rows_to_markdown()}")
