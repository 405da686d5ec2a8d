"""What can go wrong with a mail, as values: whether a later try may help, and what to do about it in plain words."""

from dataclasses import dataclass

from board.domain.phrase import phrase

WORDS = {
    "absent": phrase("The mail server cannot be reached. Check BOARD_SMTP_URL, and that the server runs."),
    "silent": phrase("The mail server did not answer in time. If this goes on, look whether it is overloaded."),
    "strange": phrase("What answered is no mail server. Check host and port in BOARD_SMTP_URL."),
    "insecure": phrase("No encrypted connection came about. Check the server's certificate, and smtp:// or smtps://."),
    "sign_in": phrase("The mail server refused the sign-in. Check user and password in BOARD_SMTP_URL."),
    "sender": phrase("The mail server does not let this board send. Check BOARD_MAIL_FROM and the server's rules."),
    "recipient": phrase("The mail server refused this address for good. Ask the person for another one."),
    "later": phrase("The mail server said that it takes the message later."),
    "refused": phrase("The mail server refused the message. Its answer says why; often a filter or a limit there."),
    "lost": phrase("The connection broke before the message was handed over."),
    "unsure": phrase("The connection broke in the middle: it may have arrived. It is sent once more."),
    "unknown": phrase("Twice nobody could tell whether it arrived. Ask the person before you send it again."),
    "unwritable": phrase("No mail can be made for this address or of these words."),
    "returned": phrase("The message came back. Ask the person for another address."),
    "given_up": phrase("Somebody here gave it up."),
    "unwanted": phrase("The person stopped mail about this issue while it waited."),
    "stopped": phrase("Mail to this address came back before, so nothing more is sent there."),
}
# What is no fault of the letter: the line to the mail server, or what the server allows this board.
LINE = ("absent", "silent", "strange", "insecure", "sign_in", "sender", "later", "lost")
FINAL = ("recipient", "unknown", "returned", "given_up", "stopped")


@dataclass(frozen=True)
class Fault:
    """`kind` is one of WORDS; `answer` is what the other side said, in its own words."""

    kind: str
    answer: str = ""

    @property
    def is_final(self) -> bool:
        """Whether trying again by itself would be wrong."""
        return self.kind in FINAL

    @property
    def is_of_line(self) -> bool:
        """Whether it befell whatever was sent: once that is mended, the letter may go out."""
        return self.kind in LINE

    def __str__(self) -> str:
        return f"{self.kind}: {' '.join(self.answer.split())}"[:500]


def read(kept: str) -> Fault | None:
    """The fault as it was kept; None where it is none of those."""
    kind, separator, answer = kept.partition(": ")
    kind = kind if separator else kept.removesuffix(":")
    return Fault(kind, answer) if kind in WORDS else None
