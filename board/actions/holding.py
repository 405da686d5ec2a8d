"""Whether words wait for a moderator's look before everybody reads them: the one place that decides it."""

from board.domain.doubt import Reason
from board.store.company import Company


def must_hold(setup: Company, doubts: tuple[Reason, ...], *, is_newcomer: bool) -> str | None:
    """Why the words wait; None where they are public at once."""
    if setup.moderation == "hold":
        return "policy"
    if setup.moderation == "first" and is_newcomer:
        return "newcomer"
    return doubts[0] if doubts else None
