"""The description of the API for programs, OpenAPI 3.1, made from the shapes that the doors read and write."""

import re
from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from board.domain import hooks
from board.domain.phrase import phrase
from board.web import bodies, session, shapes
from board.web.json import JSON, PROBLEM, read
from board.web.operations import DUE, OPERATIONS, Operation

REF = "#/components/schemas/{name}"
WHOLE = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
KEY = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
PROOF = {"type": "string", "minLength": 1, "maxLength": 4_000, "pattern": "^[!-~]+$"}
CAN_PROVE = "“can”, and doubtful words are answered with 428 and a challenge (ALTCHA); then its solution."
TAG = {"type": "string", "pattern": '^"[0-9]{1,15}"$'}
REFUSALS = {
    400: phrase("The body is not JSON."),
    401: phrase("The credentials do not hold."),
    403: phrase("This is not for whoever asks."),
    404: phrase("There is no such thing here."),
    409: phrase("The life-cycle does not allow it now; `allowed` says what it does."),
    412: phrase("Something has happened since; `issue` is how it stands."),
    413: phrase("The body is too long."),
    415: phrase("The body is not JSON by its type."),
    422: phrase("A field is wrong, or something in it looks private; `errors` says what to mend."),
    428: phrase("Doubtful words: calculate the proof in `challenge` and send it in `Board-Proof`."),
    429: phrase("Too much from one place; `Retry-After` says when to come again."),
}
OF_READS, OF_STAFFS_READS, OF_WRITES = (404, 422), (401, 403, 404, 422, 429), tuple(REFUSALS)
DONE = {200: "Here it is.", 201: "Done.", 202: "Asked for: it waits for somebody else’s word."}
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "anyone": [],
    "reader": [{"token": []}],
    "staff": [{"token": []}],
    "moderator": [{"token": []}],
    "filer": [{"filer": []}],
    "filer or staff": [{"filer": []}, {"token": []}],
}
ABOUT = """Read everything public without a key; write as far as one may. Where no key is needed one may still be sent:
a comment with the secret of the private link is the customer’s own.

Lists come in pages: `next` is the cursor of the next one, and `Link` its address. `fields` chooses what is told of each
issue. Every read has an `ETag`, and answers 304 to `If-None-Match`. That of an issue begins with the index of its last
event; a write with `If-Match: "<that index>"` is refused with 412 where something has happened since.

Every write takes an `Idempotency-Key`: a repeat gets the first answer again. What is sent is limited for each place or
token; `RateLimit-Policy` and `RateLimit` say what is left, and 429 comes with `Retry-After`. Reads are not limited.

Within version 1 fields, doors and kinds of events are only added: pass over what you do not know. What is to end says
so for a year before it does: here with `deprecated`, and in each answer with `Deprecation` (RFC 9745) and `Sunset`
(RFC 8594)."""
FIELDS_TOLD = phrase("Only these fields of each issue, with commas.")
SENT = {"schema": {"type": "string"}}
LIMITS = {
    "RateLimit-Policy": {**SENT, "description": "The sender’s own limits: `q` in `w` seconds."},
    "RateLimit": {**SENT, "description": "What is left of them: `r`, and all of it again in `t` seconds."},
}
REPLAYED = {"Idempotency-Replayed": {**SENT, "description": "`true` where this is the first answer again."}}
RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "In how many seconds to come again."}}
ETAG = {"ETag": {**SENT, "description": "For `If-None-Match`; that of an issue for `If-Match`, too."}}
LINK = {"Link": {**SENT, "description": 'The address of the next page, `rel="next"`, where there is one.'}}


def described(request: Request) -> dict[str, Any]:
    """The document as it is for now: its examples promise a time in the month after the next."""
    now = session.now()
    year, month = now.year + (now.month + 1) // 12, (now.month + 1) % 12 + 1
    return document(request.app.state.board.settings.base_url, f"{year}-{month:02}-01T12:00:00Z")


@lru_cache(maxsize=2)
def document(server: str, due: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = operation(one, due)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Board",
            "version": "1",
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "paths": paths,
        "webhooks": {name: webhook(name) for name in (*hooks.EVENTS, hooks.TEST)},
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token of `board token create`."},
                "filer": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "“Filer SECRET”: the last part of the private link.",
                },
            },
        },
    }


def schemas() -> dict[str, Any]:
    takes = {one.takes for one in OPERATIONS if one.takes}
    told = (hooks.Message, hooks.Trial)
    _, found = msgspec.json.schema_components(
        [*shapes.ALL, *told, *sorted(takes, key=lambda t: t.__name__)], ref_template=REF
    )
    return found


