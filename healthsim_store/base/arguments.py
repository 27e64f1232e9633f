"""Arguments of calls: checked before anything is done, with the name of the one that is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ..errors import InvalidArgument

MAX_SECONDS = 3600

#: What `persist` may do with a row whose id or natural key is there already.
ON_CONFLICT = ("error", "skip", "replace", "update")


def check_limit(name: str, value: Any, *, least: int = 1, most: int = 10_000) -> int:
    """Raises InvalidArgument unless ``value`` is a whole number in the range."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidArgument(
            f"{name} is {value!r}.", hint=f"It is a whole number from {least} to {most:,}."
        )
    return value


def check_texts(**arguments: Any) -> None:
    """Raises InvalidArgument for one that is neither text nor None."""
    for name, value in arguments.items():
        if value is not None and not isinstance(value, str):
            raise InvalidArgument(f"{name} is {value!r:.60}.", hint="Give text.")


def check_timeout(timeout: Any) -> None:
    """Raises InvalidArgument unless it is a number of seconds, up to an hour."""
    if not isinstance(timeout, int | float) or not 0 < timeout <= MAX_SECONDS:
        raise InvalidArgument(f"timeout is {timeout!r}.", hint=f"Seconds, from 0 to {MAX_SECONDS}.")


def check_date(name: str, value: Any) -> None:
    """Raises InvalidArgument unless it is None or a date as YYYY-MM-DD."""
    if value is not None:
        try:
            dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            raise InvalidArgument(f"{name} is {value!r}.", hint="Give YYYY-MM-DD.") from None
