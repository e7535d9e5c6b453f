"""Connecting stores, losing them, and keeping their credentials."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.config import key_ring, settings
from app.identity.models import Organisation
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, CredentialsRefused, Invalid
from app.kit.ids import new_id
from app.outbox.service import emit
from app.stores.events import ScopesGranted, StoreConnected, StoreDisconnected
from app.stores.goods import LocationRef
from app.stores.models import GRANTED, LIVE, PlatformRisk, Store, StoreCredential, StoreLocation
from app.stores.payment import SENDS_WHEN
from app.stores.platform import Credentials, ShopFacts, StoreAccess, StorePlatform
from app.stores.queries import store_of
from app.stores.risk import UNLINKED, RiskRules, as_json

#: Credentials are renewed this long before they run out.
_AHEAD = timedelta(minutes=5)


def request_connection(
    session: Session, retailer_id: UUID, *, platform: str, external_id: str, url: str, currency: str | None = None
) -> Store:
    """Note that a retailer wants to connect a shop. Nothing is claimed until the shop's owner confirms.

    A shop that is this retailer's already is returned as it is; a second request is the first.
    Nothing is said of shops that are another retailer's: who confirms it finds out. Until the shop itself says
    otherwise, it is where its retailer is. ``currency``: in which it sells; the retailer's where nothing is said.
    """
    named = (
        Store.retailer_id == retailer_id,
        Store.platform == platform,
        Store.external_id == external_id,
        Store.status != "disconnected",
    )
    known = session.scalar(select(Store).where(*named))
    if known is not None:
        return known
    store = _new_store(session, retailer_id, platform=platform, external_id=external_id, url=url)
    if currency is not None:
        store.currency = currency
    try:
        with session.begin_nested():
            session.add(store)
    except IntegrityError:
        return session.scalars(select(Store).where(*named)).one()
    audit.record(session, retailer_id, "stores.connection_requested", "store", store.id)
    return store


def connect_without_credentials(session: Session, store: Store) -> Store:
    """A store that needs no access granted (a custom store that calls us) is connected at once."""
    if store.status == "pending":
        _mark_connected(session, store)
    return store


def connect(session: Session, retailer_id: UUID, platform: str, shop: ShopFacts, credentials: Credentials) -> Store:
    """Connect a shop to a retailer, again if it was before: a new generation. The caller has made sure that the
    shop's owner wants it. Needs a system scope, since the shop may have been another retailer's."""
    store = session.scalar(
        select(Store)
        .where(
            Store.platform == platform,
            Store.external_id == shop.external_id,
            Store.status.in_(LIVE),
            Store.claimed,
        )
        .with_for_update()
    )
    if store is not None and store.retailer_id != retailer_id:
        raise Conflict("This shop is connected to another account.", code="shop_taken")
    if store is None:
        store = session.scalar(
            select(Store)
            .where(
                Store.platform == platform,
                Store.external_id == shop.external_id,
                Store.retailer_id == retailer_id,
                Store.status != "disconnected",
            )
            .with_for_update()
        )
    if store is None:
        store = _new_store(session, retailer_id, platform=platform, external_id=shop.external_id, url=shop.url)
        session.add(store)
    elif store.status != "pending":
        store.generation += 1
    store.claimed = True
    store.name, store.url, store.currency = shop.name, shop.url, shop.currency
    store.timezone, store.country = shop.timezone, shop.country or store.country
    store.platform_state = {**store.platform_state, **shop.remember}
    session.flush()
    save_credentials(session, store, credentials)
    _mark_connected(session, store)
    return store


def save_credentials(session: Session, store: Store, credentials: Credentials) -> None:
    """Seal and keep a store's credentials; access and refresh token are replaced together."""
    ring = key_ring()
    # The token's own permissions count from now on.
    store.platform_state = {name: value for name, value in store.platform_state.items() if name != GRANTED}

    def sealed(column: str, token: str | None) -> bytes | None:
        return None if token is None else ring.seal(token.encode(), Place("store_credentials", column, store.id))

    values = {
        "retailer_id": store.retailer_id,
        "access_token": sealed("access_token", credentials.access_token),
        "refresh_token": sealed("refresh_token", credentials.refresh_token),
        "scopes": list(credentials.scopes),
        "expires_at": credentials.expires_at,
        "refresh_expires_at": credentials.refresh_expires_at,
        "updated_at": clock.now(),
    }
    session.execute(
        upsert(StoreCredential)
        .values(store_id=store.id, **values)
        .on_conflict_do_update(index_elements=["store_id"], set_=values)
    )


