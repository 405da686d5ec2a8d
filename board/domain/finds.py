"""Finds what belongs to one person in a text that is about to be public, and masks it. A hint: people decide.

Every function takes any text and time linear in its length. Places count characters of the text as it is given.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import category, decimal

from board.domain import numbers
from board.domain.numbers import Place
from board.domain.phrase import phrase

LIMIT = 20_000  # characters; nothing longer is ever published
REGIONS = ("DE", "GB", "US", "FR", "ES", "IT", "NL", "AT", "CH")
MOST_REGIONS = 12
# The kinds in the order in which they win where finds overlap.
LABELS = {
    "secret": "password or key",
    "iban": "bank account",
    "card": "card number",
    "email": "e-mail address",
    "order": "order number",
    "identity": "national identity number",
    "phone": "phone number",
    "address": "street address",
}
MASKS = {
    "secret": "[password or key removed]",
    "iban": "[bank account removed]",
    "card": "[card number removed]",
    "email": "[e-mail address removed]",
    "order": "[order number removed]",
    "identity": "[national identity number removed]",
    "phone": "[phone number removed]",
    "address": "[street address removed]",
}
RANK = {kind: rank for rank, kind in enumerate(LABELS)}

URL = re.compile(r"(?i)(?:https?: ?//|www\.)[^\s<>]++")
LOCAL = re.compile(r"[\w.+%'-]{0,63}[\w+%-]\Z")
DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_](?:[\w-]{0,61}[^\W_])(?![\w@])")
SPELT_AT = re.compile(r"(?i) ?[\[({] ?(?:at|@) ?[\])}] ?")
SPELT_DOMAIN = re.compile(r"(?i)[\w-]{1,63}(?:(?:\.| ?[\[({] ?(?:dot|punkt|point|\.) ?[\])}] ?| dot )[\w-]{2,63}){1,4}")

SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])|gh[pousr]_[0-9A-Za-z]{20,255}|github_pat_\w{20,255}"
    r"|(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{10,255}|whsec_[0-9A-Za-z]{16,255}|sk-[0-9A-Za-z_-]{20,255}"
    r"|xox[abeoprs]-[0-9A-Za-z-]{10,255}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,255}|glpat-[0-9A-Za-z_-]{16,255}"
    r"|npm_[0-9A-Za-z]{30,255}|pypi-[0-9A-Za-z_-]{30,255}|SG\.[0-9A-Za-z_-]{16,64}\.[0-9A-Za-z_-]{16,64}"
    r"|hf_[0-9A-Za-z]{30,255}|Bearer [0-9A-Za-z._~+/-]{16,512}"
    r"|eyJ[0-9A-Za-z_-]{8,4096}\.[0-9A-Za-z_-]{8,4096}(?:\.[0-9A-Za-z_-]{0,1024})?)"
)
KEY_BLOCK = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^-]*+(?:-----END[^-\n]{0,60}-----)?")
IN_URL = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:([^\s/:@]{1,128})@")
PASSWORD = re.compile(
    r"(?i)(?<![\w-])(?:pass(?:word|code|phrase|wort)|pwd?|kennwort|mot de passe|contraseña|wachtwoord|pin(?:[ -]?code)?"
    r"|api[ _-]?key|secret(?:[ _-]?key)?|access[ _-]?token|token)\b(?P<link>[ \t]{0,3}(?:[:=]|is|ist|est|es)[ \t]{1,3}"
    r"|[:=])(?P<word>[^\s,;\[]{4,128})"
)
TELLING = re.compile(r"\d|\w[^\w.'’!?:)]\w|[a-z][A-Z]")

NAME = r"[A-ZÀ-ÖØ-ÞŠŽ][\w'’-]{1,30}"
ROADS = r"street|road|avenue|boulevard|lane|drive|terrace|crescent|gardens|parkway|highway"
ENGLISH = re.compile(
    rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?,? (?:(?:[NSEW]\.? )?(?:{NAME}\.?|\d{{1,3}}(?:st|nd|rd|th)) ){{1,3}}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Square|Sq|Close|Crescent|Terrace|Way"
    r"|Gardens|Grove|Mews|Parkway|Pkwy|Highway|Hwy|Place)\b\.?"
    rf"|(?<![\w.,/-])\d{{1,5}}[a-z]? (?!(?:on|in|to|of|the|a|my|down|up|this|at|days|hours|times)\b)[a-z]{{3,20}}"
    rf" (?:{ROADS})\b"
    r"|(?i:\bP\.? ?O\.? Box \d{1,6})"
)
GERMAN = re.compile(
    rf"(?<![\w-])(?:(?:{NAME} ){{0,2}}[A-ZÄÖÜ][\w.-]{{0,30}}?(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm"
    rf"|ufer|steig|straat|laan|plein|gracht|kade|singel|dijk)|(?:{NAME}[ -]){{1,3}}(?:Stra(?:ß|ss)e|Str\.|Weg|Platz"
    r"|Allee|Gasse|Ring|Ufer|Damm)) ?\d{1,4}(?: ?[a-z])?(?![\w.,/-]?\d|\w)"
    rf"|(?<![\w-])(?:Am|An der|Auf der|In der|Im|Zum|Zur|Unter den) {NAME} \d{{1,4}}(?: ?[a-z])?, ?\d{{4,5}} {NAME}"
)
FRENCH = re.compile(
    r"(?<![\w.,/-])\d{1,4}(?: ?(?:bis|ter))?,? (?i:rue|avenue|av\.|boulevard|bd|place|allée|chemin|impasse|quai|cours)"
    rf" (?:(?:de la|de|du|des|la|le|les) |(?:de )?[ld]['’])?{NAME}(?: {NAME}){{0,3}}"
)
SOUTHERN = re.compile(
    r"(?<![\w/])(?:Calle|C/|Avenida|Avda\.?|Av\.|Plaza|Paseo|Camino|Carrer|Ronda|Via|Viale|Piazza|Corso|Largo|Vicolo)"
    rf" ?(?:(?:de|del|la|las|los|el|della|dei|di|delle|y) ){{0,2}}{NAME}(?: (?:de|del|la|della|di|{NAME})){{0,4}},?"
    r" (?:n[º°.]? ?)?\d{1,4}(?![\w/:]|[.,-]\d)"
)
TOWN = re.compile(
    rf",? (?:[A-Z]{{1,2}}[- ])?\d{{4,5}}(?: ?[A-Z]{{2}}\b)? ?{NAME}"
    rf"|,? (?:{NAME},? )?[A-Z]{{1,2}}\d[\dA-Z]? \d[A-Z]{{2}}\b"
)

PATTERN = (3, 40)
SAMPLES = str.maketrans({"#": "7", "@": "K"})


@dataclass(frozen=True, order=True)
class Find:
    """Characters `start` to `end` of a text and what they look like."""

    start: int
    end: int
    kind: str


def find(text: str, order_pattern: str = "", regions: Iterable[str] = REGIONS) -> list[Find]:
    """What looks private, in order and apart from each other; nothing in a text that is too long to be published."""
    if len(text) > LIMIT:
        return []
    plain = folded(text)
    unlinked = URL.sub(lambda link: " " * len(link[0]), plain)
    places = {
        "secret": secrets(plain),
        "card": numbers.cards(unlinked),
        "iban": numbers.ibans(unlinked),
        "email": emails(plain),
        "order": orders(plain, order_pattern) if order_pattern else (),
        "identity": numbers.identities(unlinked),
        "phone": numbers.phones(unlinked, tuple(regions)),
        "address": addresses(unlinked),
    }
    return settled(Find(start, end, kind) for kind, found in places.items() for start, end in found)


def mask(text: str, finds: Iterable[Find], say: Callable[[str], str] = str) -> str:
    """The text with a word in brackets in the place of each find."""
    parts, at = [], 0
    for found in finds:
        parts += [text[at : found.start], say(MASKS[found.kind])]
        at = found.end
    return "".join((*parts, text[at:]))


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a pattern of order numbers: # is a figure, @ a letter, everything else itself."""
    if not PATTERN[0] <= len(pattern) <= PATTERN[1] or sum(map(pattern.count, "#@")) < 4 or "#" not in pattern:
        return phrase(
            "Write {least}–{most} characters, four of them places: # is a figure, @ a letter. For example NP-########.",
            least=PATTERN[0],
            most=PATTERN[1],
        )
    return None


