"""A bought label in every state, and everything that its buyer and the gateway can do: bought once, given back once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.fulfillment.labels import Label
from app.fulfillment.models import ShippingLabel
from app.fulfillment.service.accounts import save_account
from app.fulfillment.service.buying import (
    ANSWER_WITHIN,
    LABEL_MOVES,
    begin,
    begin_giving_back,
    may_move,
    note_bought,
    note_given_back,
    note_refused,
)
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from tests import factories as make
from tests.state_tables import UNCHANGED, Machine, Refused, Row, agree, columns, effects_of, everything_happens

MOVES = {
    "QUOTED": {"BUYING"},
    "BUYING": {"QUOTED", "BOUGHT"},
    "BOUGHT": {"VOIDING"},
    "VOIDING": {"VOIDED"},
    "VOIDED": set[str](),
}
SAME, NONE = UNCHANGED, Refused("no_label")
#: ``again``: pressed while the first answer may still come, ``later``: when it will not any more.
TABLE: dict[str, Row] = {
    "QUOTED": {
        "pressed": "BUYING", "pressed later": "BUYING", "another offer": Refused("invalid"), "refused": SAME,
        "bought": SAME, "given back": NONE, "money": SAME,
    },
    "BUYING": {
        "pressed": Refused("being_bought"), "pressed later": "BUYING", "another offer": Refused("being_bought"),
        "refused": "QUOTED", "bought": "BOUGHT", "given back": NONE, "money": SAME,
    },
    "BOUGHT": {
        "pressed": SAME, "pressed later": SAME, "another offer": SAME, "refused": SAME, "bought": SAME,
        "given back": "VOIDING", "money": SAME,
    },
    "VOIDING": {
        "pressed": Refused("label_voided"), "pressed later": Refused("label_voided"),
        "another offer": Refused("label_voided"), "refused": SAME, "bought": SAME, "given back": "VOIDING",
        "money": "VOIDED",
    },
    "VOIDED": {
        "pressed": Refused("label_voided"), "pressed later": Refused("label_voided"),
        "another offer": Refused("label_voided"), "refused": SAME, "bought": SAME, "given back": SAME,
        "money": "VOIDED",
    },
}  # fmt: skip
OFFER = {"ref": "rate_1", "carrier": "USPS", "service": "Priority", "amount": 700, "currency": "USD", "days": 2}
SOLD = Label(
    carrier="usps",
    service="Priority",
    tracking_number="9400100000000000000000",
    tracking_url=None,
    amount=Money(700, "USD"),
    content=b"%PDF",
    media_type="application/pdf",
)


@dataclass
class Bought:
    """A label of a supplier."""

    session: Session
    label: ShippingLabel
    undone: int = 0

    def press(self, *, later: bool = False, offer: str = "rate_1") -> None:
        """Its supplier chooses an offer."""
        with clock.shifted(ANSWER_WITHIN + timedelta(seconds=1) if later else timedelta(0)):
            begin(self.session, self.label.supplier_id, self.label, offer, lambda: None)

    def give_back(self) -> None:
        """Its supplier wants the money back; the parcel goes with it."""

        def undo() -> None:
            self.undone += 1

        begin_giving_back(self.session, self.label.supplier_id, self.label, undo)


def put(session: Session, state: str) -> Bought:
    supplier = make.supplier(session)
    save_account(session, supplier.id, gateway="easypost", api_key="a", hook_secret="", form="PDF")
    now = clock.now()
    label = ShippingLabel(
        id=new_id(), supplier_id=supplier.id, purchase_order_id=new_id(), gateway="easypost", state="QUOTED",
        gateway_ref="shp_1", offers=[OFFER], lines={}, grams=500, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(label)
    session.flush()
    found = Bought(session, label)
    way: list[Callable[[], object]] = [
        found.press,
        lambda: note_bought(label, SOLD),
        found.give_back,
        lambda: note_given_back(label, "submitted"),
    ]
    for step in way[: list(MOVES).index(state)]:
        step()
    session.flush()
    found.undone = 0
    return found


EVENTS: dict[str, Callable[[Bought], object]] = {
    "pressed": lambda one: one.press(),
    "pressed later": lambda one: one.press(later=True),
    "another offer": lambda one: one.press(offer="rate_9"),
    "refused": lambda one: note_refused(one.label, "No such address."),
    "bought": lambda one: note_bought(one.label, SOLD),
    "given back": lambda one: one.give_back(),
    "money": lambda one: note_given_back(one.label, "refunded"),
}


def look(one: Bought) -> Any:
    return columns(one.label), one.undone


def of_move(**wanted: Any) -> Callable[[Bought], None]:
    def check(one: Bought) -> None:
        row = columns(one.label)
        assert {name: row[name] for name in wanted} == wanted

    return check


EFFECTS = effects_of(
    TABLE,
    {
        "QUOTED": of_move(failure="No such address.", tracking_number=None),
        "BUYING": of_move(offer_ref="rate_1", failure=None),
        "BOUGHT": of_move(tracking_number=SOLD.tracking_number, amount=700),
        "VOIDED": of_move(refund_state="refunded"),
    },
)
MACHINE = Machine(put=put, state=lambda one: columns(one.label)["state"], look=look, events=EVENTS, effects=EFFECTS)


def test_a_label_moves_as_the_table_says_and_in_no_other_way() -> None:
    agree(MOVES, LABEL_MOVES, may_move, staying=False)


@pytest.mark.parametrize("current", MOVES)
def test_whatever_happens_to_a_label_it_is_bought_and_given_back_once(session: Session, current: str) -> None:
    everything_happens(session, MACHINE, TABLE, current)
