"""What the log says of a request: one line with the route as it is written in the code, never what was asked for."""

import logging
from typing import Any

from starlette.routing import Route
from starlette.types import Scope

log = logging.getLogger("board.requests")

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")


def tell(method: str, route: str, status: int, seconds: float) -> None:
    told = {
        "method": method if method in METHODS else "-",
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    log.info("%(method)s %(route)s %(status)s %(ms)s ms", told, extra=told)


def route_of(scope: Scope) -> str:
    route: Any = scope.get("route")
    return str(route.path_format if isinstance(route, Route) else getattr(route, "path", "-"))
