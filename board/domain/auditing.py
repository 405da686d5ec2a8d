"""Words as auditors read them: what looks private in them is hidden. In time linear in their length."""

import re
from collections.abc import Iterator
from itertools import islice

from board.domain.finds import find

MASK = "•••"
TAG = re.compile(r"(<[^>]*>)")
INLINE = re.compile(r"</?(?:a|code|del|em|mark|s|strong)\b")
BETWEEN = re.compile(r"([\s<>()\[\]{}\"',;:|&]+)")


def mask(text: str) -> str:
    """The text with a mark in the place of each address and of whatever else looks private, and all else as it was."""
    return "".join(masked(text))


def mask_html(html: str) -> str:
    """The same for HTML of ours, also where tags stand inside of what is private; a tag with an address is dropped."""
    parts = TAG.split(html)  # words at even places, tags at odd ones
    words = [gap(part) if place % 2 else part for place, part in enumerate(parts)]
    shown = masked("".join(words))
    for place, part in enumerate(parts):
        mine = "".join(islice(shown, len(words[place])))
        parts[place] = mine if place % 2 == 0 else "" if "@" in part else part
    return "".join(parts)


def gap(tag: str) -> str:
    """What a tag is to the words beside it: nothing in a line of them, else a space."""
    return "" if INLINE.match(tag) else " "


def masked(text: str) -> Iterator[str]:
    """For each character what is shown: itself, or of private ones the mark for the first and nothing for the rest."""
    at = 0
    for start, end in private(text):
        yield from text[at:start]
        yield from [MASK, *[""] * (end - start - 1)]
        at = end
    yield from text[at:]


def private(text: str) -> Iterator[tuple[int, int]]:
    """Where what looks private begins and ends, in order."""
    at = 0
    for found in find(text):
        yield from addresses(text, at, found.start)
        yield found.start, found.end
        at = found.end
    yield from addresses(text, at, len(text))


def addresses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for part in BETWEEN.split(text[start:end]):
        if is_address(part):
            yield start, start + len(part)
        start += len(part)


def is_address(part: str) -> bool:
    before, _, after = part.rpartition("@")
    return bool(before and after)
