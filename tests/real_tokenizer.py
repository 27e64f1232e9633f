"""Real tokenizers for tests of budgets: Claude 2's, and GPT-4's and GPT-4o's.

Their vocabularies are in packages of the extra ``test``: nothing is downloaded. Where one is
missing, tests that measure are skipped; in CI they fail, since a budget that nobody measured is
not kept.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

NAMES = ("Claude 2", "GPT-4", "GPT-4o")


def count_tokens(text: str) -> int:
    """The real number of tokens, by the tokenizer that counts most."""
    return max(counts(text).values())


def counts(text: str) -> dict[str, int]:
    """The real number of tokens by each tokenizer."""
    return {name: count(text) for name, count in _counters().items()}


@functools.cache
def _counters() -> Mapping[str, Callable[[str], int]]:
    try:
        import tokenizers

        with warnings.catch_warnings():  # it opens its files in an older way
            warnings.simplefilter("ignore", DeprecationWarning)
            import bpe_openai

            gpt_4 = bpe_openai.get_encoding("cl100k_base")
            gpt_4o = bpe_openai.get_encoding("o200k_base")
    except ModuleNotFoundError as error:
        _missing(error.name or str(error))
    spec = importlib.util.find_spec("anthropic")
    file = Path(spec.origin).with_name("tokenizer.json") if spec and spec.origin else Path()
    if not file.is_file():
        _missing("anthropic 0.38.0 (later ones have no vocabulary)")
    claude = tokenizers.Tokenizer.from_file(str(file))
    return {
        "Claude 2": lambda text: len(claude.encode(text).ids),
        "GPT-4": lambda text: len(gpt_4.encode_ordinary(text)),
        "GPT-4o": lambda text: len(gpt_4o.encode_ordinary(text)),
    }


def _missing(package: str) -> None:
    reason = f"No budget can be measured without {package}: pip install '.[test]'"
    if os.environ.get("CI", "") not in ("", "false", "0"):
        pytest.fail(reason)
    pytest.skip(reason)
