"""Rows as the contract shows them. Pure but for nothing: everything needed is handed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.search.queries import Entry
from app.fulfillment.models import Shipment
from app.inventory.queries import NOTHING, Availability
from app.kit import texts
from app.kit.money import Money
from app.listings.models import Listing
from app.orders.models import Order, OrderHold
from app.orders.queries import tracking_page
from app.orders.rules import CANCELLED, HOLD_RULES, HoldReason
from app.orders.senders import Sender
from app.orders.service import until_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import combined_status, line_status
from app.purchasing.service.status import counts
from app.stores.store_orders import Address
from app.suppliers.models import Supplier, SupplierCard, TestOrder
from app.suppliers.rules.scorecards import ANSWER_HOURS, SENT_DAYS

Json = dict[str, Any]


def money(minor: int, currency: str) -> Json:
    """``{"amount": "12.50", "currency": "USD"}``."""
    return Money(minor, currency).to_json()


def money_or_none(minor: int | None, currency: str) -> Json | None:
    """The same for an amount that may be unknown."""
    return None if minor is None else money(minor, currency)


def supplier(row: Supplier, card: SupplierCard | None) -> Json:
    """A supplier's public profile with its newest card."""
    days = row.handling_days
    return {
        "id": row.id,
        "company_name": row.company_name,
        "slug": row.slug,
        "description": row.description,
        "logo_url": row.logo_url,
        "website": row.website,
        "business_type": row.business_type,
        "country": row.country,
        "fulfillment_speed": texts.counted(days, "working day", "working days"),
        "shipping_methods": row.shipping_methods,
        "min_order_value": money(row.min_order_value, row.currency),
        "order_fee": money(row.order_fee, row.currency),
        "rating": None if row.rating is None else float(row.rating),
        "scorecard": None if card is None or card.score is None else _scorecard(card),
        "status": row.status,
    }


def _scorecard(card: SupplierCard) -> Json:
    return {
        "day": card.day,
        "score": card.score,
        "orders_at_least": card.orders,
        "shares": {name: share / 10_000 for name, share in card.shares.items()},
        "days_to_ship": card.spreads.get(SENT_DAYS),
        "hours_to_answer": card.spreads.get(ANSWER_HOURS),
    }


def entry(row: Entry, category: str | None, *, with_cost: bool, promoted: bool = False) -> Json:
    """A product as search finds it."""
    return {
        "id": row.product_id,
        "supplier_id": row.supplier_id,
        "supplier_name": row.supplier_name,
        "title": row.title,
        "brand": row.brand,
        "category": category,
        "image_url": row.public_url,
        "variants": row.variants,
        "wholesale": {
            "lowest": money(row.lowest_wholesale, row.currency),
            "highest": money(row.highest_wholesale, row.currency),
        }
        if with_cost
        else None,
        "msrp": money_or_none(row.msrp, row.currency),
        "margin": row.margin_bps / 10_000 if with_cost and row.margin_bps else None,
        "in_stock": row.in_stock,
        "has_gtin": row.has_gtin,
        "ships_from": row.ships_from,
        "handling_days": row.handling_days,
        "promoted": promoted,
        "listed_at": row.listed_at,
        "updated_at": row.changed_at,
    }


def product(row: SupplierProduct, category: str | None, stock: Mapping[UUID, Availability], *, with_cost: bool) -> Json:
    """A product with its variants; what it costs only for those who may know."""
    return {
        "id": row.id,
        "supplier_id": row.supplier_id,
        "title": row.title,
        "description": row.description,
        "category": category,
        "images": [{"url": image.public_url, "alt": image.alt} for image in row.images],
        "status": row.status,
        "shipping_class": row.shipping_class,
        "updated_at": row.updated_at,
        "variants": [
            _variant(variant, stock, with_cost=with_cost) for variant in row.variants if variant.status == "active"
        ],
    }


def own_product(row: SupplierProduct, paths: Mapping[UUID, str], stock: Mapping[UUID, Availability]) -> Json:
    """A product as its supplier sees it: with its own key, and with variants that are no longer sold."""
    category = paths.get(row.category_id) if row.category_id else None
    return {
        **product(row, category, stock, with_cost=True),
        "handle": row.handle,
        "brand": row.brand,
        "tags": row.tags,
        "variants": [{**_variant(one, stock, with_cost=True), "status": one.status} for one in row.variants],
    }


def _variant(variant: SupplierVariant, stock: Mapping[UUID, Availability], *, with_cost: bool) -> Json:
    return {
        "id": variant.id,
        "sku": variant.sku,
        "gtin": variant.gtin,
        "options": variant.options,
        "wholesale_price": money(variant.wholesale_price, variant.currency) if with_cost else None,
        "price_tiers": [
            {"min_quantity": one.min_quantity, "price": money(one.price, variant.currency)} for one in variant.tiers
        ]
        if with_cost
        else None,
        "msrp": money_or_none(variant.msrp, variant.currency),
        "map": money_or_none(variant.map_price, variant.currency),
        "weight_grams": variant.weight_grams,
        "available_quantity": stock.get(variant.id, NOTHING).for_sale,
        "inventory_updated_at": stock.get(variant.id, NOTHING).as_of,
    }


