"""The desk: the queue, one issue with the company's tools around it, and what staff send from there."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import handovers, moderators, privately, staff
from board.domain import decisions, wording
from board.domain.auditing import mask
from board.domain.decisions import Then
from board.domain.events import CLOSURES, CURES, REASONS
from board.domain.hiding import HIDDEN_ONLY
from board.domain.leaf import format_time
from board.domain.people import Actor
from board.domain.text import clean, excerpt, to_html, to_plain
from board.domain.words import text
from board.errors import Conflict, Invalid, Refused, TooMany
from board.render import trusted
from board.store import company, intake, issues, moderation, people, private, search
from board.store.database import Tx, WriteTx
from board.store.issues import Wanted
from board.web import case, limits, lookover, mirrors, session, views
from board.web.home import PAGE, cursor, is_number, read_cursor
from board.web.issues import corrected, number_of
from board.web.lookover import WouldBePublic
from board.web.page import Frame, back, form, frame, page

QUEUES = {
    "mine": "Mine",
    "unanswered": "Unanswered",
    "overdue": "Overdue",
    "waiting": "Waiting",
    "disputed": "Disputed",
    "private": "Private words",
    "held": "To be looked at",
    "all": "All open",
}


IN_PUBLIC = ("update", "thank", "correct", "merge", "split", "reopen")  # acts whose words everybody reads


async def queue(request: Request) -> Response:
    async with request.app.state.board.db.reading() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request))
        around = await frame(tx, request)
        context = await queue_context(tx, request, around)
    if not by.may("see_private"):
        context = masked_queue(context)
    return page(request, around, "desk.html", nav="staff", **context)


async def queue_context(tx: Tx, request: Request, around: Frame) -> dict[str, Any]:
    """The queue's tabs and rows, or what a search over all issues finds."""
    query = request.query_params
    key = query.get("queue", "unanswered")
    key = key if key in QUEUES else "unanswered"
    asked = clean(query.get("q", ""), lines=False)[:200]
    sort = "active" if key in ("waiting", "held", "all") or asked else "oldest"
    wanted = Wanted(
        state="all", sort=sort, text=asked or None, after=read_cursor(query.get("after", ""), sort), limit=PAGE
    )
    assert around.viewer
    person, now = around.viewer.id or 0, format_time(around.now)
    found = (
        await issues.listed(tx, wanted, now) if asked else await issues.queued(tx, key, wanted, person=person, now=now)
    )
    hits = await search.excerpts(tx, asked, [row["number"] for row in found]) if asked else {}
    rows = [views.issue(row, around.names, around.now, hits.get(row["number"])) for row in found]
    counts = await issues.queue_counts(tx, person=person, now=now)
    more = f"/staff?queue={key}&after={cursor(wanted, rows)}" if len(rows) > PAGE else None
    say = request.app.state.board.renderer.say
    return {
        "queues": [{"key": k, "label": say(label), "count": counts[k]} for k, label in QUEUES.items()],
        "queue": key,
        "moderation_waits": sum((await moderation.counts(tx)).values()),
        "q": asked,
        "rows": rows[:PAGE],
        "next": more,
    }


def masked_queue(context: dict[str, Any]) -> dict[str, Any]:
    """The queue as auditors read it."""
    return {**context, "rows": [case.masked_words(row) for row in context["rows"]]}


async def show(request: Request) -> Response:
    return await answer(request)


async def answer(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    told: list[privately.Told] | None = None,
    counted: dict[str, Any] | None = None,
) -> Response:
    number = number_of(request)
    async with request.app.state.board.db.reading() as tx:
        who = await session.require_staff(tx, request)
        by = await session.actor(tx, who)
        around = await frame(tx, request)
        found = await case.read(tx, number, around.names, around.now, reader="staff")
        await name_who_hid(tx, found)
        context = await queue_context(tx, request, around)
        if not by.may("see_private"):
            found, context = case.masked(found), masked_queue(context)
        tools = await tools_context(tx, found, around, by, request.app.state.board)
    return page(
        request,
        around,
        "desk_issue.html",
        nav="staff",
        status=status,
        form=typed or {},
        errors=errors or {},
        told=told,
        counted=counted,
        **found.context,
        **context,
        **tools,
    )


