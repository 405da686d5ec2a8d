"""The outbox shows what goes out; a link that speaks for a customer is shown to nobody."""

from tests.cast import BO, ROOT
from tests.web.site import Site, file_issue


async def test_a_customers_private_link_is_in_no_outbox(quick_site: Site) -> None:
    number = await file_issue(quick_site.browser(), email="ada@home.example")
    await quick_site.want_mail(number)
    bo = await quick_site.staff(BO)
    await bo.post(f"/issues/{number}/updates", data={"body": "Mended.", "state": "settled", "resolution": "fixed"})
    await quick_site.browser().post("/signin", data={"email": "ada@home.example"})
    for actor in (BO, ROOT):
        shown = (await (await quick_site.staff(actor)).get("/staff/outbox")).text
        assert "ada@home.example" in shown
        assert "/mine/" not in shown
        assert "/mail/" not in shown
        assert "/signin/" not in shown


async def test_an_invitation_can_be_copied_by_admins_only(quick_site: Site) -> None:
    root = await quick_site.staff(ROOT)
    await root.post("/staff/settings/colleagues", data={"name": "Sam", "email": "sam@board.example", "role": "agent"})
    assert "/signin/" in (await root.get("/staff/outbox")).text
    assert "/signin/" not in (await (await quick_site.staff(BO)).get("/staff/outbox")).text
