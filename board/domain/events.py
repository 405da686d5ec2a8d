"""The closed list of public events.

An event never holds a word that somebody typed: words travel beside it (`words`), only their commitments are recorded.
Times (`occurred`, `due`) are UTC, `YYYY-MM-DDTHH:MM:SSZ`; `target` is the index of the event that is referred to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["customer", "company", "moderator", "system"]
Words = Mapping[str, str]

VIAS = ("web", "api", "widget", "mail", "import", "x", "mastodon", "bluesky")
CURES = ("fixed", "made_right", "answered", "workaround")
CLOSURES = ("declined", "not_ours", "duplicate", "no_response")
RESOLUTIONS = (*CURES, *CLOSURES, "withdrawn")
PARTIES = ("supplier", "carrier", "payment", "authority", "customer", "other")
REASONS = (
    "privacy_request",
    "third_party_privacy",
    "abuse",
    "threat",
    "illegal_content",
    "court_order",
    "defamation_claim",
    "copyright",
    "malware",
    "spam",
    "duplicate",
    "off_topic",
    "author_request",
    "test",
)


@dataclass(frozen=True, kw_only=True)
class LogOpened:
    spec: str
    vkey: str
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class KeyRotated:
    vkey: str
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class PolicyChanged:
    sha256: str
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueFiled:
    issue: int
    area: str
    via: str
    occurred: str | None = None
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class IssueHeld:
    issue: int
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class IssuePublished:
    issue: int
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class IssueRejected:
    issue: int
    reason: str
    role: Role = "moderator"


@dataclass(frozen=True, kw_only=True)
class IssueRemoved:
    issue: int
    reason: str
    role: Role = "moderator"


@dataclass(frozen=True, kw_only=True)
class IssueRestored:
    issue: int
    role: Role = "moderator"


@dataclass(frozen=True, kw_only=True)
class IssueAcknowledged:
    issue: int
    occurred: str | None = None
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueStarted:
    issue: int
    occurred: str | None = None
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueWaiting:
    issue: int
    occurred: str | None = None
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueResolved:
    issue: int
    resolution: str
    occurred: str | None = None
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueClosed:
    issue: int
    resolution: str
    whose: str | None = None
    occurred: str | None = None
    words: Words = field(default_factory=dict)
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueReopened:
    issue: int
    words: Words = field(default_factory=dict)
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueConfirmed:
    issue: int
    target: int
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class IssueDisputed:
    issue: int
    target: int
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class IssueLapsed:
    issue: int
    target: int
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class IssueWithdrawn:
    issue: int
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class IssueAssigned:
    issue: int
    words: Words = field(default_factory=dict)
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueMoved:
    issue: int
    area: str
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueMerged:
    issue: int
    into: int
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class IssueSplit:
    issue: int
    words: Words = field(default_factory=dict)
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class UpdatePosted:
    issue: int
    via: str
    occurred: str | None = None
    words: Words = field(default_factory=dict)
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class CommentPosted:
    """`target` is the index of `issue.filed` where the filer speaks; absent for anyone else."""

    issue: int
    via: str
    target: int | None = None
    occurred: str | None = None
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class CommentHeld:
    issue: int
    target: int
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class CommentPublished:
    issue: int
    target: int
    role: Role = "moderator"


@dataclass(frozen=True, kw_only=True)
class CommentRejected:
    issue: int
    target: int
    reason: str
    role: Role = "moderator"


@dataclass(frozen=True, kw_only=True)
class TextCorrected:
    """New words for some fields of the event at `target`; the older words stay in the history until redacted."""

    issue: int
    target: int
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class PromiseMade:
    issue: int
    due: str
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class PromiseMoved:
    issue: int
    target: int
    due: str
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class PromiseKept:
    issue: int
    target: int
    role: Role = "company"


@dataclass(frozen=True, kw_only=True)
class PromiseMissed:
    issue: int
    target: int
    role: Role = "system"


@dataclass(frozen=True, kw_only=True)
class ThanksGiven:
    issue: int
    words: Words = field(default_factory=dict)
    role: Role = "customer"


@dataclass(frozen=True, kw_only=True)
class TextRedacted:
    issue: int
    target: int
    fields: tuple[str, ...]
    reason: str
    role: Role = "moderator"


@dataclass(frozen=True, kw_only=True)
class MirrorPosted:
    issue: int
    target: int
    source: str
    role: Role = "system"


Event = (
    LogOpened
    | KeyRotated
    | PolicyChanged
    | IssueFiled
    | IssueHeld
    | IssuePublished
    | IssueRejected
    | IssueRemoved
    | IssueRestored
    | IssueAcknowledged
    | IssueStarted
    | IssueWaiting
    | IssueResolved
    | IssueClosed
    | IssueReopened
    | IssueConfirmed
    | IssueDisputed
    | IssueLapsed
    | IssueWithdrawn
    | IssueAssigned
    | IssueMoved
    | IssueMerged
    | IssueSplit
    | UpdatePosted
    | CommentPosted
    | CommentHeld
    | CommentPublished
    | CommentRejected
    | TextCorrected
    | PromiseMade
    | PromiseMoved
    | PromiseKept
    | PromiseMissed
    | ThanksGiven
    | TextRedacted
    | MirrorPosted
)

KINDS: dict[str, type[Event]] = {
    "log.opened": LogOpened,
    "log.key_rotated": KeyRotated,
    "policy.changed": PolicyChanged,
    "issue.filed": IssueFiled,
    "issue.held": IssueHeld,
    "issue.published": IssuePublished,
    "issue.rejected": IssueRejected,
    "issue.removed": IssueRemoved,
    "issue.restored": IssueRestored,
    "issue.acknowledged": IssueAcknowledged,
    "issue.started": IssueStarted,
    "issue.waiting": IssueWaiting,
    "issue.resolved": IssueResolved,
    "issue.closed": IssueClosed,
    "issue.reopened": IssueReopened,
    "issue.confirmed": IssueConfirmed,
    "issue.disputed": IssueDisputed,
    "issue.lapsed": IssueLapsed,
    "issue.withdrawn": IssueWithdrawn,
    "issue.assigned": IssueAssigned,
    "issue.moved": IssueMoved,
    "issue.merged": IssueMerged,
    "issue.split": IssueSplit,
    "update.posted": UpdatePosted,
    "comment.posted": CommentPosted,
    "comment.held": CommentHeld,
    "comment.published": CommentPublished,
    "comment.rejected": CommentRejected,
    "text.corrected": TextCorrected,
    "promise.made": PromiseMade,
    "promise.moved": PromiseMoved,
    "promise.kept": PromiseKept,
    "promise.missed": PromiseMissed,
    "thanks.given": ThanksGiven,
    "text.redacted": TextRedacted,
    "mirror.posted": MirrorPosted,
}
NAMES: dict[type[Event], str] = {kind: name for name, kind in KINDS.items()}


def name_of(event: Event) -> str:
    return NAMES[type(event)]


def issue_of(event: Event) -> int | None:
    """The number of the issue in whose chain the event stands; none for events of the log and the policy."""
    return getattr(event, "issue", None)


def words_of(event: Event) -> Words:
    return getattr(event, "words", {})
