"""What the public's commands ask a board over HTTP, and in which words they tell what it answered."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx

from board.domain.text import clean

PATIENCE_S = 20.0
LOST = httpx.TransportError
AGENT = "board-command-line"
SCHEME = re.compile(r"[a-z]+://", re.IGNORECASE)
NEAR = re.compile(r"(?:localhost|127\.[\d.]+|\[::1\])(?:[:/]|$)", re.IGNORECASE)
Json = dict[str, Any]


class Unreachable(Exception):
    """No answer that counts: nobody there, or a server in trouble. Later it may be another one."""


class Refusal(Exception):
    """The board understood, and refuses; `problem` is what it says (RFC 9457)."""

    def __init__(self, status: int, problem: Json, retry_after: str | None) -> None:
        super().__init__(said(problem.get("detail")) or f"it answers with status {status}")
        self.status, self.problem, self.retry_after = status, problem, retry_after


class Board:
    """A board somewhere; to be closed."""

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        headers = {"User-Agent": AGENT, "Accept": "application/json"}
        self.client = httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, headers=headers, **options)

    async def close(self) -> None:
        await self.client.aclose()

    async def get(self, path: str, **query: Any) -> Json:
        """What stands there; raises Unreachable and Refusal."""
        return await self.answer("GET", path, params=query)

    async def post(self, path: str, body: Json, headers: dict[str, str]) -> Json:
        return await self.answer("POST", path, json=body, headers=headers)

    async def answer(self, method: str, path: str, **given: Any) -> Json:
        try:
            answer = await self.client.request(method, path, **given)
        except (LOST, httpx.InvalidURL) as lost:
            raise Unreachable(said(str(lost)) or type(lost).__name__) from None
        if answer.status_code >= 500:
            raise Unreachable(f"it answers with status {answer.status_code}")
        content = as_json(answer)
        if answer.status_code >= 400:
            raise Refusal(answer.status_code, content or {}, answer.headers.get("Retry-After"))
        if answer.status_code >= 300 or content is None:
            raise Refusal(answer.status_code, {"detail": f"at {self.url} there is no board"}, None)
        return content


def as_json(answer: httpx.Response) -> Json | None:
    try:
        content = answer.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def origin(url: str) -> str | None:
    """The address of a board without its path; None for what is none. A bare name is meant with https."""
    given = url if SCHEME.match(url) else f"{'http' if NEAR.match(url) else 'https'}://{url}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username or port == 0:
        return None
    return f"{parts.scheme}://{parts.netloc}"


def said(text: object) -> str:
    """Words from elsewhere as they may stand on a terminal: on one line, without characters that control it."""
    return clean(str(text or ""), lines=False)
