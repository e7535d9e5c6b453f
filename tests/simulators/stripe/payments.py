"""Customers, their methods, and charging them: https://docs.stripe.com/payments/paymentintents/lifecycle."""

from __future__ import annotations

import secrets

from tests.simulators.stripe.cards import ALIASES, BEHAVIOURS, Behaviour
from tests.simulators.stripe.errors import StripeProblem, missing, refused
from tests.simulators.stripe.world import PLATFORM, Object, World

#: 2.9 % + 30 minor units, the standard price for cards in the United States.
FEE_BPS, FEE_FIXED = 290, 30
#: The least amount of a charge, in minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
_SMALLEST = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400,
    "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200,
    "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_DECLINED = "Your card was declined."


def create_customer(world: World, body: Object) -> Object:
    made = world.make("customer", "customer", "cus", email=None, name=None, metadata={}, balance=0)
    made |= {name: body[name] for name in ("email", "name", "metadata", "description", "phone") if name in body}
    world.tell("customer.created", made)
    return made


def update_customer(world: World, body: Object, customer: str) -> Object:
    found = world.get("customer", customer)
    found |= {name: value for name, value in body.items() if name in ("email", "name", "metadata", "description")}
    return found


def method(world: World, method_id: str, *, param: str = "payment_method") -> Object:
    """A saved method, or a new one for a test token."""
    token = ALIASES.get(method_id, method_id)
    if token not in BEHAVIOURS:
        return world.get("payment_method", method_id, param=param)
    behaviour = BEHAVIOURS[token]
    made = world.make(
        "payment_method",
        "payment_method",
        "pm",
        type="card",
        customer=None,
        metadata={},
        card={
            **world.contract.skeleton("payment_method_card"),
            "brand": "mastercard" if "master" in token else "visa",
            "last4": behaviour.last4,
            "exp_month": 12,
            "exp_year": 2031,
            "country": "US",
            "funding": "credit",
        },
    )
    world.hidden[made["id"]] |= {"behaviour": behaviour, "set_up": False}
    return made


def behaviour_of(world: World, found: Object) -> Behaviour:
    behaviour = world.hidden[found["id"]]["behaviour"]
    assert isinstance(behaviour, Behaviour)
    return behaviour


def attach(world: World, body: Object, payment_method: str) -> Object:
    customer = world.get("customer", body["customer"], param="customer")
    found = method(world, payment_method)
    behaviour = behaviour_of(world, found)
    if not behaviour.attaches:
        raise _card_error(behaviour, None, found)
    found["customer"] = customer["id"]
    world.tell("payment_method.attached", found)
    return found


def detach(world: World, _body: Object, payment_method: str) -> Object:
    found = world.get("payment_method", payment_method)
    found["customer"] = None
    world.hidden[found["id"]]["detached"] = True
    world.tell("payment_method.detached", found)
    return found


def create_setup_intent(world: World, body: Object) -> Object:
    made = world.make(
        "setup_intent",
        "setup_intent",
        "seti",
        customer=body.get("customer"),
        usage=body.get("usage", "off_session"),
        metadata=body.get("metadata", {}),
        payment_method_types=["card"],
        status="requires_payment_method",
        client_secret=f"secret_{secrets.token_hex(8)}",
        payment_method=None,
    )
    if body.get("confirm"):
        return confirm_setup_intent(world, body, made["id"])
    return made


def confirm_setup_intent(world: World, body: Object, intent: str) -> Object:
    found = world.get("setup_intent", intent)
    chosen = method(world, body.get("payment_method") or found["payment_method"] or "")
    behaviour = behaviour_of(world, chosen)
    if not behaviour.attaches:
        raise _card_error(behaviour, None, chosen)
    chosen["customer"] = found["customer"]
    world.hidden[chosen["id"]]["set_up"] = True
    found |= {"payment_method": chosen["id"], "status": "succeeded"}
    world.tell("setup_intent.succeeded", found)
    return found


def create_payment_intent(world: World, body: Object) -> Object:
    smallest = _SMALLEST.get(body["currency"].lower(), 50)
    if body["amount"] < smallest:
        least = f"Amount must be at least {smallest} in the smallest unit of {body['currency']}."
        raise StripeProblem(400, least, code="amount_too_small", param="amount")
    if body.get("off_session") and not body.get("confirm"):
        raise StripeProblem(400, "You cannot set `off_session` without `confirm`.", param="off_session")
    if body.get("customer"):
        world.get("customer", body["customer"], param="customer")
    made = world.make(
        "payment_intent",
        "payment_intent",
        "pi",
        amount=body["amount"],
        amount_received=0,
        amount_capturable=0,
        currency=body["currency"].lower(),
        customer=body.get("customer"),
        payment_method=None,
        payment_method_types=["card"],
        metadata=body.get("metadata", {}),
        transfer_group=body.get("transfer_group"),
        statement_descriptor_suffix=body.get("statement_descriptor_suffix"),
        capture_method="automatic",
        confirmation_method="automatic",
        client_secret=f"secret_{secrets.token_hex(8)}",
        status="requires_payment_method",
        latest_charge=None,
    )
    world.hidden[made["id"]]["off_session"] = bool(body.get("off_session"))
    if body.get("payment_method"):
        _choose(world, made, body["payment_method"])
    world.tell("payment_intent.created", made)
    if body.get("confirm"):
        return confirm_payment_intent(world, body, made["id"])
    return made


