"""Many calls at once, calls that are given up, and a client that is killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from healthsim_store_mcp.confined_store import ConfinedStore
from healthsim_store_mcp.confinement import Confinement
from healthsim_store_mcp.entity_sources import Order, selected
from healthsim_store_mcp.writing_tools import Writing

import healthsim_store as hs

BIG = 200_000  # patients: more than anybody waits for here


def rows(file: Path, table: str = "patients") -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_16_calls_in_parallel_on_one_scenario(
    connect: Any, folder: Path, patient: dict[str, str]
) -> None:
    with connect(folder) as talk:
        calls = []
        for number in range(4):
            new = [patient | {"mrn": f"N-{number}-{n}"} for n in range(5)]
            calls += [
                talk.start("scenario_query", scenario="diabetes-cohort",
                           sql="SELECT count(*) FROM lab_results"),
                talk.start("scenario_summary", scenario="diabetes-cohort"),
                talk.start("scenario_persist", scenario="diabetes-cohort",
                           entities={"patients": new}, batch_id=f"batch {number}"),
                talk.start("scenario_annotate", scenario="diabetes-cohort", add=[f"tag-{number}"]),
            ]  # fmt: skip
        results = [call.result(timeout=60) for call in calls]
    assert len(results) == 16
    assert [result.content[0].text for result in results if result.is_error] == []
    counted = {json.dumps(result.structured_content["rows"]) for result in results[::4]}
    assert len(counted) == 1
    assert rows(folder / "diabetes-cohort.db") == 30 + 20
    with hs.Store(folder) as store:
        assert len(store.scenario_info("diabetes-cohort").tags) == 4
        assert store.check_scenario("diabetes-cohort").ok


def test_retries_at_the_same_time_add_nothing(talk: Any, shared: Path, patient: Any) -> None:
    before = set(hs.Store(shared).names())
    arguments = {"entities": {"patients": [patient]}, "context": "retried", "batch_id": "r1"}
    calls = [talk.start("scenario_persist", **arguments) for _ in range(4)]
    calls += [
        talk.start("scenario_persist", profile="copd", count=5, batch_id="r2") for _ in range(3)
    ]
    said = [call.result(timeout=60).structured_content["said"] for call in calls]
    assert sorted(said[:4]) == ["new", *["was there already"] * 3]
    assert sum("was there already" in each for each in said[4:]) == 2
    assert len(set(hs.Store(shared).names()) - before) == 2


def test_progress_is_told(talk: Any) -> None:
    seen: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append((done, total))

    talk.raw(
        "scenario_persist",
        {"profile": "copd", "count": 1_000, "seed": 5, "scenario": "told"},
        progress,
    )
    assert seen
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {total for _, total in seen} == {1_000}


def test_a_cancelled_call_stops_and_the_retry_goes_on(talk: Any, shared: Path) -> None:
    arguments = {"profile": "copd", "count": BIG, "seed": 5, "scenario": "given-up"}

    async def begin() -> None:
        begun = anyio.Event()

        async def progress(*_: Any) -> None:
            begun.set()

        async with anyio.create_task_group() as group:
            group.start_soon(
                lambda: talk.client.call_tool(
                    "scenario_persist", arguments, progress_callback=progress
                )
            )
            await begun.wait()
            group.cancel_scope.cancel()

    talk.do(begin)
    # The session goes on, and what was stored is whole batches.
    talk("list")
    stored = settled(lambda: rows(shared / "given-up.db"))
    assert 0 < stored < BIG
    with hs.Store(shared) as store:
        assert store.check_scenario("given-up").ok


class Meanwhile:
    """Told of progress, it stores 500 patients who come first, as somebody else would."""

    def __init__(self, store: hs.Store, patient: dict[str, str]) -> None:
        self._store = store
        self._new = [patient | {"mrn": f"A-{n:05}"} for n in range(500)]
        self.writer = threading.Thread(target=self._write)

    def _write(self) -> None:
        with hs.Store(self._store.path) as other:
            other.persist({"patients": self._new}, scenario="many")

    def __call__(self, more: int) -> None:
        if self.writer.ident is None:
            self.writer.start()
            self.writer.join(0.5)  # it is done by then, or waits for the reader


def test_what_is_stored_while_rows_are_read_is_in_none_or_all_of_them(
    tmp_path: Path, patient: dict[str, str]
) -> None:
    """By pages of 10,000 rows, 500 rows came twice, and the new ones not at all."""
    many = [patient | {"mrn": f"B-{n:05}"} for n in range(12_000)]
    sql = "SELECT * FROM patients ORDER BY mrn"
    with hs.Store(tmp_path) as store:
        store.persist({"patients": many}, scenario="many")
        confined = ConfinedStore(store, Confinement(tmp_path))

        exporting = Meanwhile(store, patient)
        told = Writing(confined).write_query("many", sql, None, force=False, progress=exporting)
        exporting.writer.join()
        with open(told.data["file"], newline="", encoding="utf-8") as file:
            found = [row["mrn"] for row in csv.DictReader(file)]
        assert found == [row["mrn"] for row in many]
        assert rows(tmp_path / "many.db") == 12_500

        store.save_scenario("many-again", {"patients": many})
        store.delete_scenario("many")
        store.rename_scenario("many-again", "many")
        selecting = Meanwhile(store, patient)
        order = Order("chosen", None, (), "error", None)
        selected(confined, "many", {"patients": sql}, order, selecting)
        selecting.writer.join()
        with store.rows("chosen", sql) as chosen:
            assert [row["mrn"] for row in chosen] == [row["mrn"] for row in many]
        assert rows(tmp_path / "many.db") == 12_500


def test_two_selects_are_of_one_moment(tmp_path: Path, patient: dict[str, str]) -> None:
    """Else an encounter that is stored in between would have no patient in the new scenario."""
    with hs.Store(tmp_path) as store:
        store.persist({"patients": [patient]}, scenario="many")
        confined = ConfinedStore(store, Confinement(tmp_path))
        between = Meanwhile(store, patient)
        select = {
            "patients": "SELECT * FROM patients",
            "encounters": "SELECT mrn || '-1' AS encounter_id, patient_id, 'ambulatory' AS"
            " encounter_class, '2024-01-01' AS start_time FROM patients",
        }
        made = selected(confined, "many", select, Order("chosen", None, (), "error", None), between)
        between.writer.join()
        assert made.inserted == {"patients": 1, "encounters": 1}
        assert rows(tmp_path / "many.db") == 501


def settled(value: Any, seconds: float = 1.0, within: float = 30.0) -> Any:
    """The value, once it has not changed for a while."""
    end = time.monotonic() + within
    before = value()
    while time.monotonic() < end:
        time.sleep(seconds)
        now = value()
        if now == before:
            return now
        before = now
    return pytest.fail("it goes on")


CLIENT = """
import asyncio, sys
from mcp import Client, StdioServerParameters

