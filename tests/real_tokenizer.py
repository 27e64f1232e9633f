"""A real tokenizer for tests of budgets: Claude 2's, from the package anthropic 0.38."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

import pytest


@functools.cache
def _tokenizer() -> Any:
    tokenizers = pytest.importorskip("tokenizers", reason="the extra `test` brings a tokenizer")
    spec = importlib.util.find_spec("anthropic")
    file = Path(spec.origin).with_name("tokenizer.json") if spec and spec.origin else Path()
    if not file.is_file():
        pytest.skip("anthropic 0.38, whose package carries a vocabulary, is not installed")
    return tokenizers.Tokenizer.from_file(str(file))


def count_tokens(text: str) -> int:
    """The real number of tokens."""
    return len(_tokenizer().encode(text).ids)
