"""The table of issues as Parquet, piece by piece; where `pyarrow`, which is optional, is installed."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from board.domain.leaf import parse_time
from board.domain.sheet import COLUMNS, Kind, public


def is_installed() -> bool:
    try:
        return find_spec("pyarrow") is not None
    except ValueError:
        return False


class Drain(io.RawIOBase):
    """A file that is only written to, and emptied after each piece."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, content: Any) -> int:
        self.parts.append(bytes(content))
        self.size += len(self.parts[-1])
        return len(self.parts[-1])

    def take(self) -> bytes:
        parts, self.parts = self.parts, []
        return b"".join(parts)


class Table:
    """Rows go in, and bytes come out: each call takes its time, so it belongs beside the loop."""

    def __init__(self, about: Mapping[str, str]) -> None:
        import pyarrow
        from pyarrow import parquet

        kinds: dict[Kind, Any] = {
            "number": pyarrow.int64(),
            "text": pyarrow.string(),
            "time": pyarrow.timestamp("s", tz="UTC"),
        }
        fields = [pyarrow.field(c.name, kinds[c.kind], metadata={"description": str(c.meaning)}) for c in COLUMNS]
        self.arrow = pyarrow
        self.schema = pyarrow.schema(fields, metadata=dict(about))
        self.drain = Drain()
        self.writer = parquet.ParquetWriter(self.drain, self.schema, compression="zstd")

    def add(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        shown = [public(row) for row in rows]
        cells = [[typed(row[c.name], c.kind) for row in shown] for c in COLUMNS]
        arrays = [self.arrow.array(each, field.type) for each, field in zip(cells, self.schema, strict=True)]
        self.writer.write_table(self.arrow.Table.from_arrays(arrays, schema=self.schema))
        return self.drain.take()

    def end(self) -> bytes:
        self.writer.close()
        return self.drain.take()


def typed(value: Any, kind: Kind) -> str | int | datetime | None:
    found: str | int | None = value
    return parse_time(found) if kind == "time" and isinstance(found, str) else found
