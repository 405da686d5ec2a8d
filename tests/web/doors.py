"""Every door of the board with a request that it takes, found among the routes of the application."""

import json
from collections.abc import Iterator
from typing import Any

from starlette.routing import BaseRoute, Mount, Route

from board.web.routes import routes
from board.web.session import SAFE
from tests.web.site import FILING

WORDS = {"body": "A few words."}
DUE = "2027-01-01T00:00"
# What each door that changes something takes; a door that is missing here fails the tests that walk over all of them.
FORMS: dict[str, dict[str, str]] = {
    "/issues": {**FILING, "email": "ada@elsewhere.example", "private": "Order 4711", "website": ""},
    "/issues/{number}/comments": {**WORDS, "name": "Cy"},
    "/issues/{number}/confirmation": {**WORDS, "grade": "5"},
    "/issues/{number}/dispute": WORDS,
    "/issues/{number}/withdrawal": WORDS,
    "/issues/{number}/thanks": WORDS,
    "/issues/{number}/corrections": {**WORDS, "title": "A title", "target": "1"},
    "/issues/{number}/mine-too": {},
    "/issues/{number}/follow": {"email": "cy@elsewhere.example"},
    "/issues/{number}/updates": {
        **WORDS,
        "state": "settled",
        "resolution": "not_ours",
        "whose": "The mill",
        "promise_due": "",
        "duplicate_of": "",
    },
    "/issues/{number}/notes": WORDS,
    "/issues/{number}/owner": {"person": "1"},
    "/issues/{number}/area": {"area": "returns"},
    "/issues/{number}/promise": {"promise_due": DUE},
    "/issues/{number}/merge": {**WORDS, "into": "2"},
    "/issues/{number}/split": WORDS,
    "/issues/{number}/reopening": WORDS,
    "/issues/{number}/publication": {"target": ""},
    "/issues/{number}/rejection": {"target": "", "reason": "spam"},
    "/issues/{number}/private-words": {"private": "Order 4711"},
    "/staff/issues/{number}/private": {},
    "/me/address": {"email": "ada@elsewhere.example"},
    "/staff/outbox/addresses": {"email": "eve@home.example"},
    "/inbound/mail": {},
    "/me/wishes": {"do": "wishes", "pace": "daily", "zone": "Europe/Vienna", "kinds": "answers"},
    "/me/address/{secret}": {},
    "/me/mail": {"do": "stop"},
    "/me/erasure": {"sure": "yes", "texts": "keep"},
    "/issues/{number}/reports": {"at": "1", "reason": "abuse", **WORDS},
    "/issues/{number}/appeals": WORDS,
    "/issues/{number}/erasures": {"target": "1", "fields": "author.name", "words": "", "mark": "name"},
    "/staff/moderation": {"chosen": "1", "do": "publish", "reason": "spam"},
    "/staff/moderation/hidings/{id}": {"do": "agree"},
    "/staff/moderation/appeals/{id}": {"do": "uphold"},
    "/staff/moderation/reports/{id}": {},
    "/issues/{number}/removal": {"reason": "spam"},
    "/issues/{number}/hidings": {"target": "1", "reason": "spam"},
    "/issues/{number}/restoration": {},
    "/issues/{number}/redactions": {"target": "1", "fields": "body", "reason": "abuse"},
    "/new": {"t": "a.b.c"},
    "/embed/handover": {"t": "a.b.c"},
    "/embed/new": {**FILING, "email": "ada@elsewhere.example"},
    "/staff/widget": {"widget_origins": "https://shop.example"},
    "/staff/widget/secret": {},
    "/finds": {"text": "Ring 0171 5550100."},
    "/signin": {"email": "ada@elsewhere.example"},
    "/signin/link": {"t": "x"},
    "/signin/code": {"code": "7KQF-2MPA"},
    "/signin/{secret}": {"name": "Di", "email": "di@board.example"},
    "/signout": {},
    "/signin/passkey": {"credential": "{}"},
    "/signin/passkey/question": {},
    "/me/sessions": {},
    "/me/sessions/{mark}": {},
    "/me/passkeys": {"credential": "{}", "name": "My key"},
    "/me/passkeys/question": {},
    "/me/passkeys/{id}/removal": {},
    "/me/codes": {},
    "/me/codes/confirmation": {"code": "123456"},
    "/me/codes/removal": {},
    "/prove/code": {"code": "123456"},
    "/prove/mail": {},
    "/mail/{secret}": {"do": "confirm"},
    "/follows/{secret}": {"do": "confirm", "List-Unsubscribe": ""},
    "/staff/outbox/again": {},
    "/staff/outbox/{id}/try": {},
    "/staff/outbox/{id}/end": {},
    "/issues/{number}/mirroring": {"do": "keep_out"},
    "/staff/mentions/{id}": {},
    "/staff/mirrors": {"network": "bluesky", "address": "https://192.0.2.1", "identifier": "b", "password": "p"},
    "/staff/mirrors/{id}": {"budget": "100", "is_dry": "yes", "threads": "yes", "links": ""},
    "/staff/mirrors/{id}/secrets": {"identifier": "board.example", "password": "p"},
    "/staff/mirrors/{id}/acts": {"act": "test"},
    "/staff/mirrors/{id}/posts/{post}": {"act": "give_up", "remote": ""},
    "/staff/mirrors/{id}/removal": {},
    "/staff/hooks": {"url": "https://example.com/hook", "shape": "slack", "events": "issue.filed\nissue.resolved"},
    "/staff/hooks/{id}": {"url": "https://example.com/hook", "shape": "standard", "events": "issue.filed"},
    "/staff/hooks/{id}/secret": {},
    "/staff/hooks/{id}/acts": {"act": "again", "seq": "1"},
    "/staff/hooks/{id}/removal": {},
    "/staff/settings/limits": {"file.burst": "50", "mine_too.day": "200"},
    "/staff/settings/areas": {"name": "Mills", "first_answer_h": "4", "resolve_h": "8"},
    "/staff/settings/areas/{slug}": {"name": "Mills", "first_answer_h": "4", "resolve_h": "8"},
    "/staff/settings/colleagues": {"email": "di@board.example", "name": "Di", "role": "agent"},
    "/staff/settings/colleagues/{id}/removal": {},
    "/staff/settings/colleagues/{id}/signout": {},
    "/staff/settings/tokens": {"label": "Robot", "role": "reader"},
    "/staff/settings/tokens/{id}/revocation": {},
    "/staff/settings/company": {"name": "Tea & Co", "tagline": "in the open", "accent": "#123456"},
    "/staff/settings/texts": {"rules": "Be kind.", "about": "We make tea.", "licence": "CC BY 4.0"},
    "/staff/settings/finds": {"order_pattern": "NP-####", "phone_regions": "DE GB"},
    "/staff/settings/policies": {"mail_policy": "optional", "moderation_policy": "open"},
    "/live/tickets": {},
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/issues": {**FILING, "email": "ada@elsewhere.example", "private": "Order 4711"},
    "/api/v1/issues/{number}/comments": {**WORDS, "name": "Cy", "email": "cy@elsewhere.example"},
    "/api/v1/issues/{number}/updates": {**WORDS, "state": "in_progress", "promise_due": f"{DUE}:00Z"},
    "/api/v1/issues/{number}/resolution": {**WORDS, "resolution": "not_ours", "whose": "The mill", "duplicate_of": 2},
    "/api/v1/issues/{number}/confirmation": {**WORDS, "grade": 5},
    "/api/v1/issues/{number}/dispute": WORDS,
    "/api/v1/issues/{number}/withdrawal": WORDS,
    "/api/v1/issues/{number}/thanks": WORDS,
    "/api/v1/issues/{number}/corrections": {**WORDS, "title": "A title", "target": 1},
    "/api/v1/issues/{number}/mine-too": {},
    "/api/v1/issues/{number}/follow": {"email": "cy@elsewhere.example"},
    "/api/v1/issues/{number}/reports": {"at": 1, "reason": "abuse", **WORDS},
    "/api/v1/issues/{number}/appeals": {**WORDS, "decision": 1},
    "/api/v1/issues/{number}/erasures": {"target": 1, "fields": ["author.name"], "words": ["tea"], "mark": "name"},
    "/api/v1/issues/{number}/private-words": {"private": "Order 4711"},
    "/api/v1/issues/{number}/reopening": WORDS,
    "/api/v1/issues/{number}/promise": {"promise_due": f"{DUE}:00Z"},
    "/api/v1/issues/{number}/owner": {"person": 1},
    "/api/v1/issues/{number}/area": {"area": "returns"},
    "/api/v1/issues/{number}/merge": {**WORDS, "into": 2},
    "/api/v1/issues/{number}/split": WORDS,
    "/api/v1/issues/{number}/notes": WORDS,
    "/api/v1/issues/{number}/mirroring": {"is_out": True},
    "/api/v1/issues/{number}/publication": {"target": 1},
    "/api/v1/issues/{number}/rejection": {"target": 1, "reason": "spam"},
    "/api/v1/issues/{number}/restoration": {"target": 1},
    "/api/v1/issues/{number}/removal": {"reason": "spam"},
    "/api/v1/issues/{number}/hidings": {"target": 1, "reason": "spam"},
    "/api/v1/issues/{number}/redactions": {
        "target": 1,
        "fields": ["body"],
        "words": ["tea"],
        "mark": "name",
        "reason": "abuse",
    },
    "/api/v1/moderation/hidings/{id}": {"decision": "agree"},
    "/api/v1/moderation/appeals/{id}": {"decision": "uphold", "answer": "Yes."},
    "/api/v1/moderation/reports/{id}": {},
}
# Whoever gets furthest at a door: anyone or the filer where they are named here, else an admin.
ANYONE = (
    "/issues", "/new", "/embed/new", "/embed/handover", "/finds", "/signin", "/follows/{secret}", "/mail/{secret}",
    "comments", "mine-too", "follow", "reports", "/api/v1/issues",
)  # fmt: skip
OF_THE_FILER = (
    "confirmation",
    "dispute",
    "withdrawal",
    "thanks",
    "corrections",
    "appeals",
    "erasures",
    "private-words",
)
# Where a page reads a query, each part of it alone; the others get all of EVERY_PAGE at once.
QUERIES: dict[str, tuple[str, ...]] = {
    "/": ("q={}", "state={}", "area={}", "sort={}", "after={}", "sort=new&after={}", "done={}"),
    "/similar": ("q={}",),
    "/issues/{number}/report": ("at={}",),
    "/staff": ("queue={}", "q={}", "after={}", "queue=mine&after={}"),
    "/staff/outbox": ("state={}", "before={}"),
    "/staff/mentions": ("before={}",),
    "/new": ("area={}", "mention={}", "via={}"),
    "/embed/list.html": ("area={}", "issue={}", "limit={}", "lang={}", "theme={}"),
    "/embed/badge.svg": ("area={}", "lang={}", "theme={}"),
    "/embed/v1/state.json": ("area={}", "issue={}", "limit={}", "lang={}"),
    "/api/v1/issues": ("q={}", "state={}", "area={}", "sort={}", "after={}", "sort=oldest&after={}", "limit={}"),
    "/feed.atom": ("q={}", "area={}", "state={}", "before={}", "q=tea&area={}", "q=tea&before={}"),
    "/feed.json": ("q={}", "area={}", "state={}", "before={}"),
    "/issues/{number}/feed.atom": ("before={}",),
    # Another format is 501 there, as its specification says.
    "/oembed": ("url={}", "url=https://board.example/issues/{}", "maxwidth={}", "maxheight={}"),
    "/data/events.jsonl": ("after={}",),
    "/data/issues.csv": ("after={}",),
    "/api/v1/events": ("after={}", "limit={}", "wait={}"),
    "/api/v1/queue": ("q={}", "queue={}", "owner={}", "after={}", "queue=all&after={}", "limit={}"),
    "/open311/v2/requests.{form}": (
        "start_date={}",
        "end_date={}",
        "status={}",
        "service_code={}",
        "service_request_id={}",
        "jurisdiction_id={}",
    ),
    "/open311/v2/requests/{id}.{form}": ("jurisdiction_id={}",),
    "/live/sse": ("topics=none,{}", "as={}"),
}
EVERY_PAGE = ("q={}&area={}&after={}&done={}&queue={}&as={}&v={}&before={}&state={}&sort={}",)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def all_routes(of: list[BaseRoute] | None = None) -> Iterator[Route]:
    for route in routes() if of is None else of:
        if isinstance(route, Mount):
            yield from all_routes(list(route.routes or []))
        elif isinstance(route, Route):
            yield route


def unsafe() -> list[str]:
    """The paths of all doors that take another method than GET."""
    return [plain(route) for route in all_routes() if set(route.methods or ()) - set(SAFE)]


def readable() -> list[str]:
    """The paths of all pages and answers."""
    return [plain(route) for route in all_routes() if "GET" in (route.methods or ())]


def plain(route: Route) -> str:
    """The path with the names of its parameters only: `/issues/{number}`."""
    return route.path_format


PLACES = {
    "number": 1,
    "id": 1,
    "post": 1,
    "index": 0,
    "slug": "service",
    "secret": "x",
    "mark": "x",
    "sha256": "0" * 64,
}


def filled(path: str, **values: str | int) -> str:
    return path.format(**{**PLACES, "path": "0/000.p/1", "form": "xml", **values})


def takes_json(path: str) -> bool:
    return path.startswith("/api/")


def furthest(path: str) -> str:
    """Who gets furthest at the door: `anyone`, `filer` or `admin`."""
    name = path.rsplit("/", 1)[-1]
    if path in ANYONE or name in ANYONE:
        return "anyone"
    return "filer" if name in OF_THE_FILER else "admin"


def encoded(given: Any) -> bytes:
    return json.dumps(given).encode()
