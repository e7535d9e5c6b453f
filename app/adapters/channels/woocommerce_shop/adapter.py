"""A supplier's WooCommerce shop as a channel, by its REST API. Polling is the truth: its webhooks get lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from app import config
from app.adapters._coming_later import answers_of_later, state_of
from app.adapters.channels.woocommerce_shop import client
from app.adapters.channels.woocommerce_shop.orders import (
    answers_of,
    changes,
    later_of,
    left,
    number_of,
    order_body,
    shipping_body,
)
from app.kit import clock
from app.kit.errors import Invalid, Rejected
from app.kit.texts import marked as _
from app.purchasing.answers import Answer, Answers
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

#: The shop's clock and what it is slow to store.
_OVERLAP = timedelta(minutes=15)
#: How far before its release an order of ours may be dated by the shop's clock.
_AHEAD = timedelta(days=1)
_PAGE, _PAGES = 100, 20
_SKUS_AT_ONCE = 50
#: In these states an order can still be stopped.
_STOPPABLE = frozenset({"pending", "on-hold", "processing"})


class WooCommerceShop(SupplierChannel):
    """The ``SupplierChannel`` port for a supplier's own WooCommerce shop."""

    name = "woocommerce_shop"
    label = _("Your WooCommerce shop")
    summary = _("Purchase orders become orders in your shop; what you ship there is told to the retailer.")
    transmits = True
    needs_address = True
    poll_minutes = 3
    cancels = True
    form = (
        Setting(name="url", label=_("Shop"), kind="url", example="https://shop.example.com", is_address=True),
        Setting(
            name="consumer_key",
            label=_("Consumer key"),
            help=_("Make a key that may read and write: WooCommerce, Settings, Advanced, REST API."),
        ),
        Setting(name="consumer_secret", label=_("Consumer secret"), kind="secret"),
        Setting(
            name="status",
            label=_("New orders are"),
            kind="choice",
            choices=(("processing", _("Processing")), ("on-hold", _("On hold"))),
            default="processing",
        ),
        Setting(
            name="accepts",
            label=_("An order in progress counts as accepted"),
            kind="choice",
            choices=(("yes", _("Yes")), ("no", _("No, we answer on the order's page"))),
            default="yes",
            help=_(
                "What comes later: write the day into the custom field crossdock_available_on of the order or of one of"
                " its lines, such as 2026-12-24."
            ),
        ),
    )

    def check(self, settings: ChannelSettings) -> None:
        """By their form; where the address leads is looked at when it is called."""
        super().check(settings)
        parts = urlsplit(settings.get("url"))
        plain = config.settings().environment != "production" and bool(config.settings().allowed_hosts)
        if parts.scheme not in (("https", "http") if plain else ("https",)) or not parts.hostname:
            raise Invalid.field("url", "url_refused", "The address must begin with https://.")
        if parts.username is not None or parts.query or parts.fragment:
            raise Invalid.field("url", "url_refused", "Leave user names, ? and # out of the address.")

    def test(self, settings: ChannelSettings) -> str:
        """See the port."""
        code = self._currency(settings)
        client.get(settings, "orders", per_page=1, _fields="id")
        return f"Connected. Orders in your shop are in {code}."

    def transmit(self, notes: Sequence[PurchaseOrderNote], settings: ChannelSettings, sending: Sending) -> Transmitted:
        """Make the order. One that was tried before is looked for first: the shop knows no keys of requests."""
        (note,) = notes
        if sending.again:
            found, _all_seen = self._found(settings, note)
            if found is not None:
                return Transmitted(str(found["id"]), confirmed=True)
        currency = self._currency(settings)
        if currency != note.total.currency:
            told = f"Your shop is in {currency}, this order in {note.total.currency}."
            raise Rejected("other_currency", told)
        items = self._items(settings, note)
        made = client.post(settings, "orders", order_body(note, items, settings.get("status") or "processing"))
        return Transmitted(str(made["id"]), confirmed=True)

    def probe(self, note: PurchaseOrderNote, settings: ChannelSettings, sending: Sending) -> Probed:
        """By the number in the orders' meta data, which can't be searched by: the orders since its release are read."""
        found, all_seen = self._found(settings, note)
        if found is not None:
            return Probed(Presence.FOUND, str(found["id"]))
        return Probed(Presence.ABSENT if all_seen else Presence.CANNOT_TELL)

    def cancel(self, note: PurchaseOrderNote, reference: str, settings: ChannelSettings, sending: Sending) -> Stopping:
        """Cancel the order, or take off it what is not wanted any more."""
        order, all_seen = (self._order(settings, reference), True) if reference else self._found(settings, note)
        if order is None and not all_seen:
            return Stopping.REFUSED
        if order is None or order["status"] == "cancelled":
            return Stopping.STOPPED
        less = changes(order, {line.id: line.quantity for line in note.lines})
        if note.lines and not less:
            return Stopping.STOPPED
        if order["status"] not in _STOPPABLE or self._fulfillments(settings, order):
            return Stopping.REFUSED
        content: Mapping[str, Any] = {"line_items": less} if note.lines else {"status": "cancelled"}
        client.post(settings, f"orders/{order['id']}", content)
        return Stopping.STOPPED

    def takes(self, kind: ChangeKind, settings: ChannelSettings) -> bool:
        """The shop's order can be changed until it is completed."""
        return True

    def ask(self, change: ChangeNote, reference: str, settings: ChannelSettings, sending: Sending) -> ChangeReply:
        """What has not left is changed at once: how the order stands there is the answer, also to a repetition. The
        shop takes no conditions, so what left in between is looked at afterwards."""
        if change.kind == "cancellation" and change.withdrawn:
            return ChangeReply(answer="asked")
        order, all_seen = (self._order(settings, reference), True) if reference else self._found(settings, change.order)
        if order is None:
            told = "has no order" if all_seen else "has too many orders to find"
            raise Rejected("no_order", f"Your shop {told} {change.order.number}.")
        if order["status"] == "cancelled":
            answer: Literal["accepted", "refused"] = "accepted" if change.kind == "cancellation" else "refused"
            return ChangeReply(answer=answer, reason="other")
        gone = left(order, self._fulfillments(settings, order))
        if change.kind == "address":
            whole = all(gone.get(line.id, 0) >= line.quantity for line in change.order.lines)
            if order["status"] not in _STOPPABLE or whole or change.order.address is None:
                return ChangeReply(answer="refused", reason="shipped")
            client.post(settings, f"orders/{order['id']}", {"shipping": shipping_body(change.order.address)})
            return ChangeReply(answer="accepted")
        if order["status"] not in _STOPPABLE:
            return ChangeReply(answer="refused", reason="shipped")
        keep = {line: max(units, gone.get(line, 0)) for line, units in change.left.items()}
        less = changes(order, keep)
        if less:
            body: Mapping[str, Any] = {"line_items": less} if any(keep.values()) else {"status": "cancelled"}
            order = client.post(settings, f"orders/{order['id']}", body)
            gone = left(order, self._fulfillments(settings, order))
        stopped = {
            line.id: max(0, line.quantity - max(0, gone.get(line.id, 0) - change.left.get(line.id, 0)))
            for line in change.stops
        }
        if not any(stopped.values()):
            return ChangeReply(answer="refused", reason="shipped")
        return ChangeReply(answer="accepted", stopped=stopped)

    def poll(self, settings: ChannelSettings, awaiting: Awaiting) -> Answers:
        """Read the orders of ours that changed since the last look."""
        started = clock.now()
        since = settings.marks.get("since") or clock.iso((awaiting.since or started) - _OVERLAP)
        accepts = settings.get("accepts") != "no"
        answers: list[Answer] = []
        changed, until = self._changed(settings, since)
        awaited = awaiting.of({number for order in changed if (number := number_of(order))})
        waits: dict[str, str] = json.loads(settings.marks.get("waits") or "{}")
        for order in changed:
            if number_of(order) not in awaited:
                continue
            fulfillments = self._fulfillments(settings, order)
            answers += answers_of(order, fulfillments, accepts=accepts)
            key, later = f"woo:{order['id']}", later_of(order, fulfillments)
            answers += answers_of_later(
                later, key=key, number=number_of(order), source=f"#{order['number']}", before=waits.pop(key, "")
            )
            if later:
                waits[key] = state_of(later)
        # More changed than one look reads: the next one goes on from here.
        more = until not in ("", since)
        marks = {
            "since": until if more else clock.iso((started - _OVERLAP).replace(microsecond=0)),
            "waits": json.dumps(waits),
        }
        return Answers(answers=answers, marks=marks, more=more)

    def _changed(self, settings: ChannelSettings, since: str) -> tuple[list[dict[str, Any]], str]:
        """Orders that changed since, each once as it stands last, and from when on the next look goes on; empty where
        all were seen. Each page begins at the moment at which the one before ended, and not at a count of orders:
        whatever changes meanwhile goes to the end, and would shift the others."""
        found: dict[int, dict[str, Any]] = {}
        after, page = since, 1
        for _look in range(_PAGES):
            orders = client.get(
                settings, "orders", per_page=_PAGE, page=page, order="asc", dates_are_gmt="true",
                modified_after=after, orderby="modified",
            )  # fmt: skip
            for one in orders:
                found.pop(one["id"], None)
                found[one["id"]] = one
            if len(orders) < _PAGE:
                return list(found.values()), ""
            # "After" leaves out the second itself, which others may have been changed in.
            until = clock.iso(clock.parse_iso(f"{orders[-1]['date_modified_gmt']}Z") - timedelta(seconds=1))
            # A second in which more were changed than a page holds is counted through.
            after, page = (until, 1) if until > after else (after, page + 1)
        if after == since:
            # The whole look went into one second; the next one begins behind it.
            after = clock.iso(clock.parse_iso(after) + timedelta(seconds=1))
        return list(found.values()), after

    def _orders(self, settings: ChannelSettings, **params: str) -> Iterator[dict[str, Any]]:
        for page in range(1, _PAGES + 1):
            found = client.get(
                settings, "orders", per_page=_PAGE, page=page, order="asc", dates_are_gmt="true", **params
            )
            yield from found
            if len(found) < _PAGE:
                return

    def _found(self, settings: ChannelSettings, note: PurchaseOrderNote) -> tuple[dict[str, Any] | None, bool]:
        """The order of ours, and whether all that it could be were seen: a busy shop has more than are read."""
        after, seen = clock.iso((note.released_at or clock.now()) - _AHEAD), 0
        for order in self._orders(settings, after=after, orderby="date"):
            if number_of(order) == note.number:
                return order, True
            seen += 1
        return None, seen < _PAGE * _PAGES

    def _order(self, settings: ChannelSettings, order_id: str) -> dict[str, Any] | None:
        try:
            order: dict[str, Any] = client.get(settings, f"orders/{order_id}")
        except Rejected as error:
            if error.code == "http_404":
                return None
            raise
        return order

    def _fulfillments(self, settings: ChannelSettings, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Of shops that have them switched on (from WooCommerce 10.1); none of the others."""
        try:
            found = client.get(settings, f"orders/{order['id']}/fulfillments")
        except Rejected as error:
            if error.code == "http_404":
                return []
            raise
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def _currency(self, settings: ChannelSettings) -> str:
        return str(client.get(settings, "data/currencies/current")["code"])

    def _items(self, settings: ChannelSettings, note: PurchaseOrderNote) -> dict[str, Mapping[str, Any]]:
        """SKU → product or variation. Raises ``Rejected`` where the shop does not know one, or has too few: its API
        sells what is not there without a word."""
        wanted: dict[str, int] = {}
        for line in note.lines:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        skus = sorted(wanted)
        known: dict[str, Mapping[str, Any]] = {}
        for begin in range(0, len(skus), _SKUS_AT_ONCE):
            some = ",".join(skus[begin : begin + _SKUS_AT_ONCE])
            for one in client.get(settings, "products", sku=some, per_page=_PAGE, status="any"):
                known[str(one["sku"]).casefold()] = one
        for sku, units in wanted.items():
            item = known.get(sku.casefold())
            if item is None:
                raise Rejected("unknown_sku", f"Your shop has no product with the SKU {sku}.")
            counted = item.get("manage_stock") and item.get("backorders", "no") == "no"
            if item.get("stock_status") == "outofstock" or (counted and (item.get("stock_quantity") or 0) < units):
                raise Rejected("out_of_stock", f"Your shop has not enough of {sku} for this order.")
        return {sku: known[sku.casefold()] for sku in wanted}
