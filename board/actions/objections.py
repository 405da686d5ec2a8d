"""Saying that words should go, or should not have gone: reports by anyone, appeals and erasures by their authors."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from board.actions import hiding, moderators
from board.actions.acting import Done, load
from board.domain import letters
from board.domain.events import REASONS, CommentRejected, Event, IssueRejected, IssueRemoved, TextRedacted
from board.domain.issue import Issue
from board.domain.leaf import Recorded, milliseconds
from board.domain.links import Links
from board.domain.masking import mark_named
from board.domain.people import MAY, Actor, require
from board.domain.phrase import choose, phrase
from board.domain.wording import Say
from board.domain.words import text
from board.errors import Conflict, Invalid, NotAllowed, NotFound
from board.store import company, entries, intake, moderation, outbox, people, record
from board.store.database import Tx, WriteTx

OWN_CASE = phrase("You took part in this decision yourself. Somebody else has to look at the appeal.")
TOO_NEW = phrase(
    "Your account is too new to judge this decision of a colleague. Somebody else has to look at the appeal."
)
HIDDEN = ("rejected", "hidden")  # a comment that is not shown, and one that is not shown any more
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


@dataclass(frozen=True)
class Decision:
    """What a moderator decided against somebody's words, at `seq`: about the issue, a comment, or words in a text."""

    seq: int
    about: Literal["issue", "comment", "words"]
    target: int | None
    reason: str


async def appeal(
    tx: WriteTx, number: int, *, by: Actor, words: str, decision: int | None = None, voter: bytes | None = None
) -> None:
    """The author's word, read by moderators only, against a decision: if none is named, that which hides the issue."""
    require(by, "appeal")
    against = await decisions_against(tx, number, by)
    found = next((one for one in against if one.seq == decision or (decision is None and one.about == "issue")), None)
    if found is None and by.standing != "filer":
        raise NotAllowed("You can appeal against decisions about your own words only.")
    if found is None:
        raise Conflict("This issue is not hidden, so there is nothing to appeal against.")
    whose = None if by.standing == "filer" else voter
    kept = await moderation.appeal(
        tx, issue=number, seq=found.seq, words=text(words), voter=whose, now_ms=milliseconds(tx.at)
    )
    if not kept:
        raise Conflict("You have appealed against this decision already. A moderator reads it.")


async def decisions_against(tx: Tx, number: int, by: Actor) -> list[Decision]:
    """What moderators decided against the words of who asks, and still stands; the newest first."""
    issue, chain = await load(tx, number), await record.of_issue(tx, number)
    found = {decision_key(r, issue): decided for r in chain if (decided := against(r, issue, by))}
    return sorted(found.values(), key=lambda one: -one.seq)


def decision_key(r: Recorded, issue: Issue) -> tuple[str, int | None, datetime | None]:
    """One decision may take every wording of a text, each by an event; an issue is hidden by the last one alone."""
    match r.event:
        case TextRedacted(target=target):
            return "words", issue.texts[target].original or target, r.time
        case CommentRejected(target=target):
            return "comment", target, None
        case _:
            return "issue", None, None


def against(r: Recorded, issue: Issue, by: Actor) -> Decision | None:
    match r.event:
        case IssueRemoved(reason=reason) | IssueRejected(reason=reason):
            is_own = by.standing == "filer" and issue.visibility == "removed"
            return Decision(r.index, "issue", None, reason) if is_own else None
        case CommentRejected(target=target, reason=reason) if issue.texts[target].status in HIDDEN:
            return Decision(r.index, "comment", target, reason) if is_of(by, issue, target) else None
        case TextRedacted(target=target, reason=reason, role="moderator"):
            first = issue.texts[target].original or target
            return Decision(r.index, "words", first, reason) if is_of(by, issue, first) else None
    return None


def is_of(by: Actor, issue: Issue, target: int) -> bool:
    return target in by.own or by.standing == issue.texts[target].author == "filer"


