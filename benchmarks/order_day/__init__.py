"""A day of orders, through every step and with the usual trouble: from the shopper's click to the delivered parcel.

Shoppers buy one to five lines of two suppliers in the simulated Shopify; hooks come twice, shoppers change their minds,
suppliers accept, run short, backorder, ship in parts or never answer; the simulated carrier brings what was sent, the
simulated Stripe charges and refunds. Which order meets what is thrown by a die with a fixed seed.

First nobody buys for a while, for what the processes need by themselves. Then come orders at three times the pace of
an even day of 50,000 (the peak of a day), for the time from the hook to the moment that the supplier is told, and
from the parcel's leaving to the moment that the store is told. Then the day's 50,000 (or ``ORDER_DAY_ORDERS`` of them)
come as fast as they are carried, for wall time and processor time per order. An interrupt (Ctrl-C) ends the buying;
what was bought until then is carried to its end, checked and told.
"""

from __future__ import annotations

from benchmarks.order_day.day import measure

__all__ = ["measure"]
