"""Nothing private is on any public surface: canaries stand in every private place, and a stranger walks everywhere."""

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from board.actions import customers, hiding, mirrors, moderators, objections, privately, staff
from board.domain.decisions import Then
from board.domain.mentions import Mention
from board.domain.words import Filing
from board.store import mentions, people
from board.store.database import Database
from board.store.export import export
from board.web.routes import routes
from tests.cast import ADA, BO, CY, MO, ROOT, do, say
from tests.web.site import Site
from tests.web.wire import Wire, hear

CANARY = "zanary"  # every planted word holds it; the word behind it names the place
PUBLIC = "pubcanary"
QUERIES = (
    "",
    f"?q={CANARY}",
    f"?q={CANARY}&state=all",
    "?state=all&sort=new",
    "?after=x",
    "?done=commented",
    "?as=customer",
    "?mention=1",
)


ASKED = (
    "/",
    "/similar",
    "/issues/1",
    "/issues/2",
    "/api/v1/issues",
    "/api/v1/events",
    "/feed.atom",
    "/feed.json",
    "/staff",
    "/me",
)
EMBEDDED = ("/embed/list.html", "/embed/badge.svg", "/embed/v1/state.json")
OURS = ("board", "uvicorn", "databases")


def planted(place: str) -> str:
    return f"{CANARY}{place}"


def filing(place: str, **changes: str) -> Filing:
    return Filing(
        title=changes.get("title", "A public title"),
        body=changes.get("body", f"Public words {PUBLIC}."),
        area="service",
        name=changes.get("name", "Ada"),
        email=f"{planted(place)}mail@home.example",
        details=planted(f"{place}details"),
    )


async def plant(site: Site) -> int:
    """Private words in every private place; returns the number of the newest issue."""
    db = site.db
    await public_issue(db, site)
    await hidden_issues(db, site)
    await redacted_words(db, site)
    await hidden_comments(db, site)
    async with db.saving() as tx:
        await people.add(tx, email=f"{planted('staff')}@board.example", name="Sam", role="agent", now_ms=0)
        await people.new_link(tx, purpose="staff", person=BO.person, now_ms=0, lasts_ms=2**50)
        await people.new_token(tx, label=planted("token"), role="reader", now_ms=0)
    secrets = {"identifier": planted("handle"), "password": planted("password")}
    given: dict[str, Any] = {"network": "bluesky", "address": "https://192.0.2.1", "out": site.board.out, "now_ms": 0}
    mirror = await do(db, mirrors.add, by=ROOT, secrets=secrets, box=site.board.box(mirrors.NAME), **given)
    said = {"author": planted("author"), "text": planted("mention"), "url": f"https://x.com/{planted('url')}"}
    async with db.saving() as tx:
        await mentions.put(tx, mirror, Mention(remote="1", said_ms=0, came_ms=0, **said), 0)
    return 7


async def public_issue(db: Database, site: Site) -> None:
    await do(db, customers.file, filing("one"), via="web", links=site.board.links, say=say)
    box = site.board.box(privately.PURPOSE)
    for by, place in ((ADA, "onedetails"), (BO, "answered")):
        await do(db, privately.tell, 1, by=by, words=planted(place), box=box, now_ms=0)
    await do(db, objections.report, 1, seq=1, reason="abuse", words=planted("report"), voter=b"x")
    await do(db, staff.note, 1, by=BO, body=planted("note"))
    await do(db, customers.follow, 1, email=f"{planted('follower')}@home.example", links=site.board.links, say=say)
    await do(db, staff.update, 1, by=BO, body="Mended, we say.", via="web", then=Then(resolution="fixed"))


