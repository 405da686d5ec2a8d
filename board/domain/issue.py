"""One issue as the fold of its events. What may be done next is in `decisions`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from board.domain import events as e
from board.domain.leaf import Recorded, parse_time

State = Literal["new", "acknowledged", "in_progress", "waiting_on_customer", "resolved", "closed"]
Confirmation = Literal["none", "asked", "confirmed", "disputed", "lapsed"]
Visibility = Literal["unverified", "held", "public", "removed"]
Author = Literal["filer", "company", "anyone"]
Status = Literal["public", "held", "rejected", "hidden"]

OPEN = ("new", "acknowledged", "in_progress", "waiting_on_customer")
SETTLED = ("resolved", "closed")


@dataclass(frozen=True)
class Promise:
    """The next word by `due`; `index` is its first event, `missed` once the clock has said so."""

    index: int
    due: datetime
    missed: bool = False


@dataclass(frozen=True)
class Text:
    """The words of one event: whose they are, which fields are still there, and whether the public may read them.

    `original` is the event whose words a correction puts anew. What is `rejected` was never public; what is `hidden`
    was.
    """

    author: Author
    kind: str
    fields: frozenset[str]
    status: Status = "public"
    original: int | None = None


@dataclass(frozen=True, kw_only=True)
class Issue:
    """`last` and `last_hash` are the end of the issue's chain; `settled` is the event that resolved or closed it."""

    number: int
    area: str
    filed: int
    state: State = "new"
    resolution: str | None = None
    confirmation: Confirmation = "none"
    visibility: Visibility = "unverified"
    last: int = -1
    last_hash: bytes = b""
    settled: int | None = None
    settled_at: datetime | None = None
    reopened: int = 0
    merged_into: int | None = None
    promise: Promise | None = None
    owner: int | None = None
    texts: Mapping[int, Text] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def fields_left(self, target: int) -> frozenset[str]:
        """The fields of the words at `target` of which some wording is still there."""
        return frozenset().union(*(text.fields for text in texts_of(self, target).values()))


def fold(events: Iterable[Recorded], issue: Issue | None = None) -> Issue:
    """The issue after these events; raises ValueError where the first one is not its filing."""
    for recorded in events:
        issue = step(issue, recorded)
    if issue is None:
        raise ValueError("an issue begins with its filing")
    return issue


def step(issue: Issue | None, recorded: Recorded) -> Issue:
    if isinstance(recorded.event, e.IssueFiled):
        issue = Issue(number=recorded.event.issue, area=recorded.event.area, filed=recorded.index)
    if issue is None:
        raise ValueError("an issue begins with its filing")
    changed = STEPS[type(recorded.event)](issue, recorded)
    return replace(changed, last=recorded.index, last_hash=recorded.leaf_hash)


def words(author: Author) -> "Step":
    """A step that keeps the words of an event under the author's name."""
    return lambda issue, r: with_text(issue, r, author)


def with_text(issue: Issue, r: Recorded, author: Author) -> Issue:
    if not r.commit:
        return issue
    text = Text(author, r.name, frozenset(r.commit))
    return replace(issue, texts={**issue.texts, r.index: text})


def in_state(state: State) -> "Step":
    return lambda issue, r: replace(issue, state=state)


def visible(visibility: Visibility) -> "Step":
    return lambda issue, r: replace(issue, visibility=visibility)


def settle(issue: Issue, r: Recorded, *, state: State, resolution: str, confirmation: Confirmation) -> Issue:
    return replace(
        with_text(issue, r, "filer" if r.event.role == "customer" else "company"),
        state=state,
        resolution=resolution,
        confirmation=confirmation,
        settled=r.index,
        settled_at=r.time,
        promise=None,
    )


def resolved(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.IssueResolved)
    return settle(issue, r, state="resolved", resolution=r.event.resolution, confirmation="asked")


def closed(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.IssueClosed)
    return settle(issue, r, state="closed", resolution=r.event.resolution, confirmation="none")


def withdrawn(issue: Issue, r: Recorded) -> Issue:
    return settle(issue, r, state="closed", resolution="withdrawn", confirmation="none")


def merged(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.IssueMerged)
    after = settle(issue, r, state="closed", resolution="duplicate", confirmation="none")
    return replace(after, merged_into=r.event.into)


def back_to_work(issue: Issue, r: Recorded) -> Issue:
    return replace(
        with_text(issue, r, "company"),
        state="in_progress",
        resolution=None,
        confirmation="disputed" if issue.confirmation == "disputed" else "none",
        settled=None,
        settled_at=None,
        merged_into=None,
    )


def reopened(issue: Issue, r: Recorded) -> Issue:
    return replace(back_to_work(issue, r), reopened=issue.reopened + 1)


