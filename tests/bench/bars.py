"""What must hold: each bar with what was measured, its baseline of the same run, and whether it is met."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]
LIKE = 1.3
NOT_MORE = (
    "list",
    "issue",
    "search",
    "queue",
    "filing",
    "redaction",
    "live head",
)  # what must not grow, by how the names begin


@dataclass(frozen=True)
class Bar:
    """`figure` must be at most (or at least, where `is_least`) the bar; of ratios, `base` is what it is divided by."""

    what: str
    figure: float
    bar: float | None = None
    base: float | None = None
    is_least: bool = False

    @property
    def measured(self) -> float:
        return self.figure / self.base if self.base else self.figure

    @property
    def is_met(self) -> bool | None:
        if self.bar is None:
            return None
        return self.measured >= self.bar if self.is_least else self.measured <= self.bar


def writes(found: Figures) -> Iterator[Bar]:
    for database, least in (("SQLite", 1_000), ("PostgreSQL", 500)):
        if told := found.get(database):
            yield Bar(f"{database}: acts a second, 32 at once", told["acts/s, 32 at once"], least, is_least=True)
            yield Bar(f"{database}: acts a second, one at a time", told["acts/s, one at a time"])


def hearing(found: Figures) -> Iterator[Bar]:
    for database, told in found.items():
        for place, most in (("the same process", 20), ("another process", 50)):
            yield Bar(
                f"{database}: ms from commit to frame, p99, {place}", told[f"ms to a frame in {place}, p99"], most
            )


def pages(found: Figures) -> Iterator[Bar]:
    for name in (key.removesuffix(", share of bare") for key in found if key.endswith(", share of bare")):
        yield Bar(
            f"requests a second, {name}: share of a bare response",
            found[f"{name}, a second"],
            0.9,
            found[f"{name}, a second"] / found[f"{name}, share of bare"],
            is_least=True,
        )


def fanout(found: Figures) -> Iterator[Bar]:
    for sockets, told in found.items():
        ours, is_full = told["board"]["µs of CPU a delivery"], sockets.startswith("10000 ")
        for server, most in (("bare loop in C", 1.6), ("bare loop in Python", None), ("Node ws", 1.0)):
            if server in told:
                base = told[server]["µs of CPU a delivery"]
                yield Bar(f"{sockets}: µs of CPU a delivery, times {server}", ours, most if is_full else None, base)
        yield Bar(f"{sockets}: KiB an idle socket", told["board"]["KiB an idle socket"], 20)
        yield Bar(f"{sockets}: ms until the last has it", told["board"]["ms to the last"])
        yield Bar(f"{sockets}: ms p99 of a page while fanning out", told["pages, while fanning out"]["ms p99"], 50)


def outlets(found: Figures) -> Iterator[Bar]:
    number, quiet, busy = found["followers"], found["nothing else going on"], found["while they are told"]
    yield Bar(f"letters a second to {number} followers", found["letters a second"])
    yield Bar("MB more while they are told", found["MB more at the most"], 20)
    for name, most in (("a page", 100), ("a webhook hears", 250), ("another's letter", 3_000)):
        what = f"ms until {name}, p95"
        yield Bar(f"{what}, while {number} are told; before", quiet[what])
        yield Bar(f"{what}, while {number} are told", busy[what], most)


def growth(found: Figures) -> Iterator[Bar]:
    few, many = str(found["sizes"][0]), str(found["sizes"][-1])
    for database in ("sqlite", "postgres"):
        if not (told := found.get(database)):
            continue
        for name, cost in told["costs"].items():
            most = 1.5 if name.startswith(NOT_MORE) and is_alike(cost["bytes"], few, many) else None
            yield Bar(f"{database}: ms of CPU, {name}, {many} issues", cost["ms"][many], most, cost["ms"][few])
        yield Bar(f"{database}: seconds to start, {many} issues", told["process"][many]["start_s"], 3)
        memory = {size: told["process"][size]["memory_mib"] for size in (few, many)}
        yield Bar(f"{database}: MiB of memory, {many} issues", memory[many], 1.2, memory[few])


def is_alike(sizes: Mapping[str, int | None], few: str, many: str) -> bool:
    """Whether both pages show about as much: on a small board some lists and queues are nearly empty."""
    small, large = sizes[few], sizes[many]
    return small is None or large is None or large <= LIKE * small


def resume(found: Figures) -> Iterator[Bar]:
    yield Bar("sockets whose sequence is not the record's", found["sockets that are wrong"], 0)
    yield Bar("gaps, and repeats that were applied", found["gaps"] + found["repeats"], 0)


def restart(found: Figures) -> Iterator[Bar]:
    yield Bar(f"seconds until {found['sockets']:,} sockets were back", found["seconds until all were back"], 60)
    yield Bar("of them back", found["back"], 1, found["sockets"], is_least=True)


def slow(found: Figures) -> Iterator[Bar]:
    yield Bar("ms p99 of the others while some stop reading", found["ms p99 of the others"], 250)
    yield Bar("MB more while some stop reading", found["MB more"], 20)
    yield Bar("seconds until the last slow one was closed", found["seconds until the last of them was"], 40)


def flood(found: Figures) -> Iterator[Bar]:
    yield Bar("posts of the flood that got through", found["got through"], found["may get through"])
    during, before = found["customers' p95 during, ms"], found["customers' p95 before, ms"]
    yield Bar("ms that customers wait meanwhile, p95", during, 1.5, before)


def spent(found: Figures) -> Iterator[Bar]:
    for what, told in found.items():
        yield Bar(f"ms of CPU, {what}", told["ms of CPU"])
