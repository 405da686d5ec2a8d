"""The rows of a CSV file, read as they come: whatever its encoding, its line ends and its separator."""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, BinaryIO

from board.importers.lines import Unreadable

SEPARATORS = ",;\t|"
LONGEST_CELL = 1_000_000  # characters; a quote that nobody closes ends there, and not with the file
SECOND_GUESS = "cp1252"
LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Row:
    """`cells` by the names in the head, in small letters and figures only; or why it cannot be read."""

    place: str
    cells: dict[str, str]
    why: str = ""


def rows(stream: BinaryIO) -> Iterator[Row]:
    """Each row under the head. Raises Unreadable where there is no head."""
    lines = texts(stream)
    first = next((line for line in lines if line.strip()), "")
    separator = max(SEPARATORS, key=lambda one: outside_quotes(first).count(one))
    csv.field_size_limit(LONGEST_CELL)
    read = csv.reader(chained(first, lines), delimiter=separator, strict=False)
    try:
        head = [plain_name(name) for name in next(read)]
    except (StopIteration, csv.Error):
        raise Unreadable("there is no head: the first line of a CSV names the columns") from None
    if len(set(filter(None, head))) < 2:
        raise Unreadable("the first line does not name columns, with commas, semicolons or tabs between them")
    yield from under(head, read)


def under(head: list[str], read: Any) -> Iterator[Row]:
    while True:
        start = read.line_num + 1
        try:
            cells = next(read)
        except StopIteration:
            return
        except csv.Error as wrong:
            yield Row(f"line {start}", {}, f"{wrong}; is there a quotation mark that is not closed?")
            continue
        if any(cell.strip() for cell in cells):
            yield row(f"line {start}", head, cells)


def row(place: str, head: list[str], cells: list[str]) -> Row:
    extra = cells[len(head) :]
    if len(cells) < len(head) or any(cell.strip() for cell in extra):
        return Row(place, {}, f"has {len(cells)} columns where the head has {len(head)}")
    return Row(place, dict(zip(head, cells, strict=False)))


def plain_name(name: str) -> str:
    """“Created At”, `created_at` and `createdAt` are the same column."""
    return re.sub(r"[\W_]+", "", name).lower()


def outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def texts(stream: BinaryIO) -> Iterator[str]:
    """The lines with their ends, decoded: UTF-8 or UTF-16 by their mark, else UTF-8, else as Windows writes."""
    start = stream.read(3)
    stream.seek(0)
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        yield from TextIOWrapper(stream, "utf-16", errors="replace", newline="")
        return
    if start == BOM_UTF8:
        stream.read(3)
    for line in stream:
        yield from LINE.findall(decoded(line))


def decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode(SECOND_GUESS, errors="replace")
