"""The options of a format: what a caller gave, checked and in the declared types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.text import did_you_mean
from ..base.wording import MCP, here, option, option_of_import
from ..errors import InvalidArgument, InvalidValue
from ..schema.types import Stored
from .formats import Exporter, Importer
from .reading_options import specs


def bind_options(format: Exporter | Importer, given: Mapping[str, Any] | None) -> dict[str, Stored]:
    """The value of each option of a format: what was given, else its default, else None.

    Args:
        format: it declares the options.
        given: values by name.

    Raises InvalidValue, with the name of each option that it has not and of each value that does
    not fit.
    """
    if not isinstance(given, Mapping | None):
        raise InvalidArgument(f"options is {given!r:.60}.", hint="Give values by name.")
    values = dict(given or {})
    known = {parameter.name: parameter for parameter in format.options}
    problems: dict[str, str] = {}
    hint = None
    for name in values:
        if name not in known:
            problems[str(name)] = f"The format {format.name} has no option {name!r:.60}."
            reading = _of_reading(name, values[name]) if isinstance(format, Importer) else None
            if known:
                near = did_you_mean(str(name), known)
                hint = near or reading or f"It has {', '.join(known)}."
            elif reading:
                hint = reading
            else:
                leave = f"Leave {option('options', verb=_verb(format))} out."
                hint = f"It has none. {leave}"
    bound: dict[str, Stored] = {}
    for name, parameter in known.items():
        try:
            bound[name] = parameter.bind(values.get(name))
        except ValueError:
            problems[name] = parameter.problem(values[name])
    if problems:
        raise InvalidValue("\n".join(problems.values()), [*problems], hint=hint)
    return bound


def _of_reading(name: Any, value: Any) -> str | None:
    """What to do with an option that is one of how files are read, or may be meant as one."""
    names = [spec.name for spec in specs()]
    if name in names:
        return f"{name} says how files are read: {option_of_import(name, str(value))}."
    # A model gives them in one argument with those of the format.
    return did_you_mean(str(name), names) if here().kind == MCP else None


def _verb(format: Exporter | Importer) -> str:
    return "import_data" if isinstance(format, Importer) else "export_scenario"
