"""HTTP: never open, only on loopback, and it stops when it is told."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOKEN = "0123456789abcdef-token"
BEGIN = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def url(shared: Path, serve_http: Any) -> Iterator[str]:
    with serve_http(shared) as (_, address):
        yield address


def post(url: str, body: Any = BEGIN, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_token_opens(url: str) -> None:
    status, told = post(url, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert "healthsim-store" in told
    assert post(url, Authorization=f"bearer {TOKEN}")[0] == 200  # the scheme has no case


@pytest.mark.parametrize(
    "given",
    [
        None, "", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ", f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}", f"Bearer  x{TOKEN}", "Bearer \xff",
    ],
)  # fmt: skip
def test_nothing_else_does(url: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    status, told = post(url, **headers)
    assert (status, told) == (401, "A bearer token is required.\n")
    # Neither is there a page, nor a method, that needs none.
    for path in ("/", "/docs", "/sse", "/mcp/"):
        assert post(url.removesuffix("/mcp") + path)[0] == 401


def test_another_host_or_origin_is_refused(url: str) -> None:
    key = f"Bearer {TOKEN}"
    assert post(url, Authorization=key, Host="evil.example:80")[0] == 421
    assert post(url, Authorization=key, Origin="http://evil.example")[0] == 403
    assert post(url, Authorization=key, Origin=url.removesuffix("/mcp"))[0] == 200


def test_a_large_body_is_refused(url: str) -> None:
    try:
        status, _ = post(url, {"x": "x" * 5_000_000}, Authorization=f"Bearer {TOKEN}")
    except OSError:
        status = 413  # the server hung up before it had read all
    assert status == 413
    assert post(url, Authorization=f"Bearer {TOKEN}")[0] == 200


def test_only_loopback(url: str) -> None:
    host, port = re.fullmatch(r"http://([\d.]+):(\d+)/mcp", url).groups()  # type: ignore[union-attr]
    assert host == "127.0.0.1"
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}:
        if not address.startswith("127.") and ":" not in str(address):
            with pytest.raises(OSError), socket.create_connection((address, int(port)), 2):
                pass


def test_it_stops_when_it_is_told(shared: Path, serve_http: Any) -> None:
    with serve_http(shared) as (process, url):
        assert post(url, Authorization=f"Bearer {TOKEN}")[0] == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=15)
    assert process.returncode in (0, -signal.SIGTERM)
    assert out == ""
    assert "Traceback" not in err
    assert TOKEN not in err


def test_without_a_token_one_is_made(shared: Path, serve_http: Any) -> None:
    with serve_http(shared, token=None) as (process, url):
        told = process.stderr.readline().strip()
        assert re.fullmatch(r"Authorization: Bearer [\w-]{43}", told)
        assert post(url)[0] == 401
        assert post(url, Authorization=told.removeprefix("Authorization: "))[0] == 200


def run(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | variables,
    )  # fmt: skip


def test_what_cannot_be_served(shared: Path, server_command: Any) -> None:
    done = run(server_command(shared, "--http"), HEALTHSIM_STORE_MCP_TOKEN="short")
    assert done.returncode == 2
    assert "The token has 5 characters. Give 16 or more" in done.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(server_command(shared, "--http", "--port", port))
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "--port 0" in done.stderr
