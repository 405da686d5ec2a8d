"""The live stream: its frames, what they hold and what they must not, on the socket and over server-sent events."""

import asyncio
import re
from contextlib import AsyncExitStack
from typing import Any

import pytest
import time_machine
from websockets.asyncio.client import ClientConnection

from board import stream
from board.actions import customers
from board.domain.people import STRANGER
from board.store.database import Tx
from board.web import fragments, live
from tests import cast
from tests.cast import BO, MO, file_issue, later
from tests.web.site import Site, act
from tests.web.wire import Events, Wire, hear, silent

SUMMARY = ["number", "title", "area", "state", "resolution", "confirmation", "visibility", "turn", "last_event"]


async def greeted(connection: ClientConnection | Events) -> dict[str, Any]:
    hello = await hear(connection)
    assert hello["t"] == "hello"
    return hello


async def test_a_socket_greets_with_the_epoch_and_the_head(quick_wire: Wire) -> None:
    await file_issue(quick_wire.db)
    await quick_wire.cursor()
    async with quick_wire.socket("board") as socket:
        assert socket.subprotocol == "board.v1"
        hello = await hear(socket)
        assert hello == {"t": "hello", "epoch": quick_wire.board.stream.epoch, "head": await quick_wire.head()}
        assert list(hello) == ["t", "epoch", "head"]


async def test_each_event_is_one_frame_with_its_chain_and_the_issue_in_short(wire: Wire) -> None:
    number = await file_issue(wire.db)
    before = await wire.head()
    async with wire.socket(f"issue:{number}", f"{wire.board.stream.epoch}:{before}") as socket:
        await greeted(socket)
        await act(wire.browser(), number, "comments", body="Mine too.")
        frame = await hear(socket)
    assert list(frame) == ["t", "topic", "seq", "prev", "event", "issue"]
    assert list(frame["issue"]) == SUMMARY
    assert frame == {
        "t": "event",
        "topic": f"issue:{number}",
        "seq": before + 1,
        "prev": before,
        "event": "comment.posted",
        "issue": {
            "number": number,
            "title": "The kettle leaks",
            "area": "service",
            "state": "new",
            "resolution": None,
            "confirmation": "none",
            "visibility": "public",
            "turn": "company",
            "last_event": before + 1,
        },
    }


async def test_a_frame_is_the_same_bytes_for_everybody_on_the_socket_and_over_sse(quick_wire: Wire) -> None:
    number = await file_issue(quick_wire.db)
    cookie = {"Cookie": f"board={(await quick_wire.staff(BO)).cookies['board']}"}
    start = await quick_wire.cursor()
    async with (
        quick_wire.socket("board", html=True) as one,
        quick_wire.socket("board", html=True, additional_headers=cookie) as staff,
        quick_wire.events("board", html=True) as events,
    ):
        for connection in (one, staff, events):
            assert (await hear(connection))["t"] == "hello"
        await act(quick_wire.browser(), number, "comments", body="Mine too.")
        frames = {await connection.recv() for connection in (one, staff, events)}
        async with quick_wire.socket("board", start, html=True) as late:
            await greeted(late)
            frames.add(await late.recv())
    assert len(frames) == 1


async def test_a_frame_is_made_once_for_all_who_wait_for_it(quick_wire: Wire) -> None:
    number = await file_issue(quick_wire.db)
    await quick_wire.cursor()
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(quick_wire.socket("board", html=True)) for _ in range(20)]
        for socket in sockets:
            await greeted(socket)
        for place in range(5):
            await act(quick_wire.browser(), number, "comments", body=f"Word {place}.")
        frames = [[await socket.recv() for _ in range(5)] for socket in sockets]
    assert all(heard == frames[0] for heard in frames)
    assert len(quick_wire.board.frames.kept) == 5


async def test_the_fragments_of_a_frame_are_those_of_the_page(wire: Wire) -> None:
    with time_machine.travel(later(days=100), tick=False):
        number, start = await file_issue(wire.db), await wire.cursor()
        mo, filer = await wire.staff(MO), await wire.filer(number)
        await act(mo, number, "updates", body="Which?", state="waiting_on_customer")
        await act(filer, number, "comments", body="The *blue* one.")
        await act(mo, number, "updates", body="Mended.", state="settled", resolution="fixed")
        await act(filer, number, "confirmation", body="Thanks!", grade="4")
        pages = {
            f"issue:{number}": (await wire.browser().get(f"/issues/{number}")).text,
            "board": (await wire.browser().get("/?state=all")).text,
        }
        for topic, page in pages.items():
            async with wire.socket(topic, start, html=True) as socket:
                await greeted(socket)
                html = ""
                while "issue.confirmed" not in html:
                    frame = await hear(socket)
                    html = frame["event"] + frame["html"]
            fragments = re.findall(r'<(?:li|header|section|dl|article|p) [^>]*?\bid="([\w-]+)"', frame["html"])
            assert {"headline", "clock", "side"} <= set(fragments) or fragments == [f"issue-{number}", "lead"]
            for name in fragments:
                assert element(frame["html"], name) == element(page, name), (topic, name)


