"""The hooks that a plugin may implement. Each returns a list of values.

The docstrings are printed in docs/plugins.md, where a test runs their examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from .additions import Check, Page, Tool
    from .exchange.formats import Exporter, Importer
    from .generation.profile import Profile
    from .schema.product import Product
    from .standards.standard import Standard

hookspec = pluggy.HookspecMarker("healthsim_store")
hookimpl = pluggy.HookimplMarker("healthsim_store")


@hookspec
def healthsim_store_products() -> list[Product]:
    """Products: sets of entity types, each declared in the .sql files of one folder.

    One package may bring several:

        @hookimpl
        def healthsim_store_products():
            return [Product.from_package("my_product.devices", name="devices")]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_importers() -> list[Importer]:
    """Formats that `import` reads.

    ``read(source)`` yields pairs of an entity type and rows. Rows are dicts, or an Arrow table.
    Where the entity type is None, the name of the file says what the rows are. ``source.text()``
    and ``source.open()`` open it, ``source.path`` is None for standard input.

    ``read_folder(folder)`` reads a folder whole: the user gives the folder and the format's name.
    ``folder.files()`` are the files with an ending of the importer, each a source as above;
    ``folder.files("**/*.xml")`` are those that have such a name, in folders below too. An importer
    may have both functions, and gets no file that has a longer ending of another format.

    What is not taken over is told by ``source.skip(rows, reason)`` or ``folder.skip(rows,
    reason)``; the reply shows it, by file and reason.

    ``source.reading`` says how the user wants files to be read. `Importer` has in ``reading`` the
    names of those options that it obeys; one that no file can obey is refused. Without it they are
    ``encoding`` and ``compression``, which ``source.text()`` and ``source.open()`` obey, and
    ``columns``. Null words, the signs of numbers and the formats of dates need nothing of it.

    ``options`` are what a user may choose, by ``--set`` and ``options``: each a ``Parameter`` of a
    type as in questions.sql. What was chosen arrives checked, in ``source.options`` or
    ``folder.options``; an option without a default is None.

        import json

        from healthsim_store import Parameter


        def read_geojson(source):
            with source.text() as text:
                yield None, [feature["properties"] for feature in json.load(text)["features"]]


        def read_ward(folder):
            devices = []
            for file in folder.files():
                with file.text() as lines:
                    for udi, _, kind in (line.strip().partition(":") for line in lines):
                        if folder.options["kind"] not in (None, kind):
                            file.skip(1, "of another kind than was asked for")
                        elif kind in ("implant", "pump"):
                            devices.append({"udi": udi, "kind": kind})
                        else:
                            file.skip(1, "of no known kind")
            yield "devices", devices


        @hookimpl
        def healthsim_store_importers():
            kind = Parameter("kind", "choice", values=("implant", "pump"))
            return [
                Importer("geojson", (".geojson",), read_geojson),
                Importer("ward", (".ward",), read_folder=read_ward, options=(kind,)),
            ]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_exporters() -> list[Exporter]:
    """Formats that `export` writes.

    ``write(table, path)`` makes the file of one entity type. ``table.entity_type`` has the columns
    as they are exported. The rows come as Arrow batches, in bounded memory: ``table.typed()`` in
    the declared types (``table.schema``), ``table.texts()`` with dates and timestamps as text,
    ``table.batches()`` as they are stored.

    ``write_all(scenario, folder)``, in its place, makes files of any names, also in folders below
    (``notes/a.txt``), and yields a ``WrittenFile`` of each. ``scenario.entity_types`` are those to
    export, by name, and ``scenario.table(name)`` is one of them, as above.
    ``scenario.select(sql, parameters)`` is the rows of a SELECT that may join all tables; it can
    only read, in bounded memory. What was told
    is compared with what is there: every file, the rows of .csv, .tsv, .ndjson, .jsonl and
    .parquet (a CSV may have a header), and those of a file that is told to be of one entity type.
    ``copy(source, path)`` makes one file of the whole; ``source`` is a private copy of the
    scenario's file.

    ``takes`` are the names of the entity types that the format has a place for, or a function
    that says it of an ``EntityType``; the reply tells what was left out. ``options`` are what a
    user may choose, by ``--set`` and ``options``: each a ``Parameter`` of a type as in
    questions.sql. What was chosen arrives checked, in ``table.options`` or ``scenario.options``;
    an option without a default is None. ``title``, ``mediatype``, ``encoding`` and ``loading``
    (the lines of code that read the files) are optional.

    The export appears whole or not at all; `export` itself writes datapackage.json and the reply.
    With ``--drop-sensitive`` the columns are not in ``entity_types``, and NULL in a SELECT.

        import json

        import pyarrow as pa

        from healthsim_store import Parameter, WrittenFile


        def write_arrow(table, path):
            with pa.ipc.new_file(path, table.schema) as file:
                for batch in table.typed():
                    file.write_batch(batch)


        def write_kinds(scenario, folder):
            kinds = scenario.select("SELECT kind, udi FROM devices ORDER BY kind, udi")
            written = 0
            with open(folder / "kinds.ndjson", "w") as file:
                for kind, udi in kinds:
                    if kind == (scenario.options["kind"] or kind):
                        file.write(json.dumps([kind, udi]) + "\\n")
                        written += 1
            yield WrittenFile("kinds.ndjson", written)


        @hookimpl
        def healthsim_store_exporters():
            kind = Parameter("kind", "choice", values=("implant", "pump"))
            return [
                Exporter("arrow", ".arrow", write=write_arrow, title="Arrow"),
                Exporter("kinds", write_all=write_kinds, takes=("devices",), options=(kind,)),
            ]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_profiles() -> list[Profile]:
    """Profiles: recipes that `generate` follows, one SQL file each in the folder ``profiles``.

    They may make entity types that another plugin declares. See docs/profiles.md.

        from healthsim_store import Profile


        @hookimpl
        def healthsim_store_profiles():
            return Profile.all_from_package(__name__)
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_commands() -> list[click.Command]:
    """Further commands of the command line.

    Import slow modules inside the function, so that ``--help`` stays quick.

        import click


        @click.command()
        @click.argument("scenario")
        def count(scenario):
            \"\"\"How many entities a scenario has.\"\"\"
            from healthsim_store import scenario_info

            click.echo(scenario_info(scenario).total)


        @hookimpl
        def healthsim_store_commands():
            return [count]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_checks() -> list[Check]:
    """Checks in Python, for rules that the SQL of checks.sql cannot express.

    ``find(query, scenario)`` yields a text for each error. ``query`` asks one SELECT, read-only.

        from healthsim_store import Check


        def find_bad_udis(query, scenario):
            for row in query("SELECT udi FROM devices"):
                if not row["udi"].startswith("U-"):
                    yield f"{row['udi']} is no UDI"


        @hookimpl
        def healthsim_store_checks():
            return [Check("udi", find_bad_udis, entity_types=["devices"])]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_tools() -> list[Tool]:
    """Tools for a language model, which the MCP server has beside its own.

    The function gets the store and the arguments of the call; an error of healthsim-store's is told
    as its own tools tell it. The types of the arguments are written beside them.

        from healthsim_store import Tool


        def device_kinds(store, scenario: str) -> dict[str, int]:
            \"\"\"How many devices of each kind a scenario has.\"\"\"
            sql = "SELECT kind, count(*) AS n FROM devices GROUP BY kind ORDER BY kind"
            return {row["kind"]: row["n"] for row in store.query_scenario(scenario, sql).rows}


        @hookimpl
        def healthsim_store_tools():
            return [Tool("device_kinds", device_kinds)]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_pages() -> list[Page]:
    """Pages of `serve`, each at ``/-/pages/NAME``: HTML where a text is returned, else JSON.

    The list of scenarios links to each, by its ``title`` or name. The function gets the store and
    the arguments of the address. It escapes what it puts into HTML.

        from healthsim_store import Page


        def totals(store, arguments):
            return {info.name: info.total for info in store.list_scenarios()}


        @hookimpl
        def healthsim_store_pages():
            return [Page("totals.json", totals, title="Entities by scenario")]
    """
    raise AssertionError("a specification is never called")


@hookspec
def healthsim_store_standards() -> list[Standard]:
    """Standards that `export` writes and `import` reads, each a folder in the folder ``standards``.

    ``standards/NAME/standard.sql`` says what it is and how it is written, and each other file is
    one dataset: its layout, the SELECTs that fill it, and those that read it. A folder without a
    standard.sql adds datasets, or SELECTs, to a standard of another plugin. See docs/standards.md.

        from healthsim_store import Standard


        @hookimpl
        def healthsim_store_standards():
            return Standard.all_from_package(__name__)
    """
    raise AssertionError("a specification is never called")
