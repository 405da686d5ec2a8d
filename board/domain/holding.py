"""Whether new words wait for a moderator before the public reads them, and why. The company chooses the policy."""

from typing import Literal

from board.domain.doubt import Reason

Policy = Literal["open", "first", "hold"]
Why = Literal["policy", "first", "word", "finds"] | Reason


def why_hold(policy: str, *, is_known: bool, text: str, held_words: str, doubts: tuple[Reason, ...] = ()) -> Why | None:
    """`is_known`: the public reads something of theirs already. `held_words`: one word or phrase a line."""
    if policy == "hold":
        return "policy"
    if any(word in text.casefold() for word in lines(held_words)):
        return "word"
    if doubts:
        return doubts[0]
    return "first" if policy == "first" and not is_known else None


def lines(held_words: str) -> list[str]:
    return [line.strip().casefold() for line in held_words.splitlines() if line.strip()]
