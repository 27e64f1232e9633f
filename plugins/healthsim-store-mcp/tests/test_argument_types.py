"""The choices that a tool offers are those of the store."""

from __future__ import annotations

from typing import get_args

from healthsim_store_mcp.argument_types import Strategy

from healthsim_store.operations.strategies import STRATEGIES


def test_the_strategies_of_a_merge() -> None:
    assert get_args(Strategy) == ("skip", "overwrite", "rename", "error") == tuple(STRATEGIES)
