"""Everybody can use every page: axe-core in both colour schemes and two widths, no overflow, ids that are unique."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.house import House, living_in
from tests.browser.people import become_owner, sign_in
from tests.browser.windows import Window, window

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
WIDTHS = (360, 1440)
NARROW = 320
HEIGHT = 900
LOOK = """async (options) => {
  const { violations } = await axe.run(document, options);
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target, failureSummary])]);
}"""
EVERYTHING = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
# What size and place decide; every other rule asks only what there is, whether it is shown, and in which colours.
SIZES = {"resultTypes": ["violations"], "runOnly": ["target-size", "scrollable-region-focusable"]}
SHOWN = """() => [...document.querySelectorAll("*")].map((each) =>
  each.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ? "1" : "0").join("")"""
# Contrast asks less of large letters: 24 pixels, or 18.66 where they are bold.
PAINTED = """() => [...document.querySelectorAll("*")].map((each) => {
  if (!each.checkVisibility()) return "";
  const look = getComputedStyle(each);
  const isLarge = parseFloat(look.fontSize) >= (look.fontWeight >= 700 ? 18.66 : 24);
  return [look.color, look.backgroundColor, look.backgroundImage, look.opacity, look.textDecoration, isLarge];
}).join()"""
OVERFLOW = """() => {
  const { scrollWidth } = document.documentElement;
  return Math.max(0, Math.round(scrollWidth - document.documentElement.getBoundingClientRect().width));
}"""
# What the policy forbids, and ids that two things share.
UNSOUND = """() => {
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  const unsound = "style, script:not([src], [type='application/ld+json']), [style]:not([style=''])";
  const inline = [...document.querySelectorAll(unsound)];
  return [...ids.filter((id, at) => ids.indexOf(id) !== at), ...inline.map(({ outerHTML }) => outerHTML.slice(0, 200))];
}"""

Place = str | Callable[[Page], object]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demonstration board, with a member of staff and one issue in each state that it lacks."""
    with living_in(tmp_path_factory.mktemp("demo"), demo=True) as house:
        yield house


@pytest.fixture(scope="module")
def root(chromium: Browser, demo: House) -> StorageState:
    link = demo.run("staff", "add", "root@board.example", "--name", "Root", "--role", "admin").splitlines()[-1]
    with window(chromium, demo.url) as opened:
        sign_in(opened, link)
        return opened.page.context.storage_state()


@pytest.fixture(scope="module")
def scene(demo: House, root: StorageState) -> dict[str, Any]:
    """What the pages below are about: the numbers and links of issues that staff have just handled."""
    public = httpx.Client(base_url=demo.url, follow_redirects=True)
    desk = httpx.Client(base_url=demo.url, cookies={c["name"]: c["value"] for c in root["cookies"]})
    with public, desk:
        found = {name: file(public, name) for name in ("resolved", "removed", "redacted", "disputed")}
        settle = {"state": "settled", "resolution": "fixed", "body": "A new seal. It holds."}
        for name in ("resolved", "disputed"):
            send(desk, found[name], "updates", **settle)
        send(desk, found["removed"], "removal", reason="threat")
        path = f"/api/v1/issues/{found['resolved']['number']}/comments"
        said = [public.post(path, json={"body": body}).json()["index"] for body in ("I burn it down.", "So do I.")]
        for target, reason in zip(said, ("threat", "spam"), strict=True):  # the second one is only asked for
            send(desk, found["resolved"], "hidings", target=str(target), reason=reason)
        send(desk, found["resolved"], "removal", reason="spam")  # only asked for
        public.post("/issues/2/reports", data={"at": str(first_index(public, 2)), "reason": "abuse"})
        filer = {"Authorization": f"Filer {found['redacted']['private_url'].rsplit('/', 1)[1]}"}
        comment = public.post(
            f"/api/v1/issues/{found['redacted']['number']}/comments", json={"body": "Jane Roe."}, headers=filer
        ).json()
        with httpx.Client(base_url=demo.url) as ada:
            ada.get(found["redacted"]["private_url"])
            for target, field in ((comment["index"], "body"), (found["redacted"]["receipt"]["index"], "title")):
                send(ada, found["redacted"], "erasures", target=str(target), fields=field)
        send(desk, found["resolved"], "notes", body="He calls every week.")
        assert public.post(
            f"/issues/{found['resolved']['number']}/follow", data={"email": "cy@mail.example"}
        ).is_success
        policy = {"moderation_policy": "hold", "mail_policy": "optional"}
        assert desk.post("/staff/settings/policies", data=policy).status_code == 303
        found["held"] = file(public, "held")
        follow = re.search(r"/follows/[\w.-]+", desk.get("/staff/outbox").text)
    assert follow
    return {**found, "follow": follow[0]}


def first_index(client: httpx.Client, number: int) -> int:
    events = client.get(f"/api/v1/issues/{number}/events").json()["events"]
    return int(json.loads(events[0]["leaf"])["index"])


