"""Where the goods of a listing variant may come from: links to other suppliers' variants, and bundles.

A variant that has any link has a row for its own source, too, so that all of them are found by the suppliers' variants.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierProduct, SupplierVariant
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.listings.events import SourcesChanged
from app.listings.models import ListingSource, ListingVariant
from app.outbox.service import emit

ORIGIN, GTIN, HAND, SUBSTITUTE = "origin", "gtin", "hand", "substitute"
LINKED, REFUSED = "linked", "refused"
KINDS = (GTIN, HAND, SUBSTITUTE)

#: Units of a source that make one of what is sold; sources of one component, and components of a bundle.
LARGEST_PER_UNIT, MOST_SOURCES, MOST_COMPONENTS = 1000, 20, 20


def link_source(
    session: Session,
    retailer_id: UUID,
    listing_variant_id: UUID,
    variant_id: UUID,
    *,
    component: int = 0,
    per_unit: int = 1,
    kind: str = HAND,
    competes: bool = True,
) -> ListingSource:
    """Let a supplier's variant fill a listing variant: ``per_unit`` units of it make one. With a ``component`` of which
    nothing is linked yet, what is listed becomes a bundle (or a larger one). Linked again, its values are replaced.

    Raises ``NotFound``, ``Invalid`` and ``Conflict``.
    """
    listed = _locked(session, retailer_id, listing_variant_id)
    rows = _rows(session, listed)
    _check(session, rows, variant_id, component, per_unit, kind)
    row = next((one for one in rows if (one.component, one.variant_id) == (component, variant_id)), None)
    if row is None:
        row = ListingSource(
            id=new_id(),
            retailer_id=retailer_id,
            listing_variant_id=listed.id,
            component=component,
            variant_id=variant_id,
            rank=sum(one.component == component for one in rows),
            created_at=clock.now(),
        )
        session.add(row)
    if row.kind != ORIGIN:
        row.kind = kind
        row.competes = competes
    row.per_unit, row.state = per_unit, LINKED
    _changed(session, listed, "listings.source_linked", variant_id)
    return row


def unlink_source(
    session: Session, retailer_id: UUID, listing_variant_id: UUID, variant_id: UUID, *, component: int = 0
) -> None:
    """Take a source away; of a component of which nothing is left, the bundle no longer needs any. One of the same
    article is remembered as refused, so that it does not come back by itself. Raises ``NotFound`` and ``Conflict``."""
    listed = _locked(session, retailer_id, listing_variant_id)
    rows = _rows(session, listed)
    row = next((one for one in rows if (one.component, one.variant_id) == (component, variant_id)), None)
    if row is None:
        raise NotFound("source")
    if row.kind == ORIGIN:
        raise Conflict("This is what the listing was made from; it stays.", code="origin_stays")
    if row.kind == GTIN:
        row.state = REFUSED
    else:
        session.delete(row)
    _changed(session, listed, "listings.source_unlinked", variant_id)


def refuse_source(session: Session, retailer_id: UUID, listing_variant_id: UUID, variant_id: UUID) -> None:
    """Never use another supplier's offer of the same article. Raises ``NotFound`` and ``Conflict``."""
    link_source(session, retailer_id, listing_variant_id, variant_id, kind=GTIN)
    unlink_source(session, retailer_id, listing_variant_id, variant_id)


def order_sources(
    session: Session, retailer_id: UUID, listing_variant_id: UUID, variant_ids: Sequence[UUID], *, component: int = 0
) -> None:
    """Put a component's sources into an order of one's own; those that are not named keep theirs behind them. Raises
    ``NotFound``."""
    listed = _locked(session, retailer_id, listing_variant_id)
    rows = [one for one in _rows(session, listed) if one.component == component]
    places = {variant_id: place for place, variant_id in enumerate(variant_ids)}
    if not set(places) <= {one.variant_id for one in rows}:
        raise NotFound("source")
    rows.sort(key=lambda one: (places.get(one.variant_id, len(places)), one.rank))
    for rank, row in enumerate(rows):
        row.rank = rank
    _changed(session, listed, "listings.sources_ordered", listed.variant_id)


def forget_sources(session: Session, listing_ids: Sequence[UUID]) -> None:
    """Drop all links of listings that are deleted."""
    variants = select(ListingVariant.id).where(ListingVariant.listing_id.in_(listing_ids))
    session.execute(delete(ListingSource).where(ListingSource.listing_variant_id.in_(variants)))


def _locked(session: Session, retailer_id: UUID, listing_variant_id: UUID) -> ListingVariant:
    found = session.scalar(
        select(ListingVariant)
        .where(ListingVariant.id == listing_variant_id, ListingVariant.retailer_id == retailer_id)
        .with_for_update()
    )
    if found is None:
        raise NotFound("listing variant")
    return found


def _rows(session: Session, listed: ListingVariant) -> list[ListingSource]:
    """A variant's sources, its own one among them."""
    rows = list(
        session.scalars(
            select(ListingSource)
            .where(ListingSource.listing_variant_id == listed.id)
            .order_by(ListingSource.component, ListingSource.rank)
        )
    )
    if rows:
        return rows
    own = ListingSource(
        id=new_id(),
        retailer_id=listed.retailer_id,
        listing_variant_id=listed.id,
        component=0,
        variant_id=listed.variant_id,
        per_unit=1,
        rank=0,
        kind=ORIGIN,
        state=LINKED,
        competes=True,
        created_at=clock.now(),
    )
    session.add(own)
    return [own]


def _check(
    session: Session, rows: Sequence[ListingSource], variant_id: UUID, component: int, per_unit: int, kind: str
) -> None:
    if not 0 < per_unit <= LARGEST_PER_UNIT:
        raise Invalid.field("per_unit", "out_of_range", f"A whole number from 1 to {LARGEST_PER_UNIT}.")
    if kind not in KINDS:
        raise Invalid.field("kind", "unknown_kind", f"One of: {', '.join(KINDS)}.")
    components = {one.component for one in rows}
    if component not in components and component != max(components) + 1:
        raise Invalid.field("component", "out_of_range", "A component that is there, or the next one.")
    if component >= MOST_COMPONENTS:
        raise Conflict(f"A bundle has at most {MOST_COMPONENTS} components.", code="too_many_components")
    if sum(one.component == component for one in rows) >= MOST_SOURCES:
        raise Conflict(f"At most {MOST_SOURCES} sources.", code="too_many_sources")
    offered = session.scalar(
        select(func.count())
        .select_from(SupplierVariant)
        .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
        .where(SupplierVariant.id == variant_id, SupplierVariant.status == "active", SupplierProduct.status == "active")
    )
    if not offered:
        raise Invalid.field("variant_id", "unknown_variant", "No such variant is on offer.")


def _changed(session: Session, listed: ListingVariant, action: str, variant_id: UUID) -> None:
    session.flush()
    audit.record(
        session,
        listed.retailer_id,
        action,
        "listing_variant",
        listed.id,
        details={"variant_id": str(variant_id)},
    )
    emit(session, SourcesChanged(listing_id=listed.listing_id, retailer_id=listed.retailer_id))
