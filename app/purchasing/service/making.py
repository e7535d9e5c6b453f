"""Making the purchase orders of an order, one for each supplier that was chosen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog.rules import variant_title
from app.config import settings
from app.db import add_rows
from app.inventory.service import Aside
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.orders import service as orders
from app.orders.rules import PENDING
from app.orders.senders import Sender, seal_sender, sender_for_order
from app.pricing.rules import converted
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.routing.gathering import Gathered
from app.purchasing.routing.problem import Part
from app.stores.store_orders import Address
from app.suppliers.queries import as_closures
from app.suppliers.rules import Parcel, Rate, rate_for, sending


@dataclass(frozen=True, slots=True)
class ChosenLine:
    """Units of a variant (its row of ``gathering``) that fill an order line, or one component of it."""

    order_line_id: UUID
    component: int
    per_unit: int
    quantity: int
    variant: Any
    #: Of one unit, in minor units of the supplier's currency; frozen with the purchase order.
    price: int

    @property
    def aside(self) -> Aside:
        """Whose units are to be set aside for it."""
        return Aside(self.order_line_id, self.variant.id)


@dataclass(frozen=True, slots=True)
class ForOrder:
    """The order that purchase orders are made for. ``made``: how many it has already; ``wave`` is theirs."""

    id: UUID
    number: int
    retailer_id: UUID
    reference: str
    address: Address
    kind: str = "order"
    made: int = 0
    wave: int = 0


def chosen_lines(parts: Iterable[Part], gathered: Gathered, line_ids: Mapping[int, UUID]) -> list[ChosenLine]:
    """A choice as lines of purchase orders; ``line_ids`` are the order lines' by their positions."""
    needs = {need.key: need for need in gathered.needs}
    parts = list(parts)
    problem = gathered.problem
    assert problem is not None
    offers = {offer.key: offer for offer in problem.offers}
    quantities: defaultdict[str, int] = defaultdict(int)
    for part in parts:
        quantities[part.offer] += part.quantity
    made = []
    for part in parts:
        need = needs[part.need]
        variant = gathered.variants[UUID(part.offer)]
        made.append(
            ChosenLine(
                line_ids[need.line],
                need.component,
                part.quantity // part.units,
                part.quantity,
                variant,
                offers[part.offer].price(quantities[part.offer]),
            )
        )
    return made


def make_purchase_orders(
    session: Session, order: ForOrder, lines: Sequence[ChosenLine], gathered: Gathered
) -> list[UUID]:
    """Write one purchase order for each supplier. Returns their ids. Money is frozen here, and who
    stands on the parcels."""
    by_supplier: dict[UUID, list[ChosenLine]] = {}
    for line in lines:
        by_supplier.setdefault(line.variant.supplier_id, []).append(line)
    now, sender = clock.now(), sender_for_order(session, order.id)
    heads: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    story: list[dict[str, Any]] = []
    for suffix, (supplier_id, own) in enumerate(by_supplier.items(), start=order.made + 1):
        head = _head(order, f"{order.number}-{suffix}", own, gathered, now, sender)
        heads.append(head)
        rows += [
            {
                "id": new_id(),
                "purchase_order_id": head["id"],
                "retailer_id": order.retailer_id,
                "supplier_id": supplier_id,
                "order_line_id": line.order_line_id,
                "position": position,
                "component": line.component,
                "per_unit": line.per_unit,
                "variant_id": line.variant.id,
                "sku": line.variant.sku,
                "title": variant_title(line.variant.title, line.variant.options),
                "quantity": line.quantity,
                "wholesale_price": line.price,
            }
            for position, line in enumerate(own)
        ]
        story.append(
            {
                "order_id": order.id,
                "retailer_id": order.retailer_id,
                "message": "po.created",
                "values": {"number": head["number"], "supplier": own[0].variant.company_name},
            }
        )
    add_rows(session, PurchaseOrder, heads)
    add_rows(session, PurchaseOrderLine, rows)
    orders.write_timeline(session, story)
    return [head["id"] for head in heads]


def _head(
    order: ForOrder, number: str, lines: Sequence[ChosenLine], gathered: Gathered, now: datetime, sender: Sender | None
) -> dict[str, Any]:
    first = lines[0].variant
    parcel = _parcel(lines)
    rate, exchange = _terms(first, parcel, order.address.country_code, gathered)
    goods = Money(parcel.goods, first.currency)
    sent = sending(first, rate, parcel, first.currency, now, as_closures(first.closed))
    bps = first.commission_bps if first.commission_bps is not None else settings().commission_bps
    row_id = new_id()
    return {
        "id": row_id,
        "order_id": order.id,
        "retailer_id": order.retailer_id,
        "supplier_id": first.supplier_id,
        "wave": order.wave,
        "number": number,
        "retailer_name": first.retailer_name,
        "order_reference": order.reference,
        "kind": order.kind,
        "status": PENDING,
        "currency": first.currency,
        "wholesale_total": goods.minor,
        "shipping_cost": sent.price.minor,
        "order_fee": first.order_fee,
        "platform_fee": goods.share(bps).minor,
        "commission_bps": bps,
        "charge_currency": first.retailer_currency,
        "charge_total": converted(goods + sent.price, rate=exchange[0], currency=first.retailer_currency).minor,
        "exchange_rate": exchange[0],
        "exchange_rate_as_of": exchange[1],
        "ship_to": orders.seal_address(order.address, "purchase_orders", row_id),
        "ship_to_country": order.address.country_code,
        "sender": None if sender is None else seal_sender(sender, "purchase_orders", row_id),
        "shipping_method": rate.name,
        "estimated_from": sent.arrives[0],
        "estimated_to": sent.arrives[1],
        "created_at": now,
        "updated_at": now,
    }


def _parcel(lines: Sequence[ChosenLine]) -> Parcel:
    return Parcel(
        units=sum(line.quantity for line in lines),
        grams=sum(line.quantity * (line.variant.weight_grams or 0) for line in lines),
        goods=sum(line.quantity * line.price for line in lines),
    )


def _terms(variant: Any, parcel: Parcel, country: str, gathered: Gathered) -> tuple[Rate, Any]:
    """The rate and the exchange rate that were chosen with: a choice was made of what has both."""
    rate = rate_for(gathered.rates[variant.supplier_id], country, parcel)
    exchange = gathered.exchange[variant.currency]
    assert rate is not None
    assert exchange is not None
    return rate, exchange
