"""The description of the API to be read by people, in their language and without a script: `/api`."""

import json
import shlex
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from board.domain import hooks
from board.domain.phrase import phrase
from board.domain.wording import Say
from board.web import shapes
from board.web.json import JSON
from board.web.openapi import FIELDS_TOLD, REFUSALS, described, name_of
from board.web.operations import OPERATIONS, Operation, Query
from board.web.page import frame, page

GROUPS = {
    "reads": phrase("Read what is public"),
    "customers": phrase("Act as a customer, or as anybody"),
    "desk": phrase("Read what staff read"),
    "staff": phrase("Act for the company"),
    "moderation": phrase("Moderate"),
}
WHO = {
    "anyone": phrase("For everybody, without a key."),
    "filer": phrase("Takes the secret of the private link."),
    "filer or staff": phrase("Takes the secret of the private link, or a token."),
    "reader": phrase("Takes a token; a reader’s one is told nothing personal."),
    "staff": phrase("Takes the token of a member of staff."),
    "moderator": phrase("Takes the token of a moderator."),
}
KEYS = {"filer": "Filer SECRET", "filer or staff": "Filer SECRET", "anyone": ""}  # all others bear a token


async def show(request: Request) -> Response:
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
    document, say = described(request), around.names.say
    here = {"area": [*around.names.areas][-1]} if around.names.areas else {}
    doors = [door(one, document, say, here) for one in OPERATIONS]
    return page(
        request,
        around,
        "api.html",
        nav="about",
        groups=[(say(title), [one for one in doors if one["tag"] == tag]) for tag, title in GROUPS.items()],
        refusals=[(status, say(told)) for status, told in sorted(REFUSALS.items())],
        shapes=[(name, fields(schema)) for name, schema in sorted(document["components"]["schemas"].items())],
        events=hooks.EVENTS,
        headers=[(name, say(told)) for name, told in hooks.HEADERS.items()],
    )


def door(one: Operation, document: dict[str, Any], say: Say, here: dict[str, str]) -> dict[str, Any]:
    """What one door takes and gives, with a line for a shell."""
    told = document["paths"][one.path][one.method]
    takes = document["components"]["schemas"][one.takes.__name__] if one.takes else {}
    return {
        "id": name_of(one),
        "tag": one.tag,
        "method": one.method.upper(),
        "path": one.path,
        "summary": say(one.summary),
        "who": say(WHO[one.by]),
        "query": [(name, kind(schema), say(told).replace("`", "")) for name, schema, told in query(one)],
        "fields": fields(takes),
        "gives": one.gives.__name__,
        "statuses": sorted(told["responses"]),
        "curl": curl(one, told, document["servers"][0]["url"], here),
        "ends": one.ends,
    }


def query(one: Operation) -> Query:
    """Also the parameter by which a read is told what is wanted of each issue."""
    return (*one.query, ("fields", {"type": "string"}, FIELDS_TOLD)) if one.gives in shapes.SPARSE else one.query


def curl(one: Operation, told: dict[str, Any], server: str, here: dict[str, str]) -> str:
    """A line that asks for the door's example; `here` is what the example names otherwise than this board."""
    address = server + one.path.replace("{number}", "1").replace("{id}", "1")
    words = ["curl", address]
    if key := KEYS.get(one.by, "Bearer TOKEN"):
        words += ["-H", f"Authorization: {key}"]
    if one.takes:
        example = told["requestBody"]["content"][JSON]["example"]
        example = {name: here.get(name, value) for name, value in example.items()}
        words += ["-H", f"Content-Type: {JSON}", "-d", json.dumps(example, ensure_ascii=False)]
    return shlex.join(words)


def fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a shape: name, kind, and whether they have to be there."""
    needed = schema.get("required", ())
    return [
        {"name": name, "kind": kind(inner), "is_needed": name in needed}
        for name, inner in schema.get("properties", {}).items()
    ]


def kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, as programmers write types."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(kind(one) for one in schema["anyOf"])
    match schema.get("type"):
        case "array":
            return f"[{kind(schema.get('items', {}))}]"
        case "object":
            return f"{{string: {kind(schema.get('additionalProperties') or {})}}}"
        case str() as plain:
            return plain
        case _:
            return "any"
