"""The API's writes: the acts of customers and of anyone, with a JSON body, under the pages' rules and limits."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from board.actions import customers, objections, privately
from board.actions.acting import Done
from board.domain import masking
from board.domain.doubt import Reason
from board.domain.limits import Act
from board.domain.people import Actor, Poster, refuse_staff, require
from board.domain.proof import b64url
from board.domain.text import clean
from board.domain.words import Filing, address, optional_text, person_name, text, title_alone
from board.errors import Invalid
from board.store import company, issues
from board.store.database import WriteTx
from board.web import bodies, lookover, session
from board.web.api import issue_json, with_body
from board.web.filing import keep_details
from board.web.json import MovedOn, body, check_match, once, permit, read_number, voter

Perform = Callable[[WriteTx, int, Actor, Any], Awaitable[Done]]
PerformHere = Callable[[WriteTx, int, Actor, Any, Request], Awaitable[Done]]
Door = Callable[[Request], Awaitable[Response]]


async def file_issue(request: Request) -> Response:
    await permit(request, None, "file")
    given = await body(request, bodies.NewIssue)
    typed = texts(given)
    await look_over(request, given)

    async def perform(tx: WriteTx, by: Actor, doubts: tuple[Reason, ...]) -> tuple[int, dict[str, Any]]:
        require(by, "file")
        filing = customers.read_filing(typed, needs_email=(await company.read(tx)).mail == "required")
        return 201, await filed_json(tx, request, filing, Poster(is_known=by.is_staff, doubts=doubts))

    email, words = clean(typed["email"], lines=False).lower(), f"{given.title}\n{given.body}"
    return await once(request, None, perform, takes="file", email=email, words=words)


async def look_over(request: Request, given: msgspec.Struct, number: int | None = None) -> None:
    """Raises WouldBePublic where something looks private and the program does not say that it may be public."""
    if not getattr(given, "confirmed_public", True):
        corrects = (number, given.target) if number and isinstance(given, bodies.NewCorrection) else None
        await lookover.check(request, texts(given), corrects=corrects)


def texts(given: msgspec.Struct) -> dict[str, str]:
    return {key: value or "" for key, value in msgspec.structs.asdict(given).items() if isinstance(value, str | None)}


async def filed_json(tx: WriteTx, request: Request, filing: Filing, poster: Poster) -> dict[str, Any]:
    """The answer to filing: the number, the private link, and the entry of the record as a receipt."""
    board = request.app.state.board
    filed = await customers.file(tx, filing, via="api", links=board.links, say=board.renderer.say, poster=poster)
    await keep_details(tx, board, filed.number, filing.details)
    entry = filed.done.events[0]
    return {
        "number": filed.number,
        "url": board.links.issue(filed.number),
        "private_url": filed.private_url,
        "receipt": {"index": entry.index, "leaf": entry.leaf, "leaf_hash": b64url(entry.leaf_hash)},
    }


def act(kind: type[msgspec.Struct], perform: Perform, right: str, takes: Act = "comment") -> Door:
    """The door of one act on an issue; answers with the index of its event and the issue as it is then."""

    async def here(tx: WriteTx, number: int, by: Actor, given: Any, _: Request) -> Done:
        return await perform(tx, number, by, given)

    return act_here(kind, here, right, takes)


def act_here(
    kind: type[msgspec.Struct], perform: PerformHere, right: str | None, takes: Act = "comment", *, waits: bool = False
) -> Door:
    """The same for an act that takes more of the board. What `waits` for somebody else's word has no event yet: 202."""

    async def door(request: Request) -> Response:
        number = read_number(request)
        await permit(request, number, right)
        given = await body(request, kind)
        await look_over(request, given, number)

        async def write(tx: WriteTx, by: Actor, _: tuple[Reason, ...]) -> tuple[int, dict[str, Any]]:
            await match(tx, request, number)
            done = await perform(tx, number, by, given, request)
            return 202 if waits and not done.events else 201, await done_json(tx, request, number, done)

        email = clean(getattr(given, "email", None) or "", lines=False).lower() or None
        return await once(request, number, write, takes=takes, email=email)

    return door


async def match(tx: WriteTx, request: Request, number: int) -> None:
    """Raises MovedOn where somebody has acted on the issue since whoever asks has read it, and they mind."""
    row = await issues.find(tx, number) if "if-match" in request.headers else None
    if row and not check_match(request, row["last_event"]):
        raise MovedOn(issue_json(request, await with_body(tx, row)))


