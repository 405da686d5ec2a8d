"""Doubtful words are never refused: they wait for a look, or the browser proves its good will by calculating."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import altcha
import httpx
import pytest
import time_machine

from board.domain.limits import Limit
from board.web import arrival, proof
from board.web.session import now_ms
from tests.cast import BO
from tests.web.site import FILING, SECRET, Site, act, file_issue, furnish, opened, settings_for

LINKED = {**FILING, "body": "Look at https://spam.example for kettles."}
SCRIPT = {"can_prove": "yes"}


def stamp(site: Site, ago_s: int) -> str:
    return site.board.links.secret("form", now_ms() // 1000 - ago_s)


async def visibility(site: Site, number: int) -> str:
    async with site.db.reading() as tx:
        return str(await tx.value("SELECT visibility FROM issues WHERE number = :n", n=number))


async def reasons(site: Site) -> list[str]:
    """Why words wait, oldest first."""
    async with site.db.reading() as tx:
        return [str(row["why"]) for row in await tx.rows("SELECT why FROM holds ORDER BY seq")]


def solved(challenge: str) -> str:
    """What a browser sends for the challenge."""
    asked = altcha.Challenge.from_dict(json.loads(challenge))
    found = altcha.solve_challenge(asked)
    assert found
    return altcha.Payload(asked, found).to_base64()


def challenge_of(answer: httpx.Response) -> str:
    assert answer.status_code == 428, answer.text
    return unescape(answer.text.split('data-challenge="')[1].split('"')[0])


async def test_words_without_a_doubt_are_public_at_once(site: Site) -> None:
    assert await visibility(site, await file_issue(site.browser())) == "public"
    assert await reasons(site) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"website": "https://spam.example"}, "trap"),
        ({"body": LINKED["body"]}, "newcomer_links"),
        ({"stamp": "no stamp"}, "stale"),
        ({"stamp": ""}, "stale"),
    ],
)
async def test_doubtful_words_are_taken_and_wait_for_a_look(site: Site, changes: dict[str, str], reason: str) -> None:
    ada = site.browser()
    number = await file_issue(ada, **changes)
    assert await visibility(site, number) == "held"
    assert await reasons(site) == [reason]
    assert "a moderator reads it first" in (await ada.get(f"/issues/{number}")).text.lower()
    assert FILING["body"] not in (await site.browser().get(f"/issues/{number}")).text


async def test_a_comment_is_weighed_as_a_filing_is(site: Site) -> None:
    number, cy = await file_issue(site.browser()), site.browser()
    for words in ({"body": LINKED["body"]}, {"body": "Me too.", "website": "x"}, {"body": "Me too.", "stamp": "1-x"}):
        held = await act(cy, number, "comments", **words)
        assert "done=held" in held.headers["location"]
    assert await reasons(site) == ["newcomer_links", "trap", "stale"]
    said = await act(cy, number, "comments", body="Me too.")
    assert "done=commented" in said.headers["location"]


async def test_whoever_sends_what_was_read_by_nobody_waits_too(site: Site) -> None:
    number = await file_issue(site.browser(), stamp=stamp(site, 1))
    assert await reasons(site) == ["quick"]
    assert await visibility(site, number) == "held"
    assert await visibility(site, await file_issue(site.browser(), stamp=stamp(site, 24 * 3600 - 60))) == "public"
    assert await visibility(site, await file_issue(site.browser(), stamp=stamp(site, 24 * 3600 + 60))) == "held"


async def test_somebody_whose_issue_is_public_may_give_links(site: Site) -> None:
    ada = site.browser()
    await file_issue(ada)
    assert await visibility(site, await file_issue(ada, **LINKED)) == "public"
    assert await visibility(site, await file_issue(ada, body=LINKED["body"] * 4)) == "held"


async def test_staff_are_not_doubted(site: Site) -> None:
    bo = await site.staff(BO)
    assert await visibility(site, await file_issue(bo, **{**LINKED, "stamp": ""})) == "public"
    said = await site.browser().post("/api/v1/issues", json=LINKED, headers=await site.token("agent"))
    assert await visibility(site, said.json()["number"]) == "public"


async def test_a_program_has_no_form_to_fill_but_its_links_wait(site: Site) -> None:
    plain = await site.browser().post("/api/v1/issues", json=FILING)
    linked = await site.browser().post("/api/v1/issues", json=LINKED)
    assert [await visibility(site, said.json()["number"]) for said in (plain, linked)] == ["public", "held"]
    number = plain.json()["number"]
    said = await site.browser().post(f"/api/v1/issues/{number}/comments", json={"body": LINKED["body"]})
    assert said.status_code == 201
    assert await reasons(site) == ["newcomer_links"] * 2


async def test_the_same_long_text_again_and_again_waits(quick_site: Site) -> None:
    spam = "Number {}: wonderful kettles of gold for everybody who writes to us today, only today"
    numbers = [await file_issue(quick_site.browser(), body=spam.format(place)) for place in range(5)]
    assert [await visibility(quick_site, number) for number in numbers] == ["public"] * 4 + ["held"]
    assert await reasons(quick_site) == ["repeated"]


async def test_when_more_comes_in_than_anybody_reads_newcomers_wait_and_customers_go_on(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "CROWD", Limit(2, 3_600))
    await furnish(url, file_board=1, comment_board=1, mine_too_board=1)
    async with opened(settings_for(url, tmp_path)) as site:
        ada = site.browser()
        number = await file_issue(ada)
        await act(ada, number, "comments", body="The flood begins.")
        await act(ada, number, "mine-too")

        assert await visibility(site, await file_issue(site.browser())) == "held"
        said = await site.browser().post("/api/v1/issues", json=FILING)
        assert await visibility(site, said.json()["number"]) == "held"
        full = await site.browser().post("/issues", data={**FILING, "body": "Words worth keeping."})
        assert (full.status_code, "Words worth keeping." in full.text) == (429, True)
        assert "More comes in than we can read." in full.text
        assert (await site.browser().post(f"/issues/{number}/mine-too")).status_code == 429

        solution = {"altcha": solved(challenge_of(await site.browser().post("/issues", data={**FILING, **SCRIPT})))}
        assert await visibility(site, await file_issue(site.browser(), **SCRIPT, **solution)) == "held"
        assert await reasons(site) == ["crowded"] * 3

        key = site.filer_key(number)
        assert (await ada.post(f"/api/v1/issues/{number}/comments", json={"body": "By key."}, headers=key)).is_success
        for somebody in (ada, await site.filer(number), await site.staff(BO)):
            assert await visibility(site, await file_issue(somebody, body="It leaks again.")) == "public"
            await act(somebody, number, "mine-too")
        assert "done=commented" in (await act(ada, number, "comments", body="Still here.")).headers["location"]
        await act(ada, number, "withdrawal")
        assert await reasons(site) == ["crowded"] * 3


@pytest.mark.parametrize("door", ["/issues", "/issues/1/comments"])
async def test_a_browser_with_scripts_is_asked_for_a_proof_and_then_heard(site: Site, door: str) -> None:
    await file_issue(site.browser())
    ada, before = site.browser(), await site.head()
    typed = {**FILING, "body": "Words worth keeping.", "stamp": stamp(site, 0), **SCRIPT}
    asked = await ada.post(door, data=typed)
    challenge = challenge_of(asked)
    assert "Words worth keeping." in asked.text
    assert "script-src 'self'" in asked.headers["content-security-policy"]
    assert await site.head() == before
    done = await ada.post(door, data={**typed, "altcha": solved(challenge)})
    assert done.status_code == 303
    assert await reasons(site) == []
    assert await site.head() > before


async def test_a_program_that_can_prove_is_asked_as_a_browser_is(quick_site: Site) -> None:
    said = {"body": "Wonderful kettles of gold for everybody who writes to us today, and only today", "area": "service"}

    async def post(**headers: str) -> httpx.Response:
        return await quick_site.browser().post("/api/v1/issues", json=said, headers=headers)

    numbers = [(await post(**{"Board-Proof": "can"})).json()["number"] for _ in range(4)]
    assert [await visibility(quick_site, number) for number in numbers] == ["public"] * 4
    asked = await post(**{"Board-Proof": "can"})
    assert (asked.status_code, asked.headers["content-type"]) == (428, "application/problem+json")
    proven = await post(**{"Board-Proof": solved(json.dumps(asked.json()["challenge"]))})
    assert await visibility(quick_site, proven.json()["number"]) == "public"
    for proof_of_nothing in ({"Board-Proof": "x"}, {}):
        held = await post(**proof_of_nothing)
        assert await visibility(quick_site, held.json()["number"]) == "held"
    said["body"] = LINKED["body"]
    linked = await post(**{"Board-Proof": solved(proof.challenge(SECRET.encode()))})
    assert await visibility(quick_site, linked.json()["number"]) == "held"


async def test_a_proof_counts_once(site: Site) -> None:
    typed = {**FILING, "stamp": stamp(site, 0), **SCRIPT}
    solution = {"altcha": solved(challenge_of(await site.browser().post("/issues", data=typed)))}
    numbers = [await file_issue(site.browser(), **{**typed, **solution}) for _ in range(2)]
    assert [await visibility(site, number) for number in numbers] == ["public", "held"]


async def test_a_proof_takes_no_link_and_no_trap_away(quick_site: Site) -> None:
    solution = {"altcha": solved(proof.challenge(SECRET.encode())), **SCRIPT}
    for changes in ({"body": LINKED["body"]}, {"website": "x"}):
        assert await visibility(quick_site, await file_issue(quick_site.browser(), **changes, **solution)) == "held"


def forged(**parameters: Any) -> str:
    """A solved challenge, with some of its parameters changed afterwards."""
    challenge = json.loads(proof.challenge(SECRET.encode()))
    challenge["parameters"].update(parameters)
    return solved(json.dumps(challenge))


@pytest.mark.parametrize(
    "payload",
    [
        "x", "e30=", "[]", "\u2603", "9" * 5_000, solved(proof.challenge(b"another secret")),
        forged(cost=1), forged(keyPrefix=""), forged(expiresAt=9_999_999_999),
    ],
    ids=lambda payload: payload[:8],
)  # fmt: skip
async def test_what_is_no_proof_of_ours_counts_for_nothing(quick_site: Site, payload: str) -> None:
    typed = {"stamp": "", **SCRIPT, "altcha": payload}
    assert await visibility(quick_site, await file_issue(quick_site.browser(), **typed)) == "held"


async def test_a_challenge_ends_after_twenty_minutes(quick_site: Site) -> None:
    payload = solved(proof.challenge(SECRET.encode()))
    assert proof.proven(SECRET.encode(), payload)
    with time_machine.travel(now_ms() / 1000 + proof.LASTS_S + 2):
        assert proof.proven(SECRET.encode(), payload) is None


async def test_the_stamp_of_an_issue_is_the_same_for_ten_seconds_and_never_later_than_true(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser())
    pages = []
    for moment in (1_900_000_000, 1_900_000_009.9):
        with time_machine.travel(moment, tick=False):
            pages.append((await quick_site.browser().get(f"/issues/{number}")).text)
    assert pages[0].split('name="stamp"')[1][:60] == pages[1].split('name="stamp"')[1][:60]
    assert 'name="stamp" value="1900000000-' in pages[1]
