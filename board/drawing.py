"""Draws the picture of an issue that stands where its link is shared: a PNG, in the board's own type."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from math import ceil

from PIL import Image, ImageDraw, ImageFont

from board.render import static_folder

WIDTH, HEIGHT, EDGE = 1200, 630, 72
PAPER, INK, MUTED, RULE = "#fbfaf7", "#1b1b19", "#5f5e58", "#dedbd2"
COMPANY, CUSTOMER = "#1f4fa3", "#855600"
COLOURS = {
    "company": COMPANY,
    "customer": CUSTOMER,
    "resolved": "#1c6b45",
    "confirmed": "#1c6b45",
    "disputed": "#9c1f5b",
    "overdue": "#b3261e",
}
SERIF, SANS = "source-serif-4-{}-600-normal.woff2", "public-sans-{}-wght-normal.woff2"
TITLES = ((68, 2), (56, 3))  # size and lines; a long title is smaller
LEADING = 1.22
MORE = "…"
# What the two files of each font hold, as static/css/tokens.css says it.
LATIN = {0x131, 0x152, 0x153, 0x2C6, 0x2DA, 0x2DC, *range(0x2000, 0x2070), 0x20AC, 0x2122, 0x2191, 0x2193, 0x2212}
EXTENDED = (range(0x100, 0x2D8), range(0x1E00, 0x1EA0), range(0x1EF2, 0x1F00), range(0x20A0, 0x20C1))

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True)
class Picture:
    """`bar` are the stretches of the clock as (whose turn, x, width) in percent; `mark` is the state's colour."""

    where: str
    title: str
    mark: str
    state: str
    times: str
    bar: Sequence[tuple[str, float, float]]


def draw(picture: Picture) -> bytes:
    """1200 × 630 pixels, as the networks like them."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    line(pen, EDGE + 24, picture.where, size=30, fill=MUTED)
    write_title(pen, picture.title)
    draw_state(pen, picture)
    draw_bar(pen, picture.bar)
    line(pen, HEIGHT - EDGE + 8, picture.times, size=28, fill=MUTED)
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def write_title(pen: ImageDraw.ImageDraw, title: str) -> None:
    for size, most in TITLES:
        lines = wrapped(title, SERIF, size)
        if len(lines) <= most:
            break
    else:
        lines = cut(lines, most, size)
    for place, words in enumerate(lines):
        write(pen, EDGE, 190 + round(place * size * LEADING), words, family=SERIF, size=size, fill=INK)


def draw_state(pen: ImageDraw.ImageDraw, picture: Picture) -> None:
    colour, y = COLOURS.get(picture.mark, MUTED), HEIGHT - 176
    pen.ellipse((EDGE, y - 24, EDGE + 24, y), fill=colour)
    line(pen, y, picture.state, size=34, fill=colour, x=EDGE + 40)


def draw_bar(pen: ImageDraw.ImageDraw, bar: Sequence[tuple[str, float, float]]) -> None:
    """The clock's line: thick where it was the company's turn, thin where it was the customer's."""
    y, whole = HEIGHT - 124, WIDTH - 2 * EDGE
    pen.line((EDGE, y, WIDTH - EDGE, y), fill=RULE, width=2)
    for turn, x, width in bar:
        start, end = EDGE + whole * x / 100, EDGE + whole * (x + width) / 100
        thick, colour = (8, COMPANY) if turn == "company" else (3, CUSTOMER)
        pen.rectangle((start, y - thick, max(end, start + 1), y + thick), fill=colour)


def line(pen: ImageDraw.ImageDraw, y: int, words: str, *, size: int, fill: str, x: int = EDGE) -> None:
    """One line of small type, cut where the picture ends."""
    room = WIDTH - EDGE - x
    whole = drawable(words)
    shown = whole if width_of(whole, SANS, size) <= room else shortened(whole, SANS, size, room)
    write(pen, x, y, shown, family=SANS, size=size, fill=fill)


def write(pen: ImageDraw.ImageDraw, x: float, y: int, words: str, *, family: str, size: int, fill: str) -> None:
    for part, run in runs(words):
        kind = font(family, part, size)
        pen.text((x, y), run, font=kind, fill=fill, anchor="ls")
        x += kind.getlength(run)


def wrapped(text: str, family: str, size: int) -> list[str]:
    """The words in lines that are as long as the picture allows; a word that is longer is cut."""
    room, lines = WIDTH - 2 * EDGE, list[str]()
    for word in drawable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, family, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word if width_of(word, family, size) <= room else shortened(word, family, size, room))
    return lines


def cut(lines: list[str], most: int, size: int) -> list[str]:
    """The first lines, the last of them ended after a word."""
    words = lines[most - 1].split()
    while len(words) > 1 and width_of(" ".join(words) + MORE, SERIF, size) > WIDTH - 2 * EDGE:
        words.pop()
    return [*lines[: most - 1], shortened(" ".join(words), SERIF, size, WIDTH - 2 * EDGE)]


def shortened(words: str, family: str, size: int, room: float) -> str:
    """As much of the words as there is room for, and a sign that there are more."""
    while words and width_of(words.rstrip() + MORE, family, size) > room:
        words = words[:-1]
    return words.rstrip() + MORE


def length_of(words: str, size: int) -> int:
    """How wide the words are in the board's type, at least; a letter that it has not counts as a square."""
    known = sum(font(SANS, part, size).getlength(run) for part, run in runs(words))
    return ceil(known + size * sum(not part_of(letter) for letter in words))


def width_of(words: str, family: str, size: int) -> float:
    return sum(font(family, part, size).getlength(run) for part, run in runs(words))


def runs(words: str) -> Iterator[tuple[str, str]]:
    """The words by the file of the font that has their letters."""
    for part, letters in groupby(words, part_of):
        if part:
            yield part, "".join(letters)


def part_of(letter: str) -> str:
    """Empty where no file has the letter."""
    code = ord(letter)
    if 0x20 <= code < 0x7F or 0xA0 <= code < 0x100 or code in LATIN:
        return "latin"
    return "latin-ext" if any(code in part for part in EXTENDED) else ""


def drawable(text: str) -> str:
    return " ".join("".join(letter for letter in text if letter.isspace() or part_of(letter)).split())


def can_draw(text: str) -> bool:
    """Whether the fonts have nearly all of its letters; else it had better not be drawn at all."""
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and sum(bool(part_of(letter)) for letter in letters) >= 0.9 * len(letters)


@cache
def font(family: str, part: str, size: int) -> Font:
    made = ImageFont.truetype(static_folder() / "vendor/fonts" / family.format(part), size)
    if family == SANS:
        made.set_variation_by_axes([500])
    return made
