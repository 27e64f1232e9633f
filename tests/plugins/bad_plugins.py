"""Plugins that are broken, that clash with the core or with each other, or that make a noise."""

from __future__ import annotations

from pathlib import Path

from conftest import install

HOOK = """
import click
from healthsim_store import Exporter, Importer, Product, Profile, hookimpl

@hookimpl
def healthsim_store_{kind}():
    {body}
"""
PRODUCT = """
from healthsim_store import Product, hookimpl

@hookimpl
def healthsim_store_products():
    return [Product.from_package(__name__, name="{name}")]
"""
TABLE = "-- Things of {0}\nCREATE TABLE {0}_things (thing_id VARCHAR PRIMARY KEY);\n"
ENDLESS = (
    "CREATE VIEW for_ever AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
    " SELECT count(*) AS n FROM r;\n"
)


def hook(kind: str, body: str) -> dict[str, str]:
    return {"__init__.py": HOOK.format(kind=kind, body=body)}


def product(name: str, schema: str = "", **files: str) -> dict[str, str]:
    written = {"__init__.py": PRODUCT.format(name=name), "schema.sql": TABLE.format(name) + schema}
    return written | {file.replace("_", "."): text for file, text in files.items()}


#: Each with a piece of the reason why it is left out.
BAD: dict[str, tuple[dict[str, str], str]] = {
    "b_exit": ({"__init__.py": "raise SystemExit(3)"}, "SystemExit: 3"),
    "b_interrupt": ({"__init__.py": "raise KeyboardInterrupt"}, "KeyboardInterrupt"),
    "b_own": (
        {"__init__.py": "class Own(BaseException):\n    def __str__(self):\n        raise self\n"
                        "raise Own"},
        "Own: its text cannot be had",
    ),
    "b_syntax": ({"__init__.py": "def f(:"}, "SyntaxError: "),
    "b_import": ({"__init__.py": "import not_there_at_all"}, "ModuleNotFoundError: "),
    "b_misspelt": (
        {"__init__.py": "from healthsim_store import hookimpl\n@hookimpl\n"
                        "def healthsim_store_product():\n    return []\n"},
        "unknown hook 'healthsim_store_product'",
    ),
    "b_text": (
        hook("products", "return 'things'"),
        "healthsim_store_products returns a str, not a list of Product",
    ),
    "b_dict": (
        hook("importers", "return {'a': Importer('a', ('.a',), print)}"),
        "healthsim_store_importers returns a dict, not a list of Importer",
    ),
    "b_alone": (
        hook("exporters", "return Exporter('alone', '.alone', write=print)"),
        "healthsim_store_exporters returns a Exporter, not a list of Exporter",
    ),
    "b_none": (
        hook("profiles", "pass"), "healthsim_store_profiles returns None, not a list of Profile"
    ),
    "b_lambda": (
        hook("commands", "return [lambda: 0]"),
        "healthsim_store_commands, item 1: a function is not a click.Command",
    ),
    "b_nameless": (
        hook("commands", "return [click.Command(None)]"),
        "healthsim_store_commands, item 1: its name is None",
    ),
    "b_help": (
        hook("commands", "return [click.Command('fine'), click.Command('helpless', help=5)]"),
        "AttributeError: ",
    ),
    "b_number": (
        hook("importers", "return [Importer(5, ('.five',), print)]"),
        "healthsim_store_importers, item 1: its name is 5",
    ),
    "b_suffix": (
        hook("importers", "return [Importer('letters', '.csv', print)]"),
        "item 1: letters: suffixes is '.csv', not a tuple such as (\".csv\",)",
    ),
    "b_generator": (
        hook("exporters", "yield Exporter('half', '.half', write=print)\n    1 / 0"),
        "ZeroDivisionError: division by zero",
    ),
    "b_flood": (
        hook("exporters", "while True:\n        yield Exporter('half', '.half', write=print)"),
        "healthsim_store_exporters gives more than 1,000 items",
    ),
    "b_bytes": (
        hook("products", "return [Product('bytes', '1.0', b'CREATE TABLE t (a TEXT)')]"),
        "item 1: bytes: schema is a bytes, not a text",
    ),
    "b_endless": (
        product("endless", ENDLESS), "endless/schema.sql, line 3: it does not end"
    ),
    "b_deletes": (
        product("deletes", summary_sql="-- X @name x @section S @show {n}\n"
                "DELETE FROM deletes_things RETURNING 1 AS n;"),
        "deletes/summary.sql",
    ),
    "b_stores": (
        hook("products", "import healthsim_store\n"
             "    healthsim_store.persist({'owners': []}, scenario='from-a-hook')\n"
             "    return []"),
        "it uses a store while it is loaded, which loads the plugins",
    ),
    "c_command": (
        hook("commands", "return [click.Command('summary')]"),
        "claims the command summary, which core has",
    ),
    "c_format": (
        hook("importers", "return [Importer('csv', ('.csv',), print)]"),
        "claims the format csv, which core has",
    ),
    "c_export": (
        hook("exporters", "return [Exporter('csv', '.csv', write=print)]"),
        "claims the export format csv, which core has",
    ),
    "c_left": (
        product("left", TABLE.format("shared")),
        "claims the entity type shared_things, as c_right does",
    ),
    "c_right": (
        product("right", TABLE.format("shared")),
        "claims the entity type shared_things, as c_left does",
    ),
    "core": ({"__init__.py": ""}, "claims the plugin core, which core has"),
}  # fmt: skip

#: Not left out: it brings nothing, and what it does to the process is undone.
NOISY = """
import os, signal, sys, warnings
print("hello from a plugin")
sys.stderr.write("and an error\\n")
sys.stdout = open(os.devnull, "w")
sys.stdout.close()
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
warnings.simplefilter("error")
os.chdir("/")
"""


def install_bad(folder: Path) -> None:
    """Install all of them, and the noisy one, into a folder."""
    for name, (files, _) in BAD.items():
        package = "b_core" if name == "core" else name
        install(folder, package, files)
        if name == "core":
            points = folder / f"{package}-1.0.dist-info" / "entry_points.txt"
            points.write_text(f"[healthsim_store]\n{name} = {package}\n")
    install(folder, "noisy", {"__init__.py": NOISY})
