"""A whole board as customers meet it: the real server as a process of its own, with its files in one folder."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from board.domain import limits

READY_S = 30.0
LOOK_AGAIN_S = 0.05


@dataclass
class House:
    """A board in `folder`; `start` again after `kill` or `stop` finds everything where it was."""

    folder: Path
    port: int
    host: str = "127.0.0.1"
    process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def said(self) -> str:
        """Everything that the server has printed."""
        files = sorted(self.folder.glob("said-*.txt"))
        return "".join(file.read_text(encoding="utf-8") for file in files)

    @property
    def owner_link(self) -> str:
        found = re.search(r"http\S+/signin/\S+", self.said)
        assert found, self.said
        return found[0]

    def start(self) -> None:
        """Returns when the board answers."""
        self.starts += 1
        with (self.folder / f"said-{self.starts}.txt").open("wb") as said:
            command = [sys.executable, "-m", "board", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=self.environment, stdout=said, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + READY_S
        while not self.is_ready():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(LOOK_AGAIN_S)

    def open_wide(self) -> None:
        """From now on newcomers are heard at once, and no test reaches a limit of what one place may send."""
        chosen = {"limits": dict.fromkeys(limits.counts({}), limits.MOST), "moderation": "open"}
        keep = "INSERT INTO company (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        with closing(sqlite3.connect(self.folder / "board.db", isolation_level=None)) as db:
            db.executemany(keep, [(key, json.dumps(value)) for key, value in chosen.items()])

    def let_a_day_pass(self) -> None:
        """What waits for a second person or a day is due."""
        with closing(sqlite3.connect(self.folder / "board.db", isolation_level=None)) as db:
            db.execute("UPDATE hidings SET due_ms = 0 WHERE state = 'asked'")

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """The end without a warning."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        self.process.wait()

    def run(self, *command: str) -> str:
        """What a command of the board prints."""
        done = subprocess.run(
            [sys.executable, "-m", "board", *command], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("BOARD_")}
        return {**kept, "BOARD_DATA_DIR": str(self.folder), "BOARD_BASE_URL": self.url, "PYTHONWARNINGS": "error"}


@contextmanager
def living_in(folder: Path, *, demo: bool = False, host: str = "127.0.0.1") -> Iterator[House]:
    """A board that has just opened its doors, or a demonstration; ended by its own process id."""
    house = House(folder, free_port(), host)
    if demo:
        house.run("demo")
    try:
        house.start()
        house.open_wide()
        yield house
    finally:
        house.stop()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port