async def done_json(tx: WriteTx, request: Request, number: int, done: Done) -> dict[str, Any]:
    row = await issues.find(tx, number)
    assert row
    return {"index": done.index, "issue": issue_json(request, await with_body(tx, row))}


async def comment(request: Request) -> Response:
    """The door of comments: anybody's words are weighed first."""
    number = read_number(request)
    refuse_staff(await permit(request, number, "comment"))
    given = await body(request, bodies.NewComment)
    await look_over(request, given)

    async def write(tx: WriteTx, by: Actor, doubts: tuple[Reason, ...]) -> tuple[int, dict[str, Any]]:
        await match(tx, request, number)
        named = by if by.is_staff else Actor(standing=by.standing, name=person_name(given.name or ""))
        poster, words = Poster(doubts=doubts), text(given.body)
        done = await customers.comment(tx, number, by=named, body=words, via="api", poster=poster)
        return 201, await done_json(tx, request, number, done)

    return await once(request, number, write, words=given.body)


async def confirm(tx: WriteTx, number: int, by: Actor, given: bodies.NewConfirmation) -> Done:
    return await customers.confirm(tx, number, by=by, body=optional_text(given.body or ""), grade=given.grade)


async def dispute(tx: WriteTx, number: int, by: Actor, given: bodies.NewWords) -> Done:
    return await customers.dispute(tx, number, by=by, body=text(given.body))


async def withdraw(tx: WriteTx, number: int, by: Actor, given: bodies.NewConfirmation) -> Done:
    return await customers.withdraw(tx, number, by=by, body=optional_text(given.body or ""))


async def thank(tx: WriteTx, number: int, by: Actor, given: bodies.NewWords) -> Done:
    return await customers.thank(tx, number, by=by, body=text(given.body))


async def correct(tx: WriteTx, number: int, by: Actor, given: bodies.NewCorrection) -> Done:
    words = {"body": text(given.body)} if given.body is not None else {}
    if given.title is not None:
        words["title"] = title_alone(given.title)
    if not words:
        raise Invalid({"body": "Give the new words."})
    return await customers.correct(tx, number, by=by, target=given.target, words=words)


async def mine_too(tx: WriteTx, number: int, by: Actor, given: bodies.Nothing, request: Request) -> Done:
    await customers.mine_too(tx, number, voter=await voter(tx, request), by=by)
    return Done(number, ())


async def follow(tx: WriteTx, number: int, by: Actor, given: bodies.NewFollow, request: Request) -> Done:
    """Asks the address whether it wants to follow, as the page does: whoever types it says yes for nobody."""
    require(by, "follow")
    board, email = request.app.state.board, address(given.email, needed=True)
    await customers.follow(tx, number, email=email or "", links=board.links, say=board.renderer.say)
    return Done(number, ())


async def report(tx: WriteTx, number: int, by: Actor, given: bodies.NewReport, request: Request) -> Done:
    words, mark = optional_text(given.body or ""), await voter(tx, request)
    await objections.report(tx, number, seq=given.at, reason=given.reason, words=words, voter=mark)
    return Done(number, ())


async def appeal(tx: WriteTx, number: int, by: Actor, given: bodies.NewAppeal) -> Done:
    await objections.appeal(tx, number, by=by, words=given.body, decision=given.decision)
    return Done(number, ())


async def take_out(tx: WriteTx, number: int, by: Actor, given: bodies.NewErasure) -> Done:
    words = masking.phrases("\n".join(given.words)) if given.words else ()
    fields = tuple(given.fields)
    return await objections.take_out(
        tx, number, by=by, target=given.target, fields=fields, words=words, mark=given.mark
    )


async def tell_privately(tx: WriteTx, number: int, by: Actor, given: bodies.NewPrivateWord, request: Request) -> Done:
    """A word for the other side alone; the customer hears by mail that there is one."""
    board, words = request.app.state.board, given.private
    box = board.box(privately.PURPOSE)
    if by.is_staff:
        await privately.answer(tx, number, by=by, words=words, box=box, links=board.links, say=board.renderer.say)
    else:
        await privately.tell(tx, number, by=by, words=words, box=box, now_ms=session.now_ms())
    return Done(number, ())
