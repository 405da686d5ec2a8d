"""What somebody wrote in answer to a letter: their own words, without the quoted letter, signatures and files. Pure."""

import re
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from html.parser import HTMLParser

ADDRESS = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,255}")
MOST_BYTES = 400_000  # more than any answer
MARK = "##-"  # opens the line in each letter above which people write
SIGNATURE = re.compile(
    r"^--\s?$|^(sent from my |get outlook for |von meinem .* gesendet|envoyé de mon )", re.IGNORECASE
)
ORIGINAL = re.compile(
    r"^\s*-{2,}\s*(original message|ursprüngliche nachricht|message d.origine)\s*-{2,}", re.IGNORECASE
)
HEADS = re.compile(
    r"^\s*\*?(from|von|de|sent|gesendet|envoyé|to|an|à|date|datum|subject|betreff|objet)\s?:", re.IGNORECASE
)
QUOTED = re.compile(r"^\s*>")
# The line that says whose words were quoted, and when: it names a time, an address, or says that somebody wrote.
ATTRIBUTION = re.compile(r"([\d@].*|\b(wrote|schrieb|écrit|escribió|scritto|schreef)\b.*):\s*$", re.IGNORECASE)
OPENS = re.compile(r"^\s*(on|am|le|el|il|op|em)\b|^\s*\d{4}-\d\d|^[^:<]{1,60}<[^>]+@", re.IGNORECASE)
RULE = re.compile(r"^\s*_{8,}\s*$")
LINES_OF_ATTRIBUTION, LONGEST_ATTRIBUTION = 3, 400
BLOCKS = frozenset({"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "ul", "ol", "table"})
UNREAD = frozenset({"style", "script", "head", "title", "blockquote"})
ABOVE = ("gmail_quote", "moz-cite-prefix", "divrplyfwdmsg", "appendonsend", "yahoo_quoted")


def own_words(message: EmailMessage) -> str:
    """The text above the quoted letter; empty where nothing was written."""
    part = message.get_body(("plain", "html"))
    if not isinstance(part, EmailMessage):
        return ""
    text = decoded(part)
    return above(without_tags(text) if part.get_content_type() == "text/html" else text)


def has_files(message: EmailMessage) -> bool:
    return any(not part.get_content_type().startswith("message/") for part in message.iter_attachments())


def decoded(part: EmailMessage) -> str:
    """The text of the part; broken bytes and unknown encodings break nothing."""
    content = part.get_payload(decode=True)
    held = content[:MOST_BYTES] if isinstance(content, bytes) else b""
    try:
        return held.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return held.decode("utf-8", "replace")


def above(text: str) -> str:
    """What stands above the letter that is answered, without its quoted lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").split("\n")
    end = next((at for at, line in enumerate(lines) if ends(lines, at)), len(lines))
    quote = next((at for at, line in enumerate(lines[:end]) if QUOTED.match(line)), end)
    before = lines[:quote] if quote == len(lines) else without_attribution(lines[:quote])
    kept = before + [line for line in lines[quote:end] if not QUOTED.match(line)]
    return "\n".join(line.rstrip() for line in kept).strip()


def ends(lines: list[str], at: int) -> bool:
    """Whether the own words end before this line."""
    line = lines[at]
    if MARK in line or SIGNATURE.match(line) or ORIGINAL.match(line):
        return True
    if not (RULE.match(line) or HEADS.match(line)):
        return False
    return sum(bool(HEADS.match(one)) for one in lines[at : at + 6]) >= 3


def without_attribution(lines: list[str]) -> list[str]:
    """Without the line at the end, maybe broken into some, that names whose words were quoted below it."""
    end = next((at for at in range(len(lines), 0, -1) if lines[at - 1].strip()), 0)
    lines = lines[:end]
    for count in range(1, min(LINES_OF_ATTRIBUTION, len(lines)) + 1):
        said, is_apart = " ".join(lines[-count:]), count == len(lines) or not lines[-count - 1].strip()
        if len(said) <= LONGEST_ATTRIBUTION and ATTRIBUTION.search(said) and (is_apart or OPENS.match(said)):
            return lines[:-count]
    return lines


def without_tags(html: str) -> str:
    """The text of an HTML mail above what it quotes."""
    reader = Text()
    with suppress(AssertionError):  # of what is no HTML at all; what stood above it is kept
        reader.feed(html)
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.parts))


class Text(HTMLParser):
    """Collects text; ends where a mail program has put the letter that is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unread: list[str] = []
        self._is_over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = " ".join(str(value) for name, value in attrs if name in ("class", "id")).lower()
        self._is_over = self._is_over or any(name in named for name in ABOVE)
        if tag in UNREAD:
            self._unread.append(tag)
        if tag == "br" or tag in BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._unread and self._unread[-1] == tag:
            self._unread.pop()
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread and not self._is_over:
            self.parts.append(re.sub(r"\s+", " ", data))


def is_automatic(headers: list[tuple[str, str]], own: tuple[str, ...]) -> bool:
    """Whether a program wrote it (RFC 3834), a list sent it on, or it is our own: an answer would go in circles."""
    return any(is_sign(name.lower(), value.strip().lower(), own) for name, value in headers)


def is_sign(name: str, value: str, own: tuple[str, ...]) -> bool:
    match name:
        case "auto-submitted":
            return value.partition(";")[0].strip() != "no"
        case "precedence":
            return value in ("bulk", "junk", "list", "auto_reply")
        case "return-path":
            return value == "<>"
        case "list-id" | "list-unsubscribe" | "x-autoreply" | "x-autorespond" | "x-loop" | "feedback-id":
            return True
        case "from":
            return any(address in value for address in ("mailer-daemon@", "postmaster@", "noreply@", "no-reply@", *own))
    return False


def senders(headers: list[tuple[str, str]]) -> Iterator[str]:
    """The addresses that From names."""
    for name, value in headers:
        if name.lower() == "from":
            yield from ADDRESS.findall(value.lower())
