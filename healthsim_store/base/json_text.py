"""JSON that somebody else may have written, read without surprises."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: Any) -> Any:
    """What a JSON text says.

    Raises ValueError for anything else: no text at all, a text that is nested too deeply, or one
    with half a character (a lone surrogate), which nothing could print or store.
    """
    if not isinstance(text, str):
        raise ValueError(f"it is {type(text).__name__}, not JSON text")
    try:
        found = json.loads(text)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    return found


def read_texts(text: Any) -> tuple[str, ...]:
    """A JSON list of texts. Raises ValueError for anything else."""
    if text == "[]":  # as most are, of which a dictionary has hundreds
        return ()
    found = read_json(text)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("it is no JSON list of texts")
    return tuple(found)


def read_text_map(text: Any) -> dict[str, str]:
    """A JSON object of texts. Raises ValueError for anything else."""
    if text == "{}":
        return {}
    found = read_json(text)
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise ValueError("it is no JSON object of texts")
    return found
