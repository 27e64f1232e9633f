"""How long until the first reply, against a server of the bare SDK that has one tool.

    python benchmark.py [RUNS]

Runs alternate, each in a process of its own; the medians are compared.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time

BARE = """
from mcp.server import MCPServer
server = MCPServer("bare")
@server.tool()
def add(a: int, b: int) -> int:
    "Add."
    return a + b
server.run("stdio")
"""
MESSAGES = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "benchmark", "version": "1"}}},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
]  # fmt: skip


def seconds(command: list[str]) -> float:
    """From the start of the process to the list of its tools."""
    begin = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - this file's own commands
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for message in MESSAGES:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message and "result" not in json.loads(process.stdout.readline()):
                raise SystemExit(f"{command} did not answer")
        taken = time.perf_counter() - begin
        process.stdin.close()
    return taken


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        ours = [sys.executable, "-m", "healthsim_store", "mcp", "--store", folder]
        bare = [sys.executable, "-c", BARE]
        seconds(bare), seconds(ours)  # compiled and cached from here on
        taken = [(seconds(bare), seconds(ours)) for _ in range(runs)]
    bare_median, our_median = (statistics.median(each) for each in zip(*taken, strict=True))
    told = f"bare SDK {bare_median:.2f} s, healthsim-store {our_median:.2f} s to the tools' list"
    print(told)  # noqa: T201
    print(f"ratio {our_median / bare_median:.2f} (at most 2)")  # noqa: T201


if __name__ == "__main__":
    main()
