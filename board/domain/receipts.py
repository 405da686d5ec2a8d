"""The receipt as a file of plain text: what was filed and when, and how anybody checks it without this board."""

from board.domain.leaf import Recorded, format_time
from board.domain.proof import b64url
from board.domain.wording import Say


def text(filed: Recorded, *, company: str, url: str, say: Say) -> str:
    """Without a word of the issue: the entry binds the words, and the page shows them while they are public."""
    lines = (
        say("Receipt for issue {number} with {company}").format(number=filed.issue, company=company),
        url,
        say("Filed: {at}").format(at=format_time(filed.time)),
        say("Place in the record: {seq}").format(seq=filed.index),
        "",
        say("The entry:"),
        filed.leaf,
        "",
        say("Its fingerprint:"),
        b64url(filed.leaf_hash),
        "",
        say("To check it: the fingerprint is the SHA-256 of a zero byte and the entry, in base64url (RFC 6962)."),
        say("The entry holds no words, it binds them: under “commit” stands the HMAC-SHA-256 of them, whose key"),
        say("the board shows with the words. As long as the record is honest, this entry stands in it at its place."),
    )
    return "\n".join(lines) + "\n"
