"""All numbers on one page are of one moment, while another program stores rows."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import owner

from healthsim_store import Store

pytest.importorskip("datasette")
from healthsim_store.browse import page_data, request_moment, timeline
from healthsim_store.browse.serving import make_datasette

PETS = 30


def pets(number: int) -> list[dict[str, Any]]:
    return [
        {"owner_id": "o1", "species": "cat" if n % 3 else "dog", "weight": 1.5, "legs": n,
         "seen_at": f"2024-03-{n % 28 + 1:02d}T10:00:00"}
        for n in range(number)
    ]  # fmt: skip


@pytest.fixture
def store(toy: None, tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as made:
        made.persist({"owners": [owner(1)], "pets": pets(PETS)}, scenario="s")
        yield made


class Writer:
    """Another program: a thread with a store of its own, which stores ten more pets.

    `begin` returns when it has written all but for the commit. It then waits for readers, or has
    committed already, if there was no reader.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread: threading.Thread | None = None
        self.seconds = 0.0

    def begin(self, *_: object) -> None:
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        until = time.monotonic() + 0.5
        while self._thread.is_alive() and time.monotonic() < until:
            time.sleep(0.01)

    def _write(self) -> None:
        begun = time.monotonic()
        with Store(self._folder) as other:
            other.persist({"pets": pets(10)}, scenario="s")
        self.seconds = time.monotonic() - begun

    def end(self) -> None:
        assert self._thread is not None, "nothing was written in between"
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


@pytest.fixture
def writer(store: Store) -> Writer:
    return Writer(store.path)


def between(
    monkeypatch: pytest.MonkeyPatch, owner_: Any, name: str, action: Callable[..., None]
) -> None:
    """Call ``action`` after each call of a function, which stays the real one."""
    real = getattr(owner_, name)

    def call(*arguments: Any, **options: Any) -> Any:
        found = real(*arguments, **options)
        action()
        return found

    monkeypatch.setattr(owner_, name, call)


def get(store: Store, *paths: str) -> list[str]:
    """The pages, one after the other, from one Datasette."""

    async def ask() -> list[str]:
        datasette = make_datasette(store.path)
        await datasette.invoke_startup()
        texts = []
        for path in paths:
            answer = await datasette.client.get(path, headers={"host": "127.0.0.1"})
            assert answer.status_code == 200, (path, answer.text)
            texts.append(answer.text)
        return texts

    return asyncio.run(ask())


def scenario_numbers(page: str) -> dict[str, int]:
    """Where the page of a scenario says how many pets there are."""
    text = re.sub(r"<[^>]+>", " ", html.unescape(page))
    (total,) = re.findall(r"Entities\s+(\d+)", text)
    (table,) = re.findall(r"Pets\s+(\d+)\s+", page_text(page, "tables"))
    (cats,) = re.findall(r"cat (\d+), dog", page)
    (dogs,) = re.findall(r"dog (\d+)", page)
    logged = re.findall(r"pets\s+(\d+) inserted", page_text(page, "log"))
    return {
        "total": int(total) - 1,
        "table": int(table),
        "statistic": int(cats) + int(dogs),
        "log": sum(map(int, logged)),
    }


def page_text(page: str, heading: str) -> str:
    part = page.partition(f'<h2 id="{heading}"')[2].partition("<h2 ")[0]
    return re.sub(r"<[^>]+>", " ", html.unescape(part))


