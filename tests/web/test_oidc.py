"""Single sign-on against a real provider on a loopback port: who gets in as what, and what is not believed."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey

from board.oidc import Provider
from board.store import people
from board.web.session import now
from tests.cast import BO, ROOT
from tests.issuer import CLIENT, SECRET, Issuer, issuing
from tests.web.site import HOME, Site, running, words_of

DI = {"sub": "di-1", "email": "di@board.example", "email_verified": True, "name": "Di", "groups": ["support", "x"]}
ROLES = (("support", "agent"), ("leads", "moderator"), ("ops", "admin"), ("audit", "auditor"))


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing(f"{HOME}/signin/oidc/return") as made:
        yield made


@asynccontextmanager
async def trusting(issuer: Issuer, url: str, folder: Path, **changes: Any) -> AsyncIterator[Site]:
    """A board that trusts the issuer."""
    trust = {
        "oidc_issuer": issuer.url,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_role_claim": "groups",
        "oidc_roles": ROLES,
    }
    async with running(url, folder, **{**trust, **changes}) as site:
        yield site


@pytest.fixture
async def site(issuer: Issuer, url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with trusting(issuer, url, tmp_path) as made:
        yield made


async def come_back(browser: httpx.AsyncClient) -> str:
    """The way to the issuer and through it; returns the address to which it leads back."""
    left = await browser.get("/signin/oidc")
    assert left.status_code == 303, left.text
    async with httpx.AsyncClient(trust_env=False) as outside:
        answer = await outside.get(left.headers["location"])
    assert answer.status_code == 302, answer.text
    place: str = answer.headers["location"]
    assert place.startswith(f"{HOME}/signin/oidc/return?")
    return place.removeprefix(HOME)


async def enter(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(await come_back(browser))


async def staff(site: Site) -> dict[str, str]:
    async with site.db.reading() as tx:
        return {person.email: f"{person.name}, {person.role}" for person in await people.all_staff(tx)}


async def test_an_account_is_made_at_the_first_sign_in_and_its_role_is_that_of_the_claim(
    site: Site, issuer: Issuer
) -> None:
    issuer.user, di = DI, site.browser()
    assert "Sign in with the company’s account" in words_of((await di.get("/signin")).text)
    assert (await enter(di)).headers["location"] == "/staff"
    assert (await di.get("/staff")).status_code == 200
    async with site.db.reading() as tx:
        found = await people.by_subject(tx, f"{issuer.url} di-1")
    assert found
    assert found.email == "di@board.example"
    assert (await di.get("/staff/settings")).status_code == 403
    assert (await staff(site))["di@board.example"] == "Di, agent"
    issuer.user = {**DI, "groups": ["ops", "support"], "email": "other@board.example"}
    await enter(site.browser())
    assert (await staff(site))["di@board.example"] == "Di, admin"
    assert (await di.get("/staff/settings")).status_code == 200
    (asked, *_) = issuer.asked
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert "prompt" not in asked


async def test_a_colleague_who_is_there_already_is_known_by_the_verified_address(site: Site, issuer: Issuer) -> None:
    before = await staff(site)
    issuer.user = {**DI, "email": "Bo@board.example", "groups": "leads"}
    bo = site.browser()
    assert (await enter(bo)).headers["location"] == "/staff"
    assert await staff(site) == {**before, "bo@board.example": "Bo, moderator"}
    issuer.user = {**DI, "sub": "evil", "email": "root@board.example", "email_verified": False, "groups": ["ops"]}
    refused = await enter(site.browser())
    assert refused.status_code == 403
    assert "no e-mail address of yours that it has verified" in words_of(refused.text)


async def test_whoever_has_no_role_is_refused_in_plain_words(site: Site, issuer: Issuer) -> None:
    before = await staff(site)
    for groups in ([], ["guests"], "", None, {"support": 1}, [["support"]]):
        issuer.user = {**DI, "groups": groups}
        refused = await enter(site.browser())
        assert refused.status_code == 403
        assert "You are known, but have no role on this board." in words_of(refused.text)
    assert await staff(site) == before


async def test_whoever_loses_the_last_role_is_signed_out_everywhere(site: Site, issuer: Issuer) -> None:
    issuer.user, di = DI, site.browser()
    await enter(di)
    assert (await di.get("/staff")).status_code == 200
    issuer.user = {**DI, "groups": []}
    assert (await enter(site.browser())).status_code == 403
    assert (await di.get("/staff")).headers["location"] == "/signin"


async def test_whoever_was_removed_comes_back_only_by_an_admin(site: Site, issuer: Issuer) -> None:
    issuer.user = DI
    await enter(site.browser())
    async with site.db.saving() as tx:
        di = await people.by_email(tx, "di@board.example")
        assert di
        await people.remove(tx, di.id, 1)
    refused = await enter(site.browser())
    assert refused.status_code == 403
    assert "Your access to this board was ended." in words_of(refused.text)


async def test_the_last_admin_stays_one(site: Site, issuer: Issuer) -> None:
    issuer.user = {**DI, "email": "root@board.example"}
    await enter(site.browser())
    assert (await staff(site))["root@board.example"] == "Root, admin"


async def test_an_answer_counts_once_and_in_the_browser_that_left(site: Site, issuer: Issuer) -> None:
    issuer.user, di = DI, site.browser()
    place = await come_back(di)
    assert (await site.browser().get(place)).status_code == 403
    thief = site.browser()
    await thief.get("/signin/oidc")
    assert (await thief.get(place)).status_code == 403
    assert (await di.get(place.replace("state=", "state=x"))).status_code == 403
    assert (await di.get(f"{place}&iss=https://evil.example")).status_code == 403
    place = await come_back(di)
    assert (await di.get(place)).status_code == 303
    assert (await site.browser().get(place)).status_code == 403
    assert (await di.get(place)).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": ["another board"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"nonce": "another"},
        {"exp": 1},
    ],
)
async def test_a_token_for_somebody_else_is_not_believed(
    issuer: Issuer, sqlite_url: str, tmp_path: Path, claims: dict[str, Any]
) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        issuer.user, issuer.claims = DI, claims
        refused = await enter(site.browser())
        assert refused.status_code == 403
        assert "did not vouch for you" in words_of(refused.text)
        assert "di@board.example" not in await staff(site)


async def test_a_token_that_another_key_signed_is_not_believed(issuer: Issuer, sqlite_url: str, tmp_path: Path) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        issuer.user, issuer.signs_with = DI, ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"})
        assert (await enter(site.browser())).status_code == 403


def header(token: str, **fields: str) -> str:
    """The token with another header, which says what its signature cannot."""
    told = json.dumps({"kid": "one", **fields}).encode()
    return ".".join((urlsafe_b64encode(told).decode().rstrip("="), *token.split(".")[1:]))


async def test_only_signatures_of_the_issuers_own_keys_count(issuer: Issuer) -> None:
    trusted = Provider(issuer.url, CLIENT, SECRET, "groups", dict(ROLES), HOME)
    claims = {"iss": issuer.url, "aud": CLIENT, "sub": "di", "exp": 99, "nonce": "n"}
    kept, keys = {"nonce": "n", "anew": ""}, KeySet([issuer.key])
    good = jwt.encode({"alg": "ES256", "kid": "one"}, claims, issuer.key)
    assert trusted.checked(good, keys, kept, 9) == claims
    evil = ECKey.generate_key("P-256", {"kid": "evil"})
    tokens = [
        good.rsplit(".", 1)[0] + ".",
        header(good, alg="none").rsplit(".", 1)[0] + ".",
        jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(SECRET * 2)),
        jwt.encode({"alg": "ES256", "kid": "one", "jwk": evil.as_dict(private=False)}, claims, evil),
        jwt.encode({"alg": "ES256", "jku": "https://evil.example/keys"}, claims, evil),
    ]
    for token in tokens:
        with pytest.raises((JoseError, ValueError)):
            trusted.checked(token, keys, kept, 9)


async def test_an_issuer_that_names_itself_otherwise_is_not_asked(
    issuer: Issuer, sqlite_url: str, tmp_path: Path
) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        issuer.url += "/evil"
        refused = await site.browser().get("/signin/oidc")
        assert "does not describe itself as it should" in words_of(refused.text)
        assert refused.status_code == 503


async def test_another_site_begins_no_sign_in(issuer: Issuer, sqlite_url: str, tmp_path: Path) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        for sent_from in ("cross-site", "same-site"):
            led = await site.browser({"Sec-Fetch-Site": sent_from}).get("/signin/oidc")
            assert led.headers["location"] == "/signin"
        led = await site.browser({"Sec-Fetch-Site": "same-origin"}).get("/signin/oidc")
        assert led.headers["location"].startswith(f"{issuer.url}/authorization?")


async def test_whoever_says_no_at_the_issuer_is_told_so(issuer: Issuer, sqlite_url: str, tmp_path: Path) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        refused = await enter(site.browser())
        assert refused.status_code == 403
        assert "did not vouch for you" in words_of(refused.text)


async def test_without_the_right_secret_nobody_gets_in(issuer: Issuer, sqlite_url: str, tmp_path: Path) -> None:
    async with trusting(issuer, sqlite_url, tmp_path, oidc_client_secret="another") as site:
        issuer.user = DI
        assert (await enter(site.browser())).status_code == 403


async def test_no_redirect_takes_the_boards_own_secret_elsewhere(
    issuer: Issuer, sqlite_url: str, tmp_path: Path
) -> None:
    async with issuing(HOME) as elsewhere, trusting(issuer, sqlite_url, tmp_path) as site:
        issuer.user, issuer.moved_to = DI, f"{elsewhere.url}/token"
        assert (await enter(site.browser())).status_code == 503
        assert (issuer.told, elsewhere.told) == (1, 0)


async def test_one_place_may_go_to_the_issuer_only_so_often(issuer: Issuer, sqlite_url: str, tmp_path: Path) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        await (await site.staff(ROOT)).post("/staff/settings/limits", data={"code.burst": "3"})
        di = site.browser()
        place = await come_back(di)
        assert (await di.get(place)).status_code == 403
        assert (await di.get("/signin/oidc")).status_code == 303
        assert (await di.get("/signin/oidc")).status_code == 429
        assert (await di.get(place)).status_code == 429


async def test_an_issuer_that_is_away_is_told_and_nothing_breaks(sqlite_url: str, tmp_path: Path) -> None:
    async with issuing(HOME) as issuer:
        pass
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        away = await site.browser().get("/signin/oidc")
        assert away.status_code == 503
        assert "cannot be reached just now" in words_of(away.text)


async def test_who_signs_on_proves_anew_at_the_issuer_and_not_by_mail(
    issuer: Issuer, sqlite_url: str, tmp_path: Path
) -> None:
    async with trusting(issuer, sqlite_url, tmp_path) as site:
        issuer.user = {**DI, "groups": ["ops"]}
        di = site.browser()
        await enter(di)
        with time_machine.travel(now(), tick=True) as clock:
            clock.shift(16 * 60)
            asked = await di.post("/staff/settings/tokens", data={"label": "Robot", "role": "reader"})
            assert asked.headers["location"] == "/prove"
            page = words_of((await di.get("/prove")).text)
            assert "Sign in with the company’s account" in page
            assert "Send me a link" not in page
            issuer.auth_age_s = 3600
            stale = await enter(di)
            assert stale.status_code == 403
            assert "did not ask you again who you are" in words_of(stale.text)
            issuer.auth_age_s = 0
            assert (await enter(di)).headers["location"] == "/prove/done"
            assert issuer.asked[-1]["prompt"] == "login"
            assert "Make the token" in (await di.get("/prove/done")).text


async def test_without_an_issuer_there_is_no_such_way(quick_site: Site) -> None:
    assert "company’s account" not in (await quick_site.browser().get("/signin")).text
    for path in ("/signin/oidc", "/signin/oidc/return?code=x&state=y"):
        assert (await quick_site.browser().get(path)).status_code == 404
    assert (await (await quick_site.staff(BO)).get("/prove")).status_code == 200
    assert (await (await quick_site.staff(ROOT)).get("/staff/settings")).status_code == 200
