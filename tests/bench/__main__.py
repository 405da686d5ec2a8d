"""What is measured of speed, one part after the other: a table, the figures as JSON, and the plots of the documents.

`python -m tests.bench [PART …]`; a part can be run alone with other sizes, too: `python -m tests.bench.fanout 2000`.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import fanout, growth, pages, plots, writes

ROOT = Path(__file__).parents[2]
FILE = ROOT / ".bench.json"
PARTS: dict[str, Callable[[], Mapping[str, Any]]] = {
    "writes": writes.figures,
    "pages": pages.measure,
    "fanout": lambda: fanout.main(1_000, 5_000, 10_000),
    "growth": growth.growth,
}


def main(names: list[str]) -> None:
    console = Console()
    found = json.loads(FILE.read_text()) if FILE.exists() else {}
    for name in names or list(PARTS):
        start = time.perf_counter()
        found[name] = PARTS[name]()
        FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False))
        console.print(table(name, found[name], time.perf_counter() - start))
    draw(found)


def table(name: str, figures: Mapping[str, Any], seconds: float) -> Table:
    made = Table("what", "how much", title=f"{name} ({seconds:.0f} s)")
    for path, figure in flat(figures):
        made.add_row(" · ".join(path), f"{figure:,.2f}" if isinstance(figure, float) else str(figure))
    return made


def flat(figures: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, figure in figures.items():
        if isinstance(figure, Mapping):
            yield from flat(figure, (*path, str(name)))
        else:
            yield (*path, str(name)), figure


def draw(found: Mapping[str, Any]) -> None:
    """The plots of docs/performance.md, from what was measured last."""
    if "fanout" in found:
        (ROOT / "docs/sockets.svg").write_text(sockets(found["fanout"]))
    if "growth" in found:
        (ROOT / "docs/growth.svg").write_text(cost(found["growth"]))


def sockets(figures: Mapping[str, Any]) -> str:
    lines: dict[str, dict[float, float]] = {}
    for size, servers in figures.items():
        for server, told in servers.items():
            if isinstance(told, Mapping) and "ms to the last" in told:
                lines.setdefault(server, {})[float(size.split()[0].replace(",", ""))] = told["ms to the last"]
    return plots.plot("One event to all sockets on an issue", across="sockets", up="ms to the last", lines=lines)


DRAWN = ("list", "issue", "search, a common word", "queue, all", "filing", "live head")


def cost(figures: Mapping[str, Any]) -> str:
    kind = figures["sqlite"]["costs"]
    lines = {name: {float(size): ms for size, ms in kind[name]["ms"].items()} for name in DRAWN if name in kind}
    return plots.plot("What things cost as the board grows (SQLite)", across="issues", up="ms of CPU", lines=lines)


if __name__ == "__main__":
    main(sys.argv[1:])
