"""Taking a few words out of a text: a mark that says what stood there takes their place."""

import re
from collections.abc import Sequence

from board.domain.finds import MASKS
from board.domain.phrase import phrase
from board.domain.text import clean
from board.errors import Invalid

MARKS = {"words": "[words removed]", "name": "[name removed]", **MASKS}
LEAST, MOST_PHRASES = 2, 50


def phrases(typed: str) -> tuple[str, ...]:
    """The words to take out, one run of them a line; raises Invalid for none, too many, or a single character."""
    lines = tuple(dict.fromkeys(line.strip() for line in clean(typed).splitlines() if line.strip()))
    if not lines:
        raise Invalid({"words": "Give the words to take out, as they stand there."})
    if len(lines) > MOST_PHRASES:
        raise Invalid({"words": phrase("Give at most {most} lines.", most=MOST_PHRASES)})
    if any(len(line) < LEAST for line in lines):
        raise Invalid({"words": "A single character is too little: everything would be full of marks."})
    return lines


def mask(text: str, words: Sequence[str], mark: str) -> str:
    """The text with each occurrence of the words, in capitals or not, replaced by the mark."""
    longest_first = sorted(words, key=len, reverse=True)
    pattern = "|".join(r"\s+".join(re.escape(part) for part in line.split()) for line in longest_first)
    return re.sub(pattern, lambda _: mark, text, flags=re.IGNORECASE)
