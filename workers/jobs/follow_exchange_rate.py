"""An exchange rate was set: orders that waited for it go on, and listings that it prices follow."""

from __future__ import annotations

from app.identity.service import platform_organisation
from app.listings import queries as listings
from app.listings.service import follow_products
from app.notifications.service import resolve
from app.orders.queries import orders_without_rate
from app.pricing.service import ExchangeRateSet
from app.purchasing.service import resume_order
from workers.job import Run, job

#: Products whose listings are priced in one transaction.
_AT_ONCE = 50


@job(queue="quick", on=ExchangeRateSet, timeout=300)
def follow_exchange_rate(run: Run, event: ExchangeRateSet) -> None:
    """See the module. Each order goes on in a transaction of its own; what was done before a crash stays done."""
    with run.transaction() as session:
        waiting = orders_without_rate(session, event.base, event.quote)
        products = listings.products_across(session, event.base, event.quote)
        for pair in ((event.base, event.quote), (event.quote, event.base)):
            resolve(session, platform_organisation(session).id, f"no_exchange_rate:{':'.join(pair)}")
    for start in range(0, len(products), _AT_ONCE):
        with run.transaction() as session:
            follow_products(session, products[start : start + _AT_ONCE])
    run.each(waiting, resume_order)
