"""The server's own HTTP protocol, which also takes an answer that is ready as it is: head and body, in one go."""

from collections.abc import Callable

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

EXTENSION = "board.whole"  # of the ASGI scope: {"send": Send}

Send = Callable[[bytes, bytes], bool]


class Whole(HttpToolsProtocol):
    """Offers `send(head, body)` with each request; it returns whether the answer was taken.

    The head ends without the empty line, so that the server can add what it says itself, such as the date. Where the
    answer is not taken, nothing was sent, and the ordinary way is open.
    """

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        def send(head: bytes, body: bytes) -> bool:
            return send_whole(cycle, head, body)

        cycle.scope["extensions"] = {EXTENSION: {"send": send}}
        super()._start_asgi_task(cycle, app)


def send_whole(cycle: RequestResponseCycle, head: bytes, body: bytes) -> bool:
    is_ordinary = cycle.keep_alive and not cycle.waiting_for_100_continue and cycle.scope["http_version"] == "1.1"
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not is_ordinary:
        return False
    said = b"".join(b"%b: %b\r\n" % header for header in cycle.default_headers)
    cycle.transport.write(b"".join((head, said, b"\r\n", body)))
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True
