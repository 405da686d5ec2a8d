"""Saying that words should go, or should not have gone: reports by anyone, appeals and erasures by the filer."""

from typing import Any

from board.actions import moderators
from board.actions.acting import Done, load
from board.domain import letters
from board.domain.events import REASONS, IssueRejected, IssueRemoved
from board.domain.leaf import milliseconds
from board.domain.links import Links
from board.domain.masking import MARKS
from board.domain.people import MAY, Actor, require
from board.domain.phrase import choose
from board.domain.wording import Say
from board.domain.words import text
from board.errors import Conflict, Invalid, NotFound
from board.store import company, entries, intake, moderation, outbox, people, record
from board.store.database import Tx, WriteTx

REPORTABLE = tuple(reason for reason in REASONS if reason not in ("privacy_request", "author_request", "test"))


async def report(tx: WriteTx, number: int, *, seq: int, reason: str, words: str | None, voter: bytes) -> None:
    """Tells moderators, and nobody else, that the words at `seq` should be looked at."""
    if reason not in REPORTABLE:
        raise Invalid({"reason": choose(REPORTABLE)})
    issue = await load(tx, number)
    entry = await entries.one(tx, seq)
    is_readable = issue.visibility == "public" and seq in issue.texts and entry and entry["status"] == "public"
    if not is_readable:
        raise NotFound("There are no words at this place.")
    await moderation.report(
        tx, issue=number, seq=seq, reason=reason, words=words, voter=voter, now_ms=milliseconds(tx.at)
    )


async def appeal(tx: WriteTx, number: int, *, by: Actor, words: str) -> None:
    """The filer's word, read by moderators only, against the removal or rejection of the issue."""
    require(by, "appeal")
    decision = await hidden_by(tx, number)
    if decision is None:
        raise Conflict("This issue is not hidden, so there is nothing to appeal against.")
    kept = await moderation.appeal(tx, issue=number, seq=decision, words=text(words), now_ms=milliseconds(tx.at))
    if not kept:
        raise Conflict("You have appealed against this decision already. A moderator reads it.")


async def appeal_now(tx: Tx, number: int) -> dict[str, Any] | None:
    """The appeal against the decision by which the issue is hidden now, if there is one."""
    decision = await hidden_by(tx, number)
    return await moderation.appeal_against(tx, decision) if decision is not None else None


async def hidden_by(tx: Tx, number: int) -> int | None:
    """The index of the decision by which the issue is hidden now."""
    if (await load(tx, number)).visibility != "removed":
        return None
    chain = await record.of_issue(tx, number)
    return next(r.index for r in reversed(chain) if isinstance(r.event, IssueRemoved | IssueRejected))


async def judge_appeal(tx: WriteTx, number: int, *, by: Actor, upheld: bool, links: Links, say: Say) -> Done:
    """Shows the issue again, or lets the decision stand; somebody else than who decided, where there is somebody."""
    require(by, "restore")
    found = await moderation.appeal_by_id(tx, number)
    if found is None:
        raise NotFound("There is no such appeal.")
    await refuse_own_case(tx, by, found["seq"])
    outcome = "upheld" if upheld else "refused"
    if not await moderation.settle_appeal(tx, number, outcome=outcome, now_ms=milliseconds(tx.at)):
        raise Conflict("Somebody has decided this already.")
    await answer_filer(tx, found["issue"], upheld=upheld, links=links, say=say)
    if not upheld or (await load(tx, found["issue"])).visibility != "removed":
        return Done(found["issue"], ())
    return await moderators.restore(tx, found["issue"], by=by)


async def refuse_own_case(tx: WriteTx, by: Actor, decision: int) -> None:
    others = [p for p in await people.all_staff(tx) if p.role in MAY["restore"] and p.id != by.person]
    if others and await moderation.person_behind(tx, decision) == by.person:
        raise Conflict("You made this decision yourself. Somebody else has to look at the appeal.")


async def answer_filer(tx: WriteTx, number: int, *, upheld: bool, links: Links, say: Say) -> None:
    filer = await intake.filer(tx, number)
    if filer is None or not filer.mail:
        return
    now_ms, name = milliseconds(tx.at), (await company.read(tx)).name
    letter = letters.appeal_answer(number=number, company=name, upheld=upheld, url=links.private(number), say=say)
    await outbox.put(tx, message_id=f"appeal.{number}.{now_ms}", recipient=filer.mail, letter=letter, now_ms=now_ms)


async def take_out(
    tx: WriteTx, number: int, *, by: Actor, target: int, fields: tuple[str, ...], words: tuple[str, ...], mark: str
) -> Done:
    """The filer erases own words: whole fields, or, where `words` are given, those wherever they stand."""
    require(by, "take_out")  # staff hide words by the rules of `hiding`, never by this door
    if mark not in MARKS:
        raise Invalid({"mark": choose(tuple(MARKS))})
    if words:
        return await moderators.mask(
            tx, number, by=by, target=target, words=words, mark=MARKS[mark], reason="author_request"
        )
    if not fields:
        raise Invalid({"fields": "Choose what to take out, or give the words."})
    return await moderators.redact(tx, number, by=by, target=target, fields=fields, reason="author_request")
