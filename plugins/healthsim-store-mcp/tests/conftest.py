"""A client's session with a real server, over stdio or HTTP; every reply is weighed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import CallToolResult
from real_tokenizer import count_tokens

import healthsim_store as hs
from healthsim_store import errors

TOKEN = "0123456789abcdef-token"
ERROR = 600  # tokens that an error may have
CODES = {kind.code for kind in errors.every()}


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_null, value.values()))
    return any(map(holds_null, value)) if isinstance(value, list) else value is None


class Talk:
    """One session. Each call checks what every reply promises, by a real tokenizer."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        self._portal = portal
        self.client = client
        self.called: set[str] = set()
        self.tokens = {"calls": 0, "texts": 0, "structures": 0}

    def do(self, method: Callable[..., Any], *arguments: Any) -> Any:
        return self._portal.call(method, *arguments)

    def start(self, tool: str, **arguments: Any) -> Future[CallToolResult]:
        """A call that runs beside others."""
        return self._portal.start_task_soon(self._call, tool, arguments, None)

    def raw(self, tool: str, arguments: dict[str, Any], progress: Any = None) -> CallToolResult:
        return self._portal.call(self._call, tool, arguments, progress)

    async def _call(self, tool: str, arguments: dict[str, Any], progress: Any) -> CallToolResult:
        result = await self.client.call_tool(tool, arguments, progress_callback=progress)
        self.called.add(tool)
        self._weigh(tool, arguments, result)
        return result

    def _weigh(self, tool: str, arguments: dict[str, Any], result: CallToolResult) -> None:
        (content,) = result.content
        given = arguments.get("max_tokens", 1_000)
        budget = max(100, given) if isinstance(given, int) else 1_000
        text = count_tokens(content.text)
        called = compact({"name": tool, "arguments": arguments})
        if len(called) < 100_000:  # a tokenizer is no match for megabytes
            self.tokens["calls"] += count_tokens(called)
        self.tokens["texts"] += text
        if result.is_error:
            assert text <= min(budget, ERROR), content.text
            assert "Error executing tool" not in content.text
            assert content.text.partition(": ")[0] in CODES, content.text
            return
        structure = count_tokens(compact(result.structured_content))
        self.tokens["structures"] += structure
        assert text <= budget, (tool, text, content.text)
        assert structure <= budget, (tool, structure, result.structured_content)
        assert result.structured_content
        assert not holds_null(result.structured_content)
        told = "truncated" in content.text.lower() or "More: " in content.text
        cut = told or "Left out: " in content.text or "are cut at" in content.text
        assert cut or "truncated" not in result.structured_content

    def __call__(self, tool: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
        """The text and the structure of a tool's reply."""
        result = self.raw(f"scenario_{tool}", arguments)
        assert not result.is_error, result.content[0].text
        assert result.structured_content is not None
        return result.content[0].text, result.structured_content

    def error(self, tool: str, **arguments: Any) -> str:
        result = self.raw(f"scenario_{tool}", arguments)
        assert result.is_error, result.content[0].text
        return str(result.content[0].text)


def command(folder: Path, *options: str) -> list[str]:
    return ["-m", "healthsim_store", "mcp", "--store", str(folder), *options]


def environment(**more: str) -> dict[str, str]:
    return dict(os.environ) | {"PYTHONWARNINGS": "error"} | more


@contextlib.contextmanager
def over_stdio(folder: Path, *options: str, **more: str) -> Iterator[Talk]:
    server = StdioServerParameters(
        command=sys.executable, args=command(folder, *options), env=environment(**more)
    )
    failed = None
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(server)) as client,
    ):
        try:
            yield Talk(portal, client)
        except Exception as error:  # told after the session, not as a group of its tasks
            failed = error
    if failed:
        raise failed


@contextlib.contextmanager
def http_server(
    folder: Path, *options: str, token: str | None = TOKEN
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the address that it told on stderr."""
    variables = environment(HEALTHSIM_STORE_MCP_TOKEN=token) if token else environment()
    process = subprocess.Popen(
        [sys.executable, *command(folder, "--http", "--port", "0", *options)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        yield process, process.stderr.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@contextlib.contextmanager
def over_http(folder: Path, *options: str) -> Iterator[Talk]:
    failed = None
    with http_server(folder, *options) as (_, url), start_blocking_portal() as portal:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with (
            portal.wrap_async_context_manager(create_mcp_http_client(headers)) as http,
            portal.wrap_async_context_manager(
                Client(streamable_http_client(url, http_client=http))
            ) as client,
        ):
            try:
                yield Talk(portal, client)
            except Exception as error:
                failed = error
    if failed:
        raise failed


Connect = Callable[..., AbstractContextManager[Talk]]


@pytest.fixture(params=[over_stdio, over_http], ids=["stdio", "http"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Both ways to a server: a subprocess's pipes, and HTTP."""
    return request.param


@pytest.fixture(scope="session")
def stdio() -> Connect:
    return over_stdio


@pytest.fixture(scope="session")
def serve_http() -> Callable[..., AbstractContextManager[tuple[subprocess.Popen[str], str]]]:
    return http_server


@pytest.fixture(scope="session")
def server_command() -> Callable[..., list[str]]:
    return lambda *arguments: [sys.executable, *command(*arguments)]


PATIENT = {
    "mrn": "P-1", "given_name": "Maria", "family_name": "Gonzalez", "birth_date": "1966-03-02",
    "gender": "F",
}  # fmt: skip


@pytest.fixture
def patient() -> dict[str, str]:
    return dict(PATIENT)


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with `diabetes-cohort`, `medicare-members` and the small `one-patient`."""
    folder = tmp_path_factory.mktemp("stocked")
    before = os.environ.get("HEALTHSIM_STORE_DIR")
    os.environ["HEALTHSIM_STORE_DIR"] = str(folder)
    try:
        hs.generate_scenario("diabetes-cohort", count=30, seed=1, into="diabetes-cohort")
        hs.generate_scenario("medicare-advantage", count=40, seed=1, into="medicare-members")
        hs.persist({"patients": [PATIENT]}, scenario="one-patient", tags=["small"])
    finally:
        if before is None:
            del os.environ["HEALTHSIM_STORE_DIR"]
        else:
            os.environ["HEALTHSIM_STORE_DIR"] = before
    return folder


@pytest.fixture
def folder(stocked: Path, tmp_path: Path) -> Path:
    """The stocked store, a copy for one test."""
    copy = tmp_path / "store"
    shutil.copytree(stocked, copy)
    return copy


@pytest.fixture(scope="module")
def shared(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy for all tests of a module that do not mind each other."""
    copy = tmp_path_factory.mktemp("shared") / "store"
    shutil.copytree(stocked, copy)
    return copy


@pytest.fixture(scope="module")
def talk(shared: Path) -> Iterator[Talk]:
    """A session on it, over stdio."""
    with over_stdio(shared) as session:
        yield session
