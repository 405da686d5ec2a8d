"""Proofs of work in ALTCHA's format: made, asked for and checked here; that each counts once is the buckets' matter."""

import hashlib
import hmac
import json
import time

import altcha

from board.domain.limits import Limit
from board.errors import Refused

ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 2_000  # of one try; 256 tries on average: about half a second in a browser
LASTS_S = 1_200
LONGEST = 4_000  # characters of a payload
ONCE = Limit(1, LASTS_S)


class ProofWanted(Refused):
    """The words are doubted, and the browser says that it can calculate; `challenge` is what it is asked."""

    status = 428
    title = "One moment"

    def __init__(self, challenge: str) -> None:
        super().__init__("Please send this again with the proof of work.")
        self.challenge = challenge


def challenge(secret: bytes) -> str:
    """A new challenge as JSON."""
    made = altcha.create_challenge(
        ALGORITHM, ROUNDS, expires_at=int(time.time()) + LASTS_S, hmac_secret=derived(secret), key_prefix="00"
    )
    return json.dumps(made.to_dict())


def proven(secret: bytes, payload: str) -> str | None:
    """The nonce of the challenge that the payload solves; None for one that is not ours, too old, or not solved."""
    if not payload or len(payload) > LONGEST or not altcha.verify_solution(payload, derived(secret)).verified:
        return None
    return altcha.Payload.from_base64(payload).challenge.parameters.nonce


def derived(secret: bytes) -> bytes:
    return hmac.digest(secret, b"proof of work", hashlib.sha256)
