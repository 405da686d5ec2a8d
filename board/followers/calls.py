"""Asks social networks in JSON, by the guarded way out; what cannot be had is an outcome, never an error."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from board.domain.mirrors import Later, Outcome, Post, Stopped, Unknown
from board.outbound import Closed, Lost, Outbound, Unsent

ANSWER_BYTES = 1_000_000
SAID_LENGTH = 300


@dataclass(frozen=True)
class Reply:
    """`said` is the JSON of the answer, None where it is none: a page of somebody in between."""

    status: int
    headers: Mapping[str, str]
    said: Any

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300

    def words(self, *names: str) -> str:
        """What the network says is wrong, in the first of these fields that says anything."""
        fields = self.said if isinstance(self.said, dict) else {}
        told = next((str(fields[name]) for name in names if fields.get(name)), "")
        return f"It answers {self.status}" + (f": {told[:SAID_LENGTH]}" if told else ".")


@dataclass(frozen=True)
class About:
    """Who we are at the network, and how long a post may be there."""

    account: str
    name: str
    most: int
    link_counts: int | None = None


@dataclass(frozen=True)
class Line:
    """What speaking to a network takes: `session` is what it gave us last time, `keep` keeps a new one."""

    out: Outbound
    address: str
    secrets: Mapping[str, str]
    account: str
    keep: Callable[[str], Awaitable[None]]
    session: str | None = None


@dataclass(frozen=True)
class Thread:
    """The posts that an answer belongs to."""

    root: Post
    parent: Post


class Network(Protocol):
    """What each network can be asked; all of them answer with outcomes."""

    async def test(self) -> About | Outcome: ...

    async def send(self, post: Post, thread: Thread | None, link: str | None) -> Outcome: ...

    async def find(self, post: Post) -> Outcome: ...

    async def delete(self, post: Post) -> Outcome: ...


async def call(
    out: Outbound, method: str, url: str, headers: Mapping[str, str], said: Any = None
) -> Reply | Unknown | Later | Stopped:
    """One request. Unknown: it may have arrived; Later: it has not."""
    body = b"" if said is None else json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    kind = {} if said is None else {"Content-Type": "application/json"}
    sent = {"User-Agent": "Board", "Accept": "application/json", **kind, **headers}
    try:
        answer = await out.send(method, url, sent, body, most=ANSWER_BYTES)
    except Closed as wrong:
        return Stopped("setup", str(wrong))
    except Unsent as wrong:
        return Later(str(wrong))
    except Lost as wrong:
        return Unknown(str(wrong))
    try:
        return Reply(answer.status, answer.headers, json.loads(answer.body))
    except ValueError:
        return Reply(answer.status, answer.headers, None)
