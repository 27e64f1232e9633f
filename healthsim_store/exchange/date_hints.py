"""Which format of a day or time a text may have, in the words of a hint."""

from __future__ import annotations

import datetime as dt
import re

from ..base.wording import option_of_import

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAY = re.compile(
    r"(?P<a>\d{1,4}|[A-Za-z]{3,9})(?P<s>[-/. ]?)(?P<b>\d{1,2}|[A-Za-z]{3,9})"
    r"(?P<t>,? |[-/.]|)(?P<c>\d{4}|\d{1,2})", re.ASCII,
)  # fmt: skip
_TIME = re.compile(
    r"(?P<gap>[T :]|, )\d{1,2}:\d\d(?P<s>:\d\d)?(?P<f>\.\d{1,6})?(?P<half> ?[AaPp][Mm])?",
    re.ASCII,
)
_ALL_ZERO = re.compile(r"0+[-/.]0+[-/.]0+(?:[T ][0:.]+)?")


def of(kind: str, text: str) -> str | None:
    """The option that reads a text as a day or time; None where no format does.

    Args:
        kind: date, timestamp or partial.
        text: without blanks around it.
    """
    if _ALL_ZERO.fullmatch(text):
        return f"Where it means no value: {option_of_import('null', text)}."
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'`":
        return f"Are these quotes? {option_of_import('quote', text[0])}."
    if re.fullmatch(r"[1-7]\d{4}(?:\.0*)?", text, re.ASCII) or (
        kind == "timestamp" and re.fullmatch(r"[1-7]\d{4}\.\d+", text, re.ASCII)
    ):  # days from 1927 to 2119
        return f"A day number of Excel? {option_of_import('date_format', 'excel')}."
    if kind == "partial" and re.fullmatch(r"\d\d?/\d{4}", text, re.ASCII):
        return f"{option_of_import('date_format', 'MM/YYYY')}."
    match = _DAY.match(text)
    rest = text[match.end() :] if match else ""
    after = _time(rest) if match else None
    if match is None or after is None:
        usual = re.match(r"\d{4}-" if kind == "partial" else r"\d{4}-?\d\d", text)
        return None if usual or text.isdigit() else _example(kind)
    days = [day + after for day in _days(match)]
    name = "time_format" if kind == "timestamp" and after else "date_format"
    if not days:
        short = len(match["a"]) < 3 and len(match["c"]) < 3
        return "The century of a year with two digits would be a guess." if short else None
    told = option_of_import(name, days[0])
    if len(days) == 1:
        return f"{told}."
    other = option_of_import(name, days[1]) if " " in days[1] else days[1]
    return f"{told}, or {other}: only you know which."


def _example(kind: str) -> str:
    name = "time_format" if kind == "timestamp" else "date_format"
    shown = "DD.MM.YYYY hh:mm" if kind == "timestamp" else "DD.MM.YYYY"
    return f"Say how it is written, for example {option_of_import(name, shown)}."


def _time(rest: str) -> str | None:
    """The format of what stands after the day; None where it is no time."""
    if not rest:
        return ""
    match = _TIME.fullmatch(rest)
    if match is None:
        return None
    half = match["half"] or ""
    return (
        f"{match['gap']}hh:mm{':ss' if match['s'] else ''}{'.fff' if match['f'] else ''}"
        f"{half[:-2]}{'AM' if half else ''}"
    )


def _days(match: re.Match[str]) -> list[str]:
    """The formats in which the text is a day that exists; none for years of two digits."""
    parts, signs = [match["a"], match["b"], match["c"]], [match["s"], match["t"]]
    found = []
    for order in ("YMD", "DMY", "MDY"):
        year, month, day = (parts[order.index(letter)] for letter in "YMD")
        named = month[:3].lower() in _MONTHS
        if len(year) != 4 or not year.isdigit() or not day.isdigit():
            continue
        if not named and (
            len(month) > 2 or not month.isdigit() or bool(signs[0]) != bool(signs[1])
        ):
            continue
        number = _MONTHS.index(month[:3].lower()) + 1 if named else int(month)
        try:
            dt.date(int(year), number, int(day))
        except ValueError:
            continue
        words = {"Y": "YYYY", "M": "MMM" if named else "MM", "D": "DD"}
        a, b, c = (words[letter] for letter in order)
        written = f"{a}{signs[0]}{b}{signs[1]}{c}"
        if written != "YYYY-MM-DD" or len(month) + len(day) < 4:
            found.append(written)
    return found
