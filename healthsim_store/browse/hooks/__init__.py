"""Datasette over living scenarios: a plugin that does nothing unless it is given a store.

`healthsim-store serve` gives it one. Any Datasette does, by its configuration of plugins:
``healthsim-store: {store: FOLDER}``, with ``scenarios: [NAME, ...]`` to show only some. This file
is the hooks; each hands on to the room whose thought it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response
from markupsafe import Markup

from ...base.sql import quoted
from .. import error_answers, links, pages, timeline
from ..served_store import served_by, shelf_of

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    return pages.ROUTES if shelf_of(datasette) else []


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Asgi], Asgi]:
    """Before each request, the databases become what the folder holds at that moment."""
    shelf = shelf_of(datasette)

    def wrap(app: Asgi) -> Asgi:
        if shelf is None:
            return app

        async def living(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                refused = error_answers.of_request(scope, loopback=shelf.loopback)
                if refused is not None:
                    await _read(receive)
                    await refused.asgi_send(send)
                    return
                path = _below(datasette.setting("base_url"), error_answers.raw_path(scope))
                spelled = await asyncio.to_thread(shelf.spelled, path)
                if spelled is not None:
                    arguments = scope.get("query_string", b"").decode("ascii", "replace")
                    whole = f"{spelled}?{arguments}" if arguments else spelled
                    await Response.redirect(datasette.urls.path(whole)).asgi_send(send)
                    return
                await asyncio.to_thread(shelf.look, path)
                await shelf.show(datasette)
                if not path.startswith("/-/static"):
                    send = _fresh(send)
            await app(scope, receive, send)

        return living

    return wrap


def _fresh(send: Any) -> Any:
    """No page may be kept: the scenario changes, or is gone, meanwhile."""

    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers") or ())
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                message = {**message, "headers": [*headers, (b"cache-control", b"no-cache")]}
        await send(message)

    return sending


def _below(base: str, path: str) -> str:
    """The path without what all pages of this Datasette lie below, as its routes see it."""
    return f"/{path.removeprefix(base)}" if base != "/" and path.startswith(base) else path


async def _read(receive: Any) -> None:
    """What was sent along, if it is not endless: unread, it would reset the connection, and the
    sender would not get the answer."""
    for _ in range(64):
        if not (await receive()).get("more_body"):
            return


@hookimpl
def startup(datasette: Any) -> None:
    shelf = served_by(datasette)
    if shelf is not None:
        shelf.take_over(datasette)


@hookimpl(optionalhook=True)
def get_metadata(datasette: Any) -> dict[str, Any]:
    shelf = served_by(datasette)
    return {"databases": shelf.descriptions()} if shelf else {}


@hookimpl(optionalhook=True)
def permission_allowed(datasette: Any, action: str, resource: Any) -> bool | None:
    """Nobody's SQL runs on Datasette's own connections: there is ``/-/query`` for it."""
    shelf = served_by(datasette)
    if shelf is not None and action == "execute-sql" and resource in shelf:
        return False
    return None


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    return [links.static("browse.css")] if served_by(datasette) else []


@hookimpl
def extra_js_urls(datasette: Any) -> list[dict[str, Any]]:
    return [{"url": links.static("access.js"), "module": True}] if served_by(datasette) else []


@hookimpl
def extra_template_vars(
    template: str, database: str | None, table: str | None, request: Any, datasette: Any
) -> Any:
    shelf = served_by(datasette)
    if shelf is None or database is None or database not in shelf:
        return {}
    if template.startswith("query"):
        sql = shelf.question(database, links.table_of(request))
        # Datasette has this link only where its own connections may run anybody's SQL.
        href = datasette.urls.path(links.query(database, sql, links.arguments(request)))
        return {"healthsim": True} | ({"edit_sql_url": href} if sql else {})
    if table is None:
        return {}
    described = shelf.descriptions()[database]["tables"].get(table, {})
    told = {
        # Datasette would print the columns' descriptions above the rows, page after page.
        "metadata": {name: value for name, value in described.items() if name != "columns"},
        "healthsim_columns": described.get("columns", {}),
    }
    if template != "row.html":
        return told

    async def of_row() -> dict[str, Any]:
        key = timeline.key_of(request)
        events = await asyncio.to_thread(timeline.read, shelf.store, database, table, key)
        return told | {
            "healthsim_timeline": events,
            "custom_table_templates": ["healthsim_store/_row.html"],
        }

    return of_row


@hookimpl
def render_cell(
    value: Any, column: str, table: str | None, database: str, datasette: Any
) -> Markup | None:
    """A reference is a link, also on one entity's page and into another product.

    Where Datasette looked the label up, ``value`` is a dict, and the link is its own.
    """
    shelf = served_by(datasette)
    if shelf is None or table is None or not isinstance(value, str):
        return None
    parent = shelf.reference(database, table, column)
    if parent is None:
        return None
    href = datasette.urls.path(links.row(database, parent, value))
    return Markup('<a href="{}">{}</a>').format(href, value)


@hookimpl
def table_actions(datasette: Any, database: str, table: str) -> list[dict[str, str]]:
    shelf = served_by(datasette)
    if shelf is None or database not in shelf:
        return []
    href = links.query(database, f"SELECT * FROM {quoted(table)}")
    return [{"href": datasette.urls.path(href), "label": "Query this table in SQL"}]


@hookimpl(hookwrapper=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Iterator[None]:
    """What the store, SQLite or Datasette says, as a page or as JSON.

    In place of Datasette's own handler, which prints a traceback of a page that is merely missing.
    """
    outcome: Any = yield
    if served_by(datasette) is not None and error_answers.is_known(exception):

        async def told() -> Response:
            return await pages.failure(datasette, request, error_answers.explained(exception))

        outcome.force_result([told])
