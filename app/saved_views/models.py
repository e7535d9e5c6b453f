"""Tables of saved views."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, own


class SavedView(Base):
    """A list's filter and order that one person gave a name to. The default is what the person's list begins with."""

    __tablename__ = "saved_views"
    __tenancy__ = own("organisation_id")
    __table_args__ = (
        UniqueConstraint("organisation_id", "actor", "list", "name"),
        Index(
            "uq_saved_views_default",
            "organisation_id",
            "actor",
            "list",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    #: Whose it is: an actor of ``app.db.Scope``, since people who come through a store's admin have no account.
    actor: Mapped[str]
    #: ``orders`` or ``purchase_orders``.
    list: Mapped[str]
    name: Mapped[str]
    #: The values of the list's address.
    query: Mapped[dict[str, str]]
    is_default: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime]
