"""A supplier's Shopify shop as a channel: what would be typed in by hand there is done by its own app."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.adapters._coming_later import answers_of_later, state_of
from app.adapters.channels.shopify_shop.client import ShopClient
from app.adapters.channels.shopify_shop.later import later_lines
from app.adapters.channels.shopify_shop.orders import (
    TAG,
    address_input,
    answers_of,
    line_of,
    numbers_of,
    order_input,
    removals,
    stoppable,
    tag_of,
)
from app.kit import clock
from app.kit.errors import Invalid, Rejected, Unavailable
from app.kit.texts import cut
from app.kit.texts import marked as _
from app.purchasing.answers import Answer, Answers, Unreadable
from app.purchasing.channel import (
    Awaiting,
    ChangeKind,
    ChangeNote,
    ChangeReply,
    ChannelSettings,
    Presence,
    Probed,
    PurchaseOrderNote,
    Sending,
    Setting,
    Stopping,
    SupplierChannel,
    Transmitted,
)

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com")
#: Shopify's search follows its orders by seconds; what changed shortly before the last look is looked at again.
_OVERLAP = timedelta(minutes=10)
_PAGES = 10
#: SKUs of one search.
_AT_ONCE = 20
#: A cancellation is done by the shop a moment later.
_LOOKS, _LOOK_EVERY = 6, 0.4


class ShopifyShop(SupplierChannel):
    """The ``SupplierChannel`` port for a supplier's own Shopify shop."""

    name = "shopify_shop"
    label = _("Your Shopify shop")
    summary = _("Purchase orders become orders in your shop; what you fulfil there is told to the retailer.")
    transmits = True
    needs_address = True
    poll_minutes = 2
    cancels = True
    form = (
        Setting(name="shop", label=_("Shop"), example="your-shop.myshopify.com", is_address=True),
        Setting(
            name="client_id",
            label=_("Client id of your app"),
            required=False,
            help=_(
                "Make an app for your shop in Shopify's Dev Dashboard that may read products and write orders. If it"
                " may read merchant-managed fulfillment orders, too, what you hold with a day in the hold's note"
                " (2026-12-24) is told as coming later."
            ),
        ),
        Setting(name="client_secret", label=_("Client secret"), kind="secret", required=False),
        Setting(
            name="access_token",
            label=_("Or: access token"),
            kind="secret",
            required=False,
            help=_("Of an older custom app, which begins with shpat_."),
        ),
        Setting(
            name="financial_status",
            label=_("Orders in your shop are"),
            kind="choice",
            choices=(("paid", _("Paid: we pay you by payout")), ("pending", _("Payment pending"))),
            default="paid",
        ),
        Setting(
            name="accepts",
            label=_("An order in your shop counts as accepted"),
            kind="choice",
            choices=(("yes", _("Yes")), ("no", _("No, we answer on the order's page"))),
            default="yes",
        ),
    )

    def __init__(self) -> None:
        self._client = ShopClient()

    def check(self, settings: ChannelSettings) -> None:
        """By their form."""
        super().check(settings)
        if not _SHOP.fullmatch(settings.get("shop")):
            raise Invalid.field("shop", "not_a_shop", "Give the shop's own name, such as your-shop.myshopify.com.")
        if settings.get("access_token"):
            return
        for name in ("client_id", "client_secret"):
            if not settings.get(name):
                raise Invalid.field(name, "required", "Give the app's client id and secret, or its access token.")

    def test(self, settings: ChannelSettings) -> str:
        """See the port."""
        shop = self._client.call(settings, "shop", {})["shop"]
        self._client.call(settings, "orders", {"query": f"tag:{TAG}"})
        self._client.call(settings, "variants", {"query": "sku:crossdock-test"})
        return f"Connected with {shop['name']}, whose orders are in {shop['currencyCode']}."

    def transmit(self, notes: Sequence[PurchaseOrderNote], settings: ChannelSettings, sending: Sending) -> Transmitted:
        """Make the order. One that was tried before is looked for first."""
        (note,) = notes
        if sending.again:
            found = self._found(settings, note.number)
            if found:
                return Transmitted(reference=found, confirmed=True)
        variants = self._variants(settings, note)
        made = self._client.call(
            settings,
            "order_create",
            {
                "order": order_input(note, variants, paid=settings.get("financial_status") != "pending"),
                "options": {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY", "sendReceipt": False},
            },
        )["orderCreate"]
        if made["userErrors"]:
            raise _refused(made["userErrors"])
        return Transmitted(reference=made["order"]["id"], confirmed=True)

    def probe(self, note: PurchaseOrderNote, settings: ChannelSettings, sending: Sending) -> Probed:
        """By the order's tag."""
        found = self._found(settings, note.number)
        return Probed(Presence.FOUND, found) if found else Probed(Presence.ABSENT)

    def cancel(self, note: PurchaseOrderNote, reference: str, settings: ChannelSettings, sending: Sending) -> Stopping:
        """Cancel the order, or take off it what is not wanted any more."""
        order_id = reference or self._found(settings, note.number)
        if not order_id:
            return Stopping.STOPPED
        order = self._order(settings, order_id)
        if order is None or order["cancelledAt"]:
            return Stopping.STOPPED
        less = removals(order, {line.id: line.quantity for line in note.lines})
        if less is None:
            return Stopping.REFUSED
        if not less:
            return Stopping.STOPPED
        if not note.lines:
            return self._cancelled(settings, order_id, note)
        made = self._remove(settings, order_id, less, sending.key)
        return Stopping.REFUSED if made["userErrors"] else Stopping.STOPPED

    def takes(self, kind: ChangeKind, settings: ChannelSettings) -> bool:
        """The shop's order can be changed as long as something of it is not fulfilled."""
        return True

    def ask(self, change: ChangeNote, reference: str, settings: ChannelSettings, sending: Sending) -> ChangeReply:
        """What is not fulfilled is changed at once: how the order stands there is the answer, also to a repetition."""
        order_id = reference or self._found(settings, change.order.number)
        order = self._order(settings, order_id) if order_id else None
        if order is None:
            raise Rejected("no_order", f"Your shop has no order {change.order.number}.")
        if change.kind == "address":
            return self._readdressed(settings, order, change)
        if change.withdrawn:
            return ChangeReply(answer="asked")
        if order["cancelledAt"]:
            return ChangeReply(answer="accepted")
        less, gone = stoppable(order, change.left)
        if less and not any(change.left.values()) and not gone:
            done = self._cancelled(settings, order_id, change.order)
            if done is Stopping.ASKED:
                raise Unavailable("the shop has not cancelled an order yet")
            if done is Stopping.REFUSED and not (self._order(settings, order_id) or order)["cancelledAt"]:
                return ChangeReply(answer="refused", reason="packed")
        elif less:
            made = self._remove(settings, order_id, less, sending.key)
            if made["userErrors"]:
                # Something left in between: what is left of it is looked at by the next try.
                raise Unavailable("the shop did not take units off an order")
        if gone:
            stops = {line.id: line.quantity for line in change.stops}
            stopped = {line: max(0, units - gone.get(line, 0)) for line, units in stops.items()}
            if not any(stopped.values()):
                return ChangeReply(answer="refused", reason="shipped")
            return ChangeReply(answer="accepted", stopped=stopped)
        return ChangeReply(answer="accepted")

    def _readdressed(self, settings: ChannelSettings, order: Mapping[str, Any], change: ChangeNote) -> ChangeReply:
        """The parcels that are still to come go to the order's address."""
        address = change.order.address
        waits = sum(int(item["unfulfilledQuantity"]) for item in order["lineItems"]["nodes"])
        if order["cancelledAt"] or not waits or address is None:
            return ChangeReply(answer="refused", reason="shipped")
        given = {"id": order["id"], "shippingAddress": address_input(address)}
        made = self._client.call(settings, "order_update", {"input": given})["orderUpdate"]
        if made["userErrors"]:
            words = cut(str(made["userErrors"][0].get("message") or ""), 300)
            return ChangeReply(answer="refused", message=words)
        return ChangeReply(answer="accepted")

    def _remove(
        self, settings: ChannelSettings, order_id: str, less: Sequence[Mapping[str, Any]], key: str
    ) -> Mapping[str, Any]:
        removed: Mapping[str, Any] = self._client.call(
            settings,
            "lines_remove",
            {
                "input": {"orderId": order_id, "refundLineItems": less, "note": "Withdrawn", "notify": False},
                "idempotencyKey": key,
            },
        )["refundCreate"]
        return removed

    def poll(self, settings: ChannelSettings, awaiting: Awaiting) -> Answers:
        """Read the orders of ours that changed since the last look."""
        started = clock.now()
        since = settings.marks.get("since", "")
        changed, more = self._changed(settings, since)
        named = {listed["id"]: numbers_of(listed["tags"]) for listed in changed}
        awaited = awaiting.of({number for numbers in named.values() for number in numbers})
        answers: list[Answer] = []
        unreadable: list[Unreadable] = []
        accepts = settings.get("accepts") != "no"
        waits: dict[str, str] = json.loads(settings.marks.get("waits") or "{}")
        for listed in changed:
            number = next((one for one in named[listed["id"]] if one in awaited), None)
            order = self._order(settings, listed["id"]) if number else None
            if number is None or order is None:
                continue
            for one in answers_of(order, number, accepts=accepts):
                if isinstance(one, Unreadable):
                    unreadable.append(one)
                else:
                    answers.append(one)
            for one in self._later(settings, order, number, waits):
                if isinstance(one, Unreadable):
                    unreadable.append(one)
                else:
                    answers.append(one)
        # More changed than one look reads: the next one goes on from here.
        more = more and changed[-1]["updatedAt"] != since
        until = changed[-1]["updatedAt"] if more else clock.iso((started - _OVERLAP).replace(microsecond=0))
        marks = {"since": until, "waits": json.dumps(waits)}
        return Answers(answers=answers, unreadable=unreadable, marks=marks, more=more)

    def _later(
        self, settings: ChannelSettings, order: Mapping[str, Any], number: str, waits: dict[str, str]
    ) -> Iterator[Answer | Unreadable]:
        """What of an order the shop's people let wait for goods. ``waits`` remembers it by the order's id. An app that
        may not read what is to be sent says nothing of it."""
        open_lines = any(int(item["unfulfilledQuantity"]) for item in order["lineItems"]["nodes"])
        nodes: list[Mapping[str, Any]] = []
        after, zone, more = None, "UTC", open_lines and not order["cancelledAt"]
        try:
            while more:
                found = self._client.call(settings, "order_later", {"id": order["id"], "after": after})
                page, zone = found["order"]["fulfillmentOrders"], found["shop"]["ianaTimezone"]
                nodes += page["nodes"]
                more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        except Rejected as error:
            if error.code != "access_denied":
                raise
            return
        lines = {item["id"]: line_of(item) for item in order["lineItems"]["nodes"]}
        later, without = later_lines(nodes, lines, zone)
        key, before = f"shopify:{order['id'].rpartition('/')[2]}", waits.pop(order["id"], "")
        if later:
            waits[order["id"]] = state_of(later)
        if not open_lines or order["cancelledAt"]:
            return
        yield from answers_of_later(later, key=key, number=number, source=order["name"], before=before)
        if without:
            told = f"{order['name']} is held for want of stock: write the day into the hold's note, such as 2026-12-24."
            yield Unreadable(key=f"{key}:no_day", source=order["name"], problem=told)

    def _changed(self, settings: ChannelSettings, since: str) -> tuple[list[Mapping[str, Any]], bool]:
        """Those that changed since, the longest ago first, and whether there are more."""
        query = f"tag:{TAG}" + (f" updated_at:>='{since}'" if since else "")
        found: list[Mapping[str, Any]] = []
        after = None
        for _page in range(_PAGES):
            page = self._client.call(settings, "orders", {"query": query, "after": after})["orders"]
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found, False
            after = page["pageInfo"]["endCursor"]
        return found, True

    def _order(self, settings: ChannelSettings, order_id: str) -> Mapping[str, Any] | None:
        """An order with all of its lines and parcels, whatever there are; a usual one is read at once."""
        order: dict[str, Any] | None = self._client.call(settings, "order", {"id": order_id})["order"]
        if order is None:
            return None
        self._read_on(settings, order["lineItems"], "order_lines", order_id, "order", "lineItems")
        if order["fulfillmentsCount"]["count"] > len(order["fulfillments"]):
            whole = self._client.call(settings, "order_fulfillments", {"id": order_id})["order"]["fulfillments"]
            known = {one["id"]: one for one in order["fulfillments"]}
            order["fulfillments"] = [known.get(one["id"]) or self._with_lines(settings, one) for one in whole]
        for one in order["fulfillments"]:
            lines = one["fulfillmentLineItems"]
            self._read_on(settings, lines, "fulfillment_lines", one["id"], "fulfillment", "fulfillmentLineItems")
        return order

    def _with_lines(self, settings: ChannelSettings, fulfillment: Mapping[str, Any]) -> dict[str, Any]:
        found = self._client.call(settings, "fulfillment_lines", {"id": fulfillment["id"]})["fulfillment"]
        return {**fulfillment, "fulfillmentLineItems": found["fulfillmentLineItems"]}

    def _read_on(
        self, settings: ChannelSettings, first: dict[str, Any], name: str, object_id: str, kind: str, held: str
    ) -> None:
        """Add what stands on the pages behind the first."""
        page = first["pageInfo"]
        while page["hasNextPage"]:
            variables = {"id": object_id, "after": page["endCursor"]}
            found = self._client.call(settings, name, variables)[kind][held]
            first["nodes"] += found["nodes"]
            page = found["pageInfo"]

    def _found(self, settings: ChannelSettings, number: str) -> str:
        """The shop's id of an order of ours; empty where there is none."""
        tag = tag_of(number)
        nodes = self._client.call(settings, "orders", {"query": f"tag:'{tag}'"})["orders"]["nodes"]
        return next((str(one["id"]) for one in nodes if tag in one["tags"]), "")

    def _variants(self, settings: ChannelSettings, note: PurchaseOrderNote) -> dict[str, str]:
        """SKU → variant. Raises ``Rejected`` where the shop does not know a SKU, or knows it twice."""
        wanted = sorted({line.sku for line in note.lines})
        found: dict[str, list[str]] = {}
        for begin in range(0, len(wanted), _AT_ONCE):
            query = " OR ".join(f"sku:{_quoted(sku)}" for sku in wanted[begin : begin + _AT_ONCE])
            data = self._client.call(settings, "variants", {"query": query})
            if data["shop"]["currencyCode"] != note.total.currency:
                told = f"Your shop is in {data['shop']['currencyCode']}, this order in {note.total.currency}."
                raise Rejected("other_currency", told)
            for one in data["productVariants"]["nodes"]:
                if one["sku"] and one["product"]["status"] != "ARCHIVED":
                    found.setdefault(one["sku"].casefold(), []).append(one["id"])
        chosen: dict[str, str] = {}
        for sku in wanted:
            ids = found.get(sku.casefold(), [])
            if len(ids) != 1:
                told = f"several products with the SKU {sku}" if ids else f"no product with the SKU {sku}"
                raise Rejected("unknown_sku", f"Your shop has {told}.")
            chosen[sku] = ids[0]
        return chosen

    def _cancelled(self, settings: ChannelSettings, order_id: str, note: PurchaseOrderNote) -> Stopping:
        staff_note = f"Purchase order {note.number} was cancelled."
        made = self._client.call(settings, "order_cancel", {"orderId": order_id, "staffNote": staff_note})[
            "orderCancel"
        ]
        if made["orderCancelUserErrors"]:
            return Stopping.REFUSED
        for _look in range(_LOOKS):
            order = self._order(settings, order_id)
            if order is None or order["cancelledAt"]:
                return Stopping.STOPPED
            time.sleep(_LOOK_EVERY)
        return Stopping.ASKED


def _quoted(sku: str) -> str:
    return '"' + sku.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refused(errors: Sequence[Mapping[str, Any]]) -> Rejected:
    first = errors[0]
    if first.get("code") == "INVENTORY_CLAIM_FAILED":
        return Rejected("out_of_stock", "Your shop has not enough in stock for this order.")
    return Rejected(str(first.get("code") or "refused").lower(), cut(str(first.get("message") or ""), 300))
