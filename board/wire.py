"""The connection of a live socket: uvicorn's own, until the hub takes it over; from then on no task serves it."""

import struct
from socket import SO_LINGER, SO_SNDBUF, SOL_SOCKET
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

EXTENSION = "board.line"  # where the route finds it in the scope
MOST_WAITING = 32 * 1024  # bytes written and not yet taken by the system, in a socket of the hub
FEW_WAITING = 8 * 1024
SYSTEM_BUFFER = 64 * 1024  # bytes; the system's own limit of 4 MB would hide for long who does not read
CLOSING_S = 5.0


class Nobody:
    """Stands where a connection kept what its task waited for, and keeps nothing."""

    def put_nowait(self, message: object) -> None:
        pass

    def set(self) -> None:
        pass


NOBODY: Any = Nobody()


class Line(WebSocketsSansIOProtocol):
    """Handshake, frames and keep-alive are uvicorn's; `reader` is whom the hub lets follow on it."""

    reader: Any = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = {"line": self}

    async def run_asgi(self) -> None:
        """As uvicorn's, but a connection that was taken over outlives the application's answer."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        if not self.handshake_complete:
            self.send_500_response()
        if self.reader is None and self.close_timer is None:
            self.transport.close()

    def take(self, reader: Any) -> bool:
        """The connection is the reader's from now on; False where it has ended already."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self.reader, unread = reader, self.queue.qsize()
        self.transport.set_write_buffer_limits(high=MOST_WAITING, low=FEW_WAITING)
        if bare := self.transport.get_extra_info("socket"):
            bare.setsockopt(SOL_SOCKET, SO_SNDBUF, SYSTEM_BUFFER)
        self.queue = self.writable = NOBODY
        del self.scope, self.request, self.response
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        for _ in range(unread):
            reader.heard()
        return True

    def send_receive_event_to_app(self) -> None:
        if self.reader is None:
            super().send_receive_event_to_app()
            return
        self.frames = []
        self.reader.heard()

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.reader is not None:
            self.reader.heard()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self.hasten()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self.hasten()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.cut_off()  # whoever answers no ping takes no farewell

    def pause_writing(self) -> None:
        if self.reader is None:
            super().pause_writing()
        else:
            self.reader.pause()

    def resume_writing(self) -> None:
        if self.reader is None:
            super().resume_writing()
        else:
            self.reader.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.conn.parser.close()  # it refers to its owner; what is in no circle is freed at once
        if self.reader is not None:
            self.reader.lost()
            self.reader = None

    def shutdown(self) -> None:
        super().shutdown()
        self.hasten()

    def end(self, code: int, reason: str) -> None:
        """Closes in order; who does not answer the farewell in time is cut off."""
        if not self.close_sent and not self.transport.is_closing():
            self.stop_keepalive()
            self.conn.send_close(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        self.hasten()

    def hasten(self) -> None:
        """A closing connection whose other end takes nothing would stay for ever."""
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(CLOSING_S, self.cut_off)

    def cut_off(self) -> None:
        """Ends without waiting; what was written and not taken, the system forgets, too."""
        if bare := self.transport.get_extra_info("socket"):
            bare.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
