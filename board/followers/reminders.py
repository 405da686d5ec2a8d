"""Asks filers again whose word is wanted: for an answer, or whether a cure holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from board.domain import events as e
from board.domain import letters
from board.domain.leaf import format_time, milliseconds, parse_time
from board.domain.wording import Say
from board.followers.news import words_of
from board.followers.writing import Post
from board.store import company, entries, intake, issues, outbox, positions, record
from board.store.database import Database, Tx
from board.store.positions import Position

WAITING = (3, 7)  # days after the question
CONFIRM = (7, 12)  # days after the cure, of the 14 that the customer has


async def remind(db: Database, post: Post, now: datetime) -> None:
    """Asks filers again: for an answer after 3 and 7 days, for their word on a cure after 7 and 12.

    Only those are looked at whose day has come since the last time.
    """
    async with db.saving() as tx:
        last = await positions.take(tx, "reminders", "")
        before = datetime.fromtimestamp(max(last.seq, 0), UTC)
        for row in (await newly_due(tx, before, now)).values():
            days = WAITING if row["state"] == "waiting_on_customer" else CONFIRM
            since = parse_time(row["settled_time"] or row["turn_since"])
            if passed := [day for day in days if now >= since + timedelta(days=day)]:
                await remind_filer(tx, row, f"{row['state']}.{passed[-1]}", since, post, now)
        await positions.save(tx, "reminders", "", Position(int(now.timestamp())))


async def newly_due(tx: Tx, before: datetime, now: datetime) -> dict[int, dict[str, Any]]:
    """Issues for which some day of a reminder came in this span, by number."""
    found: dict[int, dict[str, Any]] = {}
    for day in sorted({*WAITING, *CONFIRM}):
        after, until = format_time(before - timedelta(days=day)), format_time(now - timedelta(days=day))
        found |= {row["number"]: row for row in await issues.waiting_for_customers(tx, after=after, until=until)}
    return found


async def remind_filer(tx: Tx, row: dict[str, Any], kind: str, since: datetime, post: Post, now: datetime) -> None:
    """Once for each wait, which is known by its beginning: what others say meanwhile begins no new one."""
    filer, wait = await intake.filer(tx, row["number"]), int(since.timestamp())
    if not filer or not filer.email:
        return
    if not await intake.remind_once(tx, issue=row["number"], kind=kind, seq=wait) or not filer.mail:
        return  # what an address has not asked for is not sent later either
    say = post.say
    question = (
        await asked_again(tx, row["number"], say)
        if row["state"] == "waiting_on_customer"
        else say("We said that it is resolved. Is it? Without your word the issue closes by itself, unconfirmed.")
    )
    letter = letters.reminder(
        number=row["number"],
        title=row["title"] or say("words removed"),
        company=(await company.read(tx)).name,
        question=question,
        asks=row["state"] != "waiting_on_customer",
        url=post.links.private(row["number"]),
        say=say,
    )
    letter = replace(letter, reply=post.links.tag("filed", row["number"]))
    message_id = f"reminder.{row['number']}.{kind}.{wait}"
    await outbox.put(tx, message_id=message_id, recipient=filer.mail, letter=letter, now_ms=milliseconds(now))


async def asked_again(tx: Tx, number: int, say: Say) -> str:
    """With the question's own words, as far as they can be read."""
    told, chain = say("We still wait for your answer."), await record.of_issue(tx, number)
    waits = [r.index for r in chain if isinstance(r.event, e.IssueWaiting)]
    asked = [r for r in chain if waits and r.index < waits[-1] and isinstance(r.event, e.UpdatePosted)]
    entry = await entries.one(tx, asked[-1].index) if asked else None
    words = words_of(entry) if entry and entry["status"] == "public" else ""
    return f"{told}\n\n{words}" if words else told
