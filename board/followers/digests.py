"""Digests: what happened on all issues of one reader since the last one, in one letter in the morning or on Mondays."""

from datetime import datetime, timedelta

from board.domain import letters
from board.domain import wishes as rules
from board.domain.leaf import Recorded, milliseconds
from board.domain.letters import Part
from board.domain.wishes import Wishes
from board.followers.news import authors, is_told, said, wanted
from board.followers.writing import Post
from board.store import company, intake, issues, outbox, own_data, record, wishes
from board.store.database import Database, Tx
from board.store.wishes import Waiting

PATIENCE = timedelta(days=30)


async def keep(tx: Tx, happened: list[Recorded], theirs: Wishes, email: str, follow: int | None, now: datetime) -> None:
    """Leaves it for the reader's next digest; `follow` is None for who filed the issue."""
    if happened:
        first, last = happened[0], happened[-1]
        one = Waiting(email, first.issue or 0, follow, first.index, last.index)
        await wishes.wait(tx, one, next_ms=milliseconds(rules.next_digest(theirs, now)))


async def bring(tx: Tx, email: str, issue: int, theirs: Wishes, happened: list[Recorded]) -> list[Recorded]:
    """What is told now, after what was kept for a digest: a letter about the issue says all since the last one."""
    kept = await wishes.take_of_issue(tx, email, issue)
    if kept is None:
        return happened
    known = {r.index for r in happened}
    return [r for r in await waited(tx, kept, theirs) if r.index not in known] + happened


async def waited(tx: Tx, one: Waiting, theirs: Wishes) -> list[Recorded]:
    row = await issues.find(tx, one.issue)
    chain = await record.of_issue(tx, one.issue, since=one.first)
    told = [r for r in chain if r.index <= one.last and is_told(r)]
    own_words = await authors(tx, told)
    others = [r for r in told if own_words.get(r.index) != one.email]
    return wanted(others, theirs, row["area"] if row else "")


async def write_next(db: Database, post: Post, now: datetime) -> bool:
    """Writes the digest that is due next; whether there was one."""
    now_ms = milliseconds(now)
    async with db.reading() as tx:
        email = await wishes.due(tx, now_ms)
    if email is None:
        return False
    async with db.saving() as tx:
        found = await wishes.take(tx, email, now_ms)
        theirs = await wishes.read(tx, email)
        shown = [one for one in found if not await put_off(tx, one, theirs, now)]
        parts = [part for one in shown if (part := await part_of(tx, one, theirs, post))]
        if parts:
            last = max(one.last for one in shown)
            await put(tx, email, tuple(parts), post, f"digest.{now_ms}.{last}.{email}", now_ms)
    return True


async def put_off(tx: Tx, one: Waiting, theirs: Wishes, now: datetime) -> bool:
    """Whether it waits on, because just now nobody may read the issue; after a month it has waited long enough."""
    row = await issues.find(tx, one.issue)
    if one.follow is None or row is None or row["visibility"] == "public":
        return False
    (first,) = await record.after(tx, one.first - 1, limit=1)
    if now - first.time < PATIENCE:
        await wishes.wait(tx, one, next_ms=milliseconds(rules.next_digest(theirs, now)))
    return True


async def part_of(tx: Tx, one: Waiting, theirs: Wishes, post: Post) -> Part | None:
    """From the record as it is now; None where nothing is left to say, or the reader wants no more of the issue."""
    row = await issues.find(tx, one.issue)
    if row is None or await own_data.is_quiet(tx, one.email, one.issue) or not await still_reads(tx, one):
        return None
    is_filer = one.follow is None
    name = (await company.read(tx)).name
    lines = await said(tx, await waited(tx, one, theirs), name, post.say, to_filer=is_filer)
    link = post.links.private(one.issue) if is_filer else post.links.issue(one.issue)
    title = row["title"] or post.say("words removed")
    return Part(one.issue, f"#{one.issue} {title}", link, lines) if lines else None


async def still_reads(tx: Tx, one: Waiting) -> bool:
    if one.follow is None:
        filer = await intake.filer(tx, one.issue)
        return filer is not None and filer.mail == one.email
    found = await intake.follow_by_id(tx, one.follow)
    return found is not None and found.confirmed


async def put(tx: Tx, email: str, parts: tuple[Part, ...], post: Post, message_id: str, now_ms: int) -> None:
    stop = post.links.wishes(await wishes.number(tx, email))
    letter = letters.digest(parts=parts, company=(await company.read(tx)).name, stop=stop, say=post.say)
    await outbox.put(tx, message_id=message_id, recipient=email, letter=letter, now_ms=now_ms, rank=outbox.OF_MANY)
