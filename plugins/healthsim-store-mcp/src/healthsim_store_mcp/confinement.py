"""Where tools may read and write files: under the store, and folders given at the start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcp.server.mcpserver.exceptions import ToolError

from healthsim_store.doors import shorten

from .refusals import invalid, unreadable

EXPORTS = "exports"  # the one folder of the store that tools write files into

_LONGEST = 4_000


class Confinement:
    """Paths that a model names, made real ones, or refused.

    What counts is where a path really leads: ``..`` and symbolic links are followed first. Hidden
    files, such as the store's trash and cache or a user's keys, are nobody's.
    """

    def __init__(self, store: Path, allowed: Sequence[Path] = ()) -> None:
        self._store = store.expanduser().resolve()
        self._allowed = [folder.expanduser().resolve() for folder in allowed]

    def reading(self, given: str) -> Path:
        """The real path of a file or folder that is there; a relative one in any of the folders.

        Raises ToolError, also for a folder in which a link leads out.
        """
        plain = self._plain(given)
        roots = [self._store, *self._allowed]
        inside = [real for real in self._candidates(plain, roots) if self._holds(real)]
        if not inside:
            raise self._outside(given, roots)
        path = next((real for real in inside if real.exists()), None)
        if path is None:
            raise unreadable(f"There is no file {_shown(given)} in {_listed(roots)}.")
        # A pipe or a device would keep whoever reads it waiting.
        try:
            files = [path, *(path.iterdir() if path.is_dir() else ())]
        except OSError as error:
            raise unreadable(f"{_shown(given)} cannot be read: {error.strerror}.") from None
        for file in files:
            if not (file.is_file() or file.is_dir()):
                raise unreadable(f"{file.name} in {_shown(given)} is neither a file nor a folder.")
            if not file.name.startswith(".") and not self._holds(file.resolve()):
                raise unreadable(f"{file.name} in {_shown(given)} is a link that leads out of it.")
        return path

    def writing(self, given: str) -> Path:
        """The real path of what is to be written: in a folder that was given, or in ``exports``."""
        plain = self._plain(given)
        roots = [*self._allowed, self._store / EXPORTS]
        if plain.parts[:1] == (EXPORTS,):
            plain = self._store / plain
        inside = [real for real in self._candidates(plain, roots) if self._may_write(real)]
        if not inside:
            raise self._outside(given, roots)
        return inside[0]

    def export_folder(self, scenario: str, format: str) -> Path:
        """Where an export goes if nobody says."""
        return self.writing(f"{scenario}-{format}")

    def is_scenario(self, path: Path) -> bool:
        """Whether a scenario's file lies in the store, and is no link to one elsewhere."""
        return path.resolve().parent == self._store

    def replaceable(self, path: Path) -> bool:
        """Whether a file that is there may be written over: only one of the store's exports."""
        return path.is_relative_to(self._store / EXPORTS)

    def _candidates(self, plain: Path, roots: Sequence[Path]) -> list[Path]:
        try:
            found = [(root / plain).resolve() for root in roots]  # an absolute one stays as it is
            for path in found:
                path.exists()  # asks the system, which refuses what is too long, or a loop of links
        except (OSError, RuntimeError):
            raise invalid(f"{_shown(str(plain))} is no path.") from None
        return found

    def _holds(self, path: Path) -> bool:
        return any(_visible(path, root) for root in (self._store, *self._allowed))

    def _may_write(self, path: Path) -> bool:
        if path == self._store or path.is_relative_to(self._store):
            return path != self._store / EXPORTS and _visible(path, self._store / EXPORTS)
        return any(path != root and _visible(path, root) for root in self._allowed)

    def _plain(self, given: str) -> Path:
        if not given.strip() or "\0" in given or len(given) > _LONGEST:
            raise invalid(f"{_shown(given)} is no path.")
        try:
            return Path(given).expanduser()
        except RuntimeError:
            raise invalid(f"{_shown(given)} begins with a user who is not there.") from None

    def _outside(self, given: str, roots: Sequence[Path]) -> ToolError:
        return invalid(
            f"{_shown(given)} lies outside of the folders that this server may use,"
            " or is hidden.\n"
            f"Give a path in {_listed(roots)}. The user adds a folder by --allow at the start."
        )


def _visible(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and not any(
        part.startswith(".") for part in path.relative_to(root).parts
    )


def _shown(given: str) -> str:
    return repr(shorten(given, 120))


def _listed(roots: Sequence[Path]) -> str:
    return " or ".join(map(str, roots))
