"""Pages for people: saving a card, proving who one is, confirming a payment, and a look at the money."""

from __future__ import annotations

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from tests.simulators.stripe import payments
from tests.simulators.stripe.cards import BEHAVIOURS
from tests.simulators.stripe.checkout import finish_session
from tests.simulators.stripe.connect import complete_onboarding
from tests.simulators.stripe.errors import StripeProblem
from tests.simulators.stripe.world import PLATFORM, World

_GONE = ("There is nothing here.", 404)


def add_pages(app: Flask, world: World) -> None:
    """Serve the pages."""

    @app.route("/checkout/c/<session_id>", methods=["GET", "POST"])
    def checkout(session_id: str) -> Response | str | tuple[str, int]:
        with world.lock:
            session = world.objects.get(session_id)
            if session is None or session["object"] != "checkout.session":
                return _GONE
            error = ""
            if request.method == "POST" and session["status"] == "open":
                try:
                    return redirect(finish_session(world, session, request.form["card"]))
                except StripeProblem as problem:
                    error = str(problem)
            return render_template("checkout.html", cards=BEHAVIOURS, error=error)

    @app.route("/_sim/onboarding/<token>", methods=["GET", "POST"])
    def onboarding(token: str) -> Response | str | tuple[str, int]:
        with world.lock:
            link = world.hidden.get(token)
            if link is None:
                return _GONE
            use = link["use_case"]["account_onboarding"]
            if request.method == "POST":
                complete_onboarding(world, link["account"])
                link["spent"] = True
                return redirect(use["return_url"])
            if link["spent"]:
                return redirect(use["refresh_url"])
        text = "This page stands in for Stripe's questions about your company and bank account."
        return render_template("confirm.html", heading="Get paid", text=text, button="Complete onboarding")

    @app.route("/_sim/confirm/<intent_id>", methods=["GET", "POST"])
    def confirm(intent_id: str) -> Response | str | tuple[str, int]:
        with world.lock:
            intent = world.objects.get(intent_id)
            if intent is None or intent["object"] != "payment_intent":
                return _GONE
            if request.method == "POST":
                back = ((intent.get("next_action") or {}).get("redirect_to_url") or {}).get("return_url") or "/"
                if intent["status"] == "requires_action":
                    payments.succeed(world, intent)
                return redirect(back)
        text = "This page stands in for your bank's confirmation."
        return render_template("confirm.html", heading="Confirm the payment", text=text, button="Confirm")

    @app.get("/")
    def money() -> str:
        with world.lock:
            balances = [
                (account, currency.upper(), f"{available / 100:,.2f}", f"{pending / 100:,.2f}")
                for account in (PLATFORM, *world.kinds.get("account", []))
                for currency, (available, pending) in world.balance(account).items()
            ]
            return render_template(
                "money.html",
                balances=balances,
                payments=world.all("payment_intent")[:50],
                transfers=world.all("transfer")[:50],
                events=world.all("event")[:30],
            )