def confirm_payment_intent(world: World, body: Object, intent: str) -> Object:
    found = world.get("payment_intent", intent)
    if found["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise refused(
            f"This PaymentIntent's status is {found['status']}; it can't be confirmed.",
            code="payment_intent_unexpected_state",
            payment_intent=found,
        )
    if body.get("payment_method"):
        _choose(world, found, body["payment_method"])
    if not found["payment_method"]:
        raise StripeProblem(400, "You must provide a payment_method.", code="parameter_missing", param="payment_method")
    chosen = world.objects[found["payment_method"]]
    behaviour = behaviour_of(world, chosen)
    set_up = world.hidden[chosen["id"]]["set_up"]
    challenged = behaviour.challenge == "always" or (behaviour.challenge == "unless_set_up" and not set_up)
    if challenged:
        return _challenge(world, found, chosen, off_session=bool(body.get("off_session")), url=body.get("return_url"))
    if behaviour.decline is not None:
        raise _declined(world, found, chosen, behaviour)
    return succeed(world, found)


def _choose(world: World, intent: Object, method_id: str) -> None:
    chosen = method(world, method_id)
    if world.hidden[chosen["id"]].get("detached"):
        raise refused("The provided PaymentMethod was detached from a Customer and can't be used again.")
    if chosen["customer"] and chosen["customer"] != intent["customer"]:
        raise refused("The payment method belongs to another customer.", param="payment_method")
    intent |= {"payment_method": chosen["id"], "status": "requires_confirmation"}


def _challenge(world: World, intent: Object, chosen: Object, *, off_session: bool, url: str | None) -> Object:
    if not off_session:
        intent["status"] = "requires_action"
        if url:
            page = f"{world.public_url}/_sim/confirm/{intent['id']}"
            intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": page, "return_url": url}}
        world.tell("payment_intent.requires_action", intent)
        return intent
    message = f"{_DECLINED} This transaction requires authentication."
    error = {"code": "authentication_required", "decline_code": "authentication_required", "message": message}
    _failed_charge(world, intent, chosen, "authentication_required", "authentication_required", message)
    _note_failure(intent, error, chosen)
    world.tell("payment_intent.payment_failed", intent)
    raise StripeProblem(
        402,
        message,
        kind="card_error",
        code="authentication_required",
        decline_code="authentication_required",
        payment_intent=dict(intent),
        kept=True,
    )


def _declined(world: World, intent: Object, chosen: Object, behaviour: Behaviour) -> StripeProblem:
    assert behaviour.decline is not None
    code, decline_code, advice = behaviour.decline
    charge = _failed_charge(world, intent, chosen, code, decline_code, _DECLINED)
    error = {"code": code, "decline_code": decline_code, "message": _DECLINED, "advice_code": advice}
    _note_failure(intent, {**error, "charge": charge["id"]}, chosen)
    world.tell("payment_intent.payment_failed", intent)
    return _card_error(behaviour, intent, chosen, charge["id"])


def _card_error(
    behaviour: Behaviour, intent: Object | None, chosen: Object, charge: str | None = None
) -> StripeProblem:
    assert behaviour.decline is not None
    code, decline_code, advice = behaviour.decline
    return StripeProblem(
        402,
        _DECLINED,
        kind="card_error",
        code=code,
        decline_code=decline_code,
        advice_code=advice,
        charge=charge,
        payment_intent=dict(intent) if intent is not None else None,
        payment_method=dict(chosen),
        kept=True,
    )


def _note_failure(intent: Object, error: Object, chosen: Object) -> None:
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": {"type": "card_error", **error, "payment_method": dict(chosen)},
    }


def _failed_charge(world: World, intent: Object, chosen: Object, code: str, decline_code: str, message: str) -> Object:
    charge = _charge(world, intent, chosen, status="failed", paid=False)
    charge |= {"failure_code": code, "failure_message": message, "amount_captured": 0, "captured": False}
    charge["outcome"]["type"] = "issuer_declined"
    charge["outcome"]["reason"] = decline_code
    world.tell("charge.failed", charge)
    return charge


