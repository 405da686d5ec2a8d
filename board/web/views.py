"""What templates and the API are given: rows of the read model as plain values with aware times and words for codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from board.domain import wording
from board.domain.clocks import Clock, Target, overdue_since, seconds
from board.domain.events import CURES
from board.domain.excerpts import END, HIT
from board.domain.finds import LABELS
from board.domain.leaf import parse_time
from board.domain.phrase import phrase
from board.domain.wording import Say
from board.render import trusted
from board.store.moderation import Hiding
from board.store.record import Redaction

Row = Mapping[str, Any]
TIMES = ("turn_since", "filed_at", "first_answer_at", "settled_at", "due_at", "promise_due", "last_word_at")
STATE_MARKS = {"new": "company", "acknowledged": "company", "in_progress": "company", "waiting_on_customer": "customer"}
PROMISES = {"open": "open", "kept": "kept", "missed": "missed", "moved": "moved"}


@dataclass(frozen=True)
class Names:
    """The words that sentences need: the company's name, and the areas' names by slug."""

    company: str
    areas: Mapping[str, str]
    say: Say


def moment(text: str | None) -> datetime | None:
    return parse_time(text) if text else None


def hiding(asked: Hiding, names: Names) -> dict[str, Any]:
    """What a moderator asked to take from view, as the customer is told."""
    due = datetime.fromtimestamp((asked.due_ms or asked.asked_ms) // 1000, UTC)
    reason = wording.reason(asked.reason, names.say)
    return {"act": asked.act, "target": asked.target, "reason_text": reason, "due": due}


def issue(row: Row, names: Names, now: datetime, excerpt: str | None = None) -> dict[str, Any]:
    """A row of a list, or the facts of a case."""
    times = {key: moment(row[key]) for key in TIMES}
    due = times["due_at"]
    overdue = due if due and due < now and row["turn"] == "company" else None
    settled = times["settled_at"]
    filed = times["filed_at"]
    assert filed
    return {
        **row,
        **times,
        "url": f"/issues/{row['number']}",
        "area_name": names.areas.get(row["area"], row["area"]),
        "overdue_since": overdue,
        "mark": mark(row, overdue),
        "settled_after_s": int((settled - filed).total_seconds()) if settled else None,
        "excerpt": hits(excerpt) if excerpt else None,
    }


def mark(row: Row, overdue: datetime | None) -> str:
    """The one sign that the list shows for an issue."""
    if row["visibility"] != "public":
        return "removed" if row["visibility"] == "removed" else "held"
    if row["state"] == "closed":
        return "confirmed" if row["confirmation"] == "confirmed" else "closed"
    if row["state"] == "resolved":
        return "resolved"
    if overdue:
        return "overdue"
    if row["confirmation"] == "disputed":
        return "disputed"
    return STATE_MARKS[row["state"]]


def hits(excerpt: str) -> Markup:
    """An excerpt with its hits marked; everything else is escaped."""
    return trusted(str(escape(excerpt)).replace(HIT, "<mark>").replace(END, "</mark>"))


def marks(say: Say) -> list[tuple[str, str]]:
    """What words can have been that are taken out: code and name."""
    names = {"words": phrase("something else"), "name": phrase("name"), **LABELS}
    return [(code, say(name)) for code, name in names.items()]


def gone(redactions: Iterable[Redaction], say: Say, **left: str | None) -> list[dict[str, str]]:
    """The words that were taken out and of which nothing is `left`; where marks were put, they speak for themselves."""
    return [
        {"field": r.field, "reason": r.reason, "reason_text": wording.reason(r.reason, say)}
        for r in redactions
        if left.get(r.field) is None
    ]


def entry(row: Row, names: Names, redactions: Iterable[Redaction] = ()) -> dict[str, Any]:
    """One entry of the timeline; the same for every viewer."""
    html = row["body_html"]
    return {
        **row,
        "rejected": decision(row.get("rejected"), names),
        "hidden": decision(row.get("hidden"), names),
        "event": row["kind"],
        "by_filer": bool(row["by_filer"]),
        "at": moment(row["at"]),
        "recorded_at": moment(row["time"]),
        "body": trusted(html) if html else None,
        "text": row["body"],
        "corrected": bool(row["corrected"]),
        "gone": gone(redactions, names.say, **{"body": row["body"], "author.name": row["name"]}),
        "resolution_text": wording.resolution(row["resolution"], names.say),
        "cured": row["resolution"] in CURES,
        "due": moment(row["due"]),
        "promise": PROMISES.get(row["outcome"] or ""),
        "promise_settled_at": moment(row["outcome_at"]),
        "area_name": names.areas.get(row["area"] or "", row["area"]),
        "into": row["into_issue"],
        "reason_text": wording.reason(row["reason"], names.say) if row["reason"] else None,
        "sentence": trusted(sentence(row, names).html()),
    }


def decision(row: Row | None, names: Names) -> dict[str, Any] | None:
    """Why a comment is not shown; who decided it is for the desk alone."""
    if row is None:
        return None
    reason = wording.reason(row["reason"], names.say)
    return {"seq": row["seq"], "at": moment(row["at"]), "role": row["role"], "reason_text": reason, "by": None}


def sentence(row: Row, names: Names) -> wording.Sentence:
    """The event's sentence; `row` is an entry."""
    return wording.of_entry(row, company=names.company, areas=names.areas, say=names.say)


def clock(read: Clock, target: Target, now: datetime) -> dict[str, Any]:
    """The clock line and its bar; widths are percents of the whole time."""
    end = read.settled_at or now
    return {
        "turn": read.turn,
        "since": read.since,
        "first_answer_s": span(read.filed_at, read.first_answer_at),
        "paused_s": read.paused_s(end),
        "with_company_s": read.with_company_s(end),
        "promise_due": read.promise_due,
        "overdue_since": overdue_since(read, target, now),
        "settled_at": read.settled_at,
        "total_s": span(read.filed_at, end),
        "segments": segments(read, end),
    }


def span(start: datetime, end: datetime | None) -> int | None:
    return max(0, int((end - start).total_seconds())) if end else None


def segments(read: Clock, end: datetime) -> list[dict[str, Any]]:
    total = max(1, int((end - read.filed_at).total_seconds()))
    drawn, x = [], 0.0
    for part in read.spans:
        if part.turn == "nobody" or part.start >= end:
            continue
        length = seconds(part, end) if not part.end or part.end <= end else int((end - part.start).total_seconds())
        width = round(100 * length / total, 2)
        drawn.append(
            {"turn": part.turn, "seconds": length, "x": round(x, 2), "w": max(0.3, width - 0.3), "open": not part.end}
        )
        x += width
    return drawn


def figures(counts: dict[str, int]) -> dict[str, int | None]:
    """The board in numbers; the share is of all cures, a cure without the customer's word counting as not confirmed."""
    share = round(100 * counts["confirmed"] / counts["cured"]) if counts["cured"] else None
    return {
        "open": counts["open"],
        "with_company": counts["company"],
        "with_customer": counts["customer"],
        "overdue": counts["overdue"],
        "cured": counts["cured"],
        "confirmed_share": share,
        "total": counts["all"],
    }
