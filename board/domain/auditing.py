"""Words as auditors read them: what looks like a mail address is hidden. In time linear in their length."""

import re

MASK = "•••"
TAG = re.compile(r"(<[^>]*>)")
BETWEEN = re.compile(r"([\s<>()\[\]{}\"',;:|&]+)")


def mask(text: str) -> str:
    """The text with a mark in the place of each address, and all else as it was."""
    return "".join(MASK if is_address(part) else part for part in BETWEEN.split(text))


def mask_html(html: str) -> str:
    """The same for HTML of ours: a tag that holds an address is dropped, its words stay."""
    return "".join(("" if "@" in part else part) if TAG.match(part) else mask(part) for part in TAG.split(html))


def is_address(part: str) -> bool:
    before, _, after = part.rpartition("@")
    return bool(before and after)
