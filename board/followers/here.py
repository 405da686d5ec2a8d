"""Which hosts are this machine itself, to which a password may go as it is."""

from ipaddress import ip_address


def is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
