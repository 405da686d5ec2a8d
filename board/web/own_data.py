"""The doors of one's own page by which people take, change and erase what the board keeps of them."""

import json

from starlette.requests import Request
from starlette.responses import Response

from board.actions import mailbox, own_data, privately
from board.actions.own_data import Person
from board.domain.phrase import phrase
from board.domain.words import address
from board.errors import Invalid, NotFound, ProveFirst, SignInFirst, TooMany
from board.store import people
from board.store.database import Tx
from board.web import account, limits, session
from board.web.page import back, form, frame, page

STALE = phrase(
    "Sign out and in again first: this needs a sign-in of the last {minutes} min.", minutes=session.FRESH_MS // 60_000
)


async def person(tx: Tx, request: Request) -> Person:
    who = await session.viewer(tx, request)
    if who is None:
        raise SignInFirst("Sign in first: this is about what you have written.")
    if not who.is_proved:
        raise ProveFirst("One step is missing: show that it is you.")
    return Person(who.session, session.voter(request, who))


async def download(request: Request) -> Response:
    """Everything that is kept of whoever asks, as a JSON file."""
    board = request.app.state.board
    async with board.db.reading() as tx:
        who = await person(tx, request)
        found = await own_data.everything(tx, who, box=board.box(privately.PURPOSE), url=board.settings.base_url)
    return Response(
        json.dumps(found, ensure_ascii=False, indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "private, no-store"},
    )


async def ask_to_move(request: Request) -> Response:
    board, typed = request.app.state.board, await form(request)
    try:
        await limits.spend(request, "sign_in", email=address(typed.get("email", ""), needed=True))
        async with board.db.writing(session.now()) as tx:
            who = await person(tx, request)
            if who.session.created_ms <= session.now_ms() - session.FRESH_MS:
                raise Invalid({"email": STALE})
            await own_data.ask_to_move(tx, who, typed.get("email", ""), links=board.links, say=board.renderer.say)
    except Invalid as wrong:
        return await account.me_page(request, typed={**typed, "act": "address"}, errors=wrong.fields)
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    return back("/me", "follow", "#data")


async def address_link(request: Request) -> Response:
    """The page behind the link that the new address got: looking at it changes nothing."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        found = await people.find_link(tx, request.path_params["secret"], session.now_ms(), purposes=("address",))
    if found is None or found.email is None:
        raise NotFound("This link was used already, or is too old. Ask for a new one on your page.")
    return page(request, around, "new_address.html", new=found.email.partition(" ")[2])


async def move(request: Request) -> Response:
    await limits.spend(request, "code")
    async with request.app.state.board.db.writing(session.now()) as tx:
        secret, say = request.path_params["secret"], request.app.state.board.renderer.say
        await own_data.move(tx, secret, now_ms=session.now_ms(), say=say)
    return back("/signin", "address_moved")


async def set_mail(request: Request) -> Response:
    typed = await form(request)
    async with request.app.state.board.db.writing(session.now()) as tx:
        who = await person(tx, request)
        email, _ = account.address_of(who.session)
        if typed.get("do") == "again" and email:
            await mailbox.send_again(tx, email)
        else:
            await own_data.set_mail(tx, who, wanted=typed.get("do") == "start")
    return back("/me", "saved", "#data")


async def erase(request: Request) -> Response:
    """Forgets the person, if the word was typed that makes a slip impossible; the browser is signed out by it."""
    board, typed = request.app.state.board, await form(request)
    if typed.get("sure") != "yes":
        wrong = {"sure": "Tick the box: what is erased cannot come back."}
        return await account.me_page(request, typed={**typed, "act": "erasure"}, errors=wrong)
    async with board.db.writing(session.now()) as tx:
        await own_data.erase(tx, await person(tx, request), texts=typed.get("texts") == "erase")
    response = back("/", "forgotten")
    session.sign_out(response, board.settings)
    return response
