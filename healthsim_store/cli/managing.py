"""Commands that change what a scenario is called, tagged or made of, and the trash."""

from __future__ import annotations

import click

from ..base.wording import command
from .common import (
    echo_json,
    json_option,
    open_scenario,
    open_store,
    store_option,
    table,
)


@click.command()
@click.argument("scenario")
@click.argument("tags", nargs=-1, required=True)
@json_option
@store_option
def tag(scenario: str, tags: tuple[str, ...], as_json: bool, folder: str | None) -> None:
    """Tag a scenario."""
    store = open_store(folder)
    name = store.find(scenario).stem
    _tell_tags(name, store.add_tags(name, *tags), as_json)


@click.command()
@click.argument("scenario")
@click.argument("tags", nargs=-1, required=True)
@json_option
@store_option
def untag(scenario: str, tags: tuple[str, ...], as_json: bool, folder: str | None) -> None:
    """Take tags off a scenario."""
    store = open_store(folder)
    name = store.find(scenario).stem
    _tell_tags(name, store.remove_tags(name, *tags), as_json)


def _tell_tags(scenario: str, tags: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        echo_json({"scenario": scenario, "tags": list(tags)})
    else:
        click.echo(f"{scenario}: {', '.join(tags) or 'no tags'}")


@click.command()
@click.argument("scenario")
@click.argument("new_name")
@json_option
@store_option
def rename(scenario: str, new_name: str, as_json: bool, folder: str | None) -> None:
    """Give a scenario another name."""
    store = open_store(folder)
    old = store.find(scenario).stem
    name = store.rename_scenario(old, new_name)
    if as_json:
        echo_json({"old": old, "new": name})
    else:
        click.echo(f"Old name: {old}\nNew name: {name}")


@click.command()
@click.argument("scenario")
@json_option
@store_option
def upgrade(scenario: str, as_json: bool, folder: str | None) -> None:
    """Bring a scenario to the installed versions of its products, all or nothing."""
    store, name = open_scenario(folder, scenario)
    done = store.upgrade_scenario(name)
    if as_json:
        echo_json([upgraded.to_dict() for upgraded in done])
        return
    for upgraded in done:
        if upgraded.changes:
            click.echo(f"{upgraded.product} {upgraded.before} to {upgraded.after}:")
            for change in upgraded.changes:
                click.echo(f"- {change}")
        else:
            click.echo(f"{upgraded.product} {upgraded.before} is current.")
    if not done:
        click.echo("None of its products is installed: nothing to do.", err=True)


@click.command()
@click.argument("scenario")
@json_option
@store_option
def delete(scenario: str, as_json: bool, folder: str | None) -> None:
    """Move a scenario to the store's trash."""
    store = open_store(folder)
    name = store.delete_scenario(scenario)
    if as_json:
        echo_json({"deleted": name})
    else:
        back = command("restore_scenario", store.path / f"{name}.db")
        click.echo(f'Deleted "{name}". Bring it back with: {back}')


@click.command()
@click.argument("scenario", required=False)
@click.option("--as", "new_name", help="Restore it under another name.")
@json_option
@store_option
def restore(scenario: str | None, new_name: str | None, as_json: bool, folder: str | None) -> None:
    """Bring the last deleted scenario of a name back; without a name, list the trash."""
    store = open_store(folder)
    if scenario is None:
        deleted = store.list_deleted()
        if as_json:
            echo_json([entry.to_dict() for entry in deleted])
        else:
            rows = [[entry.name, entry.deleted_at] for entry in deleted]
            click.echo(table(rows, ["Name", "Deleted"]))
        return
    name = store.restore_scenario(scenario, new_name=new_name)
    if as_json:
        echo_json({"restored": name})
    else:
        click.echo(f'Restored "{name}".')
