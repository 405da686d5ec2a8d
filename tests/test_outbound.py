"""Requests to typed addresses reach the open internet and nothing of one's own, by whichever spelling."""

import asyncio
import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from board import outbound
from board.outbound import ANSWER_BYTES, Closed, Lost, Outbound, Unsent, is_open
from tests.receiver import receiving, says

NEAR = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::", "2606:4700::1"])
def test_the_open_internet_is_open(address: str) -> None:
    assert is_open(ip_address(address))


CLOSED = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.1.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "fec0::1",
    "::127.0.0.1",
    "2001:0:1::1",
    "ff02::1",
    "2001:db8::1",
]
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "0",
    "0.0.0.0",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "169.254.169.254",
]


@pytest.mark.parametrize("address", CLOSED)
def test_whatever_is_not_of_the_open_internet_is_closed(address: str) -> None:
    assert not is_open(ip_address(address))


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_an_address_of_our_own_is_reached(host: str) -> None:
    async with receiving() as receiver:
        with pytest.raises(Unsent):
            await Outbound().send("POST", f"https://{host}:{receiver.port}/", {})
        assert receiver.sent == []


async def test_a_name_is_looked_up_once_and_what_was_judged_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name leads to the open internet when it is asked for first, and to this machine ever after."""
    async with receiving() as receiver:
        asked: list[str] = []

        async def rebound(host: str, port: int, **given: Any) -> Any:
            asked.append(host)
            address = "192.0.2.1" if len(asked) > 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound, raising=False)
        answer = await Outbound(NEAR).send("POST", f"http://rebound.example:{receiver.port}/", {})
        assert (answer.status, asked) == (200, ["rebound.example"])
        assert receiver.sent[0].headers["host"] == f"rebound.example:{receiver.port}"
        with pytest.raises(Closed, match=r"192\.0\.2\.1"):
            await Outbound(NEAR).send("POST", f"https://rebound.example:{receiver.port}/", {})


async def test_one_closed_address_of_a_name_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(host: str, port: int, **given: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two, raising=False)
    with pytest.raises(Closed, match=r"10\.0\.0\.1"):
        await Outbound().send("POST", "https://two.example/", {})


async def test_a_redirect_is_an_answer_and_nobody_follows_it() -> None:
    async with receiving() as elsewhere, receiving(says(307, f"Location: {elsewhere.url}")) as receiver:
        assert (await Outbound(NEAR).send("POST", receiver.url, {})).status == 307
        assert elsewhere.sent == []


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        await Outbound(NEAR).send("POST", receiver.url, {})
        assert (len(proxy.sent), len(receiver.sent)) == (0, 1)


async def test_without_networks_of_ones_own_only_https_goes_out() -> None:
    assert "https" in str(Outbound().wrong_with("http://example.com/"))
    assert Outbound().wrong_with("https://example.com/a?b=c") is None
    with pytest.raises(Closed):
        await Outbound(NEAR).send("POST", "http://8.8.8.8/", {})


@pytest.mark.parametrize(
    "url", ["", "example.com", "ftp://x.example/", "https://", "https://a b/", "https://x:0/", "https://x\n/"]
)
def test_what_is_no_address_is_refused_in_words(url: str) -> None:
    assert "whole address" in str(Outbound().wrong_with(url))
    assert "password" in str(Outbound().wrong_with("https://ada:pw@example.com/"))


async def test_a_long_answer_is_cut_and_a_broken_one_is_told_from_one_that_never_began() -> None:
    async with receiving(says(200, body=b"x" * (2 * ANSWER_BYTES)), None) as receiver:
        assert len((await Outbound(NEAR).send("POST", receiver.url, {}, b"{}")).body) == ANSWER_BYTES
        with pytest.raises(Lost):
            await Outbound(NEAR).send("POST", receiver.url, {})
        gone = receiver.url
    with pytest.raises(Unsent):
        await Outbound(NEAR).send("POST", gone, {})
    with pytest.raises(Unsent, match="to be found"):
        await Outbound().send("POST", "https://nowhere.invalid/", {})


async def test_an_answer_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "PATIENCE_S", 0.2)
    async with receiving(b"") as receiver:
        with pytest.raises(Lost, match="within"):
            await Outbound(NEAR).send("POST", receiver.url, {})
