"""Open data: whole, safe, resumable; what is private is in none of it, and nobody waits for whoever takes it."""

import asyncio
import csv
import io
import json
import socket
import sys
import tracemalloc
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from board.domain import sheet
from board.domain.events import KINDS
from board.domain.leaf import format_time
from board.domain.proof import commitment, leaf_hash, unb64url
from board.store.export import export
from board.web import data, shapes
from tests.cast import BO, MO, ROOT, answer, file_issue
from tests.web.site import Site, act, furnish, opened, settings_for, words_of
from tests.web.wire import Wire

FILES = ("/data/events.jsonl", "/data/issues.csv", "/data/issues.parquet")


async def take(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    got = await client.get(path, headers=headers)
    assert got.status_code == 200, got.text
    return got


def indices(jsonl: str) -> list[int]:
    return [json.loads(json.loads(line)["leaf"])["index"] for line in jsonl.splitlines()]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_the_record_is_whole_line_by_line_and_as_the_api_tells_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "EVENTS", 3)
    number = await file_issue(site.db)
    await answer(site.db, number, body="Two\nlines, “quoted” and \u2028 more.")
    await act(await site.staff(MO), number, "updates", body="Mended.", state="settled", resolution="fixed")
    got = await take(site.browser(), "/data/events.jsonl")
    lines = [json.loads(line) for line in got.text.split("\n")[:-1]]
    assert {"events": lines}.items() <= (await site.browser().get("/api/v1/events?after=-1")).json().items()
    assert [json.loads(line["leaf"])["index"] for line in lines] == list(range(await site.head() + 1))
    for line in lines:
        assert unb64url(line["leaf_hash"]) == leaf_hash(line["leaf"].encode())
        for field, opening in line["openings"].items():
            made = commitment(unb64url(opening["salt"]), field, opening["value"])
            assert made == json.loads(line["leaf"])["commit"][field]


async def test_whoever_stopped_goes_on_behind_the_last_line(site: Site) -> None:
    for _ in range(3):
        await file_issue(site.db)
    anybody = site.browser()
    whole = (await take(anybody, "/data/events.jsonl")).text
    lines = whole.splitlines(keepends=True)
    for after in (-1, 0, 3, len(lines) - 1, len(lines) + 5):
        rest = (await take(anybody, f"/data/events.jsonl?after={after}")).text
        assert rest == "".join(lines[after + 1 :])
    cells = (await take(anybody, "/data/issues.csv")).text.splitlines(keepends=True)
    assert (await take(anybody, "/data/issues.csv?after=1")).text == "".join(cells[2:])
    for path in ("/data/events.jsonl?after=x", "/data/issues.csv?after=-5"):
        assert (await anybody.get(path)).status_code == 422


async def test_a_copy_that_was_cut_off_in_a_line_is_made_whole(wire: Wire) -> None:
    """As a program does it whose line broke: it keeps whole lines, and asks for what comes behind the last one."""
    number = await file_issue(wire.db)
    for place in range(150):
        await answer(wire.db, number, body=f"{place} " + "x" * 4_000)
    kept, asked = "", 0
    while not kept or indices(kept)[-1] < await wire.head():
        after, part = (indices(kept)[-1] if kept else -1), b""
        async with wire.browser().stream("GET", f"/data/events.jsonl?after={after}") as got:
            async for piece in got.aiter_bytes(30_000):
                part += piece
                if len(part) > 200_000:
                    break  # here the line breaks
        kept += part[: part.rindex(b"\n") + 1].decode()
        asked += 1
    assert asked > 2
    assert kept == (await take(wire.browser(), "/data/events.jsonl")).text
    async with asyncio.timeout(10):
        while wire.board.copies:  # those who left are missed soon
            await asyncio.sleep(0.05)


