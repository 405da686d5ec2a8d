"""An issue's past without a database: events are recorded in memory, and acts decided upon it."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any

from board.domain import clocks, decisions
from board.domain.clocks import Clock
from board.domain.events import Event, issue_of, words_of
from board.domain.issue import Issue, fold
from board.domain.leaf import Recorded, decode, encode
from board.domain.proof import b64url, leaf_hash
from tests.cast import NOON, ORIGIN

COMMITMENT = "A" * 43


class Past:
    """The events so far; `now` is when the next act happens."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []
        self.now = NOON

    @property
    def issue(self) -> Issue:
        return fold(self.recorded)

    @property
    def clock(self) -> Clock:
        return clocks.read(self.recorded)

    @property
    def kinds(self) -> list[str]:
        return [recorded.name for recorded in self.recorded]

    def add(self, *events: Event, at: datetime | None = None) -> "Past":
        self.now = at or self.now
        for event in events:
            self.recorded.append(record(event, self.recorded, self.now))
        return self

    def do(self, decide: Callable[..., list[Event]], *, at: datetime | None = None, **given: Any) -> list[Event]:
        """Decides on the issue as it is, records what follows, and returns it."""
        self.now = at or self.now
        events = decide(self.issue, at=self.now, **given)
        self.add(*events)
        return events


def record(event: Event, before: list[Recorded], at: datetime) -> Recorded:
    last = before[-1] if before and issue_of(event) is not None else None
    text = encode(
        event,
        board=ORIGIN,
        index=before[-1].index + 1 if before else 1,
        time=at,
        commit=dict.fromkeys(words_of(event), COMMITMENT),
        prev=(last.index, b64url(last.leaf_hash)) if last else None,
    )
    return decode(text, leaf_hash(text.encode()))


def filed(*, publish: bool = True, **words: str) -> Past:
    """Issue 7, filed at noon by Ada, at the indices 1 and 2."""
    given = words or {"title": "The kettle leaks", "body": "I wanted tea.", "author.name": "Ada"}
    return Past().add(*decisions.file(7, area="service", via="web", words=given, publish=publish))


SAMPLES: dict[str, Any] = {
    "issue": 7,
    "area": "service",
    "via": "web",
    "occurred": "2020-04-01T17:31:32Z",
    "reason": "spam",
    "resolution": "fixed",
    "whose": "carrier",
    "target": 1,
    "into": 3,
    "due": "2026-03-03T12:00:00Z",
    "fields": ("body",),
    "source": "mastodon",
    "spec": "board-log-v1",
    "vkey": "board.example/log+00000000+AAAA",
    "sha256": "0" * 64,
    "words": {"body": "Something said."},
}


def example(kind: type[Event]) -> Event:
    """An event of the kind with every field that it has."""
    return kind(**{f.name: SAMPLES[f.name] for f in fields(kind) if f.name != "role"})
