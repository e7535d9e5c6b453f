"""A file at an https address, asked for only when it has changed (RFC 9110, 13)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from app.adapters._guarded_http import LONGEST_URL, guarded_http
from app.config import settings
from app.feeds.source import Access, AddressRefused, Brought
from app.kit.errors import Rejected
from app.kit.texts import marked as _

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_NAMED = re.compile(r"filename=\"?([^\";]+)", re.IGNORECASE)


class Https:
    """The ``FeedTransport`` port over HTTPS."""

    name = "https"
    label = "HTTPS"
    example = "https://files.example.com/stock.csv"
    schemes = (
        ("none", _("No sign-in")),
        ("basic", _("User name and password")),
        ("header", _("A token in a header")),
    )

    def check_address(self, address: str) -> None:
        """By its form only: where its host is, is found out when it is fetched."""
        try:
            parts = urlsplit(address)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise AddressRefused("That is not an address. It looks like " + self.example) from error
        if parts.scheme not in ("https", "http") or not host or len(address) > LONGEST_URL:
            raise AddressRefused("The address must begin with https://, for example " + self.example)
        plain_allowed = settings().outbound_allow_http or bool(settings().allowed_hosts)
        if parts.scheme == "http" and not plain_allowed:
            raise AddressRefused("The address must begin with https://, so that nobody on the way can change the file.")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("Leave the user name and password out of the address; there are fields for them.")

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
        """See the port."""
        conditions = {}
        if "etag" in marks:
            conditions["If-None-Match"] = marks["etag"]
        if "last_modified" in marks:
            conditions["If-Modified-Since"] = marks["last_modified"]
        fetched = guarded_http().fetch(
            address,
            into=into,
            largest=largest,
            total_seconds=total_seconds,
            headers=conditions,
            secret_headers=_signed_in(access),
        )
        if not fetched.changed:
            return Brought("", marks)
        found = {"etag": fetched.headers.get("ETag", ""), "last_modified": fetched.headers.get("Last-Modified", "")}
        kept = {name: value[:500] for name, value in found.items() if value}
        return Brought(_file_name(fetched.url, fetched.headers.get("Content-Disposition", "")), kept)


def _signed_in(access: Access) -> dict[str, str]:
    if access.scheme == "basic":
        return {"Authorization": "Basic " + b64encode(f"{access.name}:{access.secret}".encode()).decode()}
    if access.scheme == "header":
        if not _HEADER_NAME.fullmatch(access.name) or not access.secret.isprintable() or not access.secret.isascii():
            raise Rejected("header_refused", "The header's name or token holds signs that a header can't hold.")
        return {access.name: access.secret}
    return {}


def _file_name(url: str, disposition: str) -> str:
    named = _NAMED.search(disposition)
    if named:
        return named.group(1).strip() or "feed"
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or "feed"
