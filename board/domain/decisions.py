"""The life-cycle: each act as a pure decision that returns the new events, or refuses and says what would be allowed.

Times are given as `at`; rights are checked here too, so that no door can forget them.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from board.domain import events as e
from board.domain.events import Event, Words
from board.domain.issue import Issue
from board.domain.leaf import format_time, whole_second
from board.domain.people import Actor, refuse_staff, require, role_in
from board.domain.phrase import choose, phrase
from board.errors import Conflict, Invalid, NotAllowed

DISPUTE_DAYS = 60
LAPSE_DAYS = 14
PROMISE_DAYS = 365

OPEN_ACTS = ("comment", "update", "resolve", "close", "merge", "withdraw", "promise", "assign", "move")
ACTS: dict[str, tuple[str, ...]] = {
    "new": OPEN_ACTS,
    "acknowledged": OPEN_ACTS,
    "in_progress": OPEN_ACTS,
    "waiting_on_customer": OPEN_ACTS,
    "resolved": ("comment", "update", "confirm", "dispute", "reopen", "lapse", "assign", "move"),
    "closed": ("comment", "update", "dispute", "reopen", "assign", "move"),
}
ALWAYS = ("correct", "redact", "take_out", "thank", "miss")
VISIBLE_ACTS: dict[str, tuple[str, ...]] = {
    "unverified": ("publish", "reject"),
    "held": ("publish", "reject"),
    "public": ("remove", "hide"),
    "removed": ("restore",),
}
CORRECTABLE = frozenset({"title", "body", "author.name", "whose"})
STATES_TO_ASK_FOR = ("acknowledged", "in_progress", "waiting_on_customer")


@dataclass(frozen=True, kw_only=True)
class Then:
    """What an update brings about besides its words; times are aware, `into` is an issue's number."""

    state: str | None = None
    resolution: str | None = None
    promise_due: datetime | None = None
    whose: str | None = None
    into: int | None = None


def allowed(issue: Issue, at: datetime) -> tuple[str, ...]:
    """The acts that the life-cycle allows now, whoever asks."""
    acts = list(VISIBLE_ACTS[issue.visibility])
    if issue.visibility == "removed":
        return (*acts, "redact", "take_out", "miss")
    acts += [act for act in ACTS[issue.state] if in_time(issue, act, at)]
    acts += ALWAYS
    if issue.merged_into is not None:
        acts.append("split")
    return tuple(acts)


def in_time(issue: Issue, act: str, at: datetime) -> bool:
    if issue.settled_at is None:
        return True
    if act == "dispute":
        return at <= issue.settled_at + timedelta(days=DISPUTE_DAYS)
    if act == "lapse":
        return at >= issue.settled_at + timedelta(days=LAPSE_DAYS)
    return True


def permit(issue: Issue, act: str, by: Actor, at: datetime) -> None:
    """Raises NotAllowed for the wrong person, Conflict (naming what is possible) for the wrong moment."""
    require(by, act)
    possible = allowed(issue, at)
    if act not in possible:
        mine = tuple(a for a in possible if by.may(a))
        raise Conflict(
            phrase(
                "Issue {number} is {state}: “{act}” is not possible now.",
                number=issue.number,
                state=describe(issue),
                act=act,
            ),
            mine,
        )


def describe(issue: Issue) -> str:
    if issue.visibility != "public":
        return issue.visibility
    return issue.state.replace("_", " ")


def file(number: int, *, area: str, via: str, words: Words, occurred: str | None = None, publish: bool) -> list[Event]:
    """The filing, and at once whether the board shows it or holds it for a look."""
    filed = e.IssueFiled(issue=number, area=area, via=via, words=words, occurred=occurred)
    seen: Event = e.IssuePublished(issue=number) if publish else e.IssueHeld(issue=number)
    return [filed, seen]


def update(
    issue: Issue, *, by: Actor, words: Words, via: str, then: Then, at: datetime, occurred: str | None = None
) -> list[Event]:
    """A public word of the company with what follows from it: state, resolution or closing, promise."""
    permit(issue, "update", by, at)
    posted = e.UpdatePosted(issue=issue.number, via=via, words=words, occurred=occurred)
    events = [*keep_promise(issue, at), posted, *follow_up(issue, by=by, then=then, at=at, occurred=occurred)]
    if then.promise_due:
        issue = replace(issue, promise=None)
        events += promise(issue, by=by, due=then.promise_due, at=at)
    return events


def keep_promise(issue: Issue, at: datetime) -> list[Event]:
    """A public word keeps the open promise, or shows that it came too late."""
    if issue.promise is None or issue.promise.missed:
        return []
    if at <= issue.promise.due:
        return [e.PromiseKept(issue=issue.number, target=issue.promise.index)]
    return [e.PromiseMissed(issue=issue.number, target=issue.promise.index)]


