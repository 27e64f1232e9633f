"""The Datasette plugin: it shows the scenarios of a store, and does nothing without one.

`healthsim-store serve` gives it one. Any Datasette does, by its configuration of plugins:
``healthsim-store: {store: FOLDER}``, with ``scenarios: [NAME, ...]`` to show only some. Here
are the hooks only; the other modules of the package do the work.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response
from markupsafe import Markup

from ...base.sql import quoted
from ...base.wording import BROWSER, at
from .. import (
    arguments,
    csv_answers,
    error_answers,
    links,
    no_rows,
    pages,
    request_checks,
    request_moment,
    timeline,
)
from ..question_form import filled_sql
from ..served_store import find_served, make_served

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    return pages.ROUTES if make_served(datasette) else []


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Asgi], Asgi]:
    """Before each request, the databases become what the folder holds at that moment."""
    served = make_served(datasette)

    def wrap(app: Asgi) -> Asgi:
        if served is None:
            return app

        async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                refused = request_checks.refuse(scope, loopback=served.loopback)
                if refused is not None:
                    await _read(receive)
                    await refused.asgi_send(send)
                    return
                path = _below(datasette.setting("base_url"), request_checks.raw_path(scope))
                canonical = await asyncio.to_thread(served.canonical_path, path)
                if canonical is not None:
                    asked = scope.get("query_string", b"").decode("ascii", "replace")
                    whole = f"{canonical}?{asked}" if asked else canonical
                    await Response.redirect(datasette.urls.path(whole)).asgi_send(send)
                    return
                database = await asyncio.to_thread(served.refresh, path)
                await served.publish(datasette)
                if not path.startswith("/-/static"):
                    send = _fresh(send)
                if database is not None:
                    scope, path = csv_answers.lead(scope, path, database.description)
                # Our own pages have a moment of the store's: a second one would wait for a writer
                # that waits for the first.
                with (
                    request_moment.begin(None if pages.has_route(path) else database),
                    at(BROWSER, ()),
                ):
                    await app(scope, receive, send)
                return
            await app(scope, receive, send)

        return serve

    return wrap


def _fresh(send: Any) -> Any:
    """Tell the browser to keep no page: the scenario may change or be deleted meanwhile.

    All was read by now (but for a streamed CSV), so no writer has to wait for the network.
    """

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            request_moment.end()
            headers = list(message.get("headers") or ())
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                message = {**message, "headers": [*headers, (b"cache-control", b"no-cache")]}
        await send(message)

    return sending


def _below(base: str, path: str) -> str:
    """The path without Datasette's ``base_url``, as its routes see it."""
    return f"/{path.removeprefix(base)}" if base != "/" and path.startswith(base) else path


async def _read(receive: Any) -> None:
    """Read the request's body, up to a limit.

    With a body that was not read, the connection would be reset and the sender get no answer.
    """
    for _ in range(64):
        if not (await receive()).get("more_body"):
            return


@hookimpl
def startup(datasette: Any) -> None:
    served = find_served(datasette)
    if served is not None:
        served.prepare(datasette)


@hookimpl(optionalhook=True)
def get_metadata(datasette: Any) -> dict[str, Any]:
    served = find_served(datasette)
    return {"databases": served.descriptions()} if served else {}


@hookimpl(optionalhook=True)
def permission_allowed(datasette: Any, action: str, resource: Any) -> bool | None:
    """A visitor's SQL never runs on Datasette's own connections; ``/-/query`` is for it."""
    served = find_served(datasette)
    if served is not None and action == "execute-sql" and resource in served:
        return False
    return None


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    return [links.static("browse.css")] if find_served(datasette) else []


@hookimpl
def extra_js_urls(datasette: Any) -> list[dict[str, Any]]:
    return [{"url": links.static("access.js"), "module": True}] if find_served(datasette) else []


