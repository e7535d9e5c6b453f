"""Orders as hooks (REST shape) and queries (GraphQL shape) tell them, in our words.

Shapes: https://shopify.dev/docs/api/webhooks and the Order object of the Admin API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_DOWN, Decimal, InvalidOperation
from typing import Any

from app.kit import clock
from app.kit.money import LARGEST_MINOR, Money
from app.stores.payment import Payment
from app.stores.store_orders import Address, BesideGoods, StoreOrder, StoreOrderLine

#: Financial statuses; refunds of a part do not undo that the money was taken
#: (https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderDisplayFinancialStatus).
PAYMENTS = {
    "PAID": Payment.PAID,
    "PARTIALLY_REFUNDED": Payment.PAID,
    "PENDING": Payment.PENDING,
    "AUTHORIZED": Payment.AUTHORIZED,
    "PARTIALLY_PAID": Payment.PARTIALLY_PAID,
    "VOIDED": Payment.LAPSED,
    "EXPIRED": Payment.LAPSED,
}
#: How lines say that the shop delivers them itself; else they name a fulfilment service by its handle.
_OWN_SERVICES = frozenset({"manual", "gift_card"})
#: Shopify's ids are 64-bit numbers.
_LARGEST_ID = 2**63


def gid(kind: str, value: Any) -> str | None:
    """The global id for a numeric one; None where it is missing or no such number."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < _LARGEST_ID:
        return None
    return f"gid://shopify/{kind}/{value}"


def from_hook(body: Mapping[str, Any]) -> StoreOrder:
    """An order of the ``orders/*`` topics. Raises ``ValueError`` when what identifies it is missing."""
    external_id = body.get("admin_graphql_api_id") or gid("Order", body.get("id"))
    if not isinstance(external_id, str):
        raise ValueError("the order has no id")
    currency = _text(body.get("currency"))
    updated = _moment(body.get("updated_at")) or clock.now()
    return StoreOrder(
        external_id=external_id,
        name=_text(body.get("name")) or external_id,
        currency=currency,
        payment=_payment(body.get("financial_status")),
        cancelled=body.get("cancelled_at") is not None,
        test=bool(body.get("test")),
        placed_at=_moment(body.get("processed_at")) or _moment(body.get("created_at")) or updated,
        updated_at=updated,
        address=_hook_address(body),
        note=_text(body.get("note")),
        billing_country=_country(body.get("billing_address")),
        customer_ref=_customer(body),
        lines=tuple(_hook_lines(body.get("line_items"), currency)),
        beside_goods=_hook_beside(body, currency),
    )


