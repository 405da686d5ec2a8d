"""The bare loop where there is no C compiler: `limit.py PORT BYTES` writes one prebuilt frame to every socket.

Each connection gets a websocket handshake; each line on stdin is a round.
"""

import os
import selectors
import socket
import sys

WELCOME = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def main(port: int, size: int) -> None:
    frame = bytes((0x81, 126)) + (size - 4).to_bytes(2, "big") + b"x" * (size - 4)
    joined: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", port), backlog=4096) as listening, selectors.DefaultSelector() as waiting:
        waiting.register(listening, selectors.EVENT_READ)
        waiting.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is listening:
                    made, _ = listening.accept()
                    made.recv(4096)
                    made.sendall(WELCOME)
                    joined.append(made)
                elif not os.read(0, 1):
                    return
                else:
                    for each in joined:
                        each.send(frame)


if __name__ == "__main__":
    from board.serving import open_many

    open_many()
    main(int(sys.argv[1]), int(sys.argv[2]))
