"""Settings of tables, and queries, for Datasette 1.0. Datasette 0.65 gets them by a hook."""

from __future__ import annotations

from typing import Any

_SETTINGS = ("label_column", "sort", "facets", "hidden")


async def configure(datasette: Any, name: str, description: dict[str, Any]) -> None:
    """Set what Datasette knows of a database that was added or has changed.

    ``description`` is what `describe_database` gives.
    """
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
            # The SQL is from the file. It runs on the guarded connection like any other.
            is_trusted=True, source="healthsim-store",
        )  # fmt: skip


async def remove(datasette: Any, name: str) -> None:
    """Remove all settings of a database that is gone, for another may get its name."""
    (datasette.config or {}).get("databases", {}).pop(name, None)
    for query in await _queries(datasette, name):
        await datasette.remove_query(name, query, source="healthsim-store")


async def _queries(datasette: Any, name: str) -> list[str]:
    page = await datasette.list_queries(name, limit=1_000)
    return [query.name for query in getattr(page, "queries", page)]