def follow_up(issue: Issue, *, by: Actor, then: Then, at: datetime, occurred: str | None) -> list[Event]:
    if then.resolution:
        if then.state or then.promise_due:
            raise Invalid({"resolution": "Resolve, or go on with a new state or promise: not both at once."})
        return settle(issue, by=by, then=then, at=at, occurred=occurred)
    if then.state:
        return change_state(issue, then.state, occurred)
    if issue.state == "new":
        return [e.IssueAcknowledged(issue=issue.number, occurred=occurred)]
    return []


def settle(issue: Issue, *, by: Actor, then: Then, at: datetime, occurred: str | None = None) -> list[Event]:
    """The end of an issue as staff see it. A cure asks the customer; the other ends close and can be disputed."""
    number, resolution = issue.number, then.resolution
    if resolution in e.CURES:
        permit(issue, "resolve", by, at)
        return [e.IssueResolved(issue=number, resolution=resolution, occurred=occurred)]
    if resolution not in e.CLOSURES:
        raise Invalid({"resolution": choose((*e.CURES, *e.CLOSURES))})
    if resolution == "duplicate":
        return merge(issue, by=by, into=then.into, at=at)
    permit(issue, "close", by, at)
    whose, words = party(then.whose) if resolution == "not_ours" else (None, {})
    return [e.IssueClosed(issue=number, resolution=resolution, whose=whose, words=words, occurred=occurred)]


def party(whose: str | None) -> tuple[str, Words]:
    """The code of the party whose issue it is, with its name as words where it is not one of the codes."""
    if not whose:
        raise Invalid({"whose": "Say whose it is: “not ours” must name who can help."})
    return (whose, {}) if whose in e.PARTIES else ("other", {"whose": whose})


def change_state(issue: Issue, state: str, occurred: str | None = None) -> list[Event]:
    number = issue.number
    if state not in STATES_TO_ASK_FOR:
        raise Invalid({"state": choose(STATES_TO_ASK_FOR)})
    if not issue.is_open:
        raise Conflict(
            phrase("Issue {number} is {state}: reopen it first.", number=number, state=describe(issue)),
            ("reopen", "update"),
        )
    if state == issue.state:
        return []
    if state == "acknowledged":
        if issue.state != "new":
            raise Conflict(
                phrase("Issue {number} is already {state}.", number=number, state=describe(issue)),
                ("in_progress", "waiting_on_customer"),
            )
        return [e.IssueAcknowledged(issue=number, occurred=occurred)]
    if state == "in_progress":
        return [e.IssueStarted(issue=number, occurred=occurred)]
    started = [] if issue.state == "in_progress" else [e.IssueStarted(issue=number, occurred=occurred)]
    return [*started, e.IssueWaiting(issue=number, occurred=occurred)]


def comment(
    issue: Issue, *, by: Actor, words: Words, via: str, at: datetime, hold: bool = False, occurred: str | None = None
) -> list[Event]:
    """A public word by anyone; the filer's word ends the company's waiting. `target` marks the filer's."""
    permit(issue, "comment", by, at)
    refuse_staff(by)
    is_filer = by.standing == "filer"
    if issue.visibility != "public" and not is_filer:
        raise Conflict(
            phrase("Issue {number} is {state}: it takes no comments yet.", number=issue.number, state=issue.visibility)
        )
    target = issue.filed if is_filer else None
    events: list[Event] = [e.CommentPosted(issue=issue.number, via=via, target=target, words=words, occurred=occurred)]
    if is_filer and issue.state == "waiting_on_customer":
        events.append(e.IssueStarted(issue=issue.number, role="system", occurred=occurred))
    return events


def hold_comment(issue: Issue, index: int) -> list[Event]:
    """Follows the comment at `index` in the same transaction where the board's policy holds comments."""
    return [e.CommentHeld(issue=issue.number, target=index)]


