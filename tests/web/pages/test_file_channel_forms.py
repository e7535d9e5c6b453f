"""Suppliers set up files and shops on their page, try them, and forget a server's key."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from app import db
from app.purchasing.service.channels import setting_of
from tests.domains.feeds.portal import FileServers, file_servers
from tests.market import Market
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member

__all__ = ["file_servers"]
PAGE = "/supplier/settings/channel"


@pytest.fixture
def browser(market: Market, set_up: Callable[..., None]) -> Browser:
    """A supplier's owner; its servers run on loopback, which this installation may reach."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    return member(market, "supplier")[0]


def sign_in(servers: FileServers) -> dict[str, str]:
    """A user of the server with both folders, as the form has them."""
    root = uuid4().hex
    servers.user(root, password="pass-Zw4!")
    servers.folder(f"{root}/in", write=True)
    servers.folder(f"{root}/out", write=True)
    return {
        "host": "127.0.0.1", "port": str(servers.sftp_port), "user": root, "password": "pass-Zw4!",
        "outbox": f"/{root}/in", "inbox": f"/{root}/out",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "more"), [("x12", {"your_id": "BRIGHT"}), ("sftp_csv", {"columns": "Order = number\nItem = sku"})]
)
def test_files_are_set_up_and_tried_and_the_key_is_forgotten(
    browser: Browser, market: Market, file_servers: FileServers, channel: str, more: dict[str, str]
) -> None:
    given = {**sign_in(file_servers), **more}
    answer = browser.submit(f"{PAGE}?channel={channel}", PAGE, **given)
    assert answer.status_code == 303, text_of(answer)
    page = browser.get(PAGE)
    assert "pass-Zw4!" not in page.text and "It is kept" in page.text
    for value in more.values():
        assert value.split("\n")[0] in page.text
    tried = browser.submit(PAGE, "/channel/test")
    assert "Signed in. Files can be put into" in text_of(tried)

    with db.tenant_scope(market.supplier.id, actor="test"), db.transaction() as session:
        row = setting_of(session, market.supplier.id, lock=True)
        assert row is not None
        row.marks = {**row.marks, "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="}
    assert "SHA256:" in text_of(browser.get(PAGE))
    refused = browser.submit(PAGE, "/channel/test")
    assert "another key than before" in text_of(refused)
    assert browser.submit(PAGE, "/channel/forget-key").status_code == 303
    assert "Signed in. Files can be put into" in text_of(browser.submit(PAGE, "/channel/test"))

    moved = browser.submit(PAGE, PAGE, host="localhost", password="")
    assert moved.status_code == 422 and "give this again" in text_of(moved), "a password goes to its own server only"


@pytest.mark.parametrize(
    ("channel", "given", "words"),
    [
        ("x12", {"host": "files.example", "user": "me", "password": "x"}, "This is needed."),
        ("sftp_csv", {"host": "files.example", "user": "me", "password": "x", "columns": "Order"}, "Line 1"),
        ("shopify_shop", {"shop": "bright.example"}, "your-shop.myshopify.com"),
        ("woocommerce_shop", {"url": "http://", "consumer_key": "k", "consumer_secret": "s"}, "https://"),
    ],
)
def test_what_can_not_be_is_said_beside_the_form(
    browser: Browser, channel: str, given: dict[str, str], words: str
) -> None:
    answer = browser.submit(f"{PAGE}?channel={channel}", PAGE, **given)
    assert answer.status_code == 422
    assert words in text_of(answer)
