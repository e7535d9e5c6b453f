"""Where a stranger's host name may lead: to public addresses only, checked once and then connected to as checked.

Whoever names a host also runs its name server, which may answer differently each time it is asked. So the name is
resolved here, every answer is checked, and the connection is made to a checked address, never to the name again.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from app.kit.errors import Rejected, Unavailable

#: Global by the registry's flags, or by an older Python's copy of them, but not the public internet.
_NOT_PUBLIC_V4 = tuple(IPv4Network(net) for net in ("192.0.0.0/24", "192.88.99.0/24"))
#: The only IPv6 space given to networks of the public internet (RFC 4291, IANA).
_PUBLIC_V6 = IPv6Network("2000::/3")
#: Parts of it that carry an IPv4 address inside (Teredo, 6to4) or are for documents and overlays.
_NOT_PUBLIC_V6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
#: Most addresses of one name that are tried.
_MOST_ADDRESSES = 6

Resolver = Callable[[str, int], Sequence[str]]
Dialer = Callable[[str, int, float], socket.socket]


def is_public(address: str) -> bool:
    """Whether an address is a unicast address of the public internet: not private, loopback, link-local (metadata
    services), carrier-grade NAT, multicast, reserved or for documents, nor an IPv6 form that carries an IPv4 address to
    a translator. An IPv4-mapped address is judged as the IPv4 address. Anything else than an address is not."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return False
        if found.ipv4_mapped is None:
            inside = any(found in net for net in _NOT_PUBLIC_V6)
            return found in _PUBLIC_V6 and not inside and found.is_global and not found.is_multicast
        found = found.ipv4_mapped
    special = found.is_multicast or found.is_reserved or any(found in net for net in _NOT_PUBLIC_V4)
    return found.is_global and not special


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the machine's resolver. Raises ``OSError``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to an address within that time. Raises ``OSError``."""
    return socket.create_connection((address, port), timeout=seconds)


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Connects to hosts that strangers name. ``allowed`` holds hosts, as ``host`` or ``host:port`` in lower case, that
    may be anywhere, for development and tests."""

    allowed: frozenset[str] = frozenset()
    resolve: Resolver = field(default=resolve)
    dial: Dialer = field(default=dial)

    def allows(self, host: str, port: int) -> bool:
        """Whether the host is one that may be anywhere."""
        name = host.lower()
        return name in self.allowed or f"{name}:{port}" in self.allowed

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """The checked addresses of a host. Raises ``Unavailable`` when its name is not known, and ``Rejected``
        (``address_refused``) when any of its addresses is not public; neither says which addresses there are."""
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unavailable("the host's name is not known") from error
        if not found:
            raise Unavailable("the host's name is not known")
        if not self.allows(host, port) and not all(is_public(address) for address in found):
            raise Rejected("address_refused", "The host is not on the public internet.")
        return found[:_MOST_ADDRESSES]

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A connection to the first checked address that answers, within that time over all. The socket's own time
        limit is what was given. Raises as ``addresses``, and ``Unavailable`` when none answers."""
        until = time.monotonic() + seconds
        addresses = self.addresses(host, port)
        last: OSError | None = None
        for address in addresses:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                connected = self.dial(address, port, left)
            except OSError as error:
                last = error
                continue
            connected.settimeout(seconds)
            return connected
        raise Unavailable("the host did not answer in time" if last is None else "the host refuses the connection")
