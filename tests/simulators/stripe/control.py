"""The simulator's own levers, at ``/_sim``: time, faults, disputes, and whether its books add up."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from flask import Flask, jsonify, request

from tests.simulators.stripe import payments
from tests.simulators.stripe.connect import complete_onboarding
from tests.simulators.stripe.courier import Courier
from tests.simulators.stripe.disputes import open_dispute, win_dispute
from tests.simulators.stripe.world import PLATFORM, Fault, Held, World


def add_control(app: Flask, world: World, courier: Courier) -> None:
    """Serve the levers."""

    @app.get("/_sim/health")
    def health() -> Any:
        return jsonify(ok=True)

    @app.route("/_sim/clock", methods=["GET", "POST"])
    def clock() -> Any:
        with world.lock:
            if request.method == "POST":
                world.ahead += float(request.get_json()["advance_seconds"])
            return jsonify(now=world.now())

    @app.post("/_sim/forget")
    def forget() -> Any:
        """Begin anew."""
        with world.lock:
            world.forget()
            return jsonify(ok=True)

    kept: dict[str, Held] = {}

    @app.route("/_sim/kept/<name>", methods=["PUT", "POST"])
    def keep(name: str) -> Any:
        """Remember all there is under a name; begin from there again."""
        with world.lock:
            if request.method == "PUT":
                kept[name] = world.as_it_is()
            else:
                world.put_back(kept[name])
            return jsonify(ok=True)

    @app.post("/_sim/settle")
    def settle() -> Any:
        """All pending money becomes available."""
        with world.lock:
            for account in world.books:
                for line in world.lines(account):
                    line["available_on"] = min(line["available_on"], world.now())
            return jsonify(ok=True)

    @app.post("/_sim/accounts/<account_id>/onboard")
    def onboard(account_id: str) -> Any:
        with world.lock:
            complete_onboarding(world, account_id, status=(request.get_json(silent=True) or {}).get("status", "active"))
            return jsonify(ok=True)

    @app.post("/_sim/payment_intents/<intent_id>/confirm")
    def confirm_payment(intent_id: str) -> Any:
        """The card's owner confirms with its bank."""
        with world.lock:
            intent = world.objects[intent_id]
            if not intent["payment_method"]:
                intent["payment_method"] = intent["last_payment_error"]["payment_method"]["id"]
            return jsonify(payments.succeed(world, intent))

    @app.post("/_sim/charges/<charge_id>/dispute")
    def dispute(charge_id: str) -> Any:
        with world.lock:
            return jsonify(open_dispute(world, world.objects[charge_id], "fraudulent"))

    @app.post("/_sim/disputes/<dispute_id>/win")
    def win(dispute_id: str) -> Any:
        with world.lock:
            win_dispute(world, world.objects[dispute_id])
            return jsonify(world.objects[dispute_id])

    @app.post("/_sim/refunds/<refund_id>/fail")
    def fail_refund(refund_id: str) -> Any:
        with world.lock:
            payments.fail_refund(world, world.objects[refund_id])
            return jsonify(world.objects[refund_id])

    @app.route("/_sim/faults", methods=["POST", "DELETE"])
    def faults() -> Any:
        with world.lock:
            if request.method == "DELETE":
                world.faults.clear()
            else:
                sent = request.get_json()
                match = sent.get("match", {})
                world.faults.append(
                    Fault(
                        sent["kind"],
                        int(sent.get("times", 1)),
                        match.get("path", ""),
                        match.get("method", ""),
                        int(sent.get("delay_ms", 0)),
                    )
                )
            return jsonify(ok=True)

    @app.post("/_sim/hooks")
    def hooks() -> Any:
        known = {one.name for one in fields(courier.knobs)}
        for name, value in request.get_json().items():
            if name in known:
                setattr(courier.knobs, name, value)
        return jsonify(asdict(courier.knobs))

    @app.get("/_sim/deliveries")
    def deliveries() -> Any:
        return jsonify([asdict(one) for one in courier.log])

    @app.get("/_sim/ledger")
    def ledger() -> Any:
        with world.lock:
            return jsonify({account: world.lines(account) for account in (PLATFORM, *world.books)})

    @app.get("/_sim/objects/<kind>")
    def objects(kind: str) -> Any:
        with world.lock:
            return jsonify(world.all(kind))

    @app.post("/_sim/assert")
    def check() -> Any:
        with world.lock:
            return jsonify(broken=broken_rules(world))


def broken_rules(world: World) -> list[str]:
    """Rules of Stripe's own that do not hold; always empty unless the simulator is wrong."""
    broken = []
    for charge in world.all("charge"):
        refunds = sum(
            one["amount"] for one in world.all("refund") if one["charge"] == charge["id"] and one["status"] != "failed"
        )
        if refunds != charge["amount_refunded"] or refunds > charge["amount_captured"]:
            broken.append(f"{charge['id']}: refunds {refunds} of {charge['amount_captured']}")
        sent = sum(one["amount"] for one in world.all("transfer") if one["source_transaction"] == charge["id"])
        if sent > charge["amount"]:
            broken.append(f"{charge['id']}: transfers of {sent}")
    for transfer in world.all("transfer"):
        back = sum(one["amount"] for one in world.all("transfer_reversal") if one["transfer"] == transfer["id"])
        if back != transfer["amount_reversed"] or back > transfer["amount"]:
            broken.append(f"{transfer['id']}: reversed {back}")
    for account in world.books:
        lines = world.lines(account)
        for currency, (available, pending) in world.balance(account).items():
            total = sum(line["amount"] - line["fee"] for line in lines if line["currency"] == currency)
            if total != available + pending:
                broken.append(f"{account}: {total} booked, {available + pending} held")
    return broken
