"""Commands that only look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ..base.text import size
from .common import (
    echo_json,
    echo_rows,
    echo_text,
    format_options,
    json_option,
    open_scenario,
    open_store,
    store_option,
    table,
)

if TYPE_CHECKING:
    from ..schema.model import Question


@click.command()
@click.argument("scenario")
@click.argument("sql", required=False)
@click.option("--question", "-q", metavar="NAME", help="Ask a question that the scenario has.")
@click.option(
    "--param",
    "-p",
    "params",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A value for :NAME in the statement or question; may be repeated.",
)
@click.option("--limit", default=20, show_default=True, help="Rows on a page.")
@click.option("--offset", default=0, show_default=True, help="Rows to skip.")
@click.option("--timeout", default=5.0, show_default=True, help="Seconds.")
@click.option(
    "--with",
    "attach",
    multiple=True,
    metavar="[SCHEMA=]SCENARIO",
    help="Bring in a further scenario as a schema; may be repeated.",
)
@click.option("--dialect", help="The statement's SQL dialect: postgres, duckdb, databricks, ...")
@format_options
@store_option
def query(
    scenario: str,
    sql: str | None,
    question: str | None,
    params: tuple[tuple[str, str], ...],
    limit: int,
    offset: int,
    timeout: float,
    attach: tuple[str, ...],
    dialect: str | None,
    output: str | None,
    fmt: str | None,
    folder: str | None,
) -> None:
    """Ask a scenario with one SELECT. Nothing can be changed, whatever the statement says.

    Without one, the questions that the scenario has are listed; -q asks one of them.

    \b
    healthsim-store query diabetes "SELECT gender, count(*) FROM patients GROUP BY 1"
    healthsim-store query diabetes "SELECT * FROM patients WHERE city = :c" -p c "San Diego"
    """
    store, name = open_scenario(folder, scenario)
    if question is not None:
        if sql is not None or attach or dialect:
            raise click.UsageError("A question has its own SQL: no statement, --with or --dialect.")
        result = store.ask_question(
            name, question, params=dict(params), limit=limit, offset=offset, timeout=timeout
        )
    elif sql is None:
        _tell_questions(store.list_questions(name), output)
        return
    else:
        result = store.query_scenario(
            name,
            sql,
            params=dict(params) or None,
            limit=limit,
            offset=offset,
            timeout=timeout,
            attach=_attach(store, attach),
            dialect=dialect,
        )
    if output == "json":
        echo_json(result.to_dict())
        return
    rows = result.to_dict()["rows"] if output == "nl" else result.rows
    echo_rows(rows, result.columns, output=output, fmt=fmt)
    if result.note:
        click.echo(result.note, err=True)
    if result.has_more or offset:
        total = "many" if result.total is None else f"{result.total:,}"
        first = offset + 1 if result.rows else offset
        shown = f"Rows {first:,} to {offset + len(result.rows):,} of {total}."
        more = f" More: --offset {offset + len(result.rows)}" if result.has_more else ""
        click.echo(shown + more, err=True)


def _tell_questions(questions: list[Question], output: str | None) -> None:
    if output is not None:
        told = [question.to_dict() for question in questions]
        columns = ["name", "product", "label", "description", "parameters", "sql"]
        echo_rows(told, columns, output=output, fmt=None)
    elif questions:
        for question in questions:
            about = f"\n    {question.description}" if question.description else ""
            echo_text(f"{question.name}: {question.label}{about}")
    else:
        click.echo(
            "This scenario comes with no questions. Give one SELECT; or healthsim-store upgrade"
            " brings it those of the installed products.",
            err=True,
        )


def _attach(store: Any, given: tuple[str, ...]) -> Any:
    """``--with costs=claims-2024`` names the schema; plain names are named by the store."""
    named = dict(item.split("=", 1) for item in given if "=" in item)
    plain = [item for item in given if "=" not in item]
    return {**store.schemas(plain), **named} if named else plain


@click.command()
@click.argument("scenario")
@click.option("--samples", default=0, show_default=True, help="Sample rows of each entity type.")
@click.option("--max-tokens", type=int, help="The text's budget  [default: 300, and 200 a type]")
@json_option
@store_option
def summary(
    scenario: str, samples: int, max_tokens: int | None, as_json: bool, folder: str | None
) -> None:
    """What a scenario holds: counts, statistics, and samples on request."""
    store, name = open_scenario(folder, scenario)
    found = store.get_summary(name, samples=samples, max_tokens=max_tokens)
    if as_json:
        echo_json(found.to_dict())
    else:
        echo_text(found.to_markdown())


@click.command()
@click.argument("scenario")
@click.argument("entity_type")
@click.option("--count", "-n", default=3, show_default=True, help="How many.")
@click.option("--rows", is_flag=True, help="The rows themselves, not cards.")
@click.option("--sensitive", is_flag=True, help="Rows with the columns that are marked sensitive.")
@json_option
@store_option
def samples(
    scenario: str,
    entity_type: str,
    count: int,
    rows: bool,
    sensitive: bool,
    as_json: bool,
    folder: str | None,
) -> None:
    """A few entities, spread over the data: as cards, where their product declares one."""
    store, name = open_scenario(folder, scenario)
    found = store.registry(name).entity_type(entity_type)
    chosen = store.get_samples(name, entity_type, count=count, cards=not rows, sensitive=sensitive)
    if as_json:
        echo_json(chosen)
        return
    card = found.card and not rows and not sensitive
    for number, row in enumerate(chosen, 1):
        if card:
            echo_text(_card(number, row, found.primary_key) + "\n")
        else:
            click.echo(_row(number, row))
    if not chosen:
        click.echo(f"There are no {found.name}.", err=True)


def _card(number: int, row: Mapping[str, Any], key: str) -> str:
    """The first column after the key is the title, the others its lines."""
    title, *lines = [(field, value) for field, value in row.items() if field != key]
    told = [f"- {field.replace('_', ' ')}: {value}" for field, value in lines]
    return "\n".join([f"**{number}. {title[1]}**", *told])


def _row(number: int, row: Mapping[str, Any]) -> str:
    width = max(map(len, row))
    return "\n".join([f"{number}.", *(f"   {name:<{width}}  {row[name]}" for name in row)])


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
        results = open_store(folder).check_scenarios(scenarios)
    if as_json:
        echo_json([result.to_dict() for result in results])
    else:
        for result in results:
            looked = ", ".join(f"{kind} {n:,}" for kind, n in result.checked.items())
            click.echo(f"{result.scenario}: {'ok' if result.ok else 'NOT SOUND'} ({looked})")
            for finding in result.findings:
                click.echo(f"  {finding.level}, {finding.kind}: {finding.message}")
    if not all(result.ok for result in results):
        context.exit(1)


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
    elif good or output:
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
        echo_rows(rows, columns, output=output, fmt=fmt)
    else:
        click.echo(f"No scenarios in {store.path}.", err=True)
    for found in infos:
        if found.problem:
            click.echo(f"Left out: {found.problem}", err=True)


@click.command()
@click.argument("scenario")
@json_option
@store_option
def info(scenario: str, as_json: bool, folder: str | None) -> None:
    """Everything known of one scenario: where it is, what is in it, what was done to it."""
    store, name = open_scenario(folder, scenario)
    found = store.scenario_info(name)
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
    }
    for label, value in facts.items():
        if value:
            click.echo(f"{label + ':':<13}{value}")
    counts = [[entity_type, f"{n:,}"] for entity_type, n in found.entity_counts.items() if n]
    click.echo("\n" + table(counts, ["Entity Type", "Count"]))
    log = [[entry["at"], entry["operation"], _log_text(entry)] for entry in found.log]
    click.echo("\n" + table(log, ["When", "What", "Details"]))


def _log_text(entry: Any) -> str:
    counts = ", ".join(
        f"{entity_type} {sum(numbers.values()):,}"
        for entity_type, numbers in entry.get("entities", {}).items()
    )
    details = ", ".join(
        f"{key}: {', '.join(value) if isinstance(value, list) else value}"
        for key, value in entry.get("details", {}).items()
        if value
    )
    return "; ".join(part for part in (counts, details) if part)


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


@click.command()
@json_option
def plugins(as_json: bool) -> None:
    """The installed plugins, what each brings, and why one was left out."""
    from ..plugins import installed

    found = installed().checked.plugins
    if as_json:
        echo_json([plugin.to_dict() for plugin in found])
        return
    rows = []
    for plugin in found:
        told = plugin.to_dict()
        brings = [
            f"{kind}: {', '.join(told[kind])}"
            for kind in ("products", "formats", "exports", "profiles", "commands")
            if told[kind]
        ]
        status = f"LEFT OUT: {plugin.problem}" if plugin.problem else "; ".join(brings)
        rows.append([plugin.name, f"{plugin.distribution} {plugin.version}", status])
    click.echo(table(rows, ["Plugin", "Distribution", "Brings"]))
