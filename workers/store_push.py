"""Bringing one store up to what it should show: listings, then prices, then stock, in the largest batches.

Each step reads what differs, calls the store without a transaction open, and stores what was acknowledged. Running
it twice, late or after a crash is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app import db
from app.kit.crash import crash_point
from app.kit.ids import new_id
from app.kit.money import Money
from app.listings import queries, service
from app.listings.queries import ToPush, as_listing_push
from app.listings.rules import stock_target
from app.stores import queries as stores
from app.stores.goods import ListingPushed, LocationRef, PricePush, PushRefused, StockPush, StockSet, StockStale
from app.stores.models import Store
from app.stores.platform import StoreAccess, StorePlatform
from app.stores.service import access, remember_location
from app.suppliers.models import Supplier
from workers.job import Run

#: Products in one call; each is a tree of variants and pictures.
LISTINGS_AT_ONCE = 10
#: Prices and quantities in one call (Shopify's limit of an input list).
ENTRIES_AT_ONCE = 250
#: Rounds of each step in one run; what is left is pushed by the next.
_ROUNDS = 40


class StorePush:
    """One run of pushing to one store."""

    def __init__(self, run: Run, store_id: UUID, platform: StorePlatform) -> None:
        self._run = run
        self._store_id = store_id
        self._platform = platform
        self._access: StoreAccess = access(store_id, platform)
        with run.transaction() as session:
            self._store = session.get_one(Store, store_id)
            self._locations = stores.locations(session, store_id)

    def push(self) -> None:
        """Push everything that differs, round by round."""
        for step in (self._push_listings, self._push_prices, self._push_stock):
            for _ in range(_ROUNDS):
                if not step():
                    break

    def _push_listings(self) -> bool:
        with self._run.transaction() as session:
            work = queries.listings_to_push(session, self._store, LISTINGS_AT_ONCE)
        if not work:
            return False
        for one in [one for one in work if one.hidden]:
            self._withdraw(one)
        shown = [one for one in work if not one.hidden]
        if shown:
            self._push_shown(shown)
        return True

    def _withdraw(self, one: ToPush) -> None:
        if one.external_id is not None:
            self._platform.withdraw_listing(self._access, one.external_id)
        with self._run.transaction() as session:
            service.note_withdrawn(session, one.listing_id, one.version)

    def _push_shown(self, work: Sequence[ToPush]) -> None:
        pushes = [as_listing_push(one, self._location(one.supplier_id)) for one in work]
        results = self._platform.push_listings(self._access, pushes)
        crash_point("push.answered")
        with self._run.transaction() as session:
            for one, push, result in zip(work, pushes, results, strict=True):
                if isinstance(result, ListingPushed):
                    service.note_pushed(session, one.listing_id, one.version, push, result)
                else:
                    service.note_refused(session, one.listing_id, one.version, result)

    def _push_prices(self) -> bool:
        with self._run.transaction() as session:
            rows = queries.prices_to_push(session, self._store_id, ENTRIES_AT_ONCE)
        if not rows:
            return False
        results = self._platform.push_prices(self._access, [self._price_push(row) for row in rows])
        sent = {row.id: (row.wanted_price, row.wanted_compare_at, row.wanted_cost) for row in rows}
        refused = {row.id: result for row, result in zip(rows, results, strict=True) if isinstance(result, PushRefused)}
        with self._run.transaction() as session:
            service.note_prices(session, sent, refused)
        return True

    def _price_push(self, row: Any) -> PricePush:
        currency = self._store.currency
        return PricePush(
            product_id=row.product_ref,
            variant_id=row.external_id,
            price=Money(row.wanted_price, currency),
            compare_at=Money(row.wanted_compare_at, currency) if row.wanted_compare_at is not None else None,
            cost=Money(row.wanted_cost, currency),
        )

    def _push_stock(self) -> bool:
        with self._run.transaction() as session:
            rows = queries.stock_to_push(session, self._store_id, ENTRIES_AT_ONCE)
        if not rows:
            return False
        results = self._set(rows, [row.target for row in rows], [row.store_quantity for row in rows])
        done = {row.id: row.target for row, result in zip(rows, results, strict=True) if isinstance(result, StockSet)}
        stale = [(row, result) for row, result in zip(rows, results, strict=True) if isinstance(result, StockStale)]
        refused = [(row, result) for row, result in zip(rows, results, strict=True) if isinstance(result, PushRefused)]
        with self._run.transaction() as session:
            service.note_stock_set(session, done)
            service.note_stock_refused(session, {row.id: result for row, result in refused})
            service.note_stock_stale(
                session,
                {
                    row.id: (result.actual, stock_target(row.wanted_quantity, row.store_quantity, result.actual)[1])
                    for row, result in stale
                },
            )
        return bool(done or stale)

    def _set(self, rows: Sequence[Any], targets: Sequence[int], believed: Sequence[int | None]) -> Sequence[Any]:
        # A key of its own for each call: the compare-and-set, not the key, makes a repetition harmless.
        return self._platform.push_stock(
            self._access,
            [
                StockPush(
                    inventory_id=row.external_inventory_id,
                    location_id=self._location(row.supplier_id).location_id,
                    quantity=target,
                    change_from=before,
                )
                for row, target, before in zip(rows, targets, believed, strict=True)
            ],
            key=str(new_id()),
        )

    def _location(self, supplier_id: UUID) -> LocationRef:
        """The supplier's location in the store, made on first use."""
        known = self._locations.get(supplier_id)
        if known is None:
            with self._run.transaction() as session:
                name = session.get_one(Supplier, supplier_id).company_name
            known = self._platform.ensure_location(self._access, name)
            with self._run.transaction() as session:
                remember_location(session, self._store, supplier_id, known)
            self._locations[supplier_id] = known
        return known


def read_back(run: Run, store_id: UUID, platform: StorePlatform, limit: int) -> None:
    """Compare a sample of quantities with what the store really holds."""
    way_in = access(store_id, platform)
    with db.transaction() as session:
        rows = queries.sample_to_read_back(session, store_id, limit, timedelta(minutes=5))
        locations = stores.locations(session, store_id)
    rows = [row for row in rows if row.supplier_id in locations]
    if not rows:
        return
    places = [(row.external_inventory_id, locations[row.supplier_id].location_id) for row in rows]
    actual = platform.read_quantities(way_in, places)
    with run.transaction() as session:
        service.note_read_back(session, store_id, {row.id: read for row, read in zip(rows, actual, strict=True)})
