"""Our way into a shop as workers get it: renewed in time, by one of them, and never lost half way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app import db
from app.kit import clock
from app.kit.errors import CredentialsRefused, Unavailable
from app.stores.platform import StoreAccess
from app.stores.service import access, connect
from tests import factories
from tests.adapters.stores.shop import Shop

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def known(shop: Shop) -> Callable[[timedelta], UUID]:
    """Notes the shop as a retailer's store, with tokens that run out so soon."""

    def note(left: timedelta) -> UUID:
        with db.system_scope(actor="test"), db.transaction() as session:
            retailer = factories.retailer(session)
            expiring = replace(shop.access.credentials, expires_at=clock.now() + left)
            facts = shop.adapter.describe_shop(shop.access)
            return connect(session, retailer.id, "shopify", facts, expiring).id

    return note


def way_in(store_id: UUID, shop: Shop) -> StoreAccess:
    with db.system_scope(actor="test"):
        return access(store_id, shop.adapter)


def test_a_token_that_is_good_for_longer_is_used_as_it_is(shop: Shop, known: Callable[[timedelta], UUID]) -> None:
    found = way_in(known(timedelta(minutes=30)), shop)
    assert found.credentials.access_token == shop.access.credentials.access_token
    assert found.external_id == shop.domain
    assert found.remembered == shop.access.remembered


def test_of_workers_that_need_a_new_token_at_once_one_gets_it_for_all(
    shop: Shop, known: Callable[[timedelta], UUID]
) -> None:
    store_id = known(timedelta(minutes=1))
    shop.control.add_fault("slow", {"operation": "access_token", "shop": shop.domain}, delay_ms=150)
    before = shop.control.counters()["requests"]["access_token"]
    found: list[StoreAccess] = []
    together = threading.Barrier(3)

    def work() -> None:
        together.wait(30)
        found.append(way_in(store_id, shop))

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(found) == 3
    assert shop.control.counters()["requests"]["access_token"] == before + 1
    (token,) = {one.credentials.access_token for one in found}
    assert token != shop.access.credentials.access_token
    assert shop.adapter.describe_shop(found[0]).external_id == shop.domain


def test_a_renewal_whose_answer_was_lost_is_done_again_with_the_old_refresh_token(
    shop: Shop, known: Callable[[timedelta], UUID]
) -> None:
    store_id = known(timedelta(minutes=1))
    shop.control.add_fault("drop_after_effect", {"operation": "access_token", "shop": shop.domain}, times=1)
    with pytest.raises(Unavailable):
        way_in(store_id, shop)
    found = way_in(store_id, shop)
    assert shop.adapter.describe_shop(found).external_id == shop.domain
    assert way_in(store_id, shop).credentials.access_token == found.credentials.access_token


def test_a_shop_that_removed_us_must_be_connected_again_by_a_person(
    shop: Shop, known: Callable[[timedelta], UUID]
) -> None:
    store_id = known(timedelta(minutes=1))
    shop.control.uninstall(shop.domain)
    with pytest.raises(CredentialsRefused):
        way_in(store_id, shop)
