"""Each answer of the networks has its consequence, in both shapes in which X says what is wrong; one contract each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from board import outbound
from board.actions import mirrors as acts
from board.actions import moderators
from board.domain import mirrors as rules
from board.store.database import Database
from tests.cast import MO, NOON, do, file_issue
from tests.followers.mirrored import mirrored, resolve
from tests.networks.bluesky import Bluesky
from tests.networks.mastodon import Mastodon
from tests.networks.serving import LOST, LOST_503, NEVER_CAME, STALL, Fault, Says, serving
from tests.networks.x import DUPLICATE, FORBIDDEN, PROBLEMS, UNAUTHORIZED, X

EPOCH = int(NOON.timestamp())
X_COM = "https://api.x.com/2/problems/"


def problem(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "title": "Forbidden", "detail": "No.", **more}


def legacy(code: int) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": "Words."}]}


ANSWERS = {
    "400": (Says(400, problem(PROBLEMS + "invalid-request", errors=[{"message": "One."}])), "rejected", None),
    "too long": (Says(403, {**FORBIDDEN, "detail": "Your Tweet text is too long."}), "rejected", None),
    "401": (Says(401, UNAUTHORIZED), "queued", "login"),
    "401 legacy": (Says(401, legacy(32)), "queued", "login"),
    "locked": (Says(403, legacy(326)), "queued", "login"),
    "402": (Says(402, problem(X_COM + "credits", title="CreditsDepleted")), "queued", "credits"),
    "402 without words": (Says(402), "queued", "credits"),
    "403 read only": (Says(403, problem(X_COM + "oauth1-permissions")), "queued", "setup"),
    "403 app only": (Says(403, problem(PROBLEMS + "unsupported-authentication")), "queued", "setup"),
    "403 not enrolled": (Says(403, problem(PROBLEMS + "client-forbidden")), "queued", "setup"),
    "403 duplicate": (Says(403, DUPLICATE), "unknown", None),
    "403 duplicate legacy": (Says(403, legacy(187)), "unknown", None),
    "403 html": (Says(403, "<html>Sorry</html>"), "unknown", None),
    "429 capped": (Says(429, problem(X_COM + "usage-capped")), "queued", None),
    "500": (Says(500, legacy(131)), "unknown", None),
    "502 html": (Says(502, "<html>Bad gateway</html>"), "unknown", None),
    "503": (Says(503), "unknown", None),
    "504": (Says(504), "unknown", None),
    "201 without a number": (Says(201, {"data": {}}), "unknown", None),
    "302": (Says(302, None, {"Location": "https://elsewhere.example"}), "unknown", None),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_each_answer_of_x_has_its_consequence(quick_db: Database, name: str) -> None:
    answer, state, why = ANSWERS[name]
    async with serving(X()) as network:
        network.faults = [Fault(answer)]
        mirror = await mirrored(quick_db, "x", network)
        await file_issue(quick_db)
        await mirror.settle()
        (post,) = await mirror.posts()
        assert (post.state, (await mirror.read()).why_paused) == (state, why)
        assert str(answer.status) in str(post.error)
        assert sum(network.is_post(asked) for asked in network.asked) == 1


async def test_a_limit_is_waited_for_until_the_last_of_those_that_are_used_up(quick_db: Database) -> None:
    async with serving(X()) as network:
        network.window, network.day = 0, 0
        network.window_until, network.day_until = EPOCH + 900, EPOCH + 80_000
        mirror = await mirrored(quick_db, "x", network)
        await file_issue(quick_db)
        place = await mirror.settle()
        assert 80_000 <= place.retry_ms / 1_000 - EPOCH <= 80_005
        network.day = 5
        await mirror.change(wait_until_ms=0)
        place = await mirror.settle()
        assert 900 <= place.retry_ms / 1_000 - EPOCH <= 905
        network.window = 5
        await mirror.wait()
    assert await mirror.states() == ["sent"]


async def test_what_is_not_taken_as_an_answer_goes_out_on_its_own(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(quick_db, "x", network, threads=True)
        number = await file_issue(quick_db)
        await mirror.settle()
        network.replies = False
        await resolve(quick_db, number)
        await mirror.settle()
        assert [tweet.parent for tweet in network.tweets] == [None, None]


async def test_where_the_parent_is_gone_a_post_goes_out_on_its_own(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(quick_db, "x", network, threads=True)
        number = await file_issue(quick_db)
        await mirror.settle()
        network.tweets.clear()
        await resolve(quick_db, number)
        await mirror.settle()
        assert [tweet.parent for tweet in network.tweets] == [None]


async def test_a_network_that_is_not_there_is_tried_again_later(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(quick_db, "x", network)
        await mirror.settle()
    await file_issue(quick_db)
    place = await mirror.settle()
    assert place.retry_ms == mirror.clock.ms + rules.backoff_ms(0)
    assert await mirror.states() == ["queued"]


@pytest.mark.parametrize("kind", ["x", "mastodon", "bluesky"])
async def test_an_answer_that_does_not_come_in_time_is_unknown(
    quick_db: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving({"x": X, "mastodon": Mastodon, "bluesky": Bluesky}[kind]()) as network:
        mirror = await mirrored(quick_db, kind, network)
        await mirror.settle()
        network.faults = [STALL]
        await file_issue(quick_db)
        monkeypatch.setattr(outbound, "PATIENCE_S", 0.3)
        await mirror.settle()
        (post,) = await mirror.posts()
        assert (post.state, "0.3 seconds" in str(post.error)) == ("unknown", True)
        monkeypatch.undo()
        await mirror.wait()
    assert await mirror.states() == ["sent"]


async def test_two_issues_of_the_same_title_are_two_posts(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(quick_db, "x", network)
        for _ in range(2):
            await file_issue(quick_db)
        await mirror.settle()
    assert (await mirror.states(), len(network.tweets)) == (["sent"] * 2, 2)


async def test_a_look_goes_on_to_the_next_page(quick_db: Database) -> None:
    async with serving(X()) as network:
        mirror = await mirrored(quick_db, "x", network)
        network.faults = [LOST]
        await file_issue(quick_db)
        await mirror.settle()
        for number in range(150):
            network.post({"text": f"By hand, {number}"})
        await mirror.wait()
    assert await mirror.states() == ["sent"]


async def test_nothing_is_posted_with_keys_that_only_read(quick_db: Database) -> None:
    async with serving(X()) as network:
        network.answer = lambda asked: Says(200, {"data": {"id": "1"}}, {"x-access-level": "read"})  # type: ignore[method-assign]
        mirror = await mirrored(quick_db, "x", network)
        await mirror.settle()
        assert (await mirror.read()).why_paused == "setup"


@pytest.mark.parametrize("network_kind", ["mastodon", "bluesky"])
async def test_the_other_networks_post_threads_and_take_them_down(quick_db: Database, network_kind: str) -> None:
    made: Mastodon | Bluesky = Mastodon() if network_kind == "mastodon" else Bluesky()
    async with serving(made) as network:
        mirror = await mirrored(quick_db, network_kind, network, threads=True, links=True)
        number = await file_issue(quick_db)
        await mirror.settle()
        await resolve(quick_db, number)
        await mirror.settle()
        first, second = await mirror.posts()
        assert [first.state, second.state, second.parent] == ["sent", "sent", first.id]
        if isinstance(network, Bluesky):
            texts = [record["value"]["text"] for record in network.records.values()]
            reply = list(network.records.values())[1]["value"]["reply"]
            strong = {"uri": first.remote, "cid": first.mark}
            assert reply == {"root": strong, "parent": strong}
        else:
            assert [one["in_reply_to_id"] for one in network.statuses.values()] == [None, first.remote]
            texts = [post.text for post in (first, second)]
        assert texts[0] == f"New · The kettle leaks #1·1\nhttps://board.example/issues/{number}"
        await do(quick_db, moderators.remove, number, by=MO, reason="threat")
        await mirror.settle()
        assert await mirror.states() == ["deleted"] * 2
        assert not (network.records if isinstance(network, Bluesky) else network.statuses)


@pytest.mark.parametrize("make", [Mastodon, Bluesky])
@pytest.mark.parametrize("fault", [LOST, LOST_503, NEVER_CAME])
async def test_lost_answers_of_the_other_networks_make_no_doubles(
    quick_db: Database, make: Callable[[], Any], fault: Fault
) -> None:
    async with serving(make()) as network:
        network.faults = [fault]
        mirror = await mirrored(quick_db, make.__name__.lower(), network)
        await file_issue(quick_db)
        await mirror.settle()
        assert await mirror.states() == ["unknown"]
        await mirror.wait()
        there = network.records if isinstance(network, Bluesky) else network.statuses
        assert (await mirror.states(), len(there)) == (["sent"], 1)


MASTODON = {
    "401": (Says(401, {"error": "The access token is invalid"}), "queued", "login"),
    "403": (Says(403, {"error": "This action is outside the authorized scopes"}), "queued", "setup"),
    "422": (Says(422, {"error": "Validation failed"}), "rejected", None),
    "500": (Says(500, {"error": "Something went wrong"}), "unknown", None),
    "html": (Says(404, "<html>Not here</html>"), "unknown", None),
}
BLUESKY = {
    "400": (Says(400, {"error": "InvalidRequest", "message": "Invalid record"}), "rejected", None),
    "401": (Says(401, {"error": "AuthenticationRequired", "message": "No."}), "queued", "login"),
    "takedown": (Says(400, {"error": "AccountTakedown", "message": "No."}), "queued", "login"),
    "500": (Says(500, {"error": "InternalServerError"}), "unknown", None),
    "html": (Says(403, "<html>Not here</html>"), "unknown", None),
}
OTHERS = [("mastodon", key) for key in MASTODON] + [("bluesky", key) for key in BLUESKY]


@pytest.mark.parametrize(("kind", "name"), OTHERS)
async def test_each_answer_of_the_other_networks_has_its_consequence(quick_db: Database, kind: str, name: str) -> None:
    answer, state, why = (MASTODON if kind == "mastodon" else BLUESKY)[name]
    made: Mastodon | Bluesky = Mastodon() if kind == "mastodon" else Bluesky()
    async with serving(made) as network:
        network.faults = [Fault(answer)]
        mirror = await mirrored(quick_db, kind, network)
        await file_issue(quick_db)
        await mirror.settle()
        (post,) = await mirror.posts()
        assert (post.state, (await mirror.read()).why_paused) == (state, why)


async def test_the_length_is_what_the_server_of_mastodon_allows(quick_db: Database) -> None:
    async with serving(Mastodon()) as network:
        network.most = 60
        mirror = await mirrored(quick_db, "mastodon", network)
        await file_issue(quick_db, title="A kettle that leaks " + "very " * 20)
        await mirror.settle()
        (post,) = await mirror.posts()
        assert (post.state, len(post.text or "") <= 60) == ("sent", True)


async def test_limits_of_the_other_networks_are_waited_for(quick_db: Database) -> None:
    async with serving(Mastodon()) as network, serving(Bluesky()) as other:
        network.left, other.is_limited, other.reset = 0, True, EPOCH + 600
        mirror = await mirrored(quick_db, "mastodon", network)
        second = await mirrored(quick_db, "bluesky", other)
        await file_issue(quick_db)
        assert (await mirror.settle()).retry_ms == (EPOCH + 300) * 1_000
        assert (await second.settle()).retry_ms == (EPOCH + 600) * 1_000


async def test_a_session_at_bluesky_is_kept_and_renewed(quick_db: Database) -> None:
    async with serving(Bluesky()) as network:
        mirror = await mirrored(quick_db, "bluesky", network)
        for _ in range(3):
            await file_issue(quick_db)
        await mirror.settle()
        assert network.sessions == 1
        network.access = "another"
        await file_issue(quick_db)
        await mirror.settle()
        assert [asked.path.rpartition(".")[2] for asked in network.asked].count("refreshSession") == 1
        network.access = network.refresh = "another"
        mirror.clock.now += timedelta(days=90)
        await file_issue(quick_db)
        await mirror.settle()
        assert (network.sessions, len(network.records)) == (3, 5)
        assert network.access not in str((await mirror.read()).session)


async def test_a_key_of_ours_makes_one_status_of_two_requests(quick_db: Database) -> None:
    async with serving(Mastodon()) as network:
        network.faults = [LOST]
        mirror = await mirrored(quick_db, "mastodon", network)
        await file_issue(quick_db)
        await mirror.settle()
        (post,) = await mirror.posts()
        await mirror.do(acts.is_not_there, mirror.id, post.id, now_ms=mirror.clock.ms)
        await mirror.settle()
    assert (await mirror.states(), len(network.statuses)) == (["sent"], 1)