def example(pattern: str) -> str:
    """An order number as the pattern has it."""
    return pattern.translate(SAMPLES)


def region_codes(regions: str) -> tuple[str, ...]:
    return tuple(regions.upper().replace(",", " ").split())


def region_problem(regions: str) -> str | None:
    """What is wrong with a list of regions, as two-letter codes with spaces between."""
    codes = region_codes(regions)
    unknown = [code for code in codes if code not in numbers.REGIONS]
    if unknown:
        return phrase(
            "Not a region: {codes}. Write codes of two letters, for example DE GB US.", codes=" ".join(unknown)
        )
    if len(codes) > MOST_REGIONS:
        return phrase("At most {most} regions fit.", most=MOST_REGIONS)
    return None


def settled(found: Iterable[Find]) -> list[Find]:
    """Finds that overlap become one, of the kind that wins, so that nothing of any of them is left over."""
    kept: list[Find] = []
    for one in sorted(found):
        if kept and one.start < kept[-1].end:
            last = kept.pop()
            one = Find(last.start, max(last.end, one.end), min(last.kind, one.kind, key=RANK.__getitem__))
        kept.append(one)
    return kept


def folded(text: str) -> str:
    """The text with plain figures, spaces, dashes and letters for their wide and foreign likes; just as long."""
    return text if text.isascii() else "".join(map(plain_character, text))


