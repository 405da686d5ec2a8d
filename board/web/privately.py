"""The doors through which the customer and the company write to each other alone."""

from starlette.requests import Request
from starlette.responses import Response

from board.actions import privately
from board.errors import Invalid, TooMany
from board.web import desk, issues, limits, session
from board.web.issues import number_of
from board.web.page import back, form


async def write(request: Request) -> Response:
    """A private word of the filer, for staff alone."""
    board, number, typed = request.app.state.board, number_of(request), await form(request)
    try:
        await issues.take(request, "comment")
        async with board.db.saving() as tx:
            by = await session.actor(tx, await session.viewer(tx, request), number)
            words, box = typed.get("private", ""), board.box(privately.PURPOSE)
            await privately.tell(tx, number, by=by, words=words, box=box, now_ms=session.now_ms())
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    except Invalid as wrong:
        return await issues.refused(request, "private-words", typed, wrong)
    return back(f"/issues/{number}", "told", "#private")


async def answer(request: Request) -> Response:
    """A private word of staff, for the filer alone."""
    board, number, typed = request.app.state.board, number_of(request), await form(request)
    try:
        await limits.spend_as_staff(request, "see_private")
        async with board.db.writing(session.now()) as tx:
            by = await session.actor(tx, await session.require_staff(tx, request, "see_private"))
            words, box = typed.get("private", ""), board.box(privately.PURPOSE)
            await privately.answer(tx, number, by=by, words=words, box=box, links=board.links, say=board.renderer.say)
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    except Invalid as wrong:
        kept = {**typed, "act": "private-words"}
        return await desk.answer(request, typed=kept, errors=wrong.fields, status=wrong.status)
    return back(f"/staff/issues/{number}", "told")
