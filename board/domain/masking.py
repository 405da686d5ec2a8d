"""Taking a few words out of a text: a mark that says what stood there takes their place."""

import re
from collections.abc import Sequence

from board.domain.finds import MASKS, Find
from board.domain.numbers import Place
from board.domain.phrase import choose, phrase
from board.domain.text import clean
from board.errors import Invalid

MARKS = {"words": "[words removed]", "name": "[name removed]", **MASKS}
LEAST, MOST_PHRASES = 2, 50
# Thai, Lao, Burmese and Khmer, and the scripts of Chinese and Japanese.
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)
IN_WORD = rf"[^\W_{SPACELESS}]"


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


def mark_named(name: str) -> str:
    """The mark of this name; raises Invalid for one that is none."""
    if name not in MARKS:
        raise Invalid({"mark": choose(tuple(MARKS))})
    return MARKS[name]


def mask(text: str, words: Sequence[str], mark: str, finds: Sequence[Find] = ()) -> str:
    """The text with a mark in each place of the words: the mark of the find where they are one, else the one given."""
    parts, at = [], 0
    for start, end in places(text, words):
        found = find_at(text, (start, end), finds)
        parts += [text[at:start], MASKS[found.kind] if found else mark]
        at = end
    return "".join((*parts, text[at:]))


def are_finds(text: str, words: Sequence[str], finds: Sequence[Find]) -> bool:
    """Whether the words are finds, or parts of them, and nothing else, wherever they stand in the text."""
    return all(find_at(text, place, finds) for place in places(text, words))


def find_at(text: str, place: Place, finds: Sequence[Find]) -> Find | None:
    """The first find in the place, if it leaves no letter or digit there beside finds."""
    start, end = place
    there = [found for found in finds if found.start < end and start < found.end]
    rest = (i for i in range(start, end) if not any(found.start <= i < found.end for found in there))
    return there[0] if there and not any(text[i].isalnum() for i in rest) else None


def places(text: str, words: Sequence[str]) -> list[Place]:
    """Where the words stand, in capitals or not; never within a longer word or number."""
    longest_first = sorted(words, key=len, reverse=True)
    return [found.span() for found in re.finditer("|".join(map(shape, longest_first)), text, flags=re.IGNORECASE)]


def shape(line: str) -> str:
    """The expression for a run of words; its ends meet no letter or digit but of a script without spaces."""
    before = f"(?<!{IN_WORD})" if re.match(IN_WORD, line) else ""
    after = f"(?!{IN_WORD})" if re.match(IN_WORD, line[-1]) else ""
    return before + r"\s+".join(re.escape(part) for part in line.split()) + after
