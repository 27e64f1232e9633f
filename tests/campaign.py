"""How much the tests try that could try for ever: little in the ordinary run, more in a campaign.

``HEALTHSIM_STORE_CAMPAIGN=1`` asks for a campaign: more examples, more seeds, more kills, and a new
Python for every command.
"""

from __future__ import annotations

import os

CAMPAIGN = os.environ.get("HEALTHSIM_STORE_CAMPAIGN", "0") not in ("", "0")


def tries(ordinary: int, campaign: int) -> int:
    """The first number in the ordinary run, the second in a campaign."""
    return campaign if CAMPAIGN else ordinary
