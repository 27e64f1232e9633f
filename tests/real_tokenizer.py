"""A real tokenizer for tests of budgets: Claude 2's, from the package anthropic 0.38.

Where it is missing the tests fail: a budget that nobody measured is not kept.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

import pytest


@functools.cache
def _tokenizer() -> Any:
    try:
        import tokenizers
    except ModuleNotFoundError:
        pytest.fail("There is no tokenizer to measure budgets with: pip install '.[test]'")
    spec = importlib.util.find_spec("anthropic")
    file = Path(spec.origin).with_name("tokenizer.json") if spec and spec.origin else Path()
    if not file.is_file():
        pytest.fail("anthropic 0.38.0, whose package has the vocabulary, is not installed:"
                    " pip install '.[test]'")  # fmt: skip
    return tokenizers.Tokenizer.from_file(str(file))


def count_tokens(text: str) -> int:
    """The real number of tokens."""
    return len(_tokenizer().encode(text).ids)
