"""The address guard: what a customer's webhook may make this deployment talk to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.channels.address_guard import Guard, Refused, is_public, parse_networks, parse_target

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",  # shared by carriers, RFC 6598
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",  # the cloud's metadata service
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",  # 6to4
    "2001::1",  # Teredo
    "2001:db8::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_an_address_of_a_network_of_ones_own_is_refused(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(Refused):
        Guard().check(text)


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_talked_to_with_tls_alone(text: str) -> None:
    Guard().check(text)
    with pytest.raises(Refused):
        Guard().check(text, clear=True)


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing(address: object) -> None:
    plain = ip_address(str(address))
    for wrapped in (f"::ffff:{plain}", str(ip_address((0x64FF9B << 96) | int(plain)))):
        assert is_public(ip_address(wrapped)) == is_public(plain)


def test_an_operator_may_allow_networks_of_their_own() -> None:
    guard = Guard(parse_networks(["127.0.0.0/8", " ::1/128"]))
    for text in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        guard.check(text)
        guard.check(text, clear=True)
    with pytest.raises(Refused):
        guard.check("10.0.0.1")


async def test_a_name_is_refused_when_any_of_its_addresses_is() -> None:
    with pytest.raises(Refused):
        await Guard().resolve("localhost", 80)
    found = await Guard(parse_networks(["127.0.0.0/8", "::1/128"])).resolve("localhost", 80)
    assert {result["hostname"] for result in found} == {"localhost"}
    assert {result["host"] for result in found} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/h?x=1", ("https", "a.example", 443)),
        ("https://A.example:8443/", ("https", "a.example", 8443)),
        ("http://127.0.0.1/", ("http", "127.0.0.1", 80)),
        ("ftp://a.example/", None),
        ("https://user:pw@a.example/", None),
        ("https://a.example@127.0.0.1/", None),
        ("https:///h", None),
        ("https://a.example:99999/", None),
        ("https://a.example\\@127.0.0.1/", None),
        ("https://a.example/\r\nX: y", None),
        ("file:///etc/passwd", None),
        ("", None),
    ],
)
def test_only_plain_http_urls_are_targets(url: str, origin: tuple[str, str, int] | None) -> None:
    target = parse_target(url)
    assert (target.origin if target else None) == origin