def listing(row: Listing, currency: str) -> Json:
    """A listing with what it should show and what the store holds."""
    return {
        "id": row.id,
        "store_id": row.store_id,
        "product_id": row.product_id,
        "supplier_id": row.supplier_id,
        "title": row.title,
        "state": row.state,
        "published": row.published,
        "error": row.error,
        "external_id": row.external_id,
        "owned_fields": row.owned_fields,
        "updated_at": row.updated_at,
        "variants": [
            {
                "variant_id": variant.variant_id,
                "enabled": variant.enabled,
                "price": money(variant.wanted_price, currency),
                "compare_at": money_or_none(variant.wanted_compare_at, currency),
                "cost": money(variant.wanted_cost, currency),
                "quantity": variant.wanted_quantity,
                "store_quantity": variant.store_quantity,
                "external_id": variant.external_id,
                "confirmed_at": variant.confirmed_at,
            }
            for variant in sorted(row.variants, key=lambda one: one.position)
        ],
    }


def order(row: Order, purchase_orders: Sequence[PurchaseOrder]) -> Json:
    """An order with its purchase orders."""
    by_line: defaultdict[UUID, list[PurchaseOrderLine]] = defaultdict(list)
    for one in purchase_orders:
        for po_line in one.lines:
            by_line[po_line.order_line_id].append(po_line)
    lines = []
    for line in row.lines:
        routed = by_line.get(line.id)
        if routed:
            status = combined_status([counts(po_line) for po_line in routed])
        else:
            status = "cancelled" if row.status == CANCELLED or line.cancelled >= line.quantity else "open"
        lines.append({"id": line.id, "variant_id": line.variant_id, "quantity": line.quantity, "status": status})
    return {
        "id": row.id,
        "number": str(row.number),
        "kind": row.kind,
        "external_id": row.external_id,
        "status": row.status,
        "tracking_page_url": tracking_page(row),
        "currency": row.currency,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "holds": [_hold(hold) for hold in row.holds if hold.released_at is None],
        "unpaid": row.unpaid,
        "lines": lines,
        "unlinked_lines": [
            {
                "id": line.id,
                "external_line_id": line.external_line_id,
                "title": line.title,
                "sku": line.sku,
                "quantity": line.quantity,
                "state": line.state,
                "why": line.why or None,
            }
            for line in row.unlinked
        ],
        "purchase_orders": [_purchase_order(one) for one in purchase_orders],
    }


def _hold(row: OrderHold) -> Json:
    rule = HOLD_RULES[HoldReason(row.reason)]
    return {
        "reason": row.reason,
        "since": row.since,
        "releases": rule.releaser,
        "ends_by": rule.ends_by,
        "until": until_of(row),
        "advice": row.advice,
    }


def _purchase_order(row: PurchaseOrder) -> Json:
    return {
        "id": row.id,
        "number": row.number,
        "supplier_id": row.supplier_id,
        "status": row.status,
        "wholesale_total": money(row.wholesale_total, row.currency),
        "shipping_cost": money(row.shipping_cost, row.currency),
        "order_fee": money(row.order_fee, row.currency),
        "platform_fee": money(row.platform_fee, row.currency),
        "lines": [
            {
                "id": line.id,
                "variant_id": line.variant_id,
                "quantity": line.quantity,
                "status": line_status(counts(line)),
                "backordered": counts(line).later,
                "available_on": line.available_on if counts(line).later else None,
                "wholesale_price": money(line.wholesale_price, row.currency),
            }
            for line in row.lines
        ],
    }


def shipment(row: Shipment) -> Json:
    """A parcel."""
    return {
        "id": row.id,
        "carrier": row.carrier,
        "tracking_number": row.tracking_number,
        "tracking_url": row.tracking_url,
        "number_check": row.number_check,
        "package_ref": row.package_ref,
        "shipment_status": row.shipment_status,
        "delivery_status": row.delivery_status,
        "expected_ship_on": row.expected_ship_on,
        "shipped_at": row.shipped_at,
        "first_scan_at": row.first_scan_at,
        "replaces_id": row.replaces_id,
        "delivered_at": row.delivered_at,
        "arrival_told_by": row.arrival_told_by,
        "estimated_delivery": {"from": row.estimated_from, "to": row.estimated_to},
        "counts_as_arrived_on": row.assumed_on if row.delivered_at is None and row.reported_by is None else None,
        "lines": [{"line_id": line.purchase_order_line_id, "quantity": line.quantity} for line in row.lines],
    }


def order_status(
    row: Order, purchase_orders: Iterable[PurchaseOrder], shipments: Mapping[UUID, Sequence[Shipment]]
) -> Json:
    """Where an order stands."""
    return {
        "id": row.id,
        "number": str(row.number),
        "status": row.status,
        "updated_at": row.updated_at,
        "purchase_orders": [
            {
                "id": one.id,
                "number": one.number,
                "supplier_id": one.supplier_id,
                "status": one.status,
                "shipments": [shipment(parcel) for parcel in shipments[one.id]],
            }
            for one in purchase_orders
        ],
    }


