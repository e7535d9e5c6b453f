"""A listing in every state, and everything that its retailer, its supplier and its store can do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.listings import service
from app.listings.events import ListingsRefused, StoreBehind
from app.listings.models import Listing
from app.listings.rules import MOVES, STATES, may_move
from app.outbox.models import OutboxEvent
from app.stores.goods import PushRefused
from tests.domains.listings.shop import Shelf
from tests.state_tables import UNCHANGED, Machine, Refused, Row, agree, columns, everything_happens

TABLE = {
    "DRAFT": {"PUSHING"},
    "PUSHING": {"LIVE", "FAILED", "UNLINKED", "HIDDEN"},
    "LIVE": {"OUT_OF_SYNC", "FAILED", "HIDDEN", "UNLINKED", "PUSHING"},
    "OUT_OF_SYNC": {"LIVE", "FAILED", "HIDDEN", "UNLINKED", "PUSHING"},
    "FAILED": {"PUSHING", "LIVE", "OUT_OF_SYNC", "HIDDEN", "UNLINKED"},
    "HIDDEN": {"PUSHING", "UNLINKED", "FAILED"},
    "UNLINKED": {"PUSHING", "DRAFT"},
}
SAME = UNCHANGED
NOT_THERE, NO_DRAFT = Refused("not_in_store"), Refused("not_a_draft")
#: ``late``: a store's answer about a version that a newer answer, or the product's deletion, has overtaken.
EVENTS_TABLE: dict[str, Row] = {
    "DRAFT": {
        "published": "PUSHING", "hidden": NOT_THERE, "tried again": SAME, "edited": "DRAFT", "synced": SAME,
        "supplier's price": "DRAFT",
    },
    "PUSHING": {
        "published": "PUSHING", "hidden": "HIDDEN", "tried again": SAME, "edited": "PUSHING", "synced": "LIVE",
        "supplier's price": "PUSHING", "refused": "FAILED", "removed": NO_DRAFT,
    },
    "LIVE": {
        "published": "PUSHING", "hidden": "HIDDEN", "tried again": SAME, "edited": "PUSHING", "synced": SAME,
        "supplier's price": "OUT_OF_SYNC", "refused late": SAME, "taken late": SAME, "deleted there": "UNLINKED",
        "stock refused": "FAILED", "removed": NO_DRAFT,
    },
    "OUT_OF_SYNC": {
        "published": "PUSHING", "hidden": "HIDDEN", "tried again": SAME, "edited": "PUSHING", "synced": "LIVE",
        "supplier's price": "OUT_OF_SYNC", "refused late": SAME, "taken late": SAME, "deleted there": "UNLINKED",
        "stock refused": "FAILED", "removed": NO_DRAFT,
    },
    "FAILED": {
        "published": "PUSHING", "hidden": "HIDDEN", "tried again": "PUSHING", "edited": "PUSHING", "synced": SAME,
        "supplier's price": "FAILED", "refused late": SAME, "taken late": SAME, "deleted there": "UNLINKED",
        "removed": NO_DRAFT,
    },
    "HIDDEN": {
        "published": "PUSHING", "hidden": "HIDDEN", "tried again": SAME, "edited": "HIDDEN", "synced": "HIDDEN",
        "supplier's price": "HIDDEN", "refused": "FAILED", "taken late": SAME, "deleted there": "UNLINKED",
        "removed": NO_DRAFT,
    },
    "UNLINKED": {
        "published": "PUSHING", "hidden": NOT_THERE, "tried again": SAME, "edited": "UNLINKED", "synced": SAME,
        "supplier's price": "UNLINKED", "refused late": SAME, "taken late": SAME, "removed": NO_DRAFT,
    },
}  # fmt: skip
BAD = PushRefused("BAD", "The store does not like it.")


class Case(Shelf):
    """A listing, and a store's answer that was on its way when it came into its state."""

    late: Callable[[], None]

    def refuse(self, version: int | None = None) -> None:
        listing = self.listing
        service.note_refused(self.session, listing.id, listing.wanted_version if version is None else version, BAD)

    def fail(self) -> None:
        """The store refuses an edit."""
        self.edit(title="Not this")
        self.refuse()

    def refuse_stock(self) -> None:
        service.note_stock_refused(self.session, {self.listing.variants[0].id: BAD})

    def remove(self) -> None:
        service.remove_drafts(self.session, self.retailer.id, [self.listing_id])

    def retry(self) -> None:
        service.retry(self.session, self.retailer.id, [self.listing_id])

    def told(self, topic: str) -> int:
        found = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.topic == topic)
        return self.session.scalar(found) or 0


