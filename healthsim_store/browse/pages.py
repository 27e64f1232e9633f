"""The pages and JSON answers that are not Datasette's own: list, scenario, query."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from datasette.utils import tilde_decode
from datasette.utils.asgi import AsgiStream, Response

from ..base.wording import call
from ..errors import HealthsimStoreError, InvalidArgument, InvalidValue, ScenarioNotFound
from ..schema.model import Question
from . import arguments, csv_answers, links, page_data
from .arguments import QueryArguments
from .error_answers import ErrorAnswer, explain
from .metadata import query_name
from .plugin_pages import ROUTE, linked_pages, plugin_page
from .question_form import make_fields
from .served_store import ServedStore, find_served

View = Callable[..., Awaitable[Response | AsgiStream]]


async def index(datasette: Any, request: Any) -> Response:
    """All scenarios, filtered by ``?tag=`` and ``?q=``."""
    served, wanted = _store_of(datasette), arguments.read(request)
    listed = await asyncio.to_thread(page_data.listing, served, wanted.get("tag"), wanted.get("q"))
    listed["pages"] = linked_pages(served)
    return await _page(datasette, request, "scenarios.html", listed)


async def listing(datasette: Any, request: Any) -> Response:
    """The list as JSON, in pages of ``?size=`` from ``?offset=`` on."""
    served, wanted = _store_of(datasette), arguments.read(request)
    size = arguments.number(wanted, "size", 100, least=1, most=1_000)
    offset = arguments.number(wanted, "offset", 0, least=0, most=10**9)
    answer = await asyncio.to_thread(
        page_data.json_listing, served, wanted.get("tag"), wanted.get("q"), size, offset
    )
    for one in answer["scenarios"]:
        one["url"] = datasette.urls.path(links.scenario(one["name"]))
    return Response.json(answer)


async def state(datasette: Any, request: Any) -> Response:
    """A mark that changes when a scenario appears, changes or goes; an open page asks for it."""
    mark = await asyncio.to_thread(page_data.state, _store_of(datasette))
    return Response.json({"state": mark}, headers={"cache-control": "no-store"})


async def scenario(datasette: Any, request: Any, send: Any) -> Response | None:
    """One scenario; any other database is Datasette's own page."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    if name in datasette.databases and name not in served:
        return await _of_datasette(datasette, request, send)
    if request.args.get("sql"):
        query = datasette.urls.path(f"{links.scenario(name)}/-/query")
        return Response.redirect(f"{query}?{request.query_string}")
    told = await asyncio.to_thread(page_data.scenario, served, name)
    return await _page(datasette, request, "scenario.html", told)


async def csv(datasette: Any, request: Any, send: Any) -> Response | None:
    """Of a database Datasette makes CSV of a query's rows, and of a scenario nothing."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    if name in datasette.databases and name not in served:
        return await _of_datasette(datasette, request, send, "csv")
    path = await asyncio.to_thread(served.path, name)
    raise ScenarioNotFound(
        f"There is no CSV of all of {path.stem}.",
        hint=f"There is one of each table, {links.table(path.stem, 'TABLE')}.csv, and"
        f" {call('export_scenario', path)} gives them all.",
    )


async def _of_datasette(
    datasette: Any, request: Any, send: Any, format: str | None = None
) -> Response | None:
    # Imported here: it loads Datasette's plugins, of which this is one, still half-loaded.
    from datasette.views.database import DatabaseView

    request.url_vars["format"] = format  # of its own route
    shown: Response | None = await DatabaseView.as_view(datasette)(request, send)
    return shown


async def statistics(datasette: Any, request: Any) -> Response:
    """The statistics as a page, from which the page of a large scenario takes them."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    found = await asyncio.to_thread(page_data.statistics, served, name)
    told = {"scenario": name, "path": links.scenario(name), "statistics": found}
    return await _page(datasette, request, "statistics.html", told)


async def info(datasette: Any, request: Any) -> Response:
    """Everything known of a scenario, with its log."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    told = await asyncio.to_thread(page_data.info, served, name)
    return Response.json(told | {"url": datasette.urls.path(links.scenario(told["name"]))})


async def summary(datasette: Any, request: Any) -> Response:
    """The summary, as `get_summary` gives it, with ``?samples=`` of each entity type."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    samples = arguments.number(arguments.read(request), "samples", 3, least=0, most=20)
    return Response.json(await asyncio.to_thread(page_data.summary, served, name, samples))


