"""Balances add up: charges, fees, refunds, disputes, transfers and what comes back (docs.stripe.com/connect)."""

from __future__ import annotations

from tests.simulators.stripe.conftest import Caller
from tests.simulators.stripe.disputes import FEE


def test_money_is_pending_for_two_business_days(stripe: Caller) -> None:
    stripe.payment(10_000, card="pm_card_visa", currency="gbp")
    available, pending = stripe.balance("gbp")
    assert (available, pending) == (0, 10_000 - 320)
    account = stripe.recipient()
    early = stripe.ask("POST", "/v1/transfers", amount=100, currency="gbp", destination=account)
    assert early.json()["error"]["code"] == "balance_insufficient"
    stripe.lever("clock", advance_seconds=5 * 24 * 3600)
    assert stripe.balance("gbp") == (9680, 0)
    too_much = stripe.ask("POST", "/v1/transfers", amount=9681, currency="gbp", destination=account)
    assert too_much.json()["error"]["code"] == "balance_insufficient"
    stripe.post("/v1/transfers", amount=9680, currency="gbp", destination=account)
    assert stripe.balance("gbp") == (0, 0)
    assert stripe.balance("gbp", account) == (9680, 0)


def test_an_account_that_is_not_ready_gets_nothing(stripe: Caller) -> None:
    stripe.post("/v1/topups", amount=1000, currency="eur")
    account = stripe.recipient()
    stripe.lever(f"accounts/{account}/onboard", status="restricted")
    refused = stripe.ask("POST", "/v1/transfers", amount=100, currency="eur", destination=account)
    assert refused.json()["error"]["code"] == "insufficient_capabilities_for_transfer"
    assert stripe.balance("eur") == (1000, 0)


def test_a_transfer_of_a_charge_is_bound_to_it(stripe: Caller) -> None:
    charge, account = stripe.payment(2000, card="pm_card_visa", currency="cad")["latest_charge"], stripe.recipient()

    def send(amount: int, currency: str = "cad") -> int:
        return stripe.ask(
            "POST", "/v1/transfers",
            amount=amount, currency=currency, destination=account, source_transaction=charge,
        ).status_code  # fmt: skip

    assert send(100, "usd") == 400, "another currency"
    assert send(1500) == 200, "though the charge is still pending"
    assert send(501) == 400, "more than the charge"
    assert send(500) == 200
    assert stripe.balance("cad", account) == (0, 2000)


def test_a_transfer_comes_back_up_to_what_it_was(stripe: Caller) -> None:
    stripe.post("/v1/topups", amount=1000, currency="aud")
    account = stripe.recipient()
    transfer = stripe.post("/v1/transfers", amount=1000, currency="aud", destination=account)["id"]
    stripe.post(f"/v1/transfers/{transfer}/reversals", amount=400)
    assert stripe.ask("POST", f"/v1/transfers/{transfer}/reversals", amount=601).status_code == 400
    stripe.post(f"/v1/transfers/{transfer}/reversals")
    shown = stripe.get(f"/v1/transfers/{transfer}")
    assert (shown["amount_reversed"], shown["reversed"]) == (1000, True)
    assert (stripe.balance("aud"), stripe.balance("aud", account)) == ((1000, 0), (0, 0))


def test_refunds_end_at_what_was_paid_and_failed_ones_come_back(stripe: Caller) -> None:
    charge = stripe.payment(1000, currency="nzd")["latest_charge"]
    net = 1000 - 59
    first = stripe.post("/v1/refunds", charge=charge, amount=600)
    assert stripe.balance("nzd") == (net - 600, 0), "the fee is kept"
    more = stripe.ask("POST", "/v1/refunds", charge=charge, amount=401).json()["error"]
    assert (more["param"], more.get("code")) == ("amount", None)
    stripe.post("/v1/refunds", charge=charge)
    again = stripe.ask("POST", "/v1/refunds", charge=charge, amount=1).json()["error"]
    assert again["code"] == "charge_already_refunded"
    stripe.lever(f"refunds/{first['id']}/fail")
    failed = stripe.get(f"/v1/refunds/{first['id']}")
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert stripe.balance("nzd") == (net - 400, 0)
    assert stripe.get(f"/v1/charges/{charge}")["amount_refunded"] == 400


def test_a_dispute_takes_the_money_and_a_fee_and_may_be_won(stripe: Caller) -> None:
    charge = stripe.payment(5000, currency="chf")["latest_charge"]
    net = 5000 - 175
    dispute = stripe.lever(f"charges/{charge}/dispute")
    assert (dispute["status"], dispute["amount"]) == ("needs_response", 5000)
    assert stripe.balance("chf") == (net - 5000 - FEE, 0)
    assert stripe.ask("POST", "/v1/refunds", charge=charge).json()["error"]["code"] == "charge_disputed"
    stripe.lever(f"disputes/{dispute['id']}/win")
    assert stripe.balance("chf") == (net - FEE, 0), "the fee is gone"
    assert stripe.get(f"/v1/charges/{charge}")["disputed"] is False
    lost = stripe.payment(5000, card="pm_card_createDispute", currency="sek")["latest_charge"]
    (opened,) = stripe.get("/v1/disputes", charge=lost)["data"]
    assert stripe.post(f"/v1/disputes/{opened['id']}/close")["status"] == "lost"
    assert stripe.ask("POST", f"/v1/disputes/{opened['id']}/close").status_code == 400


def test_the_account_of_the_balance_is_the_balance(stripe: Caller) -> None:
    stripe.payment(3000, currency="jpy")
    lines = stripe.get("/v1/balance_transactions", limit=100, currency="jpy")["data"]
    assert sum(line["net"] for line in lines) == sum(stripe.balance("jpy"))
    assert all(line["net"] == line["amount"] - line["fee"] for line in lines)
    assert stripe.get("/v1/payouts")["data"] == [], "payouts to banks are not modelled"


def test_an_account_shows_what_is_asked_for(stripe: Caller) -> None:
    account = stripe.recipient()
    assert "configuration" not in stripe.get(f"/v2/core/accounts/{account}")
    asked = {"include[0]": "configuration.recipient", "include[1]": "requirements"}
    shown = stripe.get(f"/v2/core/accounts/{account}", **asked)
    recipient = shown["configuration"]["recipient"]["capabilities"]["stripe_balance"]["stripe_transfers"]
    assert (recipient["status"], shown["requirements"]["entries"]) == ("active", [])
    assert stripe.ask("GET", "/v2/core/accounts/acct_nobody").status_code == 404
