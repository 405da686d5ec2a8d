"""The API's contract: shapes, refusals, who may write, and that a repeated request acts once."""

import asyncio
import hashlib
import json
from typing import Any

import httpx
import pytest

from board.domain.proof import commitment, leaf_hash, unb64url
from tests.cast import BO
from tests.web.site import Site, file_issue

ISSUE = {
    "number", "url", "title", "body", "area", "state", "resolution", "confirmation", "visibility", "turn", "filed_at",
    "first_answer_at", "last_event", "owner", "promise_due", "followers", "mine_too", "reopened",
}  # fmt: skip
NEW = {"title": "The kettle leaks", "body": "At the handle.", "area": "service", "name": "Ada"}


async def file(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/issues", json={**NEW, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_filing_answers_with_the_place_the_private_link_and_the_receipt(site: Site) -> None:
    answer = await site.browser().post("/api/v1/issues", json=NEW)
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, made["url"])
    assert made.keys() == {"number", "url", "private_url", "receipt"}
    assert made["private_url"].startswith("https://board.example/mine/1-")
    assert unb64url(made["receipt"]["leaf_hash"]) == leaf_hash(made["receipt"]["leaf"].encode())


async def test_an_issue_has_the_keys_that_others_rely_on(site: Site) -> None:
    client = site.browser()
    await file(client)
    listed = (await client.get("/api/v1/issues")).json()
    assert listed.keys() == {"issues", "next"}
    assert listed["next"] is None
    assert [issue.keys() for issue in listed["issues"]] == [ISSUE]
    shown = (await client.get("/api/v1/issues/1")).json()
    assert shown.keys() == {*ISSUE, "timeline"}
    assert {key: shown[key] for key in ("state", "confirmation", "visibility", "turn", "body")} == {
        "state": "new",
        "confirmation": "none",
        "visibility": "public",
        "turn": "company",
        "body": "At the handle.",
    }


