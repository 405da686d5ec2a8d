"""`board serve` as a process of its own: what it prints, what it serves, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE_S = 60.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Served:
    """A board that is being served; `said` is what it has printed so far."""

    process: "subprocess.Popen[str]"
    port: int
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hear(self, lines: int) -> str:
        """Its first lines."""
        assert self.process.stdout
        while len(self.said) < lines:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            self.said.append(line)
        return "".join(self.said)

    def answers(self) -> None:
        """Waits until it serves."""
        until = monotonic() + PATIENCE_S
        while True:
            try:
                assert httpx.get(f"{self.url}/healthz").status_code == 200
            except httpx.TransportError:
                assert monotonic() < until
                sleep(0.05)
            else:
                return

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@contextmanager
def serve(folder: Path, *options: str, port: int | None = None, **settings: str) -> Iterator[Served]:
    """A board with the settings, by their names in small letters."""
    chosen = port or free_port()
    command = [sys.executable, "-m", "board", "serve", "--port", str(chosen), *options]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BOARD_")}
    given = {f"BOARD_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        command,
        env={**kept, "BOARD_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1", **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Served(process, chosen)
    finally:
        process.kill()
        process.communicate()


def owner_link(said: str) -> str:
    found = re.search(r"^  (http://\S+/signin/\S+)$", said, re.MULTILINE)
    assert found, said
    return found[1]


def assert_requests(told: str) -> None:
    """Besides who leads, only requests were told, each in a line of JSON, and none with the secret of a link."""
    lines = [json.loads(line) for line in told.splitlines()]
    requests = [line for line in lines if line["name"] == "board.requests"]
    assert {line["name"] for line in lines if line not in requests} == {"board.leading"}
    assert ("POST", "/signin/{secret}", 303) in [(line["method"], line["route"], line["status"]) for line in requests]


def test_one_command_serves_an_empty_board_and_its_printed_link_makes_the_owner(tmp_path: Path) -> None:
    with serve(tmp_path) as served:
        said = served.hear(3)
        served.answers()
        assert f"The board is at {served.url} (listening on 127.0.0.1:{served.port})" in said
        link = owner_link(said)
        assert link.startswith(served.url)
        with httpx.Client() as browser:
            assert "You become the owner of this board" in browser.get(link).text
            used = browser.post(link, data={"name": "Root", "email": "root@board.example"})
            assert (used.status_code, used.headers["location"]) == (303, "/staff")
            assert browser.get(f"{served.url}/staff/settings").status_code == 200
        assert "server" not in httpx.get(served.url).headers
        with httpx.stream("GET", f"{served.url}/live/sse?topics=board") as followed:
            assert "hello" in next(part for part in followed.iter_text() if "data:" in part)
            assert served.stop() == 0
        assert_requests(served.process.communicate()[1])
    with serve(tmp_path, port=served.port) as again:
        said = again.hear(1)
        again.answers()
        assert again.stop(signal.SIGINT) == 0
        assert "no owner" not in said + again.process.communicate()[0]


def test_several_processes_serve_one_board_and_end_together_once_their_sockets_have_left(tmp_path: Path) -> None:
    with serve(tmp_path, "--workers", "2") as served, ExitStack() as stack:
        served.hear(3)
        served.answers()
        live = f"{served.url.replace('http', 'ws')}/live?topics=board"
        sockets = [stack.enter_context(connect(live, proxy=None)) for _ in range(6)]
        for socket_ in sockets:
            assert '"t":"hello"' in str(socket_.recv(PATIENCE_S))
        served.process.send_signal(signal.SIGTERM)
        for socket_ in sockets:
            assert '"t":"bye"' in str(socket_.recv(PATIENCE_S))
            with pytest.raises(ConnectionClosed) as closed:
                socket_.recv(PATIENCE_S)
            assert closed.value.rcvd
            assert closed.value.rcvd.code == 4001
        assert served.process.wait(PATIENCE_S) == 0


def test_an_address_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with serve(tmp_path / "data", port=port) as served:
            said, told = served.process.communicate(timeout=PATIENCE_S)
    assert served.process.returncode == 1
    assert said == ""
    assert told.startswith(f"board: cannot listen on 127.0.0.1, port {port}: Address already in use; choose others")
    assert told.count("\n") == 1
    assert not (tmp_path / "data").exists()
