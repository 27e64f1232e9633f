"""Commands that read what a scenario holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..base.arguments import check_limit
from ..base.wording import command
from .common import (
    echo_json,
    echo_rows,
    echo_text,
    format_options,
    json_option,
    open_scenario,
    store_option,
)
from .streaming import echo_stream

if TYPE_CHECKING:
    from ..query.pages import QueryResult
    from ..query.stream import RowStream
    from ..storage.catalog import Questions

_MOST = 2**61  # rows, which no file has


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
@click.option("--limit", type=int, help="At most so many rows  [default: 20 as a table, else all]")
@click.option("--offset", default=0, show_default=True, help="Rows to skip.")
@click.option("--timeout", type=float, help="Seconds  [default: 5 for a page, 60 for all rows]")
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
    limit: int | None,
    offset: int,
    timeout: float | None,
    attach: tuple[str, ...],
    dialect: str | None,
    output: str | None,
    fmt: str | None,
    folder: str | None,
) -> None:
    """Ask a scenario with one SELECT. Nothing can be changed, whatever the statement says.

    Without one, the questions that the scenario has are listed, with the values that each takes;
    -q asks one of them. A table is one page of the rows; --json, --nl, --csv and --tsv give all
    rows, unless there is a --limit.

    \b
    healthsim-store query diabetes "SELECT gender, count(*) FROM patients GROUP BY 1"
    healthsim-store query diabetes "SELECT * FROM patients WHERE city = :c" -p c "San Diego"
    healthsim-store query diabetes -q a1c_above -p least 10
    """
    from ..query.select import all_typed

    store, name = open_scenario(folder, scenario)
    page: Callable[..., QueryResult]
    rows: Callable[..., RowStream]
    asked: dict[str, Any] = {"params": all_typed(dict(params)) or None}
    if question is not None:
        if sql is not None or attach or dialect:
            raise click.UsageError("A question has its own SQL: no statement, --with or --dialect.")
        page, rows = partial(store.ask_question, name), partial(store.question_rows, name)
        what, asked["params"] = question, dict(params)
    elif sql is None:
        _tell_questions(store.list_questions(name), store.find(name), output)
        return
    else:
        page, rows = partial(store.query_scenario, name), partial(store.rows, name)
        what = sql
        asked |= {"attach": _attach(store, attach), "dialect": dialect}
    if timeout is not None:
        asked["timeout"] = timeout
    if output is None or (output == "json" and limit is not None):
        _tell_page(
            page(what, limit=20 if limit is None else limit, offset=offset, **asked),
            output=output,
            fmt=fmt,
        )
        return
    check_limit("offset", offset, least=0, most=_MOST)
    if limit is not None:
        check_limit("limit", limit, most=_MOST)
    with rows(what, **asked) as stream:
        echo_stream(stream, output=output, limit=limit, offset=offset)


def _tell_page(result: QueryResult, *, output: str | None, fmt: str | None) -> None:
    if output == "json":
        echo_json(result.to_dict())
        return
    echo_rows(result.rows, result.columns, output=output, fmt=fmt)
    if result.note:
        click.echo(result.note, err=True)
    if result.has_more or result.offset:
        total = "many" if result.total is None else f"{result.total:,}"
        end = result.offset + len(result.rows)
        first = result.offset + 1 if result.rows else result.offset
        more = f" More: --offset {end}" if result.has_more else ""
        click.echo(f"Rows {first:,} to {end:,} of {total}.{more}", err=True)


def _tell_questions(questions: Questions, path: Path, output: str | None) -> None:
    if questions.left_out:
        click.echo(f"{questions.left_out:,} more are left out.", err=True)
    if output is not None:
        told = [question.to_dict() for question in questions]
        columns = ["name", "product", "label", "description", "parameters", "sql"]
        echo_rows(told, columns, output=output, fmt=None)
    elif questions:
        for question in questions:
            own = " (of this scenario)" if question.is_own else ""
            echo_text(f"{question.name}: {question.label}{own}")
            lines = [question.description, *(f"-p {one.told}" for one in question.declared)]
            for line in filter(None, lines):
                echo_text(f"    {line}")
    else:
        click.echo(
            f"This scenario comes with no questions. Give one SELECT; or"
            f" {command('upgrade_scenario', path)} brings it those of the installed products.",
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
    with store.moment(name):
        found = store.registry(name).entity_type(entity_type)
        chosen = store.get_samples(
            name, entity_type, count=count, cards=not rows, sensitive=sensitive
        )
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
