"""Signing in by passkey, by mail (a link or a code, in the browser that asked), by invitation; and signing out."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from board.actions import accounts, passkeys
from board.actions.accounts import Used
from board.domain.words import address
from board.errors import Invalid, NotFound
from board.store import asks, credentials, people
from board.store.database import Tx
from board.web import limits, session
from board.web.page import back, form, frame, page


async def signin(request: Request) -> Response:
    return await signin_page(request)


async def signin_page(
    request: Request,
    *,
    sent: bool = False,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    elsewhere: bool = False,
) -> Response:
    """All ways in; `sent` where a mail may be on its way, `elsewhere` where its link belongs to another browser."""
    browser = session.browser(request)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        waits = sent or (browser is not None and await asks.is_waiting(tx, browser, session.now_ms()))
    return page(
        request,
        around,
        "signin.html",
        status=422 if errors else 200,
        sent=sent,
        waits=waits,
        elsewhere=elsewhere,
        minutes=accounts.MINUTES,
        has_provider=request.app.state.board.provider is not None,
        has_passkeys=request.app.state.board.relying is not None,
        form=typed or {},
        errors=errors or {},
    )


async def ask_for_link(request: Request) -> Response:
    """The same answer whether the address is known or not; a mail goes out only where it is."""
    board, typed = request.app.state.board, await form(request)
    try:
        email = address(typed.get("email", ""), needed=True) or ""
    except Invalid as wrong:
        return await signin_page(request, typed=typed, errors=wrong.fields)
    await limits.spend(request, "sign_in", email=email)
    browser = session.browser(request) or people.new_secret()
    async with board.db.saving() as tx:
        await accounts.send_link(
            tx, email, browser=browser, links=board.links, now_ms=session.now_ms(), say=board.renderer.say
        )
    response = await signin_page(request, sent=True)
    session.set_browser(response, board.settings, browser)
    return response


async def use_token(request: Request) -> Response:
    """The button behind a mailed link."""
    typed, browser, now_ms = await form(request), session.browser(request) or "", session.now_ms()
    token = typed.get("t", "")
    await limits.spend(request, "code")
    async with request.app.state.board.db.saving() as tx:
        used = await accounts.use_token(tx, token, browser=browser, now_ms=now_ms)
        entered = await enter(tx, request, used) if used else None
        elsewhere = used is None and await asks.is_of_another_browser(tx, token, now_ms)
    if entered:
        return signed_in(request, entered)
    if elsewhere:
        return await signin_page(request, elsewhere=True)
    wrong = Invalid({"email": "This link was used already, or is too old. Ask for a new one."})
    return await signin_page(request, errors=wrong.fields)


async def use_code(request: Request) -> Response:
    typed, browser = await form(request), session.browser(request) or ""
    await limits.spend(request, "code")
    async with request.app.state.board.db.saving() as tx:
        used = await accounts.use_code(tx, typed.get("code", ""), browser=browser, now_ms=session.now_ms())
        entered = await enter(tx, request, used) if used else None
    if entered:
        return signed_in(request, entered)
    wrong = Invalid({"code": "This code does not fit, or is too old. Look again, or ask for a new one."})
    return await signin_page(request, typed=typed, errors=wrong.fields)


async def ask_for_passkey(request: Request) -> Response:
    """A challenge for this browser's passkeys, whosever they are: JSON for the script."""
    board, browser = request.app.state.board, session.browser(request) or people.new_secret()
    if board.relying is None:
        raise NotFound("There are no passkeys where the address of the board is a number.")
    await limits.spend(request, "code")
    async with board.db.saving() as tx:
        question = await passkeys.question(tx, board.relying, browser=browser, now_ms=session.now_ms())
    response = Response(question, headers={"Cache-Control": "no-store"}, media_type="application/json")
    session.set_browser(response, board.settings, browser)
    return response


async def use_passkey(request: Request) -> Response:
    """Signs in by a passkey, or proves anew who is signed in."""
    board, typed = request.app.state.board, await form(request)
    await limits.spend(request, "code")
    entered = None
    if board.relying is not None:
        async with board.db.saving() as tx:
            person = await passkeys.use(
                tx,
                board.relying,
                browser=session.browser(request) or "",
                answer=typed.get("credential", ""),
                now_ms=session.now_ms(),
            )
            entered = await enter(tx, request, Used(person, None)) if person else None
    if entered:
        return signed_in(request, entered)
    wrong = Invalid({"passkey": "This passkey is not known here, or the page was open for too long. Please try again."})
    return await signin_page(request, errors=wrong.fields)


@dataclass(frozen=True)
class Entered:
    """Where to go now, and the secret of the session, unless it stays as it was."""

    place: str
    secret: str | None


async def enter(tx: Tx, request: Request, used: Used) -> Entered:
    """Begins a session; whoever is signed in already, and proves who they are anew, goes on with what was begun."""
    old, person = await session.viewer(tx, request), used.person
    if person is None:
        return Entered("/me", await session.begin(tx, request, email=used.email))
    if old is None or old.id != person.id:
        secret = await session.begin(tx, request, person=person.id, is_proved=used.is_proved)
        return Entered("/staff" if used.is_proved else "/prove", secret)
    if not used.is_proved:
        return Entered("/prove", None)
    secret = await people.renew_session(tx, old.session.token_hash, session.now_ms())
    waits = await credentials.interrupted(tx, people.hashed(secret), session.now_ms())
    return Entered("/prove/done" if waits else "/staff", secret)


def signed_in(request: Request, entered: Entered) -> Response:
    settings = request.app.state.board.settings
    response = back(place_for(request, entered.place))
    session.set_cookie(response, settings, entered.secret)
    if session.browser(request):
        session.drop_cookie(response, settings, session.pre_name(settings))
    if entered.place != "/prove":
        session.drop_cookie(response, settings, session.place_name(settings))
    return response


def place_for(request: Request, home: str) -> str:
    """The page that was asked for before; one's first page where there was none, or none that customers may see."""
    place = session.wanted_place(request)
    if place is None or home not in ("/me", "/staff") or place.startswith("/prove"):
        return home
    return home if home == "/me" and place.startswith("/staff") else place


async def link(request: Request) -> Response:
    """The page behind an invitation or the owner's link: looking at it uses nothing up."""
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
    await limits.spend(request, "code")
    try:
        async with board.db.saving() as tx:
            used = await accounts.use_link(tx, request.path_params["secret"], typed, now_ms=session.now_ms())
            entered = await enter(tx, request, used)
    except Invalid as wrong:
        return await link_page(request, typed, wrong.fields)
    return signed_in(request, entered)


async def signout(request: Request) -> Response:
    board = request.app.state.board
    async with board.db.saving() as tx:
        who = await session.viewer(tx, request)
        if who:
            await people.end_session(tx, who.session.token_hash)
    response = back("/", "signed_out")
    session.sign_out(response, board.settings)
    return response