def confirm(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    permit(issue, "confirm", by, at)
    assert issue.settled is not None
    return [e.IssueConfirmed(issue=issue.number, target=issue.settled, words=words)]


def dispute(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    """The customer says no: back to work, counted, with the clocks running from the original start."""
    permit(issue, "dispute", by, at)
    assert issue.settled is not None
    disputed = e.IssueDisputed(issue=issue.number, target=issue.settled, words=words)
    return [disputed, e.IssueReopened(issue=issue.number, role="customer")]


def lapse(issue: Issue, *, by: Actor, at: datetime) -> list[Event]:
    permit(issue, "lapse", by, at)
    assert issue.settled is not None
    return [e.IssueLapsed(issue=issue.number, target=issue.settled)]


def withdraw(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    permit(issue, "withdraw", by, at)
    return [e.IssueWithdrawn(issue=issue.number, words=words)]


def reopen(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    permit(issue, "reopen", by, at)
    return [e.IssueReopened(issue=issue.number, words=words)]


def merge(issue: Issue, *, by: Actor, into: int | None, at: datetime) -> list[Event]:
    permit(issue, "merge", by, at)
    if into is None:
        raise Invalid({"duplicate_of": "Name the issue that this one is a duplicate of."})
    if into == issue.number:
        raise Invalid({"duplicate_of": "An issue cannot be a duplicate of itself."})
    return [e.IssueMerged(issue=issue.number, into=into)]


def split(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    permit(issue, "split", by, at)
    return [e.IssueSplit(issue=issue.number, words=words)]


def promise(issue: Issue, *, by: Actor, due: datetime, at: datetime) -> list[Event]:
    """A dated next word; an open one is moved, which everybody sees."""
    permit(issue, "promise", by, at)
    due = whole_second(due)
    if not at < due <= at + timedelta(days=PROMISE_DAYS):
        raise Invalid({"promise_due": "Promise a time that is still to come, within a year."})
    text = format_time(due)
    if issue.promise is None or issue.promise.missed:
        return [e.PromiseMade(issue=issue.number, due=text)]
    if at > issue.promise.due:
        missed = e.PromiseMissed(issue=issue.number, target=issue.promise.index)
        return [missed, e.PromiseMade(issue=issue.number, due=text)]
    return [e.PromiseMoved(issue=issue.number, target=issue.promise.index, due=text)]


def miss_promise(issue: Issue, *, by: Actor, at: datetime) -> list[Event]:
    """Written by the clock, so that a missed promise shows even where nobody looks."""
    permit(issue, "miss", by, at)
    if issue.promise is None or issue.promise.missed or at <= issue.promise.due:
        return []
    return [e.PromiseMissed(issue=issue.number, target=issue.promise.index)]


def thank(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    permit(issue, "thank", by, at)
    return [e.ThanksGiven(issue=issue.number, words=words, role=role_in(by, "thank"))]


def assign(issue: Issue, *, by: Actor, words: Words, at: datetime) -> list[Event]:
    permit(issue, "assign", by, at)
    return [e.IssueAssigned(issue=issue.number, words=words)]


def move(issue: Issue, *, by: Actor, area: str, at: datetime) -> list[Event]:
    permit(issue, "move", by, at)
    return [] if area == issue.area else [e.IssueMoved(issue=issue.number, area=area)]


def correct(issue: Issue, *, by: Actor, target: int, words: Words, at: datetime) -> list[Event]:
    """New wording of one's own words; what stood before stays in the history."""
    permit(issue, "correct", by, at)
    text = issue.texts.get(target)
    if text is None or text.kind == "text.corrected":
        raise Invalid({"target": "There are no words to correct at this place."})
    if text.author != ("company" if by.is_staff else "filer"):
        raise NotAllowed("Only the author can correct these words.")
    if gone := sorted(words.keys() - (issue.fields_left(target) & CORRECTABLE)):
        raise Invalid(dict.fromkeys(gone, "These words are not there, or were removed."))
    if not words:
        raise Invalid({"body": "Change something first."})
    return [e.TextCorrected(issue=issue.number, target=target, words=words, role=role_in(by, "correct"))]


def redact(
    issue: Issue,
    *,
    by: Actor,
    target: int,
    fields: tuple[str, ...],
    reason: str,
    versions: tuple[int, ...],
    at: datetime,
) -> list[Event]:
    """Takes words out in all their wordings: `versions` are the indices of the corrections of `target`."""
    permit_erasing(issue, by=by, target=target, reason=reason, at=at)
    events, role = list[Event](), role_in(by, "redact")
    for index in (target, *versions):
        there = issue.texts[index].fields if index in issue.texts else frozenset[str]()
        if found := tuple(sorted(there & set(fields))):
            events.append(e.TextRedacted(issue=issue.number, target=index, fields=found, reason=reason, role=role))
    if not events:
        raise Invalid({"fields": "There are no such words left at this place."})
    return events


def mask(
    issue: Issue,
    *,
    by: Actor,
    target: int,
    masked: Words,
    reason: str,
    versions: tuple[int, ...],
    at: datetime,
) -> list[Event]:
    """Puts the fields anew with marks in the place of some words, and takes every earlier wording of them out."""
    permit_erasing(issue, by=by, target=target, reason=reason, at=at)
    act = "redact" if by.is_staff else "take_out"
    anew = e.TextCorrected(issue=issue.number, target=target, words=masked, role=role_in(by, act))
    return [
        anew,
        *redact(issue, by=by, target=target, fields=tuple(masked), reason=reason, versions=versions, at=at),
    ]


def permit_erasing(issue: Issue, *, by: Actor, target: int, reason: str, at: datetime) -> None:
    """Moderators erase any words, the filer only own ones and only because they ask for it."""
    check_reason(reason)
    if by.is_staff or by.standing == "system":
        permit(issue, "redact", by, at)
        return
    permit(issue, "take_out", by, at)
    text = issue.texts.get(target)
    is_own = target in by.own or (text is not None and text.author == by.standing == "filer")
    if not is_own or reason != "author_request":
        raise NotAllowed("You can take out your own words only.")


def check_reason(reason: str) -> None:
    if reason not in e.REASONS:
        raise Invalid({"reason": choose(e.REASONS)})