@pytest.mark.parametrize("read", ["scenario_info", "registry", "get_summary", "get_charts"])
def test_a_scenario_s_page(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    between(monkeypatch, Store, read, writer.begin)
    (page,) = get(store, "/s")
    writer.end()
    assert scenario_numbers(page) == dict.fromkeys(("total", "table", "statistic", "log"), PETS)
    monkeypatch.undo()
    (page,) = get(store, "/s")
    assert set(scenario_numbers(page).values()) == {PETS + 10}


def test_the_page_of_statistics(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, Store, "get_summary", writer.begin)
    seen: list[int] = []
    real = Store.get_charts

    def charts(self: Store, name: str) -> Any:
        seen.extend(
            row["n"] for row in self.query_scenario(name, "SELECT count(*) n FROM pets").rows
        )
        return real(self, name)

    monkeypatch.setattr(Store, "get_charts", charts)
    (page,) = get(store, "/s/-/statistics")
    writer.end()
    assert "cat 20, dog 10" in page
    assert seen == [PETS]


def test_the_total_of_a_query_s_json(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.persist({"owners": [owner(n) for n in range(3)]}, scenario="t")
    sql = "SELECT pet_id FROM pets"
    for path in (
        f"/s/-/query.json?sql={sql}&limit=5",
        f"/s/-/query.json?sql={sql} WHERE (SELECT count(*) FROM t.owners) = 3&limit=5&with=t",
    ):
        before = store.scenario_info("s").entity_counts["pets"]
        other = Writer(store.path)
        with monkeypatch.context() as patch:
            between(patch, page_data, "answer", other.begin)
            answer = json.loads(get(store, path)[0])
        other.end()
        assert (len(answer["rows"]), answer["total"], answer["has_more"]) == (5, before, True)
        assert store.scenario_info("s").entity_counts["pets"] == before + 10


def test_a_row_s_page_and_its_timeline(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of rows that refer to it is Datasette's; the events are ours."""
    real = timeline.read

    def read(*arguments: Any) -> Any:
        writer.begin()
        return real(*arguments)

    monkeypatch.setattr(timeline, "read", read)
    (page,) = get(store, "/s/owners/o1")
    writer.end()
    assert f"{PETS} rows" in page
    assert f"{PETS} events" in page
    monkeypatch.undo()
    (page,) = get(store, "/s/owners/o1")
    assert f"{PETS + 10} rows" in page
    assert f"{PETS + 10} events" in page


def test_a_table_s_page_and_its_facets(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from healthsim_store.browse.database import ScenarioDatabase

    real = ScenarioDatabase.execute

    async def execute(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        found = await real(self, sql, *arguments, **options)
        if re.search(r"count\(\*\).*from.*pets", sql, re.IGNORECASE | re.DOTALL):
            await asyncio.to_thread(writer.begin)
        return found

    monkeypatch.setattr(ScenarioDatabase, "execute", execute)
    (text,) = get(store, "/s/pets.json?_facet=species&_extra=count,facet_results&_size=1000")
    writer.end()
    answer = json.loads(text)
    results = answer["facet_results"]
    species = results.get("results", results)["species"]["results"]
    assert sum(one["count"] for one in species) == PETS
    assert len(answer["rows"]) == PETS
    assert answer.get("count", answer.get("filtered_table_rows_count")) == PETS


def test_what_a_database_says_of_itself(
    store: Store, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables, questions and statistics are read one after the other."""
    from healthsim_store.browse import database

    blocked: list[bool] = []

    def write() -> None:
        with contextlib.closing(
            sqlite3.connect(store.find("s"), timeout=0, isolation_level=None)
        ) as other:
            try:
                other.execute("CREATE TABLE late (x)")
                blocked.append(False)
            except sqlite3.OperationalError:
                blocked.append(True)

    for name in ("read_entity_types", "read_questions", "read_statistics"):
        between(monkeypatch, database, name, write)
    made = database.ScenarioDatabase.of(store.find("s"))
    made.retire()
    assert blocked == [True, True, True]
    write()
    assert blocked[-1] is False


def test_no_page_keeps_a_writer_waiting_for_long(store: Store) -> None:
    """Not for a template, nor for the network: the longest wait is that for one page's reads."""
    paths = ["/s", "/s/pets", "/s/owners/o1", "/s/-/statistics", "/s/toy_species", "/s.json"]
    done = threading.Event()
    waits: list[float] = []

    def write() -> None:
        with Store(store.path) as other:
            while not done.is_set():
                begun = time.monotonic()
                other.add_tags("s", "x")
                waits.append(time.monotonic() - begun)
                time.sleep(0.02)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        get(store, *paths * 5)
    finally:
        done.set()
        thread.join()
    assert len(waits) > 5
    assert max(waits) < 3, waits


def test_the_moment_has_ended_when_the_page_is_rendered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked by the last thing that a template does, and by the server before it sends."""
    from datasette.app import Datasette

    free: list[bool] = []
    real = Datasette._asset_urls

    async def asset_urls(self: Any, *arguments: Any, **options: Any) -> Any:
        free.append(not is_locked(store))
        return await real(self, *arguments, **options)

    monkeypatch.setattr(Datasette, "_asset_urls", asset_urls)
    get(store, "/s", "/s/pets", "/s/owners/o1", "/s/toy_species")
    assert len(free) >= 4
    assert all(free)
    assert not is_locked(store)


def is_locked(store: Store) -> bool:
    with contextlib.closing(
        sqlite3.connect(store.find("s"), timeout=0, isolation_level=None)
    ) as other:
        try:
            other.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
        other.execute("ROLLBACK")
        return False


def test_a_page_that_fails_leaves_nothing_locked(store: Store) -> None:
    async def ask() -> None:
        datasette = make_datasette(store.path)
        await datasette.invoke_startup()
        for path in ("/s/nothing", "/s/pets?_sort=nothing", "/s/owners/nobody"):
            answer = await datasette.client.get(path, headers={"host": "127.0.0.1"})
            assert answer.status_code in (400, 404), path
            assert not is_locked(store), path

    asyncio.run(ask())


def test_a_slow_page_is_read_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a writer that has waited its ten seconds would give up."""
    from healthsim_store.browse.database import ScenarioDatabase

    monkeypatch.setattr(request_moment, "LONGEST_SECONDS", 0.0)
    database = ScenarioDatabase.of(store.find("s"))
    with contextlib.closing(contextlib.ExitStack()) as opened:
        opened.callback(database.retire)
        opened.enter_context(request_moment.begin(database))
        moment = request_moment.of(database)
        assert moment is not None
        assert moment.read(count) == PETS
        assert is_locked(store)
        time.sleep(0.01)
        assert moment.read(count) == PETS
        assert not is_locked(store)


def test_the_end_while_a_read_goes_on(store: Store) -> None:
    """As when the visitor goes away: the read is not broken off, and ends the moment itself."""
    from healthsim_store.browse.database import ScenarioDatabase

    database = ScenarioDatabase.of(store.find("s"))
    moment = request_moment.RequestMoment(database)
    reading, ended = threading.Event(), threading.Event()
    found: list[int] = []

    def slowly(sandbox: Any) -> int:
        reading.set()
        assert ended.wait(timeout=10)
        return count(sandbox)

    thread = threading.Thread(target=lambda: found.append(moment.read(slowly)))
    thread.start()
    assert reading.wait(timeout=10)
    moment.end()
    assert is_locked(store)  # the read needs it
    ended.set()
    thread.join(timeout=10)
    assert found == [PETS]
    assert not is_locked(store)
    assert moment.read(count) == PETS  # and later reads are as any others
    assert not is_locked(store)
    database.retire()


def test_each_request_has_its_own(store: Store) -> None:
    from healthsim_store.browse.database import ScenarioDatabase

    database, other = (ScenarioDatabase.of(store.find("s")) for _ in range(2))
    assert request_moment.of(database) is None
    with request_moment.begin(database):
        assert request_moment.of(database) is not None
        assert request_moment.of(other) is None
        with request_moment.begin(None):
            assert request_moment.of(database) is None
    assert request_moment.of(database) is None
    database.retire()
    other.retire()


def count(sandbox: Any) -> int:
    (number,) = sandbox.connection.execute("SELECT count(*) FROM pets").fetchone()
    return int(number)
