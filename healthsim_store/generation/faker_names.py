"""Names of people and streets, from the library that is made for them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable

from ..errors import DeclarationError

SIZE = 1_000  # drawn once for each kind; a profile picks from them


@functools.cache
def pool(provider: str, *, where: str) -> tuple[str, ...]:
    """SIZE names of one kind, the same in every process; frequent ones stand there several times.

    ``provider`` is a method of Faker and a locale: ``first_name_female en_US``.

    Raises DeclarationError when there is no such method or locale, or the library is not installed.
    """
    try:
        import faker
    except ModuleNotFoundError:
        raise DeclarationError(
            f"{where}: @names {provider} needs the library Faker",
            hint="pip install faker",
        ) from None
    method, _, locale = provider.partition(" ")
    try:
        source = faker.Faker(locale.strip() or "en_US")
    except AttributeError:
        raise DeclarationError(f"{where}: @names {provider}: Faker has no such locale") from None
    draw = getattr(source, method, None) if method.isidentifier() and method[0] != "_" else None
    if draw is None:
        raise DeclarationError(
            f"{where}: @names {provider}: Faker has no {method}",
            hint="For example first_name_female, first_name_male, last_name, street_address.",
        )
    try:
        first = draw()
    except (TypeError, ValueError, AttributeError):
        first = None  # it wants arguments, or is no method at all
    if not isinstance(first, str) or "date" in method or "time" in method:
        raise DeclarationError(
            f"{where}: @names {provider}: {method} does not give names",
            hint="For example first_name_female, first_name_male, last_name, street_address.",
        )
    source.seed_instance(provider)
    return tuple(draw() for _ in range(SIZE))


def digest(pools: Iterable[Iterable[str]]) -> str:
    """Twelve letters and digits by which names are known to be the same.

    Not the library's version: it has had a release a week, and the same names for years.
    """
    text = "\n\n".join("\n".join(pool) for pool in pools)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
