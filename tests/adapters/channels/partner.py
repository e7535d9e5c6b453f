"""A supplier whose system exchanges files with us over SFTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.kit.money import Money
from app.purchasing.answers import Answers
from app.purchasing.channel import (
    ChannelSettings,
    PurchaseOrderLineNote,
    PurchaseOrderNote,
    SenderNote,
    Sending,
    SupplierChannel,
)
from app.stores.store_orders import Address
from tests.domains.feeds.portal import FileServers

ADDRESS = Address(
    name="Zoë Ångström",
    company="Lampen & Söhne",
    address1="Straße 5",
    address2="c/o *Star~",
    city="Łódź",
    province="Łódzkie",
    postal_code="90-001",
    country_code="PL",
    phone="+48 42 123 45 67",
)
SENDER = SenderNote(
    address=Address(
        name="Northwind Returns",
        company="Northwind Home Inc.",
        address1="77 Retail Street",
        city="Portland",
        province="ME",
        postal_code="04101",
        country_code="US",
        phone="+12075552368",
    ),
    as_sender=True,
    as_return_address=True,
)
NOTE = PurchaseOrderNote(
    id="0198c0de-0000-7000-8000-000000000001",
    number="1001-1",
    retailer_name="Lamp Lovers",
    supplier_id="0198c0de-0000-7000-8000-000000000002",
    supplier_name="Bright Ltd",
    recipients=("orders@bright.example",),
    country="PL",
    ship_by=datetime(2026, 12, 1, 17, tzinfo=UTC),
    url="https://crossdock.example/supplier/purchase-orders/1",
    total=Money(4250, "EUR"),
    lines=(
        PurchaseOrderLineNote(
            sku="LAMP-1", title="Lamp", quantity=2, wholesale_price=Money(1500, "EUR"), gtin="4006381333931"
        ),
        PurchaseOrderLineNote(sku="BULB-9", title="=Bulb", quantity=5, wholesale_price=Money(250, "EUR"), position=2),
    ),
    order_reference="#1001",
    shipping_method="Standard",
    released_at=datetime(2026, 11, 29, 12, tzinfo=UTC),
    address=ADDRESS,
)


@dataclass(slots=True)
class Exchange:
    """One partner's folders, and our channel to them."""

    channel: SupplierChannel
    servers: FileServers
    root: str
    settings: ChannelSettings

    @property
    def inbox(self) -> str:
        """Where the partner puts its answers."""
        return f"{self.root}/out"

    def sent(self) -> dict[str, bytes]:
        """The files that the partner finds."""
        names = self.servers.listed(f"{self.root}/in")
        return {name: self.servers.read(f"{self.root}/in/{name}") or b"" for name in names}

    def answer(self, name: str, content: str | bytes) -> None:
        """The partner puts a file down."""
        content = content.encode() if isinstance(content, str) else content
        self.servers.put(f"{self.inbox}/{name}", content)

    def poll(self) -> Answers:
        """Look once; what it brings is remembered as if it was written down."""
        answers = self.channel.poll(self.settings, ())
        self.settings = replace(self.settings, marks={**self.settings.marks, **answers.marks})
        return answers

    def put_away(self, sequence: int) -> None:
        """After the answers were written down."""
        marks = self.channel.put_away(self.settings, (), sequence)
        self.settings = replace(self.settings, marks={**self.settings.marks, **marks})

    def set(self, **values: str) -> None:
        """Other settings."""
        self.settings = replace(self.settings, values={**self.settings.values, **values})


@pytest.fixture
def exchange_with(
    file_servers: FileServers, set_up: Callable[..., None]
) -> Iterator[Callable[[SupplierChannel], Exchange]]:
    """Make a partner for a channel."""
    set_up(outbound_allowed_hosts=f"127.0.0.1:{file_servers.sftp_port}")

    def make(channel: SupplierChannel) -> Exchange:
        root = uuid4().hex
        file_servers.user(root, password="pass-Zw4!")
        file_servers.folder(f"{root}/in", write=True)
        file_servers.folder(f"{root}/out", write=True)
        file_servers.folder(f"{root}/done", write=True)
        values = {one.name: one.default for one in channel.form if one.default}
        values |= {
            "host": "127.0.0.1",
            "port": str(file_servers.sftp_port),
            "user": root,
            "outbox": f"/{root}/in",
            "inbox": f"/{root}/out",
            "archive": f"/{root}/done",
            "your_id": "BRIGHT",
            "your_qualifier": "01",
        }
        settings = ChannelSettings(supplier_id=NOTE.supplier_id, values=values, secrets={"password": "pass-Zw4!"})
        return Exchange(channel, file_servers, root, settings)

    yield make


def sending(sequence: int = 7, *, again: bool = False) -> Sending:
    """A message."""
    return Sending(key=f"message-{sequence}", sequence=sequence, again=again)