def confirmed(issue: Issue, r: Recorded) -> Issue:
    return replace(with_text(issue, r, "filer"), state="closed", confirmation="confirmed")


def disputed(issue: Issue, r: Recorded) -> Issue:
    return replace(with_text(issue, r, "filer"), confirmation="disputed")


def lapsed(issue: Issue, r: Recorded) -> Issue:
    return replace(issue, state="closed", confirmation="lapsed")


def moved(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.IssueMoved)
    return replace(issue, area=r.event.area)


def assigned(issue: Issue, r: Recorded) -> Issue:
    return replace(with_text(issue, r, "company"), owner=r.index)


def commented(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.CommentPosted)
    return with_text(issue, r, "filer" if r.event.target == issue.filed else "anyone")


def thanked(issue: Issue, r: Recorded) -> Issue:
    return with_text(issue, r, "filer" if r.event.role == "customer" else "company")


def judged(issue: Issue, r: Recorded) -> Issue:
    """The decision about a comment counts for every wording of it."""
    assert isinstance(r.event, e.CommentHeld | e.CommentPublished | e.CommentRejected)
    target = r.event.target
    wordings = {i: replace(t, status=status_after(t, r.event)) for i, t in texts_of(issue, target).items()}
    return replace(issue, texts={**issue.texts, **wordings})


def texts_of(issue: Issue, target: int) -> dict[int, Text]:
    return {index: text for index, text in issue.texts.items() if target in (index, text.original)}


def status_after(text: Text, event: "Judgement") -> Status:
    """A rule holds what nobody has read; a moderator's hand takes from view what was public."""
    match event:
        case e.CommentHeld(role="moderator"):
            return "hidden"
        case e.CommentHeld():
            return "held"
        case e.CommentRejected():
            return "hidden" if text.status == "hidden" else "rejected"
        case e.CommentPublished():
            return "public"


def corrected(issue: Issue, r: Recorded) -> Issue:
    """The new wording is as public as the text that it corrects."""
    assert isinstance(r.event, e.TextCorrected)
    text = replace(issue.texts[r.event.target], kind=r.name, fields=frozenset(r.commit), original=r.event.target)
    return replace(issue, texts={**issue.texts, r.index: text})


def redacted(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.TextRedacted)
    text = issue.texts[r.event.target]
    left = replace(text, fields=text.fields - set(r.event.fields))
    return replace(issue, texts={**issue.texts, r.event.target: left})


def promised(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.PromiseMade)
    return replace(issue, promise=Promise(r.index, parse_time(r.event.due)))


def promise_moved(issue: Issue, r: Recorded) -> Issue:
    assert isinstance(r.event, e.PromiseMoved)
    return replace(issue, promise=Promise(r.event.target, parse_time(r.event.due)))


def promise_kept(issue: Issue, r: Recorded) -> Issue:
    return replace(issue, promise=None)


def promise_missed(issue: Issue, r: Recorded) -> Issue:
    assert issue.promise
    return replace(issue, promise=replace(issue.promise, missed=True))


def updated(issue: Issue, r: Recorded) -> Issue:
    """A public word ends the promise of one; the event before it says whether it came in time."""
    return replace(with_text(issue, r, "company"), promise=None)


def unchanged(issue: Issue, r: Recorded) -> Issue:
    return issue


Judgement = e.CommentHeld | e.CommentPublished | e.CommentRejected
Step = Callable[[Issue, Recorded], Issue]
STEPS: dict[type[e.Event], Step] = {
    e.IssueFiled: words("filer"),
    e.IssueHeld: visible("held"),
    e.IssuePublished: visible("public"),
    e.IssueRejected: visible("removed"),
    e.IssueRemoved: visible("removed"),
    e.IssueRestored: visible("public"),
    e.IssueAcknowledged: in_state("acknowledged"),
    e.IssueStarted: in_state("in_progress"),
    e.IssueWaiting: in_state("waiting_on_customer"),
    e.IssueResolved: resolved,
    e.IssueClosed: closed,
    e.IssueReopened: reopened,
    e.IssueConfirmed: confirmed,
    e.IssueDisputed: disputed,
    e.IssueLapsed: lapsed,
    e.IssueWithdrawn: withdrawn,
    e.IssueAssigned: assigned,
    e.IssueMoved: moved,
    e.IssueMerged: merged,
    e.IssueSplit: back_to_work,
    e.UpdatePosted: updated,
    e.CommentPosted: commented,
    e.CommentHeld: judged,
    e.CommentPublished: judged,
    e.CommentRejected: judged,
    e.TextCorrected: corrected,
    e.PromiseMade: promised,
    e.PromiseMoved: promise_moved,
    e.PromiseKept: promise_kept,
    e.PromiseMissed: promise_missed,
    e.ThanksGiven: thanked,
    e.TextRedacted: redacted,
    e.MirrorPosted: unchanged,
}