async def test_erased_words_are_in_no_later_copy_and_an_event_tells_of_them(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await act(site.browser(), number, "comments", body="Xylophone.")
    before = await take(anybody, "/data/events.jsonl")
    assert "Xylophone" in before.text
    said = indices(before.text)[-1]
    await site.redact(number, target=str(said), fields="body", reason="abuse")
    after = await take(anybody, "/data/events.jsonl", **{"if-none-match": before.headers["etag"]})
    assert "Xylophone" not in after.text
    assert json.loads(after.text.splitlines()[said])["redactions"] == {
        "body": {"by_event": indices(after.text)[-1], "reason": "abuse"}
    }
    [last] = (await take(anybody, f"/data/events.jsonl?after={await site.head() - 1}")).text.splitlines()
    told = json.loads(json.loads(last)["leaf"])
    assert (told["event"], told["target"], told["fields"]) == ("text.redacted", said, ["body"])


async def test_the_table_is_what_the_command_line_writes(site: Site, tmp_path: Path) -> None:
    for title in ("=1+1", '"Quoted", with a comma', " @tea", "Plain — and “typographic”"):
        await file_issue(site.db, title=title)
    await act(await site.staff(MO), 4, "removal", reason="threat")
    got = await take(site.browser(), "/data/issues.csv")
    assert got.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    await export(site.db, tmp_path / "out", private=False)
    assert got.content == (tmp_path / "out" / "issues.csv").read_bytes()
    assert (await take(site.browser(), "/data/events.jsonl")).content == (tmp_path / "out/record.jsonl").read_bytes()
    assert got.content.count(b"\r\n") == got.content.count(b"\n") == 5
    rows = table(got.text)
    assert [row["title"] for row in rows] == ["'=1+1", '"Quoted", with a comma', "'@tea", ""]
    assert list(rows[0]) == [column.name for column in sheet.COLUMNS]


async def test_parquet_holds_the_same_with_types(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(data, "ROWS", 2)
    monkeypatch.setattr(data, "GROUP", 3)
    for _ in range(7):
        await answer(site.db, await file_issue(site.db, title="=1+1"))
    got = await take(site.browser(), "/data/issues.parquet")
    file = parquet.ParquetFile(io.BytesIO(got.content))
    assert file.num_row_groups == 2  # of four and three
    assert [str(field.type) for field in file.schema_arrow][:2] == ["int64", "string"]
    assert file.schema_arrow.field("title").metadata[b"description"].startswith(b"Its title")
    rows = file.read().to_pylist()
    cells = table((await take(site.browser(), "/data/issues.csv")).text)
    assert [{name: as_cell(value) for name, value in row.items()} for row in rows] == cells


def as_cell(value: Any) -> str:
    return "" if value is None else format_time(value) if isinstance(value, datetime) else str(sheet.cell(value))


async def test_without_the_library_the_page_says_so(quick_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    anybody = quick_site.browser(strict=False)
    assert 'href="/data/issues.parquet"' in (await anybody.get("/data/")).text
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    quick_site.board.memory.forget_all()
    gone = await anybody.get("/data/issues.parquet")
    assert gone.status_code == 501
    assert "board[parquet]" in words_of(gone.text)
    page = (await anybody.get("/data/")).text
    assert 'href="/data/issues.parquet"' not in page


@pytest.mark.parametrize("path", FILES)
async def test_who_has_the_file_is_told_that_nothing_is_new(site: Site, path: str) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    tags = set()
    for accepted in ("gzip", "identity"):
        got = await take(anybody, path, **{"accept-encoding": accepted})
        assert got.headers.get("content-encoding") == (accepted if accepted == "gzip" else None)
        assert got.headers["board-head"] == f"{site.board.stream.epoch}:{await site.head()}"
        tag = got.headers["etag"]
        again = await anybody.get(path, headers={"if-none-match": f'"x", W/{tag}', "accept-encoding": accepted})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        tags.add(tag)
    assert len(tags) == 2  # strong ones: other bytes, another tag
    told, head = (await take(anybody, path)).headers, await anybody.head(path)
    assert (head.status_code, head.content, dict(head.headers)) == (200, b"", dict(told))
    await act(site.browser(), number, "comments", body="Me, too.")
    assert (await anybody.get(path, headers={"if-none-match": tag, "accept-encoding": "identity"})).status_code == 200


async def test_the_table_is_new_when_somebody_has_it_too(quick_site: Site) -> None:
    """It is counted without an event."""
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    tag = (await take(anybody, "/data/issues.csv")).headers["etag"]
    record = (await take(anybody, "/data/events.jsonl")).headers["etag"]
    await act(quick_site.browser(), number, "mine-too")
    got = await take(anybody, "/data/issues.csv", **{"if-none-match": tag})
    assert table(got.text)[0]["mine_too"] == "1"
    assert (await anybody.get("/data/events.jsonl", headers={"if-none-match": record})).status_code == 304


async def test_what_happens_while_a_copy_goes_out_is_not_in_it_twice_and_nothing_is_missed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "EVENTS", 2)
    number = await file_issue(site.db)
    head, seen = await site.head(), b""
    async for piece in data.lines(site.board, -1, head):
        seen += piece
        await act(await site.staff(BO), number, "updates", body="Meanwhile.")
    assert indices(seen.decode()) == list(range(head + 1))
    rest = (await take(site.browser(), f"/data/events.jsonl?after={head}")).text
    assert indices(seen.decode() + rest) == list(range(await site.head() + 1))


async def test_one_place_takes_two_copies_at_once_and_gives_its_turn_back(wire: Wire) -> None:
    await file_issue(wire.db)
    gate = asyncio.Event()

    async def slow() -> Any:
        yield b"one\n"
        await gate.wait()
        yield b"two\n"

    made = [data.slices(wire.board, "192.0.2.1", slow()) for _ in range(2)]
    for each in made:
        await anext(each)
    assert wire.board.copies == {"192.0.2.1": 2}
    wire.board.copies["127.0.0.1"] = 2
    anybody = wire.browser()
    full = await anybody.get("/data/issues.csv")
    assert (full.status_code, full.headers["retry-after"]) == (429, "60")
    del wire.board.copies["127.0.0.1"]
    assert (await anybody.get("/data/issues.csv")).status_code == 200
    gate.set()
    for each in made:
        assert [piece async for piece in each] == [b"two\n"]
    assert wire.board.copies == {}


async def test_a_place_may_take_so_many_copies_and_unchanged_ones_cost_nothing(url: str, tmp_path: Path) -> None:
    await furnish(url, copy_burst=2)
    async with opened(settings_for(url, tmp_path)) as site:
        anybody = site.browser()
        tag = (await take(anybody, "/data/events.jsonl")).headers["etag"]
        for _ in range(5):
            assert (await anybody.get("/data/events.jsonl", headers={"if-none-match": tag})).status_code == 304
            assert (await anybody.head("/data/events.jsonl")).status_code == 200
        await take(anybody, "/data/issues.csv")
        full = await anybody.get("/data/issues.csv")
        assert (full.status_code, int(full.headers["retry-after"]) > 0) == (429, True)


async def test_who_takes_nothing_is_let_go_and_their_turn_is_free(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "STALLED_S", 0.3)
    await furnish_with_much(wire)
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # so that the system takes no more than a little for it
    slow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", int(wire.base.rpartition(":")[2])))
    reader, writer = await asyncio.open_connection(sock=slow, limit=1_000)
    writer.write(b"GET /data/events.jsonl HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.2)
    assert wire.board.copies.total() == 1
    async with asyncio.timeout(10):
        while wire.board.copies:
            await asyncio.sleep(0.05)
    assert not (await reader.read()).endswith(b"0\r\n\r\n")  # it has no end
    writer.close()


async def furnish_with_much(wire: Wire) -> None:
    """More words than the connection takes unread."""
    number = await file_issue(wire.db)
    for _ in range(120):
        await answer(wire.db, number, body="\U0001f375" * 19_000)


async def test_a_large_record_is_never_held_in_memory(quick_site: Site) -> None:
    number = await file_issue(quick_site.db)
    for _ in range(300):
        await answer(quick_site.db, number, body="x" * 19_000)
    head, size = await quick_site.head(), 0
    tracemalloc.start()
    async for piece in data.slices(quick_site.board, "x", data.lines(quick_site.board, -1, head)):
        size += len(piece)
        assert len(piece) <= data.SLICE
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 5_700_000
    # A piece as rows, as lines, as one text, and as bytes; half of the events hold words.
    assert most < 5 * data.EVENTS * 20_000


async def test_the_page_says_what_each_part_means_and_how_new_it_is(quick_site: Site) -> None:
    await file_issue(quick_site.db)
    anybody = quick_site.browser()
    page = (await anybody.get("/data/")).text
    assert data.LINE.keys() == set(shapes.Event.__struct_fields__)
    for name in (*KINDS, *data.LINE, *sheet.NAMES):
        assert f"<code>{name}</code>" in page, name
    for column in sheet.COLUMNS:
        assert column.meaning in unescape(page)
    assert "None is given." in page
    assert '<time datetime="2026-03-02T12:00:00Z"' in page
    root = await quick_site.staff(ROOT)
    await root.post(
        "/staff/settings/texts", data={"rules": "", "about": "", "licence": "CC BY 4.0, https://cc.example/by"}
    )
    page = (await anybody.get("/data/")).text
    assert "CC BY 4.0" in page
    assert '<a href="https://cc.example/by"' in page
    assert (await anybody.get("/data", follow_redirects=True)).status_code == 200
