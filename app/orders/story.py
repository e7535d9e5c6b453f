"""The sentences of an order's timeline, by their ids. Values are filled in where they are shown, in the reader's
language, so nothing personal and no finished sentence is stored."""

from __future__ import annotations

from app.kit.texts import marked as _

#: Message id → (kind, sentence with named values).
SENTENCES: dict[str, tuple[str, str]] = {
    "order.received": ("order", _("Order %(name)s came in from %(store)s.")),
    "order.placed": ("order", _("The order was placed.")),
    "order.sample_placed": ("order", _("The sample was ordered.")),
    "order.held": ("order", _("On hold. %(advice)s")),
    "order.released": ("order", _("The hold is over; the order goes on.")),
    "order.address_changed": ("order", _("The delivery address was changed.")),
    "order.line_cancelled": ("order", _("Cancelled: %(quantity)s × %(title)s.")),
    "order.cancelled_in_store": ("store", _("The order was cancelled in the store.")),
    "stock.let_go": ("stock", _("Not paid in time: the units set aside were let go.")),
    "stock.rejected": ("stock", _("%(supplier)s can't deliver %(quantity)s × %(title)s.")),
    "money.charged": ("money", _("The card was charged %(amount)s.")),
    "money.declined": ("money", _("The card was declined: %(reason)s")),
    "money.action_required": ("money", _("The bank wants the payment to be confirmed.")),
    "money.no_method": ("money", _("There is no payment card to charge.")),
    "money.refunded": ("money", _("%(amount)s was refunded to the card.")),
    "po.created": ("supplier", _("Purchase order %(number)s for %(supplier)s.")),
    "po.released": ("supplier", _("Purchase order %(number)s was sent to %(supplier)s.")),
    "po.acknowledged": (
        "supplier",
        _("%(supplier)s answered: %(accepted)s accepted, %(backordered)s backordered, %(rejected)s rejected."),
    ),
    "po.printed_packing_slip": ("supplier", _("The packing slip of %(number)s was put into the parcel.")),
    "po.printed_return_slip": ("supplier", _("The return slip of %(number)s was put into the parcel.")),
    "po.printed_commercial_invoice": ("supplier", _("The commercial invoice of %(number)s was put into the parcel.")),
    "po.processing": ("supplier", _("%(supplier)s is packing.")),
    "po.shipped": ("carrier", _("Shipped with %(carrier)s: %(tracking_number)s.")),
    "carrier.status": ("carrier", _("%(tracking_number)s: %(status)s.")),
    "return.requested": ("order", _("Return %(number)s was asked for: %(units)s units.")),
    "return.approved": ("supplier", _("Return %(number)s was approved.")),
    "return.declined": ("supplier", _("Return %(number)s was declined: %(answer)s")),
    "return.label_sent": ("supplier", _("The label for return %(number)s is there.")),
    "return.in_transit": ("carrier", _("Return %(number)s is on its way with %(carrier)s: %(tracking_number)s.")),
    "return.received": ("supplier", _("Return %(number)s came in.")),
    "return.inspected": ("supplier", _("Return %(number)s was checked: %(accepted)s of %(units)s units accepted.")),
    "return.credited": ("money", _("%(amount)s of goods are credited for return %(number)s.")),
    "return.kept": (
        "money",
        _("%(amount)s of goods are credited for return %(number)s; the goods stay."),
    ),
    "return.closed": ("order", _("Return %(number)s is done.")),
    "return.expired": ("order", _("Return %(number)s ran out: the goods were not sent in time.")),
    "return.cancelled": ("order", _("Return %(number)s was withdrawn.")),
    "store.fulfillment_held": ("store", _("The store holds this delivery. Keep the parcel until it lets go.")),
    "store.fulfillment_accepted": ("store", _("The store asked for the delivery, and the request was accepted.")),
    "store.tracking_told": ("store", _("The store and its customer have the number %(tracking_number)s.")),
    "store.delivery_told": ("store", _("The store knows that %(tracking_number)s arrived.")),
    "store.asked_again": ("store", _("The store is told again of %(tracking_number)s.")),
    "store.refused": ("store", _("The store refused %(tracking_number)s: %(reason)s")),
}
