"""Recipients, transfers to them and what comes back: https://docs.stripe.com/connect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.simulators.stripe.errors import StripeProblem, missing, refused
from tests.simulators.stripe.world import PLATFORM, Object, World

_INCLUDABLE = (
    "configuration.recipient",
    "configuration.customer",
    "configuration.merchant",
    "defaults",
    "identity",
    "requirements",
)


def create_account(world: World, body: Object) -> Object:
    recipient = (body.get("configuration") or {}).get("recipient")
    responsibilities = (body.get("defaults") or {}).get("responsibilities") or {}
    if body.get("dashboard") == "express" and responsibilities.get("losses_collector") != "application":
        raise StripeProblem(400, "An express dashboard needs the application to collect losses.", param="defaults")
    made: Object = {
        "id": world.new_id("acct"),
        "object": "v2.core.account",
        "applied_configurations": ["recipient"] if recipient else [],
        "created": _iso(world.now()),
        "livemode": False,
        "closed": False,
        "metadata": body.get("metadata") or {},
        **{name: body[name] for name in ("contact_email", "display_name", "dashboard") if name in body},
    }
    world.objects[made["id"]] = made
    world.kinds.setdefault("account", []).append(made["id"])
    world.hidden[made["id"]] = {"transfers": "pending" if recipient else None, "onboarded": False, "body": body}
    world.tell_thin("v2.core.account.created", made, _url(made))
    return shown_account(world, made, body.get("include") or [])


def account(world: World, query: Object, account_id: str) -> Object:
    if account_id not in world.kinds.get("account", ()):
        raise missing("account", account_id)
    return shown_account(world, world.objects[account_id], query.get("include") or [])


def shown_account(world: World, made: Object, include: list[str]) -> Object:
    """An account with what was asked for; the rest is null, as Stripe answers."""
    hidden = world.hidden[made["id"]]
    unknown = [name for name in include if name not in _INCLUDABLE]
    if unknown:
        raise StripeProblem(400, f"Unknown include: {unknown[0]}", param="include")
    shown = dict(made)
    if "configuration.recipient" in include and hidden["transfers"] is not None:
        capability = {
            "status": hidden["transfers"],
            "status_details": [] if hidden["transfers"] == "active" else [_why(hidden)],
        }
        shown["configuration"] = {
            "recipient": {
                "applied": True,
                "capabilities": {"stripe_balance": {"stripe_transfers": capability}},
            },
        }
    if "requirements" in include:
        shown["requirements"] = _requirements(hidden)
    return shown


def _why(hidden: dict[str, Any]) -> Object:
    code = "requirements_past_due" if hidden["onboarded"] else "determining_status"
    return {"code": code, "resolution": "provide_info"}


def _requirements(hidden: dict[str, Any]) -> Object:
    if hidden["onboarded"] and hidden["transfers"] == "active":
        return {"entries": []}
    entry = {
        "awaiting_action_from": "user",
        "description": "identity.business_details",
        "errors": [],
        "impact": {},
        "minimum_deadline": {"status": "currently_due"},
        "requested_reasons": [{"code": "routine_onboarding"}],
    }
    return {"entries": [entry], "summary": {"minimum_deadline": {"status": "currently_due"}}}


def create_account_link(world: World, body: Object) -> Object:
    if body["account"] not in world.kinds.get("account", ()):
        raise missing("account", body["account"], "account")
    token = world.new_id("accl")
    world.hidden[token] = {"account": body["account"], "use_case": body["use_case"], "spent": False}
    return {
        "object": "v2.core.account_link",
        "account": body["account"],
        "created": _iso(world.now()),
        "expires_at": _iso(world.now() + 300),
        "livemode": False,
        "url": f"{world.public_url}/_sim/onboarding/{token}",
        "use_case": body["use_case"],
    }


def complete_onboarding(world: World, account_id: str, *, status: str = "active") -> None:
    """The supplier has shown who it is (or has not, with another status)."""
    made = world.objects[account_id]
    world.hidden[account_id] |= {"onboarded": True, "transfers": status}
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    world.tell_thin(kind, made, _url(made))
    world.tell_thin("v2.core.account[requirements].updated", made, _url(made))


def create_transfer(world: World, body: Object) -> Object:
    amount, currency = body.get("amount", 0), body["currency"].lower()
    if body["destination"] not in world.kinds.get("account", ()):
        raise StripeProblem(
            400, f"No such destination: '{body['destination']}'", code="resource_missing", param="destination"
        )
    if world.hidden[body["destination"]]["transfers"] != "active":
        raise refused(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers, "
            "crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    if amount <= 0:
        raise StripeProblem(
            400, "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    source = body.get("source_transaction")
    available_on = world.now()
    group = body.get("transfer_group")
    if source:
        charge = world.get("charge", source, param="source_transaction")
        line = world.objects[charge["balance_transaction"]]
        if line["currency"] != currency:
            raise refused(
                f"The currency of source_transaction's balance transaction ({line['currency']}) must be the same as "
                f"the transfer currency ({currency})"
            )
        sent = sum(one["amount"] for one in world.all("transfer") if one["source_transaction"] == source)
        if sent + amount > charge["amount"]:
            raise refused("Transfers of this charge would exceed its amount.", param="amount")
        available_on = line["available_on"]
        group = charge["transfer_group"] or group or f"group_{charge['payment_intent']}"
    elif world.available(PLATFORM, currency) < amount:
        raise refused(
            "You have insufficient available funds in your Stripe account. One likely reason you have insufficient "
            "funds is that your funds are automatically being paid out.",
            code="balance_insufficient",
        )
    made = world.make(
        "transfer",
        "transfer",
        "tr",
        amount=amount,
        amount_reversed=0,
        currency=currency,
        destination=body["destination"],
        metadata=body.get("metadata", {}),
        reversed=False,
        source_transaction=source,
        source_type="card",
        transfer_group=group,
    )
    made["reversals"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "url": f"/v1/transfers/{made['id']}/reversals",
    }
    made["balance_transaction"] = world.book(
        PLATFORM, "transfer", "transfer", -amount, currency, made["id"], available_on=available_on
    )["id"]
    payment = world.new_id("py")
    world.book(body["destination"], "payment", "charge", amount, currency, payment, available_on=available_on)
    made["destination_payment"] = payment
    world.tell("transfer.created", made)
    return made


def reverse_transfer(world: World, body: Object, id: str) -> Object:
    transfer = world.get("transfer", id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = body.get("amount", left)
    if amount > left or amount <= 0:
        raise refused("The reversal is greater than what is left of the transfer.", param="amount")
    if world.available(transfer["destination"], transfer["currency"]) < amount:
        raise refused("The connected account has insufficient available funds.", code="balance_insufficient")
    made = world.make(
        "transfer_reversal",
        "transfer_reversal",
        "trr",
        amount=amount,
        currency=transfer["currency"],
        transfer=transfer["id"],
        metadata=body.get("metadata", {}),
    )
    line = world.book(PLATFORM, "transfer_refund", "transfer_reversal", amount, transfer["currency"], made["id"])
    made["balance_transaction"] = line["id"]
    world.book(
        transfer["destination"],
        "payment_refund",
        "refund",
        -amount,
        transfer["currency"],
        transfer["destination_payment"],
    )
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    world.tell("transfer.reversed", transfer)
    return made


def create_topup(world: World, body: Object) -> Object:
    made = world.make(
        "topup",
        "topup",
        "tu",
        amount=body["amount"],
        currency=body["currency"].lower(),
        status="succeeded",
        metadata=body.get("metadata", {}),
    )
    line = world.book(PLATFORM, "topup", "topup", body["amount"], made["currency"], made["id"])
    made["balance_transaction"] = line["id"]
    return made


def _url(made: Object) -> str:
    return f"/v2/core/accounts/{made['id']}"


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