async def hidden_issues(db: Database, site: Site) -> None:
    """A held issue, a rejected one, a removed one, and held and rejected comments."""
    root = await site.staff(ROOT)
    await root.post("/staff/settings/policies", data={"mail_policy": "optional", "moderation_policy": "hold"})
    for place in ("held", "rejected"):
        words = {"title": planted(f"{place}title"), "body": planted(f"{place}body"), "name": planted(f"{place}name")}
        await do(db, customers.file, filing(place, **words), via="web", links=site.board.links, say=say)
    await do(db, moderators.reject, 3, by=MO, reason="spam")
    for place in ("heldcomment", "rejectedcomment"):
        done = await do(db, customers.comment, 1, by=CY, body=planted(place), via="web")
    assert done.index is not None
    await do(db, moderators.judge_comment, 1, by=MO, target=done.index, reason="abuse")
    await root.post("/staff/settings/policies", data={"mail_policy": "optional", "moderation_policy": "open"})
    words = {"title": planted("removedtitle"), "body": planted("removedbody"), "name": planted("removedname")}
    await do(db, customers.file, filing("removed", **words), via="web", links=site.board.links, say=say)
    await do(db, staff.update, 4, by=BO, body=planted("removedupdate"), via="web", then=Then())
    await do(db, moderators.remove, 4, by=MO, reason="threat")


async def hidden_comments(db: Database, site: Site) -> None:
    """Comments that everybody could read, in their first and their corrected wording, until they were hidden."""
    link, texts = site.board.links, ("hiddencomment", "hiddenown")
    await do(db, customers.file, filing("seven"), via="web", links=link, say=say)
    said = await do(
        db, customers.comment, 7, by=replace(CY, name=planted("hiddenname")), body=planted(texts[0]), via="web"
    )
    own = await do(db, customers.comment, 7, by=ADA, body=planted(texts[1]), via="web")
    assert said.index is not None
    assert own.index is not None
    await do(db, customers.correct, 7, by=ADA, target=own.index, words={"body": planted("hiddenwording")})
    for target in (said.index, own.index):
        given: dict[str, Any] = {"how": "hide", "target": target, "reason": "threat", "links": link, "say": say}
        await do(db, hiding.hide, 7, by=MO, **given)


async def redacted_words(db: Database, site: Site) -> None:
    """Words that were public once, in their first and their corrected wording, and a title that was corrected away."""
    await do(
        db, customers.file, filing("five", body=planted("firstwording")), via="web", links=site.board.links, say=say
    )
    async with db.reading() as tx:
        filed = int(await tx.value("SELECT filed_seq FROM issues WHERE number = 5"))
    await do(db, customers.correct, 5, by=ADA, target=filed, words={"body": planted("secondwording")})
    await do(db, moderators.redact, 5, by=MO, target=filed, fields=("body",), reason="privacy_request")
    await do(db, customers.file, filing("six"), via="web", links=site.board.links, say=say)
    said = await do(db, customers.comment, 6, by=CY, body=planted("redactedcomment"), via="web")
    assert said.index is not None
    await do(db, moderators.redact, 6, by=MO, target=said.index, fields=("body", "author.name"), reason="abuse")


def paths(newest: int) -> list[str]:
    """Every address that can be asked for, found among the routes; numbers are those of all issues and one more."""
    found: list[str] = []
    for route in routes():
        if isinstance(route, Mount):
            found.append(f"{route.path}/marks.svg")
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            found += filled(route.path, newest)
    asked: dict[str, tuple[str, ...]] = {
        path: QUERIES if path in ASKED else ("",) for path in found if "/sse" not in path
    }
    numbers = tuple(f"?issue={number}" for number in range(1, newest + 2))
    asked |= dict.fromkeys(EMBEDDED, ("", *numbers))
    return [path + query for path, queries in asked.items() for query in queries]


TILES = ["0/000.p/10", *[f"entries/000.p/{count}" for count in range(10, 80)]]


def filled(path: str, newest: int) -> list[str]:
    numbers = [str(number) for number in range(1, newest + 2)]
    if "{form}" in path:
        return [made for form in ("json", "xml") for made in filled(path.replace("{form}", form), newest)]
    for place in ("{number:n}", "{number}", "{id:n}", "{id}"):
        if place in path:
            return [made for number in numbers for made in filled(path.replace(place, number), newest)]
    for place, made in (("{index}", [str(index) for index in range(80)]), ("{path:path}", TILES)):
        if place in path:
            return [path.replace(place, each) for each in made]
    for place in ("{secret}", "{sha256}", "{slug}"):
        path = path.replace(place, "1-unknown")
    assert "{" not in path, "a new kind of place in a path: say here what stands in it"
    return [path]


