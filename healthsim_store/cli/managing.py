"""Commands that change what a scenario is called, tagged or made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..base.text import size
from ..base.wording import command
from ..exit_codes import ExitCode
from .common import (
    echo_json,
    json_option,
    open_scenario,
    open_store,
    progress_bar,
    store_option,
)

if TYPE_CHECKING:
    from ..operations.upgrade import Upgraded
    from ..store import Store


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
@click.argument("scenario", required=False)
@click.option("--all", "everything", is_flag=True, help="Upgrade every scenario of the store.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, which is tried on a copy.")
@json_option
@store_option
@click.pass_context
def upgrade(
    context: click.Context,
    scenario: str | None,
    everything: bool,
    dry_run: bool,
    as_json: bool,
    folder: str | None,
) -> None:
    """Bring a scenario to the installed versions of its products, all or nothing.

    Migrations of the products are run, and its tables become as they are declared. The scenario as
    it was goes to the trash: healthsim-store restore NAME --as OTHER brings it back.
    """
    if everything == (scenario is not None):
        raise click.UsageError("Give a scenario, or --all.")
    if scenario is not None:
        store, name = open_scenario(folder, scenario)
        done = store.upgrade_scenario(name, dry_run=dry_run)
        if as_json:
            echo_json([upgraded.to_dict() for upgraded in done])
        else:
            _tell_upgraded(store.find(name), done, dry_run)
        return
    store = open_store(folder)
    with progress_bar(len(store.names()), "Upgrading") as progress:
        results = store.upgrade_scenarios(dry_run=dry_run, progress=progress)
    if as_json:
        echo_json([result.to_dict() for result in results])
    for result in results:
        if result.error is not None:
            click.echo(f"{result.scenario}: {result.error}", err=True)
        elif not as_json:
            click.echo(f"{result.scenario}:")
            _tell_upgraded(store.find(result.scenario), result.products, dry_run)
    if not dry_run and any(result.changed for result in results):
        _tell_trash(store)
    if any(result.error for result in results):
        context.exit(ExitCode.ERROR)


def _tell_trash(store: Store) -> None:
    """How much is on the disk of what was deleted or upgraded, and how it goes."""
    trash = store.list_deleted()
    took = size(sum(deleted.size for deleted in trash))
    told = f"The trash takes {took} now, of {len(trash):,} files"
    how = f"; {command('purge_deleted', everything=True)} takes them out for good" if trash else ""
    click.echo(f"{told}{how}.", err=True)


def _tell_upgraded(path: Path, done: Sequence[Upgraded], dry_run: bool) -> None:
    for upgraded in done:
        if upgraded.changes:
            click.echo(f"{upgraded.product} {upgraded.before} to {upgraded.after}:")
            for change in upgraded.changes:
                click.echo(f"- {change}")
        else:
            click.echo(f"{upgraded.product} {upgraded.before} is current.")
    if dry_run:
        click.echo("Nothing was changed: --dry-run.", err=True)
    elif any(upgraded.changes for upgraded in done):
        how = command("restore_scenario", path, new_name="OTHER")
        click.echo(f"{path.stem} as it was is in the trash: {how}", err=True)
    if not done:
        click.echo("None of its products is installed: nothing to do.", err=True)
