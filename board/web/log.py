"""The record for whoever checks it: the signed checkpoint, tiles, entries and receipts (C2SP tlog-tiles)."""

import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from board.domain import notes, tiles, tree
from board.domain.proof import b64url
from board.errors import NotFound
from board.store import nodes, record
from board.store.database import Tx
from board.web.json import NUMBER_DIGITS

SOON = {"Cache-Control": "public, max-age=2"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
NEVER = {"Cache-Control": "no-store"}  # words may be taken out
CHECKER = Path(__file__).parent.parent / "verify.py"
MOST_EXTRA = 65_000  # characters


async def checkpoint(request: Request) -> Response:
    async with request.app.state.board.db.reading() as tx:
        epoch, head = await record.head(tx)
    signed = await request.app.state.board.signer.covering(epoch, head)
    return PlainTextResponse(signed.note, headers=SOON)


async def tile(request: Request) -> Response:
    """Hashes or entries, as many as the path says; raises NotFound where there are not so many."""
    try:
        asked = tiles.read(request.path_params["path"])
    except ValueError:
        raise NotFound("This is not the path of a tile.") from None
    async with request.app.state.board.db.reading() as tx:
        _, head = await record.head(tx)
        level = asked.level if isinstance(asked.level, int) else 0
        if asked.width > tree.width(level, asked.number, head + 1):
            raise NotFound("The record is not so long.")
        content = await packed(tx, asked)
    return Response(content, headers=FOR_EVER, media_type="application/octet-stream")


async def packed(tx: Tx, asked: tiles.Tile) -> bytes:
    first = asked.number * tree.WIDTH
    if isinstance(asked.level, int):
        return b"".join(await nodes.hashes(tx, asked.level, first, asked.width))
    found = await record.after(tx, first - 1, limit=asked.width)
    return tiles.bundle([r.leaf.encode("ascii") for r in found])


async def receipt(request: Request) -> Response:
    """That an event stands in the record, with its words as far as they are public."""
    text = request.path_params["index"]
    index = int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS else -1
    async with request.app.state.board.db.reading() as tx:
        epoch, head = await record.head(tx)
    if not 0 <= index <= head or str(index) != text:
        raise NotFound("The record has no such event.")
    signed = await request.app.state.board.signer.covering(epoch, index)
    async with request.app.state.board.db.reading() as tx:
        hashes = await nodes.inclusion(tx, index, signed.checkpoint.size)
        extra = await about(tx, index)
    return PlainTextResponse(notes.write_proof(extra, index, hashes, signed.note), headers=NEVER)


async def about(tx: Tx, index: int) -> bytes:
    """The entry, and its openings that the public may read, the shortest first, as long as there is room."""
    (found,) = await record.after(tx, index - 1, limit=1)
    openings = (await record.openings(tx, index, index)).get(index, [])
    held: dict[str, dict[str, str]] = {}
    made = packed_extra(found.leaf, held)
    for opening in sorted(openings, key=lambda each: len(each.value)):
        held[opening.field] = {"salt": b64url(opening.salt), "value": opening.value}
        more = packed_extra(found.leaf, held)
        if len(notes.b64(more)) > MOST_EXTRA:
            break
        made = more
    return made


def packed_extra(leaf: str, openings: dict[str, dict[str, str]]) -> bytes:
    return json.dumps({"leaf": leaf, "openings": openings}, sort_keys=True).encode()


async def checker(request: Request) -> Response:
    """The program that checks all of this, as it is."""
    return PlainTextResponse(source(), headers={"Cache-Control": "no-cache"})


@cache
def source() -> str:
    return CHECKER.read_text(encoding="utf-8")
