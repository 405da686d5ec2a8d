"""Open311 GeoReport v2 for civic tools, to read: areas are services, issues are requests. As JSON and as XML.

https://wiki.open311.org/GeoReport_v2. The board is one jurisdiction, so that `jurisdiction_id` says nothing; a
parameter that is empty counts as not given.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.domain import wording
from board.domain.leaf import format_time
from board.domain.phrase import choose, phrase
from board.domain.text import without_tags
from board.domain.wording import Say
from board.errors import Invalid, NotFound, Refused
from board.store import company, entries, issues
from board.store.company import Area
from board.store.database import Tx
from board.web import session
from board.web.home import is_number

SPAN = timedelta(days=90)
MOST = 1_000  # requests in one answer
MOST_CODES = 50
LENGTH = 4_000  # characters of a description, as the specification has it
STATUSES = {"open": issues.OPEN, "closed": issues.SETTLED}
CHANGESET = "2026-01-01"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}

Rows = list[dict[str, Any]]
Read = Callable[[Request], Awaitable[Rows]]


def door(read: Read, *, root: str, each: str) -> Callable[[Request], Awaitable[Response]]:
    """The door of one resource in both formats; what is refused is told in the shape of the specification."""

    async def answer(request: Request) -> Response:
        form = request.path_params["form"]
        if form not in TYPES:
            raise NotFound("There is nothing at this address.")
        try:
            return written(await read(request), form, root, each)
        except Refused as refused:
            status = 404 if refused.status == 404 else 400
            told = {"code": status, "description": request.app.state.board.renderer.say(refused.detail)}
            return written([told], form, "errors", "error", status)

    return answer


def written(rows: Rows, form: str, root: str, each: str, status: int = 200) -> Response:
    content = json.dumps(rows, ensure_ascii=False) if form == "json" else to_xml(rows, root, each)
    return Response(content, status, {"Cache-Control": "no-cache"}, TYPES[form])


def to_xml(rows: Rows, root: str, each: str) -> str:
    """One element for each row, with one for each field; what is absent is empty."""
    inner = "".join(
        f"<{each}>{''.join(f'<{name}>{xml_text(value)}</{name}>' for name, value in row.items())}</{each}>"
        for row in rows
    )
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{root}>{inner}</{root}>'


def xml_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else escape(NOT_XML.sub("", str(value)), quote=False)


async def discovery(request: Request) -> Response:
    """`/open311/discovery.json`: where the endpoint is, and what it speaks."""
    base = request.app.state.board.settings.base_url
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{base}/open311/v2",
        "changeset": CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    told = {"changeset": CHANGESET, "contact": f"{base}/about", "key_service": f"{base}/api", "endpoints": [endpoint]}
    return Response(json.dumps(told), headers={"Cache-Control": "no-cache"}, media_type=TYPES["json"])


async def services(request: Request) -> Rows:
    async with request.app.state.board.db.reading() as tx:
        return [service(area) for area in await company.areas(tx)]


def service(area: Area) -> dict[str, Any]:
    return {
        "service_code": area.slug,
        "service_name": area.name,
        "description": area.name,
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": "",
    }


async def requests(request: Request) -> Rows:
    """Those that are named, whatever else is asked; else those of 90 days, at most a thousand."""
    query = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    async with request.app.state.board.db.reading() as tx:
        if "service_request_id" in query:
            numbers = read_numbers(query["service_request_id"])
            return await told(tx, request, await issues.by_number(tx, numbers))
        areas = await read_areas(tx, query.get("service_code", ""))
        since, until = read_span(query, session.now())
        stages = [stage for status in read_statuses(query.get("status", "")) for stage in STATUSES[status]]
        span = format_time(since), format_time(until)
        return await told(tx, request, await issues.filed_between(tx, *span, stages=stages, areas=areas, limit=MOST))


async def one_request(request: Request) -> Rows:
    number = request.path_params["id"]
    async with request.app.state.board.db.reading() as tx:
        found = await issues.by_number(tx, [int(number)]) if is_number(number) else []
        if not found:
            raise NotFound("There is no such service_request_id here.")
        return await told(tx, request, found)


def read_numbers(text: str) -> list[int]:
    asked = [one.strip() for one in text.split(",") if one.strip()]
    if len(asked) > MOST or not all(is_number(one) for one in asked):
        raise Invalid({"service_request_id": phrase("Give at most {most} numbers, with commas.", most=MOST)})
    return list(dict.fromkeys(int(one) for one in asked))


def read_statuses(text: str) -> list[str]:
    asked = [one.strip().lower() for one in text.split(",") if one.strip()]
    if not set(asked) <= set(STATUSES):
        raise Invalid({"status": choose(tuple(STATUSES))})
    return [status for status in STATUSES if status in asked] or list(STATUSES)


async def read_areas(tx: Tx, text: str) -> list[str]:
    asked = list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    known = {area.slug for area in await company.areas(tx)}
    if unknown := [one for one in asked if one not in known]:
        raise NotFound(phrase("There is no service_code {code} here.", code=unknown[0][:80]))
    if len(asked) > MOST_CODES:
        raise Invalid({"service_code": phrase("Give at most {most} of them.", most=MOST_CODES)})
    return asked


def read_span(query: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    """The span that is asked for; where it is open, 90 days of it. Raises Invalid for more."""
    start, end = read_time(query, "start_date"), read_time(query, "end_date")
    until = end or (min(now, start + SPAN) if start else now)
    since = start or until - SPAN
    if since > until and end:
        raise Invalid({"end_date": "The end_date lies before the start_date."})
    if until - since > SPAN:
        raise Invalid({"end_date": phrase("Ask for at most {days} days at once.", days=SPAN.days)})
    return since, until


def read_time(query: dict[str, str], name: str) -> datetime | None:
    """A time as the W3C's note has it; without a zone it is in UTC."""
    text = query.get(name)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        return max(EARLIEST, min(at, LATEST))
    except (ValueError, OverflowError):
        raise Invalid({name: phrase("Give {name} as 2026-03-02T12:00:00Z.", name=name)}) from None


