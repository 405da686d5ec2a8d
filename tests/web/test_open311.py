"""Civic tools read the board by Open311 GeoReport v2: every rule of its pages that is about reading."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as Xml

import httpx
import pytest

from board.actions import customers
from tests.cast import ADA, MO, answer, do_at, file_issue, later
from tests.web.site import HOME, Site, act

ROOT = "/open311/v2"
FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
    "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode",
    "lat", "long", "media_url",
]  # fmt: skip
MARCH = {"start_date": "2026-03-01T00:00:00Z", "end_date": "2026-03-31T00:00:00Z"}


async def read(client: httpx.AsyncClient, path: str, status: int = 200, /, **query: Any) -> list[dict[str, Any]]:
    """What is there as JSON, which has to be there as XML as well."""
    got = await client.get(f"{ROOT}/{path}.json", params=query)
    assert (got.status_code, got.headers["content-type"]) == (status, "application/json; charset=utf-8"), got.text
    found: list[dict[str, Any]] = got.json()
    xml = await client.get(f"{ROOT}/{path}.xml", params=query)
    assert (xml.status_code, xml.headers["content-type"]) == (status, "text/xml; charset=utf-8")
    assert xml.text.startswith('<?xml version="1.0" encoding="utf-8"?>\n<')
    assert [{field.tag: field.text for field in one} for one in Xml.fromstring(xml.text)] == [
        {name: as_xml(value) for name, value in one.items()} for one in found
    ]
    return found


def as_xml(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value in (None, "") else str(value)


async def numbers(client: httpx.AsyncClient, **query: Any) -> list[int]:
    return [one["service_request_id"] for one in await read(client, "requests", **query)]


async def test_tools_find_the_endpoint_and_its_formats(quick_site: Site) -> None:
    found = (await quick_site.browser().get("/open311/discovery.json")).json()
    assert found["endpoints"] == [
        {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": f"{HOME}{ROOT}",
            "changeset": found["changeset"],
            "type": "production",
            "formats": ["text/xml", "application/json"],
        }
    ]


async def test_the_areas_are_the_services(site: Site) -> None:
    found = await read(site.browser(), "services", jurisdiction_id="anywhere.example")
    assert found[0] == {
        "service_code": "service",
        "service_name": "Service",
        "description": "Service",
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": "",
    }
    assert [one["service_code"] for one in found] == ["service", "returns"]


async def test_an_issue_is_a_request_with_the_fields_of_the_specification(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    await answer(site.db, number, at=later(hours=1), body="We <b>look</b> & see.")
    (found,) = await read(client, f"requests/{number}")
    assert list(found) == FIELDS
    assert found == {
        **dict.fromkeys(FIELDS),
        "service_request_id": number,
        "status": "open",
        "status_notes": "We <b>look</b> & see.",
        "service_name": "Service",
        "service_code": "service",
        "description": "The kettle leaks\n\nI wanted tea. The kettle leaks at the handle.",
        "agency_responsible": found["agency_responsible"],
        "requested_datetime": "2026-03-02T12:00:00Z",
        "updated_datetime": "2026-03-02T13:00:00Z",
        "expected_datetime": found["expected_datetime"],
    }
    assert datetime.fromisoformat(found["expected_datetime"]) > datetime.fromisoformat(found["requested_datetime"])


async def test_a_request_is_closed_when_its_issue_was_resolved(site: Site) -> None:
    number, client = await file_issue(site.db), site.browser()
    await answer(site.db, number, at=later(hours=1), resolution="fixed")
    (found,) = await read(client, f"requests/{number}")
    assert (found["status"], found["status_notes"], found["expected_datetime"]) == ("closed", "fixed", None)
    assert found["updated_datetime"] == "2026-03-02T13:00:00Z"
    await do_at(later(hours=2), site.db, customers.dispute, number, by=ADA, body="It leaks again.")
    assert (await read(client, f"requests/{number}"))[0]["status"] == "open"


async def test_requests_are_chosen_by_status_service_and_number(site: Site) -> None:
    first, second = await file_issue(site.db), await file_issue(site.db, at=later(hours=1), area="returns")
    third, client = await file_issue(site.db, at=later(hours=2)), site.browser()
    await answer(site.db, second, at=later(hours=3), resolution="fixed")
    assert await numbers(client, **MARCH) == [third, second, first]
    assert await numbers(client, **MARCH, status="closed") == [second]
    assert await numbers(client, **MARCH, status="open") == [third, first]
    assert await numbers(client, **MARCH, status="open,closed") == [third, second, first]
    assert await numbers(client, **MARCH, service_code="service") == [third, first]
    assert await numbers(client, **MARCH, service_code="returns,service", status="closed") == [second]
    assert await numbers(client, service_request_id=f"{third},{first},99", status="closed") == [third, first]
    assert await numbers(client, **MARCH, status="", service_code="", service_request_id="") == [third, second, first]


async def test_a_span_is_ninety_days_where_it_is_open_and_no_longer(site: Site) -> None:
    old, client = await file_issue(site.db), site.browser()
    now = datetime.now(UTC)
    new = await file_issue(site.db, at=now - timedelta(days=1))
    assert await numbers(client) == [new]
    assert await numbers(client, start_date="2026-03-02T12:00:00Z", end_date="2026-03-02T14:00:00+02:00") == [old]
    assert await numbers(client, start_date="2026-02-01") == [old]
    assert await numbers(client, end_date="2026-05-01") == [old]
    assert await numbers(client, start_date="2026-03-02T12:00:01Z", end_date="2026-03-03") == []
    assert await numbers(client, start_date="2999-01-01") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"start_date": "2026-01-01", "end_date": "2026-04-02"}, 400),
        ({"start_date": "2026-03-02", "end_date": "2026-03-01"}, 400),
        ({"start_date": "yesterday"}, 400),
        ({"end_date": "0000-00-00"}, 400),
        ({"status": "open,ajar"}, 400),
        ({"service_request_id": "1,x"}, 400),
        ({"service_request_id": ",".join(["1"] * 1_001)}, 400),
        ({"service_code": "nowhere"}, 404),
    ],
)
async def test_what_cannot_be_answered_is_told_in_the_shape_of_the_specification(
    quick_site: Site, query: dict[str, str], status: int
) -> None:
    (wrong,) = await read(quick_site.browser(), "requests", status, **query)
    assert (wrong["code"], bool(wrong["description"])) == (status, True)


@pytest.mark.parametrize("number", ["99", "x", "0", "9" * 40])
async def test_a_request_that_is_not_there_is_not_found(quick_site: Site, number: str) -> None:
    (wrong,) = await read(quick_site.browser(), f"requests/{number}", 404)
    assert wrong == {"code": 404, "description": "There is no such service_request_id here."}


async def test_nothing_is_told_of_what_is_not_public(site: Site) -> None:
    removed, redacted = await file_issue(site.db), await file_issue(site.db)
    client = site.browser()
    assert len(await numbers(client, **MARCH)) == 2
    await act(await site.staff(MO), removed, "removal", reason="threat")
    words = {"target": "3", "words": "", "fields": "body title", "mark": "words"}
    await act(await site.filer(redacted), redacted, "erasures", **words)
    await site.settle_policy(moderation_policy="hold", mail_policy="optional")
    held = await file_issue(site.db)
    (found,) = await read(client, "requests", **MARCH)
    assert (found["service_request_id"], found["description"]) == (redacted, None)
    assert await numbers(client, service_request_id=f"{removed},{held}") == []
    for number in (removed, held):
        await read(client, f"requests/{number}", 404)


async def test_what_xml_cannot_hold_is_left_out_and_a_description_ends_where_it_has_to(site: Site) -> None:
    body = "<script>&]]>\ufffe " + "x" * 5_000
    number = await file_issue(site.db, title="A & B < C", body=body)
    got = await site.browser().get(f"{ROOT}/requests/{number}.xml")
    text = Xml.fromstring(got.text)[0].findtext("description") or ""
    assert text.startswith("A & B < C\n\n")
    assert len(text) <= 4_000
    assert len(json.loads((await site.browser().get(f"{ROOT}/requests/{number}.json")).text)[0]["description"]) == 4_000


async def test_a_format_that_is_none_is_not_found(quick_site: Site) -> None:
    assert (await quick_site.browser().get(f"{ROOT}/services.csv")).status_code == 404
