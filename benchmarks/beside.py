"""Measure how quick everything else is beside hostile files, in one run.

    python benchmarks/beside.py [--quick]

One store has twenty scenarios and a hostile file of each kind (`tests/soundness/hostile.py`), the
other twenty scenarios and as many ordinary ones in their place. The first figure of each act is its
time in the one by its time in the other, while nobody asks for a hostile file; the second is its
time while three requests for hostile ones run all the time, by its time while none runs.

Needs the tests' helpers beside it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from run import begin, report

from healthsim_store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browse"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "soundness"))
from bomb_doors import Talk, talking
from browsing import Served, serving
from conftest import PLUGIN, QUESTIONS, SCHEMA, SUMMARY, install, owner
from hostile import HOSTILE

#: What is asked of hostile files all the time: a statement that is ended with its process, one that
#: is ended for its memory, and, as None, all that the file declares.
RUNNING = {
    "an endless card": "SELECT * FROM owner_card",
    "views that double a sum": "SELECT x FROM s30",
    "100 endless statistics": None,
}
SECONDS = 5.0  # the limit of a statement

Acts = dict[str, Callable[[], object]]


def file_name(kind: str) -> str:
    return kind.replace(" ", "-").replace(",", "")


def make_stores(folder: Path) -> tuple[Path, Path]:
    """A store with hostile files, and one with ordinary ones of the same names."""
    hostile, ordinary = folder / "hostile", folder / "ordinary"
    with Store(ordinary) as store:
        for number in range(20):
            rows = [owner(n) for n in range(number, number + 50)]
            store.persist({"owners": rows}, scenario=f"good-{number:02d}")
        store.persist({"owners": [owner(1), owner(2)], "pets": [{"owner_id": "o1"}]},
                      scenario="one")  # fmt: skip
        one = store.find("one")
    for kind in HOSTILE:
        shutil.copy(one, ordinary / f"{file_name(kind)}.db")
    one.unlink()
    shutil.copytree(ordinary, hostile)
    for kind, (change, _) in HOSTILE.items():
        change(hostile / f"{file_name(kind)}.db")
    return hostile, ordinary


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


Times = dict[str, list[float]]


def measure(acts: Acts, times: Times) -> None:
    """Each once, into its times."""
    for name, act in acts.items():
        times.setdefault(name, []).append(timed(act))


def python_acts(store: Store) -> Acts:
    return {
        "list": store.list_scenarios,
        "summary": lambda: store.get_summary("good-07", samples=1),
        "query": lambda: store.query_scenario("good-08", "SELECT * FROM owners"),
        "persist": lambda: store.persist({"owners": [owner(99)]}, scenario="good-09"),
    }


def browser_acts(served: Served) -> Acts:
    def see(page: str) -> Callable[[], None]:
        def get() -> None:
            assert served.get(page).status == 200

        return get

    return {
        "list": see("/"),
        "scenario": see("/good-07"),
        "table": see("/good-08/owners"),
        "query": see("/good-09/-/query.json?sql=SELECT 1"),
    }


def mcp_acts(talk: Talk) -> Acts:
    return {
        "list": lambda: talk.tool("list", search="good"),
        "summary": lambda: talk.tool("summary", scenario="good-07"),
        "samples": lambda: talk.tool("samples", scenario="good-08", entity_type="owners"),
        "query": lambda: talk.tool("query", scenario="good-09", sql="SELECT * FROM owners"),
    }


def forget(path: Path) -> None:
    """Change a file a little, so that nothing is remembered of it."""
    with (
        contextlib.suppress(sqlite3.OperationalError),  # somebody reads it, so nothing is kept yet
        contextlib.closing(sqlite3.connect(path)) as file,
        file,
    ):
        file.execute("UPDATE _scenario SET description = ?", (f"{time.monotonic()}",))


@contextlib.contextmanager
def running(act: Callable[[str, str | None], object]) -> Iterator[None]:
    """Three threads that act, each again as soon as it is told that it took too long."""
    over = threading.Event()

    def act_again(kind: str, sql: str | None) -> None:
        while not over.is_set():
            act(file_name(kind), sql)

    threads = [threading.Thread(target=act_again, args=one, daemon=True) for one in RUNNING.items()]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def asked_in_the_browser(served: Served, folder: Path) -> contextlib.AbstractContextManager[None]:
    def ask(name: str, sql: str | None) -> None:
        if sql is None:
            forget(folder / f"{name}.db")
            assert served.get(f"/{name}").status == 200
        else:
            answer = served.get(f"/{name}/-/query.json", sql=sql, timeout=SECONDS)
            assert answer.status in (408, 413), answer.text

    return running(ask)


def asked_over_mcp(talk: Talk, folder: Path) -> contextlib.AbstractContextManager[None]:
    def ask(name: str, sql: str | None) -> None:
        if sql is None:
            forget(folder / f"{name}.db")
            talk.begin("summary", scenario=name)
        else:
            talk.begin("query", scenario=name, sql=sql)
        time.sleep(SECONDS)  # nobody waits for the reply

    return running(ask)


def tell(door: str, what: str, one: Times, other: Times) -> None:
    for name in one:
        a, b = statistics.median(one[name]), statistics.median(other[name])
        least = min(one[name]) / min(other[name])
        report(f"{door}, {name}: {what}", a / b, "x", "<= 1.5",
               f"{a * 1e3:.1f} ms, {b * 1e3:.1f} ms; the quickest {least:.2f} x")  # fmt: skip


def main() -> None:
    scale = begin(__doc__)
    rounds, turns = (3, 10) if scale > 1 else (10, 20)
    with contextlib.ExitStack() as opened:
        name = opened.enter_context(tempfile.TemporaryDirectory())
        folder = Path(name)
        site = folder / "site"
        site.mkdir()
        toy = {"__init__.py": PLUGIN, "schema.sql": SCHEMA, "summary.sql": SUMMARY}
        install(site, "toysim", toy | {"questions.sql": QUESTIONS})
        sys.path.insert(0, str(site))
        os.environ["PYTHONPATH"] = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        hostile, ordinary = make_stores(folder)
        for what in ("hostile", "ordinary"):
            (folder / what[0]).mkdir()
        one, other = (opened.enter_context(Store(path)) for path in (hostile, ordinary))
        served, served_other = (
            opened.enter_context(serving(path, path=folder / path.name[0]))
            for path in (hostile, ordinary)
        )
        talk, talk_other = (
            opened.enter_context(talking(path, site)) for path in (hostile, ordinary)
        )
        doors: dict[str, tuple[Acts, Acts]] = {
            "Python": (python_acts(one), python_acts(other)),
            "browser": (browser_acts(served), browser_acts(served_other)),
            "MCP": (mcp_acts(talk), mcp_acts(talk_other)),
        }
        for door, both in doors.items():
            for acts in both:
                measure(acts, {})  # each file is opened once
            there: tuple[Times, Times] = ({}, {})
            for _ in range(rounds * turns):
                for acts, times in zip(both, there, strict=True):
                    measure(acts, times)
            tell(door, "hostile files : ordinary ones", *there)
        hostile_requests = {
            "browser": lambda: asked_in_the_browser(served, hostile),
            "MCP": lambda: asked_over_mcp(talk, hostile),
        }
        for door, asked in hostile_requests.items():
            quiet: Times = {}
            busy: Times = {}
            for _ in range(rounds):
                for _ in range(turns):
                    measure(doors[door][0], quiet)
                with asked():
                    for _ in range(turns):
                        measure(doors[door][0], busy)
            tell(door, "three hostile requests : none", busy, quiet)


if __name__ == "__main__":
    main()