EARLIEST, LATEST = datetime(1970, 4, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


async def told(tx: Tx, request: Request, rows: Rows) -> Rows:
    """The issues as the specification has them; one look for the words and times of all."""
    briefs = await entries.briefs(tx, {seq for row in rows for seq in (row["filed_seq"], row["last_event"])})
    names = {area.slug: area.name for area in await company.areas(tx)}
    name, say = (await company.read(tx)).name, request.app.state.board.renderer.say
    return [request_json(row, briefs, names, name, say) for row in rows]


def request_json(
    row: dict[str, Any], briefs: dict[int, dict[str, Any]], names: dict[str, str], agency: str, say: Say
) -> dict[str, Any]:
    is_closed = row["state"] in ("resolved", "closed")
    html = briefs[row["filed_seq"]]["body_html"]
    parts = [row["title"], without_tags(html) if html else None]
    return {
        "service_request_id": row["number"],
        "status": "closed" if is_closed else "open",
        "status_notes": notes(row, say),
        "service_name": names.get(row["area"], row["area"]),
        "service_code": row["area"],
        "description": "\n\n".join(part for part in parts if part)[:LENGTH] or None,
        "agency_responsible": agency,
        "service_notice": None,
        "requested_datetime": row["filed_at"],
        "updated_datetime": row["settled_at"] if is_closed else briefs[row["last_event"]]["at"],
        "expected_datetime": None if is_closed else row["due_at"],
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def notes(row: dict[str, Any], say: Say) -> str | None:
    """How it ended, else what the company said last."""
    if row["resolution"]:
        return wording.resolution(row["resolution"], say)
    return str(row["last_word"]) if row["last_word"] and row["last_word_role"] == "company" else None
