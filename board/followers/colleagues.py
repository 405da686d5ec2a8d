"""News by mail for colleagues: what was given to them, what customers dispute, and what is late."""

from datetime import UTC, datetime
from typing import Any

from board.domain import events as e
from board.domain import staff_letters as letters
from board.domain.leaf import Recorded, format_time, milliseconds
from board.domain.letters import Letter, Part
from board.followers.writing import Post
from board.store import company, issues, moderation, outbox, people, positions, wishes
from board.store.company import Company
from board.store.database import Database, Tx
from board.store.people import Person
from board.store.positions import Position


async def tell(tx: Tx, events: list[Recorded], post: Post, now: datetime) -> None:
    """Of what was given to a colleague by somebody else, and of what a customer disputes."""
    work = [r for r in events if isinstance(r.event, e.IssueAssigned | e.IssueDisputed) and is_news(r)]
    setup = await company.read(tx) if work else None
    if setup is None or setup.demo:
        return
    for r in work:
        row = await issues.find(tx, r.issue or 0)
        if row:
            await tell_of(tx, r, row, setup, post, now)


def is_news(r: Recorded) -> bool:
    return getattr(r.event, "occurred", None) is None


async def tell_of(tx: Tx, r: Recorded, row: dict[str, Any], setup: Company, post: Post, now: datetime) -> None:
    number, is_given = row["number"], isinstance(r.event, e.IssueAssigned)
    by = await moderation.person_behind(tx, r.index)
    kind, write = ("assigned", letters.assigned) if is_given else ("disputed", letters.disputed)
    letter = write(
        number=number,
        title=title(row, post),
        company=setup.name,
        url=f"{post.links.base}/staff/issues/{number}",
        choose=wishes_of(post),
        say=post.say,
    )
    for person in await whose(tx, row):
        if person.id != by and not (is_given and row["owner_person"] is None):
            await put(tx, person, kind, letter, f"{kind}.{r.index}.{person.id}", now)


def part(row: dict[str, Any], post: Post) -> Part:
    number = row["number"]
    return Part(number, f"#{number} {title(row, post)}", f"{post.links.base}/staff/issues/{number}")


def wishes_of(post: Post) -> str:
    """Where a colleague, who is signed in there, chooses which of these letters come."""
    return f"{post.links.base}/me#wishes"


def title(row: dict[str, Any], post: Post) -> str:
    return row["title"] or post.say("words removed")


async def whose(tx: Tx, row: dict[str, Any]) -> list[Person]:
    """Who looks after the issue; where nobody does, all who answer."""
    owner = await people.by_id(tx, row["owner_person"]) if row["owner_person"] is not None else None
    return [owner] if owner else [one for one in await people.all_staff(tx) if one.role != "auditor"]


async def put(tx: Tx, person: Person, kind: str, letter: Letter, message_id: str, now: datetime) -> None:
    if (await wishes.read(tx, person.email)).wants_work(kind):
        now_ms = milliseconds(now)
        await outbox.put(
            tx, message_id=message_id, recipient=person.email, letter=letter, now_ms=now_ms, rank=outbox.OF_ONE
        )


async def remind(db: Database, post: Post, now: datetime) -> None:
    """One letter to each colleague about all of theirs that became late since the last look."""
    async with db.saving() as tx:
        last = await positions.take(tx, "overdue", "")
        await positions.save(tx, "overdue", "", Position(int(now.timestamp())))
        setup = await company.read(tx)
        if last.seq < 0 or setup.demo:  # what was late before anybody looked is no news
            return
        after, until = format_time(datetime.fromtimestamp(last.seq, UTC)), format_time(now)
        late: dict[Person, list[Part]] = {}
        for row in await issues.newly_late(tx, after=after, until=until):
            for person in await whose(tx, row):
                late.setdefault(person, []).append(part(row, post))
        for person, found in late.items():
            url = f"{post.links.base}/staff?queue=overdue"
            letter = letters.overdue(late=found, company=setup.name, url=url, choose=wishes_of(post), say=post.say)
            await put(tx, person, "overdue", letter, f"overdue.{until}.{person.id}", now)
