"""The doors at which people choose their mail: on their own page, and behind the links in each letter."""

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from board.actions import customers
from board.actions import wishes as acts
from board.domain.phrase import phrase
from board.errors import Invalid, NotFound
from board.store import intake, issues, own_data, wishes
from board.store.database import Tx, WriteTx
from board.web import account, session, views
from board.web.own_data import person
from board.web.page import back, form, frame, page

INCOMPLETE = phrase("This link is not complete. Please copy the whole of it from the mail.")
MOST = 500  # fields: one for each area
FLASHES = {"stop": "mail_stopped", "confirm": "following", "again": "mail_again", "wishes": "saved"}
State = Literal["asked", "follows", "ended", "files", "silent", "hears", "stopped"]
ENDED = phrase("You do not follow this issue any more: nothing will be sent.")


@dataclass(frozen=True)
class Linked:
    """What a link in a letter is about: an issue that somebody filed or follows, or all mail to an address."""

    email: str | None
    issue: int | None = None
    follow: intake.Follow | None = None

    state: State = "ended"


async def find(tx: Tx, request: Request) -> Linked:
    """Raises NotFound where the link was not made here."""
    links, secret = request.app.state.board.links, request.path_params["secret"]
    if (filed := links.opened("no-mail", secret)) is not None:
        return await of_filer(tx, filed)
    if (number := links.opened("wishes", secret)) is not None:
        email = await wishes.whose(tx, number)
        return Linked(email, state="stopped" if email and await own_data.is_quiet(tx, email) else "hears")
    follow = links.opened("follow", secret)
    if follow is None:
        raise NotFound(INCOMPLETE)
    found = await intake.follow_by_id(tx, follow)
    if found is None:
        return Linked(None, await intake.issue_of_ended(tx, follow))
    return Linked(
        found.email if found.confirmed else None, found.issue, found, "follows" if found.confirmed else "asked"
    )


async def of_filer(tx: Tx, number: int) -> Linked:
    """What goes to the address that was typed when the issue was filed."""
    filer = await intake.filer(tx, number)
    if filer is None or filer.email is None:
        return Linked(None, number, state="stopped")
    if await own_data.is_quiet(tx, filer.email, number):
        return Linked(filer.email, number, state="stopped")
    return Linked(filer.email, number, state="files" if filer.is_confirmed else "silent")


async def follow_link(request: Request) -> Response:
    """What comes by mail now, a button to change that, and what else can be chosen; looking at it changes nothing."""
    return await follow_page(request)


async def follow_page(
    request: Request, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Response:
    async with request.app.state.board.db.reading() as tx:
        linked = await find(tx, request)
        around = await frame(tx, request)
        row = await issues.find(tx, linked.issue) if linked.issue is not None else None
        is_hidden = row is None or row["visibility"] != "public"
        if (linked.issue is None and linked.email is None) or (linked.state == "asked" and is_hidden):
            raise NotFound(ENDED)
        context = await account.wishes_context(tx, linked.email, is_staff=False) if linked.email else {}
    return page(
        request,
        around,
        "follow_confirm.html",
        status=422 if errors else 200,
        issue=views.issue(row, around.names, around.now) if row else None,
        state=linked.state,
        has_address=linked.email is not None,
        form=typed or {},
        errors=errors or {},
        **{"wishes": None, **context},
    )


async def use_follow_link(request: Request) -> Response:
    """Confirms, stops or chooses; a mail program's one-click POST (RFC 8058) stops, without cookie or redirect."""
    board, typed = request.app.state.board, await read(request)
    one_click = typed.get("List-Unsubscribe") == "One-Click"
    what = "stop" if one_click else typed.get("do", "")
    try:
        async with board.db.writing(session.now()) as tx:  # the numbers that it changes are public
            linked = await find(tx, request)
            await do(tx, linked, what, typed)
    except Invalid as wrong:
        return await follow_page(request, typed=typed, errors=wrong.fields)
    if one_click:
        return Response(status_code=200)
    return back(f"/issues/{linked.issue}" if linked.issue else "/", FLASHES[what])


async def read(request: Request) -> dict[str, str]:
    """The fields of the page's own form; or of what mail programs send, which should be multipart (RFC 8058, 3.2)."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        return await form(request, most=MOST)
    head = b"Content-Type: " + kind.encode("ascii", "ignore") + b"\r\n\r\n"
    parts = message_from_bytes(head + await request.body(), policy=HTTP).iter_parts()
    named = {str(part.get_param("name", "", "content-disposition")): part.get_payload(decode=True) for part in parts}
    is_one_click = named.get("List-Unsubscribe") == b"One-Click"
    return {"List-Unsubscribe": "One-Click"} if is_one_click else {}


async def do(tx: WriteTx, linked: Linked, what: str, typed: dict[str, str]) -> None:
    match what, linked:
        case "wishes", Linked(email=str() as email):
            await acts.save(tx, email, typed, is_staff=False)
        case "confirm", Linked(follow=intake.Follow(id=follow)):
            await customers.confirm_follow(tx, follow, session.now_ms())
        case "stop", Linked(follow=intake.Follow(id=follow)):
            await customers.stop_following(tx, follow)
        case "stop", Linked(issue=int() as filed):
            await customers.stop_telling(tx, filed)
        case "stop", Linked(email=str() as email):
            await acts.stop_all(tx, email)
        case "again", Linked(email=str() as email, issue=issue):
            await acts.send_again(tx, email, issue)
        case "stop", _:
            pass  # it has ended before
        case "wishes" | "confirm" | "again", _:
            raise NotFound(ENDED)
        case _:
            raise Invalid({"do": "Press one of the buttons."})


async def save_own(request: Request) -> Response:
    typed = await form(request, most=MOST)
    try:
        async with request.app.state.board.db.writing(session.now()) as tx:
            email, is_staff = account.address_of((await person(tx, request)).session)
            if email is None:
                raise Invalid({"email": "Sign in by mail first, so that we know which address you mean."})
            await acts.save(tx, email, typed, is_staff=is_staff)
    except Invalid as wrong:
        return await account.me_page(request, typed={**typed, "act": "wishes"}, errors=wrong.fields)
    return back("/me", "saved", "#wishes")
