"""When words may be taken away at once, and when a second person must agree or a day must pass.

Hiding can be undone, so one moderator does it where words hurt somebody. Erasing cannot: alone, a moderator erases only
what the finder of private details (`domain.finds`) recognises, and nothing beside it.
"""

from datetime import timedelta

from board.domain.phrase import phrase
from board.errors import Invalid

DELAY = timedelta(hours=24)
NEW, INVITED = (
    timedelta(days=1),
    timedelta(days=7),
)  # how long a colleague, and one invited by who asked, seconds nobody
# What hurts somebody while it stands: it goes at once and is looked over afterwards.
AT_ONCE = frozenset({"privacy_request", "third_party_privacy", "threat"})


# What is hidden, which can be undone, and never erased for it.
HIDDEN_ONLY = frozenset({"threat"})
IS_HIDDEN = phrase(
    "A threat is hidden, not erased. Hide the comment, or remove the whole issue: that is at once and can be undone."
)


def check_erasing(reason: str) -> None:
    """Raises Invalid for what is no reason to erase."""
    if reason in HIDDEN_ONLY:
        raise Invalid({"reason": IS_HIDDEN})


def is_second(age: timedelta, *, is_invited_by_asker: bool) -> bool:
    """Whether a colleague of this age counts as another person than who asked: nobody makes a second one for it."""
    return age >= (INVITED if is_invited_by_asker else NEW)


def is_at_once(reason: str, *, is_public: bool) -> bool:
    """Whether one moderator is enough to hide. What the public has never read buries nothing."""
    return reason in AT_ONCE or not is_public
