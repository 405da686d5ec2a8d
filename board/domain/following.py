"""How a program follows a board: which frames it may take, when it comes back, and by which way.

The same rules as `static/js/live/chain.js` and `backoff.js`. `chance` is a number from 0 to 1, made outside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

FIRST_S, LONGEST_S = 1.0, 30.0
SOCKET_TRIES, PROVEN_SOCKET_TRIES = 2, 8
AGAIN_S, SOON_AGAIN_S = 600.0, 30.0
NEVER_AGAIN = range(4500, 5000)

Cursors = Mapping[str, int]
Verdict = Literal["apply", "repeat", "gap"]


def start_at(topics: Iterable[str], seq: int) -> Cursors:
    return dict.fromkeys(topics, seq)


def judge(cursors: Cursors, *, topic: str, seq: int, prev: int) -> Verdict:
    """Whether an event frame comes next, was had before, or shows that something is missing before it."""
    cursor = cursors.get(topic)
    if cursor is None or seq <= cursor:
        return "repeat"
    return "gap" if prev > cursor else "apply"


def applied(cursors: Cursors, *, topic: str, seq: int) -> Cursors:
    """After an event: frames of an earlier event, on whatever topic, would have come before it."""
    return {**raised(cursors, seq - 1), topic: seq}


def raised(cursors: Cursors, seq: int) -> Cursors:
    """Nothing up to `seq` is still to come, on any topic."""
    return {topic: max(cursor, seq) for topic, cursor in cursors.items()}


def resume_at(cursors: Cursors) -> int:
    """Where a new connection must begin so that no topic misses anything."""
    return min(cursors.values())


def delay_s(failures: int, window_s: tuple[float, float] | None, chance: float) -> float:
    """Until the next try: full jitter, doubling up to 30 s; `window_s` is the server's own wish."""
    least, most = window_s or (0.0, min(LONGEST_S, FIRST_S * 2 ** min(failures, 10)))
    return least + chance * (most - least)


def may_return(code: int) -> bool:
    return code not in NEVER_AGAIN


@dataclass
class Ways:
    """Which way to try: the stream where sockets bring no message, sockets again after a while."""

    silent: int = 0
    is_on_stream: bool = False
    has_socket_worked: bool = False

    @property
    def is_streams_turn(self) -> bool:
        """After some silent sockets (more, where one has worked) the two take turns."""
        if self.is_on_stream:
            return self.silent % 2 == 0
        tries = PROVEN_SOCKET_TRIES if self.has_socket_worked else SOCKET_TRIES
        return self.silent >= tries and (self.silent - tries) % 2 == 0

    def tried(self) -> None:
        self.silent += 1

    def heard(self, *, is_stream: bool) -> None:
        """A message came: this way works."""
        self.silent, self.is_on_stream = 0, is_stream
        self.has_socket_worked = self.has_socket_worked or not is_stream

    def trial_after_s(self, chance: float) -> float:
        """How long a stream that serves goes on before a socket is tried again."""
        return (SOON_AGAIN_S if self.has_socket_worked else AGAIN_S) * (0.5 + chance)

    def try_socket(self) -> None:
        self.silent, self.is_on_stream, self.has_socket_worked = SOCKET_TRIES - 1, False, False
