"""The JSON API, version 1: reads for anyone, public acts under the pages' limits, staff acts with a token."""

import asyncio
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from board.domain import clocks
from board.domain.leaf import format_time
from board.domain.phrase import choose, no_issue, phrase
from board.domain.text import clean
from board.errors import Invalid, NotFound
from board.store import company, entries, issues, moderation, record, tallies
from board.store.database import Tx
from board.store.export import line
from board.store.issues import SORTS, STATES, Wanted
from board.stream import OutOfReach
from board.web import session, shapes, transparency, views
from board.web.fragments import read_names
from board.web.home import cursor, read_cursor
from board.web.json import integer, read, read_number
from board.web.page import ends_by
from board.web.views import Names

MOST = 100
WAIT_S = 25
ENTRY_KEYS = ("resolution", "whose", "grade", "via")


def issue_json(request: Request, row: dict[str, Any], *, to_staff: bool = False) -> dict[str, Any]:
    """The Issue of the API; times are RFC 3339 in UTC, absent is null. Staff read what is not public, too."""
    public = to_staff or row["visibility"] == "public"
    return {
        "number": row["number"],
        "url": request.app.state.board.links.issue(row["number"]),
        "title": row["title"] if public else None,
        "body": row.get("body") if public else None,
        "area": row["area"],
        "state": row["state"],
        "resolution": row["resolution"],
        "confirmation": row["confirmation"],
        "visibility": row["visibility"],
        "turn": row["turn"],
        "filed_at": row["filed_at"],
        "first_answer_at": row["first_answer_at"],
        "last_event": row["last_event"],
        "owner": row["owner"] if public else None,
        "promise_due": row["promise_due"],
        "followers": row["followers"],
        "mine_too": row["mine_too"],
        "reopened": row["reopened"],
    }


async def with_body(tx: Tx, row: dict[str, Any]) -> dict[str, Any]:
    filed = await entries.one(tx, row["filed_seq"])
    return {**row, "body": filed["body"] if filed else None}


def read_wanted(query: QueryParams) -> Wanted:
    """What a list is asked for; raises Invalid."""
    state, sort = query.get("state", "all"), query.get("sort", "active")
    if state not in STATES:
        raise Invalid({"state": choose(tuple(STATES))})
    if sort not in SORTS:
        raise Invalid({"sort": choose(tuple(SORTS))})
    after = read_cursor(query["after"], sort) if query.get("after") else None
    if query.get("after") and after is None:
        raise Invalid({"after": "Give the “next” of the page before."})
    return Wanted(
        state=state,
        area=clean(query.get("area", ""), lines=False)[:80] or None,
        text=clean(query.get("q", ""), lines=False)[:200] or None,
        sort=sort,
        after=after,
        limit=integer(query.get("limit"), "limit", 1, MOST, default=50),
    )


def read_fields(query: QueryParams, shape: type) -> tuple[str, ...] | None:
    """The names in `fields`, with commas or one by one, in the order of the shape; None for all; raises Invalid."""
    asked = {name.strip() for given in query.getlist("fields") for name in given.split(",") if name.strip()}
    known = shapes.fields_of(shape)
    if not asked <= set(known):
        raise Invalid({"fields": phrase("Choose some of: {options}.", options=", ".join(known))})
    return tuple(name for name in known if name in asked) or None


def chosen(content: dict[str, Any], fields: tuple[str, ...] | None) -> dict[str, Any]:
    return content if fields is None else {name: content[name] for name in fields}


async def list_issues(request: Request) -> Response:
    fields = read_fields(request.query_params, shapes.IssueList)
    wanted, now = read_wanted(request.query_params), session.now()
    async with request.app.state.board.db.reading() as tx:
        found = await issues.listed(tx, wanted, format_time(now))
        if wanted.state == "overdue":
            ends_by(request, views.moment(await issues.next_due(tx, format_time(now))), now)
        needs_body = fields is None or "body" in fields
        shown = [await with_body(tx, row) if needs_body else row for row in found[: wanted.limit]]
    more = cursor(wanted, found) if len(found) > wanted.limit else None
    told = [chosen(issue_json(request, row), fields) for row in shown]
    return read(request, {"issues": told, "next": more}, link=next_page(request, wanted, fields, more))


def next_page(request: Request, wanted: Wanted, fields: tuple[str, ...] | None, after: str | None) -> str | None:
    """The address of the next page, the same for all who ask for the same."""
    if after is None:
        return None
    asked = {"state": wanted.state, "area": wanted.area, "q": wanted.text, "sort": wanted.sort, "limit": wanted.limit}
    asked |= {"fields": ",".join(fields) if fields else None, "after": after}
    return address(request, {name: value for name, value in asked.items() if value is not None})


def address(request: Request, query: dict[str, Any]) -> str:
    return f"{request.app.state.board.settings.base_url}{request.url.path}?{urlencode(query)}"


