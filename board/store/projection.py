"""How each event changes the rows that pages read: the pure half of the read model.

It is derived apart from `domain.issue.fold` on purpose: the tests compare the two.
"""

from collections.abc import Callable, Mapping
from typing import Any

from board.domain import clocks
from board.domain import events as e
from board.domain.clocks import TURNS, Target
from board.domain.events import Words
from board.domain.leaf import Recorded, format_time, parse_time
from board.domain.text import excerpt, to_html, without_tags

Row = dict[str, Any]
Changes = Mapping[str, Any]
Change = Callable[[Row, Recorded, Words], Changes]
WORD_LENGTH = 160

NO_WORD: Row = dict.fromkeys(("last_word", "last_word_seq", "last_word_role", "last_word_name", "last_word_at"))
BLANK: Row = {
    **NO_WORD,
    "resolution": None,
    "confirmation": "none",
    "visibility": "unverified",
    "reason": None,
    "first_answer_at": None,
    "settled_at": None,
    "settled_time": None,
    "paused_s": 0,
    "paused_since": None,
    "due_at": None,
    "promise_seq": None,
    "promise_due": None,
    "promise_missed": 0,
    "owner": None,
    "merged_into": None,
    "reopened": 0,
    "comments": 0,
}


def project(row: Row | None, r: Recorded, words: Words, target: Target) -> Row:
    """The issue's row after the event; `target` is what the issue's area aims at."""
    changed = dict(row) if row else {**BLANK, **filed(r, words)}
    changed |= CHANGES.get(type(r.event), no_change)(changed, r, words)
    changed |= turn(changed, r)
    changed |= pause(changed, r)
    changed |= {"last_event": r.index, "last_hash": r.leaf_hash}
    changed["due_at"] = due(changed, target)
    changed["stage"] = stage(changed)
    return changed


def filed(r: Recorded, words: Words) -> Row:
    assert isinstance(r.event, e.IssueFiled)
    return {
        "number": r.event.issue,
        "title": words.get("title"),
        "area": r.event.area,
        "state": "new",
        "author": words.get("author.name"),
        "imported": int(r.event.via == "import"),
        "turn": "company",
        "turn_since": format_time(r.at),
        "filed_seq": r.index,
        "filed_at": format_time(r.at),
    }


def turn(row: Row, r: Recorded) -> Changes:
    now = TURNS.get(type(r.event))
    if now is None or (now == row["turn"] and not isinstance(r.event, e.IssueResolved)):
        return {}
    return {"turn": now, "turn_since": format_time(r.at)}


def pause(row: Row, r: Recorded) -> Changes:
    if isinstance(r.event, e.IssueWaiting):
        return {"paused_since": row["paused_since"] or format_time(r.at)}
    if row["paused_since"] is None or type(r.event) not in TURNS:
        return {}
    paused = int((r.at - parse_time(row["paused_since"])).total_seconds())
    return {"paused_s": row["paused_s"] + max(0, paused), "paused_since": None}


def stage(row: Row) -> str:
    """Where lists look for the issue: one word for all that they filter by, but area, owner and time."""
    if row["visibility"] != "public":
        return "removed" if row["visibility"] == "removed" else "held"
    if row["state"] == "closed":
        if row["confirmation"] == "confirmed":
            return "confirmed"
        return "cured" if row["resolution"] in e.CURES else "closed"
    if row["state"] == "resolved":
        return "resolved"
    side = "customer" if row["state"] == "waiting_on_customer" else "company"
    return f"{side}_disputed" if row["confirmation"] == "disputed" else side


def due(row: Row, target: Target) -> str | None:
    at = clocks.due_at(
        target=target,
        filed_at=parse_time(row["filed_at"]),
        first_answer_at=parse_time(row["first_answer_at"]) if row["first_answer_at"] else None,
        paused_s=row["paused_s"],
        turn=row["turn"],
        promise_due=parse_time(row["promise_due"]) if row["promise_due"] else None,
    )
    return format_time(at) if at else None


def no_change(row: Row, r: Recorded, words: Words) -> Changes:
    return {}


def sets(**changes: Any) -> Change:
    return lambda row, r, words: changes


def ended(state: str, resolution: str | None = None) -> Change:
    def change(row: Row, r: Recorded, words: Words) -> Changes:
        return {
            "state": state,
            "resolution": resolution or getattr(r.event, "resolution", None),
            "confirmation": "asked" if state == "resolved" else "none",
            "merged_into": getattr(r.event, "into", None),
            "settled_at": format_time(r.at),
            "settled_time": format_time(r.time),
            **NO_PROMISE,
        }

    return change


def back_to_work(row: Row, r: Recorded, words: Words) -> Changes:
    return {
        "state": "in_progress",
        "resolution": None,
        "confirmation": "disputed" if row["confirmation"] == "disputed" else "none",
        "settled_at": None,
        "settled_time": None,
        "merged_into": None,
        "reopened": row["reopened"] + isinstance(r.event, e.IssueReopened),
    }


