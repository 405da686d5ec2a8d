"""The outbox: how every outlet fares, each letter with what became of it, and what staff can do about it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import mailbox
from board.actions import outbox as acts
from board.domain import faults
from board.domain.auditing import MASK, mask
from board.domain.people import may
from board.domain.text import clean
from board.domain.wording import Say
from board.store import bounces, outbox, record, troubles
from board.store import hooks as hook_rows
from board.store import mirrors as mirror_rows
from board.store.database import Tx
from board.web import hooks, mentions, mirrors, session
from board.web.page import back, form, frame, page, time_of

MESSAGES, HOOKS = 50, 10


async def show(request: Request) -> Response:
    """How all outlets fare, and every letter with what became of it; links that sign somebody in are for admins."""
    query = request.query_params
    chosen = query.get("state", "all")
    before = query.get("before", "")
    async with request.app.state.board.db.reading() as tx:
        who = await session.require_staff(tx, request)
        around = await frame(tx, request)
        rows = await outbox.newest(
            tx,
            limit=MESSAGES + 1,
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
            state=chosen if chosen in outbox.STATES else None,
        )
        counts, oldest_ms = await outbox.counts_up_to(tx, acts.MOST + 1), await outbox.oldest_waiting(tx)
        stopped = await bounces.all_stopped(tx, limit=MESSAGES)
        again, deaf = await to_try_again(tx, who), await trouble_of_mailbox(tx, request, who)
        elsewhere = await others(tx) if who.role == "admin" else {"hooks": [], "mirrors": []}
        heard = await mentions.facts(tx, who)
    say = request.app.state.board.renderer.say
    more = f"/staff/outbox?state={chosen}&before={rows[MESSAGES - 1]['id']}" if len(rows) > MESSAGES else None
    return page(
        request,
        around,
        "outbox.html",
        nav="staff",
        messages=[shown_to(who, message(row, say, sees_links=who.role == "admin")) for row in rows[:MESSAGES]],
        next=more,
        filter=chosen if chosen in outbox.STATES else "all",
        counts=counts,
        most=acts.MOST,
        oldest=time_of(oldest_ms) if oldest_ms is not None else None,
        again=again,
        deaf=deaf,
        hooks=elsewhere["hooks"][:HOOKS],
        has_more_hooks=len(elsewhere["hooks"]) > HOOKS,
        mirrors=elsewhere["mirrors"],
        mentions=heard,
        stopped=[stopped_to(who, row) for row in stopped],
        is_mail_set=request.app.state.board.settings.smtp_url is not None,
    )


async def to_try_again(tx: Tx, who: session.Viewer) -> dict[str, Any] | None:
    """How many letters wait for a later try, and how many the line has ended lately; None where there are none."""
    if not (who.role and may(who.role, acts.RIGHT)):
        return None
    now_ms = session.now_ms()
    waiting, ended = await outbox.putting_off(tx, now_ms, since_ms=acts.oldest_ms(now_ms), most=acts.MOST)
    counted = {"waiting": waiting, "ended": ended, "days": acts.DAYS_BACK, "most": acts.MOST}
    return counted if waiting or ended else None


async def trouble_of_mailbox(tx: Tx, request: Request, who: session.Viewer) -> dict[str, Any] | None:
    """Since when, and why, nothing can be read of what comes in; None where it can, or there is no mailbox."""
    if request.app.state.board.settings.imap_url is None:
        return None
    trouble = await troubles.one(tx, troubles.MAILBOX)
    if trouble is None:
        return None
    sees = who.session.person and may(who.session.person.role, "see_private")
    return {"since": time_of(trouble.since_ms), "said": trouble.said if sees else mask(trouble.said)}


async def others(tx: Tx) -> dict[str, list[dict[str, Any]]]:
    """Webhooks and mirrors, each as its own page tells of it; of many webhooks those that need somebody."""
    _, head = await record.head(tx)
    return {
        "hooks": [await hooks.facts(tx, hook, head) for hook in await hook_rows.to_look_at(tx, limit=HOOKS + 1)],
        "mirrors": [await mirrors.facts(tx, mirror) for mirror in await mirror_rows.every(tx)],
    }


def stopped_to(who: session.Viewer, row: dict[str, Any]) -> dict[str, Any]:
    """An address that sends mail back; without it for whoever may not see what is private."""
    if who.session.person and may(who.session.person.role, "see_private"):
        return {**row, "at": time_of(row["stopped_ms"]), "may_try": True}
    return {"email": MASK, "why": mask(row["why"]), "at": time_of(row["stopped_ms"]), "may_try": False}


def shown_to(who: session.Viewer, message: dict[str, Any]) -> dict[str, Any]:
    """Without addresses for whoever may not see what is private."""
    if who.session.person and may(who.session.person.role, "see_private"):
        return {**message, "may_try": True}
    hidden = {key: mask(message[key]) for key in ("subject", "text", "error") if message[key]}
    return {**message, **hidden, "to": MASK, "may_try": False}


def message(row: dict[str, Any], say: Say, *, sees_links: bool) -> dict[str, Any]:
    letter, fault = outbox.letter_of(row), faults.read(row["error"] or "")
    shown = not letter.personal and (sees_links or not letter.secret)
    return {
        "id": row["id"],
        "to": row["recipient"],
        "subject": row["subject"],
        "is_empty": not row["letter"],
        "state": row["state"],
        "at": time_of(row["created_ms"]),
        "fault": say(faults.WORDS[fault.kind]) if fault else None,
        "error": fault.answer if fault else row["error"],
        "next_try": time_of(row["retry_ms"]) if row["state"] == "queued" and row["tries"] else None,
        "text": "\n\n".join(
            [*letter.paragraphs, *(text for part in letter.parts for text in (part.title, *part.lines))]
        ),
        "link": letter.link if shown else None,
        "code": letter.code if shown else None,
    }


async def try_now(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
        await acts.try_now(tx, int(request.path_params["id"]), by=by, now_ms=session.now_ms())
    return back("/staff/outbox", "trying")


async def try_all(request: Request) -> Response:
    """All that wait, and what the line has ended, a step at a time; what is left is told by the page."""
    now_ms = session.now_ms()
    for _ in range(acts.MOST // acts.STEP):
        async with request.app.state.board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
            if not await acts.try_all(tx, by=by, now_ms=now_ms):
                break
    return back("/staff/outbox", "trying_all")


async def send_again(request: Request) -> Response:
    """Mail goes to an address again that has sent it back."""
    typed = await form(request)
    async with request.app.state.board.db.saving() as tx:
        await session.require_staff(tx, request, "try_mail")
        await mailbox.send_again(tx, clean(typed.get("email", ""), lines=False))
    return back("/staff/outbox", "saved", "#stopped")


async def give_up(request: Request) -> Response:
    """A letter that waits is sent no more, until somebody says otherwise."""
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
        await acts.give_up(tx, int(request.path_params["id"]), by=by)
    return back("/staff/outbox", "given_up")
