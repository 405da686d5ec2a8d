"""What the people of the stories do in their windows, and what they see there."""

import re
import time
from typing import NamedTuple

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.windows import Window

UNHURRIED_S = 4  # what is sent sooner is doubted
KETTLE = "The kettle leaks. I wanted tea, and it leaks at the handle."
# Notes in the page when each entry arrived; gone if the page were loaded again.
NOTE_ARRIVALS = """() => {
  window.arrivals = {};
  new MutationObserver((changes) => {
    for (const { id } of changes.flatMap(({ addedNodes }) => [...addedNodes])) window.arrivals[id] = Date.now();
  }).observe(document.querySelector("#timeline"), { childList: true });
}"""


def become_owner(window: Window, link: str, name: str = "Root") -> Page:
    page = window.open(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your e-mail address").fill(f"{name.lower()}@board.example")
    page.get_by_role("button", name="Open the board").click()
    page.wait_for_url("**/staff")
    return page


def sign_in(window: Window, link: str) -> Page:
    page = window.open(link)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/staff")
    return page


class Filed(NamedTuple):
    number: int
    private_link: str


def file_issue(window: Window, words: str = KETTLE, *, name: str = "Ada", unhurried: bool = False) -> Filed:
    """Files in the window and ends on the receipt; in a hurry, the browser proves its good will on the way."""
    page = window.open("/new")
    page.get_by_label("What happened?").fill(words)
    page.get_by_label("Your name").fill(name)
    if unhurried:
        page.wait_for_timeout(UNHURRIED_S * 1000)
    page.get_by_role("button", name="File it in public").click()
    number = page.locator(".receipt__number").inner_text().removeprefix("#")
    return Filed(int(number), page.locator("#private-link").inner_text().strip())


def become_known(client: httpx.Client) -> str:
    """Files without haste, so that the words that follow are not doubted; returns the stamp of the form."""
    found = re.search(r'name="stamp" value="([^"]+)"', client.get("/new").text)
    assert found
    time.sleep(UNHURRIED_S)
    filed = client.post("/issues", data={"body": "A first issue, without a link.", "stamp": found[1]})
    assert filed.status_code == 303, filed.text
    return found[1]


def file_elsewhere(url: str, title: str = "The lid is loose", **more: str) -> int:
    """Files an issue through the API, as somebody whom the test does not watch."""
    filed = httpx.post(f"{url}/api/v1/issues", json={"title": title, "body": f"{title}, and I am not amused.", **more})
    assert filed.status_code == 201, filed.text
    number: int = filed.json()["number"]
    return number


def comment_elsewhere(url: str, number: int, body: str, name: str = "Cy") -> None:
    sent = httpx.post(f"{url}/api/v1/issues/{number}/comments", json={"body": body, "name": name})
    assert sent.status_code in (200, 201), sent.text


def answer(
    page: Page, words: str, then: str | None = None, *, resolution: str | None = None, by: str | None = None
) -> None:
    """Staff answer from the desk page of an issue."""
    page.get_by_label("Your words").fill(words)
    if then:
        page.get_by_label(then).check()
    if resolution:
        page.get_by_label("How it ends").select_option(resolution)
    if by:
        page.locator("#answer-promise_due").fill(by)
    page.get_by_role("button", name=re.compile("^Answer")).click()
    expect(page.locator("[data-flash]")).to_have_text("Your answer is public now.")


def live(page: Page) -> None:
    """Waits until the page follows the board."""
    expect(page.locator("[data-live-line]")).to_have_attribute("data-state", "live")


def mark(page: Page) -> None:
    """From now on the test can tell whether the page was loaded again."""
    page.evaluate("() => { window.isTheSame = true; }")


def was_not_loaded_again(page: Page) -> bool:
    return bool(page.evaluate("() => window.isTheSame === true"))


def said(page: Page) -> Locator:
    """The region that a screen reader listens to."""
    return page.locator("[data-live-say]")


def entries(page: Page) -> list[str]:
    """The ids of the timeline's entries, in the order in which they stand."""
    found: list[str] = page.locator("#timeline > li").evaluate_all("(all) => all.map((entry) => entry.id)")
    return found
