"""Open data: the whole public record and the table of issues as files that anybody may take along, and what is in them.

A file goes out in pieces. Each is read in a short transaction of its own, so a slow line holds nothing up.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from board.domain import sheet, wording
from board.domain.events import KINDS
from board.domain.leaf import FIELDS, HEADER, SPOKEN
from board.domain.phrase import phrase
from board.domain.text import in_lines, to_html
from board.errors import Refused, TooMany
from board.render import trusted
from board.store import company, issues, record
from board.store.database import Tx
from board.store.export import record_lines
from board.web import limits, parquet, shapes
from board.web.json import integer
from board.web.live import counted
from board.web.page import Frame, frame, page

FORMAT = 1  # of all these files: another one makes other ETags
FEWEST, EVENTS, ROWS = 10, 100, 250  # read at once
GROUP = 5_000  # rows of a Parquet file that are pressed together
GOAL = 256 * 1024  # bytes of the record that are read at once where its words are long
SLICE = 64 * 1024  # bytes that are compressed and sent in one go
STALLED_S = 30.0  # whoever takes nothing for so long is let go, and resumes
EACH, ALL = 2, 32  # copies under way, of one place and in all
LINE = {
    "leaf": phrase("What was recorded: canonical JSON, as it was hashed. It holds codes, numbers and times, no words."),
    "leaf_hash": phrase("SHA-256 of a zero byte and the leaf (RFC 6962), base64url."),
    "openings": phrase("The words by field, each with the salt that proves it; only those that everybody may read."),
    "redactions": phrase("Words that were taken out, by field: by which event, and why."),
}

NO_PARQUET = phrase(
    "Files of the kind Parquet are not made on this board: its operator would install board[parquet]."
    " The same table is at /data/issues.csv."
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Copy:
    """One file to be sent: `state` is everything that makes its bytes what they are."""

    name: str
    kind: str
    state: tuple[object, ...]
    head: str

    def tag(self, request: Request) -> str:
        """Strong: one for each state and coding, so it never comes back for other bytes. The record only grows."""
        digest = hashlib.blake2b(repr((FORMAT, self.name, *self.state)).encode(), digest_size=12).hexdigest()
        return f'"{digest}-gzip"' if "gzip" in request.headers.get("accept-encoding", "") else f'"{digest}"'

    def headers(self, request: Request) -> dict[str, str]:
        return {
            "Access-Control-Expose-Headers": "ETag, Board-Head",
            "Accept-Ranges": "none",
            "Board-Head": self.head,
            "Cache-Control": "no-cache",
            "Content-Disposition": f'attachment; filename="{self.name}"',
            "ETag": self.tag(request),
        }


class Stream(StreamingResponse):
    """A file in pieces; whoever takes none for 30 s is let go. What is cut off has no end, so programs see it."""

    async def stream_response(self, send: Send) -> None:
        async def patiently(message: Any) -> None:
            async with asyncio.timeout(STALLED_S):
                await send(message)

        try:
            await super().stream_response(patiently)
        except TimeoutError:
            return
        finally:
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()


async def events(request: Request) -> Response:
    """`/data/events.jsonl`: the record behind `after`, one line an event, up to the newest of now."""
    board = request.app.state.board
    after = integer(request.query_params.get("after"), "after", -1, 2**53 - 1, default=-1)
    async with board.db.reading() as tx:
        epoch, head = await record.head(tx)
    copy = Copy("events.jsonl", "application/jsonl; charset=utf-8", (epoch, head, after), f"{epoch}:{head}")
    return await send(request, copy, lambda: lines(board, after, head))


async def lines(board: Any, after: int, last: int) -> AsyncIterator[bytes]:
    """As many at once as take little time: of long words fewer."""
    limit = FEWEST
    while after < last:
        async with board.copying, board.db.reading() as tx:
            found = await record_lines(tx, after, limit=min(limit, last - after))
        if not found:
            return
        after += len(found)
        piece = "".join(found).encode()
        limit = max(FEWEST, min(EVENTS, len(found) * GOAL // len(piece)))
        yield piece


async def table(request: Request) -> Response:
    """`/data/issues.csv`: the issues above the number `after`; from the first one on, with the names of the columns."""
    board = request.app.state.board
    after = integer(request.query_params.get("after"), "after", 0, 2**53 - 1, default=0)
    copy = await copy_of_issues(board, "issues.csv", "text/csv; charset=utf-8; header=present", after)
    return await send(request, copy, lambda: cells(board, after))


async def cells(board: Any, after: int) -> AsyncIterator[bytes]:
    if after == 0:
        yield sheet.as_csv([], header=True).encode()
    async for rows in pages(board, after):
        yield sheet.as_csv(rows, header=False).encode()


async def columns(request: Request) -> Response:
    """`/data/issues.parquet`, where the library for it is installed."""
    board = request.app.state.board
    if not parquet.is_installed():
        raise NotMade(NO_PARQUET)
    copy = await copy_of_issues(board, "issues.parquet", "application/vnd.apache.parquet", 0)
    async with board.db.reading() as tx:
        setup = await company.read(tx)
    about = {"board": board.settings.base_url, "head": copy.head, "licence": in_lines(setup.licence)}
    return await send(request, copy, lambda: groups(board, about))


async def groups(board: Any, about: dict[str, str]) -> AsyncIterator[bytes]:
    made, waiting = await asyncio.to_thread(parquet.Table, about), Rows()
    async for rows in pages(board, 0):
        waiting += rows
        if len(waiting) >= GROUP:
            yield await asyncio.to_thread(made.add, waiting)
            waiting = []
    if waiting:
        yield await asyncio.to_thread(made.add, waiting)
    yield await asyncio.to_thread(made.end)


class NotMade(Refused):
    """A file for which something is not installed."""

    status = 501
    title = "Not made here"


async def copy_of_issues(board: Any, name: str, kind: str, after: int) -> Copy:
    """Counts of followers and of “mine too” change without an event: they have a version of their own."""
    async with board.db.reading() as tx:
        epoch, head, touched = await record.moment(tx)
    return Copy(name, kind, (epoch, head, touched, after), f"{epoch}:{head}")


async def pages(board: Any, after: int) -> AsyncIterator[Rows]:
    while True:
        async with board.copying, board.db.reading() as tx:
            rows = await issues.behind(tx, after, limit=ROWS)
        if not rows:
            return
        after = rows[-1]["number"]
        yield rows


async def send(request: Request, copy: Copy, pieces: Callable[[], AsyncIterator[bytes]]) -> Response:
    """The file, or that nothing has changed. Only what is really sent takes a token."""
    headers = copy.headers(request)
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Stream(nothing(), headers=headers, media_type=copy.kind)  # nobody knows the length before it is made
    board, place = request.app.state.board, limits.place(request)
    if board.copies[place] >= EACH or board.copies.total() >= ALL:
        raise TooMany(phrase("Others are just taking copies. Please come again in a minute."), retry_after=60)
    await limits.spend(request, "copy")
    return Stream(slices(board, place, pieces()), headers=headers, media_type=copy.kind)


async def nothing() -> AsyncIterator[bytes]:
    """One empty piece: more may come, so the headers are those of the whole file."""
    yield b""


async def slices(board: Any, place: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Small enough that everybody else has their turn in between."""
    with counted(board.copies, place):
        async for piece in pieces:
            for start in range(0, len(piece), SLICE):
                yield piece[start : start + SLICE]
                await asyncio.sleep(0)


