"""`board open` against a real server: filed once, with a receipt, and nothing private by accident."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from board.__main__ import main
from board.commands.calls import Board, Refusal
from board.commands.open import Filing, explained, parted, send
from board.commands.prove import prove
from board.domain import following
from board.domain.proof import b64url, leaf_hash
from board.store import moderation
from board.web import proof
from tests.soundness import assert_sound
from tests.web.wire import Wire, served

PATIENCE_S = 120.0
PHONE = "+49 170 1234567"


@dataclass
class Said:
    """How the command ended and what it printed."""

    status: int
    out: str
    err: str


async def run(wire: Wire, *options: str, given: str | None = None) -> Said:
    command = [sys.executable, "-m", "board", "open", wire.base, *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate((given or "").encode())
    return Said(process.returncode or 0, out.decode(), err.decode())


async def filed(wire: Wire) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await wire.browser().get("/api/v1/issues")).json()["issues"]
    return found


async def test_an_issue_is_filed_from_a_terminal_with_its_receipt(sqlite_url: str, tmp_path: Path) -> None:
    receipt, private = tmp_path / "receipt.txt", tmp_path / "private.txt"
    private.write_text("My number is 17.", encoding="utf-8")
    async with served(sqlite_url, tmp_path / "data") as wire:
        options = ("--area", "service", "--name", "Ada", "--private", str(private), "--receipt", str(receipt))
        said = await run(wire, *options, given="My kettle leaks.\n\nAt the handle.")
        assert (said.status, said.err) == (0, "")
        issue, link, kept = said.out.splitlines()
        assert issue == f"Issue 1 is filed: {wire.base}/issues/1"
        assert link.startswith(f"Your private link, for you alone: {wire.base}/mine/1-")
        assert kept == f"The receipt is in {receipt}."
        entry, _, _, fingerprint = receipt.read_text(encoding="utf-8").splitlines()[6:10]
        assert fingerprint == b64url(leaf_hash(entry.encode()))
        assert receipt.stat().st_mode & 0o777 == 0o600
        assert [(one["title"], one["body"], one["area"]) for one in await filed(wire)] == [
            ("My kettle leaks. At the handle", "My kettle leaks.\n\nAt the handle.", "service")
        ]
        again = await run(wire, "--body", "x", "--receipt", str(receipt))
        assert (again.status, "is there already" in again.err) == (2, True)
        as_json = await run(wire, "--json", "--title", "Second", "--body", "Words", "--area", "returns")
        answer = json.loads(as_json.out)
        assert (answer["number"], answer["visibility"]) == (2, "public")
        await assert_sound(wire.board.db)


async def test_what_looks_private_is_shown_and_published_only_where_that_is_said(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with served(sqlite_url, tmp_path / "data") as wire:
        said = await run(wire, "--area", "service", given=f"Please call {PHONE} today.")
        assert (said.status, said.out) == (1, "")
        assert f"  phone number, in the body: …Please call [{PHONE}] today.…" in said.err
        assert await filed(wire) == []
        said = await run(wire, "--area", "service", "--public", given=f"Please call {PHONE} today.")
        assert said.status == 0
        assert [one["body"] for one in await filed(wire)] == [f"Please call {PHONE} today."]


async def test_what_the_board_refuses_is_told_in_plain_words(sqlite_url: str, tmp_path: Path) -> None:
    async with served(sqlite_url, tmp_path / "data") as wire:
        said = await run(wire, "--title", "ab", "--body", "Words", "--mail", "nobody")
        assert (said.status, said.out) == (1, "")
        assert said.err.startswith("board: nothing was filed: title: Give a title of at least 3 characters")
        assert "; email: This does not look like a mail address." in said.err
        assert await filed(wire) == []


async def test_doubtful_words_are_proven_and_public_at_once(sqlite_url: str, tmp_path: Path) -> None:
    spam = "Wonderful kettles of gold for everybody who writes to us today, and only today"
    async with served(sqlite_url, tmp_path / "data") as wire:
        for _ in range(5):
            assert (await wire.browser().post("/api/v1/issues", json={"body": spam, "area": "service"})).is_success
        async with wire.board.db.reading() as tx:
            assert len(await moderation.waiting(tx)) == 1
        said = await run(wire, "--area", "service", "--body", spam)
        assert (said.status, said.err) == (0, "The board asks for a proof of work …\n")
        assert "A moderator" not in said.out
        async with wire.board.db.reading() as tx:
            assert len(await moderation.waiting(tx)) == 1


@pytest.mark.parametrize("changes", [{"cost": 10**9}, {"keyPrefix": "00000000"}, {"algorithm": "SCRYPT"}, {"nonce": 3}])
def test_a_proof_that_would_take_for_ever_is_not_begun(changes: dict[str, Any]) -> None:
    asked = json.loads(proof.challenge(b"secret"))
    asked["parameters"].update(changes)
    with pytest.raises(Refusal, match="cannot be given"):
        prove(asked)


@asynccontextmanager
async def losing_answers(port: int, times: int) -> AsyncIterator[str]:
    """A way to the board on which the first answers to a filing get lost, though it was filed."""
    left = times

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        there, back = await asyncio.open_connection("127.0.0.1", port)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
        )
        body = await reader.readexactly(length)
        back.write(head.replace(b"Connection: keep-alive", b"Connection: close") + body)
        answer = await there.read()
        if head.startswith(b"POST") and left:
            left -= 1
        else:
            writer.write(answer)
            await writer.drain()
        for each in (writer, back):
            each.close()
            await each.wait_closed()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_an_answer_that_is_lost_files_nothing_twice(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "FIRST_S", 0.05)
    async with served(sqlite_url, tmp_path / "data") as wire:
        async with losing_answers(urlsplit(wire.base).port or 0, 2) as where:
            filing = Filing(where, {"body": "My kettle leaks.", "area": "service"}, "a-key", None, is_json=False)
            answer, visibility = await send(filing)
        assert (answer["number"], visibility) == (1, "public")
        assert len(await filed(wire)) == 1
        assert capsys.readouterr().err.count("again in 0 s") == 2
        said = await run(wire, "--key", "a-key", "--body", "Other words")
        assert (said.status, said.out) == (1, "")
        assert "This Idempotency-Key was used with another body." in said.err


def test_without_a_board_or_words_it_says_so() -> None:
    for command, status, why in (
        (("x.example",), 2, "there is nothing to file"),
        (("gopher://x.example", "--body", "x"), 2, "is not the address of a board"),
    ):
        result = CliRunner().invoke(main, ["open", *command], input="")
        assert (result.exit_code, result.stdout) == (status, "")
        assert why in result.stderr


def test_what_is_refused_says_what_to_do() -> None:
    nasty = {"detail": "Slow \x1b[2Jdown.", "errors": "none"}
    assert explained(Refusal(429, nasty, "30")) == "nothing was filed: Slow [2Jdown. Try again in 30 s."
    fields = {"errors": [{"field": "area", "detail": "Choose one."}, {"field": "name", "detail": "Too long."}]}
    assert explained(Refusal(422, fields, None)) == "nothing was filed: area: Choose one.; name: Too long."
    assert explained(Refusal(418, {}, None)) == "nothing was filed: it answers with status 418"


def test_a_first_line_that_stands_alone_is_the_title() -> None:
    assert parted("It leaks\n\nAt the handle.") == ("It leaks", "At the handle.")
    assert parted("It leaks.\nAt the handle.") == (None, "It leaks.\nAt the handle.")
    assert parted("It leaks") == (None, "It leaks")


async def test_a_page_that_is_no_board_is_told() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    board = Board(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    with pytest.raises(Exception, match="there is no board"):
        await board.get("/api/v1/events")
    await board.close()
    server.close()