def file(client: httpx.Client, name: str) -> dict[str, Any]:
    words = {"title": f"The kettle is {name}", "body": "It leaks at the handle.", "email": f"{name}@mail.example"}
    filed = client.post("/api/v1/issues", json=words)
    assert filed.status_code == 201, filed.text
    made: dict[str, Any] = filed.json()
    return made


def send(desk: httpx.Client, issue: dict[str, Any], act: str, **words: str) -> None:
    sent = desk.post(f"/issues/{issue['number']}/{act}", data=words)
    assert sent.status_code == 303, sent.text


def test_strangers_find_no_barrier_where_they_read(chromium: Browser, demo: House, scene: dict[str, Any]) -> None:
    numbers = {name: scene[name]["number"] for name in ("resolved", "removed", "redacted", "held")}
    places: dict[str, Place] = {
        "list": "/?state=all",
        "search": "/?q=parcel",
        "nothing found": "/?q=zzzz",
        "nothing in this state": "/?state=disputed&area=app",
        "overdue, reopened, promises": "/issues/5",
        "confirmed": "/issues/1",
        "merged": "/issues/16",
        "another script": "/issues/8",
        **{name: f"/issues/{number}" for name, number in numbers.items()},
        "record": "/issues/3/log",
        "record with redactions": f"/issues/{numbers['redacted']}/log",
        "rules": "/rules",
        "about": "/about",
        "open data": "/data/",
        "follow": scene["follow"],
        "what moderators did": "/moderation",
        "on other sites": "/embed",
        "in a frame": "/embed/list.html",
        "in a dialog": "/embed/new",
        "no such page": "/nothing",
        "staff only": "/staff",
    }
    with window(chromium, demo.url, reduced_motion="reduce") as opened:
        assert barriers(opened, places) == []


def test_strangers_find_no_barrier_where_they_write(chromium: Browser, demo: House, scene: dict[str, Any]) -> None:
    places: dict[str, Place] = {
        "report": "/issues/1/report",
        "report, mistake": lambda page: submit(page, "/issues/1/report", "Report it", {}),
        "sign in": "/signin",
        "sign in, sent": lambda page: submit(page, "/signin", "Send me a link", {"#email": "cy@mail.example"}),
        "sign in, mistake": lambda page: submit(page, "/signin", "Send me a link", {"#email": "cy"}),
        "filing": "/new",
        "filing, mistake": lambda page: submit(page, "/new", "File it in public", {"#email": "cy"}),
        "filing, finds and similar": write_private_words,
        "filing, would be public": look_over,
        "comment, would be public": lambda page: submit(
            page, "/issues/1", "Comment in public", {"#comment-body": "Ring +49 170 1234567."}
        ),
        "comment, mistake": lambda page: submit(page, "/issues/1", "Comment in public", {}),
    }
    with window(chromium, demo.url, reduced_motion="reduce") as opened:
        assert barriers(opened, places) == []


def test_customers_find_no_barrier(chromium: Browser, demo: House, scene: dict[str, Any]) -> None:
    resolved, disputed, held = (scene[name]["private_url"] for name in ("resolved", "disputed", "held"))
    places: dict[str, Place] = {
        "verdict": resolved,
        "dispute, mistake": lambda page: dispute(page, disputed),
        "own issue, held": held,
        "own issue, removed": scene["removed"]["private_url"],
        "own issue, unfolded": lambda page: unfold_all(page, resolved),
        "my data": lambda page: unfold_all(page, f"{demo.url}/me"),
        "receipt": lambda page: page.goto(f"{demo.url}/issues/{scene['resolved']['number']}/receipt"),
        "receipt, held": lambda page: page.goto(f"{demo.url}/issues/{scene['held']['number']}/receipt"),
        "my issues": "/me",
    }
    with window(chromium, demo.url, reduced_motion="reduce") as opened:
        assert barriers(opened, places) == []


def test_staff_find_no_barrier(chromium: Browser, demo: House, scene: dict[str, Any], root: StorageState) -> None:
    places: dict[str, Place] = {
        "queue": "/staff?queue=all",
        "empty queue": "/staff?queue=mine",
        "keys": list_keys,
        "unanswered": lambda page: unfold(page, f"{demo.url}/staff/issues/26"),
        "with the customer": "/staff/issues/22",
        "settled": f"/staff/issues/{scene['resolved']['number']}",
        "held": lambda page: unfold(page, f"{demo.url}/staff/issues/{scene['held']['number']}"),
        "removed": f"/staff/issues/{scene['removed']['number']}",
        "moderation": "/staff/moderation",
        "moderation, mistake": lambda page: submit(page, "/staff/moderation", "Show the chosen", {}),
        "answer, mistake": lambda page: submit(page, "/staff/issues/26", "Answer in public", {}),
        "as a customer": "/issues/26",
        "outbox": "/staff/outbox",
        "other sites": "/staff/widget",
        "mirrors": "/staff/mirrors",
        "mentions": "/staff/mentions",
        "settings": "/staff/settings",
        "settings, wrong pattern": lambda page: submit(
            page, "/staff/settings", "Save Private words", {"#finds-order_pattern": "NP"}
        ),
        "settings, mistake": lambda page: submit(page, "/staff/settings", "Save Company", {"#company-name": ""}),
        "invited": lambda page: invite(page, "/staff/settings"),
        "me": "/me",
        "me, an app": lambda page: submit(page, "/me", "Set up an app", {}),
        "me, an app, mistake": lambda page: submit(page, "/me", "Set up codes", {"#code": "000000"}),
        "prove": "/prove",
        "prove, sent": lambda page: submit(page, "/prove", "Send me a link", {}),
    }
    with window(chromium, demo.url, reduced_motion="reduce", storage_state=root) as opened:
        assert barriers(opened, places) == []


