"""Whose request it is: the connection's address, and X-Forwarded-For from trusted proxies only, whatever it holds."""

from ipaddress import IPv6Address, ip_address, ip_network
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from board.web.session import NOWHERE, client_address, is_passed_on, network_of, read_address
from tests.cast import ROOT
from tests.web.site import Site

TRUSTED = tuple(ip_network(net) for net in ("10.0.0.0/8", "fd00::/8"))
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"
ADDRESSES = st.ip_addresses().map(str)
GARBAGE = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)


def connection(peer: str | None, *forwarded: str) -> HTTPConnection:
    """A connection from the peer with these X-Forwarded-For lines."""
    board = SimpleNamespace(settings=SimpleNamespace(trusted_proxies=TRUSTED))
    return HTTPConnection(
        {
            "type": "http",
            "client": (peer, 4711) if peer else None,
            "headers": [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded],
            "app": SimpleNamespace(state=SimpleNamespace(board=board)),
        }
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (STRANGER, (), STRANGER),
        (STRANGER, ("198.51.100.1",), STRANGER),
        (PROXY, (), PROXY),
        (PROXY, ("",), PROXY),
        (PROXY, ("198.51.100.1",), "198.51.100.1"),
        (PROXY, ("192.0.2.1, 198.51.100.1",), "198.51.100.1"),
        (PROXY, ("192.0.2.1", "198.51.100.1"), "198.51.100.1"),
        (PROXY, ("192.0.2.1, 198.51.100.1, 10.9.9.9",), "198.51.100.1"),
        (PROXY, ("10.0.0.2, 10.0.0.3",), "10.0.0.2"),
        (PROXY, ("198.51.100.1:50123",), "198.51.100.1"),
        (PROXY, ("2001:db8::7",), "2001:db8::7"),
        (PROXY, ("[2001:db8::7]:443",), "2001:db8::7"),
        (PROXY, ("[2001:db8::7]",), "2001:db8::7"),
        (PROXY, ("fe80::7%eth0",), "fe80::7"),
        (PROXY, ("::ffff:198.51.100.1",), "198.51.100.1"),
        (PROXY, ("192.0.2.1, unknown",), PROXY),
        (PROXY, ("192.0.2.1, _hidden",), PROXY),
        (PROXY, ("192.0.2.1,",), PROXY),
        (PROXY, ("198.51.100.999",), PROXY),
        (PROXY, ("198.51.100.1:99:1",), PROXY),
        (PROXY, ("[198.51.100.1",), PROXY),
        ("fd00::1", ("2001:db8::7",), "2001:db8::7"),
        ("fd00::1%lo", ("2001:db8::7",), "2001:db8::7"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:203.0.113.9", (), STRANGER),
        (None, ("198.51.100.1",), NOWHERE),
        ("testclient", ("198.51.100.1",), NOWHERE),
    ],
)
def test_whose_request_it_is(peer: str | None, forwarded: tuple[str, ...], client: str) -> None:
    assert client_address(connection(peer, *forwarded)) == client


@given(st.lists(GARBAGE | ADDRESSES, max_size=4))
def test_nothing_that_a_stranger_sends_gives_him_another_address(lines: list[str]) -> None:
    assert client_address(connection(STRANGER, *lines)) == STRANGER


@given(st.lists(GARBAGE | ADDRESSES, max_size=4))
def test_what_the_proxy_adds_counts_whatever_the_stranger_has_sent_before(lines: list[str]) -> None:
    assert client_address(connection(PROXY, *lines, STRANGER)) == STRANGER
    assert client_address(connection(PROXY, ", ".join([*lines, STRANGER]))) == STRANGER


@given(GARBAGE | ADDRESSES, st.none() | GARBAGE | ADDRESSES)
def test_the_answer_is_always_an_address(line: str, peer: str | None) -> None:
    assert ip_address(client_address(connection(peer, line)))


@given(st.integers(2**125, 2**128 - 1).map(IPv6Address))
def test_a_household_is_the_first_half_of_an_address_of_version_6(address: IPv6Address) -> None:
    assert network_of(str(address)).endswith("/64")
    assert address in ip_network(network_of(str(address)))


def test_an_ipv4_address_is_the_same_in_both_spellings() -> None:
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert read_address("1" * 10_000) is None


def test_a_proxy_that_nobody_named_is_noticed() -> None:
    assert is_passed_on(connection(STRANGER, "198.51.100.1"))
    assert not is_passed_on(connection(PROXY, "198.51.100.1"))
    assert not is_passed_on(connection(STRANGER))


async def test_the_settings_say_what_to_do_about_a_proxy_that_is_not_trusted(quick_site: Site) -> None:
    said = "Set BOARD_TRUSTED_PROXIES to its address"
    assert said not in (await (await quick_site.staff(ROOT)).get("/staff/settings")).text
    root = await quick_site.staff(ROOT, headers={"x-forwarded-for": "198.51.100.1"})
    assert said in (await root.get("/staff/settings")).text
