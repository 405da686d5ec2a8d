"""A real SMTP server for the tests, which can be told to misbehave."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Postbox:
    """What arrived, in order, and from which return paths; `refusal` is answered instead of taking the mail.

    `refused` are answers to recipients. So many times as `drops` says, the mail is taken and the line cut unanswered.
    `at_recipient` and `at_mail` are called with how many came before.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.paths: list[str] = []
        self.refusal: str | None = None
        self.refused: dict[str, str] = {}
        self.drops = 0
        self.at_recipient: Callable[[int], object] = int
        self.at_mail: Callable[[int], object] = int
        self.asked = 0
        self.url = ""

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.asked += 1
        self.at_recipient(self.asked - 1)
        if answer := self.refused.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.paths.append(envelope.mail_from)
        self.at_mail(len(self.mails) - 1)
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return "250 OK"

    @property
    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]


@contextmanager
def postbox(scheme: str = "smtp", host: str = "127.0.0.1", **options: Any) -> Iterator[Postbox]:
    box = Postbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        box.url = f"{scheme}://{host}:{port}"
        yield box
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def text_of(mail: EmailMessage) -> str:
    """The plain text part."""
    part = mail.get_body(("plain",))
    assert isinstance(part, EmailMessage)
    return str(part.get_content())
