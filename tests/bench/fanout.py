"""One event for N sockets on one issue: time to the last, CPU of each delivery, memory of each socket, pages meanwhile.

`python -m tests.bench.fanout [N …]`. Beside it, in the same run and by turns: a bare loop in C, and Node's `ws`.
"""

import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from board.serving import open_many
from tests.bench import crowd
from tests.bench.boards import missing
from tests.bench.house import House, cores, cpu_of, furnished, memory_of
from tests.test_serving import free_port

HERE = Path(__file__).parent
SIZES = (1_000, 5_000, 10_000)
ROUNDS = 5
FRAME_BYTES = 400
PAGES_S = 5.0
CACHE = Path(tempfile.gettempdir()) / "board-bench"

Figures = dict[str, Any]


class Readers:
    """A crowd in a process of its own, on the other core than the server's."""

    def __init__(self, port: int, path: str, number: int) -> None:
        apart = multiprocessing.get_context("spawn")
        self.number = number
        self.pipe, theirs = apart.Pipe()
        self.process = apart.Process(target=crowd.serve, args=(theirs, cores()[1], port, path, number), daemon=True)
        self.process.start()

    def join(self) -> None:
        assert self.pipe.recv() == self.number

    def round(self, begin: Callable[[], object]) -> list[float]:
        """Seconds from the beginning to the arrival at each of them."""
        self.pipe.send(20.0)
        assert self.pipe.recv() == "ready"
        start = time.monotonic()
        begin()
        arrivals = [at - start for at in self.pipe.recv()]
        assert len(arrivals) == self.number, f"{len(arrivals)} of {self.number} have it"
        return arrivals

    def end(self) -> None:
        self.pipe.send(None)
        self.process.join(10)


