"""A connection to the mail server, which hands messages over and says as a value what went wrong.

It knows whether a message can have arrived although nobody said so: that counts, for nobody shall get it a third time.
"""

import asyncio
import re
import ssl
from contextlib import suppress
from email.policy import SMTP
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPResponse

from board.domain.faults import Fault
from board.followers.here import is_here
from board.followers.writing import Post, compose, host_of, return_path
from board.store import outbox

A_LINE = 100  # messages over one connection
GOODBYE_S = 5.0
PATIENCE_S = 60.0  # for one message
GO_ON = 354
WRONG = (aiosmtplib.SMTPException, OSError, ValueError)
NO_SUCH = re.compile(r"no such|unknown|not exist|not found|no mailbox|invalid|unrouteable", re.IGNORECASE)
SENDER = re.compile(r"relay|authenticat|polic|spam|block|denied|sender", re.IGNORECASE)
LINE_END = re.compile(rb"\r\n|\r|\n")
AT_A_DOT = re.compile(rb"^\.", re.MULTILINE)


class Line:
    """Made when it is needed and held for the messages after."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._smtp: aiosmtplib.SMTP | None = None
        self._taken = 0
        self._is_handing_over = False

    async def ready(self) -> Fault | None:
        """Connects where that is still to be done."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                self._taken += 1
                if self._smtp is None or not self._smtp.is_connected or self._taken > A_LINE:
                    await self.close()
                    self._smtp, self._taken = connection(self._post), 1
                    await self._smtp.connect()
                return None
        except (*WRONG, TimeoutError) as wrong:
            self._hang_up()
            return reason(wrong, is_connecting=True)

    async def send(self, row: dict[str, Any], now: Any) -> Fault | None:
        """One try; after a fault nobody knows where the talk stands: it is ended."""
        self._is_handing_over = False
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._hand_over(row, now)
                return None
        except (*WRONG, TimeoutError) as wrong:
            fault = reason(wrong)
        self._hang_up()
        is_unsure = self._is_handing_over and fault.kind in ("silent", "lost")
        return Fault("unsure", fault.answer) if is_unsure else fault

    async def _hand_over(self, row: dict[str, Any], now: Any) -> None:
        smtp, recipient = self._smtp, row["recipient"]
        assert smtp
        message = compose(row, outbox.letter_of(row), self._post, now)
        is_wide = not recipient.isascii()
        content = message.as_bytes(policy=SMTP.clone(cte_type="7bit", utf8=is_wide))
        options, encoding = (["SMTPUTF8"], "utf-8") if is_wide else (None, "ascii")
        if is_wide and not smtp.supports_extension("smtputf8"):
            raise ValueError("the mail server takes ASCII addresses only")
        await smtp.mail(return_path(row, self._post), options=options)
        await smtp.rcpt(recipient, encoding=encoding)
        accepted(await smtp.execute_command(b"DATA"), GO_ON)
        assert smtp.transport
        smtp.transport.write(stuffed(content))  # type: ignore[attr-defined]
        self._is_handing_over = True
        accepted(await smtp.execute_command(b"."), 250)

    async def close(self) -> None:
        if self._smtp and self._smtp.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._smtp.quit()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._smtp:
            self._smtp.close()
        self._smtp = None


def accepted(answer: SMTPResponse, code: int) -> None:
    if answer.code != code:
        raise aiosmtplib.SMTPDataError(answer.code, answer.message)


def stuffed(content: bytes) -> bytes:
    """The lines of the message as they go over the wire (RFC 5321, 4.5.2), before the dot that ends them."""
    lines = LINE_END.sub(b"\r\n", content)
    return AT_A_DOT.sub(b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def reason(wrong: Exception, *, is_connecting: bool = False) -> Fault:
    """What went wrong, sorted by what somebody can do about it."""
    code, said = getattr(wrong, "code", 0), str(getattr(wrong, "message", "") or wrong)
    answer = f"{code} {said}" if code else said
    match wrong:
        case aiosmtplib.SMTPAuthenticationError():
            kind = "sign_in"
        case aiosmtplib.SMTPResponseException(code=code) if 400 <= code < 500:
            kind = "later"
        case aiosmtplib.SMTPSenderRefused():
            kind = "sender"
        case aiosmtplib.SMTPRecipientRefused():
            kind = "recipient" if is_about_address(said) else "refused"
        case aiosmtplib.SMTPConnectResponseError() | aiosmtplib.SMTPHeloError():
            kind = "strange" if code < 0 else "refused"
        case aiosmtplib.SMTPResponseException():
            kind = "strange" if is_connecting else "refused"
        case ssl.SSLError():
            kind = "insecure"
        case TimeoutError():
            kind = "silent"
        case aiosmtplib.SMTPServerDisconnected():
            kind = "strange" if is_connecting else "lost"
        case aiosmtplib.SMTPConnectError() | OSError():
            kind = cause(wrong) if is_connecting else "lost"
        case aiosmtplib.SMTPException() if "STARTTLS" in said:
            kind = "insecure"
        case aiosmtplib.SMTPException():
            kind = "strange" if is_connecting else "lost"
        case _:
            kind = "unwritable"
    return Fault(kind, answer)


def is_about_address(said: str) -> bool:
    """Whether a refusal is of this address, and not of whoever sends (RFC 3463: 5.1 addresses, 5.2.1 closed ones).

    Servers that give no such code are taken at their word: whom they do not let relay, they tell so for every address.
    """
    if status := re.match(r"5\.(\d+)\.(\d+)", said):
        return status[1] == "1" or status.groups() == ("2", "1")
    return bool(NO_SUCH.search(said)) and not SENDER.search(said)


def cause(wrong: BaseException | None) -> str:
    while wrong is not None:
        if isinstance(wrong, ssl.SSLError):
            return "insecure"
        wrong = wrong.__cause__ or wrong.__context__
    return "absent"


def connection(post: Post) -> aiosmtplib.SMTP:
    """A password goes out only encrypted, but to this machine itself: whoever strips STARTTLS off gets no word."""
    assert post.url
    server = urlsplit(post.url)
    must_encrypt = bool(server.username) and not is_here(server.hostname or "")
    return aiosmtplib.SMTP(
        hostname=server.hostname,
        # Its own look-up of this machine's name can take longer than the mail.
        local_hostname=host_of(post),
        port=server.port or (465 if server.scheme == "smtps" else 587),
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=server.scheme == "smtps",
        start_tls=(True if must_encrypt else None) if server.scheme == "smtp" else False,
    )
