"""Calculates the proof of work that a board asks for (ALTCHA), unless it asks for too much."""

from typing import Any

import altcha

from board.commands.calls import Refusal

ALGORITHM = "PBKDF2/SHA-256"
MOST_ROUNDS, LONGEST_PREFIX = 50_000, 4  # of one try, and figures of what it has to begin with: minutes at most
PATIENCE_S = 120.0


def prove(challenge: Any) -> str:
    """The solution as it is sent; raises Refusal for a challenge that nobody should solve."""
    try:
        asked = altcha.Challenge.from_dict(challenge)
        is_fair = (
            asked.parameters.algorithm == ALGORITHM
            and 0 < asked.parameters.cost <= MOST_ROUNDS
            and len(asked.parameters.key_prefix) <= LONGEST_PREFIX
        )
        found = altcha.solve_challenge(asked, timeout=PATIENCE_S) if is_fair else None
    except (TypeError, ValueError, KeyError, AttributeError):
        found = None
    if found is None:
        raise Refusal(428, {"detail": "the board asks for a proof of work that cannot be given"}, None)
    return altcha.Payload(asked, found).to_base64()
