"""What staff read through the API: queues, an issue with what is held, notes, private words, colleagues, the outbox."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.actions import privately
from board.actions.acting import load
from board.domain import decisions
from board.domain.auditing import mask, mask_html
from board.domain.leaf import format_time
from board.domain.people import Actor
from board.domain.phrase import choose
from board.domain.text import clean
from board.errors import Invalid
from board.store import company, entries, intake, issues, lag, mirrors, people
from board.store.database import Tx
from board.store.issues import Wanted
from board.web import limits, session
from board.web.api import MOST, address, entry_json, issue_json, with_body
from board.web.desk import QUEUES
from board.web.fragments import read_names
from board.web.home import cursor, read_cursor
from board.web.json import actor, bearer, integer, permit, read, read_number

WORDS = ("title", "body", "sentence", "name", "owner", "whose", "words", "by")


async def queue(request: Request) -> Response:
    """The same queues as at the desk; with `q`, what a search over all public issues finds."""
    await permit(request, None, "see_desk")
    name, wanted, owner = read_wanted(request)
    now = format_time(session.now())
    async with request.app.state.board.db.reading() as tx:
        by = await actor(tx, request, None)
        person = owner or by.person or 0
        found = (
            await issues.listed(tx, wanted, now)
            if wanted.text
            else await issues.queued(tx, name, wanted, person=person, now=now)
        )
        shown = [issue_json(request, await with_body(tx, row), to_staff=True) for row in found[: wanted.limit]]
        counts = await issues.queue_counts(tx, person=person, now=now)
    more = cursor(wanted, found) if len(found) > wanted.limit else None
    query = {"queue": name, "owner": owner, "q": wanted.text, "limit": wanted.limit, "after": more}
    link = address(request, {name: value for name, value in query.items() if value is not None}) if more else None
    return read(request, to_reader(by, {"queue": name, "counts": counts, "issues": shown, "next": more}), link=link)


def read_wanted(request: Request) -> tuple[str, Wanted, int | None]:
    """The queue, its page, and whose it is where it is another colleague's; raises Invalid."""
    query = request.query_params
    name, text = query.get("queue", "unanswered"), clean(query.get("q", ""), lines=False)[:200] or None
    if name not in QUEUES:
        raise Invalid({"queue": choose(tuple(QUEUES))})
    sort = "active" if name in ("waiting", "held", "all") or text else "oldest"
    after = read_cursor(query["after"], sort) if query.get("after") else None
    if query.get("after") and after is None:
        raise Invalid({"after": "Give the “next” of the page before."})
    limit = integer(query.get("limit"), "limit", 1, MOST, default=50)
    owner = integer(query.get("owner"), "owner", 1, 2**53 - 1, default=0) or None
    return name, Wanted(state="all", sort=sort, text=text, after=after, limit=limit), owner


def to_reader(by: Actor, content: dict[str, Any]) -> dict[str, Any]:
    """As whoever may not see what is private reads it: without mail addresses and the like."""
    if by.may("see_private"):
        return content
    masked: dict[str, Any] = masked_words(content)
    return masked


def masked_words(value: Any, name: str = "") -> Any:
    """The words that people wrote with marks in them; times, cursors and addresses of pages as they are."""
    match value:
        case dict():
            return {key: masked_words(inner, key) for key, inner in value.items()}
        case list():
            return [masked_words(inner, name) for inner in value]
        case str() if name == "body_html":
            return mask_html(value)
        case str() if name in WORDS:
            return mask(value)
        case _:
            return value


async def desk(request: Request) -> Response:
    number = read_number(request)
    await permit(request, number, "see_desk")
    now = session.now()
    async with request.app.state.board.db.reading() as tx:
        by = await actor(tx, request, number)
        row = await issues.find(tx, number)
        assert row
        names = await read_names(tx, request.app.state.board)
        timeline = await entries.of_issue(tx, number, reader="staff")
        possible = decisions.allowed(await load(tx, number), now)
        content = {
            "issue": issue_json(request, await with_body(tx, row), to_staff=True),
            "timeline": [entry_json(entry, names) for entry in timeline],
            "allowed": [act for act in possible if by.may(act)],
            "is_kept_out": await mirrors.is_kept_out(tx, number),
        }
    return read(request, to_reader(by, content), version=row["last_event"])


async def notes(request: Request) -> Response:
    number = read_number(request)
    await permit(request, number, "see_desk")
    async with request.app.state.board.db.reading() as tx:
        by = await actor(tx, request, number)
        rows = await intake.notes(tx, number)
    told = [{"id": row["id"], "name": row["name"], "body": row["body"], "at": at(row["created_ms"])} for row in rows]
    return read(request, to_reader(by, {"notes": told}))


async def private_words(request: Request) -> Response:
    """What the customer and staff told each other alone, for either; that a colleague reads it is noted."""
    board, number = request.app.state.board, read_number(request)
    by = await permit(request, number, "tell_privately")
    if by.is_staff:
        await permit(request, number, "see_private")
    async with board.db.saving() as tx:
        await spend(tx, request)
        by = await actor(tx, request, number)
        box = board.box(privately.PURPOSE)
        told = await privately.read(tx, number, by=by, box=box, now_ms=session.now_ms())
    words = [{"by_filer": o.by_filer, "name": o.name, "text": o.text, "at": format_time(o.at)} for o in told]
    return read(request, {"words": words})


async def spend(tx: Tx, request: Request) -> None:
    """One token of the program's own bucket, or of the place that it runs at."""
    token = await bearer(tx, request)
    member = f"token {token['id']}" if token else None
    await limits.take_as(tx, request, await company.read(tx), "comment", member=member)


async def colleagues(request: Request) -> Response:
    """To whom an issue can be given."""
    await permit(request, None, "see_desk")
    async with request.app.state.board.db.reading() as tx:
        staff = [one for one in await people.all_staff(tx) if one.role != "auditor"]
    return read(request, {"colleagues": [{"id": one.id, "name": one.name, "role": one.role} for one in staff]})


async def outbox(request: Request) -> Response:
    await permit(request, None, "see_desk")
    async with request.app.state.board.db.reading() as tx:
        mail = await lag.of_mail(tx)
    return read(
        request, {"letters": mail.letters, "oldest": at(mail.oldest_ms) if mail.oldest_ms is not None else None}
    )


def at(ms: int) -> str:
    return format_time(datetime.fromtimestamp(ms // 1000, UTC))
