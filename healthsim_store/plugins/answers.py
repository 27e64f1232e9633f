"""What the hooks of a plugin answered: each item is looked at before anybody relies on it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pluggy

from .isolation import Faulty

#: The hooks, each with the field of `Plugin` that it fills and the type of its items.
HOOKS: Mapping[str, tuple[str, str]] = {
    "healthsim_store_products": ("products", "Product"),
    "healthsim_store_importers": ("importers", "Importer"),
    "healthsim_store_exporters": ("exporters", "Exporter"),
    "healthsim_store_profiles": ("profiles", "Profile"),
    "healthsim_store_commands": ("commands", "click.Command"),
    "healthsim_store_checks": ("checks", "Check"),
    "healthsim_store_tools": ("tools", "Tool"),
    "healthsim_store_pages": ("pages", "Page"),
    "healthsim_store_standards": ("standards", "Standard"),
}
_TOOL = re.compile(r"[a-z][a-z0-9_]{0,59}")
_PAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
STANDARD = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_MOST = 1_000  # items of one hook: one that gives without end would never be loaded


def ask(manager: pluggy.PluginManager) -> dict[str, tuple[Any, ...]]:
    """What the plugin of this manager brings, by the field of `Plugin`.

    Raises Faulty where an answer is none, and whatever else the plugin raises.
    """
    return {field: _items(manager, hook, expected) for hook, (field, expected) in HOOKS.items()}


def _items(manager: pluggy.PluginManager, hook: str, expected: str) -> tuple[Any, ...]:
    caller = getattr(manager.hook, hook)
    asked = [impl for impl in caller.get_hookimpls() if not (impl.hookwrapper or impl.wrapper)]
    answers = caller()
    if len(answers) < len(asked):  # pluggy leaves None out
        raise Faulty(f"{hook} returns None, not a list of {expected}")
    items: list[Any] = []
    for answer in answers:
        if isinstance(answer, str | bytes | Mapping) or not isinstance(answer, Iterable):
            raise Faulty(f"{hook} returns a {type(answer).__name__}, not a list of {expected}")
        items += itertools.islice(answer, _MOST + 1)
    if len(items) > _MOST:
        raise Faulty(f"{hook} gives more than {_MOST:,} items")
    for number, item in enumerate(items, 1):
        problem = _problem(item, expected)
        if problem:
            raise Faulty(f"{hook}, item {number}: {problem}")
    return tuple(items)


def _problem(item: Any, expected: str) -> str | None:
    if not isinstance(item, _type(expected)):
        return f"a {type(item).__name__} is not a {expected}"
    name: Any = item.name
    if not isinstance(name, str) or not name.isprintable() or not name or name != name.strip():
        return f"its name is {name!r:.60}"
    checks: Mapping[str, Any] = {
        "Product": _product, "Importer": _importer, "Exporter": _exporter, "Profile": _profile,
        "click.Command": _command, "Check": _check, "Tool": _tool, "Page": _page,
        "Standard": _standard,
    }  # fmt: skip
    problem: str | None = checks[expected](item)
    return f"{name}: {problem}" if problem else None


def _type(expected: str) -> type[Any]:
    # Only what is brought is imported: a command line that only lists files has no use for more.
    if expected == "Product":
        from ..schema.product import Product

        return Product
    if expected == "Profile":
        from ..generation.profile import Profile

        return Profile
    if expected == "Standard":
        from ..standards.standard import Standard

        return Standard
    if expected == "click.Command":
        import click

        return click.Command
    if expected in ("Check", "Tool", "Page"):
        from .. import additions

        return vars(additions)[expected]  # type: ignore[no-any-return]
    from ..exchange.formats import Exporter, Importer

    return Importer if expected == "Importer" else Exporter


def _texts(item: Any, *fields: str) -> str | None:
    wrong = (name for name in fields if not isinstance(getattr(item, name), str))
    return next((f"{name} is a {_kind(getattr(item, name))}, not a text" for name in wrong), None)


def _kind(value: Any) -> str:
    return type(value).__name__


def _product(item: Any) -> str | None:
    wrong = _texts(item, "version", "schema", "summary", "checks", "questions")
    if wrong:
        return wrong
    if not isinstance(item.formats, Mapping):
        return f"formats is a {_kind(item.formats)}, not a dict"
    parts = [part for pair in item.formats.items() for part in pair]
    odd = (_kind(part) for part in parts if not isinstance(part, str))
    return next((f"formats has a {kind}, not a text" for kind in odd), None)


def _importer(item: Any) -> str | None:
    if isinstance(item.suffixes, str) or not isinstance(item.suffixes, Iterable):
        return f'suffixes is {item.suffixes!r:.40}, not a tuple such as (".csv",)'
    for suffix in item.suffixes:
        if not isinstance(suffix, str) or not suffix.startswith(".") or len(suffix) < 2:
            return f'the suffix {suffix!r:.40} is none, such as ".csv"'
    for name in ("read", "read_folder"):
        function = getattr(item, name)
        if function is not None and not callable(function):
            return f"{name} is a {_kind(function)}, not a function"
    return _options(item) or _reserved(item.options)


def _reserved(options: Any) -> str | None:
    from ..exchange.reading_options import reserved

    taken = {*reserved()}.intersection(option.name for option in options)
    return f"the option {min(taken)!r} cannot be: import has one of this name" if taken else None


def _exporter(item: Any) -> str | None:
    for name in ("write", "write_all", "copy", "loading"):
        function = getattr(item, name)
        if function is not None and not callable(function):
            return f"{name} is a {_kind(function)}, not a function"
    return _texts(item, "suffix", "title", "mediatype") or _takes(item.takes) or _options(item)


def _takes(takes: Any) -> str | None:
    if takes is None or callable(takes):
        return None
    if isinstance(takes, str | bytes) or not isinstance(takes, Collection):
        return f'takes is {takes!r:.40}, neither names such as ("patients",) nor a function'
    odd = (_kind(name) for name in takes if not isinstance(name, str))
    return next((f"takes has a {kind}, not a name" for kind in odd), None)


def _options(item: Any) -> str | None:
    from ..schema.parameter import ANY, NAME, Parameter, check

    if isinstance(item.options, str) or not isinstance(item.options, Sequence):
        return f"options is a {_kind(item.options)}, not a tuple of Parameter"
    names: set[str] = set()
    for option in item.options:
        if not isinstance(option, Parameter):
            return f"options has a {_kind(option)}, not a Parameter"
        try:
            if not NAME.fullmatch(option.name) or option.type == ANY or option.name in names:
                raise ValueError("its name or type is none, or it is there twice")
            check(option)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return f"the option {option.name!r:.60} cannot be: {error}"
        names.add(option.name)
    return None


def _profile(item: Any) -> str | None:
    if not callable(item.read):
        return f"read is a {_kind(item.read)}, not a function"
    return _texts(item, "version", "sql", "where")


def _command(item: Any) -> str | None:
    if item.name.startswith("-") or " " in item.name:
        return "no command can be called so"
    item.get_short_help_str(80)  # as --help lists it
    return None


def _check(item: Any) -> str | None:
    if isinstance(item.entity_types, str) or not isinstance(item.entity_types, Sequence):
        return f"entity_types is {item.entity_types!r:.40}, not a tuple of names"
    return None if callable(item.find) else f"find is a {_kind(item.find)}, not a function"


def _tool(item: Any) -> str | None:
    if not callable(item.function):
        return f"function is a {_kind(item.function)}, not a function"
    if not _TOOL.fullmatch(item.name) or item.name.startswith("scenario_"):
        return "a tool's name has small letters, digits and '_', and does not begin with scenario_"
    return _texts(item, "description") or (None if item.about else "it has no description")


def _page(item: Any) -> str | None:
    if not _PAGE.fullmatch(item.name):
        return "a page's name has only letters, digits, '.', '-' and '_'"
    if not callable(item.function):
        return f"function is a {_kind(item.function)}, not a function"
    return _texts(item, "title")


def _standard(item: Any) -> str | None:
    if not STANDARD.fullmatch(item.name):
        return "a standard's name has small letters, digits, '-' and '_', with a letter first"
    if not isinstance(item.files, Mapping):
        return f"files is a {_kind(item.files)}, not a dict"
    parts = [part for pair in item.files.items() for part in pair]
    odd = next((_kind(part) for part in parts if not isinstance(part, str)), None)
    return f"files has a {odd}, not a text" if odd else _texts(item, "version", "where")
