"""The objects of a JSON file, one by one as they come: a list, lists behind each other, or an object a line."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from board.importers.lines import Unreadable

PIECE = 1 << 16
LONGEST = 64 << 20  # characters of one object
WRAPPED = re.compile(r'\s*\{\s*"(?:issues|tickets|results|items|data)"\s*:\s*\[')
BETWEEN = re.compile(r"[\s,]*")
DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Value:
    """`value` is an object of the file, or there is a reason why it cannot be read."""

    place: str
    value: dict[str, Any]
    why: str = ""


def values(stream: BinaryIO) -> Iterator[Value]:
    """Objects in lists (also in one under a name such as `tickets`), or a line each. Raises Unreadable."""
    start = decoded(stream.read(PIECE))
    stream.seek(0)
    if start.lstrip().startswith("[") or WRAPPED.match(start):
        yield from in_lists(stream)
    else:
        yield from in_lines(stream)


def decoded(piece: bytes) -> str:
    return piece.decode("utf-8-sig", errors="ignore")


def in_lines(stream: BinaryIO) -> Iterator[Value]:
    for number, line in enumerate(stream, 1):
        if line.strip():
            yield one(f"line {number}", line)


def one(place: str, line: bytes) -> Value:
    try:
        return checked(place, json.loads(line.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return Value(place, {}, "is not in UTF-8")
    except json.JSONDecodeError as wrong:
        return Value(place, {}, f"not JSON: {wrong.msg} at column {wrong.colno}")
    except RecursionError:
        return Value(place, {}, "nested too deeply")


def checked(place: str, value: object) -> Value:
    return Value(place, value) if isinstance(value, dict) else Value(place, {}, "is not an object")


def in_lists(stream: BinaryIO) -> Iterator[Value]:
    """What stands in the lists; where a value cannot be read, nobody knows where the next one begins, and it ends."""
    text = Text(stream)
    number = 0
    while text.enter():
        while text.is_inside():
            number += 1
            place = f"item {number}"
            try:
                yield checked(place, text.take())
            except (ValueError, RecursionError) as wrong:
                yield Value(place, {}, f"the file cannot be read from here on: {wrong}")
                return
    if not number:
        raise Unreadable("there is nothing in this file")


class Text:
    """A file as text, of which no more is kept than the value that is being read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.kept, self.at = stream, "", 0
        self.decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode

    def more(self) -> bool:
        piece = self.stream.read(max(PIECE, len(self.kept) - self.at))
        self.kept, self.at = self.kept[self.at :] + self.decode(piece, final=not piece), 0
        return bool(piece)

    def skip(self) -> str:
        """The next character that is no space and no comma; empty at the end."""
        while True:
            found = BETWEEN.match(self.kept, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.kept):
                return self.kept[self.at]
            if not self.more():
                return ""

    def enter(self) -> bool:
        """Goes to where a list begins; False where there is none any more."""
        first = self.skip()
        if first == "{" and (wrapped := WRAPPED.match(self.kept, self.at)):
            self.at = wrapped.end()
            return True
        self.at += first == "["
        return first == "["

    def is_inside(self) -> bool:
        """Whether another value comes before the list ends."""
        if self.skip() not in ("]", ""):
            return True
        self.at += 1
        return False

    def take(self) -> object:
        while True:
            try:
                value, end = DECODER.raw_decode(self.kept, self.at)
            except json.JSONDecodeError as wrong:
                if len(self.kept) - self.at > LONGEST or not self.more():
                    raise ValueError(f"not JSON: {wrong.msg}") from None
                continue
            self.at = end
            return value
