"""The widget on another company's site, whatever that site does: live, unharmed, quiet, and without a trace."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, StorageState, expect

from tests.browser.house import House
from tests.browser.people import answer, comment_elsewhere, file_elsewhere
from tests.browser.shop import Shop, shop
from tests.browser.test_access import AXE, LOOK
from tests.browser.windows import DESK, PHONE, Window, window
from tests.domain.test_handover import token

STRICT = (
    "default-src 'none'; script-src {board}; style-src 'none'; connect-src {board}; require-trusted-types-for 'script'"
)
PAGE = """<!doctype html>
<html lang="en"{html}>
<head>
<meta charset="utf-8"><title>A shop</title><meta name="viewport" content="width=device-width">
{head}
<script type="module" src="{board}/embed/v1/embed.js"></script>
</head>
<body>
<main><h1>A shop</h1>
{body}
<p id="behind">Behind it stands more.</p></main>
</body>
</html>"""
WIDGETS = """
<customer-board limit="3"><a href="{board}">Our board</a></customer-board>
<p>Between them. <customer-board mode="badge"></customer-board> <customer-board mode="button"></customer-board></p>
<customer-board mode="issue" issue="{number}"><a href="{board}">Our board</a></customer-board>
"""
# What moves once the widget stands in its place, from two frames after the browser knows it.
STANDS = """customElements.whenDefined("customer-board").then(() => {
  requestAnimationFrame(() => requestAnimationFrame(() => { window.standsSince = performance.now(); }));
});"""
SHIFTS = """() => new Promise((done) => {
  const found = [];
  new PerformanceObserver((list) => {
    for (const { value, startTime, sources } of list.getEntries()) {
      if (startTime > window.standsSince) found.push([value, ...sources.map(({ node }) => node?.nodeName)]);
    }
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(window.standsSince ? found : "it does not stand"), 300);
})"""
KEPT = """async () => ({
  cookies: document.cookie,
  stores: localStorage.length + sessionStorage.length + (await indexedDB.databases()).length,
})"""


@pytest.fixture(scope="module")
def site() -> Iterator[Shop]:
    with shop() as opened:
        yield opened


def page_with(house: House, body: str, *, head: str = "", html: str = "", number: int = 0) -> str:
    filled = body.format(board=house.url, number=number)
    return PAGE.format(board=house.url, body=filled, head=head, html=html)


def visit(chromium: Browser, house: House, site: Shop, url: str, **options: object) -> "Visit":
    return Visit(chromium, house, site, url, options)


class Visit:
    """A window on the shop's page, in which the board may be asked, too."""

    def __init__(self, chromium: Browser, house: House, site: Shop, url: str, options: dict[str, object]) -> None:
        self.url = url
        self.opened = window(chromium, site.url, **options)  # type: ignore[arg-type]
        self.friends = (house.url,)

    def __enter__(self) -> Page:
        self.window: Window = self.opened.__enter__()
        self.window.friends = self.friends
        context = self.window.page.context
        context.add_init_script(STANDS)
        # So that what comes from the board comes later than the widget stands there.
        context.route("**/state.json*", later)
        return self.window.open(self.url)

    def __exit__(self, *wrong: object) -> None:
        self.opened.__exit__(*wrong)  # type: ignore[arg-type]


def later(route: Route) -> None:
    time.sleep(0.15)
    route.continue_()


def loaded(page: Page) -> None:
    expect(page.locator("customer-board .foot a").first).to_have_text("All issues")


def test_under_the_strictest_policy_all_modes_stand_and_a_resolution_shows_within_a_second(
    chromium: Browser, house: House, site: Shop, root: StorageState
) -> None:
    number = file_elsewhere(house.url, "The lid is loose")
    policy = STRICT.format(board=house.url)
    url = site.put("/strict", page_with(house, WIDGETS, number=number), policy)
    with visit(chromium, house, site, url) as page, window(chromium, house.url, storage_state=root) as desk:
        loaded(page)
        state = page.locator("customer-board[mode=issue] .meta b")
        expect(state).to_have_text(re.compile("^No answer for"))
        expect(page.locator("customer-board[mode=badge] a")).to_contain_text("open")
        expect(page.locator("customer-board[mode=button] a")).to_have_text("File an issue")
        assert page.evaluate(SHIFTS) == []
        page.wait_for_timeout(1_000)  # for the stream
        page.evaluate(
            """() => { const row = document.querySelector("customer-board[mode=issue]").shadowRoot;
            new MutationObserver(() => { window.shownAt ??= Date.now(); })
              .observe(row, { subtree: true, characterData: true, childList: true }); }"""
        )
        desk.open(f"/staff/issues/{number}")
        desk.page.evaluate("() => addEventListener('submit', () => sessionStorage.setItem('sent', Date.now()))")
        answer(desk.page, "We sent a new one.", "It is resolved", resolution="fixed")
        expect(state).to_have_text("Resolved, the customer is asked")
        sent = int(desk.page.evaluate("() => sessionStorage.getItem('sent')"))
        assert page.evaluate("() => window.shownAt") - sent < 1_000
        expect(page.locator("customer-board:not([mode]) .rows").last).to_contain_text("Resolved")
        heard = page.locator("customer-board .unseen").filter(has_text="The lid is loose: Resolved")
        expect(heard).to_have_count(1)
        assert page.evaluate(KEPT) == {"cookies": "", "stores": 0}
        assert page.context.cookies() == []
        # Words that change on their line may push their neighbour on it; nothing else moves.
        assert sum(value for value, *_ in page.evaluate(SHIFTS)) < 0.005


HOSTS = {
    "reset": (
        "* { margin: 0; padding: 0; border: 0; font: inherit; line-height: 1; text-align: center;"
        " letter-spacing: 3px; display: block; opacity: 1 }",
        "",
    ),
    "unset": ("* { all: unset } head, head * { display: none } h1, p, main { display: block }", ""),
    "right-to-left": ("body { direction: rtl; text-align: right } customer-board { margin: 1rem }", ' dir="rtl"'),
}


@pytest.mark.parametrize("name", HOSTS)
def test_a_hostile_site_takes_nothing_from_what_can_be_read_and_used(
    chromium: Browser, house: House, site: Shop, name: str
) -> None:
    style, html = HOSTS[name]
    number = file_elsewhere(house.url, "The lid is loose, and it will not stay on whatever I do with it")
    head = f"<style>{style}</style>"
    url = site.put(f"/{name}", page_with(house, WIDGETS, head=head, html=html, number=number))
    for theme, size in (("light", DESK), ("dark", PHONE)):
        with visit(chromium, house, site, url, size=size, color_scheme=theme) as page:
            loaded(page)
            assert page.evaluate(SHIFTS) == [], (name, theme)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            rules = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
            page.evaluate(
                "() => { for (const one of document.querySelectorAll('main > h1, main > p')) one.id ||= 'x'; }"
            )
            found = page.evaluate(LOOK.replace("axe.run(document,", 'axe.run("customer-board",'), rules)
            assert found == [], (name, theme, found)
            assert page.locator("customer-board .figures").bounding_box()
            boards = page.locator("customer-board .board").evaluate_all(
                "(all) => all.map((one) => [getComputedStyle(one).fontSize, getComputedStyle(one).letterSpacing])"
            )
            assert boards == [["16px", "normal"]] * 4
            badge = page.locator("customer-board .chip span")
            assert badge.evaluate("(words) => words.scrollWidth <= words.clientWidth"), (name, theme)
            label = page.locator("customer-board .button").evaluate(
                "(one) => { const words = document.createRange(); words.selectNodeContents(one);"
                " const [a, b] = [words.getBoundingClientRect(), one.getBoundingClientRect()];"
                " return Math.abs((a.left + a.right) - (b.left + b.right)); }"
            )
            assert label <= 2, (name, theme)
            overflowing = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length"
            assert page.locator("customer-board .row, customer-board .foot").evaluate_all(overflowing) == 0


def test_a_widget_that_nobody_sees_asks_for_nothing_until_it_comes_near(
    chromium: Browser, house: House, site: Shop
) -> None:
    body = '<div style="block-size: 4000px"></div><customer-board id="far"></customer-board>'
    url = site.put("/far", page_with(house, body))
    with visit(chromium, house, site, url) as page:
        asked: list[str] = []
        page.context.on("request", lambda request: asked.append(request.url))
        page.wait_for_function("() => document.querySelector('#far').shadowRoot")
        page.wait_for_timeout(500)
        assert asked == []
        page.evaluate("() => scrollTo(0, 4000)")
        loaded(page)
        page.wait_for_timeout(300)
        assert [re.sub(r"\?.*", "", one) for one in asked] == [
            f"{house.url}/embed/v1/state.json",
            f"{house.url}/live/sse",
        ]


def test_widgets_share_one_link_say_little_and_keep_the_focus(chromium: Browser, house: House, site: Shop) -> None:
    numbers = [file_elsewhere(house.url, f"The lid number {place} is loose") for place in range(3)]
    url = site.put("/many", page_with(house, '<customer-board limit="3"></customer-board>' * 2))
    with visit(chromium, house, site, url) as page:
        links: list[str] = []
        page.context.on("request", lambda request: links.append(request.url) if "/live/" in request.url else None)
        page.reload()
        loaded(page)
        page.wait_for_timeout(500)
        assert len(links) == 1
        title = page.get_by_role("link", name="The lid number 0 is loose").first
        title.focus()
        said = page.locator("customer-board .unseen")
        for number in numbers:
            comment_elsewhere(house.url, number, "Still loose.")
        expect(said.last).not_to_be_empty()
        file_elsewhere(house.url, "Another lid is loose")
        expect(page.locator("customer-board .rows .title").nth(1)).to_have_text("Another lid is loose")
        assert page.evaluate("() => document.activeElement.shadowRoot.activeElement.textContent") in (
            "The lid number 0 is loose",
            "The lid number 1 is loose",
        )


def test_on_the_companys_own_site_a_known_customer_files_in_a_dialog_without_a_cookie(
    chromium: Browser, house: House, site: Shop, root: StorageState
) -> None:
    with window(chromium, house.url, storage_state=root) as desk:
        page = desk.open("/staff/widget")
        page.get_by_label("Sites that may hand customers over").fill(site.url)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Make a new secret").click()
        secret = page.locator("#secret").inner_text()
    given = {"name": "Ada", "email": "ada@home.example", "email_verified": True, "ref": "C-4711"}
    fixed = {"iss": site.url, "aud": house.url, "exp": int(time.time()) + 200, "jti": "0123456789abcdef"}
    site.put("/board-token", token({**fixed, **given}, secret=secret))
    button = '<customer-board mode="button" token-from="/board-token">Tell us in public</customer-board>'
    policy = STRICT.format(board=house.url).replace("connect-src", "connect-src 'self'") + f"; frame-src {house.url}"
    with visit(chromium, house, site, site.put("/known", page_with(house, button), policy)) as page:
        expect(page.locator("customer-board a")).to_have_attribute("href", re.compile("/new"))
        page.get_by_role("link", name="Tell us in public").click()
        form = page.frame_locator("customer-board iframe")
        expect(form.get_by_label("Your name")).to_have_value("Ada")
        expect(form.get_by_label("Your e-mail address")).to_have_value("ada@home.example")
        assert "/embed/" in page.frames[1].url
        assert "#" not in page.frames[1].url
        form.get_by_label("What happened?").fill("The lid of my pot is loose, and it rattles.")
        form.get_by_role("button", name="File it in public").click()
        expect(form.get_by_role("heading", level=1)).to_contain_text("Your issue is filed")
        expect(form.get_by_text("We have also sent it to your e-mail address.")).to_be_visible()
        assert page.context.cookies() == []
        page.get_by_role("button", name="Close").click()
        expect(page.locator("customer-board dialog")).to_have_count(0)
