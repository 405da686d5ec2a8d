"""A page stays true by itself: one socket for all tabs, a stream where sockets are eaten, and readers undisturbed."""

import re

from playwright.sync_api import BrowserContext, Page, WebSocket, expect

from tests.browser.conftest import OpenWindow
from tests.browser.house import House
from tests.browser.people import comment_elsewhere, entries, file_elsewhere, live, mark, said, was_not_loaded_again
from tests.browser.windows import PHONE

BACK_MS = 40_000  # the longest pause between two tries, and some more
LOW = {"width": 360, "height": 360}
TOP = "(element) => element.getBoundingClientRect().top"


def test_tabs_share_one_socket_and_lose_nothing_when_its_leader_or_the_server_goes(
    house: House, open_window: OpenWindow
) -> None:
    number = file_elsewhere(house.url)
    leader = open_window().page
    sockets = watch_sockets(leader.context)
    leader.goto(house.url)
    live(leader)
    tabs = [leader.context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{house.url}/issues/{number}")
        live(tab)
        mark(tab)
    comment_elsewhere(house.url, number, "Mine is loose, too.")
    for page in (leader, *tabs):
        expect(page.get_by_text("Mine is loose, too.").first).to_be_visible()
    assert open_ones(sockets) == 1

    leader.close()
    comment_elsewhere(house.url, number, "And mine.")
    for tab in tabs:
        expect(tab.get_by_text("And mine.").first).to_be_visible()  # the entry; what is said of it may follow
        live(tab)
    assert open_ones(sockets) == 1

    house.kill()
    for tab in tabs:
        expect(tab.locator("[data-live-line]")).to_have_text("reconnecting…")
    house.start()
    comment_elsewhere(house.url, number, "It fell off today.")
    for tab in tabs:
        expect(tab.get_by_text("It fell off today.").first).to_be_visible(timeout=BACK_MS)
        expect(tab.locator("[data-live-line]")).to_have_text("live")
        assert was_not_loaded_again(tab)
    assert open_ones(sockets) == 1
    assert entries(tabs[0]) == entries(tabs[1]) == entries(open_window().open(f"/issues/{number}"))


def test_where_sockets_are_eaten_a_stream_serves_and_nobody_who_reads_is_disturbed(
    house: House, open_window: OpenWindow
) -> None:
    number = file_elsewhere(house.url)
    for place in range(12):
        comment_elsewhere(house.url, number, f"It is loose since Monday, and I counted {place} turns.")
    page = open_window(PHONE).page
    page.context.route_web_socket(re.compile("/live"), lambda socket: socket.close())
    with page.expect_request(re.compile("/live/sse"), timeout=BACK_MS):
        page.goto(f"{house.url}/issues/{number}")
    live(page)
    mark(page)

    page.evaluate("() => scrollTo({ top: 600, behavior: 'instant' })")
    read = page.locator("#timeline > li").nth(4)
    stands_at = float(read.evaluate(TOP))
    comment_elsewhere(house.url, number, "The first of many.")
    expect(said(page)).to_have_text("Cy · through the API The first of many.")
    for word in ("Two", "Three", "Four"):
        comment_elsewhere(house.url, number, f"{word} turns more.")
    expect(page.get_by_text("Four turns more.").first).to_be_attached()
    expect(said(page)).to_have_text("3 new comments")
    assert abs(float(read.evaluate(TOP)) - stands_at) < 1

    field = page.locator("#comment-body")
    field.fill("I wait too.")
    for _ in range(len("too.")):
        field.press("ArrowLeft")
    stands_at = float(field.evaluate(TOP))
    comment_elsewhere(house.url, number, "The last of many.")
    expect(page.get_by_text("The last of many.").first).to_be_attached()
    page.keyboard.type("here, ")
    expect(field).to_have_value("I wait here, too.")
    assert abs(float(field.evaluate(TOP)) - stands_at) < 1
    assert was_not_loaded_again(page)


def test_a_list_keeps_its_order_and_the_readers_place_while_rows_change_above(
    house: House, open_window: OpenWindow
) -> None:
    numbers = [file_elsewhere(house.url, f"The lid number {place} is loose") for place in range(4)]
    page = open_window(LOW).open("/")
    live(page)
    page.locator(f"#issue-{numbers[0]}").scroll_into_view_if_needed()
    rows = page.locator(".row")
    order = rows.evaluate_all("(all) => all.map(({ id }) => id)")
    read = page.locator(f"#issue-{numbers[1]}")
    read.hover()
    stands_at, scrolled = float(read.evaluate(TOP)), page.evaluate("() => scrollY")
    file_elsewhere(house.url, "The last lid is loose")
    expect(page.locator("[data-live-new]")).to_have_text("1 new issue")
    for number in numbers[2:]:
        comment_elsewhere(house.url, number, "It is as loose as a lid can be, and I do not like that. " * 2)
        expect(page.locator(f"#issue-{number}")).to_contain_text("as loose as a lid can be")
    assert page.evaluate("() => scrollY") > scrolled, "something has grown above"
    assert abs(float(read.evaluate(TOP)) - stands_at) < 1
    assert rows.evaluate_all("(all) => all.map(({ id }) => id)") == order

    words = read.locator("a").inner_text()
    read.locator("a").select_text()
    for number in numbers[1:3]:
        comment_elsewhere(house.url, number, "It is lost.")
    expect(page.locator(f"#issue-{numbers[2]}")).to_contain_text("It is lost.")
    assert page.evaluate("() => String(getSelection())") == words
    page.evaluate("() => getSelection().removeAllRanges()")
    expect(read).to_contain_text("It is lost.")
    expect(said(page)).to_contain_text(re.compile(r"\b(1 issue|\d issues) changed"))


def watch_sockets(context: BrowserContext) -> dict[Page, list[WebSocket]]:
    """Every socket that a tab of this browser opens from now on."""
    found: dict[Page, list[WebSocket]] = {}

    def watch(page: Page) -> None:
        found[page] = []
        page.on("websocket", lambda socket: found[page].append(socket))

    for page in context.pages:
        watch(page)
    context.on("page", watch)
    return found


def open_ones(sockets: dict[Page, list[WebSocket]]) -> int:
    return sum(not socket.is_closed() for page, opened in sockets.items() if not page.is_closed() for socket in opened)
