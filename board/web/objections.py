"""The doors by which anyone reports words, and the filer appeals or takes own words out."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import objections
from board.domain import masking, wording
from board.domain.people import Actor
from board.domain.text import excerpt, to_plain
from board.domain.words import optional_text
from board.errors import Invalid, NotFound, TooMany
from board.store import entries, own_data
from board.store.database import WriteTx
from board.web import case, limits, session
from board.web.home import is_number
from board.web.issues import number_of
from board.web.page import back, form, frame, page


async def report_form(request: Request) -> Response:
    return await report_page(request, {"at": request.query_params.get("at", "")}, {})


async def report_page(request: Request, typed: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    """The form about the issue's first words, or about the words `at` an entry of it."""
    number = number_of(request)
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        found = await case.read(tx, number, around.names, around.now)
        if not found.is_public:
            raise NotFound("There are no words at this place.")
        seq = int(typed["at"]) if is_number(typed.get("at", "")) else found.issue.filed
        entry = await entries.one(tx, seq)
    if entry is None or entry["issue"] != number or entry["status"] != "public" or not entry["body"]:
        raise NotFound("There are no words at this place.")
    return page(
        request,
        around,
        "report.html",
        status=status,
        issue={"number": number, "title": found.context["issue"]["title"]},
        seq=seq,
        quoted=excerpt(to_plain(entry["body"]), 200),
        reasons=[(code, wording.reason(code, around.names.say)) for code in objections.REPORTABLE],
        form=typed,
        errors=errors,
    )


async def report(request: Request) -> Response:
    board, number, typed = request.app.state.board, number_of(request), await form(request)
    try:
        seq, words = typed.get("at", ""), optional_text(typed.get("body", ""))
        if typed.get("website") or not is_number(seq):
            raise Invalid({"at": "Say which words you mean."})
        await limits.spend(request, "report")
        async with board.db.writing(session.now()) as tx:
            voter = session.voter(request, await session.viewer(tx, request))
            await objections.report(tx, number, seq=int(seq), reason=typed.get("reason", ""), words=words, voter=voter)
    except Invalid as wrong:
        return await report_page(request, typed, wrong.fields, wrong.status)
    except TooMany as full:
        return await limits.wait_page(request, typed, full)
    return back(f"/issues/{number}", "reported")


async def appeal(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    decision, voter = typed.get("decision", ""), bytes.fromhex(typed["voter"])
    if decision and not is_number(decision):
        raise Invalid({"body": "Say which decision you mean."})
    by = replace(by, own=await own_data.posted_by(tx, voter, typed["signed_in"]))
    seq = int(decision) if decision else None
    await objections.appeal(tx, number, by=by, words=typed.get("body", ""), decision=seq, voter=voter)
    return "appealed"


async def take_out(tx: WriteTx, number: int, by: Actor, typed: dict[str, str]) -> str:
    target = typed.get("target", "")
    if not is_number(target):
        raise Invalid({"target": "Choose the words to take out."})
    given: dict[str, Any] = {"fields": tuple(typed.get("fields", "").split()), "words": ()}
    if typed.get("words", "").strip():
        given["words"] = masking.phrases(typed["words"])
    by = replace(by, own=frozenset(await own_data.posts_of(tx, bytes.fromhex(typed["voter"]))))
    await objections.take_out(tx, number, by=by, target=int(target), mark=typed.get("mark", "words"), **given)
    return "redacted"
