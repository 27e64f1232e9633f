"""The values that the pages and JSON answers show, read from the store.

These functions wait for files, so the pages call them in a thread.
"""

from __future__ import annotations

import hashlib
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..base.text import size
from ..errors import HealthsimStoreError
from ..query.pages import QueryResult
from ..query.reply import QUICK_ROWS
from ..query.select import all_typed
from ..storage.info import ScenarioInfo
from . import links
from .arguments import QueryArguments
from .charts import chart
from .served_store import ServedStore

_SAMPLES = 3
_LOG = 20


def state(served: ServedStore) -> str:
    """Names, sizes and times of the files, as one short text."""
    seen = []
    for name in served.names():
        try:
            status = (served.store.path / f"{name}.db").stat()
        except OSError:
            continue
        seen.append((name, status.st_ino, status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _visible(served: ServedStore, tag: str | None, search: str | None) -> list[ScenarioInfo]:
    found = served.store.list_scenarios(tag=tag, search=search)
    return [info for info in found if served.shows(info.name)]


def listing(served: ServedStore, tag: str | None, search: str | None) -> dict[str, Any]:
    """The index page: the scenarios that are wanted, and every tag there is."""
    mark = state(served)  # first: what comes in between shows up as a change
    infos = _visible(served, tag, search)
    every = infos if not (tag or search) else _visible(served, None, None)
    tags = Counter(one for info in every for one in info.tags)
    return {
        "state": mark,
        "scenarios": [_row(info) for info in infos],
        "here": {info.name for info in every},
        "total": len(every),
        "tags": sorted(tags.items(), key=lambda pair: (-pair[1], pair[0])),
        "tag": tag,
        "search": search,
        "folder": str(served.store.path),
    }


def _row(info: ScenarioInfo) -> dict[str, Any]:
    counts = [(name, count) for name, count in info.entity_counts.items() if count]
    return {
        "name": info.name,
        "description": info.description,
        "problem": info.problem,
        "products": sorted(info.products),
        "counts": counts[:4],
        "more": len(counts[4:]),
        "total": info.total,
        "tags": info.tags,
        "parents": info.parents,
        "size": size(info.size),
        "changed_at": info.changed_at,
    }


def json_listing(
    served: ServedStore, tag: str | None, search: str | None, length: int, offset: int
) -> dict[str, Any]:
    infos = _visible(served, tag, search)
    page = infos[offset : offset + length]
    return {
        "ok": True,
        "scenarios": [_public(info) for info in page],
        "total": len(infos),
        "offset": offset,
        "has_more": offset + len(page) < len(infos),
    }


def _public(info: ScenarioInfo) -> dict[str, Any]:
    """Without the path: it would tell a visitor about this machine's folders."""
    public = info.to_dict()
    del public["path"]
    return public


def info(served: ServedStore, name: str) -> dict[str, Any]:
    found = served.store.scenario_info(served.path(name).stem, log_entries=_LOG)
    return {"ok": True, **_public(found)}


def summary(served: ServedStore, name: str, samples: int) -> dict[str, Any]:
    found = served.store.get_summary(served.path(name).stem, samples=samples)
    return {"ok": True, **found.to_dict()}


def answer(served: ServedStore, name: str, asked: QueryArguments) -> QueryResult:
    """Raises what `Store.query_scenario` raises."""
    for other in asked.attach:
        served.path(other)
    return served.store.query_scenario(
        served.path(name).stem,
        asked.sql or "",
        params=all_typed(asked.parameters) or None,
        limit=asked.limit,
        offset=asked.offset,
        timeout=asked.timeout,
        attach=asked.attach,
    )


def json_answer(served: ServedStore, name: str, asked: QueryArguments) -> dict[str, Any]:
    """The same as JSON; the number of all rows is of the page's moment."""
    others = [served.path(other).stem for other in asked.attach]
    with served.store.moment(served.path(name).stem, attach=others):
        return {"ok": True, **answer(served, name, asked).to_dict()}


def scenario(served: ServedStore, name: str) -> dict[str, Any]:
    """A scenario's page, all of one moment: facts, questions, tables, cards, queries, log.

    And its statistics, unless they would keep the reader waiting: then None, and the page asks.
    """
    name = served.path(name).stem
    store = served.store
    with store.moment(name):
        found = store.scenario_info(name, log_entries=_LOG)
        counts = found.entity_counts
        order = {entity_type: position for position, entity_type in enumerate(counts)}
        types = sorted(store.registry(name), key=lambda one: order.get(one.name, 0))
        quick = found.total <= QUICK_ROWS or store.remembers_statistics(name)
        shown = statistics(served, name) if quick else None
        cards = _cards(served, name, [one for one in types if one.card and counts.get(one.name)])
    here = set(served.names())
    queries = served.descriptions().get(name, {}).get("queries", {})
    return {
        "name": name,
        "path": links.scenario(name),
        "info": found,
        "size": size(found.size),
        "parents": [(parent, parent in here) for parent in found.parents],
        "statistics": shown,
        "cards": cards,
        "tables": [
            {
                "name": entity_type.name,
                "label": entity_type.label,
                "description": entity_type.description,
                "count": counts.get(entity_type.name, 0),
            }
            for entity_type in types
        ],
        "questions": [
            {
                "path": links.table(name, query),
                "title": about["title"],
                "description": about.get("description"),
                "own": _is_own(served, name, query),
            }
            for query, about in queries.items()
            if "hide_sql" in about
        ],
        "questions_left_out": served.questions_left_out(name),
        "queries": [
            (links.table(name, query), about["title"])
            for query, about in queries.items()
            if "hide_sql" not in about
        ],
        "commands": _commands(served, name, types[0].name if types else "sqlite_master"),
        "log": found.log,
    }


def _is_own(served: ServedStore, name: str, query: str) -> bool:
    question = served.question(name, query)
    return question is not None and question.is_own


def statistics(served: ServedStore, name: str) -> dict[str, Any]:
    """The statistics by section, with charts; and what could not be computed."""
    name = served.path(name).stem
    with served.store.moment(name):
        told = served.store.get_summary(name, samples=0)
        charts = served.store.get_charts(name)
    sections: dict[str, list[dict[str, Any]]] = {}
    for answered in [*told.statistics.values(), *charts]:
        drawn = chart(answered)
        if drawn or answered.text:
            sections.setdefault(answered.section, []).append(
                {"label": answered.label, "text": answered.text, "chart": drawn}
            )
    return {"sections": sections, "omitted": told.omitted}


def _cards(served: ServedStore, name: str, types: Sequence[Any]) -> list[dict[str, Any]]:
    """A few entities of each type that has a card; one whose view does not work says so."""
    shown = []
    for entity_type in types:
        cards: list[dict[str, Any]] = []
        problem = None
        try:
            found = served.store.get_samples(name, entity_type.name, count=_SAMPLES)
        except HealthsimStoreError as error:
            found, problem = [], error.message
        for card in found:
            key, title, *lines = card.items()
            cards.append({
                "path": links.row(name, entity_type.name, str(key[1])),
                "title": title[1],
                "lines": [(line.replace("_", " "), value) for line, value in lines],
            })  # fmt: skip
        shown.append({"label": entity_type.label, "cards": cards, "problem": problem})
    return shown


def _commands(served: ServedStore, name: str, table: str) -> list[tuple[str, str]]:
    store = f" --store {_word(str(served.store.path))}"
    return [
        ("Summary", f"healthsim-store summary {_word(name)}{store}"),
        ("Query", f'healthsim-store query {_word(name)} "SELECT * FROM {table}"{store}'),
        ("Export as CSV", f"healthsim-store export {_word(name)} --format csv{store}"),
        ("Export as Parquet", f"healthsim-store export {_word(name)} --format parquet{store}"),
    ]


def _word(text: str) -> str:
    return shlex.quote(text)
