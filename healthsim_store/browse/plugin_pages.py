"""Pages that plugins bring, all below one path, so that none can hide a page of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from datasette.utils import tilde_decode
from datasette.utils.asgi import NotFound, Response

from ..base.faults import blamed_on
from ..plugins import installed
from . import arguments, links
from .served_store import ServedStore, find_served

ROUTE = r"/-/pages/(?P<page>[^/]+)$"


def linked_pages(served: ServedStore) -> dict[str, list[tuple[str, str]]]:
    """What the list of scenarios links to: by plugin, what a page is called, and its path."""
    pages: dict[str, list[tuple[str, str]]] = {}
    for plugin, page in () if served.is_partial else installed().owned("pages"):
        pages.setdefault(plugin, []).append((page.title or page.name, links.page(page.name)))
    return pages


async def plugin_page(datasette: Any, request: Any) -> Response:
    """What the function of the page returns: a text as HTML, anything else as JSON."""
    served = find_served(datasette)
    assert served is not None  # the route is there with a store only
    name = tilde_decode(request.url_vars["page"])
    answer = await asyncio.to_thread(_answer, served, name, arguments.read(request))
    if isinstance(answer, str):
        return Response.html(answer)
    text = json.dumps(answer, ensure_ascii=False, default=str)
    return Response(text, content_type="application/json; charset=utf-8")


def _answer(served: ServedStore, name: str, given: Mapping[str, str]) -> Any:
    found = {page.name: (plugin, page) for plugin, page in installed().owned("pages")}
    # A page sees the whole store, so it is not for those who may see some scenarios only.
    if name not in found or served.is_partial:
        raise NotFound(f"There is no page {name!r:.60}.")
    plugin, page = found[name]
    with blamed_on(plugin, f"page {name}"):
        return page.function(served.store, given)
