"""A mail server hands over what came: with the token it counts, without it nothing does."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from board.followers import fetching
from tests.actions.test_mailbox import report
from tests.actions.test_replying import reply
from tests.cast import BO
from tests.imap import folder
from tests.web.site import Site, file_issue, running, words_of

TOKEN = "a token of the tests that nobody guesses"
ALLOWED = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "message/rfc822"}


@pytest.fixture
async def mailed(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A board with a mailbox."""
    given = {"mail_inbox": "in@board.example", "mail_authserv": "mx.board.example", "mail_token": TOKEN}
    async with running(sqlite_url, tmp_path, **given) as site:
        yield site


async def test_an_answer_by_mail_stands_on_the_page(mailed: Site) -> None:
    number = await file_issue(mailed.browser(), email="ada@home.example")
    await mailed.want_mail(number)
    raw = reply(mailed.board.links.tag("filed", number), "It leaks at the **spout**.")
    server = mailed.browser()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
        assert (await server.post("/inbound/mail", content=raw, headers=headers)).status_code == 403
    answers = [await server.post("/inbound/mail", content=raw, headers=ALLOWED) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [
        (200, {"outcome": "published"}),
        (200, {"outcome": "known"}),
    ]
    assert "It leaks at the spout ." in words_of((await server.get(f"/issues/{number}")).text)
    away = await server.post("/inbound/mail", content=report(1, "5.1.1", to="nobody@board.example"), headers=ALLOWED)
    assert away.json() == {"outcome": "ignored"}


async def test_a_running_board_reads_its_mailbox(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LOOK_EVERY_S", 0.05)
    async with folder() as box:
        given = {"mail_inbox": "in@board.example", "mail_authserv": "mx.board.example", "imap_url": box.url}
        async with running(sqlite_url, tmp_path, **given) as site:
            number = await file_issue(site.browser(), email="ada@home.example")
            await site.want_mail(number)
            box.deliver(reply(site.board.links.tag("filed", number), "It leaks at the spout."))
            async with asyncio.timeout(20):
                while box.flags != {1: {"\\Seen"}}:
                    await asyncio.sleep(0.02)
            assert "It leaks at the spout." in words_of((await site.browser().get(f"/issues/{number}")).text)


async def test_a_mailbox_that_cannot_be_read_is_told_where_staff_look(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LOOK_EVERY_S", 0.05)
    async with folder() as box:
        box.breaks_at = "SELECT"
        async with running(url, tmp_path, mail_inbox="in@board.example", imap_url=box.url) as site:
            bo, au = await site.staff(BO), await site.auditor()

            async def told() -> str:
                return words_of((await bo.get("/staff/outbox")).text)

            async def late() -> int:
                return int((await bo.get("/readyz")).json()["late_s"]["mailbox"])

            async with asyncio.timeout(20):
                while "the board cannot read its mailbox" not in await told():
                    await asyncio.sleep(0.02)
            async with site.db.saving() as tx:
                await tx.run("UPDATE troubles SET since_ms = since_ms - 7200000, said = 'ada@home.example: no'")
            assert re.search(r"Since \d+ \w+ \d+, \d\d:\d\d UTC the board cannot read its mailbox\.", await told())
            assert "check BOARD_IMAP_URL" in await told()
            assert "ada@home.example" in await told()
            assert "ada@home.example" not in (await au.get("/staff/outbox")).text
            assert 7_200 <= await late() < 7_300
            box.breaks_at = None
            async with asyncio.timeout(20):
                while "the board cannot read its mailbox" in await told():
                    await asyncio.sleep(0.02)
            assert await late() == 0


async def test_a_mail_with_pictures_fits_and_only_with_the_token(mailed: Site) -> None:
    raw, server = b"Subject: x\r\n\r\n" + b"x" * 1_000_000, mailed.browser()
    assert (await server.post("/inbound/mail", content=raw, headers=ALLOWED)).json() == {"outcome": "ignored"}
    assert (await server.post("/inbound/mail", content=raw)).status_code == 413


async def test_without_a_token_of_the_operators_nothing_is_taken(quick_site: Site) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        answer = await quick_site.browser().post("/inbound/mail", content=b"x", headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"].startswith("application/problem+json")
