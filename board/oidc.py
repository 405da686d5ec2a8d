"""Single sign-on: the code flow of OpenID Connect with PKCE, state and nonce, with any issuer."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from board.domain.phrase import phrase
from board.errors import NotAllowed, Refused
from board.settings import Settings

log = logging.getLogger("board.oidc")

PATIENCE_S = 10
SCOPE = "openid email profile"
LEEWAY_S = 60  # by how much the clocks of two machines may differ
FRESH_S = 300  # how old a sign-in may be that was asked for anew
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
NOT_VOUCHED = phrase("The sign-in service did not vouch for you. Please try again.")
RANK = ("auditor", "agent", "moderator", "admin")


class Unreachable(Refused):
    """The issuer cannot be reached, or says something else than it should."""

    status = 503
    title = "Try again"


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and what has to be kept until it comes back."""

    url: str
    state: str
    kept: dict[str, str]


@dataclass(frozen=True)
class Identity:
    """Whom the issuer names; `role` is the highest on this board of those that it gives, None for none."""

    subject: str
    email: str | None
    name: str
    role: str | None


@dataclass(frozen=True)
class Provider:
    issuer: str
    client_id: str
    client_secret: str | None
    role_claim: str
    roles: Mapping[str, str]
    return_to: str

    async def begin(self, *, anew: bool) -> Begun:
        """`anew` asks the issuer to let the person show again who they are."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        again = {"prompt": "login", "max_age": "0"} if anew else {}
        described = await self.describe()
        url = prepare_grant_uri(
            described["authorization_endpoint"],
            client_id=self.client_id,
            response_type="code",
            redirect_uri=self.return_to,
            scope=SCOPE,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **again,
        )
        return Begun(url, state, {"nonce": nonce, "verifier": verifier, "anew": "yes" if anew else ""})

    async def finish(self, code: str, kept: Mapping[str, str], *, now_s: int) -> Identity:
        """Whom the code stands for; raises Unreachable, or NotAllowed where the answer does not hold."""
        described = await self.describe()
        try:
            async with self.client() as client:
                given = await self.exchange(client, described["token_endpoint"], code, kept["verifier"])
                keys = KeySet.import_key_set((await client.get(described["jwks_uri"])).raise_for_status().json())
                claims = self.checked(str(given["id_token"]), keys, kept, now_s)
                if place := described.get("userinfo_endpoint"):
                    claims = await with_more(client, place, str(given["access_token"]), claims)
        except (httpx.HTTPError, LookupError, ValueError, TypeError, AttributeError) as wrong:
            log.warning("single sign-on: no answer that can be used: %r", wrong)
            raise Unreachable("The sign-in service gave no answer that can be used. Please try again.") from wrong
        except JoseError as wrong:
            log.warning("single sign-on: a token that does not hold: %r", wrong)
            raise NotAllowed(NOT_VOUCHED) from wrong
        return self.identity(claims)

    async def exchange(self, client: httpx.AsyncClient, url: str, code: str, verifier: str) -> Mapping[str, Any]:
        """The tokens for a code; a refusal is the issuer's word that nobody is vouched for."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.return_to,
            "code_verifier": verifier,
        }
        if self.client_secret is None:
            answer = await client.post(url, data={**sent, "client_id": self.client_id})
        else:
            answer = await client.post(url, data=sent, auth=(self.client_id, self.client_secret))
        if 400 <= answer.status_code < 500:
            log.warning("single sign-on: the issuer refuses a code: %s", answer.status_code)
            raise NotAllowed(NOT_VOUCHED)
        given: Mapping[str, Any] = answer.raise_for_status().json()
        return given

    def checked(self, token: str, keys: KeySet, kept: Mapping[str, str], now_s: int) -> dict[str, Any]:
        """The claims of a token that this issuer signed for this board, in answer to this question."""
        claims = jwt.decode(token, keys, algorithms=SIGNATURES).claims
        registry = jwt.JWTClaimsRegistry(
            now=now_s,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": kept["nonce"]},
        )
        registry.validate(claims)
        if claims.get("azp", self.client_id) != self.client_id:
            raise NotAllowed(NOT_VOUCHED)
        if kept["anew"] and not (now_s - FRESH_S <= int(claims.get("auth_time", 0)) <= now_s + LEEWAY_S):
            raise NotAllowed(
                "The sign-in service did not ask you again who you are. Take another way, or ask an admin."
            )
        return claims

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        given = claims
        for part in self.role_claim.split("."):
            given = given.get(part, {}) if isinstance(given, Mapping) else {}
        names: list[Any] = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        known = [self.roles[name] for name in names if isinstance(name, str) and name in self.roles]
        verified = claims.get("email_verified") in (True, "true")
        return Identity(
            subject=f"{self.issuer} {claims['sub']}",
            email=str(claims["email"]) if claims.get("email") and verified else None,
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
            role=max(known, key=RANK.index, default=None),
        )

    async def describe(self) -> dict[str, Any]:
        """What the issuer says of itself."""
        try:
            async with self.client() as client:
                place = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                described: dict[str, Any] = (await client.get(place)).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as lost:
            log.warning("single sign-on: the issuer cannot be reached: %r", lost)
            raise Unreachable("The sign-in service cannot be reached just now. Please try again.") from lost
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if described.get("issuer") != self.issuer or not all(described.get(key) for key in wanted):
            raise Unreachable("The sign-in service does not describe itself as it should. Please tell an admin.")
        return described

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False)


async def with_more(client: httpx.AsyncClient, place: str, token: str, claims: dict[str, Any]) -> dict[str, Any]:
    """With what the issuer tells about the person apart from the token; only about the same person."""
    told = (await client.get(place, headers={"Authorization": f"Bearer {token}"})).raise_for_status().json()
    return {**told, **claims} if told.get("sub") == claims["sub"] else claims


def provider(settings: Settings) -> Provider | None:
    """The issuer that is set; None where there is none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_role_claim,
        dict(settings.oidc_roles),
        f"{settings.base_url}/signin/oidc/return",
    )
