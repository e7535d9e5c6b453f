"""The launch: everybody and everything, on an installation that is empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.catalog.categories.service import place
from app.identity.models import Organisation
from app.identity.service import add_member, create_organisation, create_user
from app.insights.reliability import days_to_measure, measure
from app.inventory.models import StockLocation
from app.inventory.service import add_location
from app.kit import clock
from app.outbox.models import OutboxEvent
from app.suppliers.models import Supplier
from app.suppliers.rules.scorecards import stars
from app.suppliers.service import Application, Contact, apply, set_rates
from app.suppliers.service.scoring import publish_scores, score_suppliers
from demo.data.assortment import KINDS
from demo.data.loading import Place, load
from demo.data.making import products
from demo.data.month import live
from demo.data.picturing import give_pictures
from demo.data.sellers import SELLERS, Seller
from demo.going_live import go_live
from demo.people import PASSWORD

#: Variants of about two thousand products.
LAUNCH = 9_000
#: What is made to measure searching needs no orders.
MOST_WITH_ORDERS = 50_000
_STAFF_DOMAIN = "demo.crossdock.example"

Told = Callable[[str], None]


class NotEmpty(Exception):
    """The installation has organisations that this did not make."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made; all zero where it was there before."""

    suppliers: int
    products: int
    variants: int
    retailers: int = 0
    orders: int = 0


def make(*, seed: int, variants: int, days: int, told: Told, beside_others: bool = False) -> Made:
    """Make suppliers, products, retailers and their orders of the last ``days``, unless they are there. Raises
    ``NotEmpty`` on an installation in use."""
    with db.system_scope(actor="demo-data"):
        with db.transaction() as session:
            if _is_there(session):
                return Made(0, 0, 0)
            if not beside_others and _others(session):
                raise NotEmpty
        places = [_settle(seller, measured=variants <= MOST_WITH_ORDERS) for seller in SELLERS]
        with db.transaction() as session:
            hush(session, [one.supplier_id for one in places])
    now = clock.now().replace(microsecond=0)
    told(f"{len(places)} suppliers; now their products …")
    written, count = load(
        products(seed, SELLERS, variants),
        places,
        now=now,
        expected=variants,
        told=lambda so_far: told(f"{so_far:,} of {variants:,} variants"),
    )
    if variants > MOST_WITH_ORDERS:
        return Made(len(places), written, count)
    told("their pictures …")
    with db.system_scope(actor="demo-data"):
        give_pictures(products(seed, SELLERS, variants), [one.supplier_id for one in places])
    retailers, placed = live(seed=seed, days=days, told=told)
    told("how reliable they were …")
    _measure()
    with db.system_scope(actor="demo-data"), db.transaction() as session:
        hush(session, [*(one.supplier_id for one in places), *retailers])
    return Made(len(places), written, count, len(retailers), placed)


def _measure() -> None:
    """What the nightly job would have found."""
    today, scanning = clock.now().date(), registries.scanning_carriers()
    with db.system_scope(actor="demo-data"):
        for day in days_to_measure(today, None):
            with db.transaction() as session:
                measure(session, day, scanning=scanning)
        for day in days_to_measure(today, None):
            with db.transaction() as session:
                score_suppliers(session, day)
        with db.transaction() as session:
            publish_scores(session, today - timedelta(days=1))


def _is_there(session: Session) -> bool:
    names = [seller.name for seller in SELLERS]
    return bool(session.scalar(select(func.count()).select_from(Supplier).where(Supplier.company_name.in_(names))))


def _others(session: Session) -> int:
    return int(
        session.scalar(select(func.count()).select_from(Organisation).where(Organisation.kind != "platform")) or 0
    )


def hush(session: Session, organisation_ids: Sequence[UUID]) -> None:
    """Nobody is to be told of what happened to these organisations: no letters are sent, no jobs begin."""
    names = [str(one) for one in organisation_ids]
    theirs = or_(
        OutboxEvent.organisation_id.in_(organisation_ids),
        *(OutboxEvent.payload[party].astext.in_(names) for party in ("supplier_id", "retailer_id")),
    )
    session.execute(update(OutboxEvent).where(theirs, OutboxEvent.state == 0).values(state=1))


def _settle(seller: Seller, *, measured: bool) -> Place:
    """A supplier that was approved, with somebody who can sign in. Where no orders tell how reliable it is, its score
    is made up, for sorting."""
    with db.transaction() as session:
        organisation = create_organisation(
            session,
            kind="supplier",
            name=seller.name,
            country=seller.country,
            currency="USD",
            timezone=seller.timezone,
        )
        user = create_user(
            session, email=f"{seller.handle}@{_STAFF_DOMAIN}", name=f"{seller.name} team", password=PASSWORD
        )
        add_member(session, organisation.id, user.id, "supplier_owner")
        supplier = apply(session, organisation, _application(seller, user.name, user.email))
        set_rates(session, supplier.id, seller.rates)
        go_live(session, supplier.id, reason="Made as demo data.")
        supplier.description = seller.description
        if not measured:
            supplier.score = round(100 * seller.care)
            supplier.rating = stars(supplier.score)
        supplier.handling_days, supplier.cutoff_hour = seller.handling_days, seller.cutoff_hour
        location_id = _location(session, supplier.id, seller)
        wanted: dict[str, Sequence[str]] = {
            kind.category: [kind.noun] for kind in KINDS if kind.department == seller.department
        }
        return Place(supplier.id, location_id, place(session, supplier.id, wanted))


def _application(seller: Seller, name: str, email: str) -> Application:
    return Application(
        contact=Contact(name=name, email=email, phone="+49 30 1234567"),
        business_type=seller.business_type,
        registration_number="",
        tax_id="",
        catalogue_size="100-1000",
        website=f"https://{seller.handle}.example",
        note="",
    )


def _location(session: Session, supplier_id: UUID, seller: Seller) -> UUID:
    known = session.scalar(select(StockLocation.id).where(StockLocation.supplier_id == supplier_id))
    return known or add_location(
        session, supplier_id, code="main", name="Main warehouse", country=seller.country, default=True
    )
