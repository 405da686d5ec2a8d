"""An OpenID provider on a loopback port, made with authlib's server: it vouches for whoever it is told."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from board import serving

CLIENT, SECRET = "board", "a secret between the two"
SCOPE = "openid email profile"


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request as authlib's server reads it."""

    def __init__(self, request: Request, body: bytes) -> None:
        super().__init__(request.method, str(request.url), headers=request.headers)
        self.values = {**request.query_params, **dict(parse_qsl(body.decode()))}
        self.payload = BasicOAuth2Payload(self.values)

    @property
    def args(self) -> dict[str, str]:
        return self.values

    @property
    def form(self) -> dict[str, str]:
        return self.values


@dataclass
class Client:
    """The board, as the provider knows it."""

    return_to: str
    client_id: str = CLIENT
    id_token_signed_response_alg: str = "ES256"

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return self.return_to

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(part for part in scope.split() if part in SCOPE.split())

    def check_redirect_uri(self, given: str) -> bool:
        return given == self.return_to

    def check_client_secret(self, given: str) -> bool:
        return given == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, given: str) -> bool:
        return given == "code"

    def check_grant_type(self, given: str) -> bool:
        return given == "authorization_code"


@dataclass
class Code:
    """A code that was given out."""

    code: str
    asked: dict[str, str]
    user: dict[str, Any]
    auth_time: int

    @property
    def code_challenge(self) -> str | None:
        return self.asked.get("code_challenge")

    @property
    def code_challenge_method(self) -> str | None:
        return self.asked.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return self.asked["redirect_uri"]

    def get_scope(self) -> str:
        return self.asked["scope"]

    def get_nonce(self) -> str | None:
        return self.asked.get("nonce")

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Issuer(AuthorizationServer):  # type: ignore[misc]
    """`user` is who is at the provider; `claims` puts words into the token, `signs_with` a key that is not its own.

    It sends whoever wants tokens to where it `moved_to`; `told` counts who did.
    """

    url: str
    client: Client
    user: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signs_with: ECKey | None = None
    auth_age_s: int = 0
    moved_to: str | None = None
    told: int = 0
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"}))
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        AuthorizationServer.__init__(self, SCOPE.split())
        self.register_token_generator("default", BearerTokenGenerator(lambda **_: f"token {len(self.tokens)}"))
        self.register_grant(grant_of(self), [Vouching(self), CodeChallenge(required=True)])

    def query_client(self, client_id: str) -> Client | None:
        return self.client if client_id == CLIENT else None

    def save_token(self, token: dict[str, Any], request: Asked) -> None:
        self.tokens[token["access_token"]] = request.user

    def create_oauth2_request(self, request: Asked) -> Asked:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        return Response(json.dumps(body) if isinstance(body, dict) else body, status, dict(headers))

    def send_signal(self, *args: Any, **given: Any) -> None:
        pass

    async def authorize(self, request: Request) -> Response:
        asked = Asked(request, b"")
        self.asked.append(asked.values)
        grant = self.get_consent_grant(asked, self.user)
        answer: Response = self.create_authorization_response(asked, self.user or None, grant)
        return answer

    async def token(self, request: Request) -> Response:
        self.told += 1
        if self.moved_to:
            return Response(status_code=307, headers={"location": self.moved_to})
        answer: Response = self.create_token_response(Asked(request, await request.body()))
        return answer

    async def userinfo(self, request: Request) -> Response:
        user = self.tokens[request.headers["authorization"].removeprefix("Bearer ")]
        return JSONResponse(user)

    async def describe(self, request: Request) -> Response:
        places = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "userinfo")}
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **places})

    async def keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorization", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.userinfo),
                Route("/keys", self.keys),
            ]
        )


def grant_of(issuer: Issuer) -> type[grants.AuthorizationCodeGrant]:
    class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012

        def save_authorization_code(self, code: str, request: Asked) -> None:
            at = int(time.time()) - issuer.auth_age_s
            issuer.codes[code] = Code(code, request.values, request.user, at)

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return issuer.codes.get(code)

        def delete_authorization_code(self, code: Code) -> None:
            del issuer.codes[code.code]

        def authenticate_user(self, code: Code) -> dict[str, Any]:
            return code.user

    return Grant


class Vouching(OpenIDCode):  # type: ignore[misc]
    """What stands in the token."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(require_nonce=True)
        self.issuer = issuer

    def exists_nonce(self, nonce: str, request: Asked) -> bool:
        return False

    def resolve_client_private_key(self, client: Client) -> ECKey:
        return self.issuer.signs_with or self.issuer.key

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": "ES256", "kid": "one"}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self.issuer.url, "aud": [CLIENT]}

    def generate_user_info(self, user: dict[str, Any], scope: str) -> dict[str, Any]:
        return {**user, **self.issuer.claims}


@asynccontextmanager
async def issuing(return_to: str) -> AsyncIterator[Issuer]:
    """The provider on a free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        issuer = Issuer(f"http://127.0.0.1:{listening.getsockname()[1]}", Client(return_to))
        server = uvicorn.Server(uvicorn.Config(issuer.app, **serving.OPTIONS))
        serving_on = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
            assert not serving_on.done(), serving_on.exception()
        try:
            yield issuer
        finally:
            server.should_exit = True
            await serving_on
