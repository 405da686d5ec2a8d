"""A browser that is asked for a proof of work gives it by itself, under the strict policy, and loses no word."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import KETTLE, file_elsewhere


def test_hasty_words_are_public_after_a_calculation_that_nobody_has_to_start(
    house: House, open_window: OpenWindow
) -> None:
    page = open_window().open("/new")
    page.get_by_label("What happened?").fill(KETTLE)
    page.get_by_label("Your e-mail address").fill("ada@mail.example")
    with page.expect_response(lambda answer: answer.status == 428):
        page.get_by_role("button", name="File it in public").click()
    page.wait_for_url(re.compile(r"/issues/\d+/receipt$"))
    expect(page.locator("h1")).to_have_text("Your issue is filed, and everybody can read it.")
    expect(page.get_by_text("ada@mail.example").or_(page.locator("#private-link")).first).to_be_visible()


def test_a_hasty_comment_is_public_after_a_calculation(house: House, open_window: OpenWindow) -> None:
    number = file_elsewhere(house.url)
    page = open_window().open("/new")
    for words in ("Mine is loose, too.", "And mine."):
        page.goto(f"{house.url}/issues/{number}")
        page.evaluate("() => { document.querySelector('[name=stamp]').value = ''; }")
        page.get_by_label("Your comment").fill(words)
        page.get_by_role("button", name="Comment in public").click()
        expect(page.locator("#next")).to_contain_text("Your words are public now.")
        expect(page.locator("#timeline")).to_contain_text(words)
