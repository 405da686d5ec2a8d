"""Draws figures as small SVG plots on logarithmic axes, for the documents; lines differ by their dashes and names."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 330, 62, 170, 44, 48
DASHES = ("", "6 4", "2 3", "10 3 2 3", "1 5", "8 2")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1a1a17}.grid{stroke:#e4e1d6}.ground{fill:#fbfaf6}"
    "path{fill:none;stroke:#0b4f6c;stroke-width:1.6}circle{fill:#0b4f6c}"
    "@media (prefers-color-scheme:dark){text{fill:#e6e4dc}.grid{stroke:#33322d}.ground{fill:#191916}"
    "path{stroke:#7fc4e0}circle{fill:#7fc4e0}}"
)
DRAWN = ("list", "issue", "search, a common word", "queue, all", "filing", "live head, ten times")

Line = Mapping[float, float]


STEPS, MOST_TICKS = (1, 2, 5), 9


def below(value: float) -> float:
    return max(10.0**power * step for power in range(-4, 10) for step in STEPS if 10.0**power * step <= value * 1.0001)


def above(value: float) -> float:
    return min(10.0**power * step for power in range(-4, 10) for step in STEPS if 10.0**power * step >= value * 0.9999)


def is_power(tick: float) -> bool:
    return math.isclose(math.log10(tick), round(math.log10(tick)), abs_tol=1e-9)


class Axis:
    """Places values from `least` to `most` between two pixels, by their logarithm."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low, self.high = math.log10(below(min(values))), math.log10(above(max(values)))
        if self.high - self.low < 0.1:
            self.high += 1  # all values are one
        self.begin, self.end = begin, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.begin + share * (self.end - self.begin), 1)

    @property
    def ticks(self) -> list[float]:
        steps = [10.0**power * step for power in range(-4, 10) for step in STEPS]
        found = [step for step in steps if self.low - 1e-9 <= math.log10(step) <= self.high + 1e-9]
        return found if len(found) < MOST_TICKS else [tick for tick in found if is_power(tick)]


def draw(found: Mapping[str, Any], folder: Path) -> None:
    """The plots of what was measured, as far as it was."""
    if fanout := found.get("fanout"):
        drawn = plot(
            "One event to all sockets on an issue", across="sockets", up="ms to the last", lines=sockets(fanout)
        )
        (folder / "sockets.svg").write_text(picture([drawn]))
    if growth := found.get("growth"):
        kinds = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
        panels = [
            plot(
                f"What things cost as the board grows, {kind}",
                across="issues",
                up="ms of CPU",
                lines=costs(growth[key]),
            )
            for key, kind in kinds.items()
            if key in growth
        ]
        (folder / "growth.svg").write_text(picture(panels))


def costs(figures: Mapping[str, Any]) -> Mapping[str, Line]:
    return {
        name: {float(size): ms for size, ms in figures["costs"][name]["ms"].items()}
        for name in DRAWN
        if name in figures["costs"]
    }


def sockets(figures: Mapping[str, Any]) -> Mapping[str, Line]:
    lines: dict[str, dict[float, float]] = {}
    for size, servers in figures.items():
        for server, told in servers.items():
            if isinstance(told, Mapping) and "ms to the last" in told:
                lines.setdefault(server, {})[float(size.split()[0])] = told["ms to the last"]
    return lines


def plot(title: str, *, across: str, up: str, lines: Mapping[str, Line]) -> str:
    """The lines by name, each a value for each place across; a part of a picture."""
    x = Axis([place for line in lines.values() for place in line], LEFT, WIDTH - RIGHT)
    y = Axis([value for line in lines.values() for value in line.values()], HEIGHT - BOTTOM, TOP)
    drawn = [
        f'<text x="{LEFT}" y="18" font-weight="600">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>',
        f'<text x="8" y="{TOP - 10}">{escape(up)}</text>',
        *[mark for tick in x.ticks for mark in upright(tick, x.at(tick))],
        *[mark for tick in y.ticks for mark in level(tick, y.at(tick))],
    ]
    ends = spread({name: y.at(list(line.values())[-1]) for name, line in lines.items()}, HEIGHT - BOTTOM)
    for place, (name, line) in enumerate(lines.items()):
        points = [(x.at(across), y.at(value)) for across, value in line.items()]
        drawn.append(f'<path d="M{" L".join(f"{a} {b}" for a, b in points)}" stroke-dasharray="{DASHES[place % 6]}"/>')
        drawn += [f'<circle cx="{a}" cy="{b}" r="2.6"/>' for a, b in points]
        drawn.append(f'<text x="{WIDTH - RIGHT + 10}" y="{ends[name] + 4}">{escape(name)}</text>')
    return "".join(drawn)


def picture(panels: Sequence[str]) -> str:
    """The plots below each other."""
    height = HEIGHT * len(panels)
    drawn = "".join(f'<g transform="translate(0 {HEIGHT * place})">{panel}</g>' for place, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f'<style>{STYLE}</style><rect class="ground" width="{WIDTH}" height="{height}"/>{drawn}</svg>\n'
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


def spread(ends: dict[str, float], lowest: float, apart: float = 15) -> dict[str, float]:
    """Where the names of the lines stand beside their ends, none upon another and none below the plot."""
    placed: dict[str, float] = {}
    for name, y in sorted(ends.items(), key=lambda end: end[1]):
        placed[name] = max(y, max(placed.values(), default=-math.inf) + apart)
    for back, name in enumerate(reversed(placed)):
        placed[name] = min(placed[name], lowest - back * apart)
    return placed