def note_scopes(session: Session, store: Store, scopes: Sequence[str]) -> None:
    """The merchant granted or withdrew permissions. Our token is renewed before it is used next, so that it has
    them."""
    store.platform_state = {**store.platform_state, GRANTED: sorted(scopes)}
    session.execute(
        update(StoreCredential)
        .where(StoreCredential.store_id == store.id, StoreCredential.refresh_token.is_not(None))
        .values(expires_at=clock.now())
    )
    emit(session, ScopesGranted(store_id=store.id, retailer_id=store.retailer_id))


def change_refunds(session: Session, retailer_id: UUID, store_id: UUID, by_itself: bool) -> None:
    """Change whether a store's customers are refunded there by itself. Raises ``NotFound``."""
    store = store_of(session, retailer_id, store_id)
    store.refunds_customers = by_itself
    audit.record(session, retailer_id, "stores.refunds_changed", "store", store.id, details={"by_itself": by_itself})


def change_tracking_link(session: Session, retailer_id: UUID, store_id: UUID, own_page: bool) -> None:
    """Change where a store's customers are led from their parcel's number: to their order's tracking page, or to the
    carrier's. Holds for what the store is told from now on. Raises ``NotFound``."""
    store = store_of(session, retailer_id, store_id)
    store.links_tracking_page = own_page
    audit.record(
        session, retailer_id, "stores.tracking_link_changed", "store", store.id, details={"own_page": own_page}
    )


