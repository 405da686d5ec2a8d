"""When public words may be taken from view at once, and when a second person must agree or a day must pass."""

from datetime import timedelta

DELAY = timedelta(hours=24)
# What hurts somebody while it stands: it goes at once and is looked over afterwards.
AT_ONCE = frozenset({"privacy_request", "third_party_privacy", "threat"})


def is_at_once(reason: str, *, is_public: bool) -> bool:
    """Whether one moderator is enough. What the public has never read buries nothing."""
    return reason in AT_ONCE or not is_public
