"""Whose request it is, as rate limits count it."""

import ipaddress
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest

from matinee.common.http.call import Call, Runtime


def address(peer: str, *forwarded: str) -> str:
    """The client's address of a request by way of `peer`; 10.0.0.0/8 are our own proxies."""
    runtime = cast("Runtime", SimpleNamespace(trusted_proxies=[ipaddress.ip_network("10.0.0.0/8")]))
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Call(runtime, {"client": (peer, 50_000), "headers": headers}, cast("Any", None)).address


class TestCookie:
    @pytest.mark.parametrize("others", ["", '{"a":1}; ', "x y; ", "foo[bar=1; ", "a=b; "])
    def test_is_found_among_those_of_others(self, others: str) -> None:
        """Any application on the same host may set what it likes."""
        scope = {"headers": [(b"cookie", f"{others}matinee_refresh=abc; z=1".encode())]}
        assert Call(cast("Runtime", None), scope, cast("Any", None)).cookie("matinee_refresh") == "abc"


class TestAddress:
    def test_without_a_proxy_it_is_the_peer(self) -> None:
        """Whatever it says of itself."""
        assert address("192.0.2.1", "198.51.100.7") == "192.0.2.1"

    @pytest.mark.parametrize(
        "forwarded",
        [
            ["192.0.2.1"], ["198.51.100.7, 192.0.2.1"], ["198.51.100.7", "192.0.2.1"], ["192.0.2.1, 10.0.0.9"],
            ["192.0.2.1, ::ffff:10.0.0.9"], ["192.0.2.1:50000"], ["192.0.2.1:50000, 10.0.0.9:50000"],
        ],
    )  # fmt: skip
    def test_behind_proxies_it_is_the_last_hop_that_is_not_one(self, forwarded: list[str]) -> None:
        """What the client itself claims to have forwarded stands before it, in the same line or another."""
        assert address("10.0.0.1", *forwarded) == address("::ffff:10.0.0.1", *forwarded) == "192.0.2.1"

    @pytest.mark.parametrize("hop", ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:50000"])
    def test_a_port_is_none_of_it(self, hop: str) -> None:
        """With each connection a client would be another one."""
        assert address("10.0.0.1", hop) == "2001:db8::1"


class TestQuery:
    @pytest.mark.parametrize(
        "text",
        [
            b"", b"&", b"limit=20", b"limit=20&cursor=a_b-c", b"limit=1&limit=2", b"limit", b"limit=", b"=20",
            b"a=b=c", b"a+b=c+d", b"%C3%A9=%F0%9F%8E%AC", b"a=%", b"a=%zz", b"a=%ff", b"a=\xff", b"a=%26%3D%2B",
            b"&&a=1&&b=2&", b"a;b=1",
        ],
    )  # fmt: skip
    def test_is_read_as_the_standard_library_reads_it(self, text: bytes) -> None:
        """Blanks are kept, and of a repeated one the last counts."""
        call = Call(cast("Runtime", None), {"query_string": text}, cast("Any", None))
        assert call.query() == dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))
