"""The shop: products, orders, and how it misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

#: Those that a shop without plugins has.
STATUSES = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
_TAKES_STOCK = ("processing", "on-hold", "completed")


class Refused(Exception):
    """What the API answers instead."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(slots=True)
class World:
    """One shop with one key."""

    key: str = "ck_test"
    secret: str = "cs_test"
    currency: str = "USD"
    #: Whether the fulfilments of WooCommerce 10.1 are switched on.
    with_fulfillments: bool = False
    products: dict[int, dict[str, Any]] = field(default_factory=dict)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    fulfillments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    #: What goes wrong with the next calls that change something: ``drop_before``, ``drop_after``, ``error_after``.
    faults: list[str] = field(default_factory=list)
    #: What happens in the shop right after a list of orders was read, each once.
    after_reading: list[Callable[[], object]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _last: int = 100
    _clock: datetime | None = None

    def number(self) -> int:
        """A new id."""
        self._last += 1
        return self._last

    def now(self) -> str:
        """A moment later than all before, without a zone as the API writes it."""
        real = datetime.now(UTC)
        self._clock = max(real, (self._clock or real) + timedelta(seconds=1))
        return self._clock.strftime("%Y-%m-%dT%H:%M:%S")

    def advance(self, seconds: int) -> None:
        """Time passes in the shop."""
        self.now()
        assert self._clock is not None
        self._clock += timedelta(seconds=seconds)

    def add_product(self, sku: str, stock: int | None, *, parent: int = 0) -> int:
        """A product, or a variation of ``parent``; ``stock`` None: it is not counted."""
        number = self.number()
        self.products[number] = {
            "id": number,
            "sku": sku,
            "type": "variation" if parent else "simple",
            "parent_id": parent,
            "manage_stock": stock is not None,
            "stock_quantity": stock,
            "stock_status": "instock" if stock is None or stock > 0 else "outofstock",
            "backorders": "no",
        }
        return number

    def create_order(self, given: dict[str, Any]) -> dict[str, Any]:
        """POST orders."""
        status = given.get("status", "pending")
        if status not in STATUSES:
            raise Refused(400, "rest_invalid_param", "Invalid parameter(s): status")
        number, now = self.number(), self.now()
        order = {
            "id": number,
            "number": str(number),
            "status": status,
            "currency": given.get("currency", self.currency),
            "date_created_gmt": now,
            "date_modified_gmt": now,
            "customer_note": given.get("customer_note", ""),
            "billing": given.get("billing", {}),
            "shipping": given.get("shipping", {}),
            "line_items": [self._item(one) for one in given.get("line_items", [])],
            "shipping_lines": given.get("shipping_lines", []),
            "meta_data": [{"id": self.number(), **one} for one in given.get("meta_data", [])],
        }
        self.orders[number] = order
        if status in _TAKES_STOCK:
            for item in order["line_items"]:
                self._take(item, item["quantity"])
        return order

    def change_order(self, number: int, given: dict[str, Any]) -> dict[str, Any]:
        """POST orders/id. A line item with the quantity 0 is removed."""
        order = self.order(number)
        for one in given.get("line_items", []):
            item = next((item for item in order["line_items"] if item["id"] == one.get("id")), None)
            if item is None:
                raise Refused(400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated.")
            if one.get("quantity") == 0:
                order["line_items"].remove(item)
            else:
                item.update({name: one[name] for name in ("quantity", "total", "subtotal") if name in one})
        status = given.get("status", order["status"])
        if status not in STATUSES:
            raise Refused(400, "rest_invalid_param", "Invalid parameter(s): status")
        if status == "cancelled" and order["status"] in _TAKES_STOCK:
            for item in order["line_items"]:
                self._take(item, -item["quantity"])
        order["status"] = status
        order["shipping"] = {**order["shipping"], **given.get("shipping", {})}
        for one in given.get("meta_data", []):
            order["meta_data"] = [held for held in order["meta_data"] if held["key"] != one["key"]]
            order["meta_data"].append({"id": self.number(), **one})
        order["date_modified_gmt"] = self.now()
        return order

    def order(self, number: int) -> dict[str, Any]:
        """One order. Raises ``Refused``."""
        if number not in self.orders:
            raise Refused(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return self.orders[number]

    def fulfil(self, number: int, quantities: dict[int, int], tracking: str, provider: str = "UPS") -> None:
        """The supplier ships units by line item."""
        self.fulfillments.setdefault(number, []).append(
            {
                "id": self.number(),
                "status": "fulfilled",
                "is_fulfilled": True,
                "meta_data": [
                    {"key": "_items", "value": [{"item_id": item, "qty": qty} for item, qty in quantities.items()]},
                    {"key": "_tracking_number", "value": tracking},
                    {"key": "_shipment_provider", "value": provider},
                    {"key": "_tracking_url", "value": f"https://track.example/{tracking}"},
                ],
            }
        )
        self.order(number)["date_modified_gmt"] = self.now()

    def _item(self, given: dict[str, Any]) -> dict[str, Any]:
        product = self.products.get(given.get("variation_id") or given.get("product_id") or 0)
        if product is None:
            raise Refused(400, "woocommerce_rest_invalid_product_id", "Product ID provided is invalid.")
        return {
            "id": self.number(),
            "product_id": given["product_id"],
            "variation_id": given.get("variation_id", 0),
            "sku": product["sku"],
            "quantity": given["quantity"],
            "subtotal": str(Decimal(given.get("subtotal", "0"))),
            "total": str(Decimal(given.get("total", "0"))),
            "meta_data": [{"id": self.number(), **one} for one in given.get("meta_data", [])],
        }

    def _take(self, item: dict[str, Any], units: int) -> None:
        product = self.products[item["variation_id"] or item["product_id"]]
        if product["manage_stock"]:
            product["stock_quantity"] -= units
