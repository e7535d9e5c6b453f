"""The port to where suppliers keep their files: an adapter brings the newest one, or says that nothing has changed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, runtime_checkable

from app.kit.errors import AdapterError, AppError, CredentialsRefused, RateLimited, Rejected


@dataclass(frozen=True, slots=True)
class Access:
    """How one signs in. ``scheme`` is one of the transport's; ``name`` is the user's or the header's name; ``secret``
    a password, a token or a private key."""

    scheme: str = "none"
    name: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Brought:
    """What was found. ``file_name`` is empty when nothing has changed, and nothing was written then. ``marks`` are to
    be given back at the next fetch (an ETag, a host's key); they hold no secrets."""

    file_name: str
    marks: Mapping[str, str]

    @property
    def changed(self) -> bool:
        """Whether there is a file."""
        return bool(self.file_name)


class AddressRefused(AppError):
    """The address can't be one of this transport; the text says what it looks like."""

    status = 422
    code = "address_refused"
    title = "The address can't be used"


@runtime_checkable
class FeedTransport(Protocol):
    """One way to fetch a file."""

    @property
    def name(self) -> str:
        """The adapter's name, as it stands in ``feed_sources.kind``."""

    @property
    def label(self) -> str:
        """The way's name for people."""

    @property
    def example(self) -> str:
        """What an address looks like."""

    @property
    def schemes(self) -> Sequence[tuple[str, str]]:
        """The ways to sign in: name and label."""

    def check_address(self, address: str) -> None:
        """Look at an address without going there. Raises ``AddressRefused``."""

    def fetch(
        self,
        address: str,
        access: Access,
        marks: Mapping[str, str],
        *,
        into: BinaryIO,
        largest: int,
        total_seconds: float,
    ) -> Brought:
        """Write the newest file, at most ``largest`` bytes, ``into`` an empty file. ``marks`` are those of the last
        fetch from this address, or empty. Raises the four errors of adapters; a ``Rejected`` says in words for the
        supplier what is wrong."""


def fingerprint(host_key: str) -> str:
    """A remembered host key as servers' owners know it: ``SHA256:…``."""
    digest = hashlib.sha256(base64.b64decode(host_key.partition(" ")[2])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def in_words(error: AdapterError) -> str:
    """What is wrong with a fetch, for the supplier."""
    if isinstance(error, Rejected):
        return error.message
    if isinstance(error, CredentialsRefused):
        return "The server refuses the sign-in. Check the user name and the password or token."
    if isinstance(error, RateLimited):
        return "The server asks to be visited less often."
    return f"The file can't be fetched: {error}."
