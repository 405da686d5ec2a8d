"""Hosts of their own on one machine: network namespaces, each with a cable to the database that can be pulled out."""

import asyncio
import ctypes
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from board.store.database import SESSION
from tests.hole import Ends, Way, to_postgres

CLONE_NEWNET = 0x40000000
KEPT_ALIVE = {
    socket.TCP_KEEPIDLE: int(SESSION["tcp_keepalives_idle"]),
    socket.TCP_KEEPINTVL: int(SESSION["tcp_keepalives_interval"]),
    socket.TCP_KEEPCNT: int(SESSION["tcp_keepalives_count"]),
    socket.TCP_USER_TIMEOUT: int(SESSION["tcp_user_timeout"]),
}
C = ctypes.CDLL(None, use_errno=True)


def ip(*told: str) -> None:
    subprocess.run(["ip", *told], check=True, capture_output=True)


@dataclass
class Host:
    """`name` is its namespace; what runs there finds this side of the cable at `here`."""

    name: str
    place: int

    @property
    def here(self) -> str:
        return f"10.213.{self.place}.1"

    @property
    def command(self) -> tuple[str, ...]:
        """What runs a program there."""
        return ("ip", "netns", "exec", self.name)

    def plug(self) -> None:
        ip("link", "set", self.name, "up")

    def pull(self) -> None:
        """What is sent goes nowhere, and nobody is told."""
        ip("link", "set", self.name, "down")

    def set_up(self) -> None:
        ip("link", "add", self.name, "type", "veth", "peer", "name", "cable", "netns", self.name)
        ip("addr", "add", f"{self.here}/30", "dev", self.name)
        ip("-n", self.name, "addr", "add", f"10.213.{self.place}.2/30", "dev", "cable")
        ip("-n", self.name, "link", "set", "cable", "up")
        ip("-n", self.name, "link", "set", "lo", "up")
        self.plug()

    def socket(self) -> socket.socket:
        """A socket of that host, in the hands of this process."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            enter(there)
            try:
                return socket.socket()
            finally:
                enter(own)
        finally:
            os.close(own)
            os.close(there)


def enter(namespace: int) -> None:
    if C.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Raises CalledProcessError or FileNotFoundError where the machine does not allow it."""
    found = [Host(f"board{os.getpid()}{'abcd'[place]}", place) for place in range(count)]
    with ExitStack() as stack:
        for host in found:
            ip("netns", "add", host.name)
            stack.callback(ip, "netns", "del", host.name)
            host.set_up()
        yield found


@dataclass
class Inside(Way):
    """A way to a port of a host, from the same port of this one."""

    host: Host | None = None

    async def reach(self) -> Ends:
        assert self.host
        assert isinstance(self.to, tuple)
        opened = self.host.socket()
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, self.to)
        return await asyncio.open_connection(sock=opened)


@asynccontextmanager
async def door(host: Host, port: int) -> AsyncIterator[None]:
    """Whoever asks at 127.0.0.1 here is heard at 127.0.0.1 there."""
    way = Inside(("127.0.0.1", port), host=host)
    way.open()
    server = await asyncio.start_server(way.take, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


@asynccontextmanager
async def database(url: str, host: Host, folder: Path) -> AsyncIterator[str]:
    """The URL by which the host finds the database at the other end of its cable.

    The server itself is behind a Unix socket and would never know that a host is gone: this end looks after it, as the
    server does where it is reached directly (`store.database.SESSION`).
    """

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for option, value in KEPT_ALIVE.items():
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, option, value)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await way.take(reader, writer)

    async with to_postgres(url, folder) as way:
        server = await asyncio.start_server(take, host.here, 5432)
        try:
            yield way.url.partition("@")[0] + f"@{host.here}:5432" + way.url.partition("@")[2].partition("?")[0]
        finally:
            server.close()


@asynccontextmanager
async def mail(url: str, host: Host) -> AsyncIterator[str]:
    """The URL by which the host finds the mail server."""
    there, _, port = url.removeprefix("smtp://").partition(":")
    way = Way((there, int(port)))
    way.open()
    server = await asyncio.start_server(way.take, host.here, 2525)
    try:
        yield f"smtp://{host.here}:2525"
    finally:
        server.close()