def put(session: Session, state: str) -> Case:
    case = Case(session)
    if state == "DRAFT":
        return case
    case.publish()
    if state == "PUSHING":
        return case
    (case.late,) = case.send()
    case.late()
    case.sync()
    ways: dict[str, Callable[[], None]] = {
        "LIVE": lambda: None,
        "OUT_OF_SYNC": lambda: case.supplier_says(price=2000),
        "FAILED": case.fail,
        "HIDDEN": case.hide,
        "UNLINKED": case.deleted_in_shop,
    }
    ways[state]()
    return case


def look(case: Case) -> Any:
    listing = case.listing
    # What a store holds is looked at apart, where it matters.
    rows = [columns(row, without=("updated_at", "confirmed_at")) for row in listing.variants]
    return columns(listing, without=("updated_at", "pushed_at")), rows, case.told(ListingsRefused.topic)


def goes_there(case: Case) -> None:
    """The store is told, and then shows it as it is wanted."""
    assert case.told(StoreBehind.topic) > 0
    assert (case.listing.error, case.listing.published) == (None, True)
    case.sync()
    assert case.listing.state == "LIVE"
    assert case.product.published
    assert case.product.title == case.listing.title


def shown(case: Case) -> None:
    wanted = {row.variant_id: row.wanted_price for row in case.listing.variants}
    assert {variant: one.price for variant, one in case.by_variant().items()} == wanted


def off_sale(case: Case) -> None:
    case.sync()
    assert case.listing.state == "HIDDEN"
    assert all(not product.published for product in case.shop.products.values())


def refused(case: Case) -> None:
    """It says why, is told once, and is not pushed again by itself."""
    assert case.listing.error == BAD.message
    assert case.told(ListingsRefused.topic) == 1
    assert case.send() == []


def gone(case: Case) -> None:
    """Nothing is pushed to what is not there, and publishing makes it anew."""
    assert all(row.external_id is None for row in case.listing.variants)
    assert case.send() == []
    case.publish()
    goes_there(case)


def kept(case: Case) -> None:
    """The edit is kept and shown with the next publication."""
    assert case.listing.title == "Mine"
    case.publish()
    goes_there(case)


EVENTS: dict[str, Callable[[Case], object]] = {
    "published": lambda one: one.publish(),
    "hidden": lambda one: one.hide(),
    "tried again": lambda one: one.retry(),
    "edited": lambda one: one.edit(title="Mine"),
    "synced": lambda one: one.sync(),
    "supplier's price": lambda one: one.supplier_says(price=3000),
    "refused": lambda one: one.refuse(),
    "refused late": lambda one: one.refuse(1),
    "taken late": lambda one: one.late(),
    "deleted there": lambda one: one.deleted_in_shop(),
    "stock refused": lambda one: one.refuse_stock(),
    "removed": lambda one: one.remove(),
}
OF_EVENT: dict[str, Callable[[Case], None]] = {
    "published": goes_there,
    "hidden": off_sale,
    "tried again": goes_there,
    "synced": shown,
    "refused": refused,
    "deleted there": gone,
    "edited": kept,
}
EFFECTS = {
    (current, event): OF_EVENT[event]
    for current, row in EVENTS_TABLE.items()
    for event, after in row.items()
    if isinstance(after, str) and after != SAME and event in OF_EVENT and (current, event) != ("HIDDEN", "synced")
}


def test_a_listing_moves_as_the_table_says_and_in_no_other_way() -> None:
    assert {state: set(moves) for state, moves in MOVES.items()} == TABLE
    agree(TABLE, STATES, may_move, staying=True)
    assert {event for row in EVENTS_TABLE.values() for event in row} == set(EVENTS)


@pytest.mark.parametrize("current", TABLE)
def test_whatever_is_done_about_a_listing_leads_where_the_table_says(session: Session, current: str) -> None:
    events = {event: EVENTS[event] for event in EVENTS_TABLE[current]}
    machine = Machine(put, lambda one: str(one.listing.state), look, events, EFFECTS, anew=True)
    everything_happens(session, machine, EVENTS_TABLE, current)


def test_a_draft_that_is_removed_is_gone(session: Session) -> None:
    case = put(session, "DRAFT")
    case.remove()
    assert session.scalar(select(func.count()).select_from(Listing)) == 0