def updated(row: Row, r: Recorded, words: Words) -> Changes:
    return {"first_answer_at": row["first_answer_at"] or format_time(r.at), **NO_PROMISE}


def commented(more: int) -> Change:
    return lambda row, r, words: {"comments": row["comments"] + more}


def promised(row: Row, r: Recorded, words: Words) -> Changes:
    assert isinstance(r.event, e.PromiseMade | e.PromiseMoved)
    seq = r.index if isinstance(r.event, e.PromiseMade) else r.event.target
    return {"promise_seq": seq, "promise_due": r.event.due, "promise_missed": 0}


def hidden(row: Row, r: Recorded, words: Words) -> Changes:
    assert isinstance(r.event, e.IssueRejected | e.IssueRemoved)
    return {"visibility": "removed", "reason": r.event.reason}


NO_PROMISE = {"promise_seq": None, "promise_due": None, "promise_missed": 0}
CHANGES: dict[type[e.Event], Change] = {
    e.IssueHeld: sets(visibility="held"),
    e.IssuePublished: sets(visibility="public", reason=None),
    e.IssueRestored: sets(visibility="public", reason=None),
    e.IssueRejected: hidden,
    e.IssueRemoved: hidden,
    e.IssueAcknowledged: sets(state="acknowledged"),
    e.IssueStarted: sets(state="in_progress"),
    e.IssueWaiting: sets(state="waiting_on_customer"),
    e.IssueResolved: ended("resolved"),
    e.IssueClosed: ended("closed"),
    e.IssueMerged: ended("closed", "duplicate"),
    e.IssueWithdrawn: ended("closed", "withdrawn"),
    e.IssueReopened: back_to_work,
    e.IssueSplit: back_to_work,
    e.IssueConfirmed: sets(state="closed", confirmation="confirmed"),
    e.IssueLapsed: sets(state="closed", confirmation="lapsed"),
    e.IssueDisputed: sets(confirmation="disputed"),
    e.IssueAssigned: lambda row, r, words: {"owner": words.get("owner.name")},
    e.IssueMoved: lambda row, r, words: {"area": getattr(r.event, "area", row["area"])},
    e.UpdatePosted: updated,
    e.CommentPosted: commented(1),
    e.CommentHeld: commented(-1),
    e.CommentPublished: commented(1),
    e.PromiseMade: promised,
    e.PromiseMoved: promised,
    e.PromiseKept: sets(**NO_PROMISE),
    e.PromiseMissed: sets(promise_missed=1),
}


def entry(row: Row, r: Recorded, words: Words) -> Row:
    """The timeline's row for the event, whether or not the timeline shows its kind."""
    event = r.event
    body = None if isinstance(event, e.TextCorrected) else words.get("body")  # shown at the words it corrects
    grade = words.get("grade", "")
    return {
        "seq": r.index,
        "issue": row["number"],
        "kind": r.name,
        "role": event.role,
        "via": getattr(event, "via", None),
        "by_filer": int(speaks_as_filer(row, event)),
        "at": format_time(r.at),
        "time": format_time(r.time),
        "name": words.get("author.name") or words.get("owner.name"),
        "body": body,
        "body_html": to_html(body) if body else None,
        "grade": int(grade) if grade.isdigit() else None,
        "corrected": 0,
        "status": "public",
        "resolution": getattr(event, "resolution", None),
        "due": getattr(event, "due", None),
        "area": getattr(event, "area", None),
        "into_issue": getattr(event, "into", None),
        "whose": words.get("whose") or getattr(event, "whose", None),
        "reason": getattr(event, "reason", None),
        "target": getattr(event, "target", None),
        "outcome": "open" if isinstance(event, e.PromiseMade | e.PromiseMoved) else None,
        "outcome_at": None,
    }


def last_word(made: Row | None) -> Changes:
    """What the list shows of the newest words, where the entry has any."""
    if made is None or made["body_html"] is None:
        return {}
    return {
        "last_word": excerpt(without_tags(made["body_html"]), WORD_LENGTH),
        "last_word_seq": made["seq"],
        "last_word_role": made["role"],
        "last_word_name": made["name"],
        "last_word_at": made["at"],
    }


def speaks_as_filer(row: Row, event: e.Event) -> bool:
    if isinstance(event, e.CommentPosted):
        return bool(event.target == row["filed_seq"])
    return event.role == "customer"


def outcome(event: e.Event) -> str | None:
    """What becomes of a promise that is open; with its issue it ends without being kept or missed."""
    match event:
        case e.PromiseKept():
            return "kept"
        case e.PromiseMissed():
            return "missed"
        case e.PromiseMoved():
            return "moved"
        case e.IssueResolved() | e.IssueClosed() | e.IssueMerged() | e.IssueWithdrawn():
            return "ended"
    return None
