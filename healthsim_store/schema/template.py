"""Templates of statistics: how the values of a row are put into words, as ``@show`` declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: What stands for a value that there is not, such as the sum of amounts none of which is known.
UNKNOWN = "unknown"

# Only names and number formats: a template comes from the file, so it may be a stranger's, and
# str.format() would follow attributes. The sign of a currency and % belong to the number.
_FIELD = re.compile(r"([$€£¥]?)\{(\w+)(?::(,?(?:\.\d)?[df%]?))?\}(%?)")


def template_fields(template: str) -> list[str]:
    """The columns that a template names. Raises ValueError for a brace that is no field."""
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        raise ValueError(template)
    return [match[2] for match in _FIELD.finditer(template)]


def fill(template: str, row: Mapping[str, Any]) -> str:
    """``{low:.1f}-{high:.1f}%`` with a row's values; a field that is not there stays as it is.

    A value that is NULL is told as unknown, without the sign of its unit: neither $0 nor 0%.
    """

    def value(match: re.Match[str]) -> str:
        before, name, spec, after = match.groups()
        if name not in row:
            return match[0]
        found = row[name]
        if found is None:
            return UNKNOWN
        number = isinstance(found, int | float)
        told = format(found, _format(spec or "", found)) if number else str(found)
        return f"{before}{told}{after}"

    return _FIELD.sub(value, template)


def _format(spec: str, value: float) -> str:
    """The given format, or one without noise: 7.80000001 reads 7.8."""
    if spec:
        return spec.replace("d", ".0f") if isinstance(value, float) else spec
    return "" if isinstance(value, int) else ".10g"


def fill_difference(template: str, name: str, difference: float) -> str:
    """How much more a value is, signed, as the template shows the value: ``+43``, ``-$1,200``.

    Of two percentages it is told in points: 29 % is 29 points more than 0 %, and not 29 % more.
    One that the template's format would round to nothing keeps its first digit.

    Args:
        template: the template.
        name: a column that it names.
        difference: the later value less the earlier one; not zero.
    """
    before, _, spec, after = next(m.groups() for m in _FIELD.finditer(template) if m[2] == name)
    amount = abs(difference)
    told = format(amount, _format(spec or "", amount))
    if not any(sign in "123456789" for sign in told):
        told = format(100 * amount if told.endswith("%") else amount, ".1g")
    points = after == "%" or bool(spec and spec.endswith("%"))
    sign = "-" if difference < 0 else "+"
    return f"{sign}{before}{told.removesuffix('%')}{' points' if points else ''}"
