"""A message arrives, whatever the mail server or the sender does: none is lost, and none comes a third time."""

import asyncio
import os
import signal
import ssl
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from board.domain import faults
from board.domain.letters import Letter
from board.followers import sending
from board.followers.writing import Post
from board.store import bounces, outbox
from board.store.database import Database
from tests.cast import LINKS, NOON, later, say
from tests.followers.postbox import Postbox, free_port, postbox

POST = Post(None, "Tea <tea@board.example>", LINKS, say, inbox="in@board.example")


async def put(db: Database, count: int = 1) -> None:
    async with db.saving() as tx:
        for number in range(count):
            letter = Letter(subject=f"Letter {number}", paragraphs=(".hidden", "Über alles\n.", "."))
            to = f"eve{number}@home.example"
            await outbox.put(tx, message_id=f"letter.{number}", recipient=to, letter=letter, now_ms=0)


async def states(db: Database) -> list[tuple[str, str | None]]:
    """What became of each message, oldest first: its state, and the kind of its fault."""
    async with db.reading() as tx:
        rows = (await outbox.newest(tx, limit=100))[::-1]
    kinds = [faults.read(row["error"] or "") for row in rows]
    return [(row["state"], kind.kind if kind else None) for row, kind in zip(rows, kinds, strict=True)]


def copies(box: Postbox) -> list[int]:
    """How many times each Message-ID came."""
    return sorted(Counter(mail["Message-ID"] for mail in box.mails).values())


async def test_a_line_cut_after_the_final_dot_brings_the_same_message_once_more(db: Database) -> None:
    await put(db, 3)
    with postbox() as box:
        box.drops = 2
        post = replace(POST, url=box.url)
        await sending.send_due(db, post, NOON)
        assert sorted(await states(db)) == [("queued", "unsure"), ("queued", "unsure"), ("sent", None)]
        await sending.send_due(db, post, later(minutes=1))
    assert copies(box) == [1, 2, 2]
    assert await states(db) == [("sent", None)] * 3


async def test_what_may_have_arrived_twice_is_sent_again_only_by_a_person(db: Database) -> None:
    await put(db)
    with postbox() as box:
        box.drops = 5
        post = replace(POST, url=box.url)
        for hours in range(4):
            await sending.send_due(db, post, later(hours=hours))
        assert (copies(box), await states(db)) == ([2], [("failed", "unknown")])
        async with db.saving() as tx:
            await outbox.try_now(tx, 1, 0)
        box.drops = 0
        await sending.send_due(db, post, later(days=1))
    assert (copies(box), await states(db)) == ([3], [("sent", None)])


async def run(url: str, smtp_url: str, hours: int) -> asyncio.subprocess.Process:
    at = later(hours=hours).isoformat()
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.followers.sender", url, smtp_url, at, env={**os.environ}
    )


@pytest.mark.timeout(60)
async def test_kills_of_the_sender_lose_nothing_and_bring_nothing_a_third_time(url: str, db: Database) -> None:
    await put(db, 16)
    ends: list[int | None] = []
    with postbox() as box:
        for hours, moment in enumerate(("at_mail", "at_recipient", None)):
            process = await run(url, box.url, hours)
            killing = KillAtThird(process.pid)
            box.at_mail = box.at_recipient = int
            if moment:
                setattr(box, moment, killing)
            ends.append(await process.wait())
    assert ends == [-signal.SIGKILL] * 2 + [0]
    assert len(copies(box)) == 16
    assert max(copies(box)) <= 2
    assert await states(db) == [("sent", None)] * 16


class KillAtThird:
    """Kills the process when it is called for the third time."""

    def __init__(self, pid: int) -> None:
        self.pid, self.calls = pid, 0

    def __call__(self, _: int) -> None:
        self.calls += 1
        if self.calls == 3:
            os.kill(self.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("451 4.2.1 come later", "later"),
        ("550 5.7.1 relaying denied", "refused"),
        ("550 relay not permitted", "refused"),
        ("552 5.2.2 mailbox full", "refused"),
    ],
)
async def test_a_recipient_that_is_not_taken_now_is_asked_for_again(db: Database, answer: str, kind: str) -> None:
    await put(db)
    with postbox() as box:
        box.refused = {"eve0@home.example": answer}
        await sending.send_due(db, replace(POST, url=box.url), NOON)
        assert await states(db) == [("queued", kind)]
        box.refused = {}
        await sending.send_due(db, replace(POST, url=box.url), later(minutes=1))
    assert (copies(box), await states(db)) == ([1], [("sent", None)])


