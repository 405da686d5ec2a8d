"""Ten thousand readers in one cheap process: raw sockets and epoll, which answer pings and count what comes."""

import os
import select
import socket
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from board.serving import open_many

AT_ONCE = 500  # handshakes under way
EACH_SOURCE = 20_000  # sockets from one loopback address
IP_BIND_ADDRESS_NO_PORT = 24  # Linux: the port is chosen at `connect`, from all that this pair of ends leaves free
PING, PONG, CLOSE = b"\x89\x04", 0x8A, 0x88
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Crowd:
    """`port`, `path` and `number` say where how many sockets go."""

    def __init__(self, port: int, path: str, number: int) -> None:
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.closed: dict[int, float] = {}
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: board.v1\r\n\r\n"
        ).encode()
        for start in range(0, number, AT_ONCE):
            self.join(port, range(start, min(start + AT_ONCE, number)))
            self.settle(0.02)  # pings want an answer

    def join(self, port: int, places: range) -> None:
        joining = []
        for place in places:
            made = socket.socket()
            made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            made.bind((f"127.{1 + port % 200}.0.{1 + place // EACH_SOURCE}", 0))
            made.connect(("127.0.0.1", port))
            made.sendall(self.request)
            joining.append(made)
        for made in joining:
            answer = made.recv(4096)
            assert answer.startswith(b"HTTP/1.1 101"), answer
            made.setblocking(False)
            self.sockets[made.fileno()] = made
            self.poll.register(made.fileno(), select.EPOLLIN)

    def read(self, seconds: float) -> Iterator[tuple[int, bytes, float]]:
        """What comes within the time: which socket, its bytes, and when."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for number, _ in self.poll.poll(left, 512):
                try:
                    data = self.sockets[number].recv(65536)
                except ConnectionError:
                    data = b""
                if not data or data[0] == CLOSE:
                    self.leave(number)
                elif PING in data:
                    data = self.answer(number, data)
                if data and data[0] != CLOSE:
                    yield number, data, time.monotonic()

    def answer(self, number: int, data: bytes) -> bytes:
        """A masked pong, whose mask of zeroes leaves the payload as it is; returns what else came. Frames are ASCII."""
        start = data.index(PING)
        end = start + len(PING) + PING[1]
        pong = bytes((PONG, 0x80 | PING[1], 0, 0, 0, 0))
        self.sockets[number].send(pong + data[start + len(PING) : end])
        return data[:start] + data[end:]

    def leave(self, number: int) -> None:
        self.closed[number] = time.monotonic()
        self.poll.unregister(number)
        self.sockets[number].close()

    def settle(self, seconds: float) -> None:
        for _ in self.read(seconds):
            pass

    def arrivals(self, number: int, seconds: float) -> list[float]:
        """When the next frame reached each socket, until so many have it or the time is over."""
        seen: dict[int, float] = {}
        reading = self.read(seconds)
        for place, _, at in reading:
            seen.setdefault(place, at)
            if len(seen) == number:
                break
        return sorted(seen.values())


def serve(pipe: Connection, core: int, port: int, path: str, number: int) -> None:
    """A crowd as a process of its own: told `("round", seconds)`, it answers with the arrivals; `None` ends it."""
    os.sched_setaffinity(0, {core})
    open_many()
    crowd = Crowd(port, path, number)
    crowd.settle(1.0)
    pipe.send(len(crowd.sockets) - len(crowd.closed))
    while True:
        while not pipe.poll():
            crowd.settle(0.05)
        asked = pipe.recv()
        if asked is None:
            return
        pipe.send("ready")
        pipe.send(crowd.arrivals(number, asked))