def _charge(world: World, intent: Object, chosen: Object, *, status: str, paid: bool) -> Object:
    charge = world.make(
        "charge",
        "charge",
        "ch",
        amount=intent["amount"],
        amount_captured=intent["amount"],
        amount_refunded=0,
        balance_transaction=None,
        currency=intent["currency"],
        customer=intent["customer"],
        payment_intent=intent["id"],
        payment_method=chosen["id"],
        metadata=dict(intent["metadata"]),
        transfer_group=intent["transfer_group"],
        status=status,
        paid=paid,
        captured=True,
        refunded=False,
        disputed=False,
        billing_details={
            "address": None, "email": None, "name": None, "phone": None, "tax_id": None,
        },
        outcome={
            **world.contract.skeleton("charge_outcome"),
            "network_status": "approved_by_network" if paid else "declined_by_network",
            "type": "authorized",
            "risk_level": "normal",
            "reason": None,
            "seller_message": "Payment complete." if paid else _DECLINED,
        },
    )  # fmt: skip
    intent["latest_charge"] = charge["id"]
    return charge


def succeed(world: World, intent: Object) -> Object:
    """The money is taken: charge, fee, and a line in the platform's books."""
    chosen = world.objects[intent["payment_method"]]
    behaviour = behaviour_of(world, chosen)
    charge = _charge(world, intent, chosen, status="succeeded", paid=True)
    fee = (intent["amount"] * FEE_BPS + 5_000) // 10_000 + FEE_FIXED
    line = world.book(
        PLATFORM,
        "charge",
        "charge",
        intent["amount"],
        intent["currency"],
        charge["id"],
        fee=fee,
        available_on=world.now() if behaviour.instant else world.settles_on(),
    )
    charge["balance_transaction"] = line["id"]
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "next_action": None,
    }
    world.tell("charge.succeeded", charge)
    world.tell("payment_intent.succeeded", intent)
    if behaviour.dispute:
        from tests.simulators.stripe.disputes import open_dispute

        open_dispute(world, charge, behaviour.dispute)
    return intent


def cancel_payment_intent(world: World, body: Object, intent: str) -> Object:
    found = world.get("payment_intent", intent)
    if found["status"] in ("succeeded", "canceled", "processing"):
        raise refused(
            f"You cannot cancel this PaymentIntent because it has a status of {found['status']}.",
            code="payment_intent_unexpected_state",
            payment_intent=found,
        )
    found |= {
        "status": "canceled",
        "canceled_at": world.now(),
        "cancellation_reason": body.get("cancellation_reason"),
        "next_action": None,
    }
    world.tell("payment_intent.canceled", found)
    return found


def create_refund(world: World, body: Object) -> Object:
    charge_id = body.get("charge")
    if body.get("payment_intent"):
        charge_id = world.get("payment_intent", body["payment_intent"], param="payment_intent")["latest_charge"]
    if not charge_id:
        raise StripeProblem(400, "One of charge or payment_intent is needed.", code="parameter_missing", param="charge")
    if charge_id not in world.kinds.get("charge", ()):
        raise missing("charge", charge_id, "charge")
    charge = world.objects[charge_id]
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["refunded"]:
        raise refused(f"Charge {charge_id} has already been refunded.", code="charge_already_refunded")
    if charge["disputed"]:
        raise refused(f"Charge {charge_id} has been charged back; cannot issue a refund.", code="charge_disputed")
    amount = body.get("amount", left)
    if amount > left or amount <= 0:
        raise refused(
            f"Refund amount ({_dollars(amount)}) is greater than unrefunded amount on charge ({_dollars(left)})",
            param="amount",
        )
    refund = world.make(
        "refund",
        "refund",
        "re",
        amount=amount,
        charge=charge_id,
        payment_intent=charge["payment_intent"],
        currency=charge["currency"],
        metadata=body.get("metadata", {}),
        reason=body.get("reason"),
        status="succeeded",
    )
    line = world.book(PLATFORM, "refund", "refund", -amount, charge["currency"], refund["id"])
    refund["balance_transaction"] = line["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    behaviour = behaviour_of(world, world.objects[charge["payment_method"]])
    refund["status"] = "pending" if behaviour.refund == "pending" else "succeeded"
    world.tell("refund.created", refund)
    world.tell("charge.refunded", charge)
    if behaviour.refund == "failed":
        fail_refund(world, refund)
    return refund


def fail_refund(world: World, refund: Object) -> None:
    """The bank sends a refund back: the money is ours again."""
    charge = world.objects[refund["charge"]]
    line = world.book(PLATFORM, "refund_failure", "refund_failure", refund["amount"], refund["currency"], refund["id"])
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": line["id"],
    }
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    world.tell("refund.failed", refund)


def _dollars(minor: int) -> str:
    return f"${minor / 100:.2f}"
