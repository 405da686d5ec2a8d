"""One's own page: issues, follows, and where one is signed in; and the links that confirm or end a follow."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import codes
from board.domain import wishes as rules
from board.errors import ProveFirst, SignInFirst
from board.store import company, credentials, intake, issues, own_data, people, wishes
from board.store.bounces import stopped
from board.store.database import Tx
from board.web import session, views
from board.web.page import Frame, back, frame, page, time_of


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
        email, is_staff = address_of(around.viewer.session)
        wished = await wishes_context(tx, email, is_staff=is_staff) if email else {}
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
        **{"wishes": None, **wished},
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


def address_of(own: people.Session) -> tuple[str | None, bool]:
    """Where mail goes for whoever has the session, and whether it is a colleague's."""
    return (own.person.email, True) if own.person else (own.email, False)


async def wishes_context(tx: Tx, email: str, *, is_staff: bool) -> dict[str, Any]:
    """What the form of the wishes shows."""
    said = await wishes.read(tx, email)
    return {
        "wishes": said,
        "wish_kinds": [*rules.KINDS],
        "wish_work": rules.WORK if is_staff else (),
        "wish_areas": await company.areas(tx),
        "wish_zones": rules.zones(),
        "mail_returned": await stopped(tx, email),
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