async def main():
    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:])
    async def progress(*_):
        print("begun", flush=True)
    async with Client(server) as client:
        await client.call_tool(
            "scenario_persist",
            {"profile": "copd", "count": 200000, "seed": 5, "scenario": "left-alone"},
            progress_callback=progress,
        )

asyncio.run(main())
"""


def test_a_killed_client_leaves_no_server_and_a_whole_file(
    folder: Path, server_command: Any
) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, *server_command(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert client.stdout is not None
    assert client.stdout.readline() == "begun\n"
    servers = children(client.pid)
    assert len(servers) == 1
    client.send_signal(signal.SIGKILL)
    client.communicate(timeout=10)
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in servers) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in servers)
    with hs.Store(folder) as store:
        assert 0 < rows(folder / "left-alone.db") < BIG
        assert store.check_scenario("left-alone").ok
        assert store.check_scenario("diabetes-cohort").ok
    assert not list(folder.glob("*-journal"))


def children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_stdout_carries_nothing_but_the_protocol(folder: Path, server_command: Any) -> None:
    process = subprocess.Popen(
        server_command(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    begin = {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }  # fmt: skip
    messages: list[Any] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
         "params": {"name": "scenario_list", "arguments": {}}},
        "no message at all",
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "scenario_query",
         "arguments": {"scenario": "one-patient", "sql": "nonsense"}}},
    ]  # fmt: skip
    answered: list[str] = []
    reader = threading.Thread(target=lambda: answered.extend(process.stdout))  # type: ignore[arg-type]
    reader.start()
    for message in messages:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
    end = time.monotonic() + 30
    while len(answered) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    process.stdin.close()
    process.wait(timeout=20)
    reader.join()
    told = [json.loads(line) for line in answered]
    assert {message.get("id") for message in told if "result" in message} == {1, 2, 3}
    assert all(message["jsonrpc"] == "2.0" for message in told)
    assert process.returncode == 0
    assert process.stderr is not None
    process.stderr.close()
    process.stdout.close()
