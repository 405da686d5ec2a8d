"""Doors of the API that are to end: each answer says since when, until when, and what to use instead."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response

Door = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Ending:
    """Times in UTC. `instead` is a sentence, `link` the address at which it can be read on."""

    since: datetime
    until: datetime
    instead: str
    link: str = "/api"


def ending(door: Door, ends: Ending) -> Door:
    """The same door, with the headers of RFC 9745 and RFC 8594."""

    async def dressed(request: Request) -> Response:
        response = await door(request)
        response.headers["Deprecation"] = f"@{int(ends.since.timestamp())}"
        response.headers["Sunset"] = format_datetime(ends.until, usegmt=True)
        response.headers.append("Link", f'<{ends.link}>; rel="deprecation"')
        return response

    return dressed