def test_an_empty_board_has_no_barrier(chromium: Browser, house: House) -> None:
    with window(chromium, house.url, reduced_motion="reduce") as opened:
        owner = {"owner": house.owner_link}
        assert barriers(opened, {"empty": "/", "no area": "/new", **owner}) == []
        become_owner(opened, house.owner_link)
        assert (
            barriers(
                opened, {"empty queue": "/staff", "empty outbox": "/staff/outbox", "nothing set": "/staff/settings"}
            )
            == []
        )


def barriers(opened: Window, places: dict[str, Place]) -> list[str]:
    """Everything that is in somebody's way, with the place where it is."""
    page = opened.page
    page.context.add_init_script(path=AXE)
    found: list[str] = []
    for name, place in places.items():
        opened.open(place) if isinstance(place, str) else place(page)
        found += [f"{name}: {what}" for what in in_the_way(page)]
    return found


def in_the_way(page: Page) -> Iterator[str]:
    """Nothing moves with the colour scheme, so colours that were looked at at one width are known at the next."""
    shown, painted = set[str](), set[str]()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.evaluate("() => scrollTo(0, 0)")  # what sticks to the top covers something of what lies below
        page.emulate_media(color_scheme="light")
        is_unseen = is_new(page.evaluate(SHOWN), shown) | is_new(page.evaluate(PAINTED), painted)
        yield from (f"{width} light: {what}" for what in page.evaluate(LOOK, EVERYTHING if is_unseen else SIZES))
        page.emulate_media(color_scheme="dark")
        if is_new(page.evaluate(PAINTED), painted):
            yield from (f"{width} dark: {what}" for what in page.evaluate(LOOK, COLOURS))
    yield from page.evaluate(UNSOUND)
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    if wider := page.evaluate(OVERFLOW):
        yield f"{wider} pixels wider than {NARROW}"


def is_new(seen: str, before: set[str]) -> bool:
    if seen in before:
        return False
    before.add(seen)
    return True


def submit(page: Page, path: str, button: str, fields: dict[str, str]) -> None:
    """Sends a form that the browser itself would not let go."""
    page.goto(urljoin(page.url, path))
    for field, words in fields.items():
        page.locator(field).fill(words)
    page.evaluate("() => { for (const form of document.forms) form.noValidate = true; }")
    page.get_by_role("main").get_by_role("button", name=button).first.click()
    page.wait_for_load_state()


def write_private_words(page: Page) -> None:
    page.goto(urljoin(page.url, "/new"))
    page.locator("#body").fill("My parcel was left in the rain. Call me on +49 170 1234567.")
    page.locator("[data-finds-line]").wait_for()
    page.get_by_role("heading", name="Is it one of these?").wait_for()


def look_over(page: Page) -> None:
    """The look-over with all kinds of choices, and the words open to be changed."""
    words = f"Call +49 170 1234567 or mail {'a' * 60}@example.org. {'No answer. ' * 200}"
    submit(page, "/new", "File it in public", {"#body": words, "#title": "Card 4111 1111 1111 1111"})
    page.evaluate("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")


def dispute(page: Page, private_url: str) -> None:
    page.goto(private_url)
    page.get_by_text("No, it is not").click()
    page.evaluate("() => { for (const form of document.forms) form.noValidate = true; }")
    page.get_by_role("button", name="Dispute and open again").click()
    page.locator(".problems").wait_for()


def unfold_all(page: Page, url: str) -> None:
    page.goto(url)
    page.evaluate("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")


def unfold(page: Page, url: str) -> None:
    """The desk with everything open that can be opened."""
    page.goto(url)
    page.get_by_label("It is resolved").check()
    page.get_by_label("How it ends").select_option("duplicate")
    page.evaluate("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")


def list_keys(page: Page) -> None:
    page.goto(urljoin(page.url, "/staff"))
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("dialog").wait_for()


def invite(page: Page, path: str) -> None:
    submit(page, path, "Make a link", {"#colleague-name": "Bo", "#colleague-email": "bo@board.example"})