async def judge_appeal(
    tx: WriteTx, number: int, *, by: Actor, upheld: bool, links: Links, say: Say, words: str | None = None
) -> Done:
    """Shows the words again, or lets the decision stand; somebody else than who decided, where there is somebody.

    Words that were taken out cannot come back: such an appeal is answered with `words`.
    """
    require(by, "restore")
    found = await moderation.appeal_by_id(tx, number)
    if found is None:
        raise NotFound("There is no such appeal.")
    event = (await record.after(tx, found["seq"] - 1, limit=1))[0].event
    await refuse_own_case(tx, by, found, event)
    if isinstance(event, TextRedacted) and not words:
        raise Invalid({"answer": "Answer with a few words: what was taken out cannot come back."})
    outcome = "upheld" if upheld else "refused"
    if not await moderation.settle_appeal(tx, number, outcome=outcome, answer=words, now_ms=milliseconds(tx.at)):
        raise Conflict("Somebody has decided this already.")
    await answer_author(tx, found, event, upheld=upheld, words=words, links=links, say=say)
    return await show_again(tx, found["issue"], event, by) if upheld else Done(found["issue"], ())


async def show_again(tx: WriteTx, number: int, event: Event, by: Actor) -> Done:
    issue = await load(tx, number)
    match event:
        case IssueRemoved() | IssueRejected() if issue.visibility == "removed":
            return await moderators.restore(tx, number, by=by)
        case CommentRejected(target=target) if issue.texts[target].status in HIDDEN:
            return await moderators.show_comment_again(tx, number, by=by, target=target)
    return Done(number, ())


async def refuse_own_case(tx: WriteTx, by: Actor, found: dict[str, Any], event: Event) -> None:
    """Neither who decided judges it nor who asked or agreed, nor who is too new to be somebody else than who decided,
    as long as there is anybody left.
    """
    judges = {person.id for person in await people.all_staff(tx) if person.role in MAY["restore"]}
    decider = await moderation.person_behind(tx, found["seq"])
    took_part = await moderation.took_part(tx, found["issue"], target=getattr(event, "target", None))
    new = {one for one in judges if decider is not None and not await hiding.is_second(tx, decider, one)}
    for parties in ({decider}, {decider} | took_part, {decider} | took_part | new):
        if by.person in parties and judges - parties:
            raise Conflict(OWN_CASE if by.person in parties - new else TOO_NEW)


async def answer_author(
    tx: WriteTx, appeal: dict[str, Any], event: Event, *, upheld: bool, words: str | None, links: Links, say: Say
) -> None:
    """By mail, where the filer's address has said yes, or where the author was signed in with one."""
    number, is_filer = appeal["issue"], appeal["voter"] is None
    filer = await intake.filer(tx, number) if is_filer else None
    target = getattr(event, "target", None)
    email = filer.mail if filer else await moderation.address_behind(tx, target) if target is not None else None
    if not email:
        return
    now_ms, name = milliseconds(tx.at), (await company.read(tx)).name
    letter = letters.appeal_answer(
        number=number,
        company=name,
        upheld=upheld,
        about={IssueRemoved: "issue", IssueRejected: "issue", CommentRejected: "comment"}.get(type(event), "words"),
        words=words,
        url=links.private(number) if is_filer else links.issue(number),
        personal=is_filer,
        say=say,
    )
    await outbox.put(tx, message_id=f"appeal.{number}.{now_ms}", recipient=email, letter=letter, now_ms=now_ms)


async def take_out(
    tx: WriteTx, number: int, *, by: Actor, target: int, fields: tuple[str, ...], words: tuple[str, ...], mark: str
) -> Done:
    """The filer erases own words: whole fields, or, where `words` are given, those wherever they stand."""
    require(by, "take_out")  # staff hide words by the rules of `hiding`, never by this door
    put = mark_named(mark)
    if words:
        return await moderators.mask(tx, number, by=by, target=target, words=words, mark=put, reason="author_request")
    if not fields:
        raise Invalid({"fields": "Choose what to take out, or give the words."})
    return await moderators.redact(tx, number, by=by, target=target, fields=fields, reason="author_request")
