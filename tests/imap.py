"""A small real IMAP server for the tests: one folder, and just what a mailbox is asked for."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Folder:
    """The messages by UID, and the flags of each; `breaks_at` cuts the line at a command."""

    messages: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    breaks_at: str | None = None
    url: str = ""

    def deliver(self, raw: bytes) -> None:
        uid = len(self.messages) + 1
        self.messages[uid], self.flags[uid] = raw, set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode():
            tag, _, command = line.strip().partition(" ")
            if self.breaks_at and command.startswith(self.breaks_at):
                break
            writer.write(self.answer(tag, command))
            if command == "LOGOUT":
                break
        writer.close()

    def answer(self, tag: str, command: str) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        if command == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n" + done
        if command.startswith("LOGIN") and command != 'LOGIN board "s3cret word"':
            return f"{tag} NO wrong password\r\n".encode()
        if command.startswith("SELECT") and command != 'SELECT "Answers"':
            return f"{tag} NO no such folder\r\n".encode()
        if command.startswith("UID SEARCH"):
            new = [str(uid) for uid, flags in self.flags.items() if "\\Seen" not in flags]
            return f"* SEARCH {' '.join(new)}\r\n".encode() + done
        if found := re.fullmatch(r"UID FETCH (\d+) \((RFC822.SIZE|BODY.PEEK\[\])\)", command):
            raw = self.messages[int(found[1])]
            if found[2] == "RFC822.SIZE":
                return f"* {found[1]} FETCH (UID {found[1]} RFC822.SIZE {len(raw)})\r\n".encode() + done
            return f"* {found[1]} FETCH (UID {found[1]} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n" + done
        if found := re.fullmatch(r"UID STORE (\d+) \+FLAGS.SILENT \(([^)]*)\)", command):
            self.flags[int(found[1])] |= set(found[2].split())
        return done


@asynccontextmanager
async def folder(context: ssl.SSLContext | None = None) -> AsyncIterator[Folder]:
    served = Folder()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    served.url = f"imap{'s' if context else ''}://board:s3cret%20word@localhost:{port}/Answers"
    try:
        yield served
    finally:
        server.close()
