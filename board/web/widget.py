"""The widget on the company's sites: a gallery to copy from, its staff page, and customers who are handed over."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from board.actions import company as acts
from board.actions import handovers
from board.domain.handover import Handover
from board.domain.leaf import format_time
from board.domain.people import Poster
from board.domain.words import Filing
from board.errors import Invalid
from board.store import company, issues
from board.store import handovers as kept
from board.store.database import Tx, WriteTx
from board.store.issues import Wanted
from board.web import session
from board.web.bundle import bundle
from board.web.page import back, form, frame, page, time_of


async def gallery(request: Request) -> Response:
    """Each mode with what to copy, and what the site has to allow."""
    board = request.app.state.board
    async with board.db.reading() as tx:
        around = await frame(tx, request)
        areas = await company.areas(tx)
        newest = await issues.listed(tx, Wanted(state="all", sort="new", limit=1), format_time(session.now()))
    url: str = board.settings.base_url
    made = bundle()
    return page(
        request,
        around,
        "embed/gallery.html",
        nav="about",
        areas=areas,
        example=newest[0]["number"] if newest else None,
        script={"url": f"{url}/embed/v1/embed.js", "pinned": f"{url}/embed/v1/{made.name}", "hash": made.integrity},
        socket_url=f"{'wss' if url.startswith('https') else 'ws'}://{urlsplit(url).netloc}",
    )


async def show(request: Request) -> Response:
    return await staff_page(request)


async def staff_page(
    request: Request,
    *,
    secret: str | None = None,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request, "run_board")
        around = await frame(tx, request)
        known = await kept.secret(tx)
    return page(
        request,
        around,
        "widget.html",
        nav="staff",
        status=422 if errors else 200,
        form=typed or {"widget_origins": around.company.widget_origins.replace(" ", "\n")},
        errors=errors or {},
        secret=secret,
        made_at=time_of(known.made_ms) if known else None,
        old_until=time_of(known.old_until_ms) if known and known.old_until_ms else None,
    )


async def save(request: Request) -> Response:
    typed = await form(request)
    try:
        async with request.app.state.board.db.writing(session.now()) as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
            await acts.set_up(tx, {"widget_origins": typed.get("widget_origins", "")}, by=by)
    except Invalid as wrong:
        return await staff_page(request, typed=typed, errors=wrong.fields)
    return back("/staff/widget", "saved")


async def rotate(request: Request) -> Response:
    """Makes a new secret; it is shown this once."""
    board = request.app.state.board
    async with board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
        secret = await handovers.rotate(tx, by=by, box=board.box(handovers.PURPOSE), now_ms=session.now_ms())
    return await staff_page(request, secret=secret)


async def handed_over(request: Request, token: str) -> dict[str, str]:
    """The fields of the form that a token fills; raises Invalid."""
    board, now_ms = request.app.state.board, session.now_ms()
    box = board.box(handovers.PURPOSE)
    given: dict[str, Any] = {"board": board.settings.base_url, "box": box, "key": board.keys.secret, "now_ms": now_ms}
    async with board.db.saving() as tx:
        said = await handovers.take(tx, token, **given)
    return {
        "name": said.name,
        "email": said.email,
        "handover": handovers.voucher(said, box, now_ms),
        "handed_over_by": urlsplit(said.origin).netloc,
        "vouched": "yes" if said.is_vouched else "",
    }


async def vouched(
    tx: Tx, request: Request, typed: dict[str, str], filing: Filing, poster: Poster
) -> tuple[Poster, Handover | None]:
    """The poster, with the address that the site vouches for where that was sent, and what else the site said."""
    board, now_ms = request.app.state.board, session.now_ms()
    said = handovers.redeemed(typed.get("handover", ""), board.box(handovers.PURPOSE), now_ms)
    if said is None or not await handovers.is_first(tx, said, key=board.keys.secret, now_ms=now_ms):
        return poster, None
    is_theirs = said.is_vouched and said.email == filing.email
    return (replace(poster, email=said.email) if is_theirs else poster), said


async def keep(tx: WriteTx, request: Request, number: int, said: Handover | None) -> None:
    if said:
        await handovers.keep_reference(tx, number, said, request.app.state.board.box(handovers.PURPOSE))
