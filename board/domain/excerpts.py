"""The words of a text around what somebody looked for, with the hits marked.

The databases find by stems; what is marked is near to that, and the same for both. Hits stand between the control
characters HIT and END, which no text can hold; the reader escapes the rest and replaces them.
"""

import re
import unicodedata
from collections.abc import Sequence

HIT, END = "\x02", "\x03"
WORD = re.compile(r"\w+")
BEFORE, AFTER = 8, 20  # words that are shown around the first hit
ENDINGS = ("ings", "ing", "ed", "es", "s", "ly", "e", "y")
SHORTEST = 3


def excerpt(title: str, body: str, terms: Sequence[str]) -> str:
    """From the body; from the title where only that has a hit."""
    for text in (body, title):
        places = [found.span() for found in WORD.finditer(text)]
        hits = [place for place, (start, end) in enumerate(places) if is_hit(text[start:end], terms)]
        if hits:
            return cut(text, places, hits)
    return cut(body, [found.span() for found in WORD.finditer(body)], [])


def cut(text: str, places: list[tuple[int, int]], hits: list[int]) -> str:
    first = max(0, hits[0] - BEFORE) if hits else 0
    shown = places[first : first + BEFORE + AFTER]
    if not shown:
        return ""
    marked, at = ["…"] if first else [], shown[0][0] if first else 0
    for place, (start, end) in enumerate(shown, first):
        marked += [text[at:start], f"{HIT}{text[start:end]}{END}" if place in hits else text[start:end]]
        at = end
    return "".join(marked) + ("…" if first + len(shown) < len(places) else text[at:])


def is_hit(word: str, terms: Sequence[str]) -> bool:
    """Whether the databases would take the word for one of the terms, the last one of which may be a beginning."""
    plain = folded(word)
    return root(plain) in {root(folded(term)) for term in terms} or plain.startswith(folded(terms[-1]))


def folded(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))


def root(word: str) -> str:
    """The word without an English ending, roughly."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > SHORTEST and word[-1] == word[-2] else word
