"""Opening the app inside Shopify's admin: the first visit installs, every visit signs in.

Shopify grants the permissions before the app is first opened (managed installation); the ID token that comes with
the visit is exchanged for our own tokens, and the shop becomes a store of a retailer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.adapters.stores.shopify.embedding import EmbeddedUser, exchange
from app.identity.models import Organisation
from app.identity.principal import Principal
from app.identity.rules import ROLES
from app.identity.service import create_organisation
from app.kit import clock
from app.kit.countries import country_of_zone, is_country
from app.stores import queries as stores
from app.stores.models import Store, StoreCredential
from app.stores.platform import Credentials, ShopFacts, StoreAccess
from app.stores.service import connect

PLATFORM = "shopify"
_ROLE = "retailer_owner"
#: A refresh token that runs out sooner than this is replaced while a person is there to prove the shop.
_REFRESH_AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Account:
    """An account that asked to connect the shop: the id of its request, and its name."""

    request_id: UUID
    name: str


class AccountNeeded(Exception):
    """Accounts asked to connect this shop. Its own user says which, if any, it belongs to: a request alone proves
    nothing, since anybody can type a shop's address."""

    def __init__(self, accounts: list[Account]) -> None:
        super().__init__("which account?")
        self.accounts = accounts


class CountryNeeded(Exception):
    """The shop tells no country, and its time zone is not that of one alone: its user says where it is."""


def sign_in(
    user: EmbeddedUser, id_token: str, *, account: UUID | Literal["new"] | None = None, country: str = ""
) -> Principal:
    """Who asks, with the shop connected. Calls out only when the shop is new, lost or about to be.

    ``account``: the request that the shop's user confirmed, or ``new``; ``country``: where a shop is that does not
    tell. Raises ``AccountNeeded`` and ``CountryNeeded`` where it must say.
    """
    with db.system_scope(actor=f"shop:{user.user_id}"):
        with db.transaction() as session:
            store = _usable(session, user.shop)
            if store is not None:
                return _principal(session, store, user)
            _choose(session, user.shop, account)
        shop, credentials = _install(user.shop, id_token)
        shop = replace(shop, country=shop.country or country_of_zone(shop.timezone) or country)
        with db.transaction() as session:
            retailer = _retailer_of(session, shop, _choose(session, user.shop, account))
            store = connect(session, retailer.id, PLATFORM, shop, credentials)
            return _principal(session, store, user)


def _usable(session: Session, shop: str) -> Store | None:
    """The shop's store, if our way in works and will for a while."""
    store = stores.store_by_shop(session, PLATFORM, shop)
    if store is None or store.status != "connected":
        return None
    ends = session.scalar(select(StoreCredential.refresh_expires_at).where(StoreCredential.store_id == store.id))
    return store if ends is None or ends > clock.now() + _REFRESH_AHEAD else None


def _install(shop: str, id_token: str) -> tuple[ShopFacts, Credentials]:
    credentials = exchange(shop, id_token)
    access = StoreAccess(external_id=shop, credentials=credentials)
    return registries.stores.get(PLATFORM).describe_shop(access), credentials


def _choose(session: Session, shop: str, account: UUID | Literal["new"] | None) -> UUID | None:
    """The retailer that gets the shop: the one that had it, or whose request was confirmed; None for a new one."""
    known = stores.store_by_shop(session, PLATFORM, shop)
    if known is not None:
        return known.retailer_id
    requests = stores.pending_requests(session, PLATFORM, shop)
    if account == "new" or not requests:
        return None
    for request in requests:
        if request.id == account:
            return request.retailer_id
    names = {request.id: session.get_one(Organisation, request.retailer_id).name for request in requests}
    raise AccountNeeded([Account(request_id, name) for request_id, name in names.items()])


def _retailer_of(session: Session, shop: ShopFacts, retailer_id: UUID | None) -> Organisation:
    if retailer_id is not None:
        return session.get_one(Organisation, retailer_id)
    if not is_country(shop.country):
        raise CountryNeeded
    return create_organisation(
        session,
        kind="retailer",
        name=shop.name,
        country=shop.country,
        currency=shop.currency,
        timezone=shop.timezone,
    )


def _principal(session: Session, store: Store, user: EmbeddedUser) -> Principal:
    organisation = session.get_one(Organisation, store.retailer_id)
    return Principal(
        actor=f"shop:{user.user_id}",
        organisation_id=organisation.id,
        organisation_kind="retailer",
        organisation_name=organisation.name,
        permissions=ROLES[_ROLE],
        locale=organisation.locale,
        timezone=organisation.timezone,
        currency=organisation.currency,
        name=store.name,
        role=_ROLE,
    )
