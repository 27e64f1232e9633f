"""Commands that tell which scenarios there are, and the facts of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..base.text import size
from ..base.wording import call
from .common import (
    echo_json,
    echo_rows,
    format_options,
    json_option,
    open_scenario,
    open_store,
    store_option,
    table,
)


@click.command("list")
@click.option("--tag", help="Only those with this tag.")
@click.option("--search", help="Only those whose name, description or tags have these words.")
@click.option("--since", metavar="YYYY-MM-DD", help="Only those changed since.")
@format_options
@store_option
def list_(
    tag: str | None,
    search: str | None,
    since: str | None,
    output: str | None,
    fmt: str | None,
    folder: str | None,
) -> None:
    """The scenarios, the last changed first."""
    store = open_store(folder)
    infos = store.list_scenarios(tag=tag, search=search, since=since)
    good = [found for found in infos if not found.problem]
    if output in ("json", "nl"):
        echo_rows([found.to_dict() for found in infos], [], output=output, fmt=fmt)
    elif output:
        columns = ["name", "entities", "products", "tags", "changed_at", "size"]
        plain = [
            [i.name, i.total, ", ".join(i.products), ", ".join(i.tags), i.changed_at, i.size]
            for i in good
        ]
        told = [dict(zip(columns, values, strict=True)) for values in plain]
        echo_rows(told, columns, output=output, fmt=fmt)
    elif good:
        rows = [
            {
                "Name": found.name,
                "Entities": f"{found.total:,}",
                "Products": ", ".join(found.products),
                "Tags": ", ".join(found.tags),
                "Changed": found.changed_at[:16].replace("T", " "),
                "Size": size(found.size),
            }
            for found in good
        ]
        columns = ["Name", "Entities", "Products", "Tags", "Changed", "Size"]
        echo_rows(rows, columns, output=None, fmt=fmt)
    else:
        click.echo(f"No scenarios in {store.path}.", err=True)
    for found in infos:
        if found.problem:
            click.echo(f"Left out: {found.problem}", err=True)


@click.command()
@format_options
@store_option
def tags(output: str | None, fmt: str | None, folder: str | None) -> None:
    """All tags and how many scenarios have each."""
    counts = open_store(folder).list_tags()
    if output:
        rows: list[dict[str, Any]] = [{"tag": tag, "scenarios": n} for tag, n in counts.items()]
        echo_rows(rows, ["tag", "scenarios"], output=output, fmt=fmt)
        return
    told = [[tag, f"{n} scenario{'s' if n != 1 else ''}"] for tag, n in counts.items()]
    click.echo(table(told, ["Tag", "Usage Count"], fmt))


def _history(kept: Mapping[str, int], path: Path) -> str:
    if not kept:
        return ""
    return (
        f"{kept['operations']:,} operations are kept for undo, with {kept['rows']:,} rows as they"
        f" were; {call('keep_history', path, forget=True)} empties it"
    )


@click.command()
@click.argument("scenario")
@click.option(
    "--log",
    "log_entries",
    default=10,
    show_default=True,
    metavar="N",
    help="Show the newest N entries of the log.",
)
@json_option
@store_option
def info(scenario: str, log_entries: int, as_json: bool, folder: str | None) -> None:
    """Everything known of one scenario: where it is, what is in it, what was done to it."""
    store, name = open_scenario(folder, scenario)
    found = store.scenario_info(name, log_entries=log_entries)
    if as_json:
        echo_json(found.to_dict())
        return
    facts = {
        "Name": found.name,
        "Id": found.scenario_id,
        "Description": found.description,
        "File": str(found.path),
        "Size": size(found.size),
        "Created": found.created_at,
        "Changed": found.changed_at,
        "Products": ", ".join(f"{product} {v}" for product, v in found.products.items()),
        "Tags": ", ".join(found.tags),
        "Parents": ", ".join(found.parents),
        "Questions": ", ".join(found.questions),
        "History": _history(found.history, found.path),
    }
    for label, value in facts.items():
        if value:
            click.echo(f"{label + ':':<13}{value}")
    counts = [[entity_type, f"{n:,}"] for entity_type, n in found.entity_counts.items() if n]
    click.echo("\n" + table(counts, ["Entity Type", "Count"]))
    if found.log:
        log = [list(row) for row in found.log_rows()]
        click.echo("\n" + table(log, ["When", "What", "Details"]))
