"""Why words that come in may be spam, from what a door knows. Doubt refuses nobody: it asks for a proof, or holds."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Reason = Literal["trap", "newcomer_links", "links", "repeated", "quick", "stale", "hurried", "crowded", "sender"]
REASONS: tuple[Reason, ...] = get_args(Reason)  # the strongest first
# A proof of work answers these; the others are for a moderator's eyes.
PROVABLE: frozenset[Reason] = frozenset({"quick", "stale", "hurried", "repeated"})

QUICK_S = 3  # nobody reads a form and writes in less
STALE_S = 24 * 3600
MANY_LINKS = 4
LINK = re.compile(
    r"https?://[^\s)\]]*|\bwww\.[^\s)\]]+"
    r"|(?<![@\w.-])[a-z0-9-]{2,63}\.(?:com|net|org|info|biz|shop|xyz|top|ru|cn|io)\b[^\s)\]]*",
    re.IGNORECASE,
)
SHORT = 60  # characters; whoever says “Same here.” repeats nobody


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What the door knows: `age_s` of the form, None where it carried no stamp; `left` tokens of the sender.

    `is_crowded`: more comes in from everybody than the company reads.
    """

    trap: bool
    age_s: int | None
    left: int
    is_repeated: bool
    is_newcomer: bool
    is_crowded: bool = False


def doubt(words: str, signs: Signs) -> tuple[Reason, ...]:
    """Every reason to doubt the words, the strongest first."""
    links = len(LINK.findall(words))
    holds: dict[Reason, bool] = {
        "trap": signs.trap,
        "newcomer_links": signs.is_newcomer and links > 0,
        "links": links >= MANY_LINKS,
        "repeated": signs.is_repeated,
        "quick": signs.age_s is not None and signs.age_s < QUICK_S,
        "stale": signs.age_s is None or signs.age_s > STALE_S,
        "hurried": signs.left == 0,
        "crowded": signs.is_crowded and signs.is_newcomer,
    }
    return tuple(reason for reason, is_so in holds.items() if is_so)


def is_provable(doubts: tuple[Reason, ...]) -> bool:
    """Whether a proof of work takes all of these doubts away."""
    return PROVABLE.issuperset(doubts)


def sameness(words: str) -> str | None:
    """What two texts have in common that say the same; None for short ones, which anybody may say."""
    folded = " ".join(re.sub(r"[\W\d_]+", " ", words.casefold()).split())
    return folded if len(folded) >= SHORT else None