async def public_surfaces(wire: Wire, newest: int, folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Each public surface by name, with everything that a stranger gets there."""
    stranger = wire.browser()
    for path in paths(newest):
        answer = await stranger.get(path)
        yield path, answer.text + str(answer.headers)
    for path in ("/issues", "/issues/1/comments", "/issues/2/comments", "/issues/1/updates", "/signin"):
        answer = await stranger.post(path, data={"body": "", "email": "x"}, headers={"origin": wire.base})
        yield f"POST {path}", answer.text
    async for name, text in live_surfaces(wire, newest):
        yield name, text
    await export(wire.db, folder, private=False)
    for file in folder.iterdir():
        yield f"export {file.name}", file.read_text(encoding="utf-8")


async def live_surfaces(wire: Wire, newest: int) -> AsyncIterator[tuple[str, str]]:
    """Every frame of every public topic from the beginning of the record."""
    epoch = (await wire.cursor()).rpartition(":")[0]
    topics = ["board", "area:service", *[f"issue:{number}" for number in range(1, newest + 1)]]
    for topic in topics:
        for html in (True, False):
            async with wire.socket(topic, f"{epoch}:-1", html=html) as connection:
                frames = [await hear(connection)]
                last = await last_of(wire, topic)
                while frames[-1].get("seq", -1) < last:
                    frames.append(await hear(connection))
            yield f"live {topic} {html}", json.dumps(frames)


async def last_of(wire: Wire, topic: str) -> int:
    if topic == "board":
        return await wire.head()
    async with wire.db.reading() as tx:
        return int(await tx.value("SELECT MAX(seq) FROM topics WHERE topic = :topic", topic=topic))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


async def test_no_private_word_is_on_any_public_surface(
    quick_wire: Wire, tmp_path: Path, told: pytest.LogCaptureFixture
) -> None:
    newest = await plant(quick_wire)
    surfaces = [found async for found in public_surfaces(quick_wire, newest, tmp_path / "export")]
    leaks = [name for name, text in surfaces if CANARY in text.replace(f"q={CANARY}", "").replace(f'"{CANARY}"', "")]
    assert [name for name in leaks if CANARY not in name] == []
    assert [name for name, text in surfaces if CANARY in name and planted_words(text)] == []
    assert [r.getMessage() for r in told.records if r.name.startswith(OURS) and CANARY in r.getMessage()] == []


def planted_words(text: str) -> list[str]:
    """The planted words in an answer to a search, which repeats the searched word itself."""
    return [part for part in text.split(CANARY)[1:] if part[:1].isalpha()]


async def test_the_same_walk_finds_a_public_word(sqlite_wire: Wire, tmp_path: Path) -> None:
    newest = await plant(sqlite_wire)
    where = {name async for name, text in public_surfaces(sqlite_wire, newest, tmp_path / "export") if PUBLIC in text}
    assert {"/", "/issues/1", "/issues/1/log", "/api/v1/issues/1", "/api/v1/events", "export record.jsonl"} <= where
    assert {"live issue:1 True", "live board True"} <= where


async def test_the_private_places_are_there_for_staff(sqlite_wire: Wire) -> None:
    await plant(sqlite_wire)
    async with httpx.AsyncClient(base_url=sqlite_wire.base, trust_env=False) as mo:
        async with sqlite_wire.db.saving() as tx:
            mo.cookies.set("board", await people.new_session(tx, person=MO.person, email=None, now_ms=2**41))
        shown = "".join([(await mo.get(f"/staff/issues/{number}")).text for number in (1, 2, 7)])
        assert planted("onedetails") not in shown
        shown += (await mo.get("/staff/mentions")).text + (await mo.get("/new?mention=1")).text
        shown += (await mo.post("/staff/issues/1/private")).text + (await mo.get("/staff/moderation")).text
    places = ("note", "onedetails", "answered", "report", "heldtitle", "heldbody", "heldcomment", "hiddencomment")
    for place in (*places, "mention", "author"):
        assert planted(place) in shown
