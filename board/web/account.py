"""One's own page: issues, follows, and where one is signed in; and the links that confirm or end a follow."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import codes, customers
from board.errors import NotFound, ProveFirst, SignInFirst
from board.store import company, credentials, intake, issues, own_data, people
from board.store.database import Tx
from board.web import session, views
from board.web.page import Frame, back, form, frame, page, time_of


async def me(request: Request) -> Response:
    return await me_page(request)


async def me_page(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    recovery: list[str] | None = None,
) -> Response:
    """The issues of this browser's private links and of the address that signed in, and what the address follows."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        if around.viewer is None:
            raise SignInFirst("Please sign in.")
        if not around.viewer.is_proved:
            raise ProveFirst("One step is missing: show that it is you.")
        context = await issues_context(tx, request, around, around.viewer.session)
        ways = await ways_context(tx, request, around.viewer) if around.viewer.session.person else {}
    return page(
        request,
        around,
        "me.html",
        nav="me",
        status=422 if errors else 200,
        form=typed or {},
        errors=errors or {},
        recovery=recovery or [],
        **context,
        **ways,
    )


async def issues_context(tx: Tx, request: Request, around: Frame, own: people.Session) -> dict[str, Any]:
    rows = [row for number in await people.granted(tx, own) if (row := await issues.find(tx, number))]
    follows = await intake.follows_of(tx, own.email or "")
    titles = {row["number"]: row["title"] for row in await issues.by_number(tx, [f.issue for f in follows])}
    links = request.app.state.board.links
    return {
        "issues": [views.issue(row, around.names, around.now) for row in rows],
        "follows": [
            {"number": f.issue, "title": titles.get(f.issue), "token": links.secret("follow", f.id)} for f in follows
        ],
        "is_quiet": bool(own.email and await own_data.is_quiet(tx, own.email)),
        "sessions": [session_row(one, own) for one in await people.sessions_like(tx, own, session.now_ms())],
    }


async def ways_context(tx: Tx, request: Request, who: session.Viewer) -> dict[str, Any]:
    """The ways in which a colleague shows who they are; a new key of an app only to whoever has just proved it."""
    board, person = request.app.state.board, who.session.person
    assert person
    key, setup = await credentials.code_key(tx, person.id), await company.read(tx)
    address = await codes.address(tx, person, box=board.box("codes"), company=setup.name)
    return {
        "can_passkeys": board.relying is not None,
        "passkeys": [passkey_row(one) for one in await credentials.passkeys(tx, person.id)],
        "has_code": key is not None and key.confirmed_ms is not None,
        "code_address": address if session.is_fresh(who) else None,
        "recovery_left": await credentials.recovery_codes_left(tx, person.id),
    }


def passkey_row(one: credentials.Passkey) -> dict[str, Any]:
    used_at = time_of(one.used_ms) if one.used_ms else None
    return {"id": one.id, "name": one.name, "made_at": time_of(one.created_ms), "used_at": used_at}


def session_row(one: people.Session, own: people.Session) -> dict[str, Any]:
    return {
        "mark": one.mark,
        "is_this": one.token_hash == own.token_hash,
        "browser": one.browser,
        "network": one.network,
        "since": time_of(one.created_ms),
        "seen_at": time_of(one.seen_ms),
    }


async def end_session(request: Request) -> Response:
    """Ends one of one's sessions, by its mark."""
    return await end_sessions(request, only=request.path_params["mark"])


async def end_other_sessions(request: Request) -> Response:
    return await end_sessions(request)


async def end_sessions(request: Request, only: str | None = None) -> Response:
    """Ends the session of this mark, else all but this one."""
    async with request.app.state.board.db.saving() as tx:
        who = await session.viewer(tx, request)
        if who is None:
            raise SignInFirst("Please sign in.")
        if who.session.person:
            session.require_fresh(who)
        for one in await people.sessions_like(tx, who.session, session.now_ms()):
            if one.mark == only or (only is None and one.token_hash != who.session.token_hash):
                await people.end_session(tx, one.token_hash)
    return back("/me", "saved", "#sessions")


async def follow_link(request: Request) -> Response:
    """The page behind a follow link: a button to confirm, or to stop; looking at it does neither."""
    filed = filed_of(request)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        found = None if filed else await intake.follow_by_id(tx, follow_of(request))
        row = await issues.find(tx, found.issue if found else filed or 0)
    if row is None or (found and row["visibility"] != "public"):
        raise NotFound("You do not follow this issue any more: nothing will be sent.")
    issue = views.issue(row, around.names, around.now)
    return page(
        request, around, "follow_confirm.html", issue=issue, stop=filed is not None or (found and found.confirmed)
    )


def filed_of(request: Request) -> int | None:
    """The issue about which whoever filed it wants no mail; None where it is the link of a follow."""
    number: int | None = request.app.state.board.links.opened("no-mail", request.path_params["secret"])
    return number


def follow_of(request: Request) -> int:
    follow: int | None = request.app.state.board.links.opened("follow", request.path_params["secret"])
    if follow is None:
        raise NotFound("This link is not complete. Please copy the whole of it from the mail.")
    return follow


async def use_follow_link(request: Request) -> Response:
    """Confirms or stops; a mail program's one-click POST (RFC 8058) stops, without cookie or redirect."""
    board, filed = request.app.state.board, filed_of(request)
    follow, typed = 0 if filed else follow_of(request), await form(request)
    one_click = typed.get("List-Unsubscribe") == "One-Click"
    async with board.db.writing(session.now()) as tx:  # the numbers that it changes are public
        number: int | None = filed
        if filed:
            await customers.stop_telling(tx, filed)
        elif one_click or typed.get("do") == "stop":
            number = await customers.stop_following(tx, follow)
        else:
            number = await customers.confirm_follow(tx, follow, session.now_ms())
    if one_click:
        return Response(status_code=200)
    return back(f"/issues/{number}" if number else "/", "saved")
