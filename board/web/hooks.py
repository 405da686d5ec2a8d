"""The staff pages of webhooks: where they go, what they hear of, how they fare, and how to mend them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import hooks as acts
from board.domain import hooks as rules
from board.errors import Invalid
from board.store import hooks, positions, record
from board.store.database import Tx
from board.store.hooks import Hook
from board.store.positions import IDLE, Position
from board.web import session
from board.web.page import back, form, frame, page, time_of

TRIES = 30
USUAL = ("issue.published", "issue.resolved", "issue.confirmed", "issue.disputed", "issue.closed", "update.posted")


async def show_all(request: Request) -> Response:
    return await list_page(request)


async def list_page(
    request: Request, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request, "run_board")
        around = await frame(tx, request)
        _, head = await record.head(tx)
        listed = [await facts(tx, hook, head) for hook in await hooks.every(tx)]
    typed = typed or {"events": "\n".join(USUAL), "shape": "standard"}
    return page(
        request,
        around,
        "hooks.html",
        nav="staff",
        status=422 if errors else 200,
        hooks=listed,
        form=typed,
        errors=errors or {},
        kinds=rules.EVENTS,
    )


async def facts(tx: Tx, hook: Hook, head: int) -> dict[str, Any]:
    """What a page says of a hook: whether it is on, how many events it is behind, and what came of the last try."""
    place = await positions.read(tx, acts.NAME, str(hook.id)) or Position(-1, 0, IDLE)
    last = next(iter(await hooks.tries(tx, hook.id, limit=1)), None)
    waits = place.failures > 0 and hook.why_off is None
    return {
        "id": hook.id,
        "url": hook.url,
        "shape": hook.shape,
        "events": hook.events,
        "why_off": hook.why_off,
        "behind": max(0, head - place.seq) if waits or hook.why_off else 0,
        "failures": place.failures,
        "next_try": time_of(place.retry_ms) if waits and place.retry_ms < IDLE else None,
        "last": shown(last) if last else None,
        "is_rotating": hook.old_until_ms is not None and hook.old_until_ms > session.now_ms(),
    }


def shown(tried: hooks.Try) -> dict[str, Any]:
    return {
        "seq": tried.seq,
        "at": time_of(tried.at_ms),
        "took_ms": tried.took_ms,
        "status": tried.status,
        "error": tried.error,
    }


async def add(request: Request) -> Response:
    board, typed = request.app.state.board, await form(request)
    try:
        async with board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            number, secret = await acts.add(
                tx, by=by, **chosen(typed), out=board.out, box=board.box(acts.NAME), now_ms=session.now_ms()
            )
    except Invalid as wrong:
        return await list_page(request, typed=typed, errors=wrong.fields)
    return await one_page(request, number, secret=secret)


def chosen(typed: dict[str, str]) -> dict[str, Any]:
    return {
        "url": typed.get("url", ""),
        "shape": typed.get("shape", ""),
        "events": tuple(typed.get("events", "").split()),
    }


async def show(request: Request) -> Response:
    return await one_page(request, int(request.path_params["id"]))


async def one_page(
    request: Request,
    number: int,
    *,
    secret: str | None = None,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request, "run_board")
        around = await frame(tx, request)
        hook = await acts.found(tx, number)
        told = await facts(tx, hook, (await record.head(tx))[1])
        tried = [shown(one) for one in await hooks.tries(tx, number, limit=TRIES)]
    kept = {"url": hook.url, "shape": hook.shape, "events": "\n".join(hook.events)}
    return page(
        request,
        around,
        "hook.html",
        nav="staff",
        status=422 if errors else 200,
        hook=told,
        tries=tried,
        secret=secret,
        form=typed or kept,
        errors=errors or {},
        kinds=rules.EVENTS,
    )


async def change(request: Request) -> Response:
    board, typed, number = request.app.state.board, await form(request), int(request.path_params["id"])
    try:
        async with board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            await acts.change(tx, number, by=by, **chosen(typed), out=board.out)
    except Invalid as wrong:
        return await one_page(request, number, typed=typed, errors=wrong.fields)
    return back(f"/staff/hooks/{number}", "saved")


async def rotate(request: Request) -> Response:
    board, number = request.app.state.board, int(request.path_params["id"])
    async with board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
        secret = await acts.rotate(tx, number, by=by, box=board.box(acts.NAME), now_ms=session.now_ms())
    return await one_page(request, number, secret=secret)


async def act(request: Request) -> Response:
    """Off, on, try now, skip, test, tell again: as the button says."""
    number, typed, now_ms = int(request.path_params["id"]), await form(request), session.now_ms()
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
        match typed.get("act"):
            case "off" | "on" as wanted:
                await acts.switch(tx, number, by=by, on=wanted == "on", now_ms=now_ms)
            case "now":
                await acts.try_now(tx, number, by=by, now_ms=now_ms)
            case "skip":
                await acts.skip(tx, number, by=by)
            case "test":
                await acts.ask(tx, number, by=by, seq=None, now_ms=now_ms)
            case "again":
                await acts.ask(tx, number, by=by, seq=read_seq(typed), now_ms=now_ms)
            case _:
                raise Invalid({"act": "Choose what to do."})
    return back(f"/staff/hooks/{number}", "hook_asked" if typed["act"] in ("now", "test", "again") else "saved")


def read_seq(typed: dict[str, str]) -> int:
    seq = typed.get("seq", "")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 16):
        raise Invalid({"seq": "Choose an event."})
    return int(seq)


async def remove(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
        await acts.remove(tx, int(request.path_params["id"]), by=by)
    return back("/staff/hooks", "saved")
