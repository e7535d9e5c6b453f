"""Orders that wait for stock go on when any of what could be sent for them comes, however many wait."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from app import db
from app.catalog.models import SupplierVariant
from app.identity.models import Organisation
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.listings.models import ListingVariant
from app.listings.service import link_source
from app.purchasing.routing.rules import DEFAULT_RULES
from app.purchasing.routing.saving import save_rules
from app.purchasing.service import place_order
from app.stores.models import Store
from app.suppliers.models import Supplier
from tests import factories
from tests.flows.storefront import Storefront


def other_thing(storefront: Storefront, stock: int = 0) -> UUID:
    """One more thing of the second supplier's."""
    market = storefront.market
    with db.system_scope(actor="test"), db.transaction() as session:
        owner = session.get_one(Supplier, market.other_supplier.id)
        (made,) = factories.product(session, owner, title="Other lamp", wholesale="9.00", stock=stock)
    storefront.jobs.drain()
    return made


def stock_comes(storefront: Storefront, supplier_id: UUID, variant: UUID, units: int) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        set_figures(session, supplier_id, [StockFigure(variant, units, clock.now())])
    storefront.jobs.drain()


@pytest.mark.parametrize("how", ["a part of what is sold as one", "a second source", "the same article"])
def test_an_order_goes_on_with_the_stock_of_whatever_can_be_sent_for_it(storefront: Storefront, how: str) -> None:
    market = storefront.market
    lamp, other = market.lamp.variants[0], other_thing(storefront)
    with db.system_scope(actor="test"), db.transaction() as session:
        if how == "the same article":
            for variant, gtin in ((lamp, "4006381333931"), (other, "04006381333931")):
                session.get_one(SupplierVariant, variant).gtin = gtin
            save_rules(session, market.retailer.id, DEFAULT_RULES, same_articles=True)
        else:
            listed = session.scalars(
                select(ListingVariant.id).where(
                    ListingVariant.store_id == storefront.store_id, ListingVariant.variant_id == lamp
                )
            ).one()
            component = int(how == "a part of what is sold as one")
            link_source(session, market.retailer.id, listed, other, component=component)
    storefront.jobs.drain()
    if how != "a part of what is sold as one":
        stock_comes(storefront, market.supplier.id, lamp, 0)
    storefront.tell("orders/paid", storefront.order(storefront.line(lamp, 2)))
    assert storefront.holds() == ["out_of_stock"]
    stock_comes(storefront, market.other_supplier.id, other, 2)
    order = storefront.only_order()
    assert (order["status"], order["holds"]) == ("PENDING", [])
    choices = market.retailer.api.get(f"/api/orders/{order['id']}/routing/choices").json["items"]
    assert [(one["routed"], one["occasion_explanation"]) for one in choices] == [
        (True, "The order was taken up again after: Out of stock."),
        (False, "The order came in."),
    ]


def test_what_is_too_little_for_older_orders_lets_the_younger_ones_go_on(storefront: Storefront) -> None:
    market = storefront.market
    lamp = market.lamp.variants[0]
    stock_comes(storefront, market.supplier.id, lamp, 0)
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer, store = session.get_one(Organisation, market.retailer.id), session.get_one(Store, storefront.store_id)
        for units in [3] * 50 + [2]:
            place_order(session, factories.order_of(retailer, {lamp: units}, store=store, trouble="hold"))
    storefront.jobs.drain()
    stock_comes(storefront, market.supplier.id, lamp, 2)
    assert [one["status"] for one in storefront.orders()] == ["ON_HOLD"] * 50 + ["PENDING"]
