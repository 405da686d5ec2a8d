"""People's words: cleaned at the door, turned from Markdown into safe HTML, and cut to a length.

Every function takes any text at all, never raises for its content, and takes time linear in its length.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from html import escape, unescape
from itertools import dropwhile
from unicodedata import category, combining, normalize

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from nh3 import Cleaner

LIMIT = 20_000  # characters; longer Markdown is shown as it was typed
NESTING = 20  # levels; the parser drops what lies deeper, so deeper Markdown is shown as it was typed
EFFORT = 25_000  # about the microseconds that parsing may take; costlier Markdown is shown as it was typed
MARKS = 8  # accents on one letter; more are dropped: they only smear over the lines, and NFC takes quadratic time
UNTITLED = "Untitled issue"

ZWNJ, ZWJ = "\u200c", "\u200d"
SPACES = " \n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
EDGE = SPACES + ZWNJ + ZWJ  # what is trimmed: a text of joiners only would be an invisible one

# C0 and C1 controls (but those that break lines), bidi controls, zero-width characters, lone surrogates, noncharacters.
NONCHARACTERS = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    f"\ud800-\udfff\ufdd0-\ufdef{NONCHARACTERS}]"
)
LINE_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
BLANK_LINES = re.compile(r"\n{4,}")

# Parentheses only in pairs and no brackets, so that no attempt reads past the next possible start; no letters of
# scripts that are written without spaces, so that an address ends where such a sentence goes on.
IN_ADDRESS = r"""[^\s<>()\[\]"`\\\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]"""
ADDRESS = rf"(?i:https?)://(?=[^\W_])(?:{IN_ADDRESS}++|\({IN_ADDRESS}*+\))++"
MAILTO = rf"(?i:mailto):{IN_ADDRESS}++"
BARE = re.compile(rf"(?<![A-Za-z0-9])({ADDRESS})")
ANGLED = re.compile(rf"<({ADDRESS}|{MAILTO})>")
LABELLED = re.compile(rf"\[(?!\s*\])([^\[\]\n]++)\]\(({ADDRESS}|{MAILTO})\)")
STOPS = re.compile(r"[\n\\`*_\[\]<:]")  # where a rule may begin or a label end; the rest is taken in one stride
LANGUAGE = re.compile(r"[\w+#.-]{1,20}")
FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
JOINING = ZWJ + "".join(map(chr, (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))
TAG = re.compile(r"<[^>]*>")
LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
ITEM = re.compile(r"<li>\n*(?:<p>)?")
BLOCK_END = re.compile(r"</(?:p|pre|ul|ol|blockquote)>")
MANY_LINES = re.compile(r"\n{3,}")

# A sentence ends here, unless a small letter or a figure follows a full stop ("approx. 5 days").
SENTENCE_END = re.compile(r"(?:[!?…]|\.(?!\s+[a-z0-9]))[\"'”’»)]?(?=\s|$)|[。！？｡؟।]")
SENTENCE_MIN = 17  # characters; a shorter one ("Hello Northwind.") takes the next one along

ASCII_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})

