"""Feeds: valid by the rules, the same as the pages, with ids for ever; words that are gone are gone there, too."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from board.actions import importing
from board.domain import feeds
from board.domain.conversations import Conversation, Message
from board.store import news
from tests import test_life_cycle
from tests.cast import BO, MO, NOON, ROOT, answer, file_issue
from tests.feed_rules import checked_atom, checked_json, next_of
from tests.web import test_freshness
from tests.web.site import HOME, Site, act

NOW = datetime(2027, 1, 4, 12, tzinfo=UTC)
ENTRY = re.compile(r'<li id="e(\d+)"(.*?)</li>', re.DOTALL)
WORDS = re.compile(r'<div class="entry__words prose" dir="auto">(.*?)</div>', re.DOTALL)
FIRST_WORDS = re.compile(r'<div class="words prose" dir="auto">(.*?)</div>', re.DOTALL)
TOLD = re.compile(
    r'<p>(?P<sentence>.*?)</p>\n?(?P<words>.*?)\n*(?P<rest><p class="gone-line">.*|<p>The customer’s grade.*)?',
    re.DOTALL,
)


async def read(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """The entries of a feed in both forms, which are valid and tell the same."""
    place, _, query = path.partition("?")
    found = []
    for form, kind, check in (("atom", feeds.ATOM_TYPE, checked_atom), ("json", feeds.JSON_TYPE, checked_json)):
        url = f"{place}.{form}{'?' + query if query else ''}"
        got = await client.get(url)
        assert (got.status_code, got.headers["content-type"]) == (200, f"{kind}; charset=utf-8"), got.text
        found.append(check(got.content, HOME + url))
    for entry, item in zip(*found, strict=True):
        assert " ".join(item["text"].split()).startswith(" ".join(entry.pop("summary").split()).removesuffix("…"))
        assert {**entry, "text": item["text"]} == item
    return found[1]


def index(entry: dict[str, Any]) -> int:
    return int(entry["id"].rpartition("/")[2])


async def test_feeds_tell_the_newest_first_with_the_words_and_who_said_them(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await act(await site.staff(BO), number, "updates", body="**We** look & see.")
    await act(site.browser(), number, "comments", body="Mine, too.", name="Cy")
    for path in ("/feed", f"/issues/{number}/feed", "/areas/service/feed", "/feed?q=kettle", "/feed?state=company"):
        commented, noted, updated, filed = await read(anybody, path)
        assert noted["title"] == "#1 The kettle leaks: This company took note of this issue."
        assert filed["title"] == "#1 The kettle leaks"
        assert filed["url"] == f"{HOME}/issues/1"
        assert filed["author"] == "Ada"
        assert updated["title"] == "#1 The kettle leaks: This company wrote an update."
        assert updated["content"].endswith("<p><strong>We</strong> look &amp; see.</p>")
        assert updated["text"] == "This company wrote an update.\n\nWe look & see."
        assert (updated["author"], commented["author"]) == ("Bo, This company", "Cy")
        assert commented["url"] == f"{HOME}/issues/1#e{index(commented)}"
        assert filed["published"] == filed["updated"] == "2026-03-02T12:00:00Z"
    assert await read(anybody, "/areas/returns/feed") == []
    assert await read(anybody, "/feed?q=kettle&state=closed") == []


async def test_what_is_asked_for_in_other_words_is_the_same_feed(quick_site: Site) -> None:
    await file_issue(quick_site.db)
    anybody = quick_site.browser()
    for same in ("/feed.atom?x=1", "/feed.atom?state=all", "/feed.atom?state=nonsense&q=", "/feed.atom?before=x"):
        assert (await anybody.get(same)).content == (await anybody.get("/feed.atom")).content
    assert len([key for key in quick_site.board.memory.places if key.startswith("/feed.atom")]) == 1
    found = (await anybody.get("/feed.atom?area=service")).content
    assert found == (await anybody.get("/areas/service/feed.atom")).content


async def test_ids_are_of_the_record_and_not_of_the_address(quick_site: Site, tmp_path: Path) -> None:
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    epoch = quick_site.board.stream.epoch
    [filed] = await read(anybody, f"/issues/{number}/feed")
    assert filed["id"] == f"tag:board.example,2026-03-02:{epoch}/1"
    opened = datetime(2026, 3, 2, tzinfo=UTC)
    assert feeds.tag_uri("LOCALHOST:8000/log", opened, "x/1") == "tag:localhost,2026-03-02:x/1"


async def test_a_correction_moves_the_time_and_comes_back_to_the_top(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await answer(site.db, number)
    [*_, filed] = await read(anybody, "/feed")
    with time_machine.travel(NOW, tick=False):
        ada = await site.filer(number)
        await act(ada, number, "corrections", target=str(index(filed)), title="The kettle drips", body="At the lid.")
        for path in ("/feed", f"/issues/{number}/feed", "/feed?q=drips"):
            [corrected, updated, *_] = await read(anybody, path)
            assert corrected["id"] == filed["id"]
            assert corrected["title"] == "#1 The kettle drips"
            assert corrected["content"].endswith("<p>At the lid.</p>")
            assert (corrected["published"], corrected["updated"]) == ("2026-03-02T12:00:00Z", "2027-01-04T12:00:00Z")
            assert updated["updated"] == "2026-03-02T12:00:00Z"


async def test_a_hidden_comment_keeps_its_place_without_its_words(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await act(site.browser(), number, "comments", body="Xylophone.", name="Zoe")
    [commented, _] = await read(anybody, "/feed")
    assert "Xylophone" in commented["content"]
    with time_machine.travel(NOW, tick=False):
        await act(await site.staff(MO), number, "hidings", target=str(index(commented)), reason="threat")
        for path in ("/feed", f"/issues/{number}/feed"):
            [hidden, filed] = await read(anybody, path)
            assert hidden["id"] == commented["id"]
            assert hidden["text"] == "A comment was hidden by a moderator, because it held a threat."
            assert (hidden["author"], hidden["updated"]) == ("Another customer", "2027-01-04T12:00:00Z")
            assert "Xylophone" not in str([hidden, filed])
            assert "Zoe" not in str([hidden, filed])


async def test_a_held_comment_is_news_when_it_is_published_and_a_rejected_one_never(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await site.settle_policy(mail_policy="optional", moderation_policy="hold")
    said = []
    for body in ("Xylophone.", "Spam."):
        await act(site.browser(), number, "comments", body=body)
        said.append(await site.head() - 1)
    before = await read(anybody, f"/issues/{number}/feed")
    assert not {index(entry) for entry in before} & set(said)
    with time_machine.travel(NOW, tick=False):
        mo = await site.staff(MO)
        await act(mo, number, "publication", target=str(said[0]))
        await act(mo, number, "rejection", target=str(said[1]), reason="spam")
        for path in ("/feed", f"/issues/{number}/feed"):
            first, *rest = await read(anybody, path)
            assert (index(first), first["updated"]) == (said[0], "2027-01-04T12:00:00Z")
            assert "Xylophone" in first["text"]
            assert "Spam" not in str(rest)
            assert said[1] not in map(index, rest)


async def test_erased_words_leave_the_feed_and_the_reason_stays(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await act(site.browser(), number, "comments", body="Xylophone.", name="Zoe")
    [commented, _] = await read(anybody, "/feed")
    await site.redact(number, target=str(index(commented)), fields="body\nauthor.name", reason="abuse")
    told, erased, _ = await read(anybody, "/feed")
    assert told["title"] == "#1 The kettle leaks: A moderator took words out, because it was abusive."
    assert erased["id"] == commented["id"]
    assert "text removed: it was abusive" in erased["content"]
    assert erased["updated"] > commented["updated"] or erased["updated"] == told["updated"]
    assert "Xylophone" not in str(await read(anybody, f"/issues/{number}/feed"))


async def test_of_a_removed_issue_the_places_stay_and_of_one_that_was_never_shown_nothing(site: Site) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    await answer(site.db, number, body="Xylophone.")
    before = await read(anybody, "/feed")
    await act(await site.staff(MO), number, "removal", reason="threat")
    stub = "Removed from view by a moderator, because it held a threat."
    for path in ("/feed", f"/issues/{number}/feed"):
        after = await read(anybody, path)
        assert {entry["id"] for entry in before} < {entry["id"] for entry in after}
        assert {entry["text"] for entry in after} == {stub}
        assert "kettle" not in str(after)
        assert "Bo" not in str(after)
    assert await read(anybody, "/feed?q=kettle") == []
    await act(await site.staff(ROOT), number, "restoration")
    restored = {entry["id"]: entry for entry in await read(anybody, "/feed")}
    assert {entry["content"] for entry in before} <= {entry["content"] for entry in restored.values()}
    assert all(restored[entry["id"]]["updated"] > entry["updated"] for entry in before)
    await site.settle_policy(mail_policy="optional", moderation_policy="hold")
    held = await file_issue(site.db, title="A xylophone")
    for decide in (None, "rejection"):
        if decide:
            await act(await site.staff(MO), held, decide, reason="spam", target="")
        assert (await anybody.get(f"/issues/{held}/feed.atom")).status_code == 404
        assert f"#{held}" not in str(await read(anybody, "/feed"))


async def test_what_was_imported_says_when_it_was_said_and_is_as_new_as_it_came(site: Site) -> None:
    at = NOON - timedelta(days=300)
    message = Message(by_staff=False, name="Eve", at=at, text="It is late.", source_id="1")
    talk = Conversation("chat", "one", "Chat", "A late parcel", (message,), None)
    async with site.db.writing(NOON) as tx:
        await importing.bring_in(tx, talk)
    [filed] = await read(site.browser(), "/feed")
    assert (filed["published"], filed["updated"]) == ("2025-05-06T12:00:00Z", "2026-03-02T12:00:00Z")
    assert filed["author"] == "Eve"


async def test_pages_of_a_feed_cover_everything_once_however_much_is_hidden(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, anybody = await file_issue(site.db), site.browser()
    for place in range(23):
        await answer(site.db, number if place % 2 else await file_issue(site.db))
    whole = await read(anybody, "/feed")
    assert len(whole) == 13 + 23 + 13  # filed, updated, and noted by the first update of each
    monkeypatch.setattr(news, "MOST", 5)
    monkeypatch.setattr(news, "WINDOW", 3)
    site.board.memory.forget_all()
    one = [entry for entry in whole if entry["url"].split("#")[0] == f"{HOME}/issues/{number}"]
    for path, expected in (("/feed", whole), (f"/issues/{number}/feed", one)):
        found, url, pages = [], f"{HOME}{path}.atom", 0
        while url:
            got = await anybody.get(url)
            found += checked_atom(got.content, url)
            url, pages = next_of(got.content) or "", pages + 1
        assert [entry["id"] for entry in found] == [entry["id"] for entry in expected]
        assert pages >= len(expected) / 5


async def test_a_long_run_of_what_is_hidden_ends_a_page_and_not_the_feed(
    quick_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await file_issue(quick_site.db)
    await quick_site.settle_policy(mail_policy="optional", moderation_policy="hold")
    for _ in range(6):
        await file_issue(quick_site.db)
    monkeypatch.setattr(news, "WINDOW", 2)
    monkeypatch.setattr(news, "WINDOWS", 3)
    got = await quick_site.browser().get("/feed.atom")
    assert checked_atom(got.content, f"{HOME}/feed.atom") == []
    found, url = [], next_of(got.content)
    while url:
        got = await quick_site.browser().get(url)
        found += checked_atom(got.content, url)
        url = next_of(got.content)
    assert [entry["title"] for entry in found] == ["#1 The kettle leaks"]


async def test_who_has_the_feed_is_told_that_nothing_is_new(quick_site: Site) -> None:
    number, reader = await file_issue(quick_site.db), quick_site.browser()
    for path in ("/feed.atom", "/feed.json", f"/issues/{number}/feed.atom", "/areas/service/feed.json"):
        got = await reader.get(path)
        assert (got.headers["cache-control"], got.headers["access-control-allow-origin"]) == ("no-cache", "*")
        again = await reader.get(path, headers={"if-none-match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await act(quick_site.browser(), number, "comments", body=f"News for {path[1:5]}.")
        assert (await reader.get(path, headers={"if-none-match": got.headers["etag"]})).status_code == 200


async def test_pages_name_their_feeds_in_the_head_and_in_sight(quick_site: Site) -> None:
    number, anybody = await file_issue(quick_site.db), quick_site.browser()
    named = {
        "/": ["/feed.atom"],
        "/?q=kettle": ["/feed.atom", "/feed.atom?q=kettle"],
        "/?state=overdue&area=service": ["/feed.atom", "/feed.atom?area=service&amp;state=overdue"],
        "/?area=service": ["/feed.atom", "/areas/service/feed.atom"],
        f"/issues/{number}": ["/feed.atom", f"/issues/{number}/feed.atom"],
    }
    for path, expected in named.items():
        page = (await anybody.get(path)).text
        found = re.findall(r'<link rel="alternate" type="application/atom\+xml" href="([^"]+)"', page)
        assert found == expected, path
        assert f'<a href="{expected[-1]}" type="application/atom+xml">Atom</a>' in page
        for address in expected:
            await read(anybody, address.replace("&amp;", "&").replace(".atom", ""))


@pytest.mark.parametrize(
    "path", ["/issues/99/feed.atom", "/areas/nowhere/feed.json", "/feed.rss", "/feed.json?area=nowhere"]
)
async def test_what_is_not_there_has_no_feed(quick_site: Site, path: str) -> None:
    assert (await quick_site.browser().get(path)).status_code == 404


async def test_the_licence_stands_in_the_feeds(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await root.post(
        "/staff/settings/texts", data={"rules": "", "about": "", "licence": "[CC BY](https://cc.example/by)"}
    )
    got = await quick_site.browser().get("/feed.atom")
    assert b"<rights>CC BY (https://cc.example/by)</rights>" in got.content
    assert (await quick_site.browser().get("/feed.json")).json()["_board"]["licence"] == "CC BY (https://cc.example/by)"


def test_what_no_xml_document_may_hold_is_left_out() -> None:
    item = feeds.Item(
        id="tag:x,2026-01-01:1", url="https://x.example/", title="a\x00b\ud800c\ufffed\x0b", html="<p>\x1b</p>",
        text="\x07", author="A", published=NOW, updated=NOW + timedelta(hours=1), tag="\x01t",
    )  # fmt: skip
    made = feeds.Feed(
        id="tag:x,2026-01-01:feed", title="T", subtitle="", home="https://x.example/", updated=NOW + timedelta(hours=1),
        urls={feeds.ATOM_TYPE: "https://x.example/f", feeds.JSON_TYPE: "https://x.example/g"}, items=[item], author="A",
    )  # fmt: skip
    [entry] = checked_atom(feeds.atom(made), "https://x.example/f")
    assert (entry["title"], entry["content"]) == ("abcd", "<p></p>")


class Teller(test_freshness.Reader):
    """Holds the feed of an issue against its page after each act."""

    async def look(self) -> None:
        self.looks += 1
        with time_machine.travel(self.now, tick=False):
            await self.hold_against_page(self.looks % (test_life_cycle.ISSUES - 1) + 1)
            await read(self.browser, "/feed")
            await read(self.browser, "/areas/returns/feed")

    async def hold_against_page(self, number: int) -> None:
        page = (await self.browser.get(f"/issues/{number}")).text
        if 'data-shown="public"' not in page:
            got = await self.browser.get(f"/issues/{number}/feed.json")
            stubs = checked_json(got.content, f"{HOME}/issues/{number}/feed.json") if got.status_code == 200 else []
            assert len({entry["text"] for entry in stubs}) <= 1
            return
        shown = {int(seq): WORDS.findall(entry) for seq, entry in ENTRY.findall(page)}
        found = {index(entry): entry for entry in await read(self.browser, f"/issues/{number}/feed")}
        filed = min(found)
        assert found.keys() == {filed, *shown}
        shown[filed] = [words for words in FIRST_WORDS.findall(page) if words]
        for seq, entry in found.items():
            told = TOLD.fullmatch(entry["content"])
            assert told
            assert ([told["words"]] if told["words"] else []) == shown[seq], seq


def test_the_feed_tells_the_same_as_the_page_whatever_people_do(sqlite_template: Path, tmp_path: Path) -> None:
    names = count()

    async def make() -> str:
        return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{next(names)}.db')}"

    url = make

    class NewTeller(Teller):
        make = staticmethod(url)

    run_state_machine_as_test(
        NewTeller,
        settings=settings(
            max_examples=6, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
