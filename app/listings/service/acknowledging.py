"""What stores said: taken, refused, stale, edited by the retailer, sold, removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Integer, Uuid, and_, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, selectinload

from app.kit import clock
from app.kit.money import Money
from app.listings.events import ListingsRefused
from app.listings.models import Listing, ListingVariant
from app.listings.rules import FAILED, HIDDEN, LIVE, OUT_OF_SYNC, PUSHING, UNLINKED, may_move
from app.outbox.service import emit
from app.stores.goods import ListingPush, ListingPushed, PushRefused
from app.stores.hooks import ProductEdited
from app.stores.models import Store

#: How long sales that a store showed before telling us of them keep its quantity down.
_UNSEEN_SALES_COUNT_FOR = timedelta(seconds=60)


def note_pushed(session: Session, listing_id: UUID, version: int, sent: ListingPush, taken: ListingPushed) -> None:
    """The store took a listing: ``sent`` is what it took, which may be older than what we want by now. Quantities count
    for variants that were made there; those that existed keep what they held.

    An answer that comes again, or after a newer one, or when the product was deleted meanwhile, changes nothing.
    """
    listing = _locked(session, listing_id)
    if version <= listing.pushed_version or listing.state == UNLINKED:
        return
    now = clock.now()
    listing.external_id, listing.external_handle = taken.external_id, taken.handle
    listing.pushed_version, listing.pushed_at = version, now
    listing.pushed_title = listing.pushed_title if sent.title is None else sent.title
    listing.pushed_description = listing.pushed_description if sent.description_html is None else sent.description_html
    listing.error = listing.error_detail = None
    pushes = {push.key: push for push in sent.variants}
    entries = {entry.key: entry for entry in taken.variants}
    for row in listing.variants:
        entry, push = entries.get(str(row.id)), pushes.get(str(row.id))
        if entry is None or push is None:
            # Variants that are not sent are not kept there.
            _forget_place(row)
            continue
        if row.external_id != entry.external_id:
            row.store_quantity = push.quantity
        row.external_id, row.external_inventory_id = entry.external_id, entry.inventory_id
        row.pushed_price, row.pushed_cost = push.price.minor, push.cost.minor
        row.pushed_compare_at = push.compare_at.minor if push.compare_at is not None else None
        row.error = None
        row.confirmed_at = now
    session.flush()
    settle(session, [listing.id])


def note_withdrawn(session: Session, listing_id: UUID, version: int) -> None:
    """The store no longer shows a hidden listing."""
    listing = _locked(session, listing_id)
    listing.pushed_version = max(listing.pushed_version, version)
    listing.pushed_at = clock.now()


def note_refused(session: Session, listing_id: UUID, version: int, refusal: PushRefused) -> None:
    """The store refused a listing as it was in ``version``; it is shown as failed with the reason. Of a listing that a
    newer answer, or the product's deletion, has overtaken that changes nothing."""
    listing = _locked(session, listing_id)
    if refusal.gone:
        _unlink(listing)
        return
    if version <= listing.pushed_version or listing.state == UNLINKED:
        return
    listing.state = FAILED if may_move(listing.state, FAILED) else listing.state
    listing.error, listing.error_detail = refusal.message, refusal.original
    _tell_refused(session, [listing])
    # Not again by itself: the retailer (or another change, which may have come meanwhile) sets it going.
    listing.pushed_version = max(listing.pushed_version, version)


def note_prices(
    session: Session, sent: Mapping[UUID, tuple[int, int | None, int]], refused: Mapping[UUID, PushRefused]
) -> None:
    """Prices that a store took (row → price, compare-at, cost as sent), and those it refused."""
    now = clock.now()
    rows = _rows(session, [*sent, *refused])
    for row in rows:
        refusal = refused.get(row.id)
        if refusal is None:
            row.pushed_price, row.pushed_compare_at, row.pushed_cost = sent[row.id]
            row.confirmed_at, row.error = now, None
        else:
            row.error = refusal.message
    _tell_refused(session, [row for row in rows if row.id in refused])
    session.flush()
    settle(session, {row.listing_id for row in rows})


