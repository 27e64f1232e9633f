"""The README says what is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner
from healthsim_store_mcp.command import TOKEN, mcp
from healthsim_store_mcp.server import build

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_the_table_has_every_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTHSIM_STORE_DIR", str(tmp_path))
    server = build()
    listed = [tool.name for tool in anyio.run(server.list_tools)]
    assert re.findall(r"^\| `(scenario_\w+)` \|", README, re.MULTILINE) == listed
    prompts = {prompt.name for prompt in anyio.run(server.list_prompts)}
    (told,) = re.findall(r"\*\*Prompts\*\*: (.*?)\.\n", README, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", told)) == prompts


def test_each_option_is_one_of_the_command() -> None:
    text = CliRunner().invoke(mcp, ["--help"]).output
    commands = re.findall(r"healthsim-store mcp(.*)", README)
    used = {option for command in commands for option in re.findall(r"--[a-z-]+", command)}
    known = set(re.findall(r"--[a-z-]+", text))
    others = {"--method", "--header", "--transport"}  # of the clients
    assert used - others <= known
    assert TOKEN in README


def test_configurations_can_be_read() -> None:
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL)]
    desktop, code = blocks
    for server in (desktop["mcpServers"]["healthsim-store"], code["servers"]["healthsim-store"]):
        assert server["command"] == "healthsim-store"
        assert server["args"][0] == "mcp"