async def tools_context(tx: Tx, found: case.Case, around: Frame, by: Actor, board: Any) -> dict[str, Any]:
    number, say = found.issue.number, around.names.say
    filer = await intake.filer(tx, number)
    box = board.box(handovers.PURPOSE)
    reference = await handovers.reference(tx, number, box) if by.may("see_private") else None
    acts = {
        act for act in [*decisions.allowed(found.issue, around.now), "note", "keep_out", "see_private"] if by.may(act)
    }
    return {
        "may": acts,
        "notes": [note(row, is_masked=not by.may("see_private")) for row in await intake.notes(tx, number)],
        "issue_private": {
            "email_known": bool(filer and filer.mail),
            "email_waits": bool(filer and filer.email and not filer.mail),
            "reference": reference,
            "count": len(await private.of_issue(tx, number)),
            "readings": [{**row, "at": at(row["last_ms"])} for row in await private.readings(tx, number)],
        },
        "staff": [one for one in await people.all_staff(tx) if one.role != "auditor"],
        "areas": await company.areas(tx),
        "reasons": [
            {"code": code, "text": wording.reason(code, say), "erases": code not in HIDDEN_ONLY} for code in REASONS
        ],
        "targets": redactable(found),
        "own": case.own_words(found, "company"),
        "held": [e for e in found.context["timeline"] if e["status"] == "held"],
        "hidden": [e for e in found.context["timeline"] if e["hidden"]],
        "comments": hideable(found),
        "marks": views.marks(say),
        **await mirrors.of_issue(tx, number),
        "asked": bool(await moderation.hidings(tx, "asked", issue=number)),
    }


def at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def note(row: dict[str, Any], *, is_masked: bool) -> dict[str, Any]:
    return {
        "name": row["name"] or "API",
        "at": at(row["created_ms"]),
        "body": trusted(to_html(mask(row["body"]) if is_masked else row["body"])),
    }


def redactable(found: case.Case) -> list[dict[str, Any]]:
    """The places that still hold words, each by its beginning."""
    head = found.context["issue"]
    places = [{"seq": found.issue.filed, "label": head["title"] or f"#{head['number']}"}]
    for entry in found.context["timeline"]:
        if found.issue.texts.get(entry["seq"]) and (entry["text"] or entry["name"]):
            places.append({"seq": entry["seq"], "label": excerpt(to_plain(entry["text"] or entry["name"]), 60)})
    return places


def hideable(found: case.Case) -> list[dict[str, Any]]:
    """The comments that everybody reads, each by its beginning."""
    return [
        {"seq": entry["seq"], "label": excerpt(to_plain(entry["text"]), 60)}
        for entry in found.context["timeline"]
        if entry["event"] == "comment.posted" and entry["status"] == "public" and entry["text"]
    ]


async def name_who_hid(tx: Tx, found: case.Case) -> None:
    """Staff read which colleague took a comment from view; nobody else does."""
    for entry in found.context["timeline"]:
        if entry["hidden"] and (person := await moderation.person_behind(tx, entry["hidden"]["seq"])):
            who = await people.by_id(tx, person)
            entry["hidden"]["by"] = who.name if who else None


Perform = Callable[[WriteTx, int, Actor, dict[str, str]], Awaitable[str]]


def act(name: str, perform: Perform, right: str) -> Callable[[Request], Awaitable[Response]]:
    """The door of one staff act; what was typed comes back with what to mend."""

    async def door(request: Request) -> Response:
        number, typed = number_of(request), await form(request)
        try:
            await limits.spend_as_staff(request, right)
            if right in IN_PUBLIC:
                typed = await lookover.settled(request, typed, right=right, corrects=corrected(right, number))
            async with request.app.state.board.db.writing(session.now()) as tx:
                who = await session.require_staff(tx, request, right)
                done = await perform(tx, number, await session.actor(tx, who), typed)
        except WouldBePublic as would:
            return await lookover.ask(request, would)
        except TooMany as full:
            return await limits.wait_page(request, typed, full)
        except (Invalid, Conflict) as refused:
            fields = refused.fields if isinstance(refused, Invalid) else {"body": say_allowed(refused)}
            return await answer(request, typed={**typed, "act": name}, errors=fields, status=refused.status)
        queue = request.query_params.get("queue")
        return back(f"/staff/issues/{number}" + (f"?queue={queue}" if queue in QUEUES else ""), done)

    return door