@hookimpl
def extra_template_vars(
    template: str, database: str | None, table: str | None, request: Any, datasette: Any
) -> Any:
    served = find_served(datasette)
    if served is None or database is None or database not in served:
        return {}
    is_query = template.startswith("query")
    question = served.question(database, arguments.table_of(request)) if is_query else None
    asks_note = question is not None and no_rows.has_note(question)
    if template != "row.html" and not asks_note:
        request_moment.end()  # all was read, and the template is rendered now
    if is_query:
        sql = served.question_sql(database, arguments.table_of(request))
        # Datasette has this link only where its own connections may run anybody's SQL.
        given = arguments.read(request)
        told: dict[str, Any] = {"healthsim": True}
        if question is not None:
            told["healthsim_form"] = pages.form(datasette, database, question, given)
            sql = filled_sql(question, given)
        href = datasette.urls.path(links.query(database, sql, given))
        told |= {"edit_sql_url": href} if sql else {}
        if question is None or not asks_note:
            return told
        read_note = no_rows.note(question, given)

        async def of_question() -> dict[str, Any]:
            note = await datasette.get_database(database).read(read_note)
            request_moment.end()
            return told | {"healthsim_note": note}

        return of_question
    if table is None:
        return {}
    described = served.descriptions()[database]["tables"].get(table, {})
    told = {
        # Datasette would print the columns' descriptions above the rows, page after page.
        "metadata": {name: value for name, value in described.items() if name != "columns"},
        "healthsim_columns": described.get("columns", {}),
    }
    if template != "row.html":
        return told

    async def of_row() -> dict[str, Any]:
        key = arguments.key_of(request)
        events = await datasette.get_database(database).read(
            lambda sandbox: timeline.read(sandbox, table, key)
        )
        request_moment.end()
        return told | {
            "healthsim_timeline": events,
            "custom_table_templates": ["healthsim_store/_row.html"],
        }

    return of_row


@hookimpl
def filters_from_request(request: Any, database: str, table: str, datasette: Any) -> Any:
    """No filters of ours: a filter by a column that is not there is refused.

    Datasette would compare the name of the column, as a text, and show no rows.
    """
    served = find_served(datasette)
    if served is None or database not in served:
        return None

    async def checked() -> None:
        found = await datasette.get_database(database).table_columns(table)
        if not found:  # Datasette tells of a table that is not there, and 0.65 gives views none
            sql = f"SELECT * FROM {quoted(table)} LIMIT 0"
            found = (await datasette.get_database(database).execute(sql)).columns
        arguments.check_filters(request.args, table, found)

    return checked


@hookimpl
def render_cell(
    value: Any, column: str, table: str | None, database: str, datasette: Any
) -> Markup | None:
    """A reference is a link, also on one entity's page and into another product.

    Where Datasette looked the label up, ``value`` is a dict, and the link is its own.
    """
    served = find_served(datasette)
    if served is None or table is None or not isinstance(value, str):
        return None
    parent = served.referenced_type(database, table, column)
    if parent is None:
        return None
    href = datasette.urls.path(links.row(database, parent, value))
    return Markup('<a href="{}">{}</a>').format(href, value)


@hookimpl
def table_actions(datasette: Any, database: str, table: str) -> list[dict[str, str]]:
    served = find_served(datasette)
    if served is None or database not in served:
        return []
    href = links.query(database, f"SELECT * FROM {quoted(table)}")
    return [{"href": datasette.urls.path(href), "label": "Query this table in SQL"}]


@hookimpl(hookwrapper=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Iterator[None]:
    """What the store, SQLite or Datasette says, as a page or as JSON.

    In place of Datasette's own handler, which prints a traceback of a page that is merely missing.
    That of a bug is printed here too.
    """
    outcome: Any = yield
    if find_served(datasette) is not None:
        if not error_answers.is_known(exception):
            traceback.print_exception(exception)

        async def told() -> Response:
            return await pages.failure(datasette, request, error_answers.explain(exception))

        outcome.force_result([told])
