"""Speaks to Bluesky's servers: records under keys of our own, so that what is sent twice is still there once.

A session is kept and renewed: servers let nobody begin many.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from board.domain.leaf import format_time
from board.domain.mirrors import (
    SIZES,
    Gone,
    Later,
    Missing,
    Outcome,
    Post,
    Rejected,
    Sent,
    Stopped,
    Unknown,
    link_facets,
    record_key,
)
from board.followers.calls import About, Line, Reply, Thread, call

COLLECTION = "app.bsky.feed.post"
EXPIRED = {"ExpiredToken", "InvalidToken", "AuthMissing"}


@dataclass(frozen=True)
class Session:
    did: str
    handle: str
    access: str
    refresh: str


class Bluesky:
    def __init__(self, line: Line) -> None:
        self._line = line
        self._session = Session(**json.loads(line.session)) if line.session else None

    async def test(self) -> About | Outcome:
        begun = await self._begin()
        return begun if not isinstance(begun, Session) else About(begun.did, f"@{begun.handle}", SIZES["bluesky"])

    async def send(self, post: Post, thread: Thread | None, link: str | None) -> Outcome:
        record: dict[str, Any] = {
            "$type": COLLECTION,
            "text": post.text,
            "createdAt": format_time(datetime.fromtimestamp(post.created_ms // 1_000, UTC)),
            "facets": link_facets(post.text or "", link),
        }
        if thread:
            record["reply"] = {"root": strong(thread.root), "parent": strong(thread.parent)}
        answer = await self._ask("repo.putRecord", {**self._place(post), "record": record})
        if not isinstance(answer, Reply):
            return answer
        told = fields(answer)
        return Sent(str(told["uri"]), str(told["cid"])) if answer.is_done and told.get("uri") else refusal(answer)

    async def find(self, post: Post) -> Outcome:
        answer = await self._ask(f"repo.getRecord?{urlencode(self._place(post))}")
        if not isinstance(answer, Reply):
            return answer
        told = fields(answer)
        if answer.is_done and told.get("uri"):
            return Sent(str(told["uri"]), str(told.get("cid", "")))
        return Missing() if told.get("error") == "RecordNotFound" else refusal(answer)

    async def delete(self, post: Post) -> Outcome:
        answer = await self._ask("repo.deleteRecord", self._place(post))
        if not isinstance(answer, Reply):
            return answer
        return Gone() if answer.is_done else refusal(answer)

    def _place(self, post: Post) -> dict[str, str]:
        return {"repo": self._line.account, "collection": COLLECTION, "rkey": record_key(post)}

    async def _ask(self, name: str, said: Any = None) -> Reply | Outcome:
        """Asks in the session that we have; where it has ended, in a new one."""
        session: Session | Outcome = self._session or await self._begin()
        for _ in range(2):
            if not isinstance(session, Session):
                return session
            answer = await self._call(name, session.access, said)
            if not isinstance(answer, Reply) or fields(answer).get("error") not in EXPIRED:
                return answer
            session = await self._renew(session)
        return Later("The session ends again and again.")

    async def _renew(self, session: Session) -> Session | Outcome:
        answer = await self._call("server.refreshSession", session.refresh, method="POST")
        if isinstance(answer, Reply) and answer.is_done:
            return await self._enter(answer)
        return await self._begin()

    async def _begin(self) -> Session | Outcome:
        secrets = self._line.secrets
        answer = await self._call(
            "server.createSession", None, {"identifier": secrets["identifier"], "password": secrets["password"]}
        )
        if not isinstance(answer, Reply):
            return answer if not isinstance(answer, Unknown) else Later(answer.said)
        if answer.is_done and fields(answer).get("accessJwt"):
            return await self._enter(answer)
        refused = refusal(answer)
        return Later(refused.said) if isinstance(refused, Unknown) else refused

    async def _enter(self, answer: Reply) -> Session:
        told = fields(answer)
        self._session = Session(told["did"], told.get("handle", ""), told["accessJwt"], told["refreshJwt"])
        await self._line.keep(json.dumps(self._session.__dict__))
        return self._session

    async def _call(
        self, name: str, token: str | None, said: Any = None, *, method: str | None = None
    ) -> Reply | Unknown | Later | Stopped:
        url = f"{self._line.address}/xrpc/com.atproto.{name}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await call(self._line.out, method or ("GET" if said is None else "POST"), url, headers, said)


def strong(post: Post) -> dict[str, str]:
    return {"uri": post.remote or "", "cid": post.mark or ""}


def fields(answer: Reply) -> dict[str, Any]:
    return answer.said if isinstance(answer.said, dict) else {}


def refusal(answer: Reply) -> Outcome:
    said = answer.words("message", "error")
    match answer.status:
        case 401:
            return Stopped("login", said)
        case 403 if answer.said is not None:
            return Stopped("setup", said)
        case 429:
            return Later(said, renewed(answer.headers.get("ratelimit-reset")))
        case 400 | 404 | 413 if answer.said is not None:
            is_login = fields(answer).get("error") in (*EXPIRED, "AccountTakedown", "AuthFactorTokenRequired")
            return Stopped("login", said) if is_login else Rejected(said)
        case _:
            return Unknown(said)


def renewed(text: str | None) -> int | None:
    return int(text) * 1_000 if text and text.isascii() and text.isdigit() and len(text) < 13 else None