async def test_a_frame_costs_the_same_however_much_was_said_in_the_issue(
    quick_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, number = quick_site.board, await file_issue(quick_site.db)
    read: list[int] = []
    rows, here = Tx.rows, asyncio.current_task()

    async def counted(tx: Tx, sql: str, **values: Any) -> list[dict[str, Any]]:
        found = await rows(tx, sql, **values)
        if asyncio.current_task() is here:
            read.append(len(found))
        return found

    async def frame_of_a_comment() -> list[int]:
        async with quick_site.db.writing(later(days=1)) as tx:
            await customers.comment(tx, number, by=STRANGER, body="It is late here, too.", via="api")
        await board.stream.keep_up()
        [happening] = (await board.stream.since(board.stream.head - 1, frozenset({"board"}))).happenings
        read.clear()
        with monkeypatch.context() as patched:
            patched.setattr(Tx, "rows", counted)
            assert "It is late" in await fragments.encode(board, happening, f"issue:{number}", html=True)
        return list(read)

    await frame_of_a_comment()
    costs = [await frame_of_a_comment() for _ in range(10)]
    assert costs == [costs[0]] * 10


def element(html: str, name: str) -> str:
    """The outer HTML of the element with this id, without the space between its lines."""
    start = re.search(rf'<(\w+) [^>]*?\bid="{name}"', html)
    assert start, name
    depth, place = 0, start.start()
    for tag in re.finditer(rf"<(/?){start[1]}\b", html[place:]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return " ".join(html[place : place + tag.start()].split())
    raise AssertionError(name)


async def test_events_of_what_is_not_shown_carry_no_words(wire: Wire) -> None:
    mo, start = await wire.staff(MO), await wire.cursor()
    await wire.settle_policy(moderation_policy="hold", mail_policy="optional")
    held = await file_issue(wire.db, title="A hidden kettle", body="Hidden steam.", name="Hilda")
    shown = await file_issue(wire.db, title="A shown kettle")
    await act(mo, shown, "publication")
    await act(wire.browser(), shown, "comments", body="Held steam.", name="Cy")
    await act(mo, shown, "updates", body="Removed steam.")
    await act(mo, shown, "removal", reason="privacy_request")
    topics = ("board", f"issue:{held},issue:{shown}", "area:service")
    for words in topics:
        for html in (True, False):
            async with wire.socket(words, start, html=html) as socket:
                await greeted(socket)
                seq, said = -1, ""
                while seq < await wire.head():
                    frame = await hear(socket)
                    seq, said = frame["seq"], said + repr(frame)
                    assert frame["issue"] is None or frame["issue"]["title"] is None
                    assert re.sub(r'<p class="lead".*?</p>', "", frame.get("html", ""), flags=re.S).strip() == ""
            assert not re.search("kettle|steam|Hilda|Cy", said)


async def test_no_frame_outlives_the_words_that_were_taken_out_of_it(wire: Wire) -> None:
    number, start = await file_issue(wire.db), await wire.cursor()
    async with wire.socket(f"issue:{number}", html=True) as socket:
        await greeted(socket)
        await act(wire.browser(), number, "comments", body="Ask Hilda Quill.", name="Cy")
        frame = await hear(socket)
        assert "Quill" in frame["html"]
    await wire.redact(number, target=str(frame["seq"]), fields="body author.name", reason="privacy_request")
    await wire.cursor()
    for follow in (wire.socket, wire.events):
        async with follow(f"issue:{number}", start, html=True) as late:
            await greeted(late)
            frames = [await hear(late) for _ in range(2)]
        assert [frame["event"] for frame in frames] == ["comment.posted", "text.redacted"]
        assert "Quill" not in repr(frames)


async def test_an_area_hears_of_an_issue_that_leaves_and_of_one_that_comes(wire: Wire) -> None:
    number, bo = await file_issue(wire.db), await wire.staff(BO)
    await wire.cursor()
    async with wire.socket("area:service") as left, wire.socket("area:returns") as reached:
        await greeted(left)
        await greeted(reached)
        await act(bo, number, "area", area="returns")
        frames = [await hear(left), await hear(reached)]
        assert [frame["event"] for frame in frames] == ["issue.moved"] * 2
        assert [frame["issue"]["area"] for frame in frames] == ["returns"] * 2
        assert frames[1]["prev"] == -1
        await act(wire.browser(), number, "comments", body="Hello?")
        assert (await hear(reached))["prev"] == frames[1]["seq"]
        assert await silent(left)


async def test_a_merge_and_a_split_reach_both_issues(wire: Wire) -> None:
    first, second, bo = (
        await file_issue(wire.db),
        await file_issue(wire.db, title="My kettle too"),
        await wire.staff(BO),
    )
    await wire.cursor()
    async with wire.socket(f"issue:{first}", html=True) as socket:
        await greeted(socket)
        await act(bo, second, "merge", into=str(first), body="The same.")
        merged = await hear(socket)
        assert (merged["event"], merged["issue"]["number"]) == ("issue.merged", second)
        assert "My kettle too" in merged["html"]
        await act(bo, second, "split", body="Another one.")
        split = await hear(socket)
        assert split["event"] == "issue.split"
        assert "My kettle too" not in split["html"]


async def test_a_quiet_topic_hears_how_far_the_record_has_come(
    quick_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "AT_EVERY_S", 0.2)
    quiet, busy = await file_issue(quick_wire.db), await file_issue(quick_wire.db)
    await quick_wire.cursor()
    async with quick_wire.socket(f"issue:{quiet}") as socket, quick_wire.events(f"issue:{quiet}") as events:
        await greeted(socket)
        await greeted(events)
        assert await silent(socket, 0.5)
        for place in range(3):
            await cast.answer(quick_wire.db, busy, body=f"{place}")
            assert await hear(socket) == {"t": "at", "seq": await quick_wire.head()}
            assert await hear(events) == {"t": "at", "seq": await quick_wire.head()}
            assert events.place == await quick_wire.cursor()
            await asyncio.sleep(0.25)


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that remembers four events, and calls whoever is more than 20 behind too far behind."""
    monkeypatch.setattr(stream, "TAIL", 4)
    monkeypatch.setattr(stream, "BEHIND", 20)


@pytest.mark.usefixtures("short_memory")
async def test_whoever_is_too_far_behind_on_a_topic_is_told_to_load_the_page_again(wire: Wire) -> None:
    quiet, start = await file_issue(wire.db), await wire.cursor()
    busy = await file_issue(wire.db)
    for place in range(12):
        await cast.answer(wire.db, busy, body=f"{place}")
        await act(wire.browser(), busy, "comments", body=f"{place}")
    await act(wire.browser(), quiet, "comments", body="Still there?")
    for topics in ("board", f"issue:{busy}", "area:service", f"issue:{quiet},issue:{busy}"):
        async with wire.socket(topics, start) as socket, wire.events(topics, start) as events:
            for connection in (socket, events):
                await greeted(connection)
                assert await hear(connection) == {"t": "reset", "reason": "behind"}
            await socket.wait_closed()
            assert socket.close_code == 1000
    async with wire.socket(f"issue:{quiet}", start) as socket:
        await greeted(socket)
        assert (await hear(socket))["event"] == "comment.posted"


async def test_a_cursor_of_another_epoch_or_of_the_future_is_told_to_load_the_page_again(quick_wire: Wire) -> None:
    await file_issue(quick_wire.db)
    epoch, head = quick_wire.board.stream.epoch, await quick_wire.head()
    for after in ("other:1", f"{epoch}x:{head}", f":{head}", f"{epoch}:{head + 1}"):
        async with quick_wire.socket("board", after) as socket, quick_wire.events("board", after) as events:
            for connection in (socket, events):
                await greeted(connection)
                assert await hear(connection) == {"t": "reset", "reason": "epoch"}


async def test_a_server_that_goes_away_says_goodbye_and_when_to_come_back(quick_wire: Wire) -> None:
    async with quick_wire.socket("board") as socket, quick_wire.events("board") as events:
        await greeted(socket)
        await greeted(events)
        quick_wire.board.stream.close()
        for connection in (socket, events):
            assert await hear(connection) == {"t": "bye", "retry_ms": [1000, 15000]}
        await socket.wait_closed()
        assert socket.close_code == 4001