class Contender:
    """A server with its readers; `begin` lets one frame go out."""

    def __init__(self, pid: int, readers: Readers, begin: Callable[[], object]) -> None:
        self.pid, self.readers, self.begin = pid, readers, begin
        self.memory, self.bytes_each = memory_of(pid), 0.0
        self.cpu: list[float] = []
        self.arrivals: list[list[float]] = []

    def settle(self) -> None:
        self.readers.join()
        self.bytes_each = (memory_of(self.pid) - self.memory) / self.readers.number

    def round(self) -> None:
        before = cpu_of(self.pid)
        self.arrivals.append(self.readers.round(self.begin))
        self.cpu.append((cpu_of(self.pid) - before) / self.readers.number)

    def figures(self) -> Figures:
        every = sorted(at for arrivals in self.arrivals for at in arrivals)
        return {
            "µs of CPU a delivery": round(statistics.median(self.cpu) * 1e6, 2),
            "ms to the last": round(statistics.median(arrivals[-1] for arrivals in self.arrivals) * 1e3, 1),
            "ms p50": round(every[len(every) // 2] * 1e3, 1),
            "ms p99": round(every[len(every) * 99 // 100] * 1e3, 1),
            "KiB an idle socket": round(self.bytes_each / 1024, 1),
        }


@contextmanager
def the_board(folder: Path, number: int) -> Iterator[tuple[Contender, House]]:
    with furnished(folder, core=cores()[0]) as house, house.client() as client:
        visit(client, 20)
        place = iter(range(1_000_000))

        def begin() -> None:
            answer = client.post("/api/v1/issues/1/updates", json={"body": f"Still nothing, {next(place)}."})
            assert answer.status_code == 201, answer.text

        begin()
        readers = Readers(house.port, "/live?topics=issue:1&as=json", number)
        contender = Contender(house.process.pid, readers, begin)
        yield contender, house
        contender.readers.end()


@contextmanager
def beside(command: list[str], number: int, **given: str) -> Iterator[Contender]:
    """Another server, told on stdin when to write."""
    port = free_port()
    process = subprocess.Popen(
        [*command, str(port), str(FRAME_BYTES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **given},
        preexec_fn=lambda: os.sched_setaffinity(0, {cores()[0]}),
    )
    assert process.stdin
    tell = process.stdin
    try:
        time.sleep(1.0)
        contender = Contender(process.pid, Readers(port, "/", number), lambda: (tell.write(b"\n"), tell.flush()))
        yield contender
        contender.readers.end()
    finally:
        process.kill()
        process.communicate()


def bare_loop(folder: Path) -> tuple[str, list[str]]:
    """In C, or in Python where nothing compiles it."""
    compiler = shutil.which("cc")
    if not compiler:
        missing("A C compiler (cc)", "the bare loop is Python's")
        return "bare loop in Python", [sys.executable, "-m", "tests.bench.limit"]
    made = folder / "limit"
    subprocess.run([compiler, "-O2", "-o", str(made), str(HERE / "limit.c")], check=True)
    return "bare loop in C", [str(made)]


def node_ws() -> dict[str, str] | None:
    """Where Node finds `ws`, installed once into a folder of its own."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        missing("Node or npm", "Node's `ws` is left out")
        return None
    if not (CACHE / "node_modules/ws").exists():
        CACHE.mkdir(exist_ok=True)
        got = subprocess.run([npm, "install", "--no-audit", "--no-fund", "ws@8"], cwd=CACHE, capture_output=True)
        if got.returncode:
            missing("The package `ws`", "npm could not install it, and it is left out")
            return None
    return {"WS_FOLDER": str(CACHE)}


def visit(client: httpx.Client, times: int) -> None:
    for _ in range(times):
        client.get("/issues/2").raise_for_status()


def visitors(pipe: Any, url: str, seconds: float) -> None:
    """Reads pages one after the other, in a process that goes before the crowd; answers with what each one took."""
    os.sched_setaffinity(0, {cores()[1]})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # the server's time is measured, not the crowd's
    with httpx.Client(base_url=url) as client:
        visit(client, 3)
        pipe.send("ready")
        took: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            start = time.monotonic()
            client.get("/issues/2" if len(took) % 2 else "/").raise_for_status()
            took.append(time.monotonic() - start)
            time.sleep(0.01)
    pipe.send(sorted(took))


def pages(house: House, work: Callable[[], None]) -> Figures:
    """How long pages take while the work is done again and again."""
    apart = multiprocessing.get_context("spawn")
    pipe, theirs = apart.Pipe()
    process = apart.Process(target=visitors, args=(theirs, house.url, PAGES_S), daemon=True)
    process.start()
    pipe.recv()
    while not pipe.poll():
        work()
    took = pipe.recv()
    process.join(10)
    return {
        "pages": len(took),
        "ms p50": round(took[len(took) // 2] * 1e3, 1),
        "ms p99": round(took[len(took) * 99 // 100] * 1e3, 1),
    }


def measure(number: int) -> Figures:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        board, house = stack.enter_context(the_board(folder, number))
        contenders = {"board": board}
        called, loop = bare_loop(folder)
        contenders[called] = stack.enter_context(beside(loop, number))
        if found := node_ws():
            contenders["Node ws"] = stack.enter_context(beside(["node", str(HERE / "limit.mjs")], number, **found))
        for contender in contenders.values():
            contender.settle()
        for _ in range(ROUNDS):
            for contender in contenders.values():
                contender.round()
        figures: Figures = {name: contender.figures() for name, contender in contenders.items()}
        ours = figures["board"]["µs of CPU a delivery"]
        for name in contenders.keys() - {"board"}:
            figures[f"CPU a delivery, times {name}"] = round(ours / figures[name]["µs of CPU a delivery"], 2)
        figures["pages, nothing else going on"] = pages(house, lambda: time.sleep(0.05))
        figures["pages, while fanning out"] = pages(house, board.round)
    return figures


def main(*sizes: int) -> Figures:
    open_many()
    return {f"{number} sockets": measure(number) for number in sizes or SIZES}


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:])), indent=1, ensure_ascii=False))
