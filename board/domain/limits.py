"""How much of what one place, one mail address and everybody together may send: the arithmetic of token buckets.

A bucket is kept as the time at which it is full again. It holds `count` tokens and gets one back each `cost_ms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Act = Literal["file", "comment", "follow", "mine_too", "report", "look", "copy", "sign_in", "code", "staff"]
Window = Literal["burst", "day", "mail", "board"]
SECONDS: dict[Window, int] = {"burst": 600, "day": 86_400, "mail": 3_600, "board": 3_600}
MOST = 1_000_000
# No bucket of everybody stands before signing in: a stranger could empty it, and keep all others out.
DEFAULTS: dict[Act, dict[Window, int]] = {
    "file": {"burst": 5, "day": 20, "mail": 5, "board": 300},
    "comment": {"burst": 10, "day": 60, "board": 600},
    "follow": {"burst": 10, "day": 40, "mail": 5, "board": 300},
    "mine_too": {"burst": 20, "day": 100, "board": 3_000},
    "report": {"burst": 5, "day": 20, "board": 300},
    "look": {"burst": 300, "day": 3_000},
    "copy": {"burst": 20, "day": 200},
    "sign_in": {"burst": 5, "day": 30, "mail": 5},
    "code": {"burst": 30, "day": 300},
    "staff": {"burst": 1_200, "day": 30_000},
}
ACTS: tuple[Act, ...] = get_args(Act)


@dataclass(frozen=True)
class Limit:
    """So many in so many seconds, at once or spread."""

    count: int
    seconds: int

    @property
    def cost_ms(self) -> int:
        return -(-self.seconds * 1000 // self.count)

    @property
    def span_ms(self) -> int:
        """How long an empty bucket takes to be full."""
        return self.cost_ms * self.count

    def left(self, full_ms: int, now_ms: int) -> int:
        """How many tokens the bucket holds."""
        return max(0, self.span_ms - max(0, full_ms - now_ms)) // self.cost_ms

    def wait_s(self, full_ms: int, now_ms: int) -> int:
        """After how many whole seconds the bucket holds a token; 0 where it holds one."""
        return max(0, -((self.span_ms - self.cost_ms - (full_ms - now_ms)) // 1000))


@dataclass(frozen=True)
class Share:
    """What is left of a sender's own limit: so many of `count` in `seconds`, all of them again in `full_s`."""

    name: str
    count: int
    seconds: int
    left: int
    full_s: int


@dataclass(frozen=True)
class Bucket:
    """One bucket of an act: `name` tells it from all others, and says whose it is in the clear."""

    name: str
    window: Window
    limit: Limit

    def share(self, full_ms: int, now_ms: int) -> Share:
        left, full_s = self.limit.left(full_ms, now_ms), max(0, -((now_ms - full_ms) // 1000))
        return Share(self.window, self.limit.count, self.limit.seconds, left, full_s)


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends: the network of the connection, the mail address that was typed, or the colleague or token."""

    network: str
    email: str | None = None
    member: str | None = None


def key(act: Act, window: Window) -> str:
    return f"{act}.{window}"


def counts(chosen: Mapping[str, int]) -> dict[str, int]:
    """Every limit by its key: the company's own where it has set one."""
    known = {key(act, window): count for act, windows in DEFAULTS.items() for window, count in windows.items()}
    return known | {name: count for name, count in chosen.items() if name in known}


def buckets(act: Act, sender: Sender, chosen: Mapping[str, int]) -> list[Bucket]:
    """The buckets that one act takes from, always in this order: of the sender, of the mail address, of the board."""
    if sender.member:
        act = "staff"
    set_to = counts(chosen)
    whose = {"burst": sender.member or sender.network, "day": sender.member or sender.network}
    whose |= {"mail": sender.email or "", "board": "all"}
    return [
        Bucket(f"{act} {window} {whose[window]}", window, Limit(set_to[key(act, window)], SECONDS[window]))
        for window in DEFAULTS[act]
        if whose[window]
    ]
