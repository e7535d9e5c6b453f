"""Erasing what returns hold of shoppers: their words and their photos."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.returns.files import storage
from app.returns.models import Return, ReturnFile, ShopperReturn, ShopperReturnFile


def erase_of_orders(session: Session, order_ids: Sequence[UUID]) -> None:
    """Notes, photos and labels of all returns of these orders are gone; states, units and money stay. Needs a system
    scope."""
    of_orders = select(Return.id).where(Return.order_id.in_(order_ids))
    of_shoppers = select(ShopperReturn.id).where(ShopperReturn.order_id.in_(order_ids))
    keys = [
        *session.scalars(select(ReturnFile.file_key).where(ReturnFile.return_id.in_(of_orders))),
        *session.scalars(
            select(ShopperReturnFile.file_key).where(ShopperReturnFile.shopper_return_id.in_(of_shoppers))
        ),
    ]
    session.execute(delete(ReturnFile).where(ReturnFile.return_id.in_(of_orders)))
    session.execute(delete(ShopperReturnFile).where(ShopperReturnFile.shopper_return_id.in_(of_shoppers)))
    session.execute(update(Return).where(Return.order_id.in_(order_ids)).values(note=""))
    session.execute(update(ShopperReturn).where(ShopperReturn.order_id.in_(order_ids)).values(note=None))
    for key in filter(None, keys):
        storage().delete(key)
