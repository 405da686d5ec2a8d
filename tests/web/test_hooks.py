"""The staff pages of webhooks: an admin adds one, sees its secret once, reads how it fares, and mends it."""

import re

from board.actions.hooks import NAME
from board.store import hooks, positions
from board.store.positions import Position
from tests.cast import ROOT
from tests.web.site import Site, file_issue, words_of

TYPED = {"url": "https://example.com/hook?a=1", "shape": "standard", "events": ["issue.filed", "issue.resolved"]}


async def test_an_admin_adds_a_webhook_and_sees_its_secret_once(site: Site) -> None:
    root = await site.staff(ROOT)
    made = await root.post("/staff/hooks", data=TYPED)
    (secret,) = re.findall(r"whsec_[\w+/=]{44}", made.text)
    page = (await root.get("/staff/hooks/1")).text
    assert secret not in page
    assert "https://example.com/hook?a=1" in words_of(page)
    again = (await root.post("/staff/hooks/1/secret")).text
    assert re.findall(r"whsec_[\w+/=]{44}", again) not in ([], [secret])
    assert "for a day" in words_of(again)


async def test_a_secret_is_not_to_be_read_in_the_database(site: Site) -> None:
    root = await site.staff(ROOT)
    (secret,) = re.findall(r"whsec_([\w+/=]{44})", (await root.post("/staff/hooks", data=TYPED)).text)
    async with site.board.db.reading() as tx:
        hook = await hooks.one(tx, 1)
    assert hook
    assert secret not in hook.secret
    assert hook.secret not in secret


async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site) -> None:
    root = await site.staff(ROOT)
    refused = await root.post("/staff/hooks", data={"url": "http://intern", "shape": "slack"})
    assert refused.status_code == 422
    words = words_of(refused.text)
    assert "Use https://" in words
    assert "Choose at least one kind of event." in words
    assert 'value="http://intern"' in refused.text
    assert 'value="slack" selected' in refused.text


async def test_a_webhook_is_changed_switched_off_and_on_and_removed(site: Site) -> None:
    root = await site.staff(ROOT)
    await root.post("/staff/hooks", data=TYPED)
    await root.post("/staff/hooks/1", data={**TYPED, "shape": "teams", "events": "issue.closed"})
    await root.post("/staff/hooks/1/acts", data={"act": "off"})
    async with site.board.db.reading() as tx:
        hook = await hooks.one(tx, 1)
    assert hook
    assert (hook.shape, hook.events, hook.why_off) == ("teams", ("issue.closed",), "by_hand")
    assert "switched off" in words_of((await root.get("/staff/hooks")).text)
    await root.post("/staff/hooks/1/acts", data={"act": "on"})
    assert "switched off" not in words_of((await root.get("/staff/hooks/1")).text)
    await root.post("/staff/hooks/1/removal")
    assert (await root.get("/staff/hooks/1")).status_code == 404
    async with site.board.db.reading() as tx:
        assert await positions.read(tx, NAME, "1") is None


async def test_the_page_says_how_a_webhook_fares(site: Site) -> None:
    root = await site.staff(ROOT)
    await root.post("/staff/hooks", data=TYPED)
    await file_issue(site.browser())
    tried = hooks.Try(seq=1, at_ms=1_000, took_ms=42, status=500, error="It answers 500.")
    async with site.board.db.saving() as tx:
        await hooks.note_try(tx, 1, tried)
        await positions.save(tx, NAME, "1", Position(0, 3, 2**40))
    words = words_of((await root.get("/staff/hooks/1")).text)
    assert "failed 3 times in a row" in words
    assert "It answers 500." in words
    assert "42 ms" in words
    assert "2 events behind" in words
    await root.post("/staff/hooks/1/acts", data={"act": "again", "seq": "1"})
    await root.post("/staff/hooks/1/acts", data={"act": "test"})
    async with site.board.db.reading() as tx:
        assert (await hooks.asked(tx, 1) or (0, 0))[1] == 1
    await root.post("/staff/hooks/1/acts", data={"act": "skip"})
    assert "behind" not in words_of((await root.get("/staff/hooks/1")).text)
    for wrong in ({"act": "dance"}, {"act": "again", "seq": "-1"}):
        assert (await root.post("/staff/hooks/1/acts", data=wrong)).status_code == 422
