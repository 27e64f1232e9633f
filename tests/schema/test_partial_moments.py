"""Days and times that are known in part: what is taken, what is refused, and by whom."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
import re
import sqlite3
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from healthsim_store.schema.types import LogicalType

TYPE = LogicalType.parse("PARTIAL_TIMESTAMP")

TAKEN = [
    # What is unknown at the end is left out.
    "2003", "2003-12", "2003-12-15", "2003-12-15T13", "2003-12-15T13:14", "2003-12-15T13:14:17",
    "2003-12-15T13:14:17.123", "2003-12-15T13:14:17.1234567891",
    "0001", "9999-12-31", "2024-02-29", "2000-02-29", "2003-12-15T00", "2003-12-15T23:59:59",
    # The examples of the SDTM Implementation Guide, and their kin.
    "2003-12-15T-:15", "2003-12-15T13:-:17", "2003---15", "--12-15", "-----T07:15",
    "2003-12--T07:15", "2003---15T07:15", "--12-15T07", "----15", "--12", "-----T-:-:15",
    "2003----T07:15:00", "--02-29", "2003---31",
    # With an offset, which stays.
    "2003-12-15T13:14:17Z", "2003-12-15T13:14:17+02:00", "2003-12-15T13-05:30", "-----T07:15Z",
    "2003-12-15T13:14:17.5-00:00", "2003-12-15T-:15+14:00", "2016-12-31T23:59:60Z",
]  # fmt: skip

REFUSED = [
    "2003-13", "2003-00", "2003-02-30", "2023-02-29", "1900-02-29", "2003-12-32", "2003-12-00",
    "--02-30", "--13", "2003---32", "----00", "0000", "0000-01-01", "2003-04-31T10:00",
    "2003-12-15T24", "2003-12-15T24:00:00", "2003-12-15T13:60", "2003-12-15T13:14:61",
    "2003-12-15T13:15:60", "2003-12-15T13:14+15:00", "2003-12-15T13:14+02:60",
    # An unknown part that stands for nothing, or too many or too few signs for it.
    "-", "--", "2003-", "2003--", "2003-12-", "2003-12--", "-----", "2003-12-15T", "2003-12-15T-",
    "2003-12-15T13:-", "2003-12-15T-:-", "2003-12---T07:15", "2003--15", "2003----15", "-12-15",
    "-2003", "-T07:15", "T07:15", "---T07:15", "2003T07", "2003-12T07:15", "2003-12-15T07::15",
    # Other spellings, of which none says what they mean.
    "2003-1", "2003-1-5", "203", "20031", "200312", "12/2003", "15.12.2003", "2003-12-UN", "UNK",
    "2003-12-15T7:15", "2003-12-15T07:15.5", "2003-12-15T07.5", "2003-12-15T07:15:30.",
    "2003-12-15Z", "2003-12-15+02:00", "2003-12-15T07:15z ZZ", "2003-12-15T07:15ZZ", "2003Z",
    "2003-12-15T07:15+2", "2003-12-15TT07:15", "2003-12-15T07:15:30:45", "+2003", "2003-12-15Tab",
    "2003-12-15\0", "2003\0", "2003---15\0", "2003-12-15T07:15\0", "\uff12\uff10\uff10\uff13",
    "2003-12-15T07:15+-:00",
    "2003-W50", "2003-350", "2003/2004", "2003-12-15/2003-12-16", "P1Y",
]  # fmt: skip


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    """A table of one column, whose CHECK is that of the type."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t (x TEXT CHECK ({TYPE.check('x')})) STRICT")
        yield connection


def sqlite_takes(connection: sqlite3.Connection, text: str) -> bool:
    try:
        connection.execute("INSERT INTO t VALUES (?)", (text,))
    except sqlite3.IntegrityError:
        return False
    return True


def stored(value: Any) -> Any:
    try:
        return TYPE.coerce(value)
    except ValueError:
        return "refused"


