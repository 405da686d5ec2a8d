"""Mail that came back: what a delivery report says (RFC 3464), and whether the address is gone or only busy. Pure."""

import re
from dataclasses import dataclass
from email.message import EmailMessage, Message

STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# Of those that failed: no such address or host, a mailbox that is closed, or nothing more exact than a refusal.
GONE = re.compile(r"5\.(1\.\d+|0\.\d+|2\.[01])")


@dataclass(frozen=True)
class Returned:
    """`is_gone`: nothing will ever arrive there; else it may another day."""

    is_gone: bool
    why: str


def read(message: EmailMessage) -> Returned | None:
    """What the report says of a message that was not delivered; None where it is no such report, or only of a delay."""
    if message.get_content_type() != "multipart/report":
        return None
    for block in blocks(message):
        if str(block.get("Action", "")).strip().lower() == "failed":
            status, said = str(block.get("Status", "")), str(block.get("Diagnostic-Code", ""))
            found = STATUS.search(status) or STATUS.search(said)
            code = ".".join(found.groups()) if found else ""
            why = said.partition(";")[2].strip() or code or "no reason was given"
            return Returned(bool(GONE.fullmatch(code)), " ".join(why.split())[:300])
    return None


def blocks(message: EmailMessage) -> list[Message]:
    """The fields about the message, and those about each recipient."""
    found: list[Message] = []
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            found += [block for block in part.get_payload() if isinstance(block, Message)]
    return found
