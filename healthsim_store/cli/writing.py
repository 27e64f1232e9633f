"""Commands that store rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..base.arguments import ON_CONFLICT
from . import reading_options as reading
from .common import (
    Command,
    ListingHelp,
    echo_json,
    echo_text,
    json_option,
    open_store,
    options_told,
    progress_bar,
    store_option,
    table,
    values_by_name,
)

if TYPE_CHECKING:
    from ..query.reply import PersistResult


def _batch_options(command: Command) -> Command:
    """The options by which `persist` and `import` say where rows go and how."""
    for option in (
        click.option("--scenario", "-s", help="Add to this scenario, or name a new one."),
        click.option("--context", help="What the data is for; a new scenario is named after it."),
        click.option("--description", help="The scenario's description."),
        click.option("--tag", "tags", multiple=True, help="A tag; may be repeated."),
        click.option("--on-conflict", default="error", show_default=True,
                     type=click.Choice(ON_CONFLICT),
                     help="For rows that are there already."),
        click.option("--batch-id", help="A retry with the same id stores nothing again."),
        click.option("--allow-triggers", is_flag=True,
                     help="Let triggers run that somebody put into the scenario's file."),
        click.option("--again", is_flag=True,
                     help="Store rows that are there already once more."),
        click.option("--keep-unknown", is_flag=True,
                     help="Keep undeclared fields as JSON in the column extra."),
        click.option("--round-decimals", is_flag=True,
                     help="Round numbers with too many decimals, and say how many."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@click.argument("file", default="-")
@_batch_options
@reading.tolerance_options
@reading.reading_options
@json_option
@store_option
def persist(file: str, as_json: bool, folder: str | None, **options: Any) -> None:
    """Store a batch: a JSON object of lists by entity type, from FILE or standard input.

    \b
    echo '{"patients": [{"mrn": "P-1", ...}]}' | healthsim-store persist --context "diabetes cohort"
    """
    options = reading.given(options)
    result = open_store(folder).import_data(file, format="json", **options).persisted
    if as_json:
        echo_json(result.to_dict())
        return
    _tell_stored(result, "Saved")
    _tell_summary(result)


def _tell_stored(result: PersistResult, created: str) -> None:
    """Where the rows are, and what became of them; ``created`` is the word for a new scenario."""
    if result.dry_run:
        told = f'Nothing was stored. It would be {result.account}, in "{result.scenario}"'
    elif not result.scenario_id and not result.inserted:
        told = "Nothing was stored: there was no row"
    elif result.repeated:
        told = f'Already saved "{result.scenario}": {result.account}; nothing was stored again'
    else:
        told = f'{created if result.created else "Added to"} "{result.scenario}": {result.account}'
    echo_text(f"{told}\n")
    if result.rejects:
        click.echo(f"Rows that were left out are in {result.rejects}", err=True)
    for note in result.notes:
        click.echo(note, err=True)


def _tell_summary(result: PersistResult) -> None:
    if result.summary.scenario_id or not (result.dry_run or not result.inserted):
        echo_text("\n" + result.summary.to_markdown())


def _formats() -> str:
    from ..exchange.readers import READERS

    return ", ".join(reader.name for reader in READERS)


def _options() -> str:
    """The options of the installed formats; empty where none has any."""
    from ..plugins import installed

    return options_told(installed().formats.import_options())


@click.command("import", cls=ListingHelp, lists={"formats": _formats, "options": _options})
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--format", help="{formats}, a standard, or one that a product maps.")
@click.option("--entity-type", help="What the rows are  [default: by the file's name]")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="OPTION=VALUE",
    help="An option of the format; may be repeated.{options}",
)
@_batch_options
@reading.tolerance_options
@reading.reading_options
@json_option
@store_option
def import_(
    sources: tuple[str, ...],
    given: tuple[str, ...],
    as_json: bool,
    folder: str | None,
    **options: Any,
) -> None:
    """Read files, folders or - (standard input) into a scenario, all or nothing.

    \b
    healthsim-store import patients.csv encounters.csv --scenario ward-7
    healthsim-store import --format synthea ./output/csv --tag synthea
    """
    from ..exchange.imports import total_size

    options = {**reading.given(options), "options": values_by_name(given)}
    with progress_bar(total_size(sources), "Reading") as progress:
        result = open_store(folder).import_data(sources, progress=progress, **options)
    if as_json:
        echo_json(result.to_dict())
        return
    _tell_stored(result.persisted, "Imported into")
    rows = []
    for account in result.kinds:
        for entity_type, count in account.mapped.items():
            if count:
                rows.append([account.name, f"{count:,}", entity_type])
        if not account.rows:
            rows.append([account.name, "0", "; ".join(account.notes) or "no rows"])
        if account.shared:
            rows.append([account.name, f"-{account.shared:,}", "counted under several types above"])
        for reason, count in account.unmapped.items():
            rows.append([account.name, f"{count:,}", f"left out: {reason}"])
    click.echo(table(rows, ["File", "Rows", "What became of them"]))
    for account in result.kinds:
        if account.not_carried:
            counts = account.lost_values
            columns_ = ", ".join(
                f"{name} ({counts[name]:,} {'value' if counts[name] == 1 else 'values'})"
                if name in counts
                else name
                for name in account.not_carried
            )
            click.echo(f"{account.name}: columns not carried over: {columns_}", err=True)
        if account.derived:
            names = ", ".join(account.derived)
            click.echo(
                f"{account.name}: not kept, since an export makes it anew: {names}", err=True
            )
        for note in account.notes if account.rows else ():
            click.echo(f"{account.name}: {note}", err=True)
    _tell_summary(result.persisted)


@click.command("map")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--entity-type", help="What the rows are  [default: as most columns tell]")
@reading.reading_options
@json_option
@store_option
def map_(sources: tuple[str, ...], as_json: bool, folder: str | None, **options: Any) -> None:
    """Draft a mapping of files, as SQL; what it is unsure of stands in comments.

    \b
    healthsim-store map claims.csv > mine.sql
    healthsim-store import claims.csv --format ./mine.sql
    """
    drafted = open_store(folder).draft_mapping(sources, **reading.given(options))
    if as_json:
        echo_json({"sql": drafted})
        return
    echo_text(drafted)
