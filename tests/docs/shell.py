"""A shell of a reader: each command after the other, in one environment, as a page prints them."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import forks
from shown_commands import Command

SECONDS = 300
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    },
}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Shell:
    """Where commands run: a folder, and an environment that commands such as export change.

    ``forked``: a command that asks nothing of the shell runs in a fork of a process that has its
    imports. The long test of a fresh checkout runs each as a reader does.
    """

    folder: Path
    environment: dict[str, str]
    # A page's ports, and free ones in their place: tests of others may run beside these.
    ports: dict[str, int] = field(default_factory=dict)
    forked: bool = False

    @classmethod
    def of(cls, folder: Path, home: Path, *first: Path) -> Shell:
        """A shell with a home folder of its own; ``first`` are folders for the PATH's beginning."""
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("HEALTHSIM", "XDG_"))}
        (home / "Downloads").mkdir(parents=True, exist_ok=True)
        # What opens a browser on a desktop does nothing here.
        stub = home / "stubs"
        stub.mkdir(exist_ok=True)
        for name in ("xdg-open", "open"):
            (stub / name).write_text("#!/bin/sh\n")
            (stub / name).chmod(0o755)
        path = os.pathsep.join([*map(str, first), str(stub), os.environ["PATH"]])
        return cls(folder, keep | {"HOME": str(home), "PATH": path})

    def run(self, command: Command, *, python: str = "python3") -> str:
        """Run one command and return what it said on stdout; fails unless it ends with 0."""
        if command.language == "python":
            return self._finish([python, "-"], command.text)
        if is_server(command):
            with Server(self, command) as server:
                return server.answer
        words = _plain_words(command.text) if self.forked else None
        if words:
            done = forks.command(*words[1:], environment=self.environment, folder=self.folder)
            assert done.returncode == 0, f"{command.text}\n{done.stdout[-2000:]}\n{done.stderr}"
            return done.stdout
        text = self._with_free_ports(command.text)
        after = self.folder / ".environment"
        # `export` and `. activate` mean the commands after them.
        said = self._finish(["bash", "-c", f"set -e\n{text}\nenv -0 > {after}"], None)
        pairs = after.read_text("utf-8").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        after.unlink()
        return said

    def _with_free_ports(self, text: str) -> str:
        return re.sub(
            r"(127\.0\.0\.1:)(\d+)",
            lambda found: f"{found[1]}{self.ports.get(found[2], found[2])}",
            text,
        )

    def _finish(self, command: list[str], stdin: str | None) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        told = f"{command[-1]}{stdin or ''}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert done.returncode == 0, told
        return done.stdout


def _plain_words(text: str) -> list[str] | None:
    """The words of a command of ours that needs no shell; None for any other."""
    text = re.sub(r"\s+#[^'\"\n]*$", "", text.replace("\\\n", " "), flags=re.MULTILINE).strip()
    outside = re.sub(r"""'[^']*'|"[^"$`\\]*\"""", "", text)
    if not text.startswith("healthsim-store ") or re.search(r"[^\w\s./:=,@+%-]", outside):
        return None
    return shlex.split(text)


def is_server(command: Command) -> bool:
    words = command.words
    return words[:2] in (["healthsim-store", "serve"], ["healthsim-store", "mcp"]) or (
        words[0] == "datasette"
    )


class Server:
    """A command that goes on until it is stopped: started, asked once, stopped."""

    def __init__(self, shell: Shell, command: Command) -> None:
        self._shell, self._words = shell, command.words
        self._over_stdio = "mcp" in self._words and "--http" not in self._words
        self.port = 0 if self._over_stdio else free_port()
        self.answer = ""

    def __enter__(self) -> Server:
        words = self._words
        if self.port:
            # The last one given is meant.
            words = [*words, "--port", str(self.port)]
        # bash replaces ~ and the like, as it does for the reader.
        line = " ".join(w if re.fullmatch(r"[\w./~:-]+", w) else f"'{w}'" for w in words)
        self.process = subprocess.Popen(
            ["bash", "-c", f"exec {line}"], cwd=self._shell.folder, env=self._shell.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            self.answer = self._ask_stdio() if self._over_stdio else self._ask_http()
        except BaseException:
            self.process.kill()
            self.process.communicate()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        if not self._over_stdio:
            self.process.send_signal(signal.SIGINT)
        try:
            _, said = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        assert self.process.returncode in (0, 130), said
        assert "Traceback" not in said

    def _ask_stdio(self) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(HELLO) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "serverInfo" in answer["result"], answer
        return json.dumps(answer)

    def _ask_http(self) -> str:
        for _ in range(600):
            if self.process.poll() is not None:
                raise AssertionError(f"{self._words} ended: {self.process.communicate()}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                return self._answer_of(connection)
            except ConnectionRefusedError:
                time.sleep(0.1)
            finally:
                connection.close()
        raise AssertionError(f"{self._words} does not answer")

    def _answer_of(self, connection: http.client.HTTPConnection) -> str:
        token = self._shell.environment.get("HEALTHSIM_STORE_MCP_TOKEN")
        if "mcp" in self._words:
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream",
            }
            connection.request("POST", "/mcp", json.dumps(HELLO), headers)
        else:
            connection.request("GET", "/")
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, text
        return text
