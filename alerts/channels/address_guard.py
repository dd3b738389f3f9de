"""The address guard: a customer's webhook must not make this deployment talk to its own network (SSRF, OWASP).

    URL ──> https, no user part ──> one resolve ──> every address public? ──> connect to these very addresses
                                                  └─ any is not: refused      (Host and SNI stay the URL's host)

Invariant: what is connected to was looked at, and nothing is resolved a second time, so a name that changes its answer
(DNS rebinding) gains nothing. Operators may allow networks of their own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: NAT64 (RFC 6052) and IPv4-compatible addresses (RFC 4291 §2.5.5.1): the IPv4 address is in the last 32 bits.
EMBEDDING = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
#: Not public, whatever the running Python's tables say (IANA special-purpose registries; older releases miss some).
SPECIAL: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001::/23", "5f00::/16", "fec0::/10")
)


class Refused(OSError):
    """An address that must not be talked to. An OSError, because that is what a resolver may raise."""


class Target(Struct, frozen=True):
    """A URL taken apart: `origin` is what a provider is known by."""

    url: str
    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def parse_target(url: str) -> Target | None:
    """Takes an absolute http or https URL without a user part; None when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        return None
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    return Target(url, parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80))


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks in CIDR form. Raises ValueError for one that is none."""
    return tuple(ip_network(text.strip()) for text in texts if text.strip())


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet, also when it wraps another one."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped is None and any(address in network for network in EMBEDDING):
            wrapped = IPv4Address(int(address) & 0xFFFF_FFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.scope_id is not None:
            return False
    special = any(address.version == network.version and address in network for network in SPECIAL)
    return address.is_global and not (special or address.is_multicast or address.is_reserved or address.is_unspecified)


class Guard(AbstractResolver):
    """A resolver that gives public addresses only, and those of the networks that are allowed."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self.allowed = tuple(allowed)

    def is_allowed(self, address: Address) -> bool:
        """Whether an operator allowed the address expressly."""
        plain = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
        return any(plain.version == network.version and plain in network for network in self.allowed)

    def check(self, text: str, *, clear: bool = False) -> None:
        """Raises Refused when the address is not to be talked to; `clear`: without TLS, so only where allowed."""
        address = ip_address(text)
        if not self.is_allowed(address) and (clear or not is_public(address)):
            raise Refused("the address is not public")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """All addresses of a host. One that is refused refuses the host: it is not for us to pick the harmless ones."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results = []
        for of_family, _, protocol, _, where in found:
            self.check(str(where[0]))
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(where[0]),
                    port=port,
                    family=of_family,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing to let go of."""
