"""The API's writes: each act of the pages, with a JSON body, by anyone, by the filer's secret, or by a token."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from board.actions import customers, staff
from board.actions.acting import Done
from board.domain.decisions import Then
from board.domain.doubt import Reason
from board.domain.people import Actor, Poster, refuse_staff, require
from board.domain.proof import b64url
from board.domain.text import clean
from board.domain.words import Filing, optional_text, person_name, text
from board.errors import Invalid
from board.store import company, issues
from board.store.database import WriteTx
from board.web import lookover
from board.web.api import issue_json, with_body
from board.web.issues import keep_details
from board.web.json import body, once, permit, read_number

Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Grade = Annotated[int, Meta(ge=1, le=5)]


class NewIssue(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    title: str = ""
    area: str = ""
    email: str | None = None
    name: str | None = None
    private: str | None = None
    confirmed_public: bool = False


class NewComment(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    name: str | None = None
    email: str | None = None
    confirmed_public: bool = False


class NewUpdate(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    state: str | None = None
    resolution: str | None = None
    promise_due: str | None = None
    whose: str | None = None
    duplicate_of: Number | None = None
    confirmed_public: bool = False


class NewResolution(msgspec.Struct, forbid_unknown_fields=True):
    resolution: str
    body: str
    whose: str | None = None
    duplicate_of: Number | None = None
    confirmed_public: bool = False


class NewConfirmation(msgspec.Struct, forbid_unknown_fields=True):
    body: str | None = None
    grade: Grade | None = None
    confirmed_public: bool = False


class NewWords(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    confirmed_public: bool = False


class NewPromise(msgspec.Struct, forbid_unknown_fields=True):
    promise_due: str


async def file_issue(request: Request) -> Response:
    await permit(request, None, "file")
    given = await body(request, NewIssue)
    typed = texts(given)
    await look_over(request, given)

    async def perform(tx: WriteTx, by: Actor, doubts: tuple[Reason, ...]) -> tuple[int, dict[str, Any]]:
        require(by, "file")
        filing = customers.read_filing(typed, needs_email=(await company.read(tx)).mail == "required")
        return 201, await filed_json(tx, request, filing, Poster(is_known=by.is_staff, doubts=doubts))

    email, words = clean(typed["email"], lines=False).lower(), f"{given.title}\n{given.body}"
    return await once(request, None, perform, takes="file", email=email, words=words)


async def look_over(request: Request, given: msgspec.Struct) -> None:
    """Raises WouldBePublic where something looks private and the program does not say that it may be public."""
    if not getattr(given, "confirmed_public", False):
        await lookover.check(request, texts(given))


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


Act = Callable[[WriteTx, int, Actor, Any], Awaitable[Done]]


def act(kind: type[msgspec.Struct], perform: Act, right: str) -> Callable[[Request], Awaitable[Response]]:
    """The door of one act on an issue; answers with the index of its event and the issue as it is then."""

    async def door(request: Request) -> Response:
        number = read_number(request)
        await permit(request, number, right)
        given = await body(request, kind)
        await look_over(request, given)

        async def write(tx: WriteTx, by: Actor, _: tuple[Reason, ...]) -> tuple[int, dict[str, Any]]:
            return 201, await done_json(tx, request, number, await perform(tx, number, by, given))

        return await once(request, number, write)

    return door


async def done_json(tx: WriteTx, request: Request, number: int, done: Done) -> dict[str, Any]:
    row = await issues.find(tx, number)
    assert row
    return {"index": done.index, "issue": issue_json(request, await with_body(tx, row))}


async def comment(request: Request) -> Response:
    """The door of comments: anybody's words are weighed first."""
    number = read_number(request)
    refuse_staff(await permit(request, number, "comment"))
    given = await body(request, NewComment)
    await look_over(request, given)

    async def write(tx: WriteTx, by: Actor, doubts: tuple[Reason, ...]) -> tuple[int, dict[str, Any]]:
        named = by if by.is_staff else Actor(standing=by.standing, name=person_name(given.name or ""))
        poster, words = Poster(doubts=doubts), text(given.body)
        done = await customers.comment(tx, number, by=named, body=words, via="api", poster=poster)
        return 201, await done_json(tx, request, number, done)

    return await once(request, number, write, words=given.body)


async def update(tx: WriteTx, number: int, by: Actor, given: NewUpdate) -> Done:
    then = Then(
        state=given.state,
        resolution=given.resolution,
        promise_due=moment(given.promise_due),
        whose=named(given.whose),
        into=given.duplicate_of,
    )
    return await staff.update(tx, number, by=by, body=text(given.body), via="api", then=then)


async def resolve(tx: WriteTx, number: int, by: Actor, given: NewResolution) -> Done:
    then = Then(resolution=given.resolution, whose=named(given.whose), into=given.duplicate_of)
    return await staff.update(tx, number, by=by, body=text(given.body), via="api", then=then)


def named(whose: str | None) -> str | None:
    try:
        return person_name(whose or "")
    except Invalid as wrong:
        raise Invalid({"whose": wrong.detail}) from None


def moment(value: str | None) -> datetime | None:
    """An RFC 3339 time; raises Invalid for anything else."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid({"promise_due": "Give a time with its zone, for example 2026-12-24T18:00:00Z."}) from None


async def confirm(tx: WriteTx, number: int, by: Actor, given: NewConfirmation) -> Done:
    return await customers.confirm(tx, number, by=by, body=optional_text(given.body or ""), grade=given.grade)


async def dispute(tx: WriteTx, number: int, by: Actor, given: NewWords) -> Done:
    return await customers.dispute(tx, number, by=by, body=text(given.body))


async def withdraw(tx: WriteTx, number: int, by: Actor, given: NewConfirmation) -> Done:
    return await customers.withdraw(tx, number, by=by, body=optional_text(given.body or ""))


async def thank(tx: WriteTx, number: int, by: Actor, given: NewWords) -> Done:
    return await customers.thank(tx, number, by=by, body=text(given.body))


async def reopen(tx: WriteTx, number: int, by: Actor, given: NewWords) -> Done:
    return await staff.reopen(tx, number, by=by, body=text(given.body))


async def promise(tx: WriteTx, number: int, by: Actor, given: NewPromise) -> Done:
    due = moment(given.promise_due)
    assert due
    return await staff.promise(tx, number, by=by, due=due)
