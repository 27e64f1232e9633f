"""Commands that look at files, declarations and plugins, not at a scenario's rows."""

from __future__ import annotations

import click

from ..exit_codes import ExitCode
from .common import (
    echo_json,
    echo_rows,
    format_options,
    json_option,
    open_scenario,
    open_store,
    progress_bar,
    store_option,
)


@click.command()
@click.argument("scenarios", nargs=-1)
@json_option
@store_option
@click.pass_context
def check(
    context: click.Context, scenarios: tuple[str, ...], as_json: bool, folder: str | None
) -> None:
    """Look whether scenarios are sound; all of them unless some are named.

    Pages and indexes, foreign keys, declared rules, natural keys, statistics and cards, products
    and their versions, ids that stand in two files. The exit code is 1 when there is an error;
    notes are only told.
    """
    results = []
    if len(scenarios) == 1:
        store, name = open_scenario(folder, scenarios[0])
        results = [store.check_scenario(name)]
    else:
        store = open_store(folder)
        with progress_bar(len(scenarios or store.names()), "Checking") as progress:
            results = store.check_scenarios(scenarios, progress=progress)
    if as_json:
        echo_json([result.to_dict() for result in results])
    else:
        for result in results:
            looked = ", ".join(f"{kind} {n:,}" for kind, n in result.checked.items())
            told = f"{result.scenario}: {'ok' if result.ok else 'NOT SOUND'}"
            click.echo(f"{told} ({looked})" if looked else told)
            for finding in result.findings:
                click.echo(f"  {finding.level}, {finding.kind}: {finding.message}")
    if not all(result.ok for result in results):
        context.exit(ExitCode.ERROR)


@click.command()
@click.argument("entity_type", required=False)
@click.option("--scenario", help="The entity types of this scenario, not of what is installed.")
@click.option("--sql", is_flag=True, help="Print the CREATE TABLE statements.")
@format_options
@store_option
def schema(
    entity_type: str | None,
    scenario: str | None,
    sql: bool,
    output: str | None,
    fmt: str | None,
    folder: str | None,
) -> None:
    """The entity types, or the fields of one."""
    from ..plugins import installed
    from ..schema.ddl import create_statements

    if scenario:
        store, name = open_scenario(folder, scenario)
        registry = store.registry(name)
    else:
        registry = installed().registry
    everything = sorted(registry, key=lambda found: found.product)
    chosen = [registry.entity_type(entity_type)] if entity_type else everything
    if sql:
        for found in chosen:
            click.echo(";\n".join(create_statements(found)) + ";\n")
    elif entity_type:
        rows = [
            {
                "Field": column.name,
                "Type": column.type.sql,
                "Required": "yes" if column.required else "",
                "Values": ", ".join(column.values),
                "Also": ", ".join(column.aliases),
                "Unit or codes": column.unit or column.codes or "",
                "Description": column.description,
            }
            for column in chosen[0].columns
        ]
        echo_rows(rows, rows[0], output=output, fmt=fmt)
    else:
        rows = [
            {
                "Entity Type": found.name,
                "Product": found.product,
                "Fields": str(len(found.columns)),
                "Description": found.description,
            }
            for found in chosen
        ]
        columns = ["Entity Type", "Product", "Fields", "Description"]
        echo_rows(rows, columns, output=output, fmt=fmt)
