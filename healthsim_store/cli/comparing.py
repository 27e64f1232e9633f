"""The command that puts two cohorts side by side."""

from __future__ import annotations

import click

from .common import echo_json, echo_text, json_option, open_scenario, store_option


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--all", "whole", is_flag=True, help="All differences, however many tokens they take."
)
@json_option
@store_option
def compare(a: str, b: str, whole: bool, as_json: bool, folder: str | None) -> None:
    """Counts and statistics of two cohorts side by side, in under 400 tokens.

    \b
    healthsim-store compare diabetes-cohort heart-failure-cohort
    healthsim-store compare ward-7 ward-7-b --all

    diff tells which entities differ.
    """
    store, name_a = open_scenario(folder, a)
    other, name_b = open_scenario(folder, b)
    budget = {"max_tokens": None} if whole else {}
    result = store.compare_scenarios(name_a, name_b, other=other, **budget)
    if as_json:
        echo_json(result.to_dict())
    else:
        echo_text(result.to_markdown())
