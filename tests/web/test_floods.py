"""Whoever sends too much is asked to wait, with the words kept; everybody else goes on."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import time_machine

from board.domain.limits import ACTS, DEFAULTS
from board.store import people
from board.web import session
from tests.cast import BO, MO, ROOT
from tests.web.site import FILING, Forms, Site, act, file_issue, furnish, opened, settings_for

PROXY = "10.0.0.0/8"


def from_address(site: Site, address: str) -> httpx.AsyncClient:
    """A stranger's browser at the address."""
    transport = Forms(site.board, httpx.ASGITransport(site.app, client=(address, 4711)))
    client = httpx.AsyncClient(transport=transport, base_url=site.base)
    site.opened.append(client)
    return client


@pytest.fixture
async def tight_site(url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A board where each place may do everything twice in ten minutes, and staff four times."""
    burst = {f"{act}_burst": 2 for act in ACTS}
    await furnish(url, **{**burst, "staff_burst": 4})
    async with opened(settings_for(url, tmp_path)) as site:
        yield site


async def test_who_files_too_often_is_told_when_to_come_back_and_keeps_the_words(tight_site: Site) -> None:
    ada, cy = from_address(tight_site, "192.0.2.7"), from_address(tight_site, "192.0.2.8")
    for _ in range(2):
        await file_issue(ada)
    before = await tight_site.head()
    full = await ada.post("/issues", data={**FILING, "body": "Words worth keeping.", "private": "Order 4711"})
    assert full.status_code == 429
    assert 1 <= int(full.headers["retry-after"]) <= 300
    assert "Please wait 5 min" in full.text
    assert "Words worth keeping." in full.text
    assert "Order 4711" in full.text
    assert await tight_site.head() == before
    await file_issue(cy)


@pytest.mark.parametrize("door", ["updates", "notes", "promise", "private-words", "reading", "queue"])
async def test_a_colleague_does_no_more_at_the_desk_than_the_limit_of_staff(tight_site: Site, door: str) -> None:
    """A session in wrong hands is slow; another colleague goes on meanwhile."""
    number = await file_issue(from_address(tight_site, "192.0.2.9"), private="Order 4711")
    mo, root = await tight_site.staff(MO), await tight_site.staff(ROOT)
    path = {"reading": f"/staff/issues/{number}/private", "queue": "/staff/moderation"}.get(
        door, f"/issues/{number}/{door}"
    )
    due = (session.now() + timedelta(days=2)).isoformat(timespec="minutes")
    typed = {"body": "We look.", "promise_due": due, "private": "We look.", "do": "publish"}
    typed |= {"chosen": str(number)} if door == "queue" else {}
    for _ in range(4):
        assert (await mo.post(path, data=typed)).status_code in (200, 303, 409)
    before = await tight_site.head()
    full = await mo.post(path, data={**typed, "body": "Words worth keeping."})
    assert full.status_code == 429
    assert int(full.headers["retry-after"]) >= 1
    assert await tight_site.head() == before
    if door in ("updates", "notes"):
        assert "Words worth keeping." in full.text
    assert (await root.post(path, data=typed)).status_code in (200, 303, 409)
    assert (await mo.get(f"/staff/issues/{number}")).status_code == 200


async def test_reports_and_every_door_of_the_sign_in_have_buckets(tight_site: Site) -> None:
    number = await file_issue(from_address(tight_site, "192.0.2.9"))
    doors = {
        f"/issues/{number}/reports": {"at": "1", "reason": "spam", "body": "Kettles of gold."},
        "/signin": {"email": "ada@elsewhere.example"},
        "/me/address": {"email": "ada@elsewhere.example"},
        "/prove/mail": {},
        "/signin/code": {"code": "123456"},
        "/signin/link": {"t": "x"},
        "/signin/passkey": {"credential": "{}"},
        "/signin/passkey/question": {},
        "/signin/x": {},
        "/prove/code": {"code": "123456"},
        "/me/address/x": {},
    }
    for place, (door, typed) in enumerate(doors.items(), 10):
        ada = from_address(tight_site, f"192.0.2.{place}")
        answers = [(await ada.post(door, data=typed)).status_code for _ in range(3)]
        assert 429 not in answers[:2], (door, answers)
        assert answers[2] == 429, (door, answers)


async def test_whoever_has_no_more_than_a_colleagues_mailbox_has_no_colleagues_buckets(tight_site: Site) -> None:
    async with tight_site.db.saving() as tx:
        secret = await people.new_session(tx, person=BO.person, email=None, now_ms=session.now_ms(), is_proved=False)
    half = from_address(tight_site, "192.0.2.7")
    half.cookies.set("__Host-board", secret, domain="board.example")
    answers = [(await half.post("/prove/code", data={"code": "123456"})).status_code for _ in range(3)]
    assert answers == [422, 422, 429]
    assert await file_issue(half, body="See https://spam.example.")
    async with tight_site.db.reading() as tx:
        assert await tx.value("SELECT why FROM holds") == "newcomer_links"


DOORS = {"comments": {"body": "Some words."}, "mine-too": {}, "follow": {"email": "ada@elsewhere.example"}}


@pytest.mark.parametrize("door", DOORS)
async def test_each_public_door_of_an_issue_has_its_own_buckets(tight_site: Site, door: str) -> None:
    number = await file_issue(from_address(tight_site, "192.0.2.9"))
    ada, cy = from_address(tight_site, "192.0.2.7"), from_address(tight_site, "192.0.2.8")
    for _ in range(2):
        await act(ada, number, door, **DOORS[door])
    full = await ada.post(f"/issues/{number}/{door}", data=DOORS[door])
    assert (full.status_code, "retry-after" in full.headers) == (429, True)
    assert "Please wait 5 min" in full.text
    assert all(value in full.text for value in DOORS[door].values())
    await act(cy, number, door, **DOORS[door])
    others = [name for name in DOORS if name != door]
    for other in others:
        await act(ada, number, other, **DOORS[other])


async def test_private_words_take_tokens_too_and_are_kept_in_the_form(tight_site: Site) -> None:
    ada = from_address(tight_site, "192.0.2.7")
    number = await file_issue(ada)
    for _ in range(2):
        await act(ada, number, "private-words", private="Order 4711")
    full = await ada.post(f"/issues/{number}/private-words", data={"private": "Order 4712"})
    assert (full.status_code, "Order 4712" in full.text) == (429, True)


async def test_an_address_of_version_6_shares_its_buckets_with_its_network(tight_site: Site) -> None:
    for end in ("::1", "::ffff:2"):
        await file_issue(from_address(tight_site, f"2001:db8:0:1{end}"))
    assert (await from_address(tight_site, "2001:db8:0:1:9::").post("/issues", data=FILING)).status_code == 429
    await file_issue(from_address(tight_site, "2001:db8:0:2::1"))


async def test_a_mistake_takes_no_token(tight_site: Site) -> None:
    ada = from_address(tight_site, "192.0.2.7")
    for _ in range(5):
        assert (await ada.post("/issues", data={**FILING, "body": ""})).status_code == 422
    for _ in range(2):
        await file_issue(ada)


async def test_a_program_is_told_with_problem_details(tight_site: Site) -> None:
    robot = from_address(tight_site, "192.0.2.7")
    for _ in range(2):
        assert (await robot.post("/api/v1/issues", json=FILING)).status_code == 201
    full = await robot.post("/api/v1/issues", json=FILING)
    assert (full.status_code, full.headers["content-type"]) == (429, "application/problem+json")
    assert int(full.headers["retry-after"]) > 0
    assert full.json()["detail"] == "That is a lot at once from one place. Please wait 5 min, then send it."


async def test_whoever_goes_on_all_the_same_is_refused_in_one_line(tight_site: Site) -> None:
    ada = from_address(tight_site, "192.0.2.7")
    kinds = []
    for _ in range(8):
        ada.cookies.clear()  # with one, she may be somebody else
        answer = await ada.post("/issues", data=FILING)
        kinds.append((answer.status_code, answer.headers.get("content-type", "").partition(";")[0]))
    assert kinds == [(303, "")] * 2 + [(429, "text/html")] * 3 + [(429, "text/plain")] * 3
    assert answer.text == "Too many requests. Nothing was sent; please wait."
    assert int(answer.headers["retry-after"]) <= 60
    await act(ada, 1, "mine-too")
    said = await ada.post("/api/v1/issues", json=FILING, headers=await tight_site.token("agent"))
    assert said.status_code == 201
    with time_machine.travel(session.now_ms() / 1000 + 301):
        await file_issue(ada)


async def test_pages_and_programs_share_the_buckets_of_their_place(tight_site: Site) -> None:
    ada = from_address(tight_site, "192.0.2.7")
    await file_issue(ada)
    assert (await ada.post("/api/v1/issues", json=FILING)).status_code == 201
    assert (await ada.post("/issues", data=FILING)).status_code == 429


async def test_a_token_has_larger_buckets_of_its_own(tight_site: Site) -> None:
    robot, token = from_address(tight_site, "192.0.2.7"), await tight_site.token("agent")
    answers = [await robot.post("/api/v1/issues", json=FILING, headers=token) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201] * 4 + [429]
    await file_issue(robot)


async def test_a_refused_act_leaves_the_other_buckets_as_they_were(url: str, tmp_path: Path) -> None:
    await furnish(url, file_burst=2, file_board=3)
    async with opened(settings_for(url, tmp_path)) as site:
        ada, cy = from_address(site, "192.0.2.7"), from_address(site, "192.0.2.8")
        for _ in range(2):
            await file_issue(ada)
        for _ in range(9):
            assert (await ada.post("/issues", data=FILING)).status_code == 429
        await file_issue(cy)
        await file_issue(from_address(site, "192.0.2.9"))
        async with site.db.reading() as tx:
            waits = await tx.rows("SELECT issue, why FROM holds ORDER BY seq")
        assert [(row["issue"], row["why"]) for row in waits] == [(2, "hurried"), (4, "crowded")]


async def test_one_mail_address_can_be_given_so_often_from_anywhere(url: str, tmp_path: Path) -> None:
    await furnish(url, file_mail=2)
    async with opened(settings_for(url, tmp_path)) as site:
        for place in range(2):
            await file_issue(from_address(site, f"192.0.2.{place}"), email="Bea@elsewhere.example")
        full = await from_address(site, "192.0.2.9").post("/issues", data={**FILING, "email": "bea@elsewhere.example"})
        assert (full.status_code, "This address was given often enough." in full.text) == (429, True)
        said = await from_address(site, "192.0.2.9").post(
            "/api/v1/issues", json={**FILING, "email": " BEA@elsewhere.example"}
        )
        assert said.status_code == 429


async def test_an_admin_sets_the_limits_and_they_hold_at_once(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    done = await root.post("/staff/settings/limits", data={"file.burst": "1", "file.day": "20"})
    assert done.headers["location"] == "/staff/settings?done=saved#limits"
    await file_issue(quick_site.browser())
    assert (await quick_site.browser().post("/issues", data=FILING)).status_code == 429
    shown = (await root.get("/staff/settings")).text
    assert 'name="file.burst" value="1"' in shown
    assert f'name="comment.burst" value="{DEFAULTS["comment"]["burst"]}"' in shown


@pytest.mark.parametrize("count", ["", "0", "-1", "five", "1000001", "5.5", "\u0665"])
async def test_a_limit_that_is_no_number_is_told_at_its_field(quick_site: Site, count: str) -> None:
    root = await quick_site.staff(ROOT)
    answer = await root.post("/staff/settings/limits", data={"file.burst": count})
    assert answer.status_code == 422
    place = answer.text.index('id="limit-file.burst-error"')
    assert "Give a whole number from 1 to 1000000." in answer.text[place : place + 200]


async def test_of_a_flood_the_limits_let_their_number_through_and_every_customer(url: str, tmp_path: Path) -> None:
    await furnish(url, file_burst=5)
    async with opened(settings_for(url, tmp_path)) as site:
        answers: Counter[int] = Counter()
        for place in range(300):
            answer = await from_address(site, f"192.0.2.{place % 20}").post("/issues", data=FILING)
            answers[answer.status_code] += 1
            if place % 25 == 0:
                await file_issue(from_address(site, f"203.0.113.{place // 25}"))
        assert answers == {303: 100, 429: 200}
