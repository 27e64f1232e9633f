"""Names of people and streets, from the library Faker."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable

from ..errors import DeclarationError

SIZE = 1_000  # names of each kind; they are made once, and profiles pick from them


@functools.cache
def pool(provider: str, *, where: str) -> tuple[str, ...]:
    """SIZE names of one kind, the same in every process. Frequent names are in it several times.

    Args:
        provider: a method of Faker and a locale: ``first_name_female en_US``.
        where: file and line of the profile, for messages.

    Raises DeclarationError if there is no such method or locale, or if Faker is not installed.
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
        first = None  # it needs arguments, or is not a method
    if not isinstance(first, str) or "date" in method or "time" in method:
        raise DeclarationError(
            f"{where}: @names {provider}: {method} does not give names",
            hint="For example first_name_female, first_name_male, last_name, street_address.",
        )
    source.seed_instance(provider)
    return tuple(draw() for _ in range(SIZE))


def digest(pools: Iterable[Iterable[str]]) -> str:
    """A fingerprint of the names: twelve letters and digits.

    Faker's version would not do: it has a release every week, but its names rarely change.
    """
    text = "\n\n".join("\n".join(pool) for pool in pools)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
