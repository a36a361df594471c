"""To which machines an import may connect. Pure decisions over addresses, asked where a socket is made."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

_USUAL_PORTS = frozenset({80, 443})  # behind others are mail servers, databases, whatever trusts a line of text
_GLOBAL = IPv6Network("2000::/3")  # all else is private, local, mapped IPv4, NAT64, multicast or unassigned
# Ours, not `is_global`: what that says has changed between releases of Python.
_CLOSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches this very machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; 100.100.100.200 tells a cloud's machine its secrets
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own, though it looks public
        "169.254.0.0/16",  # link-local; 169.254.169.254 tells most clouds' machines their secrets
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # examples
        "192.88.99.0/24",  # relays to 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocols' own; Teredo, which holds an IPv4 address, among them
        "2001:db8::/32",  # examples
        "2002::/16",  # 6to4, which holds an IPv4 address
        "3fff::/20",
    )
)


class Reach:
    """The public internet at its usual ports, and what an operator allows besides, at any port."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """`allowed`: networks (CIDR) and names of hosts."""
        self._networks = []
        self._names = set()
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry))
            except ValueError:
                self._names.add(_plain(entry))

    def admits(self, host: str, address: str, port: int) -> bool:
        """Whether to connect to an address, at a port, as which the name `host` was resolved."""
        found = ip_address(address)
        if _plain(host) in self._names or any(found in network for network in self._networks):
            return True
        return port in _USUAL_PORTS and _is_public(found)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL:
        return False
    return not any(address in network for network in _CLOSED)


def _plain(host: str) -> str:
    return host.lower().rstrip(".")
