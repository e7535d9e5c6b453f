"""Every way to fetch a file keeps to its port, and refuses addresses before anybody goes there."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters import registries
from app.feeds.source import Access, AddressRefused, FeedTransport
from app.kit.errors import AdapterError, Rejected

TRANSPORTS = registries.sources.all()


@pytest.mark.parametrize("name", TRANSPORTS)
def test_each_keeps_to_the_port(name: str) -> None:
    transport = TRANSPORTS[name]
    assert isinstance(transport, FeedTransport)
    assert transport.name == name
    assert transport.label
    assert all(scheme and label for scheme, label in transport.schemes)
    transport.check_address(transport.example)


@pytest.mark.parametrize("name", TRANSPORTS)
@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "ftp://files.example/a.csv", "file:///etc/passwd", "https://", "sftp://", "//files.example/a",
     "https://u:p@files.example/a", "sftp://u:p@files.example/a", "https://[::1/a", "sftp://files.example:99999/a"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words(name: str, address: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        TRANSPORTS[name].check_address(address)
    assert "p@" not in caught.value.detail


@pytest.mark.parametrize("name", TRANSPORTS)
@given(address=st.text(max_size=60))
def test_any_text_is_an_address_or_refused(name: str, address: str) -> None:
    for text in (address, f"{name}://{address}"):
        try:
            TRANSPORTS[name].check_address(text)
        except AddressRefused:
            continue


@pytest.mark.parametrize("name", TRANSPORTS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]"])
def test_nobody_goes_behind_our_own_walls(name: str, host: str) -> None:
    into = BytesIO()
    with pytest.raises(AdapterError) as caught:
        TRANSPORTS[name].fetch(f"{name}://{host}/a.csv", Access(), {}, into=into, largest=1000, total_seconds=5.0)
    assert isinstance(caught.value, Rejected)
    assert caught.value.code == "address_refused"
    assert into.getvalue() == b""


def test_a_secret_is_not_in_what_is_printed() -> None:
    assert "hidden" not in repr(Access("basic", "me", "hidden"))
