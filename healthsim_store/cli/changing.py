"""Commands that change what a scenario holds, and take it back."""

from __future__ import annotations

from typing import Any

import click

from .common import Command, echo_json, echo_result, json_option, open_scenario, store_option, table


def _choosing(command: Command) -> Command:
    """The options by which a command says which entities it means, and whether it is a trial."""
    for option in (
        click.option("--param", "-p", "params", type=(str, str), multiple=True,
                     metavar="NAME VALUE", help="A value for :NAME; may be repeated."),
        click.option("--dry-run", is_flag=True, help="Tell what would be done, and do nothing."),
        click.option("--timeout", type=float, default=60.0, show_default=True,
                     help="Seconds to find the entities."),
    ):  # fmt: skip
        command = option(command)
    return command


def _pairs(context: click.Context, parameter: click.Parameter, given: Any) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, sign, _ in pairs:
        if not name.strip() or not sign:
            raise click.BadParameter("give FIELD=VALUE", context, parameter)
    names = [name.strip() for name, _, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name} is given twice", context, parameter)
    return {name.strip(): value for name, _, value in pairs}


def _bound(options: dict[str, Any]) -> dict[str, Any]:
    from ..query.select import all_typed

    params = all_typed(dict(options.pop("params")))
    return options | {"params": params or None}


@click.command()
@click.argument("scenario")
@click.argument("entity_type")
@click.option("--set", "values", multiple=True, metavar="FIELD=VALUE", callback=_pairs,
              help="A new value; may be repeated.")  # fmt: skip
@click.option("--set-sql", "expressions", multiple=True, metavar="FIELD=SQL", callback=_pairs,
              help="A new value as an SQL expression; may be repeated.")  # fmt: skip
@click.option("--where", required=True, metavar="SQL", help="For which entities; 1 means all.")
@click.option("--round-decimals", is_flag=True, help="Round numbers with too many decimals.")
@_choosing
@json_option
@store_option
def update(
    scenario: str, entity_type: str, as_json: bool, folder: str | None, **options: Any
) -> None:
    """Give entities new values, checked as in persist; undo takes it back.

    \b
    healthsim-store update ward-7 patients --set city=Fresno --where "gender = 'F'"
    healthsim-store update ward-7 claims --set-sql paid="round(paid * 1.1, 2)" --where 1
    """
    store, name = open_scenario(folder, scenario)
    echo_result(store.update_entities(name, entity_type, **_bound(options)), as_json)


@click.command()
@click.argument("scenario")
@click.argument("entity_type", required=False)
@click.option("--where", metavar="SQL", help="Which entities; 1 means all.")
@click.option("--batch", metavar="BATCH",
              help="What one persist, import or generate put in: its number in history, its"
              " batch-id, or last.")  # fmt: skip
@click.option("--with-children", is_flag=True, help="And what refers to them.")
@_choosing
@json_option
@store_option
def remove(
    scenario: str, entity_type: str | None, as_json: bool, folder: str | None, **options: Any
) -> None:
    """Remove entities, by a condition or by their batch; undo brings them back.

    \b
    healthsim-store remove ward-7 diagnoses --where "code LIKE 'Z%'"
    healthsim-store remove ward-7 --batch last
    """
    store, name = open_scenario(folder, scenario)
    echo_result(store.remove_entities(name, entity_type, **_bound(options)), as_json)


@click.command()
@click.argument("scenario")
@json_option
@store_option
def undo(scenario: str, as_json: bool, folder: str | None) -> None:
    """Take the last operation on a scenario back; once more, the one before."""
    store, name = open_scenario(folder, scenario)
    echo_result(store.undo(name), as_json)


@click.command()
@click.argument("scenario")
@json_option
@store_option
def redo(scenario: str, as_json: bool, folder: str | None) -> None:
    """Do again what was undone last."""
    store, name = open_scenario(folder, scenario)
    echo_result(store.redo(name), as_json)


@click.command()
@click.argument("scenario")
@click.option("--limit", default=20, show_default=True, help="At most so many operations.")
@click.option("--forget", is_flag=True, help="Empty it: nothing so far can be undone any more.")
@click.option("--keep-rows", "rows", type=int, help="Changed rows that it may have.")
@click.option("--keep-mb", "megabytes", type=int, help="Megabytes that their values may take.")
@json_option
@store_option
def history(
    scenario: str,
    limit: int,
    forget: bool,
    rows: int | None,
    megabytes: int | None,
    as_json: bool,
    folder: str | None,
) -> None:
    """What was done to a scenario, by number, and what of it can be undone."""
    store, name = open_scenario(folder, scenario)
    if forget or rows is not None or megabytes is not None:
        store.keep_history(name, forget=forget, rows=rows, megabytes=megabytes)
    found = store.list_history(name, limit=limit)
    if as_json:
        echo_json(found.to_dict())
        return
    lines = [
        [str(one.number), one.at, one.what, "undone" if one.undone else "",
         one.reach or one.reason]
        for one in found.operations
    ]  # fmt: skip
    click.echo(table(lines, ["Number", "When", "What", "", "Can be"]))
    click.echo(f"\n{found.told_kept()}")
