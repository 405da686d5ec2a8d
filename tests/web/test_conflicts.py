"""What comes too late is told with a 409, and no word that was typed is lost; nothing is written."""

from html import unescape

import httpx
import pytest

from tests.cast import BO, MO
from tests.web.site import Site, act, file_issue, words_of

TYPED = "Words that took a long time to <write>."


async def assert_kept(site: Site, client: httpx.AsyncClient, number: int, door: str, **typed: str) -> str:
    """Sends the form, which comes too late; returns the words of the page."""
    before = await site.head()
    answer = await client.post(f"/issues/{number}/{door}", data={"body": TYPED, **typed})
    assert answer.status_code == 409, (door, answer.status_code)
    assert TYPED in unescape(answer.text)
    assert await site.head() == before
    return words_of(answer.text)


async def confirmed(site: Site) -> int:
    number = await file_issue(site.browser())
    await act(await site.staff(BO), number, "updates", body="Mended.", state="settled", resolution="fixed")
    await act(await site.filer(number), number, "confirmation")
    return number


@pytest.mark.parametrize("door", ["confirmation", "withdrawal"])
async def test_the_filers_late_words_are_kept(quick_site: Site, door: str) -> None:
    number = await confirmed(quick_site)
    page = await assert_kept(quick_site, await quick_site.filer(number), number, door)
    assert "is not possible now" in page


async def test_a_dispute_that_comes_after_the_issue_was_opened_again_is_kept(quick_site: Site) -> None:
    number, ada = await confirmed(quick_site), quick_site.browser()
    await act(await quick_site.staff(BO), number, "reopening", body="We were too quick.")
    page = await assert_kept(quick_site, await quick_site.filer(number), number, "dispute")
    assert f"Issue {number} is in progress" in page
    assert (await ada.get(f"/issues/{number}")).status_code == 200


@pytest.mark.parametrize("is_held", [True, False])
async def test_a_comment_on_what_is_no_longer_shown_is_kept(quick_site: Site, is_held: bool) -> None:
    if is_held:
        await quick_site.settle_policy(moderation_policy="hold", mail_policy="optional")
    number = await file_issue(quick_site.browser())
    if not is_held:
        await act(await quick_site.staff(MO), number, "removal", reason="threat")
    page = await assert_kept(quick_site, quick_site.browser(), number, "comments", name="Cy")
    assert "The kettle leaks" not in page


@pytest.mark.parametrize(
    ("door", "typed"),
    [
        ("updates", {"state": "settled", "resolution": "fixed"}),
        ("updates", {"state": "in_progress"}),
        ("merge", {"into": "2"}),
        ("split", {}),
    ],
)
async def test_what_staff_sent_too_late_is_kept_with_what_is_possible(
    quick_site: Site, door: str, typed: dict[str, str]
) -> None:
    number = await confirmed(quick_site)
    await file_issue(quick_site.browser())
    page = await assert_kept(quick_site, await quick_site.staff(BO), number, door, **typed)
    assert "reopen" in page


async def test_of_two_who_answer_at_once_with_another_end_the_later_one_keeps_the_words(site: Site) -> None:
    number, bo, mo = await file_issue(site.browser()), await site.staff(BO), await site.staff(MO)
    await act(bo, number, "updates", body="Mended.", state="settled", resolution="fixed")
    await assert_kept(site, mo, number, "updates", state="settled", resolution="declined")
