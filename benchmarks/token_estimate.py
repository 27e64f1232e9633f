"""Measure the estimate of tokens against real tokenizers; or write the tables that it reads.

    python benchmarks/token_estimate.py            the table in benchmarks/README.md
    python benchmarks/token_estimate.py --write    healthsim_store/base/token_prices.py anew

Needs healthsim-store with its extra `test`, the three products and healthsim-store-mcp. The tables
are measured on the words of our own products and documents, on Faker's names, on the words of
Python's documentation and on letters at random; tests/token_corpus.py has other texts.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import pydoc_data.topics
import random
import re
import string
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from faker.providers.person.en_US import Provider as Person

from healthsim_store.base import tokens

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from own_texts import own_texts
from real_tokenizer import counts
from token_corpus import DIAGNOSES, DRUGS, KINDS, NAMES, SERVICES, texts

ROOT = Path(__file__).resolve().parents[1]
PRICES = ROOT / "healthsim_store" / "base" / "token_prices.py"
SMALL, CAPITAL = string.ascii_lowercase, string.ascii_uppercase
COMMON = 220  # pairs of letters of the 676
SEEN = 2  # times that our own texts must have signs that are priced by themselves
DIGIT_TABLE = 7  # numbers up to this length have a price of their own
# What may stand before a run of letters, each of which is a token by itself.
BEFORE = ("", " ", '"', "_", "-", "|", "(", "\n", ",", "1")


@functools.cache
def real(text: str) -> int:
    return max(counts(text).values())


@functools.cache
def word_price(word: str) -> int:
    """What letters cost at most, wherever they stand."""
    return max(real(before + word) - (0 if before in ("", " ") else 1) for before in BEFORE)


@functools.cache
def sign_price(signs: str) -> int:
    return max(real(signs), *(real(a + signs + b) - 2 for a in "a1" for b in ("a", "1", "\n")))


def known(own: str) -> dict[str, int]:
    """What our own texts have often, and what it costs."""
    source = "\n".join(
        file.read_text("utf-8")
        for folder in (ROOT / "healthsim_store", *sorted((ROOT / "plugins").glob("*/src")))
        for pattern in ("**/*.sql", "**/*.csv", "**/*.py")
        for file in sorted(folder.glob(pattern))
        if file != PRICES
    )
    ours = set(re.findall(r"[A-Za-z]+", source))
    words = set(re.findall(r"[A-Za-z]+", own))
    signs = Counter(re.findall(r" ?[!-/:-@\[-`{-~]+|\n\n+", own))
    prices = {word: word_price(word) for word in words if len(word) > 2 and word in ours}
    prices |= {
        run: sign_price(run) for run, count in signs.items() if count >= SEEN and len(run) <= 32
    }
    return dict(sorted(prices.items()))


def dictionary() -> list[str]:
    """Words to fit the prices of letters to: small, capitalised and in capitals."""
    found = set(Person.first_names) | set(Person.last_names)
    documents = [file.read_text("utf-8") for file in sorted(ROOT.glob("**/*.md"))]
    documents += [file.read_text("utf-8") for file in sorted(ROOT.glob("plugins/**/*.csv"))]
    documents += [*DRUGS, *DIAGNOSES, *SERVICES, *NAMES]
    for text in (*documents, *pydoc_data.topics.topics.values()):
        found |= set(re.findall(r"[A-Za-z]+", text))
    words = {word.lower() for word in found if word.isascii() and word.isalpha()}
    return sorted(word for word in words if len(word) > 2)


def letters_at_random() -> list[str]:
    chance = random.Random(1)
    return ["".join(chance.choices(SMALL, k=length)) for length in range(3, 25) for _ in range(400)]


def fitted(words: list[str], common: set[str], form: str) -> tuple[float, float, float]:
    """The price of letters: a sum, one for each letter, one for each pair that is not common.

    The least on the average of the dictionary, with no word and no letters at random below.
    """
    forms = {"small": (str.lower, str.capitalize), "capitals": (str.upper,)}[form]
    chosen = [make(word) for word in words for make in forms]
    at_random = [make(word) for word in letters_at_random() for make in forms]
    every = chosen + at_random
    length = np.array([len(word) for word in every])
    begun = np.minimum(length, tokens.WORD)
    rare = np.array([_rare(word.lower(), common) for word in every])
    price = np.array([word_price(word) for word in every])
    best: tuple[float, tuple[float, float, float]] = (float("inf"), (0.0, 0.0, 0.0))
    for least, each, strange in itertools.product(
        np.arange(0, 2.01, 0.1), np.arange(0.3, 0.81, 0.025), np.arange(0, 0.81, 0.05)
    ):
        estimate = least + each * begun + tokens.BEYOND * (length - begun) + strange * rare
        estimate = np.minimum(length, np.floor(estimate + 1e-9))
        if (estimate < price).any():
            continue
        total = float(estimate[: len(chosen)].sum())
        if total < best[0]:
            best = total, (float(round(least, 3)), float(round(each, 3)), float(round(strange, 3)))
    return best[1]


def _rare(word: str, common: set[str]) -> int:
    return sum(a + b not in common for a, b in itertools.pairwise(word))


def write() -> None:
    own = "\n".join(text for _, text in own_texts())
    words = dictionary()
    pairs = Counter(pair for word in words for pair in set(map("".join, itertools.pairwise(word))))
    common = {pair for pair, _ in pairs.most_common(COMMON)}
    single = [
        first + second
        for firsts, seconds in ((SMALL, SMALL), (CAPITAL, CAPITAL), (CAPITAL, SMALL))
        for first in firsts
        for second in seconds
        if word_price(first + second) == 1
    ]
    split = [f"{n:03}" for n in range(1_000) if real(f"{n:03}") > 1]
    one = [c for c in map(chr, range(0x80, 0x2600)) if c.isprintable() and _one(c)]
    digits = []
    chance = random.Random(1)
    for length in range(1, DIGIT_TABLE + 1):
        numbers = ["".join(chance.choices(string.digits, k=length)) for _ in range(3_000)]
        ordinary = [n for n in numbers if not any(s in n for s in split)]
        digits.append(tuple(max(real(b + n) for n in ordinary) for b in ("", " ")))
    small, capitals = (fitted(words, common, form) for form in ("small", "capitals"))
    by_price: dict[int, list[str]] = {}
    signs: dict[str, int] = {}
    for run, price in known(own).items():
        if not run.isalpha():
            if price < len(run):
                signs[run] = price
            continue
        least, each, strange = capitals if run.isupper() else small
        unknown = int(least + each * len(run) + strange * _rare(run.lower(), common))
        if price < unknown:
            by_price.setdefault(price, []).append(run)
    lines = [
        '"""Prices for `tokens`; written by benchmarks/token_estimate.py, never by hand."""',
        "from __future__ import annotations",
        "from collections.abc import Mapping",
        "# Words and signs that the texts of our own products have often.",
        f"_WORDS = {{{','.join(f'{p}: {_block(by_price[p])}' for p in sorted(by_price))}}}",
        f"_SIGNS = {signs!r}",
        "KNOWN: Mapping[str, int] = {word: price for price, words in _WORDS.items()"
        " for word in words.split()} | _SIGNS",
        "# Of letters: at least, for each, for each pair that is not common.",
        f"LETTERS = {small!r}",
        f"CAPITALS = {capitals!r}",
        f"COMMON_PAIRS = frozenset({_block(sorted(common))}.split())",
        "# Two letters that are one token.",
        f"SINGLE_PAIRS = frozenset({_block(single)}.split())",
        "# Numbers by their length: alone, and after a space.",
        f"DIGITS = {tuple(digits)!r}",
        "# Three digits that are not one token.",
        f"SPLIT_NUMBERS = {tuple(split)!r}",
        "# Characters beyond ASCII that are one token.",
        f"ONE_TOKEN = frozenset({_block(one)}.split())",
    ]
    PRICES.write_text("\n".join(lines) + "\n", "utf-8")
    for tidy in (["format"], ["check", "--fix"]):
        subprocess.run(["ruff", *tidy, "--quiet", str(PRICES)], check=True)


def _one(character: str) -> bool:
    if character.isnumeric():  # such are counted in threes with the digits around them
        return False
    return all(real(text) <= most for text, most in ((character, 1), (character * 4, 4)))


def _block(words: list[str]) -> str:
    """Words as the source of a text that goes over lines."""
    return "(" + "\n".join(repr(f"{line} ") for line in textwrap.wrap(" ".join(words), 88)) + ")"


def show() -> None:
    print("| kind | texts | real tokens | estimate : highest real | Claude 2 | GPT-4 | GPT-4o |")
    print("|---|---|---|---|---|---|---|")
    for name, found in kinds():
        rows = [(tokens.estimate_tokens(text), counts(text)) for text in found]
        _row(name, rows)


def kinds() -> Iterator[tuple[str, list[str]]]:
    own: dict[str, list[str]] = {}
    for name, text in own_texts():
        own.setdefault(f"our {name}", []).append(text)
    yield from own.items()
    for kind in KINDS:
        yield kind, [text for seed in range(4) for text in texts(kind, seed=seed)]


def _row(name: str, rows: list[tuple[int, dict[str, int]]]) -> None:
    ratios = [estimate / max(real.values()) for estimate, real in rows]
    total = sum(max(real.values()) for _, real in rows)
    each = [
        f"{sum(estimate for estimate, _ in rows) / sum(real[key] for _, real in rows):.2f}"
        for key in rows[0][1]
    ]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"| {name} | {len(rows):,} | {total:,} | {spread} | {' | '.join(each)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the tables anew")
    if parser.parse_args().write:
        write()
    else:
        show()


if __name__ == "__main__":
    main()