async def show_issue(request: Request) -> Response:
    number, fields = read_number(request), read_fields(request.query_params, shapes.WholeIssue)
    async with request.app.state.board.db.reading() as tx:
        found = await whole_issue(tx, request, number)
    return read(request, chosen(found, fields), version=found["last_event"])


async def whole_issue(tx: Tx, request: Request, number: int) -> dict[str, Any]:
    """The Issue with its timeline; nothing but its place where it is not public."""
    row = await issues.find(tx, number)
    if row is None:
        raise NotFound(no_issue(number))
    names = await read_names(tx, request.app.state.board)
    timeline = await entries.of_issue(tx, number) if row["visibility"] == "public" else []
    return {
        **issue_json(request, await with_body(tx, row)),
        "timeline": [entry_json(entry, names) for entry in timeline],
    }


def entry_json(entry: dict[str, Any], names: Names) -> dict[str, Any]:
    return {
        "index": entry["seq"],
        "event": entry["kind"],
        "role": entry["role"],
        "by_filer": bool(entry["by_filer"]),
        "name": entry["name"],
        "time": entry["at"],
        "recorded_at": entry["time"],
        "body": entry["body"],
        "body_html": entry["body_html"],
        "sentence": views.sentence(entry, names).plain(),
        "corrected": bool(entry["corrected"]),
        "due": entry["due"],
        "promise": entry["outcome"],
        "into": entry["into_issue"],
        "reason": entry["reason"],
        "hidden": hidden_json(entry["hidden"]),
        **{key: entry[key] for key in ENTRY_KEYS},
    }


def hidden_json(decision: dict[str, Any] | None) -> dict[str, Any] | None:
    """Why the words of a comment are gone from its place; null where they stand."""
    if decision is None:
        return None
    return {"by_event": decision["seq"], **{key: decision[key] for key in ("role", "reason")}, "time": decision["at"]}


async def issue_events(request: Request) -> Response:
    number = read_number(request)
    async with request.app.state.board.db.reading() as tx:
        chain = await record.of_issue(tx, number)
        if not chain:
            raise NotFound(no_issue(number))
        opened = await record.openings_of_issue(tx, number)
        gone = await record.redactions_of_issue(tx, number)
        epoch, head = await record.head(tx)
    told = [line(r, opened, gone) for r in chain]
    return read(request, {"events": told, "head": head + 1, "epoch": epoch}, version=chain[-1].index)


async def list_events(request: Request) -> Response:
    """The record behind `after`; with `wait`, up to that many seconds for the next event (long poll)."""
    board = request.app.state.board
    after, limit, wait = read_place(request.query_params)
    if wait and after >= board.stream.head:
        await wait_for_more(board, wait)
    async with board.db.reading() as tx:
        found = await record.after(tx, after, limit=limit)
        first, last = (found[0].index, found[-1].index) if found else (0, -1)
        opened = await record.openings(tx, first, last)
        gone = await record.redactions(tx, first, last)
        epoch, head = await record.head(tx)
    link = address(request, {"after": last, "limit": limit}) if found and last < head else None
    told = [line(r, opened, gone) for r in found]
    return read(request, {"events": told, "head": head + 1, "epoch": epoch}, link=link)


def read_place(query: QueryParams) -> tuple[int, int, int]:
    """`after`, `limit` and `wait`; raises Invalid."""
    return (
        integer(query.get("after"), "after", -1, 2**53 - 1, default=-1),
        integer(query.get("limit"), "limit", 1, MOST, default=MOST),
        integer(query.get("wait"), "wait", 0, WAIT_S, default=0),
    )


async def wait_for_more(board: Any, seconds: int) -> None:
    """Returns at the next event, or when the time is over."""
    try:
        async with asyncio.timeout(seconds):
            async for _ in board.stream.follow(board.stream.head, frozenset({"board"})):
                return
    except (TimeoutError, OutOfReach):
        return


async def list_areas(request: Request) -> Response:
    async with request.app.state.board.db.reading() as tx:
        found = await company.areas(tx)
    return read(request, {"areas": [{"slug": a.slug, "name": a.name, **target_json(a.target)} for a in found]})


async def figures(request: Request) -> Response:
    """What the list and the page of the moderators tell in numbers."""
    now = session.now()
    async with request.app.state.board.db.reading() as tx:
        counts = await issues.counts(tx, format_time(now))
        ends_by(request, views.moment(await issues.next_due(tx, format_time(now))), now)
        moderated = transparency.by_month(await tallies.moderation(tx)).values()
        reported, appeals = await moderation.count_reports(tx), await moderation.count_appeals(tx)
    done = {group: sum(month[group] for month in moderated) for group in transparency.NAMES}
    done |= {"reports": reported, "appeals": appeals["made"], "appeals_upheld": appeals["upheld"]}
    return read(request, {"issues": views.figures(counts), "moderation": done})


def target_json(target: clocks.Target) -> dict[str, int | None]:
    return {"first_answer_s": target.first_answer_s, "resolve_s": target.resolve_s}
