"""Mentions become drafts for staff: each once, nothing old, and gone when their authors take them back."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from board.actions import mentions as acts
from board.actions import mirrors as mirror_acts
from board.domain import mentions as rules
from board.errors import Conflict, Invalid, NotAllowed
from board.store import company, mentions
from board.store.database import Database
from board.store.mentions import Draft, Hearing
from tests.cast import BO, CY, do, file_issue
from tests.followers.mirrored import Mirrored, mirrored
from tests.networks.bluesky import Bluesky
from tests.networks.mastodon import Mastodon
from tests.networks.serving import Fault, Network, Says, serving
from tests.networks.x import CREDITS, Said, X

LATE = "2026-03-02T12:10:00.000Z"


async def listening(db: Database, kind: str, network: Network) -> Mirrored:
    """A mirror that listens, and has heard what there was at first."""
    mirror = await mirrored(db, kind, network)
    await mirror.do(acts.listen, mirror.id, on=True, now_ms=mirror.clock.ms)
    await mirror.settle()
    return mirror


async def later(mirror: Mirrored, **span: float) -> None:
    mirror.clock.pass_on(**(span or {"minutes": 5}))
    await mirror.settle()


async def drafts(db: Database) -> list[Draft]:
    async with db.reading() as tx:
        return await mentions.newest(tx, limit=2_000)


async def said(db: Database) -> list[str]:
    return [draft.text for draft in await drafts(db)]


async def hearing(mirror: Mirrored) -> Hearing:
    async with mirror.db.reading() as tx:
        found = await mentions.hearing(tx, mirror.id)
    assert found
    return found


def listened(network: Network) -> int:
    return sum(network.is_hearing(asked) for asked in network.asked)


async def test_nothing_is_asked_before_an_admin_wants_it(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        network.said = [Said(id=1, text="@board Old.")]
        await mirror.settle()
        assert listened(network) == 0
        await mirror.do(acts.listen, mirror.id, on=True, now_ms=mirror.clock.ms)
        await mirror.settle()
        assert listened(network) == 1
        await mirror.do(acts.listen, mirror.id, on=False, now_ms=mirror.clock.ms)
        await later(mirror, hours=1)
        assert listened(network) == 1


async def test_a_mention_on_x_becomes_a_draft_in_plain_words(db: Database) -> None:
    async with serving(X()) as network:
        network.said = [Said(id=10, text="@board Old.", at="2026-03-02T11:59:00.000Z")]
        mirror = await listening(db, "x", network)
        assert await said(db) == []
        network.said += [
            Said(id=11, text="@board Leaks &amp; <b>drips</b>.", at=LATE),
            Said(id=12, text="@board For friends.", at=LATE, author="cleo", is_protected=True),
            Said(id=13, text="@board A long…", at=LATE, author="bea", long="@board A long story."),
        ]
        await later(mirror)
    long, short = await drafts(db)
    assert (short.author, short.text, short.url, short.network) == (
        "@ada",
        "@board Leaks & <b>drips</b>.",
        "https://x.com/ada/status/11",
        "x",
    )
    assert (long.author, long.text) == ("@bea", "@board A long story.")
    (asked, *_) = [one.query for one in network.asked if "since_id" in one.query]
    assert asked["since_id"] == "10"


async def test_a_mention_on_mastodon_becomes_a_draft_unless_only_we_were_to_read_it(db: Database) -> None:
    async with serving(Mastodon()) as network:
        network.say(10, "<p>Old.</p>", at="2026-03-02T11:59:00.000Z")
        mirror = await listening(db, "mastodon", network)
        network.say(11, '<p><a href="x">@board</a> Leaks &amp;<br>drips.</p><p>&lt;b&gt;</p>', at=LATE)
        network.say(12, "<p>Between us.</p>", visibility="direct", at=LATE)
        await later(mirror)
    (draft,) = await drafts(db)
    assert (draft.author, draft.text) == ("@ada@elsewhere.example", "@board Leaks &\ndrips.\n\n<b>")
    assert draft.url == "https://elsewhere.example/@ada/11"


async def test_the_addresses_in_a_mention_are_those_where_its_links_lead(db: Database) -> None:
    short, long = "https://t.co/abc", "https://t.co/abcd"
    links = {
        short: "https://evil.example/login?a=1&b=2",
        long: "https://kettles.example/",
        "https://t.co/x": "javascript:1",
    }
    async with serving(X()) as network:
        mirror = await listening(db, "x", network)
        text = f"@board Look: {long} and {short}, {short} https://t.co/x https://t.co/unknown"
        network.said = [Said(id=11, text=text, at=LATE, links=links)]
        network.said += [Said(id=12, text="@board A…", at=LATE, long=f"@board A long {short}", links=links)]
        await later(mirror)
    evil = "https://evil.example/login?a=1&b=2"
    assert await said(db) == [
        f"@board A long {evil}",
        f"@board Look: https://kettles.example/ and {evil}, {evil} https://t.co/x https://t.co/unknown",
    ]


async def hear_on_x(network: X, number: int) -> None:
    network.said.append(Said(id=number, text=f"@board No. {number}", at=LATE))


async def hear_on_mastodon(network: Mastodon, number: int) -> None:
    network.say(number, f"<p>No. {number}</p>", at=LATE)


NETWORKS: dict[str, tuple[Callable[[], Any], Callable[[Any, int], Awaitable[None]]]] = {
    "x": (X, hear_on_x),
    "mastodon": (Mastodon, hear_on_mastodon),
}


@pytest.mark.parametrize("kind", NETWORKS)
async def test_each_mention_comes_once_also_when_a_worker_dies_or_two_ask(db: Database, kind: str) -> None:
    make, speak = NETWORKS[kind]
    async with serving(make()) as network:
        mirror = await listening(db, kind, network)
        await speak(network, 21)
        network.deaf = [Fault(is_done=True, stalls=True)]
        mirror.clock.pass_on(minutes=5)
        task, before = asyncio.create_task(mirror.turn()), listened(network)
        while listened(network) == before:
            await asyncio.sleep(0.005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await said(db) == []
        await asyncio.gather(mirror.turn(), mirror.turn())
        assert len(await said(db)) == 1
        await speak(network, 22)
        await later(mirror)
        await later(mirror)
    assert [draft.remote for draft in await drafts(db)] == ["22", "21"]


async def test_what_is_set_aside_does_not_come_back(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await listening(db, "x", network)
        await hear_on_x(network, 31)
        await later(mirror)
        (draft,) = await drafts(db)
        with pytest.raises(NotAllowed):
            await do(db, acts.set_aside, draft.id, by=CY)
        await do(db, acts.set_aside, draft.id, by=BO)
        with pytest.raises(Conflict):
            await do(db, acts.set_aside, draft.id, by=BO)
        await later(mirror)
    assert await drafts(db) == []


@pytest.mark.parametrize("kind", NETWORKS)
async def test_a_mention_that_its_author_deletes_goes_in_a_day_or_soon_after_staff_look(
    db: Database, kind: str
) -> None:
    make, speak = NETWORKS[kind]
    async with serving(make()) as network:
        mirror = await listening(db, kind, network)
        for number in (41, 42, 43):
            await speak(network, number)
        await later(mirror)
        forget(network, 41)
        await later(mirror, hours=12)
        assert len(await drafts(db)) == 3
        await later(mirror, hours=13)
        assert [draft.remote for draft in await drafts(db)] == ["43", "42"]
        forget(network, 42)
        mirror.clock.pass_on(hours=2)
        await do(db, acts.look_again, mirror.id, by=BO, now_ms=mirror.clock.ms)
        await mirror.settle()
        await later(mirror, minutes=1)
    assert [draft.remote for draft in await drafts(db)] == ["43"]


def forget(network: Any, number: int) -> None:
    if isinstance(network, X):
        network.said = [one for one in network.said if one.id != number]
    else:
        del network.statuses[number]


FAULTS = {
    "limit": (Says(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}), 15 / 3600),
    "503": (Says(503), 15 / 3600),
    "html": (Says(200, "<html>Hello</html>"), 15 / 3600),
    "strange": (Says(200, {"data": 1}), 15 / 3600),
    "credits": (Says(402, CREDITS), 1),
    "scope": (Says(403, {"title": "Forbidden", "type": "https://api.x.com/2/problems/client-forbidden"}), 1),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_network_that_does_not_tell_is_asked_again_and_posts_go_on(quick_db: Database, name: str) -> None:
    answer, hours = FAULTS[name]
    async with serving(X()) as network:
        mirror = await listening(quick_db, "x", network)
        await hear_on_x(network, 51)
        network.deaf = [Fault(answer)]
        await later(mirror)
        found = await hearing(mirror)
        assert (found.said is not None, found.retry_ms - mirror.clock.ms) == (True, int(hours * 3_600_000))
        await file_issue(quick_db)
        await mirror.settle()
        assert (len(network.tweets), (await mirror.read()).why_paused) == (1, None)
        await later(mirror, hours=hours)
        assert (await said(quick_db), (await hearing(mirror)).said) == (["@board No. 51"], None)


async def test_limits_are_waited_for_as_the_network_says_but_never_more_than_a_day(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await listening(quick_db, "x", network)
        for reset, waits_s in ((20 * 60, 20 * 60), (9 * 86_400, 86_400), (-60, 15)):
            mirror.clock.pass_on(days=1)
            at = str(mirror.clock.ms // 1_000 + reset)
            network.deaf = [Fault(Says(429, {}, {"x-rate-limit-remaining": "0", "x-rate-limit-reset": at}))]
            await mirror.settle()
            assert 0 <= (await hearing(mirror)).retry_ms - mirror.clock.ms - waits_s * 1_000 <= 5_000


async def test_a_token_without_the_scope_does_not_stop_the_mirror(quick_db: Database) -> None:
    async with serving(Mastodon()) as network:
        network.scopes = set()
        mirror = await listening(quick_db, "mastodon", network)
        assert (await hearing(mirror)).said == "It answers 403: This action is outside the authorized scopes"
        await file_issue(quick_db)
        await mirror.settle()
        assert await mirror.states() == ["sent"]


async def test_a_flood_leaves_the_newest_thousand_and_says_so(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await listening(db, "x", network)
        await hear_on_x(network, 1)
        await later(mirror)
        network.said += [Said(id=number, text=f"Flood {number}", at=LATE) for number in range(2, 1_103)]
        await later(mirror)
        await hear_on_x(network, 2_000)
        await later(mirror)
        found = await drafts(db)
        assert (len(found), found[0].remote, found[-1].remote) == (1_000, "2000", "104")
        assert (await hearing(mirror)).dropped >= 3
        for draft in found:
            await do(db, acts.set_aside, draft.id, by=BO)
        await later(mirror)
    assert (await hearing(mirror)).dropped == 0


async def test_a_clock_that_was_ahead_does_not_make_the_board_deaf(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await listening(quick_db, "x", network)
        async with quick_db.saving() as tx:
            await mentions.put_off(tx, mirror.id, said="", now_ms=0, at_ms=2**45)
        await hear_on_x(network, 81)
        await mirror.settle()
    assert await said(quick_db) == ["@board No. 81"]


async def test_what_nobody_deals_with_is_forgotten_in_the_time_that_the_company_sets(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await listening(db, "x", network)
        await hear_on_x(network, 61)
        await later(mirror)
        mirror.clock.pass_on(days=8)
        for days, left in ((rules.DAYS, 1), (7, 0)):
            async with db.saving() as tx:
                await company.save(tx, {"mention_days": days})
                await acts.forget_old(tx, mirror.clock.now)
            assert len(await drafts(db)) == left


async def test_a_mirror_that_was_off_takes_nothing_of_the_time_between_and_one_that_goes_takes_its_drafts_along(
    db: Database,
) -> None:
    async with serving(X()) as network:
        mirror = await listening(db, "x", network)
        await hear_on_x(network, 71)
        await later(mirror)
        await mirror.do(mirror_acts.switch, mirror.id, on=False, now_ms=mirror.clock.ms)
        await hear_on_x(network, 72)
        mirror.clock.pass_on(hours=1)
        await mirror.do(mirror_acts.switch, mirror.id, on=True, now_ms=mirror.clock.ms)
        await mirror.settle()
        assert [draft.remote for draft in await drafts(db)] == ["71"]
        await mirror.do(mirror_acts.remove, mirror.id)
    async with db.reading() as tx:
        assert (await mentions.hearings(tx), await mentions.counts(tx)) == ([], {})


async def test_bluesky_is_not_listened_to(quick_db: Database) -> None:
    async with serving(Bluesky()) as network:
        mirror = await mirrored(quick_db, "bluesky", network)
        with pytest.raises(Invalid):
            await mirror.do(acts.listen, mirror.id, on=True, now_ms=0)
        with pytest.raises(NotAllowed):
            await do(quick_db, acts.listen, mirror.id, by=BO, on=True, now_ms=0)
