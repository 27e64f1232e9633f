"""JSON of Datasette's own that has only some of the rows says so, whatever its shape.

Its other shapes have ``truncated`` beside the rows; ``_shape=array`` is the rows alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

HEADER = "healthsim-store-truncated"  # its value is the number of rows that are there


def telling(renderer: Callable[..., Any]) -> Callable[..., Any]:
    """Datasette's renderer of JSON, whose answer has HEADER where rows are missing.

    Args:
        renderer: Datasette gives it those arguments that its signature names.
    """
    signature = inspect.signature(renderer)

    @functools.wraps(renderer)
    def render(*arguments: Any, **named: Any) -> Any:
        given = signature.bind(*arguments, **named).arguments
        data = given.get("data") or {}
        cut = given.get("truncated") or data.get("truncated")
        rows = len(data.get("rows") or ())
        answer = renderer(*arguments, **named)  # changes ``data``
        if cut and not data.get("next_url") and hasattr(answer, "headers"):
            answer.headers[HEADER] = str(rows)
        return answer

    return render
