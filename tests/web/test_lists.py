"""The list: filters and order in the URL, pages by key, and search with marked, escaped excerpts; on both databases."""

import re

import httpx
import pytest

from board.store import issues
from board.web import home
from tests import cast
from tests.cast import BO, file_issue, later
from tests.web.site import Site, act, words_of

MANY = 7


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows, so that few issues fill many of them."""
    monkeypatch.setattr(home, "PAGE", 2)


async def fill(site: Site) -> list[int]:
    """Issues that were filed an hour apart, the last two at once; some with a “mine too”."""
    numbers = []
    for place in range(MANY):
        filed_at = later(days=100, hours=min(place, MANY - 2))
        numbers.append(await file_issue(site.db, at=filed_at, title=f"Kettle number {place}"))
    for number in numbers[:3]:
        await act(site.browser(), number, "mine-too")
    return numbers


def listed(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<article class="row [^>]*id="issue-(\d+)"', html)]


async def all_pages(client: httpx.AsyncClient, url: str) -> list[list[int]]:
    """The rows of each page, by following the links to the next."""
    pages: list[list[int]] = []
    while url:
        html = (await client.get(url)).text
        pages.append(listed(html))
        found = re.search(r'rel="next" href="([^"]+)"', html)
        url = found[1].replace("&amp;", "&") if found else ""
        assert len(pages) < 20
    return pages


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("sort", issues.SORTS)
async def test_pages_by_key_show_each_issue_once_in_order(site: Site, sort: str) -> None:
    numbers = await fill(site)
    pages = await all_pages(site.browser(), f"/?sort={sort}")
    orders = {
        "active": numbers[::-1],
        "new": numbers[::-1],
        "oldest": numbers,
        "too": numbers[:3][::-1] + numbers[3:][::-1],
    }
    assert [number for page in pages for number in page] == orders[sort]
    assert [len(page) for page in pages] == [2, 2, 2, 1]


@pytest.mark.parametrize("sort", issues.SORTS)
async def test_the_api_gives_the_same_pages(site: Site, sort: str) -> None:
    await fill(site)
    client, numbers, after = site.browser(), [], ""
    while True:
        answer = await client.get("/api/v1/issues", params={"sort": sort, "limit": 3, "after": after})
        assert answer.status_code == 200, answer.text
        numbers.append([issue["number"] for issue in answer.json()["issues"]])
        after = answer.json()["next"]
        if after is None:
            break
    whole = (await client.get("/api/v1/issues", params={"sort": sort})).json()
    assert [number for page in numbers for number in page] == [issue["number"] for issue in whole["issues"]]
    assert [len(page) for page in numbers] == [3, 3, 1]


@pytest.mark.usefixtures("short_pages")
async def test_an_issue_filed_while_one_turns_the_page_shifts_nothing(quick_site: Site) -> None:
    numbers, client = await fill(quick_site), quick_site.browser()
    first = (await client.get("/?sort=new")).text
    await file_issue(quick_site.db, at=later(days=101))
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found
    second = (await client.get(found[1].replace("&amp;", "&"))).text
    assert listed(first) + listed(second) == numbers[::-1][:4]


async def test_each_filter_of_the_url_shows_the_issues_in_this_state(site: Site) -> None:
    new, waiting, resolved, declined, confirmed, disputed = [await file_issue(site.db) for _ in range(6)]
    bo = await site.staff(BO)
    await act(bo, waiting, "updates", body="Which one?", state="waiting_on_customer")
    for number in (resolved, confirmed, disputed):
        await act(bo, number, "updates", body="Mended.", state="settled", resolution="fixed")
    await act(bo, declined, "updates", body="Sorry.", state="settled", resolution="declined")
    await act(await site.filer(confirmed), confirmed, "confirmation")
    await act(await site.filer(disputed), disputed, "dispute", body="No.")
    await act(bo, new, "area", area="returns")
    expected = {
        "open": {new, waiting, disputed},
        "company": {new, disputed},
        "customer": {waiting},
        "overdue": {new, disputed} - {new},  # “returns” has no target time
        "cured": {resolved, confirmed},
        "confirmed": {confirmed},
        "disputed": {disputed},
        "closed": {declined, confirmed},
        "all": {new, waiting, resolved, declined, confirmed, disputed},
    }
    pages = {state: (await site.browser().get(f"/?state={state}")).text for state in issues.STATES}
    assert {state: set(listed(html)) for state, html in pages.items()} == expected
    for state, found in expected.items():
        tab = re.search(rf'state={state}"[^>]*>[^<]*<span class="n">(\d+)', pages["all"])
        assert tab, state
        assert int(tab[1]) == len(found), state
    assert set(listed((await site.browser().get("/?state=all&area=returns")).text)) == {new}


async def test_the_form_of_the_list_keeps_what_the_url_says(quick_site: Site) -> None:
    await file_issue(quick_site.db, body="Of <b>tea</b> & kettles.")
    html = (await quick_site.browser().get("/?state=all&area=returns&sort=oldest&q=%3Cb%3Etea%22")).text
    assert '<option value="returns" selected>' in html
    assert '<option value="oldest" selected>' in html
    assert 'value="&lt;b&gt;tea&#34;"' in html
    assert '<a href="/?state=closed&area=returns&q=%3Cb%3Etea%22&sort=oldest">' in html.replace("&amp;", "&")
    assert "<b>tea" not in html


async def test_search_finds_words_and_marks_them_in_an_escaped_excerpt(site: Site) -> None:
    hostile = 'The kettle \x02"leaks"\x03 & <b>drips</b> at its handle.'
    number = await file_issue(site.db, title="Tea", body=hostile)
    await file_issue(site.db, title="Coffee", body="The mill is loud.")
    html = (await site.browser().get("/?q=kettle")).text
    assert listed(html) == [number]
    assert "<mark>kettle</mark> &#34;leaks&#34; &amp; " in html
    assert "<b>drips" not in html
    assert "\x02" not in html
    assert html.count("<mark>") == 1


@pytest.mark.parametrize("query", ["leak", "LEAKS", "kettle leaking", "handl", "kettle, (leaks)!"])
async def test_search_finds_other_forms_and_beginnings_of_a_word(site: Site, query: str) -> None:
    number = await file_issue(site.db)
    assert listed((await site.browser().get("/", params={"q": query})).text) == [number]
    found = (await site.browser().get("/api/v1/issues", params={"q": query})).json()
    assert [issue["number"] for issue in found["issues"]] == [number]


async def test_search_finds_what_staff_and_others_said_and_no_name_of_a_field(site: Site) -> None:
    number = await file_issue(site.db)
    await cast.answer(site.db, number, body="We look for the gasket.")
    await act(site.browser(), number, "comments", body="Descaling helped me.", name="Cy")
    for query, found in {"gasket": [number], "descale": [number], "author": [], "body": []}.items():
        assert listed((await site.browser().get("/", params={"q": query})).text) == found, query


QUERIES = [
    "_", "-", "*", '"', "'", "OR", "AND NOT", "NEAR(a b)", "a:b", "title:x", "(", ")", "\\", "%", "a* b*", "^a", "{a}",
    "!a", "a|b", "a & b", "a <-> b", "ª", "²", "_ _ _", "__init__", "don't", "٣", "日本語", "🙂", "ǆ", "a" * 300,
    "a " * 80, "\u0301", "x\u200by", "\ud7ff", "\uffff", "the", "1", "00 11", "é", "--", "/*", ";", "NULL",
]  # fmt: skip


async def test_no_query_breaks_the_search(site: Site) -> None:
    await file_issue(site.db)
    client = site.browser()
    for query in QUERIES:
        for path in ("/", "/similar", "/api/v1/issues"):
            answer = await client.get(path, params={"q": query})
            assert answer.status_code == 200, (path, query)
    bo = await site.staff(BO)
    for query in QUERIES:
        assert (await bo.get("/staff", params={"q": query})).status_code == 200, query


async def test_similar_issues_are_offered_for_words_like_theirs(site: Site) -> None:
    number = await file_issue(site.db)
    await file_issue(site.db, title="Coffee", body="The mill is loud.")
    html = (await site.browser().get("/similar", params={"q": "my new kettle is leaking water"})).text
    assert re.findall(r'href="/issues/(\d+)"', html) == [str(number)]
    assert f'formaction="/issues/{number}/mine-too"' in html
    assert words_of((await site.browser().get("/similar?q=xylophone")).text) == ""
