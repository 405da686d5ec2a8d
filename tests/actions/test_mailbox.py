"""What comes back stops what would go there; anybody can say that an address works again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.actions import mailbox, replying
from board.actions.replying import Mailbox
from board.domain import faults, returned
from board.domain.letters import Letter
from board.domain.replies import has_files, is_automatic, own_words
from board.store import bounces, outbox
from board.store.database import Database
from tests.cast import LINKS, NOON, later, say

BOX = Mailbox("in@board.example", LINKS, say, b"a key for the tests")
EVE = "eve@home.example"
REPORT = """\
Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_mx"

--=_mx
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--=_mx
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 2 Mar 2026 12:00:00 +0000

Final-Recipient: rfc822; eve@home.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <eve@home.example>: said no

--=_mx
Content-Type: message/rfc822

From: board@board.example
Subject: Letter

Hello.
--=_mx--
"""


async def sent(db: Database, name: str = "one", *, state: str = "sent") -> int:
    """A letter that went out to Eve; its number."""
    async with db.saving() as tx:
        await outbox.put(tx, message_id=name, recipient=EVE, letter=Letter(subject="x", paragraphs=()), now_ms=0)
        row = (await outbox.newest(tx, limit=1))[0]
        await outbox.settle(tx, row["id"], state=state, tries=1, unsure=0, retry_ms=0, error=None, until_ms=0)
    return int(row["id"])


def report(number: int, status: str, action: str = "failed", **changes: Any) -> bytes:
    to = changes.get("to", f"in+{LINKS.tag('bounce', number)}@board.example")
    return REPORT.format(to=to, status=status, action=action).replace("\n", "\r\n").encode()


async def receive(db: Database, raw: bytes, at: datetime = NOON) -> str:
    return await mailbox.receive(db, raw, BOX, at)


async def is_stopped(db: Database) -> bool:
    async with db.reading() as tx:
        return await bounces.stopped(tx, EVE) is not None


async def kinds(db: Database) -> list[str | None]:
    """The fault of each letter, oldest first."""
    async with db.reading() as tx:
        rows = (await outbox.newest(tx, limit=9))[::-1]
    return [fault.kind if (fault := faults.read(row["error"] or "")) else None for row in rows]


@pytest.mark.parametrize("status", ["5.1.1", "5.1.10", "5.0.0", "5.2.1"])
async def test_an_address_that_is_gone_gets_nothing_more_until_somebody_says_so(db: Database, status: str) -> None:
    number = await sent(db)
    async with db.saving() as tx:
        letter = Letter(subject="x", paragraphs=())
        await outbox.put(tx, message_id="waits", recipient=EVE, letter=letter, now_ms=0)
    assert await receive(db, report(number, status)) == "returned"
    assert await is_stopped(db)
    async with db.saving() as tx:
        await outbox.put(tx, message_id="new", recipient=EVE, letter=letter, now_ms=0)
        assert await outbox.due(tx, 10, limit=9) == []
    assert await kinds(db) == ["returned", "stopped", "stopped"]
    async with db.saving() as tx:
        await mailbox.send_again(tx, EVE)
        await outbox.put(tx, message_id="again", recipient=EVE, letter=letter, now_ms=0)
        assert len(await outbox.due(tx, 10, limit=9)) == 1


@pytest.mark.parametrize("status", ["5.2.2", "4.4.7", "5.7.1"])
async def test_an_address_that_is_busy_for_long_gets_nothing_more(db: Database, status: str) -> None:
    for day in range(5):
        assert not await is_stopped(db)
        for letter in range(3):  # of one day, one counts
            number = await sent(db, f"{day} {letter}")
            at = NOON + timedelta(days=day, minutes=letter)
            assert await receive(db, report(number, status), at) == "returned"
    assert await is_stopped(db)


async def test_bounces_of_long_ago_do_not_count(db: Database) -> None:
    for day in (0, 1, 2, 3, 30, 31, 32, 33):
        await receive(db, report(await sent(db, str(day)), "5.2.2"), later(days=day))
    assert not await is_stopped(db)


async def test_what_is_no_report_of_a_failure_changes_nothing(db: Database) -> None:
    number, waiting = await sent(db), await sent(db, "two", state="queued")
    own = f"in+{LINKS.tag('bounce', number)}@board.example"
    away = f"To: {own}\r\nAuto-Submitted: auto-replied\r\nSubject: I am away\r\n\r\n550 5.1.1".encode()
    forged = f"in+bounce-{number}-aaaaaaaaaaaaaaaaaaaa@board.example"
    other = own.replace("board.example", "board.example.evil.example")
    for raw in (
        report(number, "4.4.1", action="delayed"),
        report(number, "2.0.0", action="delivered"),
        report(number, "5.1.1", to=forged),
        report(number, "5.1.1", to=other),
        report(number, "5.1.1", to="in@board.example"),
        report(waiting, "5.1.1"),
        report(number + 9, "5.1.1"),
        away,
        b"\xff\x00 nothing",
        b"To: =?utf-8?q?" + own.encode() + b"\r\nContent-Type: multipart/report; boundary=\r\n\r\n",
        b"",
    ):
        assert await receive(db, raw) == "ignored"
    assert not await is_stopped(db)


async def test_a_message_of_parts_in_parts_without_end_is_left_alone(db: Database) -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(3000))
    assert await receive(db, deep) == "ignored"


async def test_a_report_counts_once_however_often_it_is_read(db: Database) -> None:
    raw = report(await sent(db), "5.1.1")
    assert [await receive(db, raw) for _ in range(2)] == ["returned", "known"]
    async with db.saving() as tx:
        await mailbox.send_again(tx, EVE)
    assert await receive(db, raw) == "known"
    assert not await is_stopped(db)


HEADERS = ("To", "From", "Content-Type", "Content-Transfer-Encoding", "Authentication-Results", "Action", "Precedence")
TYPES = ("multipart/report; boundary=x", "multipart/mixed; boundary=x", "text/html; charset=x", "message/rfc822")


@given(
    st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from([*TYPES, ""]), st.binary(max_size=40))),
    st.binary(max_size=200),
)
def test_no_message_breaks_what_reads_it(headers: list[tuple[str, str, bytes]], body: bytes) -> None:
    lines = [f"{name}: {kind}".encode() + more for name, kind, more in headers]
    message = mailbox.read(b"\r\n".join([*lines, b"", b"--x", b"", body, b"--x--"]))
    assert mailbox.tag_of(message, BOX) is None
    assert returned.read(message) is None or "Action" in str(message)
    assert isinstance(own_words(message), str)
    assert has_files(message) in (True, False)
    raw = [(name, str(value)) for name, value in message.raw_items()]
    assert is_automatic(raw, ()) in (True, False)
    assert replying.suspicion(raw, EVE, "mx.example") in (None, (), ("sender",))
