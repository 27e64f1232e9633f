"""The profiles that can be used: those of plugins, and the user's own in a folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.text import did_you_mean
from ..errors import DeclarationError, InvalidArgument, UnknownProfile
from .profile import SUFFIX, Profile, profile_files
from .recipe import Recipe, read_recipe


@dataclass(frozen=True, slots=True)
class Library:
    """The profiles that can be used.

    ``brought`` are those of plugins, by name; ``folder`` has the user's own. ``missing`` says why
    one that a plugin has cannot be used, None where none has it.
    """

    brought: Mapping[str, Profile]
    folder: Path
    missing: Callable[[str], str | None] = lambda _: None

    def find(self, profile: str) -> Profile:
        """The profile with this name, or in the .sql file at this path. Raises UnknownProfile."""
        if not isinstance(profile, str):
            raise InvalidArgument(f"A profile is given by its name, not {profile!r:.60}.")
        if profile.endswith(SUFFIX):
            if Path(profile).is_file():
                return Profile.from_file(Path(profile))
            raise UnknownProfile(
                f"There is no file {profile!r:.200}.", hint="Give a profile's path."
            )
        # A profile of a plugin goes first: the same command should make the same on every machine.
        if profile in self.brought:
            return self.brought[profile]
        files = profile_files(self.folder)
        if profile in files:
            return Profile.from_file(files[profile])
        why = self.missing(profile)
        known = sorted({*self.brought, *files})
        near = did_you_mean(profile, known)
        path = f"Or give the path of a {SUFFIX} file."
        listed = f"Known: {', '.join(known)}." if known else "No plugin brings one."
        raise UnknownProfile(
            f"There is no profile {profile!r:.60}.",
            hint=" ".join(filter(None, (why, near, listed, path))),
        )

    def recipe(self, profile: str) -> Recipe:
        """The profile with this name or path, parsed. Raises UnknownProfile, DeclarationError."""
        return read_recipe(self.find(profile))

    def makers(self, entity_type: str, there: Collection[str]) -> list[str]:
        """The profiles that make entities of a type.

        First those that make them for others that are ``there``, then those that read no scenario.
        """
        found = [
            told for told in self.describe_all() if entity_type in told.get("entity_types", ())
        ]
        reading = [told for told in found if "needs" in told and set(told["needs"]) <= set(there)]
        return [told["name"] for told in (*reading, *(t for t in found if "needs" not in t))]

    def readers(self) -> list[str]:
        """The profiles that read a scenario."""
        return [told["name"] for told in self.describe_all() if "reads" in told]

    def describe(self, profile: str) -> dict[str, Any]:
        """Title, entity types and options of the profile with this name or path; JSON-ready."""
        return describe(self.recipe(profile))

    def describe_all(self) -> list[dict[str, Any]]:
        """`describe` for every profile; one that cannot be used has a ``problem`` instead."""
        files = profile_files(self.folder)
        found: list[dict[str, Any]] = []
        for name in sorted({*self.brought, *files}):
            try:
                found.append(self.describe(name))
            except DeclarationError as error:
                found.append({"name": name, "problem": str(error)})
            if name in self.brought and name in files:
                problem = f"{files[name]}: a plugin brings a profile of this name; rename the file"
                found.append({"name": name, "problem": problem})
        return found


def describe(recipe: Recipe) -> dict[str, Any]:
    """Title, entity types and options of a profile; JSON-ready.

    A profile that reads a scenario has ``reads`` and ``needs``, and no ``count`` of its own.
    """
    reading: dict[str, Any] = {"count": recipe.count}
    if recipe.reads:
        reading = {"count": None, "reads": recipe.reads, "needs": recipe.needs}
    return {
        "name": recipe.name,
        "version": recipe.version,
        "title": recipe.title,
        "counts": recipe.counts,
        **reading,
        "entity_types": list(recipe.selects),
        "options": [
            {
                "name": option.name,
                "type": option.type.sql,
                "default": option.default,
                "allowed": list(option.values) or list(option.checks),
                "description": option.description,
            }
            for option in recipe.options
        ],
    }
