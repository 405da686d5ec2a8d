"""The page behind the mail that a filing sends: whoever reads the mailbox says whether answers may come to it."""

from starlette.requests import Request
from starlette.responses import Response

from board.actions import customers
from board.errors import NotFound
from board.store import intake, issues, own_data
from board.web import session, views
from board.web.page import back, form, frame, page


async def ask(request: Request) -> Response:
    """A button for yes and one for no; looking at it does neither, nor does it open the issue."""
    number = number_of(request)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        row, filer = await issues.find(tx, number), await intake.filer(tx, number)
        is_quiet = bool(filer and filer.email) and await own_data.is_quiet(tx, str(filer and filer.email), number)
    if row is None:
        raise NotFound("This link is not complete. Please copy the whole of it from the mail.")
    state = "stopped" if is_quiet else "wanted" if filer and filer.mail else "asked"
    return page(request, around, "mail_confirm.html", issue=views.issue(row, around.names, around.now), state=state)


async def answer(request: Request) -> Response:
    """Yes: answers come, and this browser speaks as the filer. No: nothing more comes about this issue."""
    board, number, typed = request.app.state.board, number_of(request), await form(request)
    if typed.get("do") == "stop" or typed.get("List-Unsubscribe") == "One-Click":
        async with board.db.saving() as tx:
            await customers.stop_telling(tx, number)
        return back("/", "mail_stopped")
    async with board.db.saving() as tx:
        await customers.want_mail(tx, number, session.now_ms())
        secret = await session.grant(tx, request, number)
    response = back(f"/issues/{number}", "mail_wanted")
    session.set_cookie(response, board.settings, secret)
    return response


def number_of(request: Request) -> int:
    number: int | None = request.app.state.board.links.opened("mail", request.path_params["secret"])
    if number is None:
        raise NotFound("This link is not complete. Please copy the whole of it from the mail.")
    return number
