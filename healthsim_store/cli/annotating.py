"""Commands by which a user says something of a scenario: its description, notes, questions."""

from __future__ import annotations

import click

from .common import echo_json, json_option, open_scenario, store_option


@click.command()
@click.argument("scenario")
@click.argument("text")
@json_option
@store_option
def description(scenario: str, text: str, as_json: bool, folder: str | None) -> None:
    """Give a scenario another description; an empty text takes it away.

    info and summary tell it. undo takes the change back.
    """
    store, name = open_scenario(folder, scenario)
    told = store.set_description(name, text)
    if as_json:
        echo_json({"scenario": store.find(name).stem, "description": told})
    else:
        click.echo(f"{store.find(name).stem}: {told or 'no description'}")


@click.command()
@click.argument("scenario")
@click.argument("text")
@json_option
@store_option
def note(scenario: str, text: str, as_json: bool, folder: str | None) -> None:
    """Write a note into a scenario's log; info and history show it.

    A note changes nothing, so undo passes over it.
    """
    store, name = open_scenario(folder, scenario)
    number = store.add_note(name, text)
    if as_json:
        echo_json({"scenario": store.find(name).stem, "number": number})
    else:
        click.echo(f"Noted in {store.find(name).stem}, number {number} of its log.")


@click.group()
def question() -> None:
    """Save questions in a scenario; query SCENARIO lists them, and query -q asks one."""


@question.command("save")
@click.argument("scenario")
@click.argument("name")
@click.argument("sql")
@click.option("--title", help="One line  [default: the name]")
@click.option("--description", default="", help="What it answers, in one line.")
@click.option("--parameter", "parameters", multiple=True, metavar="TEXT",
              help="The type of a :NAME in it, as @param has it; may be repeated.")  # fmt: skip
@click.option("--replace", is_flag=True, help="In place of one that was saved under this name.")
@click.option("--timeout", default=5.0, show_default=True, help="Seconds that it may take.")
@json_option
@store_option
def save(
    scenario: str,
    name: str,
    sql: str,
    title: str | None,
    description: str,
    parameters: tuple[str, ...],
    replace: bool,
    timeout: float,
    as_json: bool,
    folder: str | None,
) -> None:
    """Save a SELECT under a name, once it has run; undo takes it back.

    \b
    healthsim-store question save ward-7 elders \\
        "SELECT * FROM patients WHERE birth_date < :born" \\
        --parameter "born date = 1950-01-01: born before"
    healthsim-store query ward-7 -q elders -p born 1940-01-01
    """
    store, scenario = open_scenario(folder, scenario)
    saved = store.save_question(
        scenario,
        name,
        sql,
        title=title,
        description=description,
        parameters=parameters,
        replace=replace,
        timeout=timeout,
    )
    if as_json:
        echo_json(saved.to_dict())
    else:
        click.echo(f"Saved {saved.name}: {saved.label}")


@question.command("remove")
@click.argument("scenario")
@click.argument("name")
@json_option
@store_option
def remove(scenario: str, name: str, as_json: bool, folder: str | None) -> None:
    """Take a question out that was saved in a scenario; undo brings it back."""
    store, scenario = open_scenario(folder, scenario)
    removed = store.remove_question(scenario, name)
    if as_json:
        echo_json({"removed": removed})
    else:
        click.echo(f"Removed {removed}.")
