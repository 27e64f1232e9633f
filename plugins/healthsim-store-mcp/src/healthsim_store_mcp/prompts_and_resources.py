"""What is there beside tools: summaries as resources, and prompts to begin a conversation with."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError

import healthsim_store as hs

from .confined_store import ConfinedStore
from .reading_tools import summarised
from .replies import BUDGET

SUMMARY = "scenario://{name}/summary"
MARKDOWN = "text/markdown"


def add_resources(server: MCPServer[Any], confined: ConfinedStore) -> None:
    @server.resource(
        SUMMARY,
        name="summary",
        mime_type=MARKDOWN,
        description="Counts and statistics of a scenario; scenario_summary gives the same",
    )
    def summary(name: str) -> str:
        try:
            found = confined.store.get_summary(
                confined.name(name[:200]), samples=0, max_tokens=BUDGET
            )
        except hs.HealthsimStoreError as error:
            raise ResourceNotFoundError(f"{error.code}: {error}") from error
        except ToolError as error:  # has its code
            raise ResourceNotFoundError(str(error)) from error
        return summarised(found, BUDGET).within(BUDGET).text


def add_prompts(server: MCPServer[Any], *, read_only: bool) -> None:
    @server.prompt(description="Take up work with a scenario again")
    def resume(scenario: str) -> str:
        return (
            f"Load the summary of my scenario {scenario} with scenario_summary, tell it as tables,"
            " and offer to query, to sample, to extend or to export it."
        )

    @server.prompt(description="Answer a question about a scenario with SQL")
    def ask(scenario: str, question: str) -> str:
        return (
            f"From my scenario {scenario}: {question}\nLook at its tables with scenario_describe,"
            " write one SELECT for scenario_query, and answer with a table of at most five rows,"
            " how many there are in all, and an offer to show more."
        )

    if read_only:
        return

    @server.prompt(description="Generate a scenario, and tell what is in it")
    def generate(what: str, count: str = "100") -> str:
        return (
            f"Generate {count} of: {what}. Find the profile that fits with scenario_describe, make"
            " it with scenario_persist, and tell its counts and statistics as a table. Do not write"
            " the rows yourself."
        )

    @server.prompt(description="Clone a scenario for an A/B test")
    def ab_test(scenario: str, change: str) -> str:
        return (
            f"Clone my scenario {scenario} with scenario_clone, change in the clone: {change}, and"
            " compare the two with scenario_diff."
        )

    @server.prompt(description="Merge scenarios into a training set and export it")
    def training_set(scenarios: str, format: str = "parquet") -> str:
        return (
            f"Merge my scenarios {scenarios} with scenario_merge into a training dataset, export it"
            f" as {format} with scenario_export, and show the lines that load the files."
        )
