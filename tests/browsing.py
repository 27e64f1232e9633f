"""A served store for tests: `healthsim-store serve` as a process, on a free port of loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Served:
    """Where it is, and what its process has to say on stderr."""

    address: str
    process: subprocess.Popen[str]
    told: Path

    def get(self, path: str, *, host: str | None = None, **arguments: object) -> Answer:
        url = self.address.rstrip("/") + quote(path, safe="/~.-_?=&%+,")
        if arguments:
            url += f"?{urlencode(arguments)}"
        request = urllib.request.Request(url, headers={"Host": host} if host else {})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode())

    def stderr(self) -> str:
        return self.told.read_text()


@contextlib.contextmanager
def serving(store: Path, *arguments: str, path: Path, site: Path | None = None) -> Iterator[Served]:
    """Serve until the block ends; ``path`` is a folder for its log."""
    environment = os.environ | {"HEALTHSIM_STORE_DIR": str(store)}
    if site is not None:
        paths = [str(site), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    told = path / "serve.stderr"
    with told.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "healthsim_store", "serve", "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), told.read_text()
        yield Served(address, process, told)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
