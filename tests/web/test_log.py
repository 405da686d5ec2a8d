"""What anybody needs to check the record: the signed checkpoint, tiles, entries and receipts."""

import asyncio
import json
import struct
from pathlib import Path

import httpx
import pytest

from board import verify
from board.actions import customers, moderators
from board.domain import tree
from board.store import record
from tests.cast import ADA, CY, MO, VKEY, do, file_issue
from tests.web.site import Site

LOG = verify.read_key(VKEY)


async def read(site: Site, path: str, status: int = 200) -> httpx.Response:
    answered = await site.browser().get(f"/log/{path}")
    assert answered.status_code == status, (path, answered.text)
    assert answered.headers["access-control-allow-origin"] == "*"
    return answered


async def signed(site: Site) -> verify.Checkpoint:
    return verify.open_checkpoint((await read(site, "checkpoint")).text, LOG)


def unpacked(bundle: bytes) -> list[bytes]:
    entries = []
    while bundle:
        (length,) = struct.unpack(">H", bundle[:2])
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return entries


async def entries(site: Site, size: int) -> list[bytes]:
    """All of them, as whoever copies a log reads them."""
    found: list[bytes] = []
    for tile in range(0, size, tree.WIDTH):
        part = f".p/{size - tile}" if size - tile < tree.WIDTH else ""
        found += unpacked((await read(site, f"tile/entries/{tile // tree.WIDTH:03}{part}")).content)
    return found


async def fill(site: Site, least: int) -> None:
    number = await file_issue(site.db)
    while await site.head() < least:
        await do(site.db, customers.comment, number, by=CY, body="Late here, too.", via="web")


async def test_entries_and_tiles_give_the_root_that_was_signed(site: Site) -> None:
    await fill(site, 259)
    checkpoint = await signed(site)
    leaves = await entries(site, checkpoint.size)
    hashes = [verify.leaf_hash(leaf) for leaf in leaves]
    assert len(leaves) == checkpoint.size > tree.WIDTH
    rest = checkpoint.size - tree.WIDTH
    assert (await read(site, "tile/0/000")).content == b"".join(hashes[:256])
    assert (await read(site, f"tile/0/001.p/{rest}")).content == b"".join(hashes[256:])
    nodes = {(0, place): each for place, each in enumerate(hashes)}
    nodes[1, 0] = (await read(site, "tile/1/000.p/1")).content
    assert nodes[1, 0] == tree.above(hashes[:256])
    assert tree.root(checkpoint.size, lambda level, place: nodes[level, place]) == checkpoint.root
    assert [json.loads(leaf)["index"] for leaf in leaves] == list(range(checkpoint.size))


@pytest.mark.parametrize(
    "path",
    ["0/000", "0/000.p/200", "1/000", "1/000.p/1", "0/001.p/1", "entries/000", "entries/001.p/1", "0/0", "x", "7/000"],
)
async def test_no_tile_is_longer_than_the_record(site: Site, path: str) -> None:
    await file_issue(site.db)
    await read(site, f"tile/{path}", 404)


async def test_tiles_are_kept_for_ever_and_checkpoints_for_seconds(site: Site) -> None:
    assert "immutable" in (await read(site, "tile/0/000.p/1")).headers["cache-control"]
    assert "max-age=2" in (await read(site, "checkpoint")).headers["cache-control"]


async def test_a_receipt_proves_its_event_and_shows_its_words(site: Site) -> None:
    number = await file_issue(site.db)
    async with site.db.reading() as tx:
        (filed, *_) = await record.of_issue(tx, number)
    answered = await read(site, f"receipts/{filed.index}.tlog-proof")
    proven = verify.check_receipt(answered.text, LOG)
    assert proven.leaf["event"] == "issue.filed"
    assert proven.words.keys() == {"title", "body", "author.name"}
    assert answered.headers["cache-control"] == "no-store"


async def test_a_receipt_of_words_that_are_taken_out_proves_the_event_without_them(site: Site) -> None:
    number = await file_issue(site.db)
    said = await do(site.db, customers.comment, number, by=ADA, body="My number is 12.", via="web")
    assert said.index
    await do(site.db, moderators.redact, number, by=MO, target=said.index, fields=("body",), reason="privacy_request")
    answered = await read(site, f"receipts/{said.index}.tlog-proof")
    proven = verify.check_receipt(answered.text, LOG)
    assert proven.leaf["event"] == "comment.posted"
    assert "body" not in proven.words
    assert "My number" not in answered.text


async def test_long_words_are_left_out_of_a_receipt_and_it_still_holds(site: Site) -> None:
    number = await file_issue(site.db, body="ü" * 20_000)
    async with site.db.reading() as tx:
        (filed, *_) = await record.of_issue(tx, number)
    answered = await read(site, f"receipts/{filed.index}.tlog-proof")
    assert max(map(len, answered.text.split("\n"))) < 65_100
    assert verify.check_receipt(answered.text, LOG).words.keys() == {"title", "author.name"}


@pytest.mark.parametrize("index", ["-1", "00", "99999", "1e3", "٣", "x", "9" * 400])
async def test_no_receipt_is_made_of_what_is_not_there(site: Site, index: str) -> None:
    told = await read(site, f"receipts/{index}.tlog-proof", 404)
    assert told.json()["detail"] == "The record has no such event."


async def test_many_who_ask_at_once_see_one_record(site: Site) -> None:
    await fill(site, 20)
    several = await asyncio.gather(*[signed(site) for _ in range(20)])
    assert len({each.text for each in several}) == 1


async def test_where_the_record_was_changed_nothing_is_signed_and_the_board_serves_on(
    site: Site, tmp_path: Path
) -> None:
    await file_issue(site.db)
    await signed(site)
    note = (tmp_path / "log.signed").read_text()
    (tmp_path / "log.signed").write_text(note.replace("\n", "\n9", 1))
    await file_issue(site.db)
    assert "signed" in (await read(site, "checkpoint", 503)).text
    ready = (await site.browser().get("/readyz")).json()
    assert ready["ready"]
    assert "old backup" in ready["signing"]
