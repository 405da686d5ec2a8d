"""One's own ways to sign in: passkeys and the codes of an app, made and removed after a fresh proof."""

from starlette.requests import Request
from starlette.responses import Response

from board.actions import codes, passkeys
from board.domain.text import clean
from board.errors import Invalid, NotFound
from board.render import square_code
from board.store import company, credentials, people
from board.store.database import Tx
from board.store.people import Person
from board.web import account, session
from board.web.page import back, form


async def mine(tx: Tx, request: Request, *, fresh: bool = True) -> Person:
    """The member of staff whose ways these are."""
    who = await session.require_staff(tx, request, fresh=fresh)
    assert who.session.person
    return who.session.person


async def ask_for_new_passkey(request: Request) -> Response:
    """A challenge for making a passkey: JSON for the script."""
    board, browser = request.app.state.board, session.browser(request) or people.new_secret()
    async with board.db.saving() as tx:
        person = await mine(tx, request)
        if board.relying is None:
            raise NotFound("There are no passkeys where the address of the board is a number.")
        setup = await company.read(tx)
        question = await passkeys.registration(
            tx, board.relying, person, company=setup.name, browser=browser, now_ms=session.now_ms()
        )
    response = Response(question, headers={"Cache-Control": "no-store"}, media_type="application/json")
    session.set_browser(response, board.settings, browser)
    return response


async def add_passkey(request: Request) -> Response:
    board, typed = request.app.state.board, await form(request)
    name = clean(typed.get("name", ""), lines=False)[: passkeys.NAME_LENGTH]
    async with board.db.saving() as tx:
        person = await mine(tx, request)
        is_kept = board.relying is not None and await passkeys.register(
            tx,
            board.relying,
            person,
            browser=session.browser(request) or "",
            answer=typed.get("credential", ""),
            name=name or session.seen_from(request)[0],
            now_ms=session.now_ms(),
        )
    if not is_kept:
        wrong = Invalid({"passkey": "The passkey could not be kept. Please try again."})
        return await account.me_page(request, typed=typed, errors=wrong.fields)
    return back("/me", "saved", "#passkeys")


async def remove_passkey(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        person = await mine(tx, request)
        await credentials.remove_passkey(tx, int(request.path_params["id"]), person=person.id)
    return back("/me", "saved", "#passkeys")


async def begin_codes(request: Request) -> Response:
    """Makes a key for an app; the page shows it until its first code is typed."""
    board = request.app.state.board
    async with board.db.saving() as tx:
        person = await mine(tx, request)
        await codes.begin(tx, person.id, box=board.box("codes"))
    return back("/me", anchor="#codes")


async def code_picture(request: Request) -> Response:
    """The key as a square code (SVG), for its owner and only until it is confirmed."""
    board = request.app.state.board
    async with board.db.reading() as tx:
        person = await mine(tx, request)
        setup = await company.read(tx)
        address = await codes.address(tx, person, box=board.box("codes"), company=setup.name)
    if address is None:
        raise NotFound("There is nothing at this address.")
    return Response(square_code(address), headers={"Cache-Control": "private, no-store"}, media_type="image/svg+xml")


async def confirm_codes(request: Request) -> Response:
    """The first code: from now on the app counts; its recovery codes are shown this once."""
    board, typed = request.app.state.board, await form(request)
    async with board.db.saving() as tx:
        person = await mine(tx, request)
        recovery = await codes.confirm(
            tx, person.id, typed.get("code", ""), box=board.box("codes"), now_ms=session.now_ms()
        )
    if recovery is None:
        wrong = Invalid({"code": "This code does not fit. Look at the app again: a code lasts half a minute."})
        return await account.me_page(request, errors=wrong.fields)
    return await account.me_page(request, recovery=recovery)


async def remove_codes(request: Request) -> Response:
    async with request.app.state.board.db.saving() as tx:
        person = await mine(tx, request)
        await credentials.remove_code_key(tx, person.id)
    return back("/me", "saved", "#codes")
