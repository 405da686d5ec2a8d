"""What the log says of a request: one line with the route as it is written in the code, never what was asked for.

Lines about pages from memory are written some at a time: a line alone would cost more than its page.
"""

import asyncio
import logging
import time
from typing import Any

from starlette.routing import Route
from starlette.types import Scope

from board.web.metrics import Requests

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
GATHER_S = 0.01

log = logging.getLogger("board.requests")


class Telling:
    """The lines of one process, in the order in which the answers went out."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, str, str, int, float]] = []
        self.requests = Requests()

    def soon(self, method: str, route: str, status: int, seconds: float) -> None:
        if not self.waiting:
            asyncio.get_running_loop().call_later(GATHER_S, self.write)
        self.waiting.append((time.time(), method, route, status, seconds))

    def now(self, method: str, route: str, status: int, seconds: float) -> None:
        self.waiting.append((time.time(), method, route, status, seconds))
        self.write()

    def write(self) -> None:
        waiting, self.waiting = self.waiting, []
        for _, method, route, status, seconds in waiting:
            self.requests.note(known(method), route, status, seconds)
        if log.isEnabledFor(logging.INFO):
            for line in waiting:
                log.handle(record(*line))


def record(at: float, method: str, route: str, status: int, seconds: float) -> logging.LogRecord:
    """Made by hand, which saves the search for the place of the call."""
    ms, method = round(seconds * 1000, 1), known(method)
    made = logging.LogRecord(log.name, logging.INFO, "", 0, f"{method} {route} {status} {ms} ms", None, None)
    made.__dict__.update(created=at, msecs=at % 1 * 1000, method=method, route=route, status=status, ms=ms)
    return made


def known(method: str) -> str:
    """Whoever asks may make up others without end."""
    return method if method in METHODS else "-"


def route_of(scope: Scope) -> str:
    route: Any = scope.get("route")
    return str(route.path_format if isinstance(route, Route) else getattr(route, "path", "-"))
