"""Tools that other plugins bring: with our errors, and none can hurt the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TOOLS = '''
from healthsim_store import Tool, hookimpl


def genders(store, scenario: str, least: int = 1) -> dict[str, int]:
    """How many patients of each gender a scenario has."""
    sql = f"SELECT gender, count(*) AS n FROM patients GROUP BY 1 HAVING n >= {least}"
    return {row["gender"]: row["n"] for row in store.query_scenario(scenario, sql).rows}


def longest(store):
    return "word\\n" * 100_000


def raising(store):
    raise KeyError("lost")


def odd(store, one: "NoSuchType"):
    return ""


@hookimpl
def healthsim_store_tools():
    return [
        Tool("genders", genders), Tool("longest", longest, "A long text"),
        Tool("raising", raising, "Raises", writes=True), Tool("odd", odd, "Cannot be described"),
    ]
'''


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another plugin, installed as pip would."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "counting.py").write_text(TOOLS)
    monkeypatch.setenv("HEALTHSIM_STORE_PLUGINS_DIR", str(tmp_path / "own"))
    return tmp_path / "own"


def call(talk: Any, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether it failed, and the text; a plugin's tool has no structured reply."""
    result = talk.do(talk.client.call_tool, tool, arguments)
    return bool(result.is_error), str(result.content[0].text)


def test_a_tool_of_a_plugin_is_called_as_ours_are(site: Path, folder: Path, stdio: Any) -> None:
    with stdio(folder) as talk:
        tools = {tool.name: tool for tool in talk.do(talk.client.list_tools).tools}
        assert "scenario_list" in tools
        assert "odd" not in tools  # its types are not known
        told = tools["genders"]
        assert told.description == "How many patients of each gender a scenario has."
        assert told.input_schema["required"] == ["scenario"]
        assert told.input_schema["properties"]["least"]["type"] == "integer"
        assert told.annotations.read_only_hint is True
        assert call(talk, "genders", scenario="one-patient") == (False, '{"F":1}')
        assert call(talk, "genders", scenario="one-patient", least=2) == (False, "{}")
        failed, text = call(talk, "genders", scenario="one-patiant")
        assert failed
        assert text.startswith("scenario_not_found: ")
        failed, text = call(talk, "genders", scenario="one-patient", most=3)
        assert failed
        assert "most" in text
        _, text = call(talk, "longest")
        assert text.endswith("Cut here: it is longer than a reply may be.")
        failed, text = call(talk, "raising")
        assert failed
        assert "plugin_failed: The plugin counting failed (tool raising): KeyError" in text
    with stdio(folder, "--read-only") as talk:
        names = {tool.name for tool in talk.do(talk.client.list_tools).tools}
        assert "genders" in names
        assert "raising" not in names
