"""One live connection to a board: a websocket, or server-sent events where something refuses websockets."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from board.commands.calls import AGENT, LOST, Board, said

OPENING_S, CLOSING_S = 10.0, 2.0
SILENT_S = 75.0  # a stream gives a sign of life every 25 s
TOO_FAST = 4009
BROKEN = (OSError, TimeoutError, WebSocketException, LOST)
Messages = AsyncIterator[str]


class Closed(Exception):
    """The board ended the connection; `code` says whether it wants this follower back."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(said(reason) or f"closed with code {code}")
        self.code = code


def opened(board: Board, query: dict[str, str], *, is_stream: bool) -> AbstractAsyncContextManager[Messages]:
    """The messages of a new connection. What breaks it is one of BROKEN; an end in order is Closed."""
    return stream(board, query) if is_stream else socket(board, query)


@asynccontextmanager
async def socket(board: Board, query: dict[str, str]) -> AsyncIterator[Messages]:
    url = f"{board.url.replace('http', 'ws', 1)}/live?{urlencode(query)}"
    async with connect(
        url,
        subprotocols=[Subprotocol("board.v1")],
        open_timeout=OPENING_S,
        close_timeout=CLOSING_S,
        user_agent_header=AGENT,
    ) as connection:
        yield spoken(connection)


async def spoken(connection: ClientConnection) -> Messages:
    try:
        while True:
            yield await connection.recv(decode=True)
    except ConnectionClosed as closed:
        if closed.rcvd is None:
            raise
        raise Closed(closed.rcvd.code, closed.rcvd.reason) from None


@asynccontextmanager
async def stream(board: Board, query: dict[str, str]) -> AsyncIterator[Messages]:
    headers = {"Accept": "text/event-stream"}
    async with board.client.stream("GET", "/live/sse", params=query, headers=headers, timeout=SILENT_S) as answer:
        if answer.status_code != 200:
            is_for_good = answer.status_code in (400, 403)
            raise Closed(4500 if is_for_good else TOO_FAST, f"its stream answers with status {answer.status_code}")
        yield pieces(answer.aiter_lines())


async def pieces(lines: AsyncIterator[str]) -> Messages:
    """The data of each event of the stream."""
    data: list[str] = []
    async for line in lines:
        name, _, value = line.partition(":")
        if name == "data" and value:
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    raise Closed(1001, "the stream has ended")
