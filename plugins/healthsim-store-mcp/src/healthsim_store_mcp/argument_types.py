"""Kinds of arguments that several tools have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from healthsim_store.doors import STRATEGIES

from .replies import LEAST, MOST

Scenario = Annotated[str, Field(description="Name, or enough of it")]
Budget = Annotated[int, Field(ge=LEAST, le=MOST, description="Of the reply, in tokens")]
Strategy = Literal[*STRATEGIES]
