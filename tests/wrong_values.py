"""Values for the parameters of questions: wrong ones, and right ones in several spellings."""

# Letters and digits that only look like those of ASCII are wrong on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

from typing import Any

from healthsim_store.schema.parameter import Parameter

_NUMBERS = (
    "abc", "10k", "over 75", "8,5", "01/01/2025", "> 10", ">=10", "10-20", "10 %", "1_000", "1.2.3",
    "--5", "0x10", "ten", "nan", "inf", "-inf", "1e999", "٣", "10;", "10 OR 1=1", "' OR 1=1 --",
    "null", "any", "%", "*", "9.",  "NaN5",
)  # fmt: skip

WRONG: dict[str, tuple[str, ...]] = {
    "integer": (*(v for v in _NUMBERS if v != "9."), "8.5", "1e2", "1,000", "10 000", "$5"),
    "number": (*(v for v in _NUMBERS if v != "9."), "1,000", "10 000", "$5"),
    "amount": (*(v for v in _NUMBERS if v != "9."), "10,00", "1,00,000", "10.000,00", "€5", "5$"),
    "date": (
        "abc", "01/01/2025", "1/2/2025", "2025-1-1", "2025-02-30", "2025-13-01", "2025-00-10",
        "2025", "2025-01", "31.01.2025", "today", "yesterday", "Jan 31, 2025", "2025/01/31",
        "0000-01-01", "2025-01-01T10:30:00", "10000-01-01", "2025-01-01%", "> 2025-01-01",
        "' OR 1=1 --", "0", "-1", "٢٠٢٥-٠١-٠١", "null", "*",
    ),
    "code": (
        "E11%", "E11*", "E11_", "E 11", "E11,E12", "E11;", "'E11'", '"E11"', "E11' OR 1=1 --", "%",
        "*", "?", "[A-Z]", "E11?", "(E11)", "E11\nE12", "É11", "Ｅ11", ".E11", "-E11", "E11/E12",
        "E08 to E13", "x" * 41, "$", "E11\x00",
    ),
    "choice": (
        "nobody", "femal", "inpatients", "F,M", "F|M", "F or M", "%", "*", "?", "F%", "'F'", "F;",
        "' OR 1=1 --", "null", "all", "any", "0", "1", "-1", "2025-01-01", "ｆ", "F\x00", "F F",
        "approved?", "HMO PPO",
    ),
    # Any text fits, for whose it is only the data say.
    "text": ("\x00", "A\x00B", "\ud800"),
    "file": ("\x00", "A\x00B", "\ud800"),
}  # fmt: skip


def objects(parameter: Parameter) -> list[Any]:
    """What only Python can give."""
    numbers = [] if parameter.type in ("text", "file") else [float("inf"), 10**400]
    return [True, False, float("nan"), [1], ["F"], {"a": 1}, b"F", (1, 2), object, *numbers]


def beyond(parameter: Parameter) -> list[str]:
    """Values of the type that are out of the parameter's bounds."""
    found = []
    if isinstance(parameter.least, int | float):
        found += [str(parameter.least - 1), "-99999"]
    if isinstance(parameter.most, int | float):
        found += [str(parameter.most + 1), "99999"]
    return found


def right(parameter: Parameter) -> list[tuple[str, Any]]:
    """Values as they are typed, and what the SELECT has to get."""
    if parameter.type == "choice":
        spelled = {value: value for value in parameter.values} | dict(parameter.synonyms)
        return [
            (spelling, value)
            for known, value in spelled.items()
            for spelling in (known, known.upper(), known.lower(), f"  {known} ")
        ]
    return {
        "integer": [("30", 30), (" 30 ", 30), ("030", 30), ("+30", 30), ("30.0", 30)],
        "number": [("8.5", 8.5), ("8", 8.0), (" 8.50", 8.5), ("+8.5", 8.5), (".5", 0.5),
                   ("85e-1", 8.5)],
        "amount": [("12000", 12000.0), ("$12,000", 12000.0), ("12,000.50", 12000.5),
                   ("$ 12000", 12000.0), ("1,234,567", 1234567.0)],
        "date": [("2025-01-31", "2025-01-31"), (" 2025-01-31 ", "2025-01-31"),
                 ("20250131", "2025-01-31"), ("2025-01-31T00:00:00", "2025-01-31")],
        "code": [("E11.9", "E119"), ("e119", "E119"), (" E11.9 ", "E119"), ("250.00", "25000"),
                 ("4548-4", "4548-4")],
        "text": [("Site 7", "Site 7"), (" 007 ", "007")],
        "file": [(" terms.csv ", "terms.csv")],
    }[parameter.type]  # fmt: skip
