"""What people type stays words: nothing of it runs, loads or breaks the policy, wherever it is shown."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.house import House
from tests.browser.people import become_known, live
from tests.browser.windows import Window, window

PAYLOADS: list[str] = json.loads((Path(__file__).parent.parent / "vectors" / "xss.json").read_text(encoding="utf-8"))
# What the payloads wait for: an answer from the network, an event of a frame, the next turn of the loop.
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))"
# Everything in the page that could run or load something, had it come through.
LIVING = """() => {
  const tags = /^(script|iframe|object|embed|img|style|base|link|meta|video|audio|math|template)$/;
  const links = /^(href|src|action|formaction|xlink:href)$/;
  const harmless = /^(https?:|mailto:|[/#?])/;
  const found = [];
  for (const { localName, attributes } of document.querySelectorAll("main *, header *, title")) {
    if (tags.test(localName)) found.push(localName);
    for (const { name, value } of attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") found.push(`${localName} ${name}`);
      if (links.test(name) && !harmless.test(value)) found.push(`${name}=${value}`);
    }
  }
  return found;
}"""


def test_the_trap_notices_what_it_waits_for(chromium: Browser, house: House) -> None:
    with window(chromium, house.url) as opened:
        page = opened.open("/")
        page.evaluate("() => { document.querySelector('main').append(document.createElement('iframe')); }")
        page.evaluate("() => { document.querySelector('h1').style.color = 'red'; }")
        assert sorted(page.evaluate(LIVING)) == ["h1 style", "iframe"]
        for act, trace in (
            (
                "() => { try { document.querySelector('h1').innerHTML = '<img src=x>'; } catch { /* right */ } }",
                "BREACH require-trusted",
            ),
            (
                "() => { new Image().src = 'https://evil.example/'; }",
                "BREACH img",
            ),
            ("() => alert(1)", "dialog: 1"),
        ):
            opened.wrong.clear()
            page.evaluate(act)
            page.evaluate(SETTLED)
            assert any(trace in wrong for wrong in opened.wrong), (trace, opened.wrong)
        opened.wrong.clear()


@pytest.fixture(scope="module")
def filed(house: House, chromium: Browser) -> list[int]:
    """An issue for each payload, as its title, text and name; and the first has all of them as comments.

    Two pages are open meanwhile, so that the payloads also come to them through the live stream.
    """
    with (
        httpx.Client(base_url=house.url) as client,
        window(chromium, house.url) as listed,
        window(chromium, house.url) as case,
    ):
        live(listed.open("/?state=all"))
        stamp = become_known(client)
        numbers = [number for payload in PAYLOADS if (number := file(client, payload, stamp))]
        live(case.open(f"/issues/{numbers[0]}"))
        sent = [comment(client, numbers[0], payload, stamp) for payload in PAYLOADS]
        case.page.wait_for_function(
            "(count) => document.querySelectorAll('#timeline > li').length >= count", arg=sum(sent)
        )
        for opened in (listed, case):
            opened.page.evaluate(SETTLED)
            assert opened.page.evaluate(LIVING) == []
    assert len(numbers) > len(PAYLOADS) - 5
    assert sum(sent) > len(PAYLOADS) - 5
    return numbers


def file(client: httpx.Client, payload: str, stamp: str) -> int | None:
    """The number of the issue; None where the words are refused, which is as good."""
    title = " ".join(payload.split())[:140].ljust(3, ".")
    typed = {"title": title, "body": payload, "name": name_of(payload), "stamp": stamp}
    answer = client.post("/issues", data=typed)
    assert answer.status_code in (303, 422), answer.text
    return int(answer.headers["location"].split("/")[2]) if answer.status_code == 303 else None


def comment(client: httpx.Client, number: int, payload: str, stamp: str) -> bool:
    typed = {"body": payload, "name": name_of(payload), "stamp": stamp}
    answer = client.post(f"/issues/{number}/comments", data=typed)
    assert answer.status_code in (303, 422), answer.text
    return answer.status_code == 303


def name_of(payload: str) -> str:
    return " ".join(payload.split())[:80]


def test_no_payload_comes_alive_in_public(chromium: Browser, house: House, filed: list[int]) -> None:
    searches = [f"/?q={word}" for word in ("alert", "script", "onerror", "javascript")]
    with window(chromium, house.url) as opened:
        visit(opened, ["/?state=all", "/?state=all&sort=oldest", *searches])
        visit(opened, [f"/issues/{number}" for number in filed])
        visit(opened, [f"/issues/{number}/log" for number in filed[:: len(filed) // 5]])
        page = opened.open("/new")
        page.locator("#body").fill("alert script " + PAYLOADS[0])
        page.get_by_role("heading", name="Is it one of these?").wait_for()
        assert page.evaluate(LIVING) == []


def test_no_payload_comes_alive_at_the_desk(
    chromium: Browser, house: House, filed: list[int], root: StorageState
) -> None:
    with window(chromium, house.url, storage_state=root) as opened:
        visit(opened, ["/staff?queue=all", "/staff?q=alert", f"/staff/issues/{filed[0]}", "/staff/outbox"])


def visit(opened: Window, paths: list[str]) -> None:
    for path in paths:
        page: Page = opened.open(path)
        page.evaluate(SETTLED)
        assert page.evaluate(LIVING) == [], path
