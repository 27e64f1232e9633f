"""Commands that write files of other formats."""

from __future__ import annotations

from typing import Any

import click

from .common import (
    ListingHelp,
    echo_json,
    echo_text,
    json_option,
    open_scenario,
    open_store,
    options_told,
    progress_bar,
    store_option,
    table,
    values_by_name,
)


def _formats() -> str:
    from ..exchange.writers import WRITERS

    return ", ".join(writer.name for writer in WRITERS)


def _options() -> str:
    """The options of the installed formats; empty where none has any."""
    from ..plugins import installed

    return options_told(installed().formats.export_options())


@click.command(cls=ListingHelp, lists={"formats": _formats, "options": _options})
@click.argument("scenario")
@click.option(
    "--format",
    default="csv",
    show_default=True,
    metavar="FORMAT",
    help="{formats}, or what a plugin brings; or the path of a standard's folder.",
)
@click.option("--to", metavar="FOLDER", help="The folder to make  [default: one in your downloads]")
@click.option("--force", is_flag=True, help="Replace an earlier export that is there.")
@click.option(
    "--entity",
    "entities",
    multiple=True,
    metavar="TYPE",
    help="Only this entity type; may be repeated.",
)
@click.option("--drop-sensitive", is_flag=True, help="Leave out columns that are marked sensitive.")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="OPTION=VALUE",
    help="An option of the format; may be repeated.{options}",
)
@click.option(
    "--only",
    metavar="DATASETS",
    help="Of a standard these datasets alone, with commas between; its option of this name.",
)
@json_option
@store_option
def export(
    scenario: str,
    given: tuple[str, ...],
    only: str | None,
    as_json: bool,
    folder: str | None,
    **options: Any,
) -> None:
    """Write a scenario as a folder of files, with a datapackage.json that describes them.

    \b
    healthsim-store export diabetes --format parquet
    healthsim-store import ~/Downloads/diabetes-cohort-parquet    the same scenario again
    """
    store, name = open_scenario(folder, scenario)
    counts = store.scenario_info(name).entity_counts
    registry = store.registry(name)
    chosen = {registry.entity_type(given).name for given in options["entities"]} or counts
    with progress_bar(sum(counts[entity_type] for entity_type in chosen), "Exporting") as progress:
        values = values_by_name(given) | ({"only": only} if only is not None else {})
        result = store.export_scenario(name, options=values, progress=progress, **options)
    if as_json:
        echo_json(result.to_dict())
    else:
        echo_text(result.to_markdown())


@click.command()
@click.argument("standard", required=False)
@json_option
@store_option
def standards(standard: str | None, as_json: bool, folder: str | None) -> None:
    """The standards that export writes, or the datasets of one.

    With STANDARD it says which of their columns are filled, and from what.

    STANDARD is a name, or the path of a folder with a standard.sql.
    """
    store = open_store(folder)
    if standard is not None:
        told = store.describe_standard(standard)
        if as_json:
            echo_json(told)
            return
        click.echo(f"{told['name']} {told['version']}: {told['title']}")
        click.echo(f"Files: {', '.join(told['files'])}\n")
        rows = [
            [d["name"], d["label"], ", ".join(d["filled"]), ", ".join(d["not_filled"]),
             ", ".join(d["reads"])]
            for d in told["datasets"]
        ]  # fmt: skip
        click.echo(table(rows, ["Dataset", "What it is", "Filled", "Not filled", "From"]))
        return
    found = store.list_standards()
    if as_json:
        echo_json(found)
        return
    rows = [
        [f["name"], f["title"], ", ".join(f["datasets"]), ", ".join(f["files"]), f["plugin"]]
        for f in found
    ]
    click.echo(table(rows, ["Standard", "What it is", "Datasets", "Files", "Plugin"]))
    if not rows:
        click.echo("No plugin brings one; see docs/standards.md.", err=True)


@click.command()
@click.option("--to", "target", default=".", show_default=True, help="The folder to write into.")
@click.option(
    "--database",
    "databases",
    multiple=True,
    default=("scenario",),
    show_default=True,
    help="Name of a .db file, without its ending; may be repeated.",
)
@click.option("--force", is_flag=True, help="Overwrite files that this command did not write.")
def metadata(target: str, databases: tuple[str, ...], force: bool) -> None:
    """Write metadata.yml and datasette.yml, for Datasette, from the installed products.

    \b
    healthsim-store metadata --database ward-7
    datasette ward-7.db --metadata metadata.yml
    """
    from pathlib import Path

    from ..browse.metadata import write_metadata
    from ..plugins import installed

    declarations = installed().declarations.values()
    for path in write_metadata(Path(target), declarations, databases=databases, force=force):
        click.echo(f"Wrote {path}")