async def show(request: Request) -> Response:
    """`/data/`: what can be taken along, how new it is, under which terms, and what each part of it means."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
        newest = await newest_time(tx, around)
    say, licence = around.names.say, around.company.licence
    return page(
        request,
        around,
        "data.html",
        nav="about",
        newest=newest,
        licence=trusted(to_html(licence)) if licence else None,
        has_parquet=parquet.is_installed(),
        line=[(name, say(LINE[name])) for name in shapes.Event.__struct_fields__],
        header=HEADER,
        kinds=kinds(around),
        columns=[(c.name, c.kind, say(c.meaning)) for c in sheet.COLUMNS],
    )


async def newest_time(tx: Tx, around: Frame) -> Any:
    found = await record.after(tx, around.count - 2, limit=1)
    return found[0].time if found else None


def kinds(around: Frame) -> list[dict[str, Any]]:
    """Each kind of event with what it says, its own keys in the leaf, and whether words belong to it."""
    places: dict[str, str] = defaultdict(lambda: "…", company=around.company.name)
    return [
        {
            "name": name,
            "says": around.names.say(wording.SENTENCES[name]).format_map(places).replace("….", "…"),
            "codes": sorted(FIELDS[kind]),
            "has_words": kind in SPOKEN,
        }
        for name, kind in KINDS.items()
    ]
