"""Signing in by one-time link, one's own issues and follows, and signing out."""

from starlette.requests import Request
from starlette.responses import Response

from board.actions import accounts, customers
from board.domain.words import address
from board.errors import Invalid, NotFound
from board.store import intake, issues, people
from board.web import session, views
from board.web.page import back, form, frame, page


async def signin(request: Request) -> Response:
    return await signin_page(request)


async def signin_page(
    request: Request, *, sent: bool = False, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
    status = 422 if errors else 200
    return page(request, around, "signin.html", status=status, sent=sent, form=typed or {}, errors=errors or {})


async def ask_for_link(request: Request) -> Response:
    """The same answer whether the address is known or not; a link goes out only where it is."""
    board, typed = request.app.state.board, await form(request)
    try:
        email = address(typed.get("email", ""), needed=True) or ""
    except Invalid as wrong:
        return await signin_page(request, typed=typed, errors=wrong.fields)
    async with board.db.saving() as tx:
        await accounts.send_link(tx, email, links=board.links, now_ms=session.now_ms(), say=board.renderer.say)
    return await signin_page(request, sent=True)


async def link(request: Request) -> Response:
    """The page behind a link: looking at it uses nothing up."""
    return await link_page(request, {}, {})


async def link_page(request: Request, typed: dict[str, str], errors: dict[str, str]) -> Response:
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        found = await people.find_link(tx, request.path_params["secret"], session.now_ms())
    if found is None:
        raise NotFound("This link was used already, or is too old. Ask for a new one on the sign-in page.")
    status = 422 if errors else 200
    owner = found.purpose == "owner"
    return page(request, around, "signin_link.html", status=status, owner=owner, form=typed, errors=errors)


async def use_link(request: Request) -> Response:
    board, typed = request.app.state.board, await form(request)
    try:
        async with board.db.saving() as tx:
            used = await accounts.use_link(tx, request.path_params["secret"], typed, now_ms=session.now_ms())
            person = used.person.id if used.person else None
            secret = await session.begin(tx, request, person=person, email=used.email)
    except Invalid as wrong:
        return await link_page(request, typed, wrong.fields)
    response = back("/staff" if used.person else "/me")
    session.set_cookie(response, board.settings, secret)
    return response


async def signout(request: Request) -> Response:
    board = request.app.state.board
    async with board.db.saving() as tx:
        who = await session.viewer(tx, request)
        if who:
            await people.end_session(tx, who.session.token_hash)
    response = back("/", "signed_out")
    response.delete_cookie(session.cookie_name(board.settings), secure=board.settings.is_https, httponly=True)
    return response


async def me(request: Request) -> Response:
    """The issues of this browser's private links and of the address that signed in, and what the address follows."""
    board = request.app.state.board
    async with board.db.reading() as tx:
        around = await frame(tx, request)
        if around.viewer is None:
            return back("/signin")
        numbers = await people.granted(tx, around.viewer.session)
        rows = [row for number in numbers if (row := await issues.find(tx, number))]
        follows = await intake.follows_of(tx, around.viewer.session.email or "")
        titles = {row["number"]: row["title"] for row in await issues.by_number(tx, [f.issue for f in follows])}
    return page(
        request,
        around,
        "me.html",
        nav="me",
        issues=[views.issue(row, around.names, around.now) for row in rows],
        follows=[
            {"number": f.issue, "title": titles.get(f.issue), "token": board.links.secret("follow", f.id)}
            for f in follows
        ],
    )


async def follow_link(request: Request) -> Response:
    """The page behind a follow link: a button to confirm, or to stop; looking at it does neither."""
    board = request.app.state.board
    async with board.db.reading() as tx:
        around = await frame(tx, request)
        found = await intake.follow_by_id(tx, follow_of(request))
        row = await issues.find(tx, found.issue) if found else None
    if found is None or row is None or row["visibility"] != "public":
        raise NotFound("You do not follow this issue any more: nothing will be sent.")
    issue = views.issue(row, around.names, around.now)
    return page(request, around, "follow_confirm.html", issue=issue, stop=found.confirmed)


def follow_of(request: Request) -> int:
    follow: int | None = request.app.state.board.links.opened("follow", request.path_params["secret"])
    if follow is None:
        raise NotFound("This link is not complete. Please copy the whole of it from the mail.")
    return follow


async def use_follow_link(request: Request) -> Response:
    """Confirms or stops; a mail program's one-click POST (RFC 8058) stops, without cookie or redirect."""
    board, follow = request.app.state.board, follow_of(request)
    typed = await form(request)
    one_click = typed.get("List-Unsubscribe") == "One-Click"
    async with board.db.saving() as tx:
        if one_click or typed.get("do") == "stop":
            number = await customers.stop_following(tx, follow)
        else:
            number = await customers.confirm_follow(tx, follow, session.now_ms())
    if one_click:
        return Response(status_code=200)
    return back(f"/issues/{number}" if number else "/", "saved")
