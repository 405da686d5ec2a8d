"""What one event changes on pages that are open: frames of the live stream, made from the pages' own partials."""

import json
from datetime import datetime
from typing import Any

from board.domain.leaf import Recorded, format_time
from board.store import company, entries, issues
from board.store.database import Tx
from board.stream import Happening
from board.web import case, session, views
from board.web.views import Names


async def encode(board: Any, happening: Happening, topic: str, *, html: bool, is_masked: bool = False) -> str:
    """The frame as text; the same bytes for every reader of the topic, or for every auditor (`is_masked`)."""
    async with board.db.reading() as tx:
        names = await read_names(tx, board)
        summary = await summarize(tx, happening.recorded.issue, names)
        fragment = await render(tx, board, happening.recorded, topic, names, is_masked=is_masked) if html else None
    frame = {
        "t": "event",
        "topic": topic,
        "seq": happening.seq,
        "prev": happening.prev(topic),
        "event": happening.recorded.name,
        "issue": case.masked_words(summary) if summary and is_masked else summary,
    }
    if fragment is not None:
        frame["html"] = fragment
    return json.dumps(frame, separators=(",", ":"), ensure_ascii=False)


async def read_names(tx: Tx, board: Any) -> Names:
    setup = await company.read(tx)
    return Names(setup.name, {area.slug: area.name for area in await company.areas(tx)}, board.renderer.say)


async def summarize(tx: Tx, number: int | None, names: Names) -> dict[str, Any] | None:
    """The issue in short, without a word of it where it is not public."""
    row = await issues.find(tx, number) if number is not None else None
    return summary(row) if row else None


def summary(row: dict[str, Any]) -> dict[str, Any]:
    public = row["visibility"] == "public"
    return {
        "number": row["number"],
        "title": row["title"] if public else None,
        "area": row["area"],
        "state": row["state"],
        "resolution": row["resolution"],
        "confirmation": row["confirmation"],
        "visibility": row["visibility"],
        "turn": row["turn"],
        "last_event": row["last_event"],
    }


async def render(tx: Tx, board: Any, r: Recorded, topic: str, names: Names, *, is_masked: bool) -> str:
    """The partials that the event changes, each with its id."""
    if r.issue is None:
        return ""
    now = session.now()
    if topic.startswith("issue:"):
        return await render_case(tx, board, r, int(topic.partition(":")[2]), names, now, is_masked=is_masked)
    return await render_row(tx, board, r.issue, names, now, is_queue=topic == "queue", is_masked=is_masked)


async def render_row(
    tx: Tx, board: Any, number: int, names: Names, now: datetime, *, is_queue: bool, is_masked: bool
) -> str:
    """The list's row with the figures, which change even where the row may not be shown; or the queue's row."""
    row = await issues.find(tx, number)
    assert row
    facts = views.issue(row, names, now)
    context = {"row": case.masked_words(facts) if is_masked else facts, "now": now, "board": {"name": names.company}}
    if is_queue:
        return str(board.renderer.render("parts/queue_row.html", context))
    figures = views.figures(await issues.counts(tx, format_time(now)))
    shown = board.renderer.render("parts/row.html", context) if row["visibility"] == "public" else ""
    return str(shown + board.renderer.render("parts/lead.html", {"figures": figures}))


async def render_case(
    tx: Tx, board: Any, r: Recorded, number: int, names: Names, now: datetime, *, is_masked: bool
) -> str:
    row = await issues.find(tx, number)
    if row is None or row["visibility"] != "public":
        return ""
    shown = await touched(tx, r) if r.issue == number else set()
    found = await case.read_changed(tx, row, shown, names, now, board.timed)
    found = case.masked_words(found) if is_masked else found
    context = {**found, "board": {"name": names.company}, "now": now}
    parts = [board.renderer.render("parts/entry.html", {**context, "entry": entry}) for entry in found["timeline"]]
    parts += [board.renderer.render(f"parts/{part}.html", context) for part in ("headline", "clock", "side")]
    if r.name in ("text.corrected", "text.redacted", "issue.published", "issue.restored"):
        parts.append(board.renderer.render("parts/words.html", context))
    return "".join(parts)


async def touched(tx: Tx, r: Recorded) -> set[int]:
    """The entries that look different after the event: its own, and those it speaks of."""
    found = {r.index}
    target = getattr(r.event, "target", None)
    if target is not None:
        found.add(await entries.original(tx, target))
    if r.name.startswith("promise."):
        found.update(await entries.moved_promises(tx, r.issue or 0))
    return found
