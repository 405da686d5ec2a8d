"""Taking from view what the public has read: at once where it hurts somebody, else by two people or after a day."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from board.actions import moderators
from board.actions.acting import Done, load
from board.domain import hiding, judging, letters, wording
from board.domain.decisions import check_reason, permit
from board.domain.hiding import DELAY
from board.domain.leaf import milliseconds
from board.domain.links import Links
from board.domain.people import Actor, Standing, require
from board.domain.wording import Say
from board.errors import Conflict, NotFound
from board.store import company, intake, moderation, outbox, people
from board.store.database import WriteTx
from board.store.moderation import Hiding

RIGHTS = {"remove": "remove", "hide": "hide", "redact": "redact", "mask": "redact"}
STANDINGS: dict[str, Standing] = {"moderator": "moderator", "admin": "admin"}


async def hide(
    tx: WriteTx,
    number: int,
    /,
    *,
    by: Actor,
    how: str,
    reason: str,
    links: Links,
    say: Say,
    target: int | None = None,
    **detail: Any,
) -> Done:
    """Removes the issue, hides a comment, redacts or masks now, or asks for it: then there are no events yet."""
    issue = await load(tx, number)
    permit(issue, RIGHTS[how], by, tx.at)
    check_reason(reason)
    if RIGHTS[how] == "redact":
        hiding.check_erasing(reason)
    detail = {name: list(value) if isinstance(value, tuple) else value for name, value in detail.items()}
    asked = Hiding(0, number, how, target, detail, reason, by.person or 0, milliseconds(tx.at), None, "review")
    if await goes_at_once(tx, asked, is_public=issue.visibility == "public"):
        done = await perform(tx, asked, by)
        if issue.visibility == "public":
            await keep(tx, asked)
        return done
    if any(
        (h.act, h.target, h.detail) == (how, target, detail)
        for h in await moderation.hidings(tx, "asked", issue=number)
    ):
        raise Conflict("This was asked for already. It waits for a second person, or for its day.")
    await check(tx, asked, by)
    await keep(tx, asked, due_ms=asked.asked_ms + int(DELAY.total_seconds() * 1000))
    await tell(tx, asked, links, say)
    return Done(number, ())


async def goes_at_once(tx: WriteTx, asked: Hiding, *, is_public: bool) -> bool:
    if asked.act in ("remove", "hide"):
        return hiding.is_at_once(asked.reason, is_public=is_public)
    words = asked.detail.get("words", ())
    return asked.act == "mask" and await moderators.are_finds(tx, asked.issue, target=asked.target or 0, words=words)


async def keep(tx: WriteTx, asked: Hiding, due_ms: int | None = None) -> None:
    await moderation.ask(
        tx,
        issue=asked.issue,
        act=asked.act,
        target=asked.target,
        detail=asked.detail if due_ms else {},
        reason=asked.reason,
        person=asked.person,
        asked_ms=asked.asked_ms,
        due_ms=due_ms,
    )


async def check(tx: WriteTx, asked: Hiding, by: Actor) -> None:
    """Raises what carrying it out would raise now; nothing is written."""
    if asked.act == "mask":
        await moderators.masked(tx, asked.issue, target=asked.target or 0, **asked.detail)
    elif asked.act == "hide":
        judging.hide_comment(
            await load(tx, asked.issue), by=by, target=asked.target or 0, reason=asked.reason, at=tx.at
        )
    elif asked.act == "redact":
        redaction = moderators.redaction
        await redaction(tx, asked.issue, by=by, target=asked.target or 0, reason=asked.reason, **asked.detail)


async def perform(tx: WriteTx, asked: Hiding, by: Actor) -> Done:
    """Carries it out; what was reported about the words is settled by it."""
    if asked.act == "remove":
        return await moderators.remove(tx, asked.issue, by=by, reason=asked.reason)
    act, target = PERFORMED[asked.act], asked.target or 0
    await moderation.settle_reports(tx, seq=target, now_ms=milliseconds(tx.at))
    return await act(tx, asked.issue, by=by, target=target, reason=asked.reason, **asked.detail)


PERFORMED: dict[str, Callable[..., Awaitable[Done]]] = {
    "hide": moderators.hide_comment,
    "mask": moderators.mask,
    "redact": moderators.redact,
}


async def second(tx: WriteTx, number: int, *, by: Actor) -> Done:
    """Another moderator agrees: what was asked is done now; what was done at once is looked over."""
    asked = await open_hiding(tx, number, by)
    if asked.person == by.person:
        raise Conflict("This takes a second person. You asked for it yourself.")
    await require_second(tx, asked, by)
    if asked.state == "review":
        await end(tx, asked, "agreed", by)
        return Done(asked.issue, ())
    done = await perform(tx, asked, by)
    await end(tx, asked, "done", by)
    return done


async def is_second(tx: WriteTx, first: int, person: int) -> bool:
    """Whether the colleague counts as another person than the first one."""
    origin = await people.origin(tx, person)
    age = timedelta(milliseconds=milliseconds(tx.at) - origin.invited_ms) if origin else timedelta()
    return hiding.is_second(age, is_invited_by_asker=bool(origin and origin.invited_by == first))


async def require_second(tx: WriteTx, asked: Hiding, by: Actor) -> None:
    if not await is_second(tx, asked.person, by.person or 0):
        raise Conflict(
            "Your account is too new to be the second person here. A day has to pass, or another colleague agrees."
        )


async def refuse(tx: WriteTx, number: int, *, by: Actor) -> Done:
    """Not to be hidden: what was asked is dropped, what was hidden at once is shown again."""
    asked = await open_hiding(tx, number, by)
    if asked.state == "asked":
        await end(tx, asked, "refused", by)
        return Done(asked.issue, ())
    if asked.person == by.person:
        raise Conflict("This takes a second person. You did it yourself.")
    await end(tx, asked, "wrong", by)
    issue = await load(tx, asked.issue)
    if asked.act == "remove" and issue.visibility == "removed":
        return await moderators.restore(tx, asked.issue, by=by)
    if asked.act == "hide" and asked.target and issue.texts[asked.target].status == "hidden":
        return await moderators.show_comment_again(tx, asked.issue, by=by, target=asked.target)
    return Done(asked.issue, ())


async def open_hiding(tx: WriteTx, number: int, by: Actor) -> Hiding:
    require(by, "remove")
    found = await moderation.hiding(tx, number)
    if found is None:
        raise NotFound("There is nothing like this to decide.")
    if found.state not in ("asked", "review"):
        raise Conflict("Somebody has decided this already.")
    return found


async def end(tx: WriteTx, asked: Hiding, state: str, by: Actor) -> None:
    await moderation.settle_hiding(
        tx, asked.id, before=asked.state, state=state, by=by.person, now_ms=milliseconds(tx.at)
    )


async def fall_due(tx: WriteTx, asked: Hiding) -> Done:
    """A day has passed and nobody refused: it is done in the name of who asked, if they may still ask."""
    person = await people.by_id(tx, asked.person)
    standing = STANDINGS.get(person.role) if person else None
    if not await moderation.settle_hiding(
        tx, asked.id, before="asked", state="done" if standing else "refused", by=None, now_ms=milliseconds(tx.at)
    ):
        return Done(asked.issue, ())
    if standing is None:
        return Done(asked.issue, ())
    return await perform(tx, asked, Actor(standing=standing, person=asked.person))


async def tell(tx: WriteTx, asked: Hiding, links: Links, say: Say) -> None:
    """Tells the filer what was asked, and whoever was signed in while writing the comment that it is about."""
    filer = await intake.filer(tx, asked.issue)
    if filer and filer.mail:
        await tell_one(tx, asked, filer.mail, url=links.private(asked.issue), is_filer=True, say=say)
    author = await moderation.address_behind(tx, asked.target) if asked.act == "hide" and asked.target else None
    if author and not (filer and filer.mail == author):
        await tell_one(tx, asked, author, url=links.issue(asked.issue), is_filer=False, say=say)


async def tell_one(tx: WriteTx, asked: Hiding, recipient: str, *, url: str, is_filer: bool, say: Say) -> None:
    letter = letters.hiding_notice(
        number=asked.issue,
        company=(await company.read(tx)).name,
        reason=wording.reason(asked.reason, say),
        act=asked.act,
        url=url,
        personal=is_filer,
        say=say,
    )
    message_id = f"hiding.{asked.issue}.{asked.asked_ms}" + ("" if is_filer else ".author")
    await outbox.put(tx, message_id=message_id, recipient=recipient, letter=letter, now_ms=asked.asked_ms)
