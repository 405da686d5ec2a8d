"""Showing again who one is, before what is grave: the page that asks for it, and the way back to what was begun."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import accounts, codes
from board.actions.accounts import Used
from board.domain import wording
from board.domain.phrase import phrase
from board.errors import Invalid, SignInFirst
from board.store import credentials, moderation, people
from board.store.database import Tx
from board.store.people import Person
from board.web import limits, session
from board.web.page import FIELDS, back, form, frame, page
from board.web.signin import enter, signed_in

SCRIPTED = "/question"  # doors that a script asks: there is no form to come back to


async def interrupt(request: Request) -> Response:
    """Keeps what was begun, with the words that were typed, and leads to the page that asks for a proof."""
    board, path = request.app.state.board, request.url.path
    typed = await form(request, most=FIELDS + moderation.AT_ONCE) if request.method not in session.SAFE else None
    place = "/me" if path.endswith(SCRIPTED) else path + (f"?{request.url.query}" if request.url.query else "")
    async with board.db.saving() as tx:
        who = await session.viewer(tx, request)
        if who:
            kept = None if place == "/me" else typed
            await credentials.interrupt(tx, who.session.token_hash, path=place, typed=kept, now_ms=session.now_ms())
    return back("/prove")


async def prove(request: Request) -> Response:
    return await prove_page(request)


async def prove_page(
    request: Request, *, sent: bool = False, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        person = await colleague(tx, request)
        around = await frame(tx, request)
        ways = await ways_of(tx, request, person)
    return page(
        request,
        around,
        "prove.html",
        nav="staff",
        status=422 if errors else 200,
        sent=sent,
        form=typed or {},
        errors=errors or {},
        minutes=session.FRESH_MS // 60_000,
        **ways,
    )


async def colleague(tx: Tx, request: Request) -> Person:
    """The member of staff who is signed in, proved or not yet."""
    who = await session.viewer(tx, request)
    if who is None or who.session.person is None:
        raise SignInFirst("This page is for staff. Please sign in.")
    return who.session.person


async def ways_of(tx: Tx, request: Request, person: Person) -> dict[str, Any]:
    """What the colleague can show: a passkey, a code, or, where there is neither, what comes by mail."""
    board = request.app.state.board
    key = await credentials.code_key(tx, person.id)
    has_passkey = bool(await credentials.passkeys(tx, person.id))
    has_code = key is not None and key.confirmed_ms is not None
    has_provider = board.provider is not None and await people.has_subject(tx, person.id)
    return {
        "has_passkey": has_passkey and board.relying is not None,
        "has_code": has_code,
        "has_provider": has_provider,
        "has_mail": not (has_passkey or has_code or has_provider),
        "is_mail_set": board.settings.smtp_url is not None,
    }


async def prove_by_code(request: Request) -> Response:
    """The code of an app, or a recovery code."""
    board, typed = request.app.state.board, await form(request)
    await limits.spend(request, "code")
    async with board.db.saving() as tx:
        person = await colleague(tx, request)
        fits = await codes.check(tx, person.id, typed.get("code", ""), box=board.box("codes"), now_ms=session.now_ms())
        entered = await enter(tx, request, Used(person, None)) if fits else None
    if entered:
        return signed_in(request, entered)
    told = phrase(
        "This code does not fit, or was used already. After {most} wrong ones, wait a quarter of an hour.",
        most=codes.TRIES,
    )
    return await prove_page(request, errors=Invalid({"code": told}).fields)


async def ask_for_mail(request: Request) -> Response:
    """Sends a link and a code to one's own address."""
    board, browser = request.app.state.board, session.browser(request) or people.new_secret()
    await limits.spend(request, "sign_in")
    async with board.db.saving() as tx:
        person = await colleague(tx, request)
        await accounts.send_link(
            tx, person.email, browser=browser, links=board.links, now_ms=session.now_ms(), say=board.renderer.say
        )
    response = await prove_page(request, sent=True)
    session.set_browser(response, board.settings, browser)
    return response


async def done(request: Request) -> Response:
    """Proved: the act that was begun, with all its words, to be sent by one press; or the page that was asked for."""
    async with request.app.state.board.db.reading() as tx:
        who = await session.require_staff(tx, request)
        around = await frame(tx, request)
        waits = await credentials.interrupted(tx, who.session.token_hash, session.now_ms())
        path, typed = waits or ("/staff", None)
        about = await about_what(tx, path)
    if typed is None:
        return back(path)
    session.require_fresh(who)
    words = [word for word in path.partition("?")[0].split("/") if not word.isdigit()]
    say, what = around.names.say, ".".join(words).strip(".")
    reason = wording.reason(typed["reason"], say) if typed.get("reason") else None
    told = {**typed, "reason": reason, "chosen": ", ".join(f"#{key}" for key in typed.get("chosen", "").split())}
    return page(
        request, around, "proved.html", nav="staff", target=path, typed=typed, told=told, what=what, about=about
    )


async def about_what(tx: Tx, path: str) -> str | None:
    """The issue or the colleague that the act is about, so that nobody sends it without knowing."""
    match path.partition("?")[0].strip("/").split("/"):
        case ["issues", number, *_]:
            return f"#{number}"
        case ["staff", "settings", "colleagues", known, "removal"]:
            colleague = await people.by_id(tx, int(known))
            return colleague.name if colleague else None
    return None