Door = Callable[[Request], Awaitable[Response]]


def shared(by_customer: Door, by_staff: Door) -> Door:
    """One door for an act that customers and staff have in common: each is answered on the page that they came from."""

    async def door(request: Request) -> Response:
        async with request.app.state.board.db.reading() as tx:
            who = await session.viewer(tx, request)
        return await (by_staff if who and who.kind == "staff" else by_customer)(request)

    return door


def say_allowed(refused: Refused) -> str:
    allowed: tuple[str, ...] = getattr(refused, "allowed", ())
    return f"{refused.detail} Possible now: {', '.join(allowed)}." if allowed else refused.detail


async def update(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    settled = typed.get("state") == "settled"
    then = Then(
        state=None if settled or typed.get("state") in (None, "", "keep") else typed["state"],
        resolution=read_resolution(typed) if settled else None,
        promise_due=read_due(typed, needed=False),
        whose=clean(typed.get("whose", ""), lines=False)[:80] or None,
        into=read_number(typed.get("duplicate_of", ""), "duplicate_of"),
    )
    await staff.update(tx, number, by=by, body=text(typed.get("body", "")), via="web", then=then)
    return "answered"


def read_resolution(typed: dict[str, str]) -> str:
    resolution = typed.get("resolution", "")
    if resolution not in (*CURES, *CLOSURES):
        raise Invalid({"resolution": "Choose how it ends."})
    return resolution


def read_due(typed: dict[str, str], *, needed: bool = True) -> datetime | None:
    """A local date and time field, in UTC."""
    value = clean(typed.get("promise_due", ""), lines=False)
    if not value and not needed:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid({"promise_due": "Give a date and a time, for example 2026-12-24T18:00."}) from None


def read_number(value: str, field: str) -> int | None:
    kept = clean(value, lines=False).lstrip("#")
    if not kept:
        return None
    if not is_number(kept):
        raise Invalid({field: "Give the number of an issue, for example 128."})
    return int(kept)


async def write_note(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await staff.note(tx, number, by=by, body=text(typed.get("body", "")))
    return "noted"


async def read_private(request: Request) -> Response:
    """What the customer told the company alone; that a colleague reads it is noted."""
    board, number = request.app.state.board, number_of(request)
    await limits.spend_as_staff(request, "see_private")
    async with board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "see_private"))
        box = board.box(privately.PURPOSE)
        told = await privately.read(tx, number, by=by, box=box, now_ms=session.now_ms())
    return await answer(request, told=told)


async def assign(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    person = read_number(typed.get("person", ""), "person")
    if person is None:
        raise Invalid({"person": "Choose a colleague from the list."})
    await staff.assign(tx, number, by=by, person=person)
    return "assigned"


async def move(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await staff.move(tx, number, by=by, area=typed.get("area", ""))
    return "moved"


async def promise(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    due = read_due(typed)
    assert due
    await staff.promise(tx, number, by=by, due=due)
    return "promised"


async def merge(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    into = read_number(typed.get("into", ""), "into")
    if into is None:
        raise Invalid({"into": "Give the number of the other issue."})
    try:
        await staff.merge(tx, number, by=by, into=into, body=text(typed.get("body", "")), via="web")
    except Invalid as wrong:
        raise Invalid({{"duplicate_of": "into"}.get(k, k): v for k, v in wrong.fields.items()}) from None
    return "merged"


async def split(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await staff.split(tx, number, by=by, body=text(typed.get("body", "")))
    return "split"


async def reopen(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    await staff.reopen(tx, number, by=by, body=text(typed.get("body", "")))
    return "reopened"


async def publish(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    target = read_number(typed.get("target", ""), "target")
    if target is None:
        await moderators.publish(tx, number, by=by)
    else:
        await moderators.judge_comment(tx, number, by=by, target=target, reason=None)
    return "published"


async def reject(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    target, reason = read_number(typed.get("target", ""), "target"), typed.get("reason", "")
    if target is None:
        await moderators.reject(tx, number, by=by, reason=reason)
    else:
        await moderators.judge_comment(tx, number, by=by, target=target, reason=reason)
    return "rejected"


async def restore(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    target = read_number(typed.get("target", ""), "target")
    if target is None:
        await moderators.restore(tx, number, by=by)
    else:
        await moderators.show_comment_again(tx, number, by=by, target=target)
    return "restored"
