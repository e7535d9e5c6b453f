"""What a store should show against what it shows: one change at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.errors import Conflict, Invalid, NotFound
from app.listings import queries, service
from app.listings.events import StoreBehind
from app.listings.service import ImportRequest, add_to_import_list
from app.outbox.models import OutboxEvent
from app.stores.goods import PushRefused
from tests import factories as make
from tests.domains.listings.shop import FIRST_TITLE, Shelf

#: 10.00 and 60 percent, up to the next .99.
PRICE, DEARER = 1699, 3299


@pytest.fixture
def live(session: Session) -> Shelf:
    """A listing that its shop shows."""
    shelf = Shelf(session)
    shelf.publish()
    shelf.sync()
    assert shelf.listing.state == "LIVE"
    return shelf


def versions(shelf: Shelf) -> tuple[int, int]:
    return shelf.listing.wanted_version, shelf.listing.pushed_version


def behind(session: Session) -> int:
    """How often a store was said to be behind."""
    return len(session.scalars(select(OutboxEvent.id).where(OutboxEvent.topic == StoreBehind.topic)).all())


def test_a_draft_shows_nothing_until_it_is_published(session: Session) -> None:
    shelf = Shelf(session)
    shelf.sync()
    assert (shelf.listing.state, shelf.shop.products) == ("DRAFT", {})
    shelf.edit(title="My lamp", prices={shelf.variants[0]: 2500})
    shelf.sync()
    assert shelf.shop.products == {}
    shelf.publish()
    assert shelf.listing.state == "PUSHING"
    shelf.sync()
    assert (shelf.listing.state, shelf.product.title, shelf.product.published) == ("LIVE", "My lamp", True)
    shown = shelf.by_variant()
    assert [shown[variant].price for variant in shelf.variants] == [2500, PRICE]
    assert [shown[variant].quantity for variant in shelf.variants] == [18, 18]


def test_the_same_product_twice_is_one_listing(session: Session) -> None:
    shelf = Shelf(session)
    again = add_to_import_list(session, shelf.store, ImportRequest(product_id=shelf.product_id))
    assert again.id == shelf.listing_id
    shelf.supplier_offers("ended")
    other = make.store(session, shelf.retailer)
    with pytest.raises(NotFound):
        add_to_import_list(session, other, ImportRequest(product_id=shelf.product_id))


def test_a_supplier_s_title_price_and_stock_reach_the_shop_and_each_says_so(session: Session, live: Shelf) -> None:
    wanted, pushed = versions(live)
    assert wanted == pushed
    told = behind(session)
    live.supplier_says(title="Reading lamp")
    assert versions(live) == (wanted + 1, pushed)
    assert (live.listing.state, behind(session)) == ("OUT_OF_SYNC", told + 1)
    live.supplier_says(price=2000)
    assert (live.listing.state, behind(session)) == ("OUT_OF_SYNC", told + 2)
    live.supplier_says(stock=10)
    assert behind(session) > told + 2
    assert {row.waiting_since is not None for row in live.listing.variants} == {True}
    live.sync()
    assert live.product.title == "Reading lamp"
    assert {(one.price, one.quantity) for one in live.by_variant().values()} == {(3299, 9)}
    assert (live.listing.state, *versions(live)) == ("LIVE", wanted + 1, wanted + 1)
    assert {row.waiting_since for row in live.listing.variants} == {None}


def test_what_changes_nothing_tells_nobody(session: Session, live: Shelf) -> None:
    before, told = versions(live), behind(session)
    live.supplier_says(title=FIRST_TITLE, price=1000, stock=20)
    assert (versions(live), behind(session)) == (before, told)
    assert (live.send(), live.send_prices(), live.send_stock()) == ([], [], [])


def test_a_change_between_a_push_and_its_answer_is_pushed_next(live: Shelf) -> None:
    """The answer is about what was sent, not about what is wanted by now."""
    live.supplier_says(title="Second", price=2000)
    (answer,) = live.send()
    live.supplier_says(title="Third", price=2500)
    answer()
    assert live.listing.state == "OUT_OF_SYNC"
    assert live.listing.pushed_version < live.listing.wanted_version
    live.sync()
    assert live.product.title == "Third"
    assert {one.price for one in live.by_variant().values()} == {4099}
    assert live.listing.state == "LIVE"


def test_a_late_or_repeated_answer_lowers_nothing(live: Shelf) -> None:
    live.supplier_says(title="Second")
    (late,) = live.send()
    live.supplier_says(title="Third")
    (newer,) = live.send()
    newer()
    after = versions(live)
    late()
    newer()
    late()
    assert versions(live) == after
    assert live.listing.pushed_title == "Third"
    live.sync()
    assert (live.product.title, live.listing.state) == ("Third", "LIVE")


def test_a_push_whose_answer_was_lost_is_made_again(live: Shelf) -> None:
    live.supplier_says(title="Second", price=2000, stock=5)
    live.send()
    live.send_prices()
    live.send_stock()
    live.sync()
    assert (live.product.title, live.listing.state) == ("Second", "LIVE")
    assert len(live.shop.products) == 1


def test_the_retailer_s_own_title_and_price_are_never_overwritten(live: Shelf) -> None:
    first, second = live.variants
    live.edit(title="My lamp", prices={first: 4321})
    live.sync()
    live.supplier_says(title="Second", price=2000)
    live.sync()
    assert live.listing.owned_fields == ["price", "title"]
    assert live.product.title == "My lamp"
    assert (live.by_variant()[first].price, live.by_variant()[second].price) == (4321, DEARER)
    live.edit(prices={first: None}, disown=["title"])
    live.supplier_says(title="Third")
    live.sync()
    assert (live.listing.owned_fields, live.product.title) == ([], "Third")
    assert live.by_variant()[first].price == DEARER


def test_what_the_retailer_edits_in_its_shop_is_its_own_from_then_on(live: Shelf) -> None:
    first, second = live.variants
    live.product.title = "Named in the shop"
    live.by_variant()[first].price = 5000
    assert live.tells() == ["price", "title"]
    live.supplier_says(title="Second", price=2000)
    live.sync()
    assert live.product.title == "Named in the shop"
    assert (live.by_variant()[first].price, live.by_variant()[second].price) == (5000, DEARER)
    assert live.tells() == [], "the echo of our own push makes nothing the retailer's"


def test_the_echo_of_a_push_that_is_not_acknowledged_makes_nothing_the_retailers(live: Shelf) -> None:
    """Stores tell of a change before they answer to it."""
    live.supplier_says(title="Second", price=2000)
    (answer,) = live.send()
    assert live.tells() == []
    answer()
    live.supplier_says(price=2500)
    (prices,) = live.send_prices()
    assert live.tells() == []
    prices()
    live.supplier_says(title="Third", price=3000)
    live.sync()
    assert (live.product.title, live.listing.owned_fields) == ("Third", [])


def test_what_the_retailer_does_in_both_places_ends_as_it_said_last(live: Shelf) -> None:
    """The shop shows by hand what was on its way to it; then the retailer goes back to what it had."""
    first, _ = live.variants
    live.edit(title="Mine", prices={first: 5000})
    live.sync()
    live.edit(title="Mine too", prices={first: 6000})
    live.product.title, live.by_variant()[first].price = "Mine too", 6000
    assert live.tells() == []
    live.edit(title="Mine", prices={first: 5000})
    live.sync()
    assert (live.product.title, live.by_variant()[first].price) == ("Mine", 5000)


def test_a_price_that_came_back_before_it_was_pushed_leaves_nothing_behind(live: Shelf) -> None:
    live.supplier_says(price=2000)
    assert live.listing.state == "OUT_OF_SYNC"
    live.supplier_says(price=1000)
    assert live.listing.state == "LIVE"
    assert {row.waiting_since for row in live.listing.variants} == {None}
    assert live.send_prices() == []


def test_a_hidden_listing_is_taken_off_and_comes_back_as_it_should_be(live: Shelf) -> None:
    live.hide()
    assert live.product.published
    live.sync()
    assert (live.listing.state, live.product.published) == ("HIDDEN", False)
    live.supplier_says(title="Second")
    live.sync()
    assert (live.listing.state, live.product.published) == ("HIDDEN", False)
    live.publish()
    live.sync()
    assert (live.listing.state, live.product.published, live.product.title) == ("LIVE", True, "Second")


def test_an_edit_shows_nothing_that_is_hidden_or_deleted_in_the_shop(live: Shelf) -> None:
    live.hide()
    live.sync()
    live.edit(title="Mine")
    live.sync()
    assert (live.listing.state, live.product.published) == ("HIDDEN", False)
    live.publish()
    live.sync()
    assert (live.listing.state, live.product.title) == ("LIVE", "Mine")
    live.deleted_in_shop()
    live.edit(title="Mine too")
    live.sync()
    assert (live.listing.state, live.shop.products) == ("UNLINKED", {})


def test_a_draft_can_not_be_hidden_and_what_was_published_not_be_removed(session: Session) -> None:
    shelf = Shelf(session)
    with pytest.raises(Conflict):
        shelf.hide()
    shelf.publish()
    with pytest.raises(Conflict):
        service.remove_drafts(session, shelf.retailer.id, [shelf.listing_id])


def test_a_discontinued_product_shows_none_and_comes_back_when_offered_again(live: Shelf) -> None:
    live.supplier_offers("ended")
    live.sync()
    assert {one.quantity for one in live.by_variant().values()} == {0}
    live.supplier_offers("active")
    live.sync()
    assert {one.quantity for one in live.by_variant().values()} == {18}
    assert live.listing.state == "LIVE"


def test_a_product_that_was_deleted_by_hand_is_left_alone_until_it_is_published_again(
    session: Session, live: Shelf
) -> None:
    live.deleted_in_shop()
    assert (live.listing.state, live.listing.error) == ("UNLINKED", "The product was deleted in the store.")
    live.supplier_says(title="Second", price=2000, stock=3)
    live.sync()
    assert live.shop.products == {}
    live.publish()
    live.sync()
    assert (live.listing.state, live.product.title, len(live.shop.products)) == ("LIVE", "Second", 1)
    assert {one.price for one in live.by_variant().values()} == {DEARER}


def test_a_deletion_that_no_hook_told_is_found_by_the_next_push(live: Shelf) -> None:
    live.shop.products.clear()
    live.supplier_says(title="Second")
    live.sync()
    assert live.listing.state == "UNLINKED"


def test_an_answer_that_comes_after_the_deletion_brings_nothing_back(live: Shelf) -> None:
    live.supplier_says(title="Second")
    (answer,) = live.send()
    live.deleted_in_shop()
    answer()
    assert live.listing.state == "UNLINKED"
    assert live.listing.error is not None
    assert {row.external_id for row in live.listing.variants} == {None}


def test_a_refusal_waits_for_a_change_and_one_that_came_meanwhile_counts(session: Session, live: Shelf) -> None:
    live.edit(title="Forbidden words")
    refused = PushRefused("BAD", "The shop does not take this title.", "Title is invalid")
    version = live.listing.wanted_version
    service.note_refused(session, live.listing_id, version, refused)
    assert (live.listing.state, live.listing.error) == ("FAILED", "The shop does not take this title.")
    assert live.send() == []
    live.edit(title="Better words")
    service.note_refused(session, live.listing_id, version, refused)
    live.sync()
    assert (live.product.title, live.listing.state, live.listing.error) == ("Better words", "LIVE", None)


def test_a_refused_listing_is_sent_again_when_its_price_changes(session: Session) -> None:
    shelf = Shelf(session)
    shelf.publish()
    refused = PushRefused("BAD", "The shop does not take this price.")
    service.note_refused(session, shelf.listing_id, shelf.listing.wanted_version, refused)
    shelf.sync()
    assert shelf.shop.products == {}
    shelf.supplier_says(price=2000)
    shelf.sync()
    assert (shelf.listing.state, len(shelf.shop.products)) == ("LIVE", 1)


def test_a_variant_that_is_switched_off_leaves_the_shop_and_comes_back_with_its_stock(live: Shelf) -> None:
    first, second = live.variants
    live.edit(enabled={second: False})
    live.sync()
    assert set(live.by_variant()) == {first}
    live.supplier_says(stock=10, price=2000)
    live.sync()
    assert live.listing.state == "LIVE"
    live.edit(enabled={second: True})
    live.sync()
    shown = live.by_variant()
    assert {variant: (one.price, one.quantity) for variant, one in shown.items()} == {
        first: (DEARER, 9),
        second: (DEARER, 9),
    }
    with pytest.raises(Invalid):
        live.edit(enabled={first: False, second: False})


def test_another_retailer_s_listing_does_not_exist(session: Session, live: Shelf) -> None:
    stranger = make.retailer(session, "Stranger").id
    with pytest.raises(NotFound):
        queries.listing(session, stranger, live.listing_id)
    for change in (service.publish, service.hide, service.retry, service.remove_drafts):
        with pytest.raises(NotFound):
            change(session, stranger, [live.listing_id])
    with pytest.raises(NotFound):
        service.edit(session, stranger, live.listing_id, service.Edit(title="Stolen"))
