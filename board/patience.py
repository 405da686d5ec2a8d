"""How long and how much the server waits for the head of a request: a slow or endless sender holds no connection."""

import asyncio
from typing import Any

from board.whole import Whole

HEAD_S = 15.0
HEAD_BYTES = 64 * 1024


class Patience(Whole):
    """The server's own protocol; it ends a connection whose next request does not arrive whole and in time."""

    waiting: asyncio.TimerHandle | None = None
    received = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.expect(0)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.expect(len(data))

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # The parser refers to its owner; what is in no circle is freed at once.
        self.parser = None  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.forget()

    @property
    def is_at_work(self) -> bool:
        """Whether a request is being answered, or the connection has become a socket."""
        is_socket = self.transport.get_protocol() is not self
        return is_socket or (self.cycle is not None and not self.cycle.response_complete)

    def expect(self, size: int) -> None:
        if self.is_at_work:
            self.forget()
            return
        self.received += size
        if self.received > HEAD_BYTES:
            self.transport.close()
        elif self.waiting is None:
            self.waiting = self.loop.call_later(HEAD_S, self.give_up)

    def forget(self) -> None:
        self.received = 0
        if self.waiting:
            self.waiting.cancel()
            self.waiting = None

    def give_up(self) -> None:
        self.waiting = None
        if not self.is_at_work:
            self.transport.close()
