"""The staff pages of mirrors: an admin adds one, looks at a dry run, lets it post, and mends what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import httpx

from board.domain.mirrors import NEVER_MS, record_key
from board.store import mirrors
from board.web.mirrors import FILTERS
from tests.cast import BO, ROOT
from tests.networks.serving import serving
from tests.networks.x import SECRETS, X
from tests.web.site import Site, act, file_issue, running, words_of

BLUESKY = {
    "network": "bluesky",
    "address": "https://192.0.2.1",
    "identifier": "b.example",
    "password": "pass-word-1",
}
SETTINGS = {"budget": "100", "is_dry": "yes"}


async def until(read: Callable[[], Awaitable[httpx.Response]], words: str) -> str:
    """The page, as soon as it says so."""
    async with asyncio.timeout(20):
        while words not in (shown := words_of((await read()).text)):
            await asyncio.sleep(0.05)
    return shown


async def test_an_admin_sets_a_mirror_up_looks_at_a_dry_run_and_lets_it_post(sqlite_url: str, tmp_path: Path) -> None:
    near = (ip_network("127.0.0.0/8"),)
    async with serving(X()) as network, running(sqlite_url, tmp_path, outbound_near=near) as site:
        root = await site.staff(ROOT)
        made = await root.post("/staff/mirrors", data={"network": "x", "address": network.url, **SECRETS})
        assert made.headers["location"].startswith("/staff/mirrors/1")
        page = "/staff/mirrors/1"
        assert "@board" in await until(lambda: root.get(page), "it answers, and knows us")
        await root.post(f"{page}/acts", data={"act": "on"})
        number = await file_issue(site.browser())
        words = await until(lambda: root.get(page), "would be posted")
        assert f"New · The kettle leaks #{number}·1" in words
        assert network.tweets == []
        await root.post(page, data={"budget": "100"})
        await root.post(f"{page}/posts/1", data={"act": "now"})
        assert "1 of 100 posts this month" in await until(lambda: root.get(page), "See it there")
        (tweet,) = network.tweets
        assert f"https://x.com/i/web/status/{tweet.id}" in (await root.get(page)).text
        await root.post(f"{page}/posts/1", data={"act": "take_down"})
        await until(lambda: root.get(page), "Ended 1")
    assert network.tweets == []


async def test_secrets_are_shown_nowhere_and_kept_sealed(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await root.post("/staff/mirrors", data=BLUESKY)
    refused = await root.post("/staff/mirrors", data={**BLUESKY, "identifier": ""})
    assert refused.status_code == 422
    pages = [refused, await root.get("/staff/mirrors"), await root.get("/staff/mirrors/1")]
    async with quick_site.db.reading() as tx:
        kept = await mirrors.one(tx, 1)
    for shown in [str(kept), *(page.text for page in pages)]:
        assert BLUESKY["password"] not in shown
    assert "Give this, too." in words_of(refused.text)
    again = await root.post("/staff/mirrors/1/secrets", data={"identifier": "b.example", "password": "pass-word-2"})
    assert again.status_code == 303


async def test_what_is_wrong_is_said(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await root.post("/staff/mirrors", data=BLUESKY)
    wrong = {"/staff/mirrors": {"network": "y"}, "/staff/mirrors/1": {"budget": "many"}, "/staff/mirrors/1/acts": {}}
    for door, typed in wrong.items():
        assert (await root.post(door, data=typed)).status_code == 422
    assert (await root.post("/staff/mirrors/1/secrets", data={})).status_code == 422
    assert (await root.post("/staff/mirrors/1/posts/9", data={"act": "now"})).status_code == 404
    assert (await root.get("/staff/mirrors/9")).status_code == 404


SAYS = {
    "unknown": "looks for it twice, a minute apart",
    "needs_human": "say whether it is there",
    "rejected": "does not take this post",
    "queued": "waiting",
    "given_up": "given up",
}


async def test_each_state_is_told_in_plain_words(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await stuck(quick_site, root, *SAYS)
    words = words_of((await root.get("/staff/mirrors/1")).text)
    assert [state for state, says in SAYS.items() if says not in words] == []
    assert "2 need you" in words
    shown = {
        state: (await root.get(f"/staff/mirrors/1?state={state}")).text.count('<li class="message"')
        for state in FILTERS
    }
    assert shown == {"all": 5, "waiting": 2, "stuck": 2, "sent": 0, "dry": 0, "ended": 1}


async def stuck(site: Site, root: httpx.AsyncClient, *states: str) -> None:
    """A mirror that has stopped, with a post in each of these states."""
    await root.post("/staff/mirrors", data=BLUESKY)
    await until(lambda: root.get("/staff/mirrors/1"), "the app or the address may not do this")
    number = await file_issue(site.browser())
    async with site.db.saving() as tx:
        await mirrors.change(tx, 1, why_paused="credits", test_asked=False)
        for place, state in enumerate(states):
            await mirrors.queue(tx, 1, issue=number, seq=99 + place, kind="issue.published", now_ms=1)
            post = await mirrors.post(tx, place + 1)
            assert post
            await mirrors.keep(tx, post, replace(post, state=state, retry_ms=NEVER_MS))


async def test_a_person_says_whether_a_post_is_there(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await stuck(quick_site, root, "needs_human")
    page = "/staff/mirrors/1/posts/1"
    refused = await root.post(page, data={"act": "there", "remote": "https://x.com/board/status/190"})
    assert refused.status_code == 422
    assert "Give the address of the post, such as https://bsky.app/profile/" in words_of(refused.text)
    assert 'value="https://x.com/board/status/190"' in refused.text
    assert "the credits are used up" in words_of((await root.get("/staff/mirrors")).text)
    async with quick_site.db.reading() as tx:
        post = await mirrors.post(tx, 1)
    assert post
    typed = f"https://bsky.app/profile/board.example/post/{record_key(post)}"
    assert (await root.post(page, data={"act": "there", "remote": typed})).status_code == 303
    async with quick_site.db.reading() as tx:
        post = await mirrors.post(tx, 1)
    assert post
    assert (post.state, post.remote) == ("sent", f"at://board.example/app.bsky.feed.post/{record_key(post)}")
    assert (await root.post(page, data={"act": "not_there"})).status_code == 409
    assert (await root.post(page, data={"act": "dance"})).status_code == 422


async def test_a_mirror_is_switched_and_removed(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await root.post("/staff/mirrors", data=BLUESKY)
    for wanted in ("on", "off"):
        await root.post("/staff/mirrors/1/acts", data={"act": wanted})
        async with quick_site.db.reading() as tx:
            kept = await mirrors.one(tx, 1)
        assert kept
        assert kept.is_on == (wanted == "on")
    await root.post("/staff/mirrors/1", data={**SETTINGS, "threads": "yes"})
    assert 'id="threads" name="threads" value="yes" checked' in (await root.get("/staff/mirrors/1")).text
    await root.post("/staff/mirrors/1/removal")
    assert (await root.get("/staff/mirrors/1")).status_code == 404


async def test_staff_keep_an_issue_out_of_the_mirrors(quick_site: Site) -> None:
    bo, root, number = await quick_site.staff(BO), await quick_site.staff(ROOT), await file_issue(quick_site.browser())
    assert "mirrors" not in words_of((await bo.get(f"/staff/issues/{number}")).text)
    await root.post("/staff/mirrors", data=BLUESKY)
    await root.post("/staff/mirrors/1/acts", data={"act": "on"})
    assert "Keep it out of the mirrors" in words_of((await bo.get(f"/staff/issues/{number}")).text)
    await act(bo, number, "mirroring", do="keep_out")
    assert "Mirror it again" in words_of((await bo.get(f"/staff/issues/{number}")).text)
    await act(bo, number, "mirroring", do="let_in")
    async with quick_site.db.reading() as tx:
        assert not await mirrors.is_kept_out(tx, number)