SAFE = Cleaner(
    tags={"p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a"},
    attributes={"a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="nofollow ugc noopener",
)


# A line of words in which Markdown, links and HTML have nothing to say; most comments are one.
PLAIN = re.compile(r"[^\W\d_](?:[^\W_]|[ ,;?!'()%-]|[.:](?= |$))*")
PLAIN_LENGTH = 2_000


def clean(value: str, *, lines: bool = True) -> str:
    """Text as it is kept: NFC, LF, without characters that hide, reorder or cannot be stored. Idempotent.

    With `lines=False` all white space is folded and everything stands on one line.
    """
    text = UNWANTED.sub("", value.replace("\t", " "))
    text = composed(LINE_BREAK.sub("\n", text))
    if not lines:
        return " ".join(text.split()).strip(EDGE)
    trimmed = "\n".join(line.rstrip() for line in text.split("\n")).strip(EDGE)
    return BLANK_LINES.sub("\n\n\n", trimmed)


@lru_cache(maxsize=256)
def to_html(markdown: str) -> str:
    """Safe HTML of p, br, em, strong, code, pre, ul, ol, li, blockquote and a[href] to the web or to a mailbox.

    No word is dropped: what is not understood, or would take too long to parse, is shown as it was typed.
    """
    text = clean(markdown)
    if len(text) <= PLAIN_LENGTH and PLAIN.fullmatch(text):
        return f"<p>{text}</p>"
    return parsed(text)


def parsed(text: str) -> str:
    return SAFE.clean(rendered(text)).strip()


def to_plain(markdown: str) -> str:
    """The words alone, on one line; for excerpts and mail subjects. Not HTML: escape it where it is shown."""
    return without_tags(to_html(markdown))


@lru_cache(maxsize=256)
def without_tags(html: str) -> str:
    """The words alone, on one line, of what `to_html` has made."""
    return clean(unescape(TAG.sub("", html)), lines=False)


def in_lines(markdown: str) -> str:
    """The words with their paragraphs and items, and the address behind each link. Not HTML."""
    return lines_of(to_html(markdown))


def lines_of(html: str) -> str:
    """The same of what `to_html` has made."""
    linked = LINK.sub(with_address, html.replace("<br>\n", "\n"))
    marked = BLOCK_END.sub("\n\n", ITEM.sub("– ", linked))
    return MANY_LINES.sub("\n\n", clean(unescape(TAG.sub("", marked)))).strip()


def with_address(link: re.Match[str]) -> str:
    return link[2] if link[1] == link[2] else f"{link[2]} ({link[1]})"


def cut(text: str, length: int) -> str:
    """At most `length` characters with their lines; where it cuts, it cuts after a word and adds an ellipsis."""
    if len(text) <= length:
        return text
    end = whole(text, length - 1)
    space = max(text.rfind(space, end // 2, end + 1) for space in " \n")
    return text[: space if space > 0 else end].rstrip(" \n,;:.-–") + "…"


def excerpt(text: str, length: int) -> str:
    """At most `length` characters on one line; where it cuts, it cuts after a word and adds an ellipsis."""
    text = clean(text, lines=False)
    if len(text) <= length:
        return text
    end = whole(text, max(length - 1, 0))
    space = text.rfind(" ", end // 2, end + 1)
    return text[: space if space > 0 else end].rstrip(" ,;:.-–") + "…" if length > 0 else ""


def first_sentence(text: str, length: int = 140) -> str:
    """A title of 3 to `length` characters made of what somebody wrote to the company."""
    plain = to_plain(text)
    words = list(dropwhile(is_mention, plain.split()))
    while words and words[-1].lower().startswith(("http://", "https://")):
        words.pop()
    said = opening(" ".join(words), length)
    if len(said) < 3:
        said = excerpt(plain, length)
    return said if len(said) >= 3 else UNTITLED


def slug(name: str) -> str:
    """1 to 40 of a-z, 0-9 and inner hyphens; stable, also for names of which no such letter is left."""
    plain = clean(name, lines=False)
    ascii_name = normalize("NFKD", plain.casefold().translate(ASCII_LETTERS)).encode("ascii", "ignore").decode()
    left = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:40].rstrip("-")
    return left or "area-" + sha256(plain.encode()).hexdigest()[:8]


def composed(text: str) -> str:
    """NFC, with at most `MARKS` marks on a letter before it (for its time) and after it (it can add some)."""
    return text if text.isascii() else unsmeared(normalize("NFC", unsmeared(text)))


def unsmeared(text: str) -> str:
    kept, run = [], 0
    for character in text:
        run = run + 1 if combining(character) else 0
        if run <= MARKS:
            kept.append(character)
    return "".join(kept)


def rendered(text: str) -> str:
    if len(text) > LIMIT or effort(text) > EFFORT:
        return as_typed(text)
    tokens = PARSER.parse(text)
    if any(token.level >= NESTING - 1 for token in tokens):
        return as_typed(text)
    return str(PARSER.renderer.render(tokens, PARSER.options, {}))


def effort(text: str) -> int:
    """About how many microseconds the parser will take, as measured on its worst inputs; linear itself."""
    marks = sum(map(text.count, "*_`\\"))
    stops = sum(map(text.count, "[]<:"))
    blocks = sum(map(text.count, ("\n", "- ", "+ ", ". ", ") ", ">")))
    links = text.count("://") + text.count("](")
    rescans = text.count(">") * text.count("\n")  # a broken quotation is looked through to the end, again and again
    return 10 * marks + 3 * stops + 20 * blocks + 30 * links + rescans


def as_typed(text: str) -> str:
    """Paragraphs and line breaks only, with web addresses as links."""
    pieces = (as_link(piece) if place % 2 else escape(piece) for place, piece in enumerate(BARE.split(text)))
    paragraphs = "".join(pieces).replace("\n", "<br>\n").split("<br>\n<br>\n")
    return "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def as_link(address: str) -> str:
    end = len(trimmed(address))
    shown = escape(address[:end])
    return f'<a href="{shown}">{shown}</a>{escape(address[end:])}'


def trimmed(address: str) -> str:
    """The address without the punctuation of the sentence that it stands in."""
    return address.rstrip(".,:;!?'*_~…»”’")


def parser() -> MarkdownIt:
    """Markdown without what hides words or surprises people who never heard of it.

    Left out: HTML, images, tables, entities, link definitions and titles, underlined headings, rules, indented code.
    """
    rules = ["newline", "escape", "backticks", "emphasis", "fence", "blockquote", "list", "heading"]
    markdown = MarkdownIt("zero", {"breaks": True, "maxNesting": NESTING}).enable(rules)
    markdown.inline.terminator_re = STOPS
    for rule in (labelled_link, angled_address, bare_address):
        markdown.inline.ruler.push(rule.__name__, rule)
    for kind, render in {"heading_open": heading, "heading_close": heading, "fence": fence}.items():
        markdown.add_render_rule(kind, render)
    return markdown


def labelled_link(state: StateInline, silent: bool) -> bool:
    """`[label](address)`, as the parser's own rule, but without titles and in linear time."""
    found = LABELLED.match(state.src, state.pos, state.posMax)
    if not found or state.linkLevel:
        return False
    if not silent:
        end, (state.pos, state.posMax) = state.posMax, found.span(1)
        open_link(state, found[2])
        state.md.inline.tokenize(state)
        close_link(state)
        state.posMax = end
    state.pos = found.end()
    return True


def angled_address(state: StateInline, silent: bool) -> bool:
    """`<address>`"""
    found = ANGLED.match(state.src, state.pos, state.posMax)
    if not found or state.linkLevel:
        return False
    if not silent:
        link(state, found[1])
    state.pos = found.end()
    return True


def bare_address(state: StateInline, silent: bool) -> bool:
    """An address in the running text, noticed at its colon, when its scheme is still pending."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    start = state.pos - (5 if state.src[state.pos - 1] in "sS" else 4)
    found = BARE.match(state.src, start, state.posMax)
    scheme = state.src[start : state.pos]
    if not found or not state.pending.endswith(scheme):
        return False
    address = trimmed(found[0])
    if not silent:
        state.pending = state.pending[: -len(scheme)]
        link(state, address)
    state.pos = start + len(address)
    return True


def link(state: StateInline, address: str) -> None:
    open_link(state, address)
    state.push("text", "", 0).content = address
    close_link(state)


def open_link(state: StateInline, address: str) -> None:
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.linkLevel += 1


def close_link(state: StateInline) -> None:
    state.push("link_close", "a", -1)
    state.linkLevel -= 1


def heading(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A bold paragraph: the outline of the page is not the writer's."""
    return "<p><strong>" if tokens[index].nesting > 0 else "</strong></p>\n"


def fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    """A block of code; words after the opening fence are a first line, unless they name a language."""
    token = tokens[index]
    info = token.info.strip()
    first = "" if LANGUAGE.fullmatch(info) or not info else info + "\n"
    return f"<pre><code>{escape(first + token.content)}</code></pre>\n"


def opening(text: str, length: int) -> str:
    """The first sentence, or the first few where they are short, without its full stop."""
    ends = (found.end() for found in SENTENCE_END.finditer(text))
    end = next((end for end in ends if end >= SENTENCE_MIN), len(text))
    return excerpt(text[:end].rstrip(" .,;:"), length)


def is_mention(word: str) -> bool:
    return len(word) > 1 and word.startswith(("@", ".@"))


def whole(text: str, index: int) -> int:
    """The nearest place at or before `index` where a cut leaves every character with its marks."""
    while 0 < index < len(text) and is_joined(text, index):
        index -= 1
    return index


def is_joined(text: str, index: int) -> bool:
    """Whether the character at `index` belongs to the one before: an accent, a skin tone, half a flag."""
    here, before = text[index], text[index - 1]
    if here in FLAGS and before in FLAGS:
        run = len(text[:index]) - len(text[:index].rstrip(FLAGS))
        return run % 2 == 1
    return before == ZWJ or here in JOINING or category(here).startswith("M")


PARSER = parser()
