"""The sources of one listing variant, with what a retailer decides by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog import queries as catalog
from app.identity.models import Organisation
from app.kit.errors import NotFound
from app.listings.models import ListingSource, ListingVariant
from app.purchasing.routing.gathering import Asked, gather
from app.purchasing.routing.options import fastest_days
from app.purchasing.routing.problem import Candidate, Offer, Seller


@dataclass(frozen=True, slots=True)
class Source:
    """One source: the variant's row, who offers it, and how it is linked. ``days``: until a parcel is in the retailer's
    own country at the latest; None where it does not go there. ``proposed``: the same article, not linked yet."""

    variant: Any
    offer: Offer
    seller: Seller
    candidate: Candidate
    component: int
    days: int | None
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Sources:
    """The listed variant and its sources by component, in the retailer's order."""

    listed: ListingVariant
    components: dict[int, list[Source]]
    proposals: list[Source]


def sources_of(session: Session, retailer_id: UUID, listing_variant_id: UUID) -> Sources:
    """All sources of a listing variant, and other suppliers' offers of the same article. Raises ``NotFound``."""
    listed = session.scalar(
        select(ListingVariant).where(ListingVariant.id == listing_variant_id, ListingVariant.retailer_id == retailer_id)
    )
    if listed is None:
        raise NotFound("listing variant")
    retailer = session.get_one(Organisation, retailer_id)
    linked = _gathered(session, retailer, listed.variant_id, listed.store_id)
    components: dict[int, list[Source]] = {}
    for source in linked:
        components.setdefault(source.component, []).append(source)
    for several in components.values():
        several.sort(key=lambda one: one.candidate.rank)
    known = set(
        session.scalars(select(ListingSource.variant_id).where(ListingSource.listing_variant_id == listed.id))
    ) | {one.variant.id for one in linked}
    gtin = next((one.variant.gtin for one in linked if one.variant.id == listed.variant_id), None)
    same = [variant.id for variant, _ in catalog.with_gtins(session, [gtin])] if gtin else []
    proposals = [
        source
        for variant_id in same
        if variant_id not in known
        for source in _gathered(session, retailer, variant_id, None, proposed=True)
        if source.variant.id == variant_id
    ]
    return Sources(listed, components, proposals)


def _gathered(
    session: Session, retailer: Organisation, variant_id: UUID, store_id: UUID | None, *, proposed: bool = False
) -> list[Source]:
    gathered = gather(
        session,
        retailer.id,
        [Asked(0, variant_id, 1)],
        store_id=store_id,
        country=retailer.country,
        currency=retailer.currency,
    )
    problem = gathered.problem
    if problem is None:
        return []
    offers = {offer.key: offer for offer in problem.offers}
    sellers = {seller.key: seller for seller in problem.sellers}
    found = []
    for need in problem.needs:
        for candidate in need.candidates:
            if candidate.excluded is not None:
                continue
            offer = offers[candidate.offer]
            seller = sellers[offer.seller]
            days = fastest_days(seller) if seller.rates else None
            variant = gathered.variants[UUID(offer.key)]
            found.append(Source(variant, offer, seller, candidate, need.component, days, proposed))
    return found