@pytest.mark.parametrize("said", ["5.1.1 no such user", "Unknown user"])
async def test_an_address_that_is_refused_for_good_fails_at_once_and_gets_nothing_more(db: Database, said: str) -> None:
    await put(db, 2)
    with postbox() as box:
        box.refused = {"eve0@home.example": f"550 {said}"}
        await sending.send_due(db, replace(POST, url=box.url), NOON)
    assert await states(db) == [("failed", "recipient"), ("sent", None)]
    async with db.saving() as tx:
        found = await bounces.stopped(tx, "eve0@home.example")
        assert (found or {})["why"] == f"550 {said}"
        assert await bounces.stopped(tx, "eve1@home.example") is None


async def test_each_message_has_a_return_path_of_its_own_and_arrives_as_it_was_written(db: Database) -> None:
    await put(db, 2)
    with postbox() as box:
        await sending.send_due(db, replace(POST, url=box.url), NOON)
    assert sorted(box.paths) == sorted(f"in+{LINKS.tag('bounce', number)}@board.example" for number in (1, 2))
    part = box.mails[0].get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n") == ".hidden\n\nÜber alles\n.\n\n.\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, NOON - timedelta(days=1), NOON + timedelta(days=9_000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(pem))
    return file


def safe(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(params=["smtp", "smtps"])
def safe_box(request: pytest.FixtureRequest, certificate: Path) -> Iterator[Postbox]:
    """A mail server that takes nothing in the clear, and nothing from whoever has not signed in."""

    def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"tea", b"p@ss"), handled=False)

    way = {"tls_context": safe(certificate), "require_starttls": True, "auth_required": True}
    if request.param == "smtps":
        way = {"ssl_context": safe(certificate), "auth_require_tls": False}
    with postbox(request.param, "localhost", authenticator=sign_in, **way) as box:
        yield box


async def test_mail_goes_out_encrypted_and_signed_in(
    db: Database, safe_box: Postbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(db)
    with_name = safe_box.url.replace("//", "//tea:p%40ss@")
    await sending.send_due(db, replace(POST, url=with_name), NOON)
    assert await states(db) == [("queued", "insecure")]  # nobody vouches for the server
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await sending.send_due(db, replace(POST, url=with_name.replace("p%40ss", "wrong")), later(minutes=1))
    assert await states(db) == [("queued", "sign_in")]
    await sending.send_due(db, replace(POST, url=with_name), later(hours=1))
    assert (copies(safe_box), await states(db)) == ([1], [("sent", None)])


async def test_what_no_mail_server_answers_has_words_that_say_what_to_do(db: Database) -> None:
    await put(db)
    await sending.send_due(db, replace(POST, url=f"smtp://127.0.0.1:{free_port()}"), NOON)
    assert await states(db) == [("queued", "absent")]
    assert "BOARD_SMTP_URL" in faults.WORDS["absent"]
    assert faults.read("SMTPException: of an older release") is None


async def test_a_password_goes_to_another_machine_only_encrypted(db: Database) -> None:
    await put(db)
    asked: list[object] = []

    def sign_in(*given: object) -> AuthResult:
        asked.append(given)
        return AuthResult(success=True)

    with postbox("smtp", "localhost", authenticator=sign_in, auth_require_tls=False) as box:
        elsewhere = box.url.replace("//localhost:", "//ada:secret@0.0.0.0:")  # an address like any other
        await sending.send_due(db, replace(POST, url=elsewhere), NOON)
        assert (asked, box.mails, await states(db)) == ([], [], [("queued", "insecure")])
        here = box.url.replace("//localhost:", "//ada:secret@localhost:")
        await sending.send_due(db, replace(POST, url=here), later(hours=1))
    assert len(asked) == 1
    assert await states(db) == [("sent", None)]
