"""The staff pages of mirrors: where they go, what they posted or would post, what went wrong, and how to mend it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import mentions as mention_acts
from board.actions import mirrors as acts
from board.domain import mirrors as rules
from board.domain.mentions import NETWORKS as HEARING
from board.domain.mirrors import NEVER_MS, Post
from board.domain.people import Actor
from board.errors import Invalid
from board.store import mentions, mirrors
from board.store.database import Tx, WriteTx
from board.store.mirrors import Mirror
from board.web import session
from board.web.page import back, form, frame, page, time_of

POSTS = 50
WAITING, STUCK = ("queued", "sending", "unknown"), ("needs_human", "rejected")
FILTERS = {
    "all": (*WAITING, *STUCK, "sent", "dry", "given_up", "deleted"),
    "waiting": WAITING,
    "stuck": STUCK,
    "sent": ("sent",),
    "dry": ("dry",),
    "ended": ("given_up", "deleted"),
}


async def show_all(request: Request) -> Response:
    return await list_page(request)


async def list_page(
    request: Request, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request, "run_board")
        around = await frame(tx, request)
        listed = [await facts(tx, mirror) for mirror in await mirrors.every(tx)]
    return page(
        request,
        around,
        "mirrors.html",
        nav="staff",
        status=422 if errors else 200,
        mirrors=listed,
        form=typed or {},
        errors=errors or {},
        addresses=rules.ADDRESSES,
        secrets=rules.SECRETS,
    )


async def facts(tx: Tx, mirror: Mirror) -> dict[str, Any]:
    """What a page says of a mirror; never its secrets."""
    counts = await mirrors.counts(tx, mirror.id)
    hearing = await mentions.hearing(tx, mirror.id)
    now = session.now()
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    waits = mirror.wait_until_ms > session.now_ms() and mirror.is_on and not mirror.why_paused
    return {
        "id": mirror.id,
        "network": mirror.network,
        "address": mirror.address,
        "name": mirror.name,
        "is_on": mirror.is_on,
        "is_dry": mirror.is_dry,
        "threads": mirror.threads,
        "links": mirror.links,
        "may_hear": mirror.network in HEARING,
        "hears": bool(hearing and hearing.is_on),
        "not_heard": hearing.said if hearing and hearing.is_on else None,
        "budget": mirror.budget,
        "spent": await mirrors.spent(tx, mirror.id, int(month.timestamp()) * 1_000),
        "why_paused": mirror.why_paused,
        "said": mirror.said,
        "is_asked": mirror.test_asked,
        "tested_at": time_of(mirror.tested_ms) if mirror.tested_ms else None,
        "waits_until": time_of(mirror.wait_until_ms) if waits else None,
        "counts": {key: sum(counts.get(state, 0) for state in states) for key, states in FILTERS.items()},
    }


async def add(request: Request) -> Response:
    board, typed = request.app.state.board, await form(request)
    try:
        async with board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            number = await acts.add(
                tx,
                by=by,
                network=typed.get("network", ""),
                address=typed.get("address", ""),
                secrets=typed,
                out=board.out,
                box=board.box(acts.NAME),
                now_ms=session.now_ms(),
            )
    except Invalid as wrong:
        return await list_page(request, typed=shown(typed), errors=wrong.fields)
    return back(f"/staff/mirrors/{number}", "hook_asked")


def shown(typed: dict[str, str]) -> dict[str, str]:
    """What may stand in a form again: no secret."""
    return {
        name: value
        for name, value in typed.items()
        if name in ("network", "address", "budget", "post", "act", "remote")
    }


async def show(request: Request) -> Response:
    return await one_page(request)


async def one_page(
    request: Request, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response:
    number, chosen = int(request.path_params["id"]), request.query_params.get("state", "all")
    chosen = chosen if chosen in FILTERS else "all"
    async with request.app.state.board.db.reading() as tx:
        await session.require_staff(tx, request, "run_board")
        around = await frame(tx, request)
        mirror = await acts.found(tx, number)
        told = await facts(tx, mirror)
        listed = await mirrors.newest(tx, number, states=FILTERS[chosen], limit=POSTS)
    return page(
        request,
        around,
        "mirror.html",
        nav="staff",
        status=422 if errors else 200,
        mirror=told,
        posts=[post_facts(mirror, post) for post in listed],
        filter=chosen,
        form=typed or {},
        errors=errors or {},
        secrets=rules.SECRETS[mirror.network],
    )


def post_facts(mirror: Mirror, post: Post) -> dict[str, Any]:
    is_there = post.state == "sent" and post.remote is not None
    waits = post.state in WAITING and post.retry_ms > session.now_ms()
    address, name = mirror.address, mirror.name
    return {
        "id": post.id,
        "issue": post.issue,
        "kind": post.kind,
        "marker": post.marker,
        "state": "leaving" if is_there and not post.is_wanted else post.state,
        "text": post.text,
        "error": post.error,
        "at": time_of(post.started_ms or post.created_ms),
        "next_try": time_of(post.retry_ms) if waits and post.retry_ms < NEVER_MS else None,
        "url": rules.page_of(mirror.network, address=address, name=name, remote=post.remote or "")
        if is_there
        else None,
    }


async def change(request: Request) -> Response:
    typed, number = await form(request), int(request.path_params["id"])
    switches = {name: typed.get(name) == "yes" for name in ("is_dry", "threads", "links")}
    try:
        async with request.app.state.board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            await acts.change(tx, number, by=by, budget=typed.get("budget", ""), now_ms=session.now_ms(), **switches)
            await mention_acts.listen(tx, number, by=by, on=typed.get("hears") == "yes", now_ms=session.now_ms())
    except Invalid as wrong:
        return await one_page(request, typed=shown(typed), errors=wrong.fields)
    return back(f"/staff/mirrors/{number}", "saved")


async def change_secrets(request: Request) -> Response:
    board, typed, number = request.app.state.board, await form(request), int(request.path_params["id"])
    try:
        async with board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
            await acts.change_secrets(
                tx, number, by=by, secrets=typed, box=board.box(acts.NAME), now_ms=session.now_ms()
            )
    except Invalid as wrong:
        return await one_page(request, errors=wrong.fields)
    return back(f"/staff/mirrors/{number}", "hook_asked")


async def act(request: Request) -> Response:
    """Off, on, test: as the button says."""
    number, typed, now_ms = int(request.path_params["id"]), await form(request), session.now_ms()
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
        match typed.get("act"):
            case "off" | "on" as wanted:
                await acts.switch(tx, number, by=by, on=wanted == "on", now_ms=now_ms)
            case "test":
                await acts.ask(tx, number, by=by, now_ms=now_ms)
            case _:
                raise Invalid({"act": "Choose what to do."})
    return back(f"/staff/mirrors/{number}", "hook_asked" if typed["act"] == "test" else "saved")


async def act_on_post(request: Request) -> Response:
    """Try now, give up, it is there, it is not there, take it down."""
    number, typed = int(request.path_params["id"]), await form(request)
    try:
        async with request.app.state.board.db.saving() as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "run_board"))
            await mend(tx, number, int(request.path_params["post"]), by, typed)
    except Invalid as wrong:
        return await one_page(request, typed=shown(typed) | {"post": request.path_params["post"]}, errors=wrong.fields)
    return back(f"/staff/mirrors/{number}", "hook_asked")


async def mend(tx: Tx, mirror: int, post: int, by: Actor, typed: dict[str, str]) -> None:
    now_ms = session.now_ms()
    match typed.get("act"):
        case "now":
            await acts.try_now(tx, mirror, post, by=by, now_ms=now_ms)
        case "give_up":
            await acts.give_up(tx, mirror, post, by=by)
        case "there":
            await acts.is_there(tx, mirror, post, by=by, remote=typed.get("remote", ""), now_ms=now_ms)
        case "not_there":
            await acts.is_not_there(tx, mirror, post, by=by, now_ms=now_ms)
        case "take_down":
            await acts.take_down(tx, mirror, post, by=by, now_ms=now_ms)
        case _:
            raise Invalid({"act": "Choose what to do."})


async def remove(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        by = await session.actor(tx, await session.require_staff(tx, request, "run_board", fresh=True))
        await acts.remove(tx, int(request.path_params["id"]), by=by)
    return back("/staff/mirrors", "saved")


async def keep_out(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    """What staff send from an issue: whether it is mirrored."""
    await acts.keep_out(tx, number, by=by, is_out=typed.get("do") == "keep_out")
    return "saved"


async def of_issue(tx: Tx, number: int) -> dict[str, Any]:
    """Whether there are mirrors at all, and whether the issue is kept out of them."""
    is_any = any(mirror.is_on for mirror in await mirrors.every(tx))
    return {"mirroring": {"is_any": is_any, "is_out": is_any and await mirrors.is_kept_out(tx, number)}}
