"""Who may do what: the actors and the one table of their rights. A `reader` is a program that reads as auditors do."""

from dataclasses import dataclass
from typing import Literal

from board.domain.doubt import Reason
from board.domain.events import Role
from board.domain.phrase import phrase
from board.errors import NotAllowed

Standing = Literal["anyone", "filer", "agent", "moderator", "admin", "auditor", "reader", "system"]

ANYONE = frozenset({"anyone", "filer", "agent", "moderator", "admin"})
FILER = frozenset({"filer"})
AGENTS = frozenset({"agent", "moderator", "admin"})
MODERATORS = frozenset({"moderator", "admin"})
ADMINS = frozenset({"admin"})
AUDITORS = frozenset({"auditor", "reader"})  # read what is hidden, without personal data, and do nothing
CLOCK = frozenset({"system"})

MAY: dict[str, frozenset[str]] = {
    "file": ANYONE,
    "comment": ANYONE,
    "follow": ANYONE,
    "mine_too": ANYONE,
    "thank": FILER | AGENTS,
    "confirm": FILER,
    "dispute": FILER,
    "withdraw": FILER,
    "correct": FILER | AGENTS,
    "update": AGENTS,
    "resolve": AGENTS,
    "close": AGENTS,
    "reopen": AGENTS,
    "merge": AGENTS,
    "split": AGENTS,
    "promise": AGENTS,
    "assign": AGENTS,
    "move": AGENTS,
    "note": AGENTS,
    "keep_out": AGENTS,
    "try_mail": AGENTS,
    "see_desk": AGENTS | AUDITORS,
    "see_private": AGENTS,
    "see_moderation": MODERATORS | AUDITORS,
    "publish": MODERATORS,
    "reject": MODERATORS,
    "remove": MODERATORS,
    "hide": MODERATORS,
    "restore": MODERATORS,
    "redact": MODERATORS,
    "take_out": FILER | {"anyone"},
    "appeal": FILER | {"anyone"},
    "tell_privately": FILER | AGENTS,
    "run_board": ADMINS,
    "lapse": CLOCK,
    "miss": CLOCK,
}
# What takes words or rights away wants a fresh proof of who does it.
GRAVE = frozenset({"reject", "remove", "hide", "redact"})
# What is kept under a colleague's name: two people have to be two, and readings of private words are noted.
NAMED = GRAVE | {"restore", "see_private"}
MODERATION = frozenset({"publish", "reject", "remove", "hide", "restore", "redact"})
WHO = {
    ANYONE: "anyone",
    FILER: "the customer who filed the issue",
    FILER | {"anyone"}: "customers",
    FILER | AGENTS: "the customer who filed the issue, and staff",
    AGENTS: "staff",
    AGENTS | AUDITORS: "staff and auditors",
    MODERATORS: "moderators and admins",
    MODERATORS | AUDITORS: "moderators, admins and auditors",
    ADMINS: "admins",
    CLOCK: "the clock",
}


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: `person` is the private id of a known person, `name` what the public may read.

    `own` are the indices of words that came from the same browser.
    """

    standing: Standing
    person: int | None = None
    name: str | None = None
    own: frozenset[int] = frozenset()

    @property
    def is_staff(self) -> bool:
        return self.standing in AGENTS

    def may(self, act: str) -> bool:
        return self.standing in MAY[act]


@dataclass(frozen=True)
class Poster:
    """Whose browser sends words: an opaque mark of it, and whether the public reads something of theirs already.

    `doubts` are the reasons of `domain.doubt` that no proof has answered, `email` the address that signed in by mail.
    """

    mark: bytes | None = None
    is_known: bool = False
    doubts: tuple[Reason, ...] = ()
    email: str | None = None


NEWCOMER = Poster()
STRANGER = Actor(standing="anyone")
SYSTEM = Actor(standing="system")


def may(role: str, act: str) -> bool:
    """Whether a colleague of this role has the right."""
    return role in MAY[act]


def require(by: Actor, act: str) -> None:
    """Raises NotAllowed unless the actor's standing has the right, and where it must be known which colleague acts."""
    if not by.may(act):
        raise NotAllowed(phrase("Only {who} can do this.", who=WHO[MAY[act]]))
    if act in NAMED and by.is_staff and by.person is None:
        raise NotAllowed("This takes a token that belongs to a colleague: make one on the settings page.")


def refuse_staff(by: Actor) -> None:
    if by.is_staff:
        raise NotAllowed("Staff speak for the company: post an update instead of a comment.")


def role_in(by: Actor, act: str) -> Role:
    """The public role in which the actor does the act."""
    if by.standing == "system":
        return "system"
    if not by.is_staff:
        return "customer"
    return "moderator" if act in MODERATION else "company"
