"""Requests to addresses that somebody has typed: they lead to the open internet, and nowhere else.

A name is looked up once for each connection, every address that it has is judged, and the connection goes to one of
those: what the name means a moment later changes nothing. No redirect is followed, no proxy of the environment used.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore

from board.domain.phrase import phrase

PATIENCE_S = 10.0
CONNECT_S = 5.0
ANSWER_BYTES = 65_536
PORTS = {"https": 443, "http": 80}

# Networks that carry an IPv4 address within an IPv6 one: where it stands, in bits from the right.
CARRIERS = ((ip_network("64:ff9b::/96"), 0), (ip_network("2002::/16"), 80), (ip_network("::/96"), 0))
LOCAL = (ip_network("64:ff9b:1::/48"), ip_network("2001::/32"), ip_network("fec0::/10"))

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class Unsent(Exception):
    """Nothing was sent: the address is not one to send to, or nobody was reached there."""


class Closed(Unsent):
    """An address that the board never speaks to."""


class Lost(Exception):
    """It was sent, at least in part, and no whole answer came: nobody knows what became of it."""


@dataclass(frozen=True)
class Answer:
    """`headers` have lower-case names; `body` is what came of it, as far as it was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Guarded(httpcore.AnyIOBackend):
    """Connects to judged addresses; those in `near` are open though they are not global."""

    def __init__(self, near: Sequence[Network], *, near_only: bool = False) -> None:
        self._near, self._near_only = near, near_only

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await look_up(host, port)
        judge(host, found, self._near, near_only=self._near_only)
        for address in found[:-1]:
            try:
                return await super().connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(str(found[-1]), port, timeout, local_address, socket_options)


async def look_up(host: str, port: int) -> list[Address]:
    """All addresses of a name, or of a number in any of its spellings."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unsent(f"There is no {host} to be found.") from None
    return list(dict.fromkeys(ip_address(str(place[0]).partition("%")[0]) for *_, place in found))


def judge(host: str, found: Sequence[Address], near: Sequence[Network], *, near_only: bool) -> None:
    """Raises Closed unless all of them may be spoken to."""
    for address in found:
        is_near = any(address in network for network in near)
        if near_only and not is_near:
            raise Closed("Use https:// here: without it, everybody on the way can read along.")
        if not is_near and not is_open(address):
            raise Closed(f"{host} is at {address}, which is not on the open internet.")


def is_open(address: Address) -> bool:
    """Whether it is an address of the open internet, by whichever way it is written."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in LOCAL):
            return False
        carried = address.ipv4_mapped or next(
            (IPv4Address(int(address) >> shift & 0xFFFFFFFF) for network, shift in CARRIERS if address in network), None
        )
        if carried is not None:
            return is_open(carried)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def is_whole(url: str) -> bool:
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        is_named = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except (ValueError, UnicodeError):
        return False
    return is_named and url.isprintable() and " " not in url


class Outbound:
    """`near` are networks of one's own that may be spoken to, also without encryption."""

    def __init__(self, near: Sequence[Network] = (), *, trusts: ssl.SSLContext | None = None) -> None:
        self._near = near
        limits: dict[str, Any] = {"max_connections": None, "max_keepalive_connections": 0, "ssl_context": trusts}
        self._pools = {
            "https": httpcore.AsyncConnectionPool(network_backend=Guarded(near), **limits),
            "http": httpcore.AsyncConnectionPool(network_backend=Guarded(near, near_only=True), **limits),
        }

    def wrong_with(self, url: str) -> str | None:
        """What is wrong with an address that somebody has typed, as far as can be seen without asking anyone."""
        if not is_whole(url):
            return phrase("Give a whole address, for example https://example.com/hook.")
        parts = urlsplit(url)
        if parts.username or parts.password:
            return phrase("Leave name and password out of the address.")
        if parts.scheme == "http" and not self._near:
            return phrase("Use https:// here: without it, everybody on the way can read along.")
        return None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, most: int = ANSWER_BYTES
    ) -> Answer:
        """One request and its answer, of which `most` bytes are kept; raises Unsent and Lost."""
        if wrong := self.wrong_with(url):
            raise Closed(wrong)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        address = httpcore.URL(
            scheme=parts.scheme,
            host=(parts.hostname or "").encode("idna"),
            port=parts.port or PORTS[parts.scheme],
            target=target.encode(),
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._speak(method, address, headers, body, most)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as wrong:
            raise Unsent(f"Nobody answers at {parts.hostname}: {wrong or 'in time'}.") from None
        except TimeoutError:
            raise Lost(f"No whole answer within {PATIENCE_S:g} seconds.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as wrong:
            raise Lost(f"The connection broke: {wrong or type(wrong).__name__}.") from None

    async def _speak(
        self, method: str, address: httpcore.URL, headers: Mapping[str, str], body: bytes, most: int
    ) -> Answer:
        pool = self._pools[address.scheme.decode()]
        sent = {"Host": host_header(address), "Content-Length": str(len(body)), **headers}
        patience = {"timeout": {"connect": CONNECT_S, "read": PATIENCE_S, "write": PATIENCE_S, "pool": CONNECT_S}}
        async with pool.stream(method, address, headers=list(sent.items()), content=body, extensions=patience) as came:
            kept = bytearray()
            async for part in came.aiter_stream():
                kept += part
                if len(kept) >= most:
                    break
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in came.headers}
            return Answer(came.status, told, bytes(kept[:most]))


def host_header(address: httpcore.URL) -> str:
    host = address.host.decode()
    shown = f"[{host}]" if ":" in host else host
    return shown if address.port == PORTS[address.scheme.decode()] else f"{shown}:{address.port}"
