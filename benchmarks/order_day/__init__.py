"""A day of orders, through every step and with the usual trouble: from the shopper's click to the delivered parcel.

Shoppers buy one to five lines of two suppliers in the simulated Shopify. What goes wrong is in ``mix``: shoppers,
suppliers and their systems, the carrier, the store and the retailer each have a desk of their own, and what meets an
order is thrown by dice of its own, from a fixed seed (``ORDER_DAY_SEED``; ``ORDER_DAY_TROUBLE`` is how many times the
usual trouble there is).

First nobody buys for a while, for what the processes need by themselves. Then come orders at three times the pace of
an even day of 50,000 (the peak of a day), for the time from the hook to the moment that the supplier is told, and
from the parcel's leaving to the moment that the store is told. Then the day's 50,000 (or ``ORDER_DAY_ORDERS`` of them)
come as fast as they are carried, for wall time and processor time per order. An interrupt (Ctrl-C) ends the buying;
what was bought until then is carried to its end, checked (``ends``) and told. The case fails where anything ended as
it must not, or where the day would take more than half of the machine.
"""

from __future__ import annotations

from benchmarks.order_day.day import measure

__all__ = ["measure"]
