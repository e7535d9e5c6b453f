"""How far the customer of a store's order has paid: as the store says it, and as orders wait for it."""

from __future__ import annotations

from enum import StrEnum


class Payment(StrEnum):
    """How far the customer of a store's order has paid."""

    PAID = "paid"
    #: Nothing yet: a bank transfer, cash on delivery, payment terms.
    PENDING = "pending"
    #: The money is set aside for the store, which has not taken it.
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    #: It was to be paid, and will not be: withdrawn, or its time is over.
    LAPSED = "lapsed"
    #: Given back whole, or the store does not say.
    OTHER = "other"


#: How far an order is paid that went to suppliers on money that was set aside, which nobody gets any more.
WITHDRAWN = "withdrawn"
#: When a store's orders go to suppliers: all is paid; or the money is set aside for the store, which takes it later.
SENDS_WHEN = (Payment.PAID, Payment.AUTHORIZED)
#: Money that may still come.
AWAITED = frozenset({Payment.PENDING, Payment.AUTHORIZED, Payment.PARTIALLY_PAID})