def access(store_id: UUID, platform: StorePlatform) -> StoreAccess:
    """Our way into a store, renewed first when it is about to run out.

    Renewing holds the credential's row, in a short transaction of its own, so that of two workers one renews and the
    other finds the new tokens, and so that a rotated token is never lost to somebody's rollback. What lasts is only
    read. Raises ``CredentialsRefused`` when the store is not connected or must be connected again by a person.
    """
    with db.transaction() as session:
        lasting = lasting_access(session, store_id)
        if lasting is not None:
            return lasting
        row = session.scalar(
            select(StoreCredential)
            .where(StoreCredential.store_id == store_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        # Another worker may have renewed it meanwhile, or the store may be gone.
        lasting = lasting_access(session, store_id)
        if lasting is not None:
            return lasting
        assert row is not None
        store = session.get_one(Store, store_id)
        renewed = platform.refresh(_access(store, row))
        save_credentials(session, store, renewed)
        return StoreAccess(external_id=store.external_id, credentials=renewed, remembered=store.platform_state)


def lasting_access(session: Session, store_id: UUID) -> StoreAccess | None:
    """Our way into a store, for a call right after this transaction; None where it is to be renewed first (``access``).
    Raises ``CredentialsRefused`` when the store is not connected."""
    found = session.execute(
        select(Store, StoreCredential)
        .join(StoreCredential, StoreCredential.store_id == Store.id)
        .where(Store.id == store_id)
    ).first()
    if found is None or found.Store.status != "connected":
        raise CredentialsRefused("the store is not connected")
    expires_at = found.StoreCredential.expires_at
    lasts = expires_at is None or expires_at > clock.now() + _AHEAD
    return _access(found.Store, found.StoreCredential) if lasts else None


def _access(store: Store, row: StoreCredential) -> StoreAccess:
    return StoreAccess(external_id=store.external_id, credentials=_opened(row), remembered=store.platform_state)


def lose_access(session: Session, store_id: UUID) -> bool:
    """The store refuses our credentials; a person must connect again. False when that was known."""
    store = session.scalar(select(Store).where(Store.id == store_id).with_for_update())
    if store is None or store.status != "connected":
        return False
    store.status = "access_lost"
    audit.record(session, store.retailer_id, "stores.access_lost", "store", store.id)
    emit(session, StoreDisconnected(store_id=store.id, retailer_id=store.retailer_id, reason="access_lost"))
    return True


def uninstall(session: Session, store: Store, *, triggered_at: datetime | None) -> bool:
    """The merchant removed us. False, and nothing changes, when the word is about an earlier installation."""
    if store.status not in ("connected", "access_lost"):
        return False
    if triggered_at is not None and store.installed_at is not None and triggered_at < store.installed_at:
        return False
    store.status, store.uninstalled_at = "uninstalled", clock.now()
    session.execute(delete(StoreCredential).where(StoreCredential.store_id == store.id))
    audit.record(session, store.retailer_id, "stores.uninstalled", "store", store.id)
    emit(session, StoreDisconnected(store_id=store.id, retailer_id=store.retailer_id, reason="uninstalled"))
    return True


def remember_location(session: Session, store: Store, supplier_id: UUID, location: LocationRef) -> None:
    """Keep the location that stands for a supplier in a store."""
    session.execute(
        upsert(StoreLocation)
        .values(
            store_id=store.id,
            supplier_id=supplier_id,
            retailer_id=store.retailer_id,
            external_location_id=location.location_id,
            external_service_id=location.service_id,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )


def change_buffer(
    session: Session, retailer_id: UUID, store_id: UUID, *, percent: int, units: int, cap: int | None
) -> Store:
    """Change how much of the stock a store is not shown. Values are checked by the caller's form."""
    store = store_of(session, retailer_id, store_id)
    store.buffer_percent, store.buffer_units, store.quantity_cap = percent, units, cap
    audit.record(
        session,
        retailer_id,
        "stores.buffer_changed",
        "store",
        store.id,
        details={"percent": percent, "units": units, "cap": cap},
    )
    emit(session, StoreConnected(store_id=store.id, retailer_id=retailer_id))
    return store


def change_fraud_window(session: Session, retailer_id: UUID, store_id: UUID, minutes: int | None) -> None:
    """Change how long a store's paid orders wait before they are sent; None: as the platform's setting says. Orders
    that wait already are not touched. Raises ``NotFound``."""
    store = store_of(session, retailer_id, store_id)
    store.fraud_window_minutes = minutes
    audit.record(session, retailer_id, "stores.fraud_window_changed", "store", store.id, details={"minutes": minutes})


def change_risk_rules(session: Session, retailer_id: UUID, store_id: UUID, rules: RiskRules) -> None:
    """Change which of a store's orders wait to be looked at. Orders that wait already are not touched. Raises
    ``NotFound``."""
    store = store_of(session, retailer_id, store_id)
    store.risk_rules = as_json(rules)
    audit.record(session, retailer_id, "stores.risk_rules_changed", "store", store.id, details=as_json(rules))


def change_unlinked_lines(session: Session, retailer_id: UUID, store_id: UUID, what: str) -> None:
    """Change what becomes of order lines that no supplier's variant is linked to. Orders that wait already are not
    touched. Raises ``NotFound`` and ``Invalid``."""
    store = store_of(session, retailer_id, store_id)
    if what not in UNLINKED:
        raise Invalid.field("unlinked_lines", "unknown", f"Choices are: {', '.join(UNLINKED)}.")
    store.unlinked_lines = what
    audit.record(session, retailer_id, "stores.unlinked_lines_changed", "store", store.id, details={"lines": what})


def change_sends_when(session: Session, retailer_id: UUID, store_id: UUID, payment: str) -> None:
    """Change how far a store's orders are paid before suppliers have them. Orders that wait already are not touched.
    Raises ``NotFound`` and ``Invalid``."""
    store = store_of(session, retailer_id, store_id)
    if payment not in SENDS_WHEN:
        raise Invalid.field("send_when", "unknown", f"Choices are: {', '.join(SENDS_WHEN)}.")
    details = {"from": store.sends_when, "to": payment}
    store.sends_when = payment
    audit.record(session, retailer_id, "stores.sends_when_changed", "store", store.id, details=details)


def note_risk(session: Session, store: Store, external_id: str, level: str) -> None:
    """What a store's platform thinks of an order; its last word counts."""
    values = {"retailer_id": store.retailer_id, "level": level, "told_at": clock.now()}
    session.execute(
        upsert(PlatformRisk)
        .values(store_id=store.id, external_id=external_id, **values)
        .on_conflict_do_update(index_elements=["store_id", "external_id"], set_=values)
    )


def _new_store(session: Session, retailer_id: UUID, *, platform: str, external_id: str, url: str) -> Store:
    """A store that was asked for. It trades where its retailer does, until it says otherwise."""
    retailer = session.get_one(Organisation, retailer_id)
    return Store(
        id=new_id(),
        retailer_id=retailer_id,
        platform=platform,
        external_id=external_id,
        name=external_id,
        url=url,
        currency=retailer.currency,
        timezone=retailer.timezone,
        country=retailer.country,
        status="pending",
        claimed=False,
        generation=1,
        buffer_percent=settings().default_buffer_percent,
        buffer_units=0,
        platform_state={},
        created_at=clock.now(),
        sampled=0,
        matching=0,
    )


def _mark_connected(session: Session, store: Store) -> None:
    store.status, store.installed_at, store.uninstalled_at = "connected", clock.now(), None
    session.flush()
    audit.record(
        session,
        store.retailer_id,
        "stores.connected",
        "store",
        store.id,
        details={"generation": store.generation},
    )
    emit(session, StoreConnected(store_id=store.id, retailer_id=store.retailer_id))


def _opened(row: StoreCredential) -> Credentials:
    ring = key_ring()
    refresh = row.refresh_token
    return Credentials(
        access_token=ring.open(row.access_token, Place("store_credentials", "access_token", row.store_id)).decode(),
        refresh_token=None
        if refresh is None
        else ring.open(refresh, Place("store_credentials", "refresh_token", row.store_id)).decode(),
        scopes=tuple(row.scopes),
        expires_at=row.expires_at,
        refresh_expires_at=row.refresh_expires_at,
    )