def _hook_beside(body: Mapping[str, Any], currency: str) -> BesideGoods | None:
    """What is paid for the delivery, after discounts, and of taxes. Those of the delivery are what the order's are more
    than those of its lines."""
    parts = body.get("shipping_lines")
    if not isinstance(parts, list):
        return None
    delivery = 0
    for one in parts:
        price = _in_shop_money(one, "discounted_price", currency) or _in_shop_money(one, "price", currency)
        if price is None or price.currency != currency:
            return None
        delivery += price.minor
    if body.get("taxes_included") is True:
        return BesideGoods(delivery=delivery)
    taxes, of_lines = _in_shop_money(body, "total_tax", currency), {}
    for line in body.get("line_items") or []:
        told = [_in_shop_money(one, "price", currency) for one in line.get("tax_lines") or []]
        line_id = line.get("admin_graphql_api_id") or gid("LineItem", line.get("id"))
        of_lines[str(line_id)] = (
            sum(one.minor for one in told if one is not None),
            _quantity(line.get("quantity")) or 1,
        )
    of_goods = sum(tax for tax, _ in of_lines.values())
    rest = max(0, taxes.minor - of_goods) if taxes is not None and taxes.currency == currency else 0
    if rest and not of_goods:
        # Told for the whole order alone: whose they are is not known.
        return BesideGoods(delivery=delivery, taxes=rest)
    by_line = {line: -(-tax // units) for line, (tax, units) in of_lines.items() if tax}
    return BesideGoods(delivery=delivery + rest, taxes=of_goods, taxes_by_line=by_line)


def _payment(status: Any) -> Payment:
    return PAYMENTS.get(_text(status).upper(), Payment.OTHER)


def _country(address: Any) -> str:
    return _text(address.get("country_code")).upper() if isinstance(address, dict) else ""


def _customer(body: Mapping[str, Any]) -> str:
    """By what the shopper is known: the e-mail address, which guests have too."""
    customer = body.get("customer")
    known = customer if isinstance(customer, dict) else {}
    found = body.get("email") or body.get("contact_email") or known.get("email") or ""
    return str(found).strip().casefold()[:320]


def _hook_lines(lines: Any, currency: str) -> list[StoreOrderLine]:
    found = []
    for index, line in enumerate(lines if isinstance(lines, list) else []):
        if not isinstance(line, dict):
            raise ValueError(f"line_items[{index}] is not an object")
        line_id = line.get("admin_graphql_api_id") or gid("LineItem", line.get("id"))
        if not isinstance(line_id, str):
            raise ValueError(f"line_items[{index}] has no id")
        quantity = _quantity(line.get("current_quantity", line.get("quantity")))
        if quantity is None:
            raise ValueError(f"line_items[{index}] has a quantity that is not a whole number")
        found.append(
            StoreOrderLine(
                external_line_id=line_id,
                external_variant_id=gid("ProductVariant", line.get("variant_id")),
                title=_text(line.get("title")),
                sku=_text(line.get("sku")),
                quantity=quantity,
                unit_price=_hook_price(line, currency),
                external_product_id=gid("Product", line.get("product_id")),
                fulfilled_by="" if (service := _text(line.get("fulfillment_service"))) in _OWN_SERVICES else service,
                unsent=_quantity(line.get("fulfillable_quantity")),
            )
        )
    return found


def _hook_price(line: Mapping[str, Any], currency: str) -> Money | None:
    """What the shopper pays for one: discounts of the line, and its share of those of the order, are taken off."""
    price = _in_shop_money(line, "price", currency)
    bought, taken_off = _quantity(line.get("quantity")), 0
    for one in line.get("discount_allocations") or []:
        part = _in_shop_money(one, "amount", currency) if isinstance(one, dict) else None
        if part is None or price is None or part.currency != price.currency:
            return None
        taken_off += part.minor
    if price is None or not taken_off or not bought:
        return price
    # As Shopify itself does where it tells the price of one.
    each = (Decimal(taken_off) / bought).quantize(Decimal(1), ROUND_HALF_DOWN)
    return Money(max(0, price.minor - int(each)), price.currency)


def _in_shop_money(held: Mapping[str, Any], name: str, currency: str) -> Money | None:
    in_shop = ((held.get(f"{name}_set") or {}).get("shop_money")) or {}
    return _money(in_shop.get("amount", held.get(name)), in_shop.get("currency_code") or currency)


def _hook_address(body: Mapping[str, Any]) -> Address | None:
    sent = body.get("shipping_address")
    if not isinstance(sent, dict):
        return None
    customer = body.get("customer") if isinstance(body.get("customer"), dict) else {}
    return _address(
        sent,
        country=sent.get("country_code"),
        province=sent.get("province_code") or sent.get("province"),
        first=sent.get("first_name"),
        last=sent.get("last_name"),
        phone=sent.get("phone") or body.get("phone") or (customer or {}).get("phone"),
        email=body.get("email") or body.get("contact_email") or (customer or {}).get("email"),
    )


def from_query(node: Mapping[str, Any]) -> StoreOrder:
    """An order as the query ``orders_since`` gives it."""
    sent = node.get("shippingAddress")
    address = (
        _address(
            sent,
            country=sent.get("countryCodeV2"),
            province=sent.get("provinceCode") or sent.get("province"),
            first=sent.get("firstName"),
            last=sent.get("lastName"),
            phone=sent.get("phone") or node.get("phone"),
            email=node.get("email"),
        )
        if sent
        else None
    )
    currency = _text(node.get("currencyCode"))
    updated = _moment(node.get("updatedAt")) or clock.now()
    return StoreOrder(
        external_id=str(node["id"]),
        name=_text(node.get("name")),
        currency=currency,
        payment=_payment(node.get("displayFinancialStatus")),
        cancelled=node.get("cancelledAt") is not None,
        test=bool(node.get("test")),
        placed_at=_moment(node.get("processedAt")) or updated,
        updated_at=updated,
        address=address,
        note=_text(node.get("note")),
        billing_country=_text((node.get("billingAddress") or {}).get("countryCodeV2")).upper(),
        customer_ref=_text(node.get("email")).casefold()[:320],
        lines=tuple(_query_lines((node.get("lineItems") or {}).get("nodes") or [])),
        beside_goods=_query_beside(node, currency),
    )


def _query_beside(node: Mapping[str, Any], currency: str) -> BesideGoods | None:
    """What is paid for the delivery and of taxes. Here they are told for the whole order alone."""
    delivery, taxes = (
        _money(told.get("amount"), str(told.get("currencyCode") or ""))
        for told in (
            ((node.get(name) or {}).get("shopMoney") or {}) for name in ("totalShippingPriceSet", "totalTaxSet")
        )
    )
    if delivery is None or delivery.currency != currency:
        return None
    included = node.get("taxesIncluded") is True or taxes is None or taxes.currency != currency
    return BesideGoods(delivery=delivery.minor, taxes=0 if included or taxes is None else taxes.minor)


def _query_lines(lines: Sequence[Mapping[str, Any]]) -> list[StoreOrderLine]:
    found = []
    for line in lines:
        price = ((line.get("discountedUnitPriceAfterAllDiscountsSet") or {}).get("shopMoney")) or {}
        found.append(
            StoreOrderLine(
                external_line_id=str(line["id"]),
                external_variant_id=(line.get("variant") or {}).get("id"),
                title=_text(line.get("title")),
                sku=_text(line.get("sku")),
                quantity=int(line.get("currentQuantity") or 0),
                unit_price=_money(price.get("amount"), price.get("currencyCode") or ""),
                external_product_id=(line.get("product") or {}).get("id"),
                unsent=_quantity(line.get("unfulfilledQuantity")),
            )
        )
    return found


def _address(
    sent: Mapping[str, Any], *, country: Any, province: Any, first: Any, last: Any, phone: Any, email: Any
) -> Address:
    name = _text(sent.get("name")) or " ".join(part for part in (_text(first), _text(last)) if part)
    return Address(
        name=name,
        company=_text(sent.get("company")),
        address1=_text(sent.get("address1")),
        address2=_text(sent.get("address2")),
        city=_text(sent.get("city")),
        province=_text(province),
        postal_code=_text(sent.get("zip")),
        country_code=_text(country).upper(),
        phone=_text(phone),
        email=_text(email),
    )


def _text(value: Any) -> str:
    # PostgreSQL takes no NUL characters; no honest order holds one.
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def refunded_amount(transactions: Any) -> Money | None:
    """What the payments of a refund gave back; None where they do not say it in one currency."""
    total: Money | None = None
    for one in transactions if isinstance(transactions, list) else []:
        if not isinstance(one, dict) or one.get("kind") != "refund" or one.get("status") not in ("success", "pending"):
            continue
        amount = _money(one.get("amount"), str(one.get("currency") or ""))
        if amount is None or (total is not None and total.currency != amount.currency):
            return None
        total = amount if total is None else total + amount
    return total


def _quantity(value: Any) -> int | None:
    """A whole number of units, zero included; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 0:
        return None
    return int(value)


def _money(amount: Any, currency: str) -> Money | None:
    try:
        value = Money.of_decimal(Decimal(str(amount)), currency)
        return value if 0 <= value.minor <= LARGEST_MINOR else None
    except (InvalidOperation, ValueError):
        return None


def _moment(value: Any) -> datetime | None:
    try:
        return clock.parse_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None
