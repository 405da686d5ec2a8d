"""A card number in a filing is marked before anybody reads it; masked, moved or published as its writer says."""

import re

from playwright.sync_api import Page, expect

from board.domain.doubt import QUICK_S
from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import become_owner
from tests.browser.windows import PHONE, Window

CARD = "4111 1111 1111 1111"
WORDS = f"Charged twice on {CARD}, and nobody answers."
MASKED = "Charged twice on [card number removed], and nobody answers."


def test_a_card_number_is_masked_moved_or_published_as_its_writer_says(house: House, open_window: OpenWindow) -> None:
    desk = become_owner(open_window(), house.owner_link)
    for number, choice, public in (
        (1, "Take it out", MASKED),
        (2, "Only the company sees it", MASKED),
        (3, None, WORDS),
    ):
        page = open_window(PHONE).open("/new")
        page.get_by_label("What happened?").fill(WORDS)
        expect(page.locator("[data-finds-under] mark")).to_have_text(CARD)
        expect(page.locator("[data-finds-line]")).to_contain_text(f"“{CARD}”")
        page.get_by_label("Your name").fill("Ada")
        decide(page, choice or "Publish it as it is")
        expect(page.locator(".receipt__number")).to_have_text(f"#{number}")
        expect(open_window().open(f"/issues/{number}").locator("#case-words, .words, main").first).to_contain_text(
            public
        )
        desk.goto(f"{house.url}/staff/issues/{number}")
        is_told = choice == "Only the company sees it"
        read = desk.get_by_role("button", name="Read 1 private word")
        expect(read).to_have_count(1 if is_told else 0)
        if is_told:
            read.click()
            expect(desk.get_by_text(f"card number: {CARD}")).to_be_visible()


def decide(page: Page, choice: str) -> None:
    """Sends the filing, which is not published yet, and says what becomes of the find."""
    page.get_by_role("button", name="File it in public").click()
    expect(page.locator("h1")).to_have_text("This would be public")
    for mark in page.locator("mark").all():
        expect(mark).to_have_text(f"{CARD} (card number)")
    page.get_by_role("group", name=f"card number: {CARD}").get_by_label(choice).check()
    page.get_by_role("button", name="Publish it like this").click()


def test_words_that_were_published_leave_no_draft_behind(open_window: OpenWindow) -> None:
    window = open_window()
    page = window.open("/new")
    page.get_by_label("What happened?").fill(WORDS)
    decide(page, "Take it out")
    expect(page.locator(".receipt__number")).to_be_visible()
    expect(window.open("/new").get_by_label("What happened?")).to_have_value("")


def test_the_words_can_be_changed_where_they_are_shown(open_window: OpenWindow) -> None:
    page = open_window().open("/new")
    page.get_by_label("In one line").fill("Charged twice")
    page.get_by_label("What happened?").fill(WORDS)
    page.get_by_role("button", name="File it in public").click()
    page.get_by_text("Change the words").click()
    page.get_by_role("textbox", name="Text").fill("Charged twice, and nobody answers.")
    page.get_by_role("button", name="Publish it like this").click()
    expect(page.locator(".receipt__number")).to_be_visible()


def test_it_works_without_a_script(house: House, open_window: OpenWindow) -> None:
    window = open_window(PHONE, java_script_enabled=False)
    page = window.open("/new")
    page.get_by_label("What happened?").fill(WORDS)
    page.wait_for_timeout(QUICK_S * 1000 + 100)  # without a script nothing else shows that somebody writes
    decide(page, "Take it out")
    expect(page.locator("h1")).to_have_text("Your issue is filed, and everybody can read it.")
    comment(window, house)


def comment(window: Window, house: House) -> None:
    """A comment has no private box: its finds are taken out, unless its writer says otherwise."""
    page = window.open(f"{house.url}/issues/1")
    page.get_by_label("Your comment").fill("Ring +49 170 1234567.")
    page.wait_for_timeout(QUICK_S * 1000 + 100)
    page.get_by_role("button", name="Comment in public").click()
    expect(page.get_by_label("Only the company sees it")).to_have_count(0)
    page.get_by_role("button", name="Publish it like this").click()
    expect(page.locator("#timeline")).to_contain_text("Ring [phone number removed].")
    expect(page).to_have_url(re.compile(r"/issues/1\?done=commented"))
