"""Where an import may connect to."""

import pytest

from matinee.modules.imports.reach import Reach

INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2600::1", "2a00:1450:4001::200e"]


class TestReach:
    @pytest.mark.parametrize("address", INSIDE)
    def test_what_is_not_public_is_not_reached(self, address: str) -> None:
        """Whatever form it has."""
        assert not Reach().admits("films.example.org", address, 443)

    @pytest.mark.parametrize("address", OUTSIDE)
    def test_what_is_public_is_reached(self, address: str) -> None:
        """At the ports of the web."""
        assert all(Reach().admits("films.example.org", address, port) for port in (80, 443))
        assert not any(Reach().admits("films.example.org", address, port) for port in (22, 25, 6379, 8080))

    def test_what_is_allowed_is_reached_at_any_port(self) -> None:
        """Networks by their addresses, hosts by their names."""
        reach = Reach(["10.1.0.0/16", "fd00:1::/32", "Films.intra"])
        assert reach.admits("films.example.org", "10.1.2.3", 8080)
        assert reach.admits("films.example.org", "fd00:1::1", 8080)
        assert reach.admits("films.intra.", "192.168.1.1", 8080)
        assert not reach.admits("films.example.org", "10.2.0.1", 80)
        assert not reach.admits("films.example.org", "::ffff:10.1.2.3", 80)
        assert not reach.admits("evil.films.intra", "192.168.1.1", 80)
