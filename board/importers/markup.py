"""Words out of HTML: paragraphs, lists, quotes and the addresses of links stay, tags go."""

import re
from contextlib import suppress
from html.parser import HTMLParser

HTML = re.compile(r"</(?:p|div|span|a|b|i|em|strong|ul|ol|li|h[1-6]|blockquote|pre|table|td)>|<(?:br|p|hr)\s*/?>", re.I)
PARAGRAPHS = frozenset({"p", "div", "ul", "ol", "blockquote", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6"})
LINES = frozenset({"br", "tr", "hr"})
UNREAD = frozenset({"script", "style", "head", "title", "template"})


def without_markup(text: str) -> str:
    """The words of a text in HTML; any other text as it is."""
    if not HTML.search(text):
        return text
    reader = Words()
    with suppress(AssertionError):  # of what is no HTML at all; what stood above it is kept
        reader.feed(text)
        reader.close()
    lines = [line.strip() for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class Words(HTMLParser):
    """Collects the words; behind those of a link, its address where they do not name it."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.unread: list[str] = []
        self.link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD:
            self.unread.append(tag)
        elif tag in PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in LINES:
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "a":
            self.link = (dict(attrs).get("href") or "", len(self.parts))

    def handle_endtag(self, tag: str) -> None:
        if self.unread and self.unread[-1] == tag:
            self.unread.pop()
        elif tag in PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "a" and self.link:
            address, start = self.link
            self.link = None
            if address.startswith(("http://", "https://")) and address not in "".join(self.parts[start:]):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.parts.append(re.sub(r"\s+", " ", data))
