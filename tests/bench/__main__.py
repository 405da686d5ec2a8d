"""What is measured of speed, one part after the other: a table of what must hold, the figures as JSON, and the plots.

`python -m tests.bench [PART …] [--quick] [--issues N]`. The usual parts take less than ten minutes, `--quick` two: it
shows that everything runs, and its figures mean little. `restart`, `slow` and `flood` are asked for by their names.
`--issues` is how large the board of `growth` is, 1,000,000 at the most. A part can be run alone with other sizes, too:
`python -m tests.bench.fanout 2000`.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import (
    bars,
    fanout,
    flood,
    growth,
    hearing,
    outlets,
    pages,
    plots,
    restart,
    resume,
    slow,
    spent,
    writes,
)
from tests.bench.bars import Bar

ROOT = Path(__file__).parents[2]
SIGNS = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}

Figures = dict[str, Any]
SIZES = list(growth.SIZES)


@dataclass(frozen=True)
class Part:
    """What is measured, its bars, and the constants of its module that are smaller in a quick run."""

    measure: Callable[[bool], Figures]
    bars: Callable[[Mapping[str, Any]], Iterable[Bar]]
    module: ModuleType
    quick: Mapping[str, Any]


PARTS = {
    "writes": Part(lambda quick: writes.figures(), bars.writes, writes, {"ACTS": 200, "ISSUES": 40, "FRAMES": 50}),
    "hearing": Part(lambda quick: hearing.figures(), bars.hearing, hearing, {"FRAMES": 50, "ISSUES": 40, "IDLE_S": 1}),
    "pages": Part(lambda quick: pages.measure(), bars.pages, pages, {"ROUNDS": 2, "SLICE_S": 0.1}),
    "fanout": Part(
        lambda quick: fanout.main(*((200, 400) if quick else fanout.SIZES)),
        bars.fanout,
        fanout,
        {"ROUNDS": 2, "PAGES_S": 1.0},
    ),
    "resume": Part(lambda quick: resume.main(100, 20) if quick else resume.main(), bars.resume, resume, {}),
    "restart": Part(lambda quick: restart.main(200) if quick else restart.main(), bars.restart, restart, {}),
    "slow": Part(
        lambda quick: slow.main(100, 10) if quick else slow.main(), bars.slow, slow, {"ROUNDS": 10, "GIVE_UP_S": 5.0}
    ),
    "flood": Part(
        lambda quick: flood.figures(60, 10, 60, 2.0) if quick else flood.figures(2_500, 50), bars.flood, flood, {}
    ),
    "outlets": Part(
        lambda quick: outlets.figures(200) if quick else outlets.figures(), bars.outlets, outlets, {"QUIET_S": 1.0}
    ),
    "growth": Part(lambda quick: growth.growth(SIZES), bars.growth, growth, {"ROUNDS": 3}),
    "spent": Part(lambda quick: spent.figures(), bars.spent, spent, {"EACH_S": 0.2, "SOCKETS": 50}),
}

USUAL = [name for name in PARTS if name not in ("restart", "slow", "flood")]


def main() -> None:
    asked = read()
    if asked.quick:
        for part in PARTS.values():
            vars(part.module).update(part.quick)
    SIZES[:] = sizes(asked)
    with folder_of(asked) as folder:
        file = folder / ".bench.json"
        found = json.loads(file.read_text()) if file.exists() else {}
        held = [
            bar
            for name in asked.parts or (PARTS if asked.quick else USUAL)
            for bar in measured(name, asked.quick, found, file)
        ]
        plots.draw(found, folder / "docs")
    met, missed = (sum(bar.is_met is is_met for bar in held) for is_met in (True, False))
    print(f"{met} bars are met, {missed} are missed.")


def sizes(asked: argparse.Namespace) -> list[int]:
    """How many issues the boards of `growth` have; of a very large one also those between."""
    most = asked.issues or (3_000 if asked.quick else growth.SIZES[-1])
    return sorted({growth.SIZES[0], min(most, growth.SIZES[-1]), most})


@contextmanager
def folder_of(asked: argparse.Namespace) -> Iterator[Path]:
    """Where the figures and plots go: what a quick run finds is drawn, and thrown away."""
    if not asked.quick:
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "docs").mkdir()
        yield Path(name)


def measured(name: str, quick: bool, found: Figures, file: Path) -> list[Bar]:
    part, start = PARTS[name], time.perf_counter()
    found[name] = json.loads(json.dumps(part.measure(quick)))  # as it is read back
    file.write_text(json.dumps(found, indent=1, ensure_ascii=False))
    rows = list(part.bars(found[name]))
    Console(width=None if sys.stdout.isatty() else 130).print(
        table(f"{name} ({time.perf_counter() - start:.0f} s)", rows)
    )
    return rows


def read() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures speed.")
    asked.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    asked.add_argument("--quick", action="store_true", help="small and short, to see that all of it runs")
    asked.add_argument("--issues", type=int, help="how many issues the larger board of `growth` has")
    return asked.parse_args()


def table(title: str, rows: Iterable[Bar]) -> Table:
    made = Table("what", title=title, title_justify="left")
    for heading in ("measured", "baseline", "ratio", "bar", ""):
        made.add_column(heading, justify="right")
    for bar in rows:
        base, ratio = ("", "") if bar.base is None else (f"{bar.base:,.2f}", f"{bar.measured:,.2f}")
        most = "" if bar.bar is None else f"{'≥' if bar.is_least else '≤'} {bar.bar:,g}"
        made.add_row(bar.what, f"{bar.figure:,.2f}", base, ratio, most, SIGNS[bar.is_met])
    return made


if __name__ == "__main__":
    main()
