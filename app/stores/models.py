"""Tables of connected stores."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, own

#: Statuses of a store that is or was really connected.
LIVE = ("connected", "access_lost", "uninstalled")
#: What is remembered of a store's permissions, in its ``platform_state``.
GRANTED = "granted_scopes"


class Store(Base):
    """A shop of a retailer. ``generation`` counts installations, so that a late word about an earlier one
    (an uninstall hook that arrives after the reinstall) is recognised and ignored."""

    __tablename__ = "stores"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("retailer_id", "id"),
        # One shop belongs to one retailer at a time; naming it without proof claims nothing.
        Index(
            "uq_stores_claimed_shop",
            "platform",
            "external_id",
            unique=True,
            postgresql_where=text("claimed and status not in ('pending', 'disconnected')"),
        ),
        Index(
            "uq_stores_shop_of_retailer",
            "retailer_id",
            "platform",
            "external_id",
            unique=True,
            postgresql_where=text("status <> 'disconnected'"),
        ),
        Index(None, "platform", "external_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    #: An adapter's name.
    platform: Mapped[str]
    #: The platform's name of the shop: for Shopify its myshopify.com domain, else the address.
    external_id: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    country: Mapped[str]
    #: Whether the shop's owner has proven that it is theirs, as an installation does.
    claimed: Mapped[bool] = mapped_column(server_default="false")
    #: ``pending``, ``connected``, ``access_lost``, ``uninstalled`` or ``disconnected``.
    status: Mapped[str]
    generation: Mapped[int] = mapped_column(server_default="1")
    #: Share of the stock that this store is not shown, in percent.
    buffer_percent: Mapped[int]
    #: Units kept back besides the percentage, and the most that is ever shown (None: no limit).
    buffer_units: Mapped[int] = mapped_column(server_default="0")
    quantity_cap: Mapped[int | None]
    #: Minutes that a paid order waits before it is sent; None: as long as the platform's setting says.
    fraud_window_minutes: Mapped[int | None]
    #: Which of its orders wait to be looked at: ``app.stores.risk``.
    risk_rules: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    #: What becomes of its orders' lines that no supplier's variant is linked to: ``app.stores.risk.UNLINKED``.
    unlinked_lines: Mapped[str] = mapped_column(server_default="like_ours")
    #: How far its orders are to be paid before suppliers have them: ``app.stores.payment.SENDS_WHEN``.
    sends_when: Mapped[str] = mapped_column(server_default="paid")
    #: Whether its customers are refunded there by itself for what will not come or came back.
    refunds_customers: Mapped[bool] = mapped_column(server_default="false")
    #: Whether its customers' link to a parcel is their order's tracking page, and not the carrier's.
    links_tracking_page: Mapped[bool] = mapped_column(server_default="true")
    #: What the adapter needs to remember (ids of publications, definitions…); no secrets.
    platform_state: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    installed_at: Mapped[datetime | None]
    uninstalled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_pushed_at: Mapped[datetime | None]
    last_read_back_at: Mapped[datetime | None]
    #: Until when all that changed of the store's orders was read.
    orders_read_until: Mapped[datetime | None]
    #: The newest read-back: how many quantities were compared with the store and how many agreed.
    sampled: Mapped[int] = mapped_column(server_default="0")
    matching: Mapped[int] = mapped_column(server_default="0")

    @property
    def shown_name(self) -> str:
        """What people know it by; a store that was only asked for has no name yet."""
        return self.name or self.external_id


class StoreCredential(Base):
    """How we sign in to a store: sealed tokens, and when they run out."""

    __tablename__ = "store_credentials"
    __tenancy__ = own("retailer_id")
    __table_args__ = (ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),)

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    access_token: Mapped[bytes]
    refresh_token: Mapped[bytes | None]
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class StoreLocation(Base):
    """The location that stands for one supplier inside one store (Shopify: our fulfilment service there)."""

    __tablename__ = "store_locations"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        UniqueConstraint("store_id", "external_location_id"),
    )

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    external_location_id: Mapped[str]
    external_service_id: Mapped[str]
    created_at: Mapped[datetime]


class PlatformRisk(Base):
    """What a store's platform thinks of an order's risk: it may say so before the order comes in."""

    __tablename__ = "platform_risks"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        Index(None, "told_at"),
    )

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The store's id of the order.
    external_id: Mapped[str] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    level: Mapped[str]
    told_at: Mapped[datetime]
