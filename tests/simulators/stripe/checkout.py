"""Checkout in setup mode: a hosted page on which a customer saves a card (https://docs.stripe.com/payments/checkout)."""

from __future__ import annotations

from tests.simulators.stripe import payments
from tests.simulators.stripe.errors import StripeProblem
from tests.simulators.stripe.world import Object, World


def create_session(world: World, body: Object) -> Object:
    """Only ``mode=setup`` is modelled."""
    if body.get("mode") != "setup":
        raise StripeProblem(501, "The simulator models Checkout in setup mode only.", kind="api_error")
    if body.get("customer"):
        world.get("customer", body["customer"], param="customer")
    intent = payments.create_setup_intent(world, {"customer": body.get("customer")})
    made = world.make(
        "checkout_session",
        "checkout.session",
        "cs_test",
        mode="setup",
        customer=body.get("customer"),
        setup_intent=intent["id"],
        success_url=body.get("success_url"),
        cancel_url=body.get("cancel_url"),
        currency=body.get("currency"),
        status="open",
        payment_status="no_payment_required",
        payment_method_types=["card"],
        expires_at=world.now() + 86_400,
        metadata=body.get("metadata") or {},
    )
    made["url"] = f"{world.public_url}/checkout/c/{made['id']}"
    return made


def finish_session(world: World, session: Object, token: str) -> str:
    """The customer chose a card. Returns where its browser goes next. Raises the card's refusal."""
    intent = world.objects[session["setup_intent"]]
    payments.confirm_setup_intent(world, {"payment_method": token}, intent["id"])
    session |= {"status": "complete"}
    world.tell("checkout.session.completed", session)
    return str(session["success_url"] or "/").replace("{CHECKOUT_SESSION_ID}", session["id"])
