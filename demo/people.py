"""Who there is in the demo: the platform, two suppliers that were approved, a retailer, and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app import db
from app.catalog.placements.service import NewPlacement, grant
from app.catalog.samples.rules import Terms
from app.catalog.samples.service import set_terms
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import add_member, create_organisation, create_user, issue_key, platform_organisation
from app.inventory.service import add_location
from app.kit import clock
from app.suppliers.rules import Rate
from app.suppliers.service import Application, Contact, apply, set_rates
from demo.going_live import go_live

PASSWORD = "a calm harbour at dawn"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who can sign in."""

    role: str
    email: str
    organisation_id: UUID
    key: str
    key_id: UUID


@dataclass(frozen=True, slots=True)
class People:
    """Everybody."""

    admin: SignIn
    nordlicht: SignIn
    kanto: SignIn
    retailer: SignIn


def settle_in() -> People:
    """Make everybody, with password and key."""
    with db.system_scope(actor="demo"):
        admin = _admin()
        nordlicht = _supplier("Nordlicht Leuchten", "nordlicht", "DE", [Rate("DHL Paket", ("*",), 690, 150, 2, 5)])
        kanto = _supplier("Kanto Outdoor", "kanto", "US", [Rate("Ground", ("*",), 500, 100, 2, 4)])
        retailer = _retailer()
        _promote(nordlicht)
    return People(admin, nordlicht, kanto, retailer)


def _admin() -> SignIn:
    with db.transaction() as session:
        platform = platform_organisation(session)
        user = create_user(session, email="admin@crossdock.example", name="Robin Admin", password=PASSWORD)
        add_member(session, platform.id, user.id, "platform_admin")
        row, key = issue_key(session, platform.id, name="Demo", scopes=SCOPES_OF_KIND["platform"])
        return SignIn("Platform admin", user.email, platform.id, key, row.id)


def _supplier(name: str, handle: str, country: str, rates: list[Rate]) -> SignIn:
    with db.transaction() as session:
        organisation = create_organisation(
            session, kind="supplier", name=name, country=country, currency="USD", timezone="Europe/Berlin"
        )
        user = create_user(session, email=f"{handle}@crossdock.example", name=f"Jo {handle.title()}", password=PASSWORD)
        add_member(session, organisation.id, user.id, "supplier_owner")
        supplier = apply(
            session,
            organisation,
            Application(
                contact=Contact(name=user.name, email=user.email, phone="+49 30 1234567"),
                business_type="manufacturer",
                registration_number="HRB 12345",
                tax_id="DE136695976",
                catalogue_size="100-1000",
                website=f"https://{handle}.example",
                note="",
            ),
        )
        set_rates(session, supplier.id, rates)
        add_location(session, supplier.id, code="main", name="Main warehouse", country=country, default=True)
        go_live(session, supplier.id, reason="Papers are in order.")
        set_terms(session, supplier.id, None, Terms(True, None, 2, 30))
        row, key = issue_key(session, organisation.id, name="Demo", scopes=SCOPES_OF_KIND["supplier"])
        return SignIn("Supplier", user.email, organisation.id, key, row.id)


def _promote(supplier: SignIn) -> None:
    """Its lamps are promoted for a month."""
    today = clock.now().date()
    with db.transaction() as session:
        grant(
            session,
            NewPlacement(
                supplier_id=supplier.organisation_id,
                category="",
                words="lamp",
                weight=10,
                starts_on=today,
                ends_on=today + timedelta(days=29),
            ),
        )


def _retailer() -> SignIn:
    with db.transaction() as session:
        organisation = create_organisation(
            session, kind="retailer", name="Northwind Home", country="US", currency="USD", timezone="America/New_York"
        )
        user = create_user(session, email="retailer@crossdock.example", name="Avery Stone", password=PASSWORD)
        add_member(session, organisation.id, user.id, "retailer_owner")
        row, key = issue_key(session, organisation.id, name="Demo", scopes=SCOPES_OF_KIND["retailer"])
        return SignIn("Retailer", user.email, organisation.id, key, row.id)
