"""The description of the API for programs, OpenAPI 3.1, made from the shapes that the doors read and write."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from board.domain.phrase import Phrase, phrase
from board.store.issues import SORTS, STATES
from board.web import api, api_acts, shapes
from board.web.json import JSON, PROBLEM, answer
from board.web.page import frame, page

REF = "#/components/schemas/{name}"
WHOLE = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}


@dataclass(frozen=True)
class Operation:
    """One door: what it takes, what it answers when all is well, and who may use it."""

    method: str
    path: str
    summary: Phrase
    gives: type
    takes: type | None = None
    query: tuple[tuple[str, dict[str, Any], Phrase], ...] = ()
    by: str = "anyone"
    status: int = 200


PAGES = (
    ("state", {"enum": list(STATES)}, phrase("Which issues: by state, turn or outcome.")),
    ("area", {"type": "string", "maxLength": 80}, phrase("The slug of an area.")),
    ("q", {"type": "string", "maxLength": 200}, phrase("Words to look for.")),
    ("sort", {"enum": list(SORTS)}, phrase("Their order.")),
    ("after", {"type": "string"}, phrase("The `next` of the page before.")),
    ("limit", {"type": "integer", "minimum": 1, "maximum": api.MOST}, phrase("How many at most.")),
)
RECORD = (
    (
        "after",
        {"type": "integer", "minimum": -1, "maximum": 2**53 - 1},
        phrase("Events behind this index; -1 for all."),
    ),
    ("limit", {"type": "integer", "minimum": 1, "maximum": api.MOST}, phrase("How many at most.")),
    ("wait", {"type": "integer", "minimum": 0, "maximum": api.WAIT_S}, phrase("Seconds to wait for the next event.")),
)
ISSUE = "/api/v1/issues/{number}"
READS = (
    Operation("get", "/api/v1/issues", phrase("A page of the list of issues"), shapes.Issues, query=PAGES),
    Operation("get", ISSUE, phrase("One issue with its timeline"), shapes.WholeIssue),
    Operation("get", f"{ISSUE}/events", phrase("All events of an issue"), shapes.Events),
    Operation("get", "/api/v1/events", phrase("The record itself"), shapes.Events, query=RECORD),
    Operation("get", "/api/v1/areas", phrase("The areas with their target times"), shapes.Areas),
)
WRITES = (
    ("comments", phrase("Comment on an issue"), api_acts.NewComment, "anyone"),
    ("updates", phrase("Answer as the company, with what follows from it"), api_acts.NewUpdate, "staff"),
    ("resolution", phrase("Resolve or close an issue"), api_acts.NewResolution, "staff"),
    ("confirmation", phrase("Say that it is cured"), api_acts.NewConfirmation, "filer"),
    ("dispute", phrase("Say that it is not"), api_acts.NewWords, "filer"),
    ("withdrawal", phrase("Withdraw one's issue"), api_acts.NewConfirmation, "filer"),
    ("thanks", phrase("Say thank you"), api_acts.NewWords, "filer or staff"),
    ("reopening", phrase("Open an issue again"), api_acts.NewWords, "staff"),
    ("promise", phrase("Promise a time for the next word"), api_acts.NewPromise, "staff"),
)
OPERATIONS = (
    *READS,
    Operation("post", "/api/v1/issues", phrase("File an issue"), shapes.Filed, api_acts.NewIssue, status=201),
    *(
        Operation("post", f"{ISSUE}/{name}", summary, shapes.Done, takes, by=by, status=201)
        for name, summary, takes, by in WRITES
    ),
)
REFUSALS = {
    400: phrase("The body is not JSON."),
    401: phrase("The credentials do not hold."),
    403: phrase("This is not for whoever asks."),
    404: phrase("There is no such thing here."),
    409: phrase("The life-cycle does not allow it now; `allowed` says what it does."),
    413: phrase("The body is too long."),
    415: phrase("The body is not JSON by its type."),
    422: phrase("A field is wrong, or something in it looks private; `errors` says what to mend."),
    428: phrase("Doubtful words: calculate the proof in `challenge` and send it in `Board-Proof`."),
    429: phrase("Too much from one place; `Retry-After` says when to come again."),
}
OF_READS, OF_WRITES = (404, 422), tuple(REFUSALS)
SECURITY = {
    "anyone": [{}],
    "staff": [{"token": []}],
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
    refused = OF_WRITES if one.takes else OF_READS
    described: dict[str, Any] = {
        "summary": str(one.summary),
        "security": SECURITY[one.by],
        "parameters": parameters(one),
        "responses": {
            str(one.status): {"description": "Done.", "content": {JSON: {"schema": ref(one.gives)}}},
            **{str(status): problem(status) for status in refused},
        },
    }
    if one.takes:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": ref(one.takes)}}}
    return described


def parameters(one: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{number}" in one.path:
        found.append({"name": "number", "in": "path", "required": True, "schema": WHOLE})
    for name, schema, described in one.query:
        found.append({"name": name, "in": "query", "required": False, "schema": schema, "description": str(described)})
    if one.takes:
        key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        told = "A repeat with the same key gets the first answer again."
        found.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": key, "description": told})
    if one.takes in (api_acts.NewIssue, api_acts.NewComment):
        told = "“can”, and doubtful words are answered with 428 and a challenge (ALTCHA); then its solution."
        proof = {"type": "string", "minLength": 1, "maxLength": 4_000, "pattern": "^[!-~]+$"}
        found.append({"name": "Board-Proof", "in": "header", "required": False, "schema": proof, "description": told})
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
