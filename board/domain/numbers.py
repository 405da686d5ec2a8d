"""Numbers that belong to one person: payment cards, IBANs, phone and identity numbers, found by shape and check digit.

Every function takes time linear in the length of the text: what is tried at one place is bounded, and so is the number
of phone numbers that are looked up. Texts come folded: plain digits, plain spaces, plain dashes (`finds.folded`).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from stdnum import luhn
from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ch import ssn as ahv
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.in_ import aadhaar, pan
from stdnum.iso7064 import mod_97_10
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

Place = tuple[int, int]

REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)

LOOKUPS = 400  # phone numbers that are looked up in one text; after that the shape alone decides
LEAST = 7  # figures of a phone number
GROUPS = 8  # groups of figures in a phone number
BEFORE = 40  # characters before a number in which a word says what it is
RUN = re.compile(r"\d(?:[ ()./\-]{0,3}+\d)*+")
GROUP = re.compile(r"\d+")
GLUE = re.compile(r"[\w/=#&?_%]|\w[.\-]")
NO_PHONE = re.compile(  # dates, and what an American post code looks like
    r"(?:\d{5}-\d{4}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?![./-]?\d)"
)

BRANDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|35[2-8]\d)\d{12,15}|3(?:0[0-5]|[689]\d)\d{11}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{8,15}"
)
BEGINNINGS, DIGITS = "23456", (13, 19)
CARD_GAP = re.compile(r"[ \-.]{0,2}")

IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2}) ?\d ?\d(?=[ -]?[A-Za-z0-9])")
IBAN_COUNTRIES = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29"
    " ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20"
    " LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25"
    " QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
IBAN_LENGTHS = {code[:2]: int(code[2:]) for code in IBAN_COUNTRIES.split()}
IBAN_FIGURES = 8  # fewer figures are words, unless somebody says that it is an IBAN

TOLD_PHONE = re.compile(
    r"(?i)\b(?:tel|phone|telefon|handy|mobil|cell|call|ring|whats ?app|sms|text me|fax|ruf|anruf|reach me"
    r"|my (?:\w{1,12} )?number|meine nummer"
    r"|t[eé]l[eé]phone|portable|appel|llam|tel[eé]fono|m[oó]vil|chiam|cellulare|telefoon|bel |bellen|num[eé]ro)"
)
TOLD_OTHER = re.compile(
    r"(?i)(?:order|ticket|case|invoice|reference|ref|tracking|serial|error|model|version|parcel|shipment|booking|bestell"
    r"\w*|auftrags?\w*|sendungs?\w*|rechnungs?\w*|commande|facture|pedido|factura|ordine|fattura|article|artikel|isbn|ean)"
    r"[\s\w.:°#-]{0,14}$"
)
AMERICAN = re.compile(r"(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}(?!\d)")


@dataclass(frozen=True)
class Identity:
    """A country's number: its shape, its check digits, and the word that must stand near a shape that is common."""

    shape: re.Pattern[str]
    is_valid: Callable[[str], bool]
    told: re.Pattern[str] | None = None


def identity(shape: str, is_valid: Callable[[str], bool] = lambda number: True, told: str = "") -> Identity:
    near = re.compile(rf"(?i)\b(?:{told})") if told else None
    return Identity(re.compile(rf"(?i)(?<![\w-])(?:{shape})(?![\w-])"), is_valid, near)


