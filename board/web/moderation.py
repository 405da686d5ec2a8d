"""What waits for moderators, their decisions on it, and the public figures of all that they did."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import hiding, moderators, objections
from board.domain import masking, wording
from board.domain.events import REASONS
from board.domain.leaf import parse_time
from board.domain.people import Actor
from board.domain.phrase import choose, phrase
from board.domain.text import excerpt, to_plain
from board.domain.words import optional_text
from board.errors import Conflict, Invalid, NotFound, TooMany
from board.store import entries, moderation, people
from board.store.database import Tx, WriteTx
from board.web import case, desk, limits, session
from board.web.desk import Door, read_number
from board.web.issues import number_of
from board.web.page import FIELDS, Frame, back, form, frame, page

QUEUES = ("waiting", "asked", "review", "appeals", "reports")
LENGTH = 300  # characters of a text that the queue shows
WHY = {
    "policy": phrase("Everything is looked at first."),
    "first": phrase("The first words of a newcomer."),
    "word": phrase("It holds a word of the list."),
    "finds": phrase("Something in it looks private."),
    "trap": phrase("A field was filled that people do not see."),
    "newcomer_links": phrase("A newcomer gives a link."),
    "links": phrase("It holds many links."),
    "repeated": phrase("The same text came again and again."),
    "quick": phrase("It was sent sooner than anybody types."),
    "stale": phrase("It came without a form of ours, or with a very old one."),
    "hurried": phrase("Much came from the same place."),
    "sender": phrase("It came by mail, and nobody vouches for its sender."),
    "crowded": phrase("More came in than anybody reads, and it is a newcomer’s."),
}


async def queue(request: Request) -> Response:
    return await queue_page(request)


async def queue_page(
    request: Request, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "see_moderation"))
        around = await frame(tx, request)
        context = await queue_context(tx, around)
    if not by.may("publish"):
        context |= {name: case.masked_value(context[name]) for name in QUEUES}
    return page(
        request,
        around,
        "moderation_queue.html",
        nav="staff",
        status=status,
        form=typed or {},
        errors=errors or {},
        may_decide=by.may("publish"),
        **context,
    )


async def queue_context(tx: Tx, around: Frame) -> dict[str, Any]:
    say = around.names.say
    names = {person.id: person.name for person in await people.all_staff(tx)}
    asked = [
        in_words(h, names, around) | {"words": await words_of(tx, h)} for h in await moderation.hidings(tx, "asked")
    ]
    review = [
        in_words(h, names, around) | {"words": await words_of(tx, h)} for h in await moderation.hidings(tx, "review")
    ]
    return {
        "waiting": [quoted(row, say) for row in await moderation.waiting(tx)],
        "reports": [told(row, around) for row in await moderation.reports(tx)],
        "appeals": [appealed(row, say) for row in await moderation.appeals(tx)],
        "asked": asked,
        "review": review,
        "counts": await moderation.counts(tx),
        "reasons": [(code, wording.reason(code, say)) for code in REASONS],
    }


def quoted(row: dict[str, Any], say: wording.Say) -> dict[str, Any]:
    is_issue = row["kind"] == "issue.filed"
    return {
        **row,
        "key": f"{row['issue']}" if is_issue else f"{row['issue']}:{row['seq']}",
        "is_issue": is_issue,
        "text": excerpt(to_plain(row["body"] or ""), LENGTH),
        "at": parse_time(row["at"]),
        "why": say(WHY.get(row["why"] or "policy", "")),
    }


def told(row: dict[str, Any], around: Frame) -> dict[str, Any]:
    reason = wording.reason(row["reason"], around.names.say)
    text = excerpt(to_plain(row["body"] or ""), LENGTH)
    return {**row, "reason_text": reason, "text": text, "at": at(row["created_ms"])}


def appealed(row: dict[str, Any], say: wording.Say) -> dict[str, Any]:
    about = {"comment.rejected": "comment", "text.redacted": "words"}.get(row["kind"], "issue")
    text = excerpt(to_plain(row["body"] or ""), LENGTH) if about == "comment" else ""
    reason = wording.reason(row["reason"], say)
    return {**row, "about": about, "text": text, "reason_text": reason, "at": at(row["created_ms"])}


def in_words(asked: moderation.Hiding, names: dict[int, str], around: Frame) -> dict[str, Any]:
    assert around.viewer
    return {
        "id": asked.id,
        "issue": asked.issue,
        "act": asked.act,
        "target": asked.target,
        "words": asked.detail.get("words", ()),
        "reason_text": wording.reason(asked.reason, around.names.say),
        "by": names.get(asked.person, "?"),
        "is_own": asked.person == around.viewer.id,
        "at": at(asked.asked_ms),
        "due": at(asked.due_ms) if asked.due_ms else None,
    }


async def words_of(tx: Tx, asked: moderation.Hiding) -> list[str]:
    """What is to go: the runs of words, or the whole texts as they are now. What was taken out is not there."""
    if asked.target is None or asked.act not in ("redact", "hide"):
        return list(asked.detail.get("words", ()))
    now = await entries.wording(tx, asked.target, ("body",) if asked.act == "hide" else asked.detail.get("fields", ()))
    return [excerpt(to_plain(text), LENGTH) for text in now.values() if text]


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


async def decide_many(request: Request) -> Response:
    """Shows or rejects all that was chosen; what somebody else has decided meanwhile is left as it is."""
    typed = await form(request, most=FIELDS + moderation.AT_ONCE)
    chosen = [read_key(line) for line in typed.get("chosen", "").splitlines()]
    try:
        if not chosen:
            raise Invalid({"chosen": "Choose at least one."})
        reason = typed.get("reason", "") if chosen_of(typed, "publish", "reject") == "reject" else None
        for number, target in chosen:
            await limits.spend_as_staff(request, "publish" if reason is None else "reject")
            await decide_one(request, number, target, reason)
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    except Invalid as wrong:
        return await queue_page(request, typed=typed, errors=wrong.fields, status=wrong.status)
    return back("/staff/moderation", "published" if reason is None else "rejected")


async def decide_one(request: Request, number: int, target: int | None, reason: str | None) -> None:
    try:
        async with request.app.state.board.db.writing(session.now()) as tx:
            right = "publish" if reason is None else "reject"
            by = await session.actor(tx, await session.require_staff(tx, request, right))
            if target is not None:
                await moderators.judge_comment(tx, number, by=by, target=target, reason=reason)
            elif reason is None:
                await moderators.publish(tx, number, by=by)
            else:
                await moderators.reject(tx, number, by=by, reason=reason)
    except (Conflict, NotFound):
        return


def chosen_of(typed: dict[str, str], *decisions: str) -> str:
    """The decision whose button was pressed; raises Invalid for none, so that nothing is decided by a slip."""
    decision = typed.get("do", "")
    if decision not in decisions:
        raise Invalid({"do": choose(decisions)})
    return decision


def read_key(line: str) -> tuple[int, int | None]:
    """“12” is an issue, “12:345” the comment at 345 in it."""
    number, _, target = line.strip().partition(":")
    found = read_number(number, "chosen")
    if found is None:
        raise Invalid({"chosen": "Choose from the list."})
    return found, read_number(target, "chosen") if target else None


async def decide_hiding(request: Request) -> Response:
    """A second person agrees to what a moderator asked for or did, or refuses it."""
    typed, number = await form(request), int(request.path_params["id"])
    await limits.spend_as_staff(request, "remove")
    async with request.app.state.board.db.writing(session.now()) as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "remove"))
        act = hiding.second if chosen_of(typed, "agree", "refuse") == "agree" else hiding.refuse
        await act(tx, number, by=by)
    return back("/staff/moderation", "decided", "#asked")


async def decide_appeal(request: Request) -> Response:
    board, typed, number = request.app.state.board, await form(request), int(request.path_params["id"])
    await limits.spend_as_staff(request, "restore")
    given: dict[str, Any] = {"links": board.links, "say": board.renderer.say}
    try:
        async with board.db.writing(session.now()) as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "restore"))
            upheld = chosen_of(typed, "uphold", "refuse") == "uphold"
            words = optional_text(typed.get("answer", ""), field="answer")
            await objections.judge_appeal(tx, number, by=by, upheld=upheld, words=words, **given)
    except Invalid as wrong:
        return await queue_page(request, typed={**typed, "appeal": str(number)}, errors=wrong.fields, status=422)
    return back("/staff/moderation", "decided", "#appeals")


async def settle_reports(request: Request) -> Response:
    await limits.spend_as_staff(request, "publish")
    async with request.app.state.board.db.saving() as tx:
        await session.require_staff(tx, request, "publish")
        await moderation.settle_reports(tx, seq=int(request.path_params["id"]), now_ms=session.now_ms())
    return back("/staff/moderation", "decided", "#reports")


Hide = Callable[..., Any]


def hiding_door(name: str, read: Callable[[dict[str, str]], dict[str, Any]], right: str) -> Door:
    """The door of an act that takes words from view: at once, or asked for until a second person agrees."""

    async def door(request: Request) -> Response:
        board = request.app.state.board
        if (typed := await form(request)).get("do") == "count":
            return await count(request, name, typed, right)
        return await desk.act(name, partial(hide, read, links=board.links, say=board.renderer.say), right)(request)

    return door


async def count(request: Request, name: str, typed: dict[str, str], right: str) -> Response:
    """The form again with the number of places where the words stand: nothing is taken out."""
    number, typed = number_of(request), {**typed, "act": name}
    try:
        given = read_redaction(typed)
        async with request.app.state.board.db.reading() as tx:
            await session.require_staff(tx, request, right)
            places = await moderators.count(tx, number, given.get("words", ()))
    except Invalid as wrong:
        return await desk.answer(request, typed=typed, errors=wrong.fields, status=wrong.status)
    counted = {"here": places.get(given["target"], 0), "all": sum(places.values())}
    return await desk.answer(request, typed=typed, counted=counted)


async def hide(
    read: Callable[[dict[str, str]], dict[str, Any]],
    tx: WriteTx,
    number: int,
    by: Actor,
    typed: dict[str, str],
    **context: Any,
) -> str:
    given = read(typed)
    done = await hiding.hide(tx, number, by=by, reason=typed.get("reason", ""), **given, **context)
    if not done.events:
        return "asked"
    return DONE.get(given["how"], "redacted")


DONE = {"remove": "removed", "hide": "hidden"}


def read_removal(typed: dict[str, str]) -> dict[str, Any]:
    return {"how": "remove"}


def read_hiding(typed: dict[str, str]) -> dict[str, Any]:
    target = read_number(typed.get("target", ""), "target")
    if target is None:
        raise Invalid({"target": "Choose the comment to hide."})
    return {"how": "hide", "target": target}


def read_redaction(typed: dict[str, str]) -> dict[str, Any]:
    """Whole fields, or some words with the mark that takes their place."""
    target, fields = read_number(typed.get("target", ""), "target"), typed.get("fields", "").split()
    if target is not None and typed.get("words", "").strip():
        mark = masking.MARKS.get(typed.get("mark", "words"), masking.MARKS["words"])
        return {"how": "mask", "target": target, "words": list(masking.phrases(typed["words"])), "mark": mark}
    if target is None or not fields:
        raise Invalid({"fields": "Choose what to take out, and where."})
    return {"how": "redact", "target": target, "fields": fields}
