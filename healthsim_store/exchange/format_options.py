"""The options of a format: what a caller gave, checked and in the declared types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.text import did_you_mean
from ..base.wording import option
from ..errors import InvalidArgument, InvalidValue
from ..schema.types import Stored
from .formats import Exporter, Importer


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
            if known:
                hint = did_you_mean(str(name), known) or f"It has {', '.join(known)}."
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


def _verb(format: Exporter | Importer) -> str:
    return "import_data" if isinstance(format, Importer) else "export_scenario"