async def test_pages_of_the_list_cover_every_issue_once(site: Site) -> None:
    client = site.browser()
    for _ in range(5):
        await file(client)
    found, after = [], ""
    while True:
        page = (await client.get("/api/v1/issues", params={"limit": 2, "sort": "new", "after": after})).json()
        found += [issue["number"] for issue in page["issues"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert sorted(found) == [1, 2, 3, 4, 5]


async def test_every_event_can_be_checked_from_what_is_served(site: Site) -> None:
    client = site.browser()
    await file(client)
    served = (await client.get("/api/v1/events", params={"after": -1})).json()
    assert served["head"] == len(served["events"])
    assert [json.loads(event["leaf"])["index"] for event in served["events"]] == list(range(served["head"]))
    opened = 0
    for event in served["events"]:
        assert hashlib.sha256(b"\x00" + event["leaf"].encode()).digest() == unb64url(event["leaf_hash"])
        for field, opening in event["openings"].items():
            made = commitment(unb64url(opening["salt"]), field, opening["value"])
            assert made == json.loads(event["leaf"])["commit"][field]
            opened += 1
    assert opened == 3


async def test_a_long_poll_answers_at_the_next_event(quick_site: Site) -> None:
    client = quick_site.browser()
    after = await quick_site.head()
    waiting = asyncio.create_task(client.get("/api/v1/events", params={"after": after, "wait": 20}))
    await asyncio.sleep(0.2)
    await file(quick_site.browser())
    answer = await asyncio.wait_for(waiting, 10)
    assert json.loads(answer.json()["events"][0]["leaf"])["event"] == "issue.filed"


async def test_staff_answer_and_resolve_with_a_token_and_the_filer_confirms_with_the_secret(site: Site) -> None:
    client, bo = site.browser(), await site.token("agent", "Bo’s robot")
    await file(client)
    answered = await client.post(
        "/api/v1/issues/1/updates",
        json={"body": "We look.", "state": "in_progress", "promise_due": "2099-01-01T10:00:00Z"},
        headers=bo,
    )
    assert answered.status_code == 422  # within a year
    answered = await client.post("/api/v1/issues/1/updates", json={"body": "Hm.", "state": "in_progress"}, headers=bo)
    assert (answered.status_code, answered.json()["issue"]["state"]) == (201, "in_progress")
    cure = {"body": "Mended.", "resolution": "fixed"}
    resolved = await client.post("/api/v1/issues/1/resolution", json=cure, headers=bo)
    assert resolved.json()["issue"]["confirmation"] == "asked"
    done = await client.post("/api/v1/issues/1/confirmation", json={"grade": 5}, headers=site.filer_key(1))
    assert (done.json()["issue"]["state"], done.json()["issue"]["confirmation"]) == ("closed", "confirmed")


async def test_the_life_cycle_refuses_with_what_would_be_allowed(site: Site) -> None:
    client = site.browser()
    await file(client)
    refused = await client.post("/api/v1/issues/1/confirmation", json={}, headers=site.filer_key(1))
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem.keys() == {"type", "title", "status", "detail", "allowed"}
    assert "withdraw" in problem["allowed"]


async def test_a_wrong_field_is_named(site: Site) -> None:
    refused = await site.browser().post("/api/v1/issues", json={**NEW, "title": "x", "body": ""})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["body", "title"]


@pytest.mark.parametrize("role", ["reader", "agent", "moderator", "admin"])
async def test_only_staff_tokens_act_for_the_company(quick_site: Site, role: str) -> None:
    client, headers = quick_site.browser(), await quick_site.token(role)
    await file(client)
    done = await client.post("/api/v1/issues/1/updates", json={"body": "We look."}, headers=headers)
    assert done.status_code == (403 if role == "reader" else 201)


async def test_credentials_that_do_not_hold_are_refused(quick_site: Site) -> None:
    client = quick_site.browser()
    await file(client)
    await file(client)
    for header in ("Bearer nonsense", "Filer 1-nonsense", "Basic eDp5", quick_site.filer_key(2)["Authorization"]):
        answer = await client.post("/api/v1/issues/1/comments", json={"body": "x"}, headers={"Authorization": header})
        assert (header, answer.status_code) == (header, 401)


async def test_cookies_never_count(quick_site: Site) -> None:
    await file(quick_site.browser())
    bo = await quick_site.staff(BO)
    refused = await bo.post("/api/v1/issues/1/updates", json={"body": "We look."})
    assert refused.status_code == 403


async def test_a_repeated_request_acts_once_and_gets_the_first_answer_again(site: Site) -> None:
    client, headers = site.browser(), {"Idempotency-Key": "one"}
    first = await client.post("/api/v1/issues", json=NEW, headers=headers)
    again = await client.post("/api/v1/issues", json=NEW, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await client.get("/api/v1/issues")).json()["issues"]) == 1


async def test_a_key_belongs_to_one_body(quick_site: Site) -> None:
    client, headers = quick_site.browser(), {"Idempotency-Key": "one"}
    await client.post("/api/v1/issues", json=NEW, headers=headers)
    other = await client.post("/api/v1/issues", json={**NEW, "body": "Other."}, headers=headers)
    assert other.status_code == 409


async def test_of_many_equal_requests_at_once_one_acts(site: Site) -> None:
    client, headers = site.browser(), {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*[client.post("/api/v1/issues", json=NEW, headers=headers) for _ in range(8)])
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["number"] for answer in answers} == {1}


async def test_other_types_and_broken_bodies_are_refused(quick_site: Site) -> None:
    client, json_type = quick_site.browser(), {"content-type": "application/json"}
    await file(client)
    door = "/api/v1/issues/1/comments"
    assert (await client.post(door, data={"body": "x"})).status_code == 415
    assert (await client.post(door, content=b"{", headers=json_type)).status_code == 400
    assert (await client.post(door, content=b'{"body": 1}', headers=json_type)).status_code == 422
    assert (await client.post(door, content=b'{"body": "x", "y": 1}', headers=json_type)).status_code == 422
    assert (await client.post(door, content=b" " * 2_000_000, headers=json_type)).status_code == 413


async def test_areas_tell_what_they_aim_at(quick_site: Site) -> None:
    found = (await quick_site.browser().get("/api/v1/areas")).json()["areas"]
    assert found[0] == {"slug": "service", "name": "Service", "first_answer_s": 14400, "resolve_s": 172800}


async def test_what_the_form_files_the_api_shows(quick_site: Site) -> None:
    await file_issue(quick_site.browser())
    shown = (await quick_site.browser().get("/api/v1/issues/1/events")).json()
    assert [json.loads(event["leaf"])["event"] for event in shown["events"]] == ["issue.filed", "issue.published"]
    assert shown["events"][0]["openings"]["title"]["value"] == "The kettle leaks"