@lru_cache(maxsize=4096)
def plain_character(character: str) -> str:
    if character.isascii():
        return character
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    kind = category(character)
    if kind == "Nd":
        return str(decimal(character))
    return {"Zs": " ", "Pd": "-"}.get(kind, "-" if character == "\u2212" else character)


def secrets(text: str) -> Iterator[Place]:
    """Keys and tokens by their well-known beginnings, key blocks, and words after “password:”."""
    for shape in (SECRET, KEY_BLOCK):
        yield from (found.span() for found in shape.finditer(text))
    yield from (found.span(1) for found in IN_URL.finditer(text))
    for found in PASSWORD.finditer(text):
        word = found["word"].rstrip(".!?)\"'”’")
        ends = text[found.end() : found.end() + 1] in ("", "\n")
        if TELLING.search(word) or (found["link"].strip() in (":", "=") and ends):
            yield found.start("word"), found.start("word") + len(word)


def emails(text: str) -> Iterator[Place]:
    """Mail addresses, also with the sign spelt out in brackets."""
    for sign in re.finditer("@", text):
        yield from around(text, sign.span(), DOMAIN)
    for spelt in SPELT_AT.finditer(text):
        yield from around(text, spelt.span(), SPELT_DOMAIN)


def around(text: str, sign: Place, domain: re.Pattern[str]) -> Iterator[Place]:
    head = text[max(0, sign[0] - 64) : sign[0]]
    local, host = LOCAL.search(head), domain.match(text, sign[1])
    if local and host:
        yield sign[0] - len(head) + local.start(), host.end()


def addresses(text: str) -> Iterator[Place]:
    """Streets with a house number as they are written in six languages, with their town."""
    for shape in (ENGLISH, GERMAN, FRENCH, SOUTHERN):
        for found in shape.finditer(text):
            town = TOWN.match(text, found.end())
            yield found.start(), town.end() if town else found.end()


def orders(text: str, pattern: str) -> Iterator[Place]:
    return (found.span() for found in order_shape(pattern).finditer(text))


@lru_cache(maxsize=8)
def order_shape(pattern: str) -> re.Pattern[str]:
    """The company's pattern as an expression; its dashes and spaces may be left out or be each other."""
    parts = {"#": r"\d", "@": "[A-Za-z]", **dict.fromkeys(" -_./", r"[ \-_./]?")}
    return re.compile(r"(?i)(?<!\w)" + "".join(parts.get(c, re.escape(c)) for c in folded(pattern)) + r"(?!\w)")
