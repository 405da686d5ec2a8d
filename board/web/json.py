"""JSON in and out: strict bodies, problem details (RFC 9457), and Idempotency-Key."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from board.actions.limits import Taken
from board.domain.doubt import Reason
from board.domain.limits import Act
from board.domain.people import STRANGER, Actor
from board.domain.phrase import phrase
from board.errors import Conflict, Invalid, NotAllowed, NotFound, Refused, TooMany
from board.store import company, intake, people
from board.store.database import Tx, WriteTx
from board.web import arrival, limits, session
from board.web.coding import IDENTITY, WORTH_IT, choose, encode
from board.web.page import WrongType
from board.web.proof import ProofWanted

Body = TypeVar("Body", bound=msgspec.Struct)
JSON = "application/json"
PROBLEM = "application/problem+json"
KEY_LENGTH = 255
VERSION = re.compile(r'"[0-9]{1,15}(\.[0-9a-f]{24}(-[a-z]{2,4})?)?"')
OF_A_BROWSER = ("appeal", "take_out")  # about words that one has posted oneself
NUMBER_DIGITS = 15


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer that is never kept by caches: words in it may be erased."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(content), status, kept, JSON)


def read(request: Request, content: Any, *, version: int | None = None, link: str | None = None) -> Response:
    """An answer to a read with its strong ETag: 304 where it is known. `version` is the issue's last event, `link` the
    address of the next page.
    """
    plain = msgspec.json.encode(content)
    coding = choose(request.headers.get("accept-encoding", "").encode()) if len(plain) >= WORTH_IT else IDENTITY
    tag = tag_of(plain, version, coding)
    headers = {"Cache-Control": "no-store", "ETag": tag, "Vary": "Accept-Encoding"}
    if link:
        headers["Link"] = f'<{link}>; rel="next"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    if coding != IDENTITY:
        headers["Content-Encoding"] = coding
    return Response(encode(plain, coding), 200, headers, JSON)


def tag_of(content: bytes, version: int | None, coding: str) -> str:
    """The strong ETag: another one for each coding, as these are other bytes."""
    digest = hashlib.blake2b(content, digest_size=12).hexdigest()
    parts = f"{digest}-{coding}" if coding != IDENTITY else digest
    return f'"{parts}"' if version is None else f'"{version}.{parts}"'


def check_match(request: Request, last_event: int) -> bool:
    """Whether the issue is where an If-Match says: its ETag, or the number of its last event in quotes."""
    asked = request.headers.get("if-match", "*")
    return asked.strip() == "*" or any(
        VERSION.fullmatch(one.strip()) and version_of(one) == last_event for one in asked.split(",")
    )


def version_of(tag: str) -> int:
    return int(tag.strip().strip('"').partition(".")[0])


class MovedOn(Refused):
    """Something has happened on the issue since it was read; `issue` is how it stands."""

    status = 412
    title = "The issue has moved on"

    def __init__(self, issue: dict[str, Any]) -> None:
        super().__init__("Something has happened on this issue since you read it. Nothing was written; look again.")
        self.issue = issue


def problem(refused: Refused) -> Response:
    """Problem details; `errors` names each wrong field, `allowed` what the life-cycle would allow."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": refused.title,
        "status": refused.status,
        "detail": refused.detail,
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(refused, Invalid):
        content["errors"] = refused.errors
    if isinstance(refused, Conflict):
        content["allowed"] = list(refused.allowed)
    if isinstance(refused, ProofWanted):
        content["challenge"] = msgspec.json.decode(refused.challenge)
    if isinstance(refused, MovedOn):
        content["issue"] = refused.issue
    if isinstance(refused, TooMany):
        headers["Retry-After"] = str(refused.retry_after)
    if isinstance(refused, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(content, enc_hook=str), refused.status, headers, PROBLEM)


def read_number(request: Request, name: str = "number") -> int:
    """The number in the path; raises NotFound for what cannot be one."""
    number = request.path_params[name]
    if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS):
        raise NotFound("There is no such issue on this board.")
    return int(number)


def integer(text: str | None, field: str, least: int, most: int, *, default: int) -> int:
    """A whole number from the query; raises Invalid outside of its bounds."""
    if text is None:
        return default
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 17 and least <= int(text) <= most):
        raise Invalid({field: phrase("Give a whole number from {least} to {most}.", least=least, most=most)})
    return int(text)


