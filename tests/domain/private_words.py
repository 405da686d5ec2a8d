"""Sentences of customers with something private in each, made up from a seed: the corpus of the finder."""

from random import Random
from typing import NamedTuple

SEED = 20_261_122
SENTENCES = (
    "{}",
    "My parcel never came. {}",
    "Hello, please help: {} Thank you!",
    "Ordered on 2026-11-14 for 84.50 €.\n{}\nIt is item 12 of 40.",
    "I waited 3 weeks ({}) and heard nothing, see https://shop.example/orders/99120034?ref=4471.",
    "Wo bleibt mein Paket? {}. Danke.",
)
TOLD = {
    "email": ("Mail me: {}", "{}", "you reach me at {}.", "<{}>", "meine Adresse ist {}"),
    "phone": ("Call {}", "Call me on {}.", "Tel. {}", "tel: {}", "phone {}, after 6", "mobile {}", "ruf an: {}"),
    "card": ("card {}", "I paid with {}.", "Karte: {}", "{} exp 12/27", "{}"),
    "iban": ("IBAN {}", "my account is {}.", "Konto {}", "refund to {} please", "IBAN: {}"),
}
LENGTHS = {"DE": 22, "GB": 22, "FR": 27, "ES": 24, "IT": 27, "NL": 18, "AT": 20, "CH": 21, "BE": 16, "PL": 28}
BANKS = {"GB": "WEST", "NL": "ABNA"}
CARDS = (
    (16, "4"),
    (16, "51"),
    (16, "55"),
    (16, "2221"),
    (15, "34"),
    (15, "37"),
    (16, "6011"),
    (14, "36"),
    (16, "3530"),
)
PHONES = (
    "+49 17# #######",
    "+49-151-########",
    "+4917########",
    "0049 171 #######",
    "+49 (0) 171 #######",
    "0171 #######",
    "0171/#######",
    "0171-#######",
    "030 2#######",
    "+44 7700 9#####",
    "07700 9#####",
    "020 7946 0###",
    "+1 (212) 555-01##",
    "(212) 555-01##",
    "212-555-01##",
    "1-800-555-01##",
    "+1 415.555.26##",
    "06 12 ## ## ##",
    "06.12.##.##.##",
    "+33 6 12 ## ## ##",
    "612 34# ###",
    "+34 612 34# ###",
    "333 123 4###",
    "+39 333 123 4###",
    "06 12345###",
    "+31 6 12345###",
    "0664 1234###",
    "079 123 4# ##",
    "+41 79 123 4# ##",
)
NARROW_SPACE, SPACE = "\u202f", "\u00a0"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


class Told(NamedTuple):
    text: str
    kind: str
    words: str


def corpus(count: int, seed: int = SEED) -> list[Told]:
    """As many of each kind, in ever other sentences."""
    random = Random(seed)
    kinds = (email, phone, card, iban)
    return [
        told(random, kinds[place % len(kinds)].__name__, kinds[place % len(kinds)](random)) for place in range(count)
    ]


def told(random: Random, kind: str, words: str) -> Told:
    if kind != "email" and random.random() < 0.1:
        words = words.translate(WIDE)
    if random.random() < 0.1:
        words = words.replace(" ", random.choice((NARROW_SPACE, SPACE)))
    text = random.choice(SENTENCES).format(random.choice(TOLD[kind]).format(words))
    return Told(text, kind, words)


def digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def email(random: Random) -> str:
    name = random.choice(("ada", "ada.lovelace", "a.l+shop", "ada_99", "o'neil", "müller", "x"))
    host = random.choice(("example.com", "mail.example.org", "gmail.com", "t-online.de", "exämple.de", "firma.co.uk"))
    sign = random.choices(("@", " (at) ", "[at]"), (18, 1, 1))[0]
    made = f"{name}{digits(random, 2)}{sign}{host}"
    return made.upper() if random.random() < 0.1 else made


def phone(random: Random) -> str:
    return "".join(digits(random, 1) if c == "#" else c for c in random.choice(PHONES))


def card(random: Random) -> str:
    length, prefix = random.choice(CARDS)
    body = prefix + digits(random, length - len(prefix) - 1)
    return spaced(random, body + luhn_digit(body), 4)


def luhn_digit(body: str) -> str:
    doubled = [int(c) * (2 - place % 2) for place, c in enumerate(reversed(body))]
    return str(-sum(n // 10 + n % 10 for n in doubled) % 10)


def iban(random: Random) -> str:
    country = random.choice(list(LENGTHS))
    bank = BANKS.get(country, "")
    account = bank + digits(random, LENGTHS[country] - 4 - len(bank))
    check = 98 - int("".join(str(int(c, 36)) for c in f"{account}{country}00")) % 97
    made = spaced(random, f"{country}{check:02}{account}", 4)
    return made.lower() if random.random() < 0.05 else made


def spaced(random: Random, code: str, size: int) -> str:
    gap = random.choice(("", " ", " ", "-"))
    return gap.join(code[at : at + size] for at in range(0, len(code), size))
