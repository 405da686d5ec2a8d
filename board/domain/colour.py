"""The company's colour made readable: contrast as in WCAG 2.2, on the light and on the dark ground."""

from dataclasses import dataclass

# Of the grounds that the accent stands on, those that are nearest to it: paper by light, what is raised by dark.
ON_LIGHT, ON_DARK = (0xFB, 0xFA, 0xF7), (0x1C, 0x1C, 0x1A)
WHITE, BLACK = (255, 255, 255), (13, 13, 12)
ENOUGH = 4.6  # a little above the 4.5 : 1 of level AA
STEPS = 50

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Accent:
    """A colour for text, lines and buttons, and the ink that is readable on it; both as #rrggbb."""

    ground: str
    ink: str


def accents(colour: str) -> tuple[Accent, Accent]:
    """The accent on the light and on the dark ground, from a colour `#rrggbb`."""
    given = parse(colour)
    return readable(given, ON_LIGHT, BLACK), readable(given, ON_DARK, WHITE)


def readable(colour: Rgb, paper: Rgb, towards: Rgb) -> Accent:
    """The colour, moved towards black or white only as far as it must be to be read on the paper."""
    for step in range(STEPS + 1):
        mixed = mix(colour, towards, step / STEPS)
        if contrast(mixed, paper) >= ENOUGH:
            break
    ink = max((WHITE, BLACK), key=lambda candidate: contrast(candidate, mixed))
    return Accent(hexed(mixed), hexed(ink))


def parse(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hexed(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio, 1 to 21 (WCAG 2.2, relative luminance)."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: Rgb) -> float:
    red, green, blue = (linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