@pytest.mark.parametrize("text", TAKEN)
def test_what_is_known_in_part_stays_as_it_is(table: sqlite3.Connection, text: str) -> None:
    assert stored(text) == text
    assert sqlite_takes(table, text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_day_or_time_is_refused(table: sqlite3.Connection, text: str) -> None:
    assert stored(text) == "refused"
    assert not sqlite_takes(table, text)


NEW_YORK = dt.timezone(-dt.timedelta(hours=5))
ODD_ZONE = dt.timezone(dt.timedelta(minutes=19, seconds=32))


@pytest.mark.parametrize(("value", "expected"), [
    (dt.date(2003, 12, 15), "2003-12-15"),
    (dt.datetime(2003, 12, 15), "2003-12-15T00:00:00"),
    (dt.datetime(2003, 12, 15, 7, 15, 30, 500_000), "2003-12-15T07:15:30.500000"),
    (dt.datetime(2003, 12, 15, 7, 15, tzinfo=dt.UTC), "2003-12-15T07:15:00+00:00"),
    (dt.datetime(2003, 12, 15, 7, 15, tzinfo=NEW_YORK), "2003-12-15T07:15:00-05:00"),
    (dt.datetime(1900, 1, 1, 12, tzinfo=ODD_ZONE), "1900-01-01T11:40:28+00:00"),
    (pd.Timestamp("2003-12-15 07:15"), "2003-12-15T07:15:00"),
    (pd.Timestamp("2003-12-15T07:15:30.000000001"), "2003-12-15T07:15:30.000000001"),
    (pd.Timestamp("2003-12-15 07:15", tz="America/New_York"), "2003-12-15T07:15:00-05:00"),
    (np.datetime64("2003-12-15T07:15:30", "ns"), "2003-12-15T07:15:30"),
    (np.datetime64("2003-12-15", "D"), "2003-12-15"),
    (2003, "2003"), (2003.0, "2003"), (np.int64(2003), "2003"),  # a sheet's year
    (pd.NaT, None), (float("nan"), None), (None, None), ("", None), ("  ", None),
    (" 2003-12 ", "2003-12"), ("20031215", "2003-12-15"), ("20031215T0715", "2003-12-15T07:15"),
    ("2003-12-15 07:15", "2003-12-15T07:15"), ("2003-12-15t07", "2003-12-15T07"),
    ("2003-12-15T07:15:30,5+0200", "2003-12-15T07:15:30.5+02:00"),
    ("2003-12-15T07:15:30z", "2003-12-15T07:15:30Z"),
    ("2003-12-15 07:15-05", "2003-12-15T07:15-05:00"),
    (True, "refused"), (37970, "refused"), (12, "refused"), (2003.5, "refused"),
    (dt.time(7, 15), "refused"), (["2003"], "refused"), (b"2003", "refused"),
    (np.timedelta64(2003, "ns"), "refused"), ("20031315", "refused"),
])  # fmt: skip
def test_values_of_python(value: Any, expected: Any) -> None:
    assert stored(value) == expected


def test_the_rule_stays_to_the_letter() -> None:
    """Scenarios have it in their tables, and are opened since it is known to have a bound.

    Whoever has to change it keeps what it was, for the files that there are.
    """
    rule = TYPE.check('"x"') or ""
    assert hashlib.sha256(rule.encode()).hexdigest() == (
        "52396689b84c6bd2f6d248d43eb145ca670dd6a883b4f8f2274d282e1c6f5b89"
    )


# -- an independent judge -------------------------------------------------------------------------

_DAYS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def allowed(text: str) -> bool:
    """The same by hand, letter by letter, without a pattern."""
    day, mark, time = text.partition("T")
    units = _units(day)
    if units is None or len(units) > 3 or (mark and len(units) != 3):
        return False
    if not mark and units[-1] == "":
        return False
    if not _is_day(*[*units, "", ""][:3]):
        return False
    return _is_time(time) if mark else True


def _units(day: str) -> list[str] | None:
    """Year, month and day as they are written; empty where a hyphen stands for one."""
    units: list[str] = []
    rest = day
    while True:
        width = 2 if units else 4
        if rest.startswith("-"):
            units.append("")
            rest = rest[1:]
        else:
            taken, rest = rest[:width], rest[width:]
            if len(taken) < width or any(letter not in "0123456789" for letter in taken):
                return None
            units.append(taken)
        if not rest:
            return units
        if rest[0] != "-" or len(units) == 3:
            return None
        rest = rest[1:]
        if not rest:
            return None


def _is_day(year: str, month: str, day: str) -> bool:
    if year == "0000":
        return False
    if month and not 1 <= int(month) <= 12:
        return False
    last = _DAYS.get(int(month or 0), 31)
    leap = not year or (int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0))
    if last == 29 and not leap:
        last = 28
    return not day or 1 <= int(day) <= last


def _is_time(time: str) -> bool:
    for at, letter in enumerate(time):
        offset = letter == "+" or (letter == "-" and not time[at + 1 :].startswith(":"))
        if letter == "Z" and at == len(time) - 1:
            time = time[:at]
        elif offset:
            hours, minutes = time[at + 1 :][:2], time[at + 1 :][3:]
            if len(time) - at != 6 or time[at + 3] != ":" or not _two(hours, 14):
                return False
            if not _two(minutes, 59):
                return False
            time = time[:at]
        else:
            continue
        break
    units = time.split(":")
    if len(units) > 3 or not units[-1] or units[-1] == "-":
        return False
    if len(units) == 3:
        whole, point, fraction = units[2].partition(".")
        if point and (not fraction or any(letter not in "0123456789" for letter in fraction)):
            return False
        units[2] = whole
        if whole == "60":
            return units[1] == "59" and (units[0] == "-" or _two(units[0], 23))
    return all(
        unit == "-" or _two(unit, most) for unit, most in zip(units, (23, 59, 59), strict=False)
    )


def _two(text: str, most: int) -> bool:
    return len(text) == 2 and all(letter in "0123456789" for letter in text) and int(text) <= most


def test_the_judge_itself_is_right() -> None:
    assert [text for text in TAKEN if not allowed(text)] == []
    assert [text for text in REFUSED if allowed(text)] == []


