"""The board's addresses, and the secrets in the private ones: derived from the board's key, so they need no keeping."""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass

from board.domain.proof import b64url

# A path of the board itself: what browsers read as another host (//, /\), and what is no plain sign, is none.
INSIDE = re.compile(r"/(?!/)[!-\[\]-~]{0,500}")


def inside(place: str) -> str | None:
    """The place as it is where it is on the board and nowhere else."""
    return place if INSIDE.fullmatch(place) else None


@dataclass(frozen=True)
class Links:
    """`base` is the board's URL without a final slash; `key` never leaves the server."""

    base: str
    key: bytes

    def issue(self, number: int) -> str:
        return f"{self.base}/issues/{number}"

    def private(self, number: int) -> str:
        """The filer's own link: whoever has it speaks as the filer."""
        return f"{self.base}/mine/{self.filer_secret(number)}"

    def follow(self, follow: int) -> str:
        return f"{self.base}/follows/{self.secret('follow', follow)}"

    def mail(self, number: int) -> str:
        """Asks the filer's address whether it wants the answers; nobody reads it but who gets the mail."""
        return f"{self.base}/mail/{self.secret('mail', number)}"

    def no_mail(self, number: int) -> str:
        """Ends the mails to the filer, and can do nothing else."""
        return f"{self.base}/follows/{self.secret('no-mail', number)}"

    def wishes(self, number: int) -> str:
        """What somebody wants to hear of by mail, of all issues; it stands in digests."""
        return f"{self.base}/follows/{self.secret('wishes', number)}"

    def sign_in(self, secret: str) -> str:
        return f"{self.base}/signin/{secret}"

    def asked(self, token: str) -> str:
        """A sign-in that was asked for: behind the #, where no server, log or scanner of mails reads it."""
        return f"{self.base}/signin#t={token}"

    def filer_secret(self, number: int) -> str:
        return self.secret("filer", number)

    def secret(self, purpose: str, identity: int) -> str:
        """`<identity>-<HMAC-SHA-256, base64url>`, different for each purpose."""
        digest = hmac.digest(self.key, f"board-{purpose}-{identity}".encode(), hashlib.sha256)
        return f"{identity}-{b64url(digest)}"

    def tag(self, purpose: str, identity: int) -> str:
        """`<purpose>-<identity>-<100 bits>`, for the local part of a mail address, where capitals may be lost."""
        digest = hmac.digest(self.key, f"board-tag-{purpose}-{identity}".encode(), hashlib.sha256)
        return f"{purpose}-{identity}-{b32encode(digest).decode().lower()[:20]}"

    def untagged(self, tag: str) -> tuple[str, int] | None:
        """Purpose and identity of a tag; None where it was not made here."""
        purpose, _, rest = tag.lower().partition("-")
        identity = rest.partition("-")[0]
        if not (identity.isascii() and identity.isdigit() and len(identity) < 16):
            return None
        made = self.tag(purpose, int(identity))
        is_ours = hmac.compare_digest(made.encode(), tag.lower().encode("utf-8", "replace"))
        return (purpose, int(identity)) if is_ours else None

    def opened(self, purpose: str, secret: str) -> int | None:
        """Whose secret this is; None where it was not made here."""
        identity = secret.partition("-")[0]
        if not (identity.isascii() and identity.isdigit() and len(identity) < 16):
            return None
        made = self.secret(purpose, int(identity))
        return int(identity) if hmac.compare_digest(made.encode(), secret.encode("utf-8", "replace")) else None