async def query(datasette: Any, request: Any) -> Response:
    """A form and the rows of its SELECT."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    asked = QueryArguments.of(request)
    await asyncio.to_thread(served.path, name)
    told: dict[str, Any] = {"scenario": name, "asked": asked, "path": links.scenario(name)}
    status = 200
    if asked.sql is not None:
        try:
            told["page"] = await asyncio.to_thread(page_data.answer, served, name, asked)
        except HealthsimStoreError as error:
            told["error"] = explain(error)
            status = told["error"].status
    return await _page(datasette, request, "query.html", told, status=status)


async def json_query(datasette: Any, request: Any) -> Response:
    """The rows as JSON, with ``total`` and ``has_more``."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    asked = QueryArguments.of(request)
    if asked.sql is None:
        raise InvalidArgument("There is no statement.", hint="Give ?sql=SELECT ...")
    return Response.json(await asyncio.to_thread(page_data.json_answer, served, name, asked))


async def csv_query(datasette: Any, request: Any) -> AsgiStream:
    """The rows of a SELECT as CSV: all, unless the address has a limit."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    asked = QueryArguments.of(request)
    if asked.sql is None:
        raise InvalidArgument("There is no statement.", hint="Give ?sql=SELECT ...")
    limited = "limit" in arguments.read(request)
    kept = await asyncio.to_thread(csv_answers.of_query, served, name, asked, limited=limited)
    return csv_answers.response(kept, f"{name}-query")


async def csv_question(datasette: Any, request: Any) -> AsgiStream:
    """All rows of a question or statistic as CSV."""
    served, name = _store_of(datasette), tilde_decode(request.url_vars["database"])
    query = tilde_decode(request.url_vars["question"])
    meant = served.question_called(name, query)
    query = query_name(meant) if meant is not None else query
    kept = await asyncio.to_thread(
        csv_answers.of_question, served, name, query, request.query_string, arguments.SECONDS
    )
    return csv_answers.response(kept, f"{name}-{query}")


async def failure(datasette: Any, request: Any, error: ErrorAnswer) -> Response:
    """The error as JSON where JSON was asked for, else as a page."""
    if request.path.endswith(".json") or "application/json" in request.headers.get("accept", ""):
        return Response.json(error.to_dict(), status=error.status)
    told: dict[str, Any] = {"error": error}
    name = tilde_decode(request.url_vars.get("database", ""))
    served, asked = _store_of(datasette), arguments.table_of(request)
    meant = served.question_called(name, asked) if error.status == 404 else None
    if meant is not None:
        # Its page is called after its product too; its own name, as everywhere else, leads there.
        path = datasette.urls.path(links.table(name, query_name(meant)))
        format = request.url_vars.get("format")
        path = f"{path}.{format}" if format else path
        return Response.redirect(f"{path}?{request.query_string}".rstrip("?"))
    question = served.question(name, asked)
    if question is not None and error.code == InvalidValue.code:
        told["form"] = form(datasette, name, question, arguments.read(request))
    return await _page(datasette, request, "error.html", told, status=error.status)


def form(datasette: Any, name: str, question: Question, given: Mapping[str, str]) -> dict[str, Any]:
    """A question's form, for its template: where it leads to, and its fields."""
    path = datasette.urls.path(links.table(name, query_name(question)))
    return {"title": question.label, "path": path, "fields": make_fields(question, given)}


async def _page(
    datasette: Any, request: Any, template: str, told: dict[str, Any], *, status: int = 200
) -> Response:
    html = await datasette.render_template(
        f"healthsim_store/{template}", told | {"links": links}, request=request
    )
    return Response.html(html, status=status)


def _store_of(datasette: Any) -> ServedStore:
    served = find_served(datasette)
    assert served is not None  # the routes are there only with one
    return served


ROUTES: list[tuple[str, View]] = [
    (r"/$", index),
    (r"/-/scenarios\.json$", listing),
    (r"/-/scenarios/state\.json$", state),
    (ROUTE, plugin_page),
    (r"/(?P<database>[^/.]+)$", scenario),
    (r"/(?P<database>[^/.]+)\.csv$", csv),
    (r"/(?P<database>[^/.]+)/-/statistics$", statistics),
    (r"/(?P<database>[^/.]+)/-/info\.json$", info),
    (r"/(?P<database>[^/.]+)/-/summary\.json$", summary),
    (r"/(?P<database>[^/.]+)/-/query$", query),
    (r"/(?P<database>[^/.]+)/-/query\.json$", json_query),
    (r"/(?P<database>[^/.]+)/-/query\.csv$", csv_query),
    (r"/(?P<database>[^/.]+)/-/questions/(?P<question>[^/.]+)\.csv$", csv_question),
]


def has_route(path: str) -> bool:
    """Whether a path is one of these pages, not one of Datasette's own."""
    return any(re.match(pattern, path) for pattern, _ in ROUTES)
