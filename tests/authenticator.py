"""A passkey of the tests: makes and shows one as a browser with its device does, and can be told to do it wrongly."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from board.domain.proof import b64url

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    origin: str
    host: str
    flags: int = PRESENT | VERIFIED
    count: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    handle: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, question: str) -> str:
        """The answer to `navigator.credentials.create`."""
        options = json.loads(question)
        self.handle = options["user"]["id"]
        known = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: known.x.to_bytes(32, "big"), -3: known.y.to_bytes(32, "big")}
        kept = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(cose)
        attested = {"fmt": "none", "attStmt": {}, "authData": self.data(WITH_KEY) + kept}
        return self.answer(
            clientDataJSON=self.told("webauthn.create", options["challenge"]),
            attestationObject=cbor2.dumps(attested),
        )

    def show(self, question: str) -> str:
        """The answer to `navigator.credentials.get`."""
        self.count += 1
        told, data = self.told("webauthn.get", json.loads(question)["challenge"]), self.data()
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
        return self.answer(clientDataJSON=told, authenticatorData=data, signature=signature, userHandle=self.handle)

    def data(self, more: int = 0) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def told(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def answer(self, **response: Any) -> str:
        texts = {name: b64url(value) if isinstance(value, bytes) else value for name, value in response.items()}
        named = b64url(self.credential)
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": texts})