async def body(request: Request, kind: type[Body]) -> Body:
    """The request's JSON as the struct; raises Refused for another type, Invalid with the field for a wrong value."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise WrongType("Send JSON with Content-Type: application/json.")
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.ValidationError as wrong:
        detail, _, path = str(wrong).partition(" - at `$")
        field = path.strip("`.[]") or "body"
        raise Invalid({field: f"{detail}."}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise NotJson(f"The body is not valid JSON: {wrong}.") from None


class NotJson(Refused):
    """A body that cannot be read at all."""

    title = "Not JSON"


async def actor(tx: Tx, request: Request, issue: int | None) -> Actor:
    """Who acts, by the Authorization header alone: cookies never count here."""
    header = request.headers.get("authorization")
    if header is None:
        return STRANGER
    scheme, _, secret = header.partition(" ")
    if token := await bearer(tx, request):
        return Actor(standing=session.STANDINGS[token["role"]], person=token["person"], name=token["label"])
    if scheme.lower() == "filer":
        if request.app.state.board.links.opened("filer", secret.strip()) != issue or issue is None:
            raise Unauthorized("This is not the secret of the private link of this issue.")
        return Actor(standing="filer")
    raise Unauthorized("Use “Authorization: Bearer TOKEN”, or “Filer SECRET” for the customer who filed.")


async def permit(request: Request, issue: int | None, right: str | None) -> Actor:
    """Who acts, if they have the right. Asked before the words are looked at: of those nobody else hears a thing."""
    async with request.app.state.board.db.reading() as tx:
        by = await actor(tx, request, issue)
        await session.permit(tx, by, right, issue)
    if right in OF_A_BROWSER and by.standing == "anyone":
        raise NotAllowed(
            "Only the customer who filed the issue can do this here: whose other words are, browsers know."
        )
    return by


async def voter(tx: Tx, request: Request) -> bytes:
    """An opaque mark of the program, or of the household that it runs in, for counting it once."""
    if token := await bearer(tx, request):
        return session.mark(request.app.state.board.keys.secret, f"token {token['id']}".encode())
    return session.voter(request, None)


async def bearer(tx: Tx, request: Request) -> dict[str, Any] | None:
    """The token that the request was sent with; raises Unauthorized for one that does not hold."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = await people.token(tx, secret.strip())
    if token is None:
        raise Unauthorized("This token is not known, or was revoked.")
    return token


class Unauthorized(Refused):
    """Credentials that were given and do not hold."""

    status = 401
    title = "Not authorized"


Perform = Callable[[WriteTx, Actor, tuple[Reason, ...]], Awaitable[tuple[int, Any]]]


async def once(
    request: Request,
    issue: int | None,
    perform: Perform,
    *,
    takes: Act = "comment",
    email: str | None = None,
    words: str | None = None,
) -> Response:
    """Performs a write in one transaction; a repeat with the same Idempotency-Key gets the first answer again.

    `takes` names the token buckets that it takes from first, unless a token's own ones count. What anybody may write
    is weighed: `words`.
    """
    limits.check(request, takes)
    key = request.headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
        raise Invalid({"Idempotency-Key": phrase("Give 1 to {most} printable ASCII characters.", most=KEY_LENGTH)})
    async with request.app.state.board.db.saving() as tx:
        token = await bearer(tx, request)
        member = f"token {token['id']}" if token else None
        taken = await limits.take_as(tx, request, await company.read(tx), takes, member=member, email=email)
        doubts: tuple[Reason, ...] = ()
        if words is not None and token is None:
            if (await actor(tx, request, issue)).standing == "filer":
                taken = Taken(taken.left)
            doubts = await arrival.weigh(tx, request, words, who=None, taken=taken, form=arrival.proof_of(request))
    async with request.app.state.board.db.writing(session.now()) as tx:
        by = await actor(tx, request, issue)
        if key is None:
            status, content = await perform(tx, by, doubts)
            return answer(content, status, location(content, status))
        return await remembered(tx, request, key, partial(perform, tx, by, doubts))


async def remembered(
    tx: WriteTx, request: Request, key: str, perform: Callable[[], Awaitable[tuple[int, Any]]]
) -> Response:
    scope = f"{request.method} {request.url.path}\n{request.headers.get('authorization', '')}\n{key}"
    key_hash, body_hash = sha256(scope.encode()), sha256(await request.body())
    earlier = await intake.answer(tx, key_hash)
    if earlier is None:
        status, content = await perform()
        text = msgspec.json.encode(content).decode()
        await intake.keep_answer(
            tx,
            key_hash=key_hash,
            body_hash=body_hash,
            issue=read_number(request) if "number" in request.path_params else None,
            status=status,
            body=text,
            now_ms=session.now_ms(),
        )
        return answer(content, status, location(content, status))
    if bytes(earlier["body_hash"]) != body_hash:
        raise Conflict("This Idempotency-Key was used with another body. Take a new key for a new request.")
    content = msgspec.json.decode(earlier["body"])
    return answer(content, earlier["status"], {"Idempotency-Replayed": "true", **location(content, earlier["status"])})


def location(content: Any, status: int) -> dict[str, str]:
    return {"Location": content["url"]} if status == 201 and "url" in content else {}


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
