"""Suppliers that run short, say everything twice, ship before they answer, name articles that nobody ordered, go back
on what they said, answer too late or after nobody knew whether they had the order: over each channel the same comes
of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from app.adapters import registries
from app.kit import clock
from tests.adapters.stores.conftest import configured, simulator
from tests.domains.feeds.portal import file_servers
from tests.flows.books import Books
from tests.flows.by_channel import MAKERS, Called, Supplier
from tests.flows.deciding import Desk
from tests.flows.test_file_channels import House, house

__all__ = ["configured", "file_servers", "house", "simulator"]
#: Channels whose calls may end without an answer.
_CALLING = ("x12", "sftp_csv", "api", "woocommerce_shop", "shopify_shop")


@pytest.fixture(params=sorted(MAKERS))
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def supplier(channel: str, house: House, books: Books, request: pytest.FixtureRequest) -> Iterator[Supplier]:
    with contextmanager(MAKERS[channel])(house, books, lambda: request.getfixturevalue("configured")) as made:
        yield made


def test_every_channel_has_its_awkward_supplier() -> None:
    assert set(MAKERS) == set(registries.channels.all())


def test_what_is_said_twice_early_wrongly_or_for_nothing_counts_once_or_not_at_all(
    supplier: Supplier, books: Books
) -> None:
    short = supplier.gets(3)
    for _time in range(2):
        gone = supplier.rejects(short, 2)
        assert supplier.line(short) == (0, gone, gone)
    left = 3 - gone
    for _time in range(2 if left else 0):
        supplier.ships(short, left)
        assert supplier.line(short) == (left, gone, gone)
    parcels = supplier.market.count("shipments")
    assert parcels == min(left, 1)

    early = supplier.gets(2)
    supplier.ships(early, 2)
    assert (supplier.house.row(early).status, supplier.line(early)) == ("SHIPPED", (2, 0, 0)), "also without an answer"
    supplier.accepts(early)
    supplier.goes_back(early, 2)
    assert (supplier.house.row(early).status, supplier.line(early)) == ("SHIPPED", (2, 0, 0)), "it never goes back"

    wrong, stands = supplier.names_another_article()
    assert supplier.line(wrong) == stands, "what was not ordered counts for nothing"

    over = supplier.gets(2)
    order = supplier.house.orders[-1]["id"]
    line = {"line_id": supplier.house.orders[-1]["lines"][0]["id"], "quantity": 2}
    assert supplier.market.retailer.api.post(f"/api/orders/{order}/cancel", {"lines": [line]}).status_code == 200
    supplier.house.jobs.drain()
    supplier.accepts(over)
    supplier.ships(over, 2)
    assert (supplier.house.row(over).status, supplier.line(over)) == ("CANCELLED", (0, 2, 0))

    assert supplier.market.count("shipments") == parcels + 1
    (reserved,) = books.rows("select sum(reserved) as units from inventory_levels")
    (open_units,) = books.rows("select sum(quantity - shipped - cancelled) as units from purchase_order_lines")
    assert reserved["units"] == open_units["units"]


def test_an_answer_that_comes_after_another_supplier_took_over_is_shown_and_changes_nothing(
    supplier: Supplier, books: Books
) -> None:
    house = supplier.house
    desk = Desk(house.market, house.jobs, books)
    desk.link()
    order = desk.buys(3)
    (first,) = desk.purchase_orders(order, house.market.supplier)
    for step in range(4):
        desk.later("watch_answers", hours=24 * 4 * (step + 1))
    assert desk.seen_by(house.market.other_supplier), "it was silent for too long"
    supplier.accepts(str(first["number"]))
    assert supplier.is_told_that_it_is_too_late()
    assert supplier.line(str(first["number"])) == (0, 3, 0)


@pytest.mark.parametrize("channel", _CALLING)
def test_an_answer_ends_the_doubt_whether_an_order_arrived(supplier: Supplier) -> None:
    assert isinstance(supplier, Called)
    house = supplier.house
    supplier.loses_the_next_answer()
    number = supplier.gets(3)
    assert house.told(number).state == "OUTCOME_UNKNOWN"
    supplier.accepts(number)
    assert (house.told(number).state, house.row(number).status) == ("DELIVERED", "CONFIRMED")
    with clock.shifted(timedelta(hours=1)):
        house.jobs.run_scheduled("schedule_dispatches")
    assert supplier.orders_it_has() == 1, "it is not sent again"
