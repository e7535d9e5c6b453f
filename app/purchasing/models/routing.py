"""Rules by which suppliers are chosen, and the choices that were made."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, own


class RoutingRuleSet(Base):
    """One version of a retailer's rules; the newest one holds, none is ever changed."""

    __tablename__ = "routing_rule_sets"
    __tenancy__ = own("retailer_id", append_only=True)
    __table_args__ = (UniqueConstraint("retailer_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    version: Mapped[int]
    #: In their order, as ``app.purchasing.routing.rules.as_json`` writes them.
    rules: Mapped[list[dict[str, Any]]]
    #: Offers of the same article (by GTIN) are used without being confirmed.
    same_articles: Mapped[bool]
    #: The version whose rules it took up again, if it was made so.
    restored: Mapped[int | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class RoutingDecision(Base):
    """A choice with everything that it was made from: solving ``problem`` again gives ``outcome`` again."""

    __tablename__ = "routing_decisions"
    __tenancy__ = own("retailer_id", append_only=True)
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        UniqueConstraint("order_id", "attempt"),
        Index(None, "retailer_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    #: From 1; an order on hold is decided about again, and so are lines that a supplier rejected.
    attempt: Mapped[int]
    #: Of the retailer's rules; 0: the ones that everybody begins with.
    rules_version: Mapped[int]
    #: As ``app.purchasing.routing.snapshot`` writes them.
    problem: Mapped[dict[str, Any]]
    outcome: Mapped[dict[str, Any]]
    #: Whether there was a choice.
    routed: Mapped[bool]
    #: What brought it about, and what is known of that: ``app.purchasing.routing.occasions``. None: it was not kept.
    occasion: Mapped[str | None]
    about: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
