"""The description of the API for programs, OpenAPI 3.1, made from the shapes that the doors read and write."""

import re
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from board.domain.phrase import phrase
from board.web import shapes
from board.web.json import JSON, PROBLEM, answer
from board.web.operations import OPERATIONS, Operation
from board.web.page import frame, page

REF = "#/components/schemas/{name}"
WHOLE = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}


REFUSALS = {
    400: phrase("The body is not JSON."),
    401: phrase("The credentials do not hold."),
    403: phrase("This is not for whoever asks."),
    404: phrase("There is no such thing here."),
    409: phrase("The life-cycle does not allow it now; `allowed` says what it does."),
    413: phrase("The body is too long."),
    415: phrase("The body is not JSON by its type."),
    422: phrase("A field is wrong, or something in it looks private; `errors` says what to mend."),
    429: phrase("Too much from one place; `Retry-After` says when to come again."),
}
OF_READS, OF_STAFFS_READS, OF_WRITES = (404, 422), (401, 403, 404, 422, 429), tuple(REFUSALS)
DONE = {200: "Here it is.", 201: "Done.", 202: "Asked for: it waits for somebody else’s word."}
SECURITY = {
    "anyone": [{}],
    "reader": [{"token": []}],
    "staff": [{"token": []}],
    "moderator": [{"token": []}],
    "filer": [{"filer": []}],
    "filer or staff": [{"filer": []}, {"token": []}],
}


@cache
def document(server: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Board", "version": "1", "description": "Read everything public; write as far as one may."},
        "servers": [{"url": server}],
        "paths": paths,
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
    read = {one.takes for one in OPERATIONS if one.takes}
    _, found = msgspec.json.schema_components([*shapes.ALL, *sorted(read, key=lambda t: t.__name__)], ref_template=REF)
    return found


def operation(one: Operation) -> dict[str, Any]:
    refused = OF_WRITES if one.takes else OF_READS if one.by == "anyone" else OF_STAFFS_READS
    statuses = [one.status, *([one.also] if one.also else [])]
    described: dict[str, Any] = {
        "summary": str(one.summary),
        "security": SECURITY[one.by],
        "parameters": parameters(one),
        "responses": {
            **{str(s): {"description": DONE[s], "content": {JSON: {"schema": ref(one.gives)}}} for s in statuses},
            **{str(status): problem(status) for status in refused},
        },
    }
    if one.takes:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": ref(one.takes)}}}
    return described


def parameters(one: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"{(\w+)}", one.path):
        found.append({"name": name, "in": "path", "required": True, "schema": WHOLE})
    for name, schema, described in one.query:
        found.append({"name": name, "in": "query", "required": False, "schema": schema, "description": str(described)})
    if one.takes:
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        told = "A repeat with the same key gets the first answer again."
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key, "description": told})
    return found


def problem(status: int) -> dict[str, Any]:
    return {"description": str(REFUSALS[status]), "content": {PROBLEM: {"schema": ref(shapes.Problem)}}}


def ref(shape: type) -> dict[str, str]:
    return {"$ref": REF.format(name=shape.__name__)}


async def serve(request: Request) -> Response:
    """`/api/v1/openapi.json`: one document, in English whatever the board speaks, because programs are made from it."""
    return answer(document(request.app.state.board.settings.base_url))


async def show(request: Request) -> Response:
    """`/api`: the same to be read by people, in their language."""
    async with request.app.state.board.db.reading() as tx:
        around = await frame(tx, request)
    described = document(request.app.state.board.settings.base_url)
    say = around.names.say
    rows = [
        {
            "method": one.method.upper(),
            "path": one.path,
            "summary": say(one.summary),
            "by": one.by,
            "query": [(name, say(described)) for name, _, described in one.query],
            "fields": fields(described, one),
            "gives": one.gives.__name__,
        }
        for one in OPERATIONS
    ]
    refusals = [(status, say(told)) for status, told in sorted(REFUSALS.items())]
    return page(request, around, "api.html", nav="about", operations=rows, refusals=refusals)


def fields(described: dict[str, Any], one: Operation) -> list[dict[str, Any]]:
    if one.takes is None:
        return []
    schema = described["components"]["schemas"][one.takes.__name__]
    needed = schema.get("required", ())
    return [{"name": name, "is_needed": name in needed} for name in schema["properties"]]
