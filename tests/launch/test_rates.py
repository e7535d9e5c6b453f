"""Exchange rates: an operator sets them, and what waited for one goes on."""

from __future__ import annotations

from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app import db
from app.audit.models import AuditEvent
from app.catalog.models import SupplierVariant
from app.identity.service import platform_organisation
from app.listings.models import ListingVariant
from app.notifications.models import Notice
from app.orders.models import OrderHold
from app.pricing.models import ExchangeRate
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import place_order
from launch.cli import main
from tests import factories
from tests.stack import Jobs


def rates(*arguments: str) -> tuple[int, str]:
    """``crossdock rates …``: exit code and output."""
    answer = CliRunner().invoke(main, ["rates", *arguments])
    return answer.exit_code, answer.output


def hold(wholesale_currency: str = "EUR") -> UUID:
    """An order of a retailer in dollars from a supplier in another currency."""
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = factories.retailer(session)
        supplier = factories.supplier(session, currency=wholesale_currency)
        (variant,) = factories.product(session, supplier)
        return place_order(session, factories.order_of(retailer, {variant: 1}, trouble="hold")).order_id


def holds(order_id: UUID) -> list[str]:
    """Why an order waits."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return list(
            session.scalars(
                select(OrderHold.reason).where(OrderHold.order_id == order_id, OrderHold.released_at.is_(None))
            )
        )


@pytest.mark.usefixtures("committed")
def test_a_rate_is_set_listed_and_written_down() -> None:
    assert rates("list") == (0, "No rate is known. Set one: crossdock rates set EUR USD 1.0825\n")
    assert rates("set", "eur", "USD", "1.0825")[0] == 0
    code, said = rates("set", "EUR", "USD", "1.10")
    assert (code, said) == (0, "1 EUR is 1.10 USD from now on. Orders that waited for it go on.\n")
    _, listed = rates("list")
    assert listed.startswith("EUR USD 1.1 2")
    assert len(listed.splitlines()) == 1
    with db.system_scope(actor="test"), db.transaction() as session:
        assert len(session.scalars(select(ExchangeRate)).all()) == 2, "older rates stay"
        written = select(AuditEvent).where(AuditEvent.action == "pricing.exchange_rate_set").order_by(AuditEvent.id)
        (first, _) = session.scalars(written)
        assert (first.actor, first.object_id) == ("cli", "EUR:USD")
        assert first.details == {"rate": "1.0825", "source": "operator"}


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("XYZ", "USD", "1"), "not an ISO 4217 currency code"),
        (("EUR", "dollars", "1"), "not an ISO 4217 currency code"),
        (("EUR", "EUR", "1"), "two different currencies"),
        (("EUR", "USD", "0"), "positive decimal number"),
        (("EUR", "USD", "--", "-1.5"), "positive decimal number"),
        (("EUR", "USD", "NaN"), "positive decimal number"),
        (("EUR", "USD", "Infinity"), "positive decimal number"),
        (("EUR", "USD", "1e10"), "positive decimal number"),
        (("EUR", "USD", "0.00000000001"), "at most 10 digits"),
        (("EUR", "USD", "1,08"), "not a decimal number"),
    ],
)
def test_what_is_no_rate_is_refused_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    if "--" in arguments:
        arguments = ("--", *(one for one in arguments if one != "--"))
    code, output = rates("set", *arguments)
    assert code == 1
    assert said in output
    assert len(output.splitlines()) == 1
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.scalars(select(ExchangeRate)).all() == []


def test_orders_that_waited_for_the_rate_go_on_and_others_wait(jobs: Jobs) -> None:
    euros, pounds = hold("EUR"), hold("GBP")
    jobs.drain()
    assert (holds(euros), holds(pounds)) == (["no_exchange_rate"], ["no_exchange_rate"])
    with db.system_scope(actor="test"), db.transaction() as session:
        told = select(Notice.title).where(
            Notice.organisation_id == platform_organisation(session).id,
            Notice.kind == "no_exchange_rate",
            Notice.resolved_at.is_(None),
        )
        assert sorted(session.scalars(told)) == [
            "There is no exchange rate from EUR to USD",
            "There is no exchange rate from GBP to USD",
        ]
    assert rates("set", "EUR", "USD", "1.25")[0] == 0
    jobs.drain()
    assert "no_exchange_rate" not in holds(euros)
    assert holds(pounds) == ["no_exchange_rate"]
    with db.system_scope(actor="test"), db.transaction() as session:
        (routed,) = session.scalars(select(PurchaseOrder))
        assert (routed.order_id, routed.exchange_rate, routed.currency) == (euros, 1.25, "EUR")
        assert session.scalars(told).all() == ["There is no exchange rate from GBP to USD"]


def test_the_opposite_direction_of_a_rate_is_as_good_and_the_newest_counts(jobs: Jobs) -> None:
    hold("EUR")
    jobs.drain()
    assert rates("set", "USD", "EUR", "0.8")[0] == 0
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.scalars(select(PurchaseOrder.exchange_rate)).all() == [1.25]
    assert rates("set", "EUR", "USD", "1.5")[0] == 0
    hold("EUR")
    assert rates("set", "USD", "EUR", "0.5")[0] == 0
    hold("EUR")
    with db.system_scope(actor="test"), db.transaction() as session:
        rows = session.scalars(select(PurchaseOrder.exchange_rate).order_by(PurchaseOrder.created_at))
        assert [float(one) for one in rows] == [1.25, 1.5, 2.0]


def test_listings_across_the_two_currencies_are_priced_anew(jobs: Jobs) -> None:
    assert rates("set", "EUR", "USD", "1")[0] == 0
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = factories.supplier(session, currency="EUR")
        (variant,) = factories.product(session, supplier, wholesale="10.00")
        product_id = session.get_one(SupplierVariant, variant).product_id
        store = factories.store(session, factories.retailer(session), platform="custom", shop="shop.example")
        factories.live_listing(session, store, product_id)
        before = session.scalars(select(ListingVariant.wanted_price)).one()
    assert rates("set", "EUR", "USD", "2")[0] == 0
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        assert before == 1699
        assert session.scalars(select(ListingVariant.wanted_price)).one() == 3299
