"""What moderators decide on: whether an issue or a comment is shown. Pure decisions, as in `decisions`.

A comment that the public has read is hidden by two events of one act: `comment.held` in the role of a moderator, where
that of a rule is the system's, and `comment.rejected` with the reason. So whoever counts or folds a record needs no new
rule, and the record says by itself which comments were public once.
"""

from datetime import datetime

from board.domain import events as e
from board.domain.decisions import check_reason, permit
from board.domain.events import Event
from board.domain.issue import Issue, Text
from board.domain.people import Actor, require, role_in
from board.errors import Conflict, NotFound


def publish(issue: Issue, *, by: Actor, at: datetime) -> list[Event]:
    permit(issue, "publish", by, at)
    return [e.IssuePublished(issue=issue.number, role=role_in(by, "publish"))]


def reject(issue: Issue, *, by: Actor, reason: str, at: datetime) -> list[Event]:
    permit(issue, "reject", by, at)
    check_reason(reason)
    return [e.IssueRejected(issue=issue.number, reason=reason)]


def remove(issue: Issue, *, by: Actor, reason: str, at: datetime) -> list[Event]:
    """Withdraws a whole issue from view; the stub stays, with the reason, and is counted."""
    permit(issue, "remove", by, at)
    check_reason(reason)
    return [e.IssueRemoved(issue=issue.number, reason=reason)]


def restore(issue: Issue, *, by: Actor, at: datetime) -> list[Event]:
    permit(issue, "restore", by, at)
    return [e.IssueRestored(issue=issue.number)]


def judge_comment(issue: Issue, *, by: Actor, target: int, reason: str | None, at: datetime) -> list[Event]:
    """Publishes a held comment, or rejects it where a reason is given."""
    require(by, "publish")
    text = issue.texts.get(target)
    if text is None or text.status != "held":
        raise Conflict("This comment is not held.")
    if reason is None:
        return [e.CommentPublished(issue=issue.number, target=target)]
    check_reason(reason)
    return [e.CommentRejected(issue=issue.number, target=target, reason=reason)]


def hide_comment(issue: Issue, *, by: Actor, target: int, reason: str, at: datetime) -> list[Event]:
    """Takes a comment from view that the public has read; its stub stays in its place, with the reason."""
    permit(issue, "hide", by, at)
    check_reason(reason)
    text = comment_at(issue, target)
    if text.status != "public":
        raise Conflict("This comment is not shown, so there is nothing to hide.")
    if not issue.fields_left(target):
        raise Conflict("The words of this comment were taken out, so there is nothing to hide.")
    return [
        e.CommentHeld(issue=issue.number, target=target, role=role_in(by, "hide")),
        e.CommentRejected(issue=issue.number, target=target, reason=reason),
    ]


def show_comment_again(issue: Issue, *, by: Actor, target: int, at: datetime) -> list[Event]:
    """Takes the decision back that hides a comment, whether or not it was public before."""
    require(by, "restore")
    if comment_at(issue, target).status not in ("rejected", "hidden"):
        raise Conflict("This comment is not hidden.")
    return [e.CommentPublished(issue=issue.number, target=target)]


def comment_at(issue: Issue, target: int) -> Text:
    text = issue.texts.get(target)
    if text is None:
        raise NotFound("There are no words at this place.")
    if text.kind != "comment.posted":
        raise Conflict(
            "Only a comment is hidden alone. The customer’s first words go with the whole issue; of the company’s own"
            " words some are taken out."
        )
    return text
