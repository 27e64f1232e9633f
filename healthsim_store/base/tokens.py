"""What a text costs a language model, estimated without a tokenizer.

The promise: never below the count of the tokenizers that the tests measure with (Claude 2's, and
GPT-4's and GPT-4o's), whatever the text; and at most 30 % above the highest of them for the texts
that healthsim-store makes of its own products' data. A tokenizer that counts every digit by itself
(Qwen's, Llama 2's) may count more.

The text is cut into runs, as those tokenizers cut it, and each run has a price:

- a word or a run of signs that our own texts have: what it was measured to cost;
- other letters: the longer and the less like English, the more; capitals cost more than small
  letters, and letters that change between them are priced part by part (camelCase, base64);
- digits: one token for two, or for up to three, and one for a space before a short number;
- other signs: a token each; several spaces or line ends: two, and one more for each 16;
- other characters (Chinese, emoji, other scripts): a token a byte, unless they were measured to be
  one token.

So what nobody measured is priced at its worst. The tables are in `token_prices`, which
benchmarks/token_estimate.py measures and writes; benchmarks/README.md shows how good they are.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections.abc import Callable

from .token_prices import (
    CAPITALS,
    COMMON_PAIRS,
    DIGITS,
    KNOWN,
    LETTERS,
    ONE_TOKEN,
    SINGLE_PAIRS,
    SPLIT_NUMBERS,
)

_RUN = re.compile(
    r" ?[A-Za-z]+| ?[0-9]+| ?[!-/:-@\[-`{-~]+| +|\n+|[\t-\r]+|[^\x00-\x7f]+|.", re.DOTALL
)
# camelCase, XMLFile and base64 in their parts
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SPLIT_NUMBER = re.compile("|".join(SPLIT_NUMBERS))
WORD = 16  # letters; more are seldom a word, and cost BEYOND each
BEYOND = 0.75
_LONG = 32  # characters; longer runs are not remembered


def estimate_tokens(text: str) -> int:
    """The estimated number of tokens; 0 for an empty text."""
    total = sum(
        _remembered(run) if len(run) <= _LONG else _price(run) for run in _RUN.findall(text)
    )
    return math.ceil(total + 0.5) if text else 0


def cut_to_tokens(text: str, most: int) -> str:
    """The text, or as much of its beginning as ``most`` tokens surely hold, and "…" after it."""
    if estimate_tokens(text) <= most:
        return text
    low, high = 0, min(len(text), 12 * most)  # no token of a text worth reading is longer
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(f"{text[:middle]}…") <= most:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low]}…"


def _price(run: str) -> float:
    known = KNOWN.get(run)
    if known is not None:
        return known
    length = len(run)
    first = run[1] if run[0] == " " and length > 1 else run[0]
    if not first.isascii():
        return sum(map(_character, run))
    if first.isalpha():
        return _letters(run.lstrip(" "))
    if first.isdigit():
        return _digits(run)
    if first in " \n":
        return min(length, 2 + length // 16)
    return length


_remembered: Callable[[str], float] = functools.lru_cache(maxsize=10_000)(_price)


def _letters(run: str) -> float:
    known = KNOWN.get(run)
    return known if known is not None else sum(map(_part, _PART.findall(run)))


def _part(part: str) -> float:
    """The price of small letters, of capitals, or of small letters after one capital."""
    length = len(part)
    if length <= 2:
        return 1 if length == 1 or part in SINGLE_PAIRS else 2
    least, each, strange = CAPITALS if part.isupper() else LETTERS
    low = part.lower()
    rare = sum(first + second not in COMMON_PAIRS for first, second in itertools.pairwise(low))
    begun = min(length, WORD)
    return min(length, int(least + each * begun + BEYOND * (length - begun) + strange * rare))


def _digits(run: str) -> float:
    digits = run.lstrip(" ")
    length = len(digits)
    if length > len(DIGITS):
        return math.ceil(length / 2)
    alone, after_space = DIGITS[length - 1]
    if len(run) > length:
        return after_space
    return alone + (1 if length % 2 and _SPLIT_NUMBER.search(digits) else 0)


def _character(character: str) -> int:
    """The price of one that is not ASCII; Claude's tokenizer sees it as NFKC writes it."""
    if character in ONE_TOKEN:
        return 1
    plain = unicodedata.normalize("NFKC", character)
    return max(len(form.encode("utf-8", "surrogatepass")) for form in (character, plain))
