"""The demo of healthsim-store, and a profile of persons who are patients and members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_store import Profile, hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def healthsim_store_profiles() -> list[Profile]:
    return Profile.all_from_package(__name__)


@hookimpl
def healthsim_store_commands() -> list[click.Command]:
    from .demo import demo

    return [demo]
