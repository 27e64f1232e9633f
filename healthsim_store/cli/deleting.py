"""Commands about the trash: what goes there, what comes back, and what goes for good."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ..base.text import size
from ..base.wording import call, command
from ..errors import InvalidArgument, ScenarioNotFound
from .common import echo_json, echo_result, json_option, open_store, store_option, table

if TYPE_CHECKING:
    from ..storage.trash import Purged

_yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


def _asks(as_json: bool) -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not as_json


@click.command()
@click.argument("scenario")
@_yes_option
@json_option
@store_option
def delete(scenario: str, yes: bool, as_json: bool, folder: str | None) -> None:
    """Move a scenario to the store's trash.

    By a part of its name it asks first, and needs --yes where nobody can be asked.
    """
    store = open_store(folder)
    try:
        name = store.delete_scenario(scenario)
    except ScenarioNotFound:
        if not (yes or _asks(as_json)):
            raise
        whole = store.find(scenario).stem
        if not yes:
            click.confirm(f'Delete "{whole}"?', abort=True, err=True)
        name = store.delete_scenario(whole)
    if as_json:
        echo_json({"deleted": name})
    else:
        back = command("restore_scenario", store.path / f"{name}.db")
        click.echo(f'Deleted "{name}". Bring it back with: {back}')


@click.command()
@click.argument("scenario", required=False)
@click.option("--number", type=int, metavar="N", help="In place of the name: its number there.")
@click.option("--as", "new_name", help="Restore it under another name.")
@json_option
@store_option
def restore(
    scenario: str | None,
    number: int | None,
    new_name: str | None,
    as_json: bool,
    folder: str | None,
) -> None:
    """Bring the last deleted scenario of a name back; without a name, list the trash.

    The trash has what was deleted, and what an upgrade replaced. purge empties it.
    """
    store = open_store(folder)
    if scenario is None and number is None:
        deleted = store.list_deleted()
        if as_json:
            echo_json([entry.to_dict() for entry in deleted])
            return
        rows = [[str(e.number), e.name, e.deleted_at, size(e.size)] for e in deleted]
        click.echo(table(rows, ["Number", "Name", "Deleted", "Size"]))
        total = size(sum(entry.size for entry in deleted))
        click.echo(f"{len(deleted):,} in the trash, {total}", err=True)
        return
    name = store.restore_scenario(scenario, number=number, new_name=new_name)
    if as_json:
        echo_json({"restored": name})
    else:
        click.echo(f'Restored "{name}".')


@click.command()
@click.argument("scenario", required=False)
@click.option("--all", "everything", is_flag=True, help="All that is in the trash.")
@click.option("--older-than", type=float, metavar="DAYS",
              help="Only what was deleted before so many days.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would go, and keep it.")
@_yes_option
@json_option
@store_option
def purge(yes: bool, as_json: bool, folder: str | None, **options: Any) -> None:
    """Take scenarios out of the trash for good; restore without a name lists them.

    It asks first, and needs --yes where nobody can be asked.

    \b
    healthsim-store purge ward-7
    healthsim-store purge --older-than 30 --yes
    """
    store = open_store(folder)
    ask = not (yes or options["dry_run"])

    def confirm(purged: Purged) -> bool:
        if not ask:
            return True
        if not _asks(as_json):
            name = options["scenario"]
            full = call(
                "purge_deleted",
                *([store.path / f"{name}.db"] if name else []),
                older_than=options["older_than"],
                everything=options["everything"] or None,
                confirm=True,
            )
            raise InvalidArgument(
                f"{purged.to_markdown()} Nobody can be asked here, so nothing was done.",
                hint=f"{full} purges it.",
            )
        click.echo(purged.to_markdown(), err=True)
        return click.confirm("Purge it for good?", abort=True, err=True)

    echo_result(store.purge_deleted(**options, confirm=confirm), as_json)