def operation(one: Operation, due: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": name_of(one),
        "tags": [one.tag],
        "summary": str(one.summary),
        "security": SECURITY[one.by],
        "parameters": parameters(one),
        "responses": {
            **{str(status): done(one, status) for status in (one.status, one.also) if status},
            **({} if one.takes else {"304": {"description": "Nothing has changed.", "headers": ETAG}}),
            **{str(status): problem(status) for status in refusals(one)},
        },
    }
    if one.takes:
        example = {name: due if value == DUE else value for name, value in (one.example or {}).items()}
        content = {JSON: {"schema": ref(one.takes), "example": example}}
        told["requestBody"] = {"required": True, "content": content}
    if one.ends:
        told |= {"deprecated": True, "description": f"Ends on {one.ends.until:%Y-%m-%d}. {one.ends.instead}"}
    return told


def name_of(one: Operation) -> str:
    """`post_issue_comments`: what generators call the door."""
    place = one.path.removeprefix("/api/v1/").replace("issues/{number}", "issue").replace("/{id}", "")
    return f"{one.method}_{re.sub(r'[^a-z]', '_', place)}"


def refusals(one: Operation) -> tuple[int, ...]:
    if one.takes is None:
        return OF_READS if one.by == "anyone" else OF_STAFFS_READS
    return OF_WRITES if "{number}" in one.path else tuple(status for status in OF_WRITES if status != 412)


def done(one: Operation, status: int) -> dict[str, Any]:
    """The answer when all is well; with `fields` only some of it."""
    shape = ref(one.gives)
    if sparse := shapes.SPARSE.get(one.gives):
        shape = {"anyOf": [shape, ref(sparse)]}
    headers = (
        LIMITS | REPLAYED if one.takes else ETAG | (LINK if any(name == "after" for name, *_ in one.query) else {})
    )
    return {"description": DONE[status], "headers": headers, "content": {JSON: {"schema": shape}}}


def parameters(one: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"{(\w+)}", one.path):
        found.append({"name": name, "in": "path", "required": True, "schema": WHOLE, "example": 1})
    for name, schema, told in one.query:
        found.append({"name": name, "in": "query", "required": False, "schema": schema, "description": str(told)})
    if one.gives in shapes.SPARSE:
        found.append(fields_parameter(one))
    if one.takes:
        found.append(header("Idempotency-Key", KEY, "A repeat with the same key gets the first answer again."))
        if "{number}" in one.path:
            found.append(header("If-Match", TAG, "Only while this is the index of the issue’s last event."))
        if one.takes in (bodies.NewIssue, bodies.NewComment):
            found.append(header("Board-Proof", PROOF, CAN_PROVE))
    else:
        found.append(header("If-None-Match", {"type": "string"}, "Answers 304 where nothing has changed."))
    return found


def fields_parameter(one: Operation) -> dict[str, Any]:
    names = {"type": "string", "enum": list(shapes.fields_of(one.gives))}
    schema = {"type": "array", "items": names, "minItems": 1, "uniqueItems": True}
    kept = {"name": "fields", "in": "query", "required": False, "style": "form", "explode": False}
    return {**kept, "schema": schema, "description": str(FIELDS_TOLD)}


def header(name: str, schema: dict[str, Any], told: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": told}


def problem(status: int) -> dict[str, Any]:
    headers = {"headers": LIMITS | RETRY} if status == 429 else {}
    return {"description": str(REFUSALS[status]), **headers, "content": {PROBLEM: {"schema": ref(shapes.Problem)}}}


def webhook(name: str) -> dict[str, Any]:
    """What a webhook of the standard shape is sent; the rooms of chats have their own."""
    shape = hooks.Trial if name == hooks.TEST else hooks.Message
    told = "Sent once and in order, signed as Standard Webhooks 1.0 say; told again for three days until it is taken."
    post = {
        "summary": f"What is sent at {name}",
        "description": told,
        "parameters": [
            {**header(one, {"type": "string"}, str(said)), "required": True} for one, said in hooks.HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": ref(shape)}}},
        "responses": {"2XX": {"description": "Taken."}, "410": {"description": "Gone: the webhook is switched off."}},
    }
    return {"post": post}


def ref(shape: Any) -> dict[str, Any]:
    return {"$ref": REF.format(name=shape.__name__)}


async def serve(request: Request) -> Response:
    """`/api/v1/openapi.json`: one document, in English whatever the board speaks, because programs are made from it."""
    return read(request, described(request))
