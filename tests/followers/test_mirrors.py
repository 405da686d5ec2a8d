"""Mirrors post what happened once: in the right words, within their limits, and never what is gone."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from board.actions import customers, moderators
from board.actions import mirrors as acts
from board.domain.mirrors import NEVER_MS, record_key
from board.errors import Conflict, Invalid, NotAllowed
from board.followers import mirrors as mirroring
from board.store import company, outbox
from board.store import mirrors as store
from board.store.database import Database
from board.store.positions import IDLE
from board.stream import Stream
from tests.cast import ADA, BO, MO, ROOT, do, file_issue
from tests.followers.mirrored import MIRRORING, OUT, Mirrored, cure, mirrored, resolve
from tests.networks.bluesky import IDENTIFIER, Bluesky
from tests.networks.serving import LOST, LOST_503, LOST_HTML, NEVER_CAME, Fault, serving
from tests.networks.x import SECRETS, X


async def test_an_issue_is_mirrored_when_it_is_published_resolved_and_confirmed(db: Database) -> None:
    async with serving(X()) as network:
        await file_issue(db)
        mirror = await mirrored(db, "x", network)
        await cure(db)
        assert (await mirror.settle()).retry_ms == IDLE
    assert [tweet.text for tweet in network.tweets] == [
        "New · The kettle leaks #2·1",
        "Resolved (fixed) · The kettle leaks #2·2",
        "Cure confirmed by the customer · The kettle leaks #2·3",
    ]
    assert await mirror.states() == ["sent"] * 3
    assert [post.remote for post in await mirror.posts()] == [str(tweet.id) for tweet in network.tweets]
    assert network.wrong == []


async def test_nothing_is_posted_of_what_happens_while_it_is_off_or_is_brought_along(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network, is_on=False)
        await cure(db)
        await mirror.settle()
        await mirror.change(is_on=True)
        await mirror.settle()
    assert network.tweets == []


async def test_a_dry_run_shows_what_would_be_posted_and_posts_it_when_asked(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network, is_dry=True)
        await file_issue(db)
        await mirror.settle()
        (post,) = await mirror.posts()
        assert (post.state, post.text, network.tweets) == ("dry", "New · The kettle leaks #1·1", [])
        await mirror.change(is_dry=False)
        await mirror.do(acts.try_now, mirror.id, post.id, now_ms=mirror.clock.ms)
        await mirror.settle()
    assert [tweet.text for tweet in network.tweets] == ["New · The kettle leaks #1·1"]


@pytest.mark.parametrize("fault", [LOST, LOST_503, LOST_HTML], ids=["hang-up", "503", "html"])
async def test_a_post_whose_answer_was_lost_is_found_by_its_marker_and_not_sent_again(
    db: Database, fault: Fault
) -> None:
    async with serving(X()) as network:
        network.faults = [fault]
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.settle()
        assert await mirror.states() == ["unknown"]
        await mirror.wait()
    (post,) = await mirror.posts()
    (tweet,) = network.tweets
    assert (post.state, post.remote, post.rounds) == ("sent", str(tweet.id), 0)


async def test_a_post_that_never_came_is_missed_twice_a_minute_apart_before_it_is_sent_again(db: Database) -> None:
    async with serving(X()) as network:
        network.faults = [NEVER_CAME]
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        began = mirror.clock.now
        await mirror.wait()
        assert (mirror.clock.now - began).total_seconds() >= 60
        looks = [asked for asked in network.asked if asked.path.endswith("/tweets") and asked.method == "GET"]
    assert len(looks) == 2
    assert len(network.tweets) == 1


async def test_a_timeline_that_lags_makes_no_double(db: Database) -> None:
    async with serving(X()) as network:
        network.faults, network.lag = [LOST], 1
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.settle()
        mirror.clock.pass_on(seconds=11)
        await mirror.settle()
        network.lag = 0
        await mirror.wait()
    assert (await mirror.states(), len(network.tweets)) == (["sent"], 1)


async def test_after_three_rounds_a_person_decides(db: Database) -> None:
    async with serving(X()) as network:
        network.faults = [NEVER_CAME] * 3
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.wait()
        (post,) = await mirror.posts()
        assert (post.state, post.rounds) == ("needs_human", 3)
        with pytest.raises(Invalid):
            await mirror.do(acts.is_there, mirror.id, post.id, remote="somewhere", now_ms=0)
        await mirror.do(acts.is_not_there, mirror.id, post.id, now_ms=mirror.clock.ms)
        await mirror.settle()
        assert len(network.tweets) == 1
        with pytest.raises(Conflict):
            await mirror.do(acts.is_not_there, mirror.id, post.id, now_ms=mirror.clock.ms)


async def test_what_a_person_has_found_is_taken_down_like_any_other_post(db: Database) -> None:
    async with serving(X()) as network:
        network.faults, network.lag = [LOST] * 3, 99
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.wait()
        (post,) = await mirror.posts()
        (tweet,) = network.tweets
        assert post.state == "needs_human"
        await mirror.do(acts.is_there, mirror.id, post.id, remote=f"https://x.com/i/status/{tweet.id}", now_ms=0)
        await do(db, moderators.remove, 1, by=MO, reason="threat")
        await mirror.settle()
    assert (await mirror.states(), network.tweets) == (["deleted"], [])


async def test_a_post_that_a_person_has_found_at_bluesky_is_answered_by_none_and_taken_down(db: Database) -> None:
    async with serving(Bluesky()) as network:
        network.faults = [NEVER_CAME] * 3
        mirror = await mirrored(db, "bluesky", network, threads=True)
        number = await file_issue(db)
        await mirror.wait()
        (post,) = await mirror.posts()
        assert post.state == "needs_human"
        network.records[(key := record_key(post))] = {"uri": "", "cid": ""}
        typed = f"https://bsky.app/profile/{IDENTIFIER}/post/{key}"
        await mirror.do(acts.is_there, mirror.id, post.id, remote=typed, now_ms=0)
        await resolve(db, number)
        await mirror.settle()
        assert await mirror.states() == ["sent", "sent"]
        assert "reply" not in network.records[record_key((await mirror.posts())[1])]["value"]
        await do(db, moderators.remove, number, by=MO, reason="threat")
        await mirror.settle()
    assert (await mirror.states(), network.records) == (["deleted", "deleted"], {})


@pytest.mark.parametrize("how", ["remove", "redact"])
async def test_what_the_public_may_not_read_any_more_is_taken_down(db: Database, how: str) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        number = await file_issue(db)
        await resolve(db, number)
        await mirror.settle()
        assert len(network.tweets) == 2
        if how == "remove":
            await do(db, moderators.remove, number, by=MO, reason="threat")
        else:
            await do(db, moderators.redact, number, by=MO, target=1, fields=("title",), reason="privacy_request")
        await mirror.settle()
    assert (network.tweets, len(network.deleted), await mirror.states()) == ([], 2, ["deleted"] * 2)
    assert [post.text for post in await mirror.posts()] == [None, None]


@pytest.mark.parametrize("state", ["queued", "sending", "unknown", "needs_human", "rejected", "dry", "sent"])
async def test_a_title_that_is_taken_out_stands_in_no_post_any_more_whatever_became_of_it(
    db: Database, state: str
) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        number = await file_issue(db)
        await mirror.settle()
        (post,) = await mirror.posts()
        async with db.saving() as tx:
            turn_ms = 0 if state == "unknown" else NEVER_MS
            assert await store.keep(tx, post, replace(post, state=state, retry_ms=turn_ms))
        assert "The kettle leaks" in str((await mirror.posts())[0].text)
        await mirror.change(why_paused="login")  # nothing can be done there
        await do(db, moderators.redact, number, by=MO, target=1, fields=("title",), reason="privacy_request")
        await mirror.turn()
        (gone,) = await mirror.posts()
        assert (gone.text, gone.is_wanted) == (None, False)
        after = {"queued": "given_up", "rejected": "given_up", "sending": "unknown"}
        assert gone.state == after.get(state, state)
        async with db.saving() as tx:  # whoever was at it meanwhile brings no words back
            await store.keep(tx, gone, replace(gone, text="The kettle leaks"))
        assert (await mirror.posts())[0].text is None
        if state in ("sending", "unknown", "sent"):
            await mirror.change(why_paused=None)
            await mirror.wait()
            assert (network.tweets, await mirror.states()) == ([], ["deleted"])


async def test_a_corrected_title_leaves_what_is_there_and_goes_out_with_what_waits(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        number = await file_issue(db)
        await mirror.settle()
        network.window, network.window_until = 0, mirror.clock.ms // 1_000 + 900
        await resolve(db, number)
        await mirror.settle()
        assert "The kettle leaks" in str((await mirror.posts())[1].text)
        await do(db, customers.correct, number, by=ADA, target=1, words={"title": "The kettle drips"})
        network.window = 9
        await mirror.wait()
    assert [tweet.text for tweet in network.tweets] == [
        "New · The kettle leaks #1·1",
        "Resolved (fixed) · The kettle drips #1·2",
    ]


async def test_what_is_removed_while_its_answer_is_lost_is_looked_for_and_taken_down(db: Database) -> None:
    async with serving(X()) as network:
        network.faults = [LOST]
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.settle()
        await do(db, moderators.remove, 1, by=MO, reason="threat")
        await mirror.wait()
    assert (network.tweets, len(network.deleted), await mirror.states()) == ([], 1, ["deleted"])


async def test_what_is_removed_before_it_was_sent_is_never_sent(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network, wait_until_ms=2**42)
        await file_issue(db)
        await mirror.settle()
        await do(db, moderators.remove, 1, by=MO, reason="threat")
        await mirror.change(wait_until_ms=0)
        await mirror.settle()
    assert (network.tweets, await mirror.states()) == ([], ["given_up"])


async def test_nothing_is_posted_of_what_waits_for_a_look_until_it_is_published(db: Database) -> None:
    async with db.saving() as tx:
        await company.save(tx, {"moderation": "hold"})
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        number = await file_issue(db, name="Ada Lovelace", details="Order 4711", email="ada@home.example")
        await mirror.settle()
        assert network.tweets == []
        await do(db, moderators.publish, number, by=MO)
        await mirror.settle()
    assert [tweet.text for tweet in network.tweets] == [f"New · The kettle leaks #{number}·1"]


async def test_staff_keep_an_issue_out(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        number = await file_issue(db)
        await do(db, acts.keep_out, number, by=BO, is_out=True)
        await mirror.settle()
        await resolve(db, number)
        await mirror.settle()
        assert network.tweets == []
        await do(db, acts.keep_out, number, by=BO, is_out=False)
        await file_issue(db)
        await mirror.settle()
    assert [tweet.text for tweet in network.tweets] == ["New · The kettle leaks #2·1"]


async def test_a_budget_that_is_spent_waits_for_the_next_month(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network, budget=2)
        for _ in range(3):
            await file_issue(db)
        place = await mirror.settle()
        assert (len(network.tweets), place.retry_ms) == (2, mirror.clock.ms + 86_400_000)
        mirror.clock.now = mirror.clock.now.replace(day=31, hour=12)
        place = await mirror.settle()
        mirror.clock.now = mirror.clock.now.replace(month=4, day=1, hour=0)
        assert (len(network.tweets), place.retry_ms) == (2, mirror.clock.ms)
        await mirror.settle()
    assert len(network.tweets) == 3


async def test_an_issue_is_one_thread_where_that_is_wished(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network, threads=True)
        await cure(db)
        await mirror.settle()
    first, second, third = network.tweets
    assert [first.parent, second.parent, third.parent] == [None, str(first.id), str(second.id)]


async def test_links_are_there_where_they_are_wished(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network, links=True)
        await file_issue(db)
        await mirror.settle()
    assert [tweet.text for tweet in network.tweets] == ["New · The kettle leaks #1·1\nhttps://board.example/issues/1"]


async def test_a_mirror_that_stops_tells_admins_once_and_keeps_its_queue(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        await mirror.settle()
        network.credits = 0
        await file_issue(db)
        await file_issue(db)
        assert (await mirror.settle()).retry_ms == IDLE
        async with db.reading() as tx:
            letters = [row["subject"] for row in await outbox.newest(tx, limit=9)]
        assert letters.count("A mirror has stopped") == 1
        assert (await mirror.read()).why_paused == "credits"
        assert await mirror.states() == ["queued"] * 2
        network.credits = 9
        await mirror.do(acts.ask, mirror.id, now_ms=mirror.clock.ms)
        await mirror.settle()
    assert (len(network.tweets), (await mirror.read()).why_paused) == (2, None)


async def test_what_must_go_is_taken_down_although_the_credits_are_used_up(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.settle()
        network.credits = 0
        await file_issue(db)
        await mirror.settle()
        assert (await mirror.read()).why_paused == "credits"
        await do(db, moderators.remove, 1, by=MO, reason="threat")
        assert (await mirror.settle()).retry_ms == IDLE
    assert (network.tweets, await mirror.states()) == ([], ["deleted", "queued"])


async def test_other_secrets_mend_a_login_that_is_refused(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        wrong = {**SECRETS, "token_secret": "no"}
        await mirror.do(acts.change_secrets, mirror.id, secrets=wrong, box=MIRRORING.box, now_ms=0)
        await file_issue(db)
        await mirror.settle()
        assert (await mirror.read()).why_paused == "login"
        await mirror.do(acts.change_secrets, mirror.id, secrets=SECRETS, box=MIRRORING.box, now_ms=0)
        await mirror.settle()
        found = await mirror.read()
    assert (found.why_paused, found.name, len(network.tweets)) == (None, "@board", 1)


async def test_what_was_being_sent_when_a_process_ended_is_unknown(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        await mirror.settle()
        await file_issue(db)
        network.faults = [Fault(is_done=True, stalls=True)]
        task = asyncio.create_task(mirror.turn())
        while not network.tweets:
            await asyncio.sleep(0.005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await mirror.states() == ["sending"]
        await mirror.wait()
    assert (await mirror.states(), len(network.tweets)) == (["sent"], 1)


async def test_only_admins_set_mirrors_up_and_mistakes_are_told(db: Database) -> None:
    given: dict[str, Any] = {"out": OUT, "box": MIRRORING.box, "now_ms": 0}
    with pytest.raises(NotAllowed):
        await do(db, acts.add, by=BO, network="x", address="", secrets=SECRETS, **given)
    for network, address, field in (("y", "", "network"), ("x", "ftp://x", "address"), ("mastodon", "", "address")):
        with pytest.raises(Invalid) as wrong:
            await do(db, acts.add, by=ROOT, network=network, address=address, secrets=SECRETS, **given)
        assert set(wrong.value.fields) == {field}
    with pytest.raises(Invalid) as wrong:
        await do(db, acts.add, by=ROOT, network="x", address="", secrets={"key": "k"}, **given)
    assert set(wrong.value.fields) == {"key_secret", "token", "token_secret"}


async def test_it_posts_as_things_happen(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        stream = Stream(db)
        await stream.start()
        work = [stream.run(), mirroring.run(db, stream, MIRRORING, lambda: mirror.clock.now)]
        tasks = [asyncio.create_task(one) for one in work]
        async with asyncio.timeout(20):
            for number in (1, 2):
                await file_issue(db)
                while len(network.tweets) < number:
                    await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_mirror_that_is_removed_has_no_turn(db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(db, "x", network)
        await file_issue(db)
        await mirror.settle()
        found = Mirrored(db, mirror.id)
        await mirror.do(acts.remove, mirror.id)
        async with db.reading() as tx:
            assert await store.every(tx) == []
            assert await store.of_issue(tx, found.id, 1) == []
