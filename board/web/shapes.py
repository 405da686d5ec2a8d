"""The shapes of what the API answers, on which other programs rely. Times are RFC 3339 in UTC, absent is null."""

from typing import Any

import msgspec


class Issue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    number: int
    url: str
    title: str | None
    body: str | None
    area: str
    state: str
    resolution: str | None
    confirmation: str
    visibility: str
    turn: str
    filed_at: str
    first_answer_at: str | None
    last_event: int
    owner: str | None
    promise_due: str | None
    followers: int
    mine_too: int
    reopened: int


class Hidden(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The decision that took the words of a comment from view; `by_event` is its index."""

    by_event: int
    role: str
    reason: str
    time: str


class Entry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One event of an issue as its page tells it; `body` is as it was typed, `sentence` says what happened."""

    index: int
    event: str
    role: str
    by_filer: bool
    name: str | None
    time: str
    recorded_at: str
    body: str | None
    body_html: str | None
    sentence: str
    corrected: bool
    due: str | None
    promise: str | None
    into: int | None
    reason: str | None
    hidden: Hidden | None
    resolution: str | None
    whose: str | None
    grade: int | None
    via: str | None


class WholeIssue(Issue, kw_only=True):
    timeline: list[Entry]


class IssueList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`next` is the cursor of the next page, to be given as `after`."""

    issues: list[Issue]
    next: str | None


def sparse(shape: Any, name: str) -> Any:
    """The same fields, of which only those are there that were asked for."""
    fields = msgspec.structs.fields(shape)
    return msgspec.defstruct(
        name,
        [(one.name, one.type | msgspec.UnsetType, msgspec.UNSET) for one in fields],
        kw_only=True,
        forbid_unknown_fields=True,
    )


SparseIssue = sparse(Issue, "SparseIssue")
SparseWholeIssue = sparse(WholeIssue, "SparseWholeIssue")


class SparseIssueList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A page of the list with those `fields` only that were asked for."""

    issues: list[SparseIssue]  # type: ignore[valid-type]
    next: str | None


SPARSE: dict[Any, Any] = {IssueList: SparseIssueList, WholeIssue: SparseWholeIssue}


def fields_of(shape: Any) -> tuple[str, ...]:
    """The fields of an issue that can be chosen."""
    return tuple(one.name for one in msgspec.structs.fields(Issue if shape is IssueList else shape))


class FiguresOfIssues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of all that is public; `confirmed_share` is a percentage of the cures, null where there are none."""

    open: int
    with_company: int
    with_customer: int
    overdue: int
    cured: int
    confirmed_share: int | None
    total: int


class FiguresOfModeration(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Counted from the record since it began; reports and appeals are not in it."""

    held: int
    hidden: int
    erased: int
    restored: int
    reports: int
    appeals: int
    appeals_upheld: int


class Figures(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    issues: FiguresOfIssues
    moderation: FiguresOfModeration


class Opening(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    salt: str
    value: str


class Redaction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    by_event: int
    reason: str


class Event(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One entry of the record: its canonical text, the RFC 6962 hash of it, and the words that it binds, by field."""

    leaf: str
    leaf_hash: str
    openings: dict[str, Opening]
    redactions: dict[str, Redaction]


class EventList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`head` is the number of events in the whole record."""

    events: list[Event]
    head: int
    epoch: str


class Area(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Target times in seconds."""

    slug: str
    name: str
    first_answer_s: int | None
    resolve_s: int | None


class AreaList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    areas: list[Area]


class Receipt(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    index: int
    leaf: str
    leaf_hash: str


class Filed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The secret in `private_url` speaks for the customer who filed: show it to nobody else."""

    number: int
    url: str
    private_url: str
    receipt: Receipt


class Done(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`index` is that of the act's event; null where nothing had to change."""

    index: int | None
    issue: Issue


class Decided(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a moderator decided about the issue; `index` is that of the event, null where none was needed."""

    number: int
    index: int | None


class Queue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A page of a queue of the staff, with the titles of held issues, too; `counts` of all queues, by name."""

    queue: str
    counts: dict[str, int]
    issues: list[Issue]
    next: str | None


class Desk(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An issue as staff read it, with what is held; `allowed` names what whoever asks can do now."""

    issue: Issue
    timeline: list[Entry]
    allowed: list[str]
    is_kept_out: bool


class Note(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: int
    name: str | None
    body: str
    at: str


class NoteList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    notes: list[Note]


class PrivateWord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`name` is the colleague's where staff wrote."""

    by_filer: bool
    name: str | None
    text: str
    at: str


class PrivateWords(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    words: list[PrivateWord]


class Colleague(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: int
    name: str
    role: str


class ColleagueList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    colleagues: list[Colleague]


class Outbox(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many letters are in each state, and since when the oldest that waits does so."""

    letters: dict[str, int]
    oldest: str | None


class Waiting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An issue or a comment that nobody sees before a moderator has; `why` is a code."""

    number: int
    index: int
    event: str
    name: str | None
    title: str | None
    body: str | None
    at: str
    why: str | None


class Report(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    number: int
    index: int
    reason: str
    words: str | None
    title: str | None
    body: str | None
    at: str


class Appeal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Against the decision at `index`."""

    id: int
    number: int
    index: int
    event: str | None
    reason: str | None
    words: str
    at: str


class Hiding(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What one person asked for (`due`: when it happens by itself) or did, and another one decides on."""

    id: int
    number: int
    act: str
    target: int | None
    words: list[str]
    reason: str
    by: str
    is_own: bool
    at: str
    due: str | None


class Moderation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All that waits for moderators, the oldest first; `counts` may be higher than what is listed."""

    waiting: list[Waiting]
    asked: list[Hiding]
    review: list[Hiding]
    appeals: list[Appeal]
    reports: list[Report]
    counts: dict[str, int]


class Wrong(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A field and what to mend; of something that looks private also its kind and place, in characters."""

    field: str
    detail: str
    kind: str | msgspec.UnsetType = msgspec.UNSET
    start: int | msgspec.UnsetType = msgspec.UNSET
    end: int | msgspec.UnsetType = msgspec.UNSET


class Problem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Problem details (RFC 9457); `allowed` names the acts that are possible now, `challenge` is of ALTCHA's form.

    `issue` is how an issue stands that has moved on.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: list[Wrong] | msgspec.UnsetType = msgspec.UNSET
    allowed: list[str] | msgspec.UnsetType = msgspec.UNSET
    challenge: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    issue: Issue | msgspec.UnsetType = msgspec.UNSET


STAFFS: tuple[Any, ...] = (Queue, Desk, NoteList, PrivateWords, ColleagueList, Outbox, Moderation, Decided)
READ: tuple[Any, ...] = (Issue, WholeIssue, IssueList, *SPARSE.values(), EventList, AreaList, Figures)
ALL: tuple[Any, ...] = (*READ, Filed, Done, *STAFFS, Problem)
