"""Another company's site, which shows the widget: pages of another origin, each with the policy that it is given."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Shop:
    """`put` places a page, and says where it is. The host's name is another than the board's."""

    port: int
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def put(self, path: str, content: str, policy: str = "") -> str:
        self.pages[path] = (content, policy)
        return self.url + path


@contextmanager
def shop() -> Iterator[Shop]:
    opened: Shop

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, policy = opened.pages.get(self.path, ("", ""))
            self.send_response(200 if self.path in opened.pages else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    opened = Shop(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
