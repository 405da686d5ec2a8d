"""What time says about an issue, from its events alone: whose turn, waiting since, first answer, pauses, overdue.

Imports are timed by when they happened at the source (`Recorded.at`). All spans are whole seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from board.domain import events as e
from board.domain.leaf import Recorded, parse_time

Turn = Literal["company", "customer", "nobody"]

TURNS: dict[type[e.Event], Turn] = {
    e.IssueFiled: "company",
    e.IssueAcknowledged: "company",
    e.IssueStarted: "company",
    e.IssueReopened: "company",
    e.IssueSplit: "company",
    e.IssueWaiting: "customer",
    e.IssueResolved: "customer",
    e.IssueClosed: "nobody",
    e.IssueMerged: "nobody",
    e.IssueConfirmed: "nobody",
    e.IssueLapsed: "nobody",
    e.IssueWithdrawn: "nobody",
}


@dataclass(frozen=True)
class Target:
    """What an area aims at, in seconds: the first answer and the cure; None where it does not say."""

    first_answer_s: int | None = None
    resolve_s: int | None = None


@dataclass(frozen=True)
class Span:
    """A stretch of time in which it was one side's turn; the last one of an open issue has no end."""

    turn: Turn
    start: datetime
    end: datetime | None = None
    paused: bool = False


@dataclass(frozen=True)
class Clock:
    """`spans` follow each other without gaps from filing on; `promise_due` is the next word, open or missed."""

    filed_at: datetime
    spans: tuple[Span, ...]
    first_answer_at: datetime | None = None
    settled_at: datetime | None = None
    promise_due: datetime | None = None

    @property
    def turn(self) -> Turn:
        return self.spans[-1].turn

    @property
    def since(self) -> datetime:
        return self.spans[-1].start

    @property
    def is_paused(self) -> bool:
        return self.spans[-1].paused

    def paused_s(self, now: datetime) -> int:
        """Seconds in which the company waited for the customer's answer."""
        return sum(seconds(span, now) for span in self.spans if span.paused)

    def with_company_s(self, now: datetime) -> int:
        return sum(seconds(span, now) for span in self.spans if span.turn == "company")


def seconds(span: Span, now: datetime) -> int:
    return max(0, int(((span.end or now) - span.start).total_seconds()))


def read(events: Iterable[Recorded]) -> Clock:
    """The clock after these events of one issue; raises ValueError where there are none."""
    clock: Clock | None = None
    for recorded in events:
        clock = tick(clock, recorded)
    if clock is None:
        raise ValueError("a clock starts with the filing")
    return clock


def tick(clock: Clock | None, recorded: Recorded) -> Clock:
    event, at = recorded.event, recorded.at
    if clock is None:
        return Clock(filed_at=at, spans=(Span("company", at),))
    turn = TURNS.get(type(event))
    if turn:
        clock = turn_to(clock, turn, at, paused=isinstance(event, e.IssueWaiting))
    match event:
        case e.UpdatePosted():
            return replace(clock, first_answer_at=clock.first_answer_at or at, promise_due=None)
        case e.PromiseMade() | e.PromiseMoved():
            return replace(clock, promise_due=parse_time(event.due))
        case e.PromiseKept():
            return replace(clock, promise_due=None)
        case e.IssueReopened() | e.IssueSplit():
            return replace(clock, settled_at=None)
        case e.IssueResolved() | e.IssueClosed() | e.IssueMerged() | e.IssueWithdrawn():
            return replace(clock, settled_at=at, promise_due=None)
    return clock


def turn_to(clock: Clock, turn: Turn, at: datetime, *, paused: bool) -> Clock:
    last = clock.spans[-1]
    if last.turn == turn and last.paused == paused:
        return clock
    return replace(clock, spans=(*clock.spans[:-1], replace(last, end=at), Span(turn, at, None, paused)))


def due_at(
    *,
    target: Target,
    filed_at: datetime,
    first_answer_at: datetime | None,
    paused_s: int,
    turn: Turn,
    promise_due: datetime | None,
) -> datetime | None:
    """When the issue becomes overdue, or became so: the earliest of first answer, cure and promised word."""
    if turn != "company":
        return None
    ends = [promise_due]
    if target.first_answer_s is not None and first_answer_at is None:
        ends.append(filed_at + timedelta(seconds=target.first_answer_s))
    if target.resolve_s is not None:
        ends.append(filed_at + timedelta(seconds=target.resolve_s + paused_s))
    return min((end for end in ends if end), default=None)


def overdue_since(clock: Clock, target: Target, now: datetime) -> datetime | None:
    due = due_at(
        target=target,
        filed_at=clock.filed_at,
        first_answer_at=clock.first_answer_at,
        paused_s=clock.paused_s(now),
        turn=clock.turn,
        promise_due=clock.promise_due,
    )
    return due if due and due < now else None
