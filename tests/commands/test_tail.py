"""`board tail` against real servers: every event is one line, in order and once, whatever breaks in between."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner

from board.__main__ import main
from board.actions import customers
from board.commands import tell
from board.commands.calls import Board, Refusal, origin
from board.commands.follow import Replaced
from board.commands.tail import Tailing
from board.domain import following
from board.store import record
from board.store.database import Database
from board.store.migrate import migrate
from tests.cast import CY, do, file_issue
from tests.soak.servers import House
from tests.web.site import furnish
from tests.web.wire import Wire, served

PATIENCE_S = 60.0


@dataclass
class Cable:
    """What lies between a follower and a board: it can be cut, and it may let no websockets through."""

    port: int
    has_sockets: bool = True
    lines: set[asyncio.StreamWriter] = field(default_factory=set)
    tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    url: str = ""

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Cable"]:
        server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self.tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if not self.has_sockets and b"upgrade: websocket" in head.lower():
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            else:
                there, back = await asyncio.open_connection("127.0.0.1", self.port)
                back.write(head)
                self.lines |= {writer, back}
                await asyncio.gather(pour(reader, back), pour(there, writer))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def cut(self) -> None:
        for line in self.lines:
            line.transport.abort()
        self.lines.clear()


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def until_printed(tailing: Tailing, seq: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while tailing.printed < seq:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def following_on(tailing: Tailing) -> AsyncIterator[Tailing]:
    running = asyncio.create_task(tailing.run())
    try:
        yield tailing
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def indices(lines: str) -> list[int]:
    return [json.loads(json.loads(line)["leaf"])["index"] for line in lines.splitlines()]


@pytest.mark.parametrize("has_sockets", [True, False], ids=["sockets", "stream"])
async def test_each_event_is_one_line_however_often_the_link_is_cut(
    sqlite_url: str,
    tmp_path: Path,
    has_sockets: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "FIRST_S", 0.05)
    async with served(sqlite_url, tmp_path) as wire, Cable(urlsplit(wire.base).port or 0, has_sockets).laid() as cable:
        chance = random.Random(7)
        async with following_on(Tailing(Board(cable.url), (), (), is_json=True, start=-1)) as tailing:
            for _ in range(12):
                await file_issue(wire.board.db)
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.random() / 5)
                    cable.cut()
            head = await wire.head()
            await until_printed(tailing, head)
    printed = capsys.readouterr()
    assert indices(printed.out) == list(range(head + 1))
    assert "live" in printed.err
    assert "reconnecting in 0 s" in printed.err


async def test_only_what_is_asked_for_is_shown_also_where_the_board_says_that_one_is_far_behind(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(sqlite_url, tmp_path) as wire:
        first = await file_issue(wire.board.db)
        second = await file_issue(wire.board.db, area="returns")
        await wire.cursor()
        for issues, areas in (((first,), ()), ((), ("returns",)), ((second,), ("service",))):
            shown = []
            for behind in (1_000, 1):
                monkeypatch.setattr("board.stream.BEHIND", behind)
                tailing = Tailing(Board(wire.base), issues, areas, is_json=True, start=-1)
                async with following_on(tailing):
                    await until_printed(tailing, await last_of(wire, second if second in issues or areas else first))
                shown.append(indices(capsys.readouterr().out))
            assert shown[0] == shown[1] == sorted(set(shown[0])) != []


async def last_of(wire: Wire, issue: int) -> int:
    chain = (await wire.browser().get(f"/api/v1/issues/{issue}/events")).json()["events"]
    return int(json.loads(chain[-1]["leaf"])["index"])


async def test_another_record_and_what_is_not_there_are_told(sqlite_url: str, tmp_path: Path) -> None:
    async with served(sqlite_url, tmp_path) as wire:
        await wire.cursor()
        tailing = Tailing(Board(wire.base), (), (), is_json=True, start=None)
        await tailing.begin()
        tailing.epoch = "another"
        with pytest.raises(Replaced):
            await tailing.page(-1)
        await tailing.board.close()
        for issues, areas, start, why in (
            ((99,), (), None, "There is no issue 99"),
            ((), ("nix",), None, "there is no area “nix” on this board; there are: returns, service"),
            ((), (), 99, "--since must not be later"),
        ):
            with pytest.raises(Refusal, match=why):
                await Tailing(Board(wire.base), issues, areas, is_json=True, start=start).run()


NASTY = "Hello \x1b[2J\x1b]0;owned\x07 \u202eworld\u2066 \x9b31m\r\nnext\x7f"


def test_words_of_strangers_do_not_control_the_terminal() -> None:
    leaf = {"index": 1, "event": "comment.posted", "issue": 3, "role": "customer", "time": "2026-03-02T12:00:00Z"}
    event = {
        "leaf": json.dumps(leaf),
        "leaf_hash": NASTY,
        "openings": {"body": {"salt": "", "value": NASTY}, "author.name": {"salt": "", "value": NASTY}},
        "redactions": {},
    }
    for line in (
        tell.as_line(event, leaf),
        tell.as_line({**event, "openings": {}}, {**leaf, "event": NASTY, "role": NASTY}, NASTY),
        tell.as_line(event, {**leaf, "event": "issue.closed", "resolution": NASTY, "whose": NASTY, "area": NASTY}),
    ):
        plain = line.replace("\x1b[2m", "").replace("\x1b[1m", "").replace("\x1b[0m", "")
        assert plain.isprintable(), ascii(plain)
    shown = tell.as_line({**event, "openings": {}}, {**leaf, "event": "issue.published"}, "It leaks")
    assert click.unstyle(shown).endswith("     #3  Shown to everybody.  It leaks")
    assert tell.as_json(event).isascii()
    assert tell.as_json(event).isprintable()
    assert json.loads(tell.as_json(event)) == event


def test_a_board_is_named_by_its_address() -> None:
    assert origin("https://issues.example.com/issues/12?x=1") == "https://issues.example.com"
    assert origin("issues.example.com") == "https://issues.example.com"
    assert origin("127.0.0.1:8026") == origin("http://127.0.0.1:8026/") == "http://127.0.0.1:8026"
    for wrong in ("", "ftp://x.example", "https://", "http://a:b@x.example", "http://x.example:99999", "http://[::1"):
        assert origin(wrong) is None


def test_what_cannot_be_followed_is_said_in_one_line() -> None:
    for command, status, why in (
        (("http://127.0.0.1:1",), 1, "http://127.0.0.1:1 cannot be reached"),
        (("ftp://x.example",), 2, "is not the address of a board"),
        (("x.example", "--since", "3", "--from-start"), 2, "two different things"),
        (("x.example", *(f"--issue={number}" for number in range(1, 22))), 2, "at most 20"),
    ):
        result = CliRunner().invoke(main, ["tail", *command])
        assert (result.exit_code, result.stdout) == (status, "")
        assert why in result.stderr
        assert len(result.stderr.splitlines()) == 1


async def write(url: str, times: int) -> int:
    """Files and comments as another process does; the newest entry then."""
    db = Database(url)
    await db.connect()
    for _ in range(times):
        number = await file_issue(db)
        await do(db, customers.comment, number, by=CY, body="Mine, too.", via="web")
    async with db.reading() as tx:
        _, head = await record.head(tx)
    await db.disconnect()
    return head


def lines_of(file: Path, number: int) -> list[str]:
    """Its lines, once there are so many."""
    until = time.monotonic() + PATIENCE_S
    while len(lines := file.read_text(encoding="utf-8").splitlines()) < number:
        assert time.monotonic() < until, lines[-3:]
        time.sleep(0.05)
    return lines


def test_a_server_that_is_killed_and_comes_back_costs_no_line_and_doubles_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'board.db'}"
    asyncio.run(migrate(url))
    asyncio.run(furnish(url))
    house = House(tmp_path, url, workers=1)
    house.start()
    house.healthy("/readyz")
    command = [sys.executable, "-m", "board", "tail", house.url, "--from-start"]
    files = {form: tmp_path / f"tail{form}" for form in ("", "--json")}
    tails = []
    for form, file in files.items():
        with file.open("wb") as out, file.with_suffix(".err").open("wb") as err:
            tails.append(subprocess.Popen([*command, *filter(None, [form])], stdout=out, stderr=err))
    try:
        head = asyncio.run(write(url, 5))
        for file in files.values():
            lines_of(file, head + 1)
        assert house.process
        house.process.kill()
        house.process.wait()
        asyncio.run(write(url, 5))
        house.start()
        house.healthy("/readyz")
        head = asyncio.run(write(url, 5))
        told = lines_of(files["--json"], head + 1)
        people = lines_of(files[""], head + 1)
    finally:
        house.stop()
        for each in tails:
            each.send_signal(signal.SIGINT)
        statuses = [each.wait(PATIENCE_S) for each in tails]
    assert indices("\n".join(told)) == list(range(head + 1))
    assert len(people) == head + 1
    assert sum("Mine, too." in line for line in people) == 15
    assert not any("\x1b" in line for line in people)  # a file is no terminal
    assert statuses == [130, 130]
    said = files["--json"].with_suffix(".err").read_text(encoding="utf-8")
    assert said.startswith("live\nreconnecting in ")
    assert "Traceback" not in said


def test_it_ends_in_silence_when_nobody_reads_any_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'board.db'}"
    asyncio.run(migrate(url))
    asyncio.run(furnish(url))
    asyncio.run(write(url, 3))
    house = House(tmp_path, url, workers=1)
    house.start()
    try:
        house.healthy("/readyz")
        script = f'"{sys.executable}" -m board tail {house.url} --from-start | head -n 1; exit ${{PIPESTATUS[0]}}'
        ended = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env={**os.environ, "NO_COLOR": "1"},
        )
    finally:
        house.stop()
    assert (ended.returncode, ended.stderr) == (0, "live\n")
    assert "The record of this board was opened." in ended.stdout
