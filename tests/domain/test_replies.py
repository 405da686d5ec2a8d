"""Of an answer by mail only the writer's own words count, and of what it says about its sender only what we know."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.authentication import dmarc
from board.domain.replies import above, has_files, is_automatic, own_words, senders

LETTER = "> ##- Answer above this line, and everybody can read it on the board. -##\n>\n> News of issue 1"
OUTLOOK = "From: Board <board@board.example>\nSent: Monday, 2 March 2026 12:00\nTo: Ada\nSubject: [#1] The kettle leaks"


@pytest.mark.parametrize(
    ("mail", "own"),
    [
        ("It still leaks.", "It still leaks."),
        (f"It still leaks.\n\nOn Mon, 2 Mar 2026, Board <in+x@board.example> wrote:\n{LETTER}", "It still leaks."),
        (f"It leaks.\nOn Mon, 2 Mar 2026 at 12:00, Board\n<in+x@board.example> wrote:\n\n{LETTER}", "It leaks."),
        (f"Es tropft.\n\nAm 02.03.26 um 12:00 schrieb Board:\n{LETTER}", "Es tropft."),
        (f"Ça fuit.\n\nLe 2 mars 2026 à 12:00, Board a écrit :\n{LETTER}", "Ça fuit."),
        (f"It leaks.\n\n-----Original Message-----\n{OUTLOOK}\n\nNews", "It leaks."),
        (f"It leaks.\n\n________________________________\n{OUTLOOK}\n\nNews", "It leaks."),
        (f"It leaks.\n\n{OUTLOOK}\n\nNews", "It leaks."),
        ("It leaks.\n\n-- \nAda\nPhone 555", "It leaks."),
        ("It leaks.\n\nSent from my iPhone", "It leaks."),
        ("It leaks.\n\n##- Answer above this line -##\n\nNews", "It leaks."),
        ("> Which one?\nThe red one.\n> Since when?\nMonday.", "The red one.\nMonday."),
        (f"On Mon, 2 Mar 2026, Board wrote:\n{LETTER}", ""),
        ("These two:\n\nFrom: the mill\nand more", "These two:\n\nFrom: the mill\nand more"),
        ("From: here\r\nIt leaks.\r\n\r\nBye", "From: here\nIt leaks.\n\nBye"),
        ("At 10:30 it said:\nerror 5", "At 10:30 it said:\nerror 5"),
        ("", ""),
    ],
)
def test_only_what_was_written_above_the_letter_is_left(mail: str, own: str) -> None:
    assert above(mail) == own


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert len(above(text)) <= len(text.replace("\r\n", "\n"))


def made(raw: str) -> EmailMessage:
    message = message_from_bytes(raw.replace("\n", "\r\n").encode(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_html_alone_is_read_without_its_tags_styles_and_quotes() -> None:
    html = (
        "<html><head><style>p{}</style><title>x</title></head><body><p>It <b>still</b>\n leaks.</p><div>Since<br>Monday"
        "</div><script>alert(1)</script><blockquote>quoted</blockquote><div class=gmail_quote>On Monday</div></body>"
    )
    assert own_words(made(f"Content-Type: text/html; charset=utf-8\n\n{html}")) == "It still leaks.\n\nSince\nMonday"


def test_the_plain_part_is_read_and_files_are_seen() -> None:
    mail = EmailMessage(policy=default)
    mail.set_content("It leaks. ☂")
    mail.add_alternative("<p>no</p>", subtype="html")
    assert (own_words(mail), has_files(mail)) == ("It leaks. ☂", False)
    mail.add_attachment(b"x", maintype="image", subtype="png", filename="leak.png")
    assert (own_words(mail), has_files(mail)) == ("It leaks. ☂", True)


@pytest.mark.parametrize("kind", ["text/plain; charset=klingon", "text/plain; charset=utf-8", "image/png", "text/x"])
def test_broken_words_break_nothing(kind: str) -> None:
    assert isinstance(own_words(made(f"Content-Type: {kind}\n\nIt leaks \udc41.".replace("\udc41", "\xe4"))), str)


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "auto-replied"),
        ("auto-submitted", " Auto-Generated; owner-email=x"),
        ("Precedence", "bulk"),
        ("List-Id", "<issue-1.board.example>"),
        ("Return-Path", "<>"),
        ("X-Autoreply", "yes"),
        ("From", "MAILER-DAEMON@mx.example"),
        ("From", "Board <in@board.example>"),
    ],
)
def test_what_programs_send_is_no_answer(header: tuple[str, str]) -> None:
    assert is_automatic([("From", "ada@home.example"), header], ("in@board.example",))


def test_what_people_send_is_an_answer() -> None:
    headers = [("From", "Ada <ada@home.example>"), ("Auto-Submitted", "no"), ("Precedence", "normal")]
    assert not is_automatic([*headers, ("Return-Path", "<ada@home.example>")], ("in@board.example",))


MX = "mx.board.example"


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([f"{MX}; spf=pass; dmarc=pass header.from=home.example"], "pass"),
        ([f"{MX} 1; dkim=fail;\r\n\tdmarc=pass (p=reject (strict)) header.from=Home.Example"], "pass"),
        ([f"{MX}; dmarc=fail header.from=home.example"], "fail"),
        ([f"{MX}; dmarc=pass header.from=evil.example"], "fail"),
        ([f"{MX}; dmarc=none header.from=home.example"], "none"),
        ([f"{MX}; spf=pass smtp.mailfrom=home.example"], "none"),
        ([f"{MX}; dmarc=fail header.from=home.example", f"{MX}; dmarc=pass header.from=home.example"], "fail"),
        (["mx.evil.example; dmarc=pass header.from=home.example"], "none"),
        ([f"mx.evil.example; x=({MX}; dmarc=pass); dmarc=pass"], "none"),
        ([f"({MX};) mx.evil.example; dmarc=pass"], "none"),
        ([], "none"),
    ],
)
def test_only_our_own_server_vouches_for_a_sender(results: list[str], said: str) -> None:
    headers = [("Authentication-Results", one) for one in results]
    assert dmarc(headers, authserv=MX, sender="ada@home.example") == said
    assert dmarc(headers, authserv=None, sender="ada@home.example") == "none"


def test_all_addresses_of_the_sender_are_seen() -> None:
    assert list(senders([("From", '"ada@x.example" <ada@home.example>'), ("To", "bo@y.example")])) == [
        "ada@x.example",
        "ada@home.example",
    ]


HOSTILE = ("<" * 100_000, "<a " * 50_000, "\n" * 200_000 + "> x", "1" * 300_000 + "\n> x", "<![x", "wrote " * 50_000)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.timeout(20)
def test_hostile_texts_are_read_in_linear_time(text: str) -> None:
    assert isinstance(above(text), str)
    assert isinstance(own_words(made(f"Content-Type: text/html\n\n{text}")), str)
    headers = [("From", text + "@x"), ("Authentication-Results", f"{MX}; {'(' * 50_000}{')' * 50_000}")]
    assert isinstance(list(senders(headers)), list)
    assert dmarc(headers, authserv=MX, sender="ada@home.example") == "none"
