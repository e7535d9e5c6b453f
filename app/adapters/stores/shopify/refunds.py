"""Giving a shop's customer money back: ``refundCreate``, or ``orderCancel`` where nothing is left of the order.

Shopify keeps our reference in the refund's note (of a cancelled order: the staff's note), by which a refund is known
again whatever became of the answer. The amounts and payments are the ones that Shopify suggests.
https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/refundCreate
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.adapters.stores.shopify.client import AdminClient
from app.kit.errors import Rejected
from app.kit.money import Money, exponent
from app.stores.money_back import RefundMade, RefundPending, RefundSuggested, RefundWish
from app.stores.platform import StoreAccess


def suggest(client: AdminClient, access: StoreAccess, wish: RefundWish) -> RefundSuggested:
    """What Shopify would give back for these units, and the most that it can."""
    order = _order(client, access, wish)
    found = _suggested(client, access, wish, whole=_whole(order, wish))
    return RefundSuggested(amount=_money(found["amountSet"]), most=_money(found["maximumRefundableSet"]))


def refund(client: AdminClient, access: StoreAccess, wish: RefundWish) -> RefundMade | RefundPending:
    """Find what was made for the reference, else make it."""
    # Before the order is read: what was done by then, the order shows.
    done = wish.pending is None or _done(client, access, wish.pending)
    order = _order(client, access, wish)
    made = _made(order, wish)
    if made is not None:
        return made
    if wish.pending is not None and not done:
        # It may end yet: until then the order is cancelled anew at most. A refund beside it could give back twice.
        again = _cancelled(client, access, wish) if wish.stuck and _whole(order, wish) else None
        return again or RefundPending(wish.pending)
    if order["cancelledAt"] is not None:
        raise Rejected("already_refunded", "The order was cancelled in the store meanwhile.")
    _check_units(order, wish)
    # What could not be cancelled when it was tried is refunded line by line.
    if wish.pending is None and wish.amount is None and _whole(order, wish):
        pending = _cancelled(client, access, wish)
        if pending is not None:
            return pending
    suggested = _suggested(client, access, wish, whole=False)
    variables = {"input": _input(order, wish, suggested), "key": wish.key}
    payload = client.call(access, "refund_create", variables)["refundCreate"]
    if payload["userErrors"]:
        raise Rejected("refund", payload["userErrors"][0]["message"])
    return _told(payload["refund"])


def _cancelled(client: AdminClient, access: StoreAccess, wish: RefundWish) -> RefundPending | None:
    """Have the order cancelled; None where the store does not."""
    note = {"id": wish.external_order_id, "notify": wish.notify, "note": _note(wish)}
    answer = client.call(access, "order_cancel", note)["orderCancel"]
    if answer["orderCancelUserErrors"] or answer["job"] is None:
        return None
    return RefundPending(str(answer["job"]["id"]))


def _order(client: AdminClient, access: StoreAccess, wish: RefundWish) -> Mapping[str, Any]:
    """With all its lines, as it is when the last of them are read."""
    lines: list[Mapping[str, Any]] = []
    after = None
    while True:
        variables = {"id": wish.external_order_id, "after": after}
        order: dict[str, Any] | None = client.call(access, "order_refunds", variables)["order"]
        if order is None:
            raise Rejected("order_gone", "The order no longer exists in the store.")
        page = order["lineItems"]
        lines += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            page["nodes"] = lines
            return order
        after = page["pageInfo"]["endCursor"]


def _made(order: Mapping[str, Any], wish: RefundWish) -> RefundMade | None:
    """The refund that carries our reference, or the cancellation that does."""
    refunds: Sequence[Mapping[str, Any]] = order["refunds"]
    for one in refunds:
        if wish.reference in (one["note"] or ""):
            return _told(one)
    note = (order["cancellation"] or {}).get("staffNote") or ""
    if order["cancelledAt"] is None or wish.reference not in note:
        return None
    if not refunds:
        return RefundMade(external_id=order["id"], amount=Money(0, order["currencyCode"]), cancelled=True)
    # A cancellation gives back all that was left, in the refund that Shopify made last.
    return replace(_told(refunds[-1]), cancelled=True)


def _told(refund: Mapping[str, Any]) -> RefundMade:
    given = refund["totalRefundedSet"]
    paid_in = given["presentmentMoney"]
    customer = Money.of_decimal(Decimal(paid_in["amount"]), paid_in["currencyCode"])
    return RefundMade(external_id=refund["id"], amount=_money(given), customer=customer)


def _done(client: AdminClient, access: StoreAccess, job: str) -> bool:
    found = client.call(access, "job", {"id": job})["job"]
    return found is None or bool(found["done"])


def _check_units(order: Mapping[str, Any], wish: RefundWish) -> None:
    left = {line["id"]: line["refundableQuantity"] for line in order["lineItems"]["nodes"]}
    if not wish.units or all(left.get(line, 0) >= units for line, units in wish.units.items()):
        return
    if not any(left.get(line, 0) for line in wish.units):
        raise Rejected("already_refunded", "These units were refunded in the store already.")
    raise Rejected("partly_refunded", "Some of these units were refunded in the store already.")


def _whole(order: Mapping[str, Any], wish: RefundWish) -> bool:
    """Whether nothing is left of the order, and nothing of it has left."""
    if not wish.whole or order["cancelledAt"] is not None:
        return False
    left = {line["id"]: line["currentQuantity"] for line in order["lineItems"]["nodes"] if line["currentQuantity"]}
    return left == dict(wish.units) and all(one["status"] == "CANCELLED" for one in order["fulfillments"])


def _suggested(client: AdminClient, access: StoreAccess, wish: RefundWish, *, whole: bool) -> Mapping[str, Any]:
    variables = {
        "id": wish.external_order_id,
        "lines": [] if whole else _lines(wish),
        "shipping": wish.shipping or whole,
        "whole": whole,
    }
    found: Mapping[str, Any] = client.call(access, "suggested_refund", variables)["order"]["suggestedRefund"]
    if found is None:
        raise Rejected("nothing_paid", "The store has no payment of this order to give back.")
    return found


def _input(order: Mapping[str, Any], wish: RefundWish, suggested: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "orderId": wish.external_order_id,
        "note": _note(wish),
        "notify": wish.notify,
        "currency": order["presentmentCurrencyCode"],
        "refundLineItems": _lines(wish),
        "transactions": _transactions(wish, suggested),
    }
    if wish.shipping:
        wanted["shipping"] = {"fullRefund": True}
    return wanted


def _transactions(wish: RefundWish, suggested: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The payments that are given back, in what the customer paid in: as suggested, or as much of them as is wanted."""
    total = _amount(suggested["amountSet"]) if wish.amount is None else wish.amount.decimal
    found = []
    for one in suggested["suggestedTransactions"]:
        most = one["maximumRefundableSet"] or one["amountSet"]
        suits = one["amountSet"] if _amount(one["amountSet"]) == total else most
        taken = min(total, _amount(suits))
        if taken <= 0:
            continue
        paid = Decimal(suits["presentmentMoney"]["amount"])
        coin = Decimal(1).scaleb(-exponent(suits["presentmentMoney"]["currencyCode"]))
        share = paid if taken == _amount(suits) else (paid * taken / _amount(suits)).quantize(coin, ROUND_HALF_UP)
        total -= taken
        found.append(
            {
                "orderId": wish.external_order_id,
                "parentId": (one["parentTransaction"] or {}).get("id"),
                "gateway": one["gateway"] or "",
                "kind": "REFUND",
                "amount": format(share, "f"),
            }
        )
    if total > 0:
        raise Rejected("too_much", "The customer has not paid that much, or it was given back already.")
    return found


def _lines(wish: RefundWish) -> list[dict[str, Any]]:
    # Nothing is restocked: the quantity at our location is set by us.
    return [{"lineItemId": line, "quantity": units, "restockType": "NO_RESTOCK"} for line, units in wish.units.items()]


def _note(wish: RefundWish) -> str:
    return f"{wish.note} [{wish.reference}]"


def _amount(bag: Mapping[str, Any]) -> Decimal:
    return Decimal(bag["shopMoney"]["amount"])


def _money(bag: Mapping[str, Any]) -> Money:
    return Money.of_decimal(_amount(bag), bag["shopMoney"]["currencyCode"])
