"""The door of the live socket: who may come in, what may be asked, how much, and what the queue needs."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from board.store import company
from board.web import live
from tests.cast import BO, ROOT, file_issue
from tests.web.site import act
from tests.web.wire import Wire, hear


async def closed(socket: ClientConnection, *, after: int = 0) -> int | None:
    """The code with which the server closes the socket, after so many frames."""
    for _ in range(after):
        await hear(socket)
    with pytest.raises(ConnectionClosed):
        await hear(socket)
    return socket.close_code


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "https://board.example.evil", ""],
)
@pytest.mark.parametrize("topics", ["board", "queue"])
async def test_another_sites_page_is_refused_before_the_socket_is_accepted(
    quick_wire: Wire, origin: str, topics: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with quick_wire.socket(topics, origin=Origin(origin)):
            pass
    assert refused.value.response.status_code == 403


async def test_a_site_that_the_company_lists_follows_what_is_public_but_not_the_queue(quick_wire: Wire) -> None:
    async with quick_wire.db.saving() as tx:
        await company.save(tx, {"widget_origins": "https://shop.example"})
    async with quick_wire.socket("board", origin=Origin("https://shop.example")) as socket:
        assert (await hear(socket))["t"] == "hello"
    for topics, origin in (("queue", "https://shop.example"), ("board", "https://shop.example.evil")):
        with pytest.raises(InvalidStatus) as refused:
            async with quick_wire.socket(topics, origin=Origin(origin)):
                pass
        assert refused.value.response.status_code == 403


async def test_a_program_without_an_origin_follows_what_is_public_but_not_the_queue(quick_wire: Wire) -> None:
    async with quick_wire.socket("board", origin=None) as socket:
        assert (await hear(socket))["t"] == "hello"
    with pytest.raises(InvalidStatus) as refused:
        async with quick_wire.socket("queue", origin=None):
            pass
    assert refused.value.response.status_code == 403


BAD_TOPICS = [
    "", ",", "all", "board,board", "issue:", "issue:x", "issue:-1", "issue:1.0", "issue:" + "9" * 16, "issue:%D9%A1",
    "area:", "area:-", "area:a b", "area:ä", "area:" + "a" * 61, "board:1", "queue:1", "Board", "board\x00",
    ",".join(f"issue:{place}" for place in range(1, 22)),
]  # fmt: skip


async def test_topics_that_make_no_sense_are_refused_for_good(quick_wire: Wire) -> None:
    for topics in BAD_TOPICS:
        async with quick_wire.socket(topics) as socket:
            assert await closed(socket) == 4500, topics
        answer = await quick_wire.browser().get("/live/sse", params={"topics": topics})
        assert answer.status_code == 400, topics
    async with quick_wire.socket(",".join(f"issue:{place}" for place in range(1, 21))) as socket:
        assert (await hear(socket))["t"] == "hello"


async def test_a_cursor_that_makes_no_sense_is_refused_for_good(quick_wire: Wire) -> None:
    epoch = quick_wire.board.stream.epoch
    for after in (
        "x",
        "1:",
        f"{epoch}:",
        f"{epoch}:x",
        f"{epoch}:1.5",
        f"{epoch}:--1",
        f"{epoch}:" + "9" * 17,
        f"{epoch}:²",
    ):
        async with quick_wire.socket("board", after) as socket:
            assert await closed(socket, after=1) == 4500, after
        answer = await quick_wire.browser().get("/live/sse", params={"topics": "board", "after": after})
        assert answer.status_code == 400, after


async def ticket(wire: Wire, actor: Any = BO) -> str:
    answer = await (await wire.staff(actor)).post("/live/tickets")
    assert answer.status_code == 200
    return str(answer.json()["ticket"])


async def shown(socket: ClientConnection, secret: object) -> None:
    await socket.send(json.dumps({"t": "ticket", "ticket": secret}))


async def test_the_queue_is_followed_with_a_fresh_ticket(wire: Wire) -> None:
    await wire.settle_policy(moderation_policy="hold", mail_policy="optional")
    number = await file_issue(wire.db, title="A held kettle")
    await wire.cursor()
    async with wire.socket("queue", html=True) as socket:
        await shown(socket, await ticket(wire))
        assert (await hear(socket))["t"] == "hello"
        await act(await wire.staff(ROOT), number, "publication")
        frame = await hear(socket)
        assert (frame["topic"], frame["event"]) == ("queue", "issue.published")
        assert f'id="issue-{number}"' in frame["html"]
        assert "A held kettle" in frame["html"]


@pytest.mark.parametrize("topics", ["queue", "board,queue"])
async def test_the_queue_is_refused_without_a_ticket_of_its_own(quick_wire: Wire, topics: str) -> None:
    used = await ticket(quick_wire)
    async with quick_wire.socket("queue") as socket:
        await shown(socket, used)
        assert (await hear(socket))["t"] == "hello"
    bo = await quick_wire.staff(BO)
    cookie = {"Cookie": f"board={bo.cookies['board']}"}
    for secret in (used, "x", "", None, 5, ["x"], {"x": "y"}, "x" * 10_000, bo.cookies["board"]):
        async with quick_wire.socket(topics, additional_headers=cookie) as socket:
            await shown(socket, secret)
            assert await closed(socket) == 4503, secret
    for first in ("", "x", "[]", "null", '"x"', "[" * 5_000, b"\x00\xff"):
        async with quick_wire.socket(topics, additional_headers=cookie) as socket:
            await socket.send(first)
            assert await closed(socket) == 4503, first


async def test_the_queue_is_refused_to_whoever_shows_nothing_for_a_while(
    quick_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TICKET_S", 0.2)
    late = await ticket(quick_wire)
    async with quick_wire.socket("queue") as socket:
        assert await closed(socket) == 4503
    async with quick_wire.socket("queue") as socket:
        await shown(socket, late)
        assert await closed(socket) == 4503


async def test_a_ticket_is_for_staff_and_signs_nobody_in(quick_wire: Wire) -> None:
    number = await file_issue(quick_wire.db)
    for client in (quick_wire.browser(), await quick_wire.filer(number)):
        assert (await client.post("/live/tickets")).status_code == 403
    secret = await ticket(quick_wire)
    for look in (quick_wire.browser().get, quick_wire.browser().post):
        assert (await look(f"/signin/{secret}")).status_code == 404
    async with quick_wire.socket("queue") as socket:
        await shown(socket, secret)
        assert (await hear(socket))["t"] == "hello"


async def test_a_sign_in_link_is_no_ticket(quick_wire: Wire) -> None:
    root = await quick_wire.staff(ROOT)
    invited = await root.post(
        "/staff/settings/colleagues", data={"email": "di@board.example", "name": "Di", "role": "agent"}
    )
    secret = invited.text.split(f"{quick_wire.base}/signin/")[1].split("<")[0]
    async with quick_wire.socket("queue") as socket:
        await shown(socket, secret)
        assert await closed(socket) == 4503


async def test_one_address_has_at_most_thirty_sockets(quick_wire: Wire) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(quick_wire.board.settings.live_sockets):
            assert (await hear(await stack.enter_async_context(quick_wire.socket("board"))))["t"] == "hello"
        async with quick_wire.socket("board") as socket:
            assert await closed(socket) == 4504
        answer = await quick_wire.browser().get("/live/sse?topics=board")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    async with asyncio.timeout(5):
        while quick_wire.board.sockets:
            await asyncio.sleep(0.01)
    async with quick_wire.socket("board") as socket:
        assert (await hear(socket))["t"] == "hello"


async def test_who_talks_too_much_or_too_long_is_cut_off(quick_wire: Wire) -> None:
    async with quick_wire.socket("board") as socket:
        for _ in range(quick_wire.board.settings.live_messages + 1):
            await socket.send("x")
        assert await closed(socket, after=1) == 4009
    async with quick_wire.socket("board") as socket:
        for _ in range(quick_wire.board.settings.live_messages):
            await socket.send("x" * 16_000)
        assert (await hear(socket))["t"] == "hello"
    async with quick_wire.socket("board") as socket:
        await socket.send("x" * 16_385)
        assert await closed(socket, after=1) == 1009


async def test_the_protocol_is_named_only_where_it_was_offered(quick_wire: Wire) -> None:
    async with quick_wire.socket("board", subprotocols=None) as socket:
        assert socket.subprotocol is None
        assert (await hear(socket))["t"] == "hello"