def every_form() -> Iterator[str]:
    """Each part known or not, alone and with all the others, with and without an offset."""
    days = [
        *("2003", "2004"),
        *("-".join(parts) for parts in itertools.product(("2003", "2004", "-"), ("02", "12"))),
        *("-".join(parts) for parts in itertools.product(
            ("2003", "2004", "-"), ("02", "12", "04", "-"), ("15", "29", "30", "31"))),
    ]  # fmt: skip
    yield from days
    whole = [*map("-".join, itertools.product(("2003", "-"), ("12", "-"), ("15", "-")))]
    times = [
        *("07", "23"), *map(":".join, itertools.product(("07", "-"), ("15", "59"))),
        *map(":".join, itertools.product(("07", "-"), ("15", "-"), ("30", "30.5", "00.123456789"))),
    ]  # fmt: skip
    for day, time, offset in itertools.product(whole, times, ("", "Z", "+02:00", "-11:30")):
        yield f"{day}T{time}{offset}"


def test_every_form_is_taken_where_the_calendar_has_it(table: sqlite3.Connection) -> None:
    forms = [*every_form()]
    assert len({*forms}) == len(forms) > 600
    wrong = [
        (form, stored(form), sqlite_takes(table, form))
        for form in forms
        if (stored(form) == form) != allowed(form) or sqlite_takes(table, form) != allowed(form)
    ]
    assert wrong == []
    # Of 2003, the 29th to 31st of February and the 31st of April; of 2004 and of no year, the 30th
    # and 31st of February and the 31st of April.
    assert sum(not allowed(form) for form in forms) == 4 + 3 + 3


def test_python_and_sqlite_take_what_the_judge_takes(table: sqlite3.Connection) -> None:
    """Of texts that were changed at random in a few letters."""
    random = Random(19)
    seeds = [*TAKEN, *every_form()]
    letters = "0123456789--::TTZ+. ta\0"
    taken = 0
    for _ in range(40_000):
        text = [*random.choice(seeds)]
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(text) + 1)
            text[at : at + random.randint(0, 2)] = random.choices(letters, k=random.randint(0, 2))
        told = "".join(text)
        if not told.strip():
            continue
        judged = allowed(told)
        taken += judged
        assert sqlite_takes(table, told) == judged, told
        assert (stored(told) == told) == judged, told
    assert taken > 2_000


def test_what_the_other_types_take_is_taken(table: sqlite3.Connection) -> None:
    """Each whole day and time stays as it is, and so does every beginning of one."""
    random = Random(20)
    for _ in range(3_000):
        moment = dt.datetime(
            random.randint(1, 9999), random.randint(1, 12), random.randint(1, 28),
            random.randint(0, 23), random.randint(0, 59), random.randint(0, 59),
            random.choice((0, random.randint(0, 999_999))),
        )  # fmt: skip
        told = LogicalType.parse("TIMESTAMP").coerce(moment)
        day = LogicalType.parse("DATE").coerce(moment.date())
        for text in (told, day, *(str(told)[:end] for end in (4, 7, 10, 13, 16, 19))):
            assert stored(text) == text
            assert sqlite_takes(table, str(text))


#: A dateTime of FHIR R4, as https://hl7.org/fhir/R4/datatypes.html#dateTime has it.
FHIR = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]"
    r"|3[0-1])(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)((0[0-9]|1[0-3])"
    r":[0-5][0-9]|14:00)))?)?)?"
)


def test_every_date_time_of_fhir_is_taken(table: sqlite3.Connection) -> None:
    random = Random(21)
    found = 0
    while found < 3_000:
        year, month, day = random.randint(1, 9999), random.randint(1, 12), random.randint(1, 28)
        told = f"{year:04}-{month:02}-{day:02}T{random.randint(0, 23):02}:59:"
        told += random.choice(("00", "30", "59", "60", "07.25", "60.5"))
        told += random.choice(("Z", "+14:00", "-00:00", f"-{random.randint(0, 13):02}:45"))
        text = random.choice((told, told[:4], told[:7], told[:10]))
        assert FHIR.fullmatch(text), text
        assert stored(text) == text
        assert sqlite_takes(table, text)
        found += 1


def test_the_pattern_of_a_data_package_fits_what_is_taken() -> None:
    pattern = re.compile(TYPE.pattern or "", re.ASCII)
    assert [text for text in [*TAKEN, *every_form()] if not pattern.fullmatch(text)] == []
    # The calendar and the clock it does not know; the form it does.
    fit = [text for text in REFUSED if pattern.fullmatch(text)]
    assert fit == [text for text in REFUSED if allowed(_in_the_calendar(text))]


def _in_the_calendar(text: str) -> str:
    """The text with other numbers, so that only its form is judged."""
    day, mark, time = text.partition("T")
    day = re.sub(r"[0-9]{4}", "2004", re.sub(r"-[0-9]{2}(?![0-9])", "-12", day))
    return day + mark + re.sub(r"[0-9]{2}", "12", time)