_SET_STOCK = text(
    "with told as (select * from unnest(:ids, :quantities) as told(id, quantity)), "
    "locked as (select row.id from listing_variants as row join told using (id) order by row.id for update of row) "
    "update listing_variants as row set store_quantity = told.quantity, confirmed_at = :now, error = null, "
    "waiting_since = case when row.wanted_quantity = told.quantity then null else row.waiting_since end "
    "from told join locked using (id) where row.id = told.id returning row.listing_id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("quantities", type_=ARRAY(Integer)))


def note_stock_set(session: Session, quantities: Mapping[UUID, int]) -> None:
    """Quantities that a store acknowledged, by listing variant."""
    if not quantities:
        return
    listing_ids = session.connection().scalars(
        _SET_STOCK, {"ids": list(quantities), "quantities": list(quantities.values()), "now": clock.now()}
    )
    settle(session, set(listing_ids))


def note_stock_refused(session: Session, refused: Mapping[UUID, PushRefused]) -> None:
    """Quantities that a store would not take. A place that is gone there unlinks nothing: the listing's next push
    makes it again."""
    rows = _rows(session, list(refused))
    _tell_refused(session, rows)
    for row in rows:
        refusal = refused[row.id]
        row.error = refusal.message
        # What the store holds is not known any more; taking our wish for it stops the push until something changes.
        row.store_quantity = row.wanted_quantity
        listing = session.get_one(Listing, row.listing_id)
        if may_move(listing.state, FAILED):
            listing.state, listing.error, listing.error_detail = FAILED, refusal.message, refusal.original


def note_stock_stale(session: Session, actual: Mapping[UUID, tuple[int | None, int]]) -> None:
    """A store held other quantities than we believed: row → (what it holds, sales not seen yet)."""
    until = clock.now() + _UNSEEN_SALES_COUNT_FOR
    for row in _rows(session, list(actual)):
        quantity, unseen = actual[row.id]
        row.store_quantity = quantity
        row.unseen_sales = unseen
        row.unseen_until = until if unseen else None


def note_store_sale(session: Session, store_id: UUID, units: Mapping[UUID, int]) -> None:
    """A store sold units of supplier variants: it lowered its own quantity when it did."""
    for variant_id, count in units.items():
        unseen = func.least(ListingVariant.unseen_sales, count)
        session.execute(
            update(ListingVariant)
            .where(ListingVariant.store_id == store_id, ListingVariant.variant_id == variant_id)
            .values(
                store_quantity=func.greatest(ListingVariant.store_quantity - (count - unseen), 0),
                unseen_sales=ListingVariant.unseen_sales - unseen,
            )
            .execution_options(synchronize_session=False)
        )


def note_removed(session: Session, store_id: UUID, external_id: str) -> None:
    """The retailer deleted the product in its store."""
    listing = _by_external_id(session, store_id, external_id)
    if listing is not None:
        _unlink(listing)


def note_owned_by_store(session: Session, store: Store, edited: ProductEdited) -> list[str]:
    """The product was changed in the store. Fields that differ from what we last gave it are the retailer's own
    from now on; one that is what we want is the echo of a push that is not acknowledged yet. Returns their names."""
    listing = _by_external_id(session, store.id, edited.external_id)
    if listing is None or listing.pushed_at is None or edited.updated_at <= listing.pushed_at:
        return []
    owned = set(listing.owned_fields)
    if listing.pushed_title is not None and edited.title and edited.title != listing.pushed_title:
        if edited.title != listing.title:
            owned.add("title")
        listing.title = listing.pushed_title = edited.title
    if _differs(edited.description_html, listing.pushed_description):
        if _differs(edited.description_html, listing.description):
            owned.add("description")
            listing.description = edited.description_html
        listing.pushed_description = listing.description
    for row in listing.variants:
        price = _price(edited.prices.get(row.external_id or ""), store.currency)
        if price is None or row.pushed_price is None or price == row.pushed_price:
            continue
        if price != row.wanted_price:
            owned.add("price")
            row.own_price = row.wanted_price = price
        row.pushed_price = price
    gained = sorted(owned - set(listing.owned_fields))
    listing.owned_fields = sorted(owned)
    return gained


def note_read_back(session: Session, store_id: UUID, read: Mapping[UUID, int | None]) -> None:
    """Quantities read from a store: how many were as we believed, and what they really are."""
    rows = _rows(session, list(read))
    matching = sum(1 for row in rows if read[row.id] == row.store_quantity)
    now = clock.now()
    for row in rows:
        if read[row.id] is not None:
            row.store_quantity = read[row.id]
            if row.store_quantity == row.wanted_quantity:
                row.confirmed_at, row.waiting_since = now, None
            else:
                row.waiting_since = row.waiting_since or now
    session.execute(
        update(Store).where(Store.id == store_id).values(sampled=len(rows), matching=matching, last_read_back_at=now)
    )


def forget_unseen_sales(session: Session) -> list[UUID]:
    """Sales that never reached us no longer keep quantities down. Returns the variants to look at again."""
    return list(
        session.scalars(
            update(ListingVariant)
            .where(ListingVariant.unseen_until <= clock.now())
            .values(unseen_sales=0, unseen_until=None)
            .returning(ListingVariant.variant_id)
        )
    )


def _price(amount: str | None, currency: str) -> int | None:
    """A price as a store tells it, in minor units; None for one that can't be ours to keep."""
    try:
        minor = Money.parse(amount, currency).minor if amount is not None else 0
    except ValueError:
        return None
    return minor if minor > 0 else None


def _differs(theirs: str, ours: str | None) -> bool:
    """Stores reformat HTML: only the letters and digits are compared."""
    if ours is None:
        return False
    return [char for char in theirs if char.isalnum()] != [char for char in ours if char.isalnum()]


def _unlink(listing: Listing) -> None:
    listing.state = UNLINKED
    listing.error = "The product was deleted in the store."
    listing.pushed_version = listing.wanted_version
    for row in listing.variants:
        _forget_place(row)


def _forget_place(row: ListingVariant) -> None:
    """The store does not have the variant (any more)."""
    row.external_id = row.external_inventory_id = row.store_quantity = None
    row.pushed_price = row.pushed_compare_at = row.pushed_cost = None
    row.waiting_since = row.error = None


def settle(session: Session, listing_ids: Collection[UUID]) -> None:
    """LIVE when the store shows everything as it should, else OUT_OF_SYNC. All that was changed is flushed."""
    shown = and_(
        ListingVariant.store_quantity.is_not_distinct_from(ListingVariant.wanted_quantity),
        ListingVariant.pushed_price.is_not_distinct_from(ListingVariant.wanted_price),
        ListingVariant.pushed_compare_at.is_not_distinct_from(ListingVariant.wanted_compare_at),
        ListingVariant.pushed_cost.is_not_distinct_from(ListingVariant.wanted_cost),
    )
    rows = session.execute(
        select(Listing, func.coalesce(func.bool_and(shown), True))
        .outerjoin(ListingVariant, (ListingVariant.listing_id == Listing.id) & ListingVariant.external_id.is_not(None))
        .where(Listing.id.in_(listing_ids))
        .group_by(Listing.id)
    ).all()
    done: list[UUID] = []
    for listing, all_shown in rows:
        if listing.state in (HIDDEN, UNLINKED, FAILED) and listing.error is not None:
            continue
        in_step = all_shown and listing.pushed_version >= listing.wanted_version
        if in_step:
            done.append(listing.id)
        if listing.state == HIDDEN:
            continue
        wanted = LIVE if in_step else (PUSHING if listing.pushed_version == 0 else OUT_OF_SYNC)
        if may_move(listing.state, wanted):
            listing.state = wanted
    session.execute(
        update(ListingVariant)
        .where(
            ListingVariant.listing_id.in_(done),
            ListingVariant.external_id.is_not(None),
            ListingVariant.waiting_since.is_not(None),
        )
        .values(waiting_since=None)
        .execution_options(synchronize_session=False)
    )


def _tell_refused(session: Session, rows: Sequence[Listing] | Sequence[ListingVariant]) -> None:
    """Tell of listings that a store would not take, wholly or one of their variants."""
    by_store: defaultdict[tuple[UUID, UUID], set[UUID]] = defaultdict(set)
    for row in rows:
        by_store[row.store_id, row.retailer_id].add(row.id if isinstance(row, Listing) else row.listing_id)
    emit(
        session,
        *(
            ListingsRefused(store_id=store, retailer_id=retailer, listing_ids=tuple(sorted(listing_ids)))
            for (store, retailer), listing_ids in by_store.items()
        ),
    )


def _rows(session: Session, row_ids: Sequence[UUID]) -> Sequence[ListingVariant]:
    if not row_ids:
        return []
    return session.scalars(
        select(ListingVariant).where(ListingVariant.id.in_(row_ids)).order_by(ListingVariant.id).with_for_update()
    ).all()


def _locked(session: Session, listing_id: UUID) -> Listing:
    return session.scalars(
        select(Listing)
        .where(Listing.id == listing_id)
        .options(selectinload(Listing.variants))
        .with_for_update(of=Listing)
        .execution_options(populate_existing=True)
    ).one()


def _by_external_id(session: Session, store_id: UUID, external_id: str) -> Listing | None:
    return session.scalar(
        select(Listing)
        .where(Listing.store_id == store_id, Listing.external_id == external_id)
        .options(selectinload(Listing.variants))
        .with_for_update(of=Listing)
    )
