"""What Datasette 1.0 has to be told, where 0.65 asks a hook: settings of tables, and queries."""

from __future__ import annotations

from typing import Any

_SETTINGS = ("label_column", "sort", "facets", "hidden")


async def tell(datasette: Any, name: str, description: dict[str, Any]) -> None:
    """Describe a database that was added or has changed, in place of what was told before."""
    datasette.config = datasette.config or {}
    datasette.config.setdefault("databases", {})[name] = {
        "tables": {
            table: {key: about[key] for key in _SETTINGS if key in about}
            for table, about in description["tables"].items()
        }
    }
    for query, about in description["queries"].items():
        await datasette.add_query(
            name, query, about["sql"], title=about["title"],
            description=about.get("description"), parameters=about.get("params"),
            hide_sql=about.get("hide_sql", False),
            # It is the file's own question; it runs on the guarded connection like any other.
            is_trusted=True, source="healthsim-store",
        )  # fmt: skip


async def forget(datasette: Any, name: str) -> None:
    """Of a database that is gone nothing stays, for another may get its name."""
    (datasette.config or {}).get("databases", {}).pop(name, None)
    for query in await _queries(datasette, name):
        await datasette.remove_query(name, query, source="healthsim-store")


async def _queries(datasette: Any, name: str) -> list[str]:
    page = await datasette.list_queries(name, limit=1_000)
    return [query.name for query in getattr(page, "queries", page)]
