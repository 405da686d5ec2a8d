"""Draws figures as small SVG plots on logarithmic axes, for the documents; lines differ by their dashes and names."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 62, 176, 40, 44
DASHES = ("", "6 4", "2 3", "10 3 2 3", "1 5", "8 2")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1a1a17}.axis{stroke:#8a877d}.grid{stroke:#e4e1d6}"
    "path{fill:none;stroke:#0b4f6c;stroke-width:1.8}circle{fill:#0b4f6c}.ground{fill:#fbfaf6}"
)

Line = Mapping[float, float]


class Axis:
    """Places values from `least` to `most` between two pixels, by their logarithm."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.begin, self.end = begin, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def plot(title: str, *, across: str, up: str, lines: Mapping[str, Line]) -> str:
    """The lines by name, each a value for each place across."""
    x = Axis([place for line in lines.values() for place in line], LEFT, WIDTH - RIGHT)
    y = Axis([value for line in lines.values() for value in line.values()], HEIGHT - BOTTOM, TOP)
    drawn = [
        f'<text x="{LEFT}" y="18" font-weight="600">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(across)}</text>',
        f'<text x="8" y="{TOP - 10}">{escape(up)}</text>',
        *[mark for tick in x.ticks for mark in upright(tick, x.at(tick))],
        *[mark for tick in y.ticks for mark in level(tick, y.at(tick))],
    ]
    ends = spread({name: y.at(list(line.values())[-1]) for name, line in lines.items()})
    for place, (name, line) in enumerate(lines.items()):
        points = [(x.at(across), y.at(value)) for across, value in line.items()]
        drawn.append(f'<path d="M{" L".join(f"{a} {b}" for a, b in points)}" stroke-dasharray="{DASHES[place % 6]}"/>')
        drawn += [f'<circle cx="{a}" cy="{b}" r="2.6"/>' for a, b in points]
        drawn.append(f'<text x="{WIDTH - RIGHT + 10}" y="{ends[name] + 4}">{escape(name)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(title)}">'
        f'<style>{STYLE}</style><rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>{"".join(drawn)}</svg>\n'
    )


def upright(tick: float, x: float) -> list[str]:
    return [
        f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>',
        f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:,.10g}</text>',
    ]


def level(tick: float, y: float) -> list[str]:
    return [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>',
        f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tick:,.10g}</text>',
    ]


def spread(ends: dict[str, float], apart: float = 15) -> dict[str, float]:
    """Where the names of the lines stand beside their ends, none upon another."""
    placed: dict[str, float] = {}
    for name, y in sorted(ends.items(), key=lambda end: end[1]):
        placed[name] = max(y, max(placed.values(), default=-math.inf) + apart)
    return placed