def supplier_order(row: PurchaseOrder, address: Address | None = None, sender: Sender | None = None) -> Json:
    """A purchase order as its supplier sees it. The addresses only where they were asked for and may be read."""
    shown: Json = {
        "id": row.id,
        "number": row.number,
        "test": False,
        "kind": row.kind,
        "order_reference": row.order_reference,
        "retailer_name": row.retailer_name,
        "status": row.status,
        "ship_to_country": row.ship_to_country,
        "shipping_method": row.shipping_method,
        "released_at": row.released_at,
        "acknowledge_by": row.acknowledge_by,
        "ship_by": row.ship_by,
        "updated_at": row.updated_at,
        "wholesale_total": money(row.wholesale_total, row.currency),
        "shipping_cost": money(row.shipping_cost, row.currency),
        "order_fee": money(row.order_fee, row.currency),
        "platform_fee": money(row.platform_fee, row.currency),
        "lines": [
            {
                "id": line.id,
                "variant_id": line.variant_id,
                "sku": line.sku,
                "title": line.title,
                "quantity": line.quantity,
                "cancelled": line.cancelled,
                "shipped": line.shipped,
                "status": line_status(counts(line)),
                "backordered": counts(line).later,
                "available_on": line.available_on if counts(line).later else None,
                "reason": line.reason,
                "wholesale_price": money(line.wholesale_price, row.currency),
                "asked_price": None if line.asked_price is None else money(line.asked_price, row.currency),
                "rerouted": line.rerouted,
            }
            for line in row.lines
        ],
    }
    if address is not None:
        shown["shipping_address"] = _address(address)
    if sender is not None:
        shown["sender"] = store_sender(sender)
    return shown


def store_sender(sender: Sender) -> Json:
    """Who stands on a store's parcels, and where."""
    return {
        "address": _address(sender.address),
        "as_sender": sender.as_sender,
        "as_return_address": sender.as_return_address,
    }


def _address(address: Address) -> Json:
    return {
        name: getattr(address, name)
        for name in (
            "name", "company", "address1", "address2", "city", "province", "postal_code", "country_code",
            "phone", "email",
        )
    }  # fmt: skip


#: Where test orders go to.
_TEST_ADDRESS = {
    "name": "Test Order",
    "company": "Crossdock",
    "address1": "1 Sample Street",
    "address2": "",
    "city": "Sampletown",
    "province": "",
    "postal_code": "00000",
    "phone": "",
    "email": "",
}


def test_order_status(row: TestOrder) -> str:
    """Where a test order stands, in the words of purchase orders."""
    answers = {line["answer"] for line in row.lines}
    if all(line["shipped"] >= line["quantity"] for line in row.lines):
        return "SHIPPED"
    if any(line["shipped"] for line in row.lines):
        return "PARTIALLY_SHIPPED"
    if answers == {"rejected"}:
        return "CANCELLED"
    if "backordered" in answers:
        return "BACKORDERED"
    return "PENDING" if None in answers else "CONFIRMED"


def test_order(row: TestOrder, supplier: Supplier, *, with_address: bool) -> Json:
    """A test order as a purchase order looks."""
    nothing = money(0, supplier.currency)
    updated = max(one for one in (row.placed_at, row.seen_at, row.answered_at, row.shipped_at) if one is not None)
    shown: Json = {
        "id": row.id,
        "number": f"TEST-{row.attempt}",
        "test": True,
        "kind": "order",
        "order_reference": f"TEST-{row.attempt}",
        "retailer_name": "Crossdock test",
        "status": test_order_status(row),
        "ship_to_country": supplier.country,
        "shipping_method": "Test",
        "released_at": row.placed_at,
        "acknowledge_by": None,
        "ship_by": None,
        "updated_at": updated,
        "wholesale_total": nothing,
        "shipping_cost": nothing,
        "order_fee": nothing,
        "platform_fee": nothing,
        "lines": [
            {
                "id": line["id"],
                "variant_id": line["id"],
                "sku": line["sku"],
                "title": line["title"],
                "quantity": line["quantity"],
                "cancelled": 0,
                "shipped": line["shipped"],
                "status": "shipped"
                if line["shipped"] >= line["quantity"]
                else "partially_shipped"
                if line["shipped"]
                else line["answer"] or "open",
                "backordered": 0,
                "available_on": None,
                "reason": None,
                "wholesale_price": nothing,
                "asked_price": None,
                "rerouted": 0,
            }
            for line in row.lines
        ],
    }
    if with_address:
        shown["shipping_address"] = {**_TEST_ADDRESS, "country_code": supplier.country}
    return shown


def test_parcel(parcel: Mapping[str, Any]) -> Json:
    """A parcel of a test order."""
    return {
        **{name: parcel[name] for name in ("id", "carrier", "tracking_number", "tracking_url", "shipped_at", "lines")},
        "number_check": "unknown",
        "shipment_status": "shipped",
        "delivery_status": "unknown",
        "delivered_at": None,
        "estimated_delivery": {"from": None, "to": None},
    }
