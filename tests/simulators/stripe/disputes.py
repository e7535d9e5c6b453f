"""Disputes: https://docs.stripe.com/disputes."""

from __future__ import annotations

from tests.simulators.stripe.errors import refused
from tests.simulators.stripe.world import PLATFORM, Object, World

FEE = 1500
_DUE_SECONDS = 7 * 86_400


def open_dispute(world: World, charge: Object, reason: str) -> Object:
    """A shopper's bank takes the money back, and a fee with it."""
    dispute = world.make(
        "dispute",
        "dispute",
        "dp",
        amount=charge["amount"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        currency=charge["currency"],
        reason=reason,
        status="needs_response",
        is_charge_refundable=False,
        metadata={},
        evidence_details={
            **world.contract.skeleton("dispute_evidence_details"),
            "due_by": world.now() + _DUE_SECONDS,
        },
    )
    line = world.book(PLATFORM, "adjustment", "dispute", -charge["amount"], charge["currency"], dispute["id"], fee=FEE)
    dispute["balance_transactions"] = [line]
    charge["disputed"] = True
    world.tell("charge.dispute.created", dispute)
    world.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def close_dispute(world: World, _body: Object, dispute: str) -> Object:
    """Give in."""
    found = world.get("dispute", dispute)
    if found["status"] in ("won", "lost"):
        raise refused(f"This dispute is already {found['status']}.")
    found["status"] = "lost"
    world.tell("charge.dispute.closed", found)
    return found


def win_dispute(world: World, dispute: Object) -> None:
    """The bank gives the money back, not the fee."""
    line = world.book(PLATFORM, "adjustment", "dispute_reversal", dispute["amount"], dispute["currency"], dispute["id"])
    dispute["balance_transactions"].append(line)
    dispute["status"] = "won"
    world.objects[dispute["charge"]]["disputed"] = False
    world.tell("charge.dispute.funds_reinstated", dispute)
    world.tell("charge.dispute.closed", dispute)