IDENTITIES = (
    identity(r"\d{3}-\d\d-\d{4}", ssn.is_valid),
    identity(r"\d{3} ?\d\d ?\d{4}", ssn.is_valid, "ssn|social security"),
    identity(r"(?:qq|[a-ceghj-prstw-z][a-ceghj-npr-tw-z]) ?\d\d ?\d\d ?\d\d ?[a-d]"),
    identity(r"\d{2}(?: ?\d{3}){3}", idnr.is_valid, "steuer|tax|idnr|identifikation"),
    identity(r"[12] ?\d\d ?[01]\d ?(?:\d\d|2[ab]) ?\d{3} ?\d{3} ?\d\d", nir.is_valid),
    identity(r"\d{8}-?[a-z]", dni.is_valid),
    identity(r"[xyz]-?\d{7}-?[a-z]", nie.is_valid),
    identity(r"[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]", codicefiscale.is_valid),
    identity(r"\d{9}|\d{4}[. ]\d\d[. ]\d{3}", bsn.is_valid, "bsn|burgerservice|sofi"),
    identity(r"\d\d\.\d\d\.\d\d[- ]\d{3}[.-]\d\d", nn.is_valid),
    identity(r"\d{11}", pesel.is_valid, "pesel"),
    identity(r"\d{6}[-+]\d{4}|(?:19|20)\d{6}-\d{4}", personnummer.is_valid),
    identity(r"\d{6}[-+a]\d{3}[0-9a-y]", hetu.is_valid),
    identity(r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d\d", ahv.is_valid),
    identity(r"\d{3}\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    identity(r"\d{11}", cpf.is_valid, "cpf"),
    identity(r"\d{4}[ -]?\d{4}[ -]?\d{4}", aadhaar.is_valid, "aadhaar|aadhar|uidai"),
    identity(r"[a-z]{5}\d{4}[a-z]", pan.is_valid, "pan"),
    identity(r"\d{3}[ -]?\d{3}[ -]?\d{3}", luhn.is_valid, "social insurance|sin"),
    identity(r"(?=[a-z]{0,2}\d)[a-z0-9]{8,10}", told="passport|reisepass|passeport|pasaporte|passaporto|paspoort"),
    identity(
        r"(?=[a-z]{0,4}\d)[a-z0-9]{8,12}", told="personalausweis|ausweisnummer|id card|identity card|driving licen"
    ),
)


def cards(text: str) -> Iterator[Place]:
    """Payment cards: a known beginning, the length that belongs to it, and the check digit (Luhn)."""
    for groups in runs(text, glue=None):
        for first, (start, _) in enumerate(groups):
            if text[start] in BEGINNINGS and text[start - 1 : start] != "+":
                yield from ((start, end) for end in card_ends(text, groups[first : first + DIGITS[1]]))


def card_ends(text: str, groups: list[Place]) -> Iterator[int]:
    """Where a card that begins with the first group may end."""
    digits, last = "", groups[0][0]
    for opens, ends in groups:
        if len(digits) + ends - opens > DIGITS[1] or not CARD_GAP.fullmatch(text, last, opens):
            return
        digits, last = digits + text[opens:ends], ends
        if len(digits) >= DIGITS[0] and is_card(digits):
            yield ends


def is_card(digits: str) -> bool:
    return bool(BRANDS.fullmatch(digits)) and luhn.is_valid(digits)


def ibans(text: str) -> Iterator[Place]:
    """IBANs of their country's length with their check digits (ISO 7064); after the word “IBAN” also mistyped ones."""
    for found in IBAN.finditer(text):
        length = IBAN_LENGTHS.get(found[1].upper())
        ends = counted(text, found.start(), length) if length else None
        if ends is None:
            continue
        code = re.sub("[ -]", "", text[found.start() : ends]).upper()
        told = "iban" in before(text, found.start()).lower()
        has_figures = sum(map(str.isdigit, code)) >= IBAN_FIGURES
        if told or (has_figures and mod_97_10.is_valid(code[4:] + code[:4])):
            yield found.start(), ends


def counted(text: str, start: int, length: int) -> int | None:
    """Where `length` letters and figures end, single spaces and dashes between them; None where they do not."""
    at = start
    for _ in range(length):
        if at > start and text[at : at + 1] in (" ", "-"):
            at += 1
        if not (text[at : at + 1].isascii() and text[at : at + 1].isalnum()):
            return None
        at += 1
    return None if text[at : at + 1].isalnum() else at


def identities(text: str) -> Iterator[Place]:
    """National numbers: by a shape that nothing else has, or where a word before it says what it is."""
    for known in IDENTITIES:
        for found in known.shape.finditer(text):
            is_told = known.told is None or known.told.search(before(text, found.start()))
            if is_told and known.is_valid(found[0]):
                yield found.span()


def phones(text: str, regions: tuple[str, ...]) -> Iterator[Place]:
    """Phone numbers: international ones anywhere, national ones as they are written in the regions."""
    lookups = iter(range(LOOKUPS))
    for groups in runs(text):
        first = 0
        while first < len(groups):
            if other := NO_PHONE.match(text, groups[first][0]):
                first += sum(ends <= other.end() for _, ends in groups[first : first + 3])
                continue
            last = phone(text, groups[first : first + GROUPS], regions, lookups)
            if last is None:
                first += 1
                continue
            yield opening(text, groups[first]), groups[first + last][1]
            first += last + 1


def runs(text: str, glue: re.Pattern[str] | None = GLUE) -> Iterator[list[Place]]:
    """The places of figures that stand close together, as groups; not those that are part of a word or a code."""
    for run in RUN.finditer(text):
        groups = [(group.start(), group.end()) for group in GROUP.finditer(text, run.start(), run.end())]
        is_glued = glue and any(glue.fullmatch(text, run.start() - size, run.start()) for size in (1, 2))
        ends_in_a_word = text[run.end() : run.end() + 1].isalpha()
        groups = groups[1:] if is_glued else groups
        yield groups[:-1] if ends_in_a_word else groups


def opening(text: str, first: Place) -> int:
    """Where a number begins with its plus, and with its parenthesis where that closes after the first group."""
    signs = "+(" if text[first[1] : first[1] + 1] == ")" else "+"
    start = first[0]
    while start and text[start - 1] in signs:
        start -= 1
    return start


def phone(text: str, groups: list[Place], regions: tuple[str, ...], lookups: Iterator[int]) -> int | None:
    """The last of the groups that make a phone number with the first one; the longest that is valid."""
    start = groups[0][0]
    if sum(ends - opens for opens, ends in groups) < LEAST:
        return None
    opened = opening(text, groups[0])
    sign = text[opened:start]
    is_international = "+" in sign or text.startswith("00", start)
    near = before(text, opened)
    is_told, is_other = bool(TOLD_PHONE.search(near)), bool(TOLD_OTHER.search(near))
    if not is_international and is_other:
        return None
    if not is_international and (shape := AMERICAN.match(text, opened)):
        return sum(ends <= shape.end() for _, ends in groups) - 1
    for last in reversed(range(len(groups))):
        digits = re.sub(r"\D", "", text[start : groups[last][1]])
        if is_international:
            number = "+" + digits.removeprefix("00") if "+" not in sign else "+" + digits
            if 8 <= len(digits) <= 17 and is_number(number, ("ZZ",), lookups):
                return last
            continue
        is_shaped = is_national_shape(digits, last + 1, is_told=is_told, is_open="(" in sign)
        if is_shaped and is_number(digits, fitting(digits, regions, is_told=is_told), lookups):
            return last
    return None


def is_national_shape(digits: str, groups: int, *, is_told: bool, is_open: bool) -> bool:
    if is_told:
        return LEAST <= len(digits) <= 13
    if digits.startswith("0") or is_open:
        return 9 <= len(digits) <= 12
    return groups >= 3 and 9 <= len(digits) <= 11


def fitting(digits: str, regions: tuple[str, ...], *, is_told: bool) -> tuple[str, ...]:
    """The regions in which a number may begin like this."""
    if digits.startswith("0") or is_told:
        return regions
    return tuple(region for region in regions if trunk(region) != "0")


@lru_cache(maxsize=300)
def trunk(region: str) -> str | None:
    known = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return known.national_prefix if known else None


def is_number(digits: str, regions: tuple[str, ...], lookups: Iterator[int]) -> bool:
    """Whether it is a number in any of the regions; when all look-ups are spent, it counts as one."""
    for region in regions:
        if next(lookups, None) is None:
            return True
        if is_number_in(digits, region):
            return True
    return False


def is_number_in(digits: str, region: str) -> bool:
    try:
        number = phonenumbers.parse(digits, None if region == "ZZ" else region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number) if region == "ZZ" else phonenumbers.is_valid_number(number)


def before(text: str, start: int) -> str:
    return text[max(0, start - BEFORE) : start]
