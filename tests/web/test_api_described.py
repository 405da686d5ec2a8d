"""The description of the API is true: each example in it runs, and what comes back has the shape that it says."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import httpx
import jsonschema_rs
import pytest

from board.domain import hooks
from board.domain.clocks import Target
from board.store import company
from board.store.company import Area
from board.web.openapi import document, name_of
from board.web.operations import OPERATIONS, Operation
from board.web.session import now
from tests.cast import BO, MO, ROOT, answer, file_issue
from tests.web.site import HOME, Site, act, words_of
from tests.web.test_bad_input import counted

WRITES = [one for one in OPERATIONS if one.takes]
READS = [one for one in OPERATIONS if not one.takes]
DUE = (now() + timedelta(days=40)).strftime("%Y-%m-%dT12:00:00Z")
DESCRIBED = document(HOME, DUE)
Prepare = Callable[[Site], Awaitable[None]]


async def resolved(site: Site) -> None:
    await answer(site.db, 1, resolution="fixed")


async def joined(site: Site) -> None:
    await act(await site.staff(BO), 1, "merge", into="2", body="The same.")


async def removed(site: Site) -> None:
    await act(await site.staff(MO), 1, "removal", reason="threat")


async def appealed(site: Site) -> None:
    await removed(site)
    await act(await site.filer(1), 1, "appeals", body="I named nobody.")


async def asked(site: Site) -> None:
    await act(await site.staff(MO), 1, "removal", reason="off_topic")


async def reported(site: Site) -> None:
    await act(site.browser(), 1, "reports", at="1", reason="abuse")


async def held(site: Site) -> None:
    """The examples mean the first issue, so that everything is looked at from the beginning."""


PREPARED: dict[str, Prepare] = {
    **dict.fromkeys(("confirmation", "dispute", "thanks", "reopening"), resolved),
    **dict.fromkeys(("publication", "rejection"), held),
    **dict.fromkeys(("restoration", "appeals"), removed),
    "split": joined,
    "/api/v1/moderation/hidings/{id}": asked,
    "/api/v1/moderation/appeals/{id}": appealed,
    "/api/v1/moderation/reports/{id}": reported,
}


async def key(site: Site, one: Operation) -> dict[str, str]:
    """The headers of a program that may."""
    if one.by.startswith("filer"):
        return site.filer_key(1)
    whose = ROOT if one.path.startswith("/api/v1/moderation") and one.takes else MO
    return {} if one.by == "anyone" else await site.token("admin", of=whose)


async def prepare(site: Site, one: Operation) -> None:
    """Two issues, of which the first has a comment, in the state that the example means."""
    found = PREPARED.get(one.path, PREPARED.get(one.path.rsplit("/", 1)[-1]))
    if found is held:
        await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    await file_issue(site.db)
    await file_issue(site.db)
    if found is not held:
        said = await site.browser().post("/api/v1/issues/1/comments", json={"body": "Mine, too."})
        assert said.json()["index"] == 5
    if found:
        await found(site)


def assert_of_shape(one: Operation, got: httpx.Response) -> None:
    told = DESCRIBED["paths"][one.path][one.method]["responses"][str(got.status_code)]
    schema = told["content"][got.headers["content-type"]]["schema"]
    jsonschema_rs.validator_for({**schema, "components": DESCRIBED["components"]}).validate(got.json())


def address(one: Operation) -> str:
    return one.path.format(number=1, id=1)


@pytest.mark.parametrize("one", WRITES, ids=name_of)
async def test_the_example_of_a_write_runs(quick_site: Site, one: Operation) -> None:
    await prepare(quick_site, one)
    content = DESCRIBED["paths"][one.path]["post"]["requestBody"]["content"]["application/json"]
    jsonschema_rs.validator_for({**content["schema"], "components": DESCRIBED["components"]}).validate(
        content["example"]
    )
    got = await quick_site.browser().post(address(one), json=content["example"], headers=await key(quick_site, one))
    assert got.status_code in (one.status, one.also), got.text
    assert_of_shape(one, got)


@pytest.mark.parametrize("one", WRITES, ids=name_of)
async def test_a_write_that_is_repeated_with_its_key_is_done_once(quick_site: Site, one: Operation) -> None:
    await prepare(quick_site, one)
    given = DESCRIBED["paths"][one.path]["post"]["requestBody"]["content"]["application/json"]["example"]
    client, headers = quick_site.browser(), {**await key(quick_site, one), "Idempotency-Key": "one"}
    first = await client.post(address(one), json=given, headers=headers)
    assert first.status_code in (one.status, one.also)
    before = await everything(quick_site)
    again = await client.post(address(one), json=given, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await everything(quick_site) == before
    other = await client.post(address(one), json={**given, "body": "Other words."}, headers=headers)
    assert other.status_code in (409, 422)  # another body, or one that the door does not take
    assert await everything(quick_site) == before


async def everything(site: Site) -> dict[str, Any]:
    """How many rows there are that an act adds; letters are written behind it."""
    return {**await counted(site), "head": await site.head(), "outbox": None}


@pytest.mark.parametrize("one", READS, ids=name_of)
async def test_a_read_has_the_shape_that_is_described(quick_site: Site, one: Operation) -> None:
    await prepare(quick_site, one)
    await asked(quick_site)
    await reported(quick_site)
    await act(await quick_site.staff(BO), 1, "notes", body="A note.")
    await act(await quick_site.filer(1), 1, "private-words", private="Order 4711")
    client, headers = quick_site.browser(), await key(quick_site, one)
    got = await client.get(address(one), headers=headers)
    assert got.status_code == 200
    assert_of_shape(one, got)
    if any(told["name"] == "fields" for told in DESCRIBED["paths"][one.path]["get"]["parameters"]):
        assert_of_shape(one, await client.get(f"{address(one)}?fields=number,state", headers=headers))


def test_what_is_of_another_shape_is_noticed() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        assert_of_shape(READS[0], httpx.Response(200, json={"issues": [{"number": "one"}], "next": None}))


def without_times(document: dict[str, Any]) -> Any:
    return json.loads(re.sub(r'("promise_due": )"[^"]+"', r'\1""', json.dumps(document)))


async def test_the_document_is_one_of_openapi_3_1_with_names_for_every_door(quick_site: Site) -> None:
    got = (await quick_site.browser().get("/api/v1/openapi.json")).json()
    soon = set(re.findall(r'"promise_due": ?"([^"]+)"', json.dumps(got)))
    assert len(soon) == 1
    assert now() + timedelta(days=27) < datetime.fromisoformat(soon.pop()) < now() + timedelta(days=93)
    assert without_times(got) == without_times(DESCRIBED)
    names = [one["operationId"] for doors in got["paths"].values() for one in doors.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)
    assert got["webhooks"].keys() == {*hooks.EVENTS, hooks.TEST}
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(got)))
    assert used <= got["components"]["schemas"].keys()


def test_every_write_is_described_with_what_it_may_be_refused_for() -> None:
    for one in WRITES:
        told = DESCRIBED["paths"][one.path]["post"]
        assert {"400", "401", "403", "409", "413", "415", "422", "429"} <= told["responses"].keys()
        assert "Idempotency-Key" in [one["name"] for one in told["parameters"]]


async def test_a_message_of_a_webhook_has_the_shape_that_is_described(quick_site: Site) -> None:
    brief = hooks.Brief(1, "service", "new", None, "none", "public", "company", None, "It leaks", f"{HOME}/issues/1")
    for name, told in {"issue.filed": hooks.Told(1, "customer", brief, "Tea."), hooks.TEST: None}.items():
        schema = DESCRIBED["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]
        sent = json.loads(hooks.message(name, "2026-03-02T12:00:00Z", told))
        jsonschema_rs.validator_for({**schema, "components": DESCRIBED["components"]}).validate(sent)


async def test_people_read_all_of_it_with_a_line_for_each_door(quick_site: Site) -> None:
    html = (await quick_site.browser().get("/api")).text
    shown = unescape(words_of(html))
    for one in OPERATIONS:
        assert f"{one.method.upper()} {one.path}" in shown
        assert f"curl {HOME}{address(one)}" in shown
    for name in (*DESCRIBED["components"]["schemas"], *hooks.EVENTS, *hooks.HEADERS):
        assert name in shown
    links = set(re.findall(r'href="#([^"]+)"', html))
    assert links <= set(re.findall(r'id="([^"]+)"', html))
    assert '-d \'{"body": "Lovely.", "grade": 5}\'' in shown


async def test_a_line_to_copy_names_an_area_of_this_board(quick_site: Site) -> None:
    async with quick_site.db.saving() as tx:
        await company.save_area(tx, Area("lids", "Lids", Target()))
    shown = unescape(words_of((await quick_site.browser().get("/api")).text))
    assert shown.count('"area": "lids"') == 2
    assert '"area": "service"' not in shown
