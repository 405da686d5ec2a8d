"""The staff page of mentions: what people say elsewhere to the company, to be filed for them or set aside."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import mentions as acts
from board.domain.mentions import host_of, is_aged, unlabelled
from board.domain.people import may
from board.store import mentions
from board.store.database import Tx, WriteTx
from board.store.mentions import Draft
from board.web import session
from board.web.home import is_number
from board.web.page import back, frame, page, time_of

DRAFTS = 50
PAGE = "/staff/mentions"


async def show(request: Request) -> Response:
    before = request.query_params.get("before", "")
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request, acts.RIGHT)
        around = await frame(tx, request)
        drafts = await mentions.newest(tx, limit=DRAFTS + 1, before=int(before) if is_number(before) else None)
        days = around.company.mention_days
        counts = await mentions.counts(tx)
        hearings = await mentions.hearings(tx)
    now_ms = session.now_ms()
    for one in hearings:
        if counts.get(one.mirror) and is_aged(one.look_below_ms, now_ms):
            await look_again(request, one.mirror)
    return page(
        request,
        around,
        "mentions.html",
        nav="staff",
        drafts=[shown(draft) for draft in drafts[:DRAFTS]],
        next=f"{PAGE}?before={drafts[DRAFTS - 1].id}" if len(drafts) > DRAFTS else None,
        count=sum(counts.values()),
        dropped=sum(one.dropped for one in hearings),
        hears=any(one.is_on for one in hearings),
        deaf=[one.said for one in hearings if one.is_on and one.said],
        days=days,
    )


async def look_again(request: Request, mirror: int) -> None:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
        await acts.look_again(tx, mirror, by=by, now_ms=session.now_ms())


def shown(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "network": draft.network,
        "author": draft.author,
        "text": draft.text,
        "url": draft.url,
        "host": host_of(draft.url),
        "at": time_of(draft.said_ms),
    }


async def facts(tx: Tx, who: session.Viewer) -> dict[str, Any]:
    """How many mentions wait, for the pages around; nothing for whoever may not read them."""
    if not (who.role and may(who.role, acts.RIGHT)):
        return {"count": 0, "hears": False}
    hears = any(one.is_on for one in await mentions.hearings(tx))
    return {"count": sum((await mentions.counts(tx)).values()), "hears": hears}


async def set_aside(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
        await acts.set_aside(tx, int(request.path_params["id"]), by=by)
    return back(PAGE, "set_aside")


def number_in(typed: Mapping[str, str]) -> int | None:
    """The draft that a filing is made of, if it is made of one."""
    number = typed.get("mention", "")
    return int(number) if is_number(number) else None


async def told(request: Request, number: int) -> dict[str, str]:
    """The fields of the filing form with what was said; who said it stands where only the company reads it."""
    async with request.app.state.board.db.reading() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
        draft = await acts.read(tx, number, by=by)
    return {"mention": str(number), "body": unlabelled(draft.text), "private": f"{draft.author}\n{draft.url}".strip()}


async def permit(request: Request, typed: Mapping[str, str]) -> None:
    """Drafts are for staff: whoever else names one hears that before anything about the words."""
    if number_in(typed):
        async with request.app.state.board.db.reading() as tx:
            await session.require_staff(tx, request, acts.RIGHT)


async def taken(tx: WriteTx, request: Request, typed: Mapping[str, str]) -> str:
    """Which way the filing came: from the network of the draft, which is gone with it, or by the page."""
    number = number_in(typed)
    if number is None:
        return "web"
    by = await session.actor(tx, await session.require_staff(tx, request, acts.RIGHT))
    return (await acts.take(tx, number, by=by)).network
