"""The reply to a check: what was found in a scenario file, and what was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``level`` is ``error`` or ``note``; ``kind`` is what was looked at."""

    level: str
    kind: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        return {"level": self.level, "kind": self.kind, "message": self.message}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What `check_scenario` answers. ``checked`` counts what was looked at, by kind."""

    scenario: str
    findings: tuple[Finding, ...]
    checked: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """No error; there may be notes."""
        return all(finding.level != "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "ok": self.ok,
            "findings": [finding.to_dict() for finding in self.findings],
            "checked": dict(self.checked),
        }
