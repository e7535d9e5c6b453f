"""The sentences of an order's timeline, by their ids. Values are filled in where they are shown, in the reader's
language, so nothing personal and no finished sentence is stored."""

from __future__ import annotations

#: Message id → (kind, sentence with named values).
SENTENCES: dict[str, tuple[str, str]] = {
    "order.received": ("order", "Order %(name)s came in from %(store)s."),
    "order.placed": ("order", "Order placed through the API."),
    "order.held": ("order", "On hold: %(advice)s"),
    "order.released": ("order", "Hold released."),
    "order.address_changed": ("order", "Delivery address changed."),
    "order.line_cancelled": ("order", "%(quantity)s × %(title)s cancelled."),
    "order.cancelled_in_store": ("store", "Cancelled in the store."),
    "stock.reserved": ("stock", "%(quantity)s units set aside at %(suppliers)s supplier(s)."),
    "stock.let_go": ("stock", "Not paid in time: the units set aside were let go."),
    "stock.rejected": ("stock", "%(supplier)s could not deliver %(quantity)s × %(title)s."),
    "money.charged": ("money", "%(amount)s charged."),
    "money.declined": ("money", "Payment declined: %(reason)s"),
    "money.action_required": ("money", "The bank asks for a confirmation of the payment."),
    "money.no_method": ("money", "No payment card is on file."),
    "money.refunded": ("money", "%(amount)s refunded."),
    "money.earned": ("money", "%(amount)s earned by this shipment."),
    "money.payable": ("money", "%(amount)s can be paid out."),
    "money.paid_out": ("money", "%(amount)s paid out."),
    "po.created": ("supplier", "Purchase order %(number)s made for %(supplier)s."),
    "po.released": ("supplier", "Purchase order %(number)s sent to %(supplier)s."),
    "po.acknowledged": (
        "supplier",
        "%(supplier)s answered: %(accepted)s accepted, %(backordered)s backordered, %(rejected)s rejected.",
    ),
    "po.processing": ("supplier", "%(supplier)s is packing."),
    "po.shipped": ("carrier", "Parcel %(tracking_number)s left with %(carrier)s: %(units)s units."),
    "carrier.status": ("carrier", "Parcel %(tracking_number)s: %(status)s."),
    "store.fulfillment_accepted": ("store", "Fulfilment accepted in the store."),
    "store.tracking_told": ("store", "Tracking sent to the store and its customer."),
    "store.delivery_told": ("store", "Delivery reported to the store."),
    "store.refused": ("store", "The store refused an update: %(reason)s"),
}
