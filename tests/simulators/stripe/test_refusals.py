"""What Stripe's OpenAPI and its error table refuse: status, type, code and parameter (docs.stripe.com/api/errors)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.simulators.stripe.cards import BEHAVIOURS
from tests.simulators.stripe.conftest import Caller


def error(answer: requests.Response) -> tuple[int, str, str | None, str | None]:
    """Status, type, code and parameter."""
    told = answer.json()["error"]
    assert told["message"]
    return answer.status_code, told["type"], told.get("code"), told.get("param")


@pytest.mark.parametrize(
    ("path", "values", "code", "param"),
    [
        ("/v1/customers", {"bogus": "1"}, "parameter_unknown", "bogus"),
        ("/v1/payment_intents", {"currency": "usd"}, "parameter_missing", "amount"),
        ("/v1/payment_intents", {"amount": "12.50", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ("/v1/payment_intents", {"amount": 10, "currency": "usd"}, "amount_too_small", "amount"),
        ("/v1/payment_intents", {"amount": 500, "currency": "usd", "capture_method": "soon"}, None, "capture_method"),
        ("/v1/payment_intents", {"amount": 500, "currency": "usd", "off_session": "true"}, None, "off_session"),
        (
            "/v1/payment_intents",
            {
                "amount": 500,
                "currency": "usd",
                "automatic_payment_methods[bogus]": "1",
                "automatic_payment_methods[enabled]": "true",
            },
            "parameter_unknown",
            "automatic_payment_methods[bogus]",
        ),
        ("/v1/refunds", {"amount": 5}, "parameter_missing", "charge"),
        ("/v1/transfers", {"amount": 5, "currency": "usd"}, "parameter_missing", "destination"),
        ("/v2/core/accounts", {"bogus": 1}, "parameter_unknown", "bogus"),
    ],
)
def test_a_request_that_is_not_stripe_s_is_refused(
    stripe: Caller, path: str, values: dict[str, Any], code: str | None, param: str
) -> None:
    assert error(stripe.ask("POST", path, **values)) == (400, "invalid_request_error", code, param)


def test_what_is_not_there_is_missing(stripe: Caller) -> None:
    assert error(stripe.ask("GET", "/v1/charges/ch_x")) == (404, "invalid_request_error", "resource_missing", "id")
    gone = stripe.ask("POST", "/v1/refunds", charge="ch_x", amount=5)
    assert error(gone) == (404, "invalid_request_error", "resource_missing", "charge")
    nobody = stripe.ask("POST", "/v1/transfers", amount=5, currency="usd", destination="acct_x")
    assert error(nobody) == (400, "invalid_request_error", "resource_missing", "destination")
    assert stripe.ask("GET", "/v1/nonsense").status_code == 404
    assert stripe.ask("GET", "/v1/subscriptions").status_code == 404, "not served, and not made up"


def test_who_asks_is_looked_at(stripe: Caller) -> None:
    for header in ({}, {"Authorization": "Bearer sk_live_x"}, {"Authorization": "Bearer "}):
        answer = requests.get(f"{stripe.url}/v1/balance", headers=header, timeout=5)
        assert error(answer)[:2] == (401, "invalid_request_error")
    assert requests.get(f"{stripe.url}/v1/balance", auth=("sk_test_own", ""), timeout=5).status_code == 200
    other = stripe.ask("GET", "/v1/balance", account="acct_nobody")
    assert error(other) == (403, "invalid_request_error", "account_invalid", None)


def test_lists_have_limits_and_one_cursor(stripe: Caller) -> None:
    ids = [stripe.post("/v1/customers")["id"] for _ in range(3)]
    for limit in (0, 101):
        assert error(stripe.ask("GET", "/v1/customers", limit=limit))[2:] == ("parameter_invalid_integer", "limit")
    both = stripe.ask("GET", "/v1/customers", starting_after=ids[0], ending_before=ids[1])
    assert error(both)[2] == "parameters_exclusive"
    unknown = stripe.ask("GET", "/v1/customers", starting_after="cus_x")
    assert error(unknown)[3] == "starting_after"
    page = stripe.get("/v1/customers", limit=2)
    assert [one["id"] for one in page["data"]] == [ids[2], ids[1]]
    assert page["has_more"] is True
    assert stripe.get("/v1/customers", limit=1, starting_after=ids[1])["data"][0]["id"] == ids[0]


def test_only_what_can_be_expanded_is(stripe: Caller) -> None:
    intent = stripe.payment(500)["id"]
    path = f"/v1/payment_intents/{intent}"
    assert isinstance(stripe.get(path)["latest_charge"], str)
    full = stripe.get(path, **{"expand[]": "latest_charge.balance_transaction"})
    assert full["latest_charge"]["balance_transaction"]["net"] == 500 - 45
    assert error(stripe.ask("GET", path, **{"expand[]": "amount"}))[3] == "expand"


@pytest.mark.parametrize("card", sorted(name for name, one in BEHAVIOURS.items() if one.decline and not one.attaches))
def test_a_card_that_is_declined_says_why(stripe: Caller, card: str) -> None:
    decline = BEHAVIOURS[card].decline
    assert decline is not None
    answer = stripe.ask("POST", "/v1/payment_intents", amount=500, currency="usd", payment_method=card, confirm="true")
    assert error(answer)[:3] == (402, "card_error", decline[0])
    told = answer.json()["error"]
    assert (told["decline_code"], told["advice_code"]) == decline[1:]
    assert told["payment_intent"]["status"] == "requires_payment_method"
    charge = stripe.get(f"/v1/charges/{told['charge']}")
    assert (charge["status"], charge["paid"], charge["failure_code"]) == ("failed", False, decline[0])
    assert charge["balance_transaction"] is None
    customer = stripe.post("/v1/customers")["id"]
    refused = stripe.ask("POST", f"/v1/payment_methods/{card}/attach", customer=customer)
    assert refused.status_code == 402


def test_a_card_wants_its_owner_as_published(stripe: Caller) -> None:
    def charged(card: str, **more: str) -> requests.Response:
        customer, method = stripe.customer(card)
        return stripe.ask(
            "POST", "/v1/payment_intents",
            amount=500, currency="usd", customer=customer, payment_method=method, confirm="true", **more,
        )  # fmt: skip

    away = charged("pm_card_authenticationRequired", off_session="true")
    assert error(away)[:3] == (402, "card_error", "authentication_required")
    assert away.json()["error"]["payment_intent"]["last_payment_error"]["code"] == "authentication_required"
    here = charged("pm_card_authenticationRequired", return_url="https://crossdock.example/").json()
    assert here["status"] == "requires_action"
    assert here["next_action"]["redirect_to_url"]["url"].startswith(stripe.url)
    assert charged("pm_card_authenticationRequiredOnSetup", off_session="true").json()["status"] == "succeeded"


def test_payments_in_the_wrong_state_stay(stripe: Caller) -> None:
    paid = stripe.payment(500)["id"]
    for verb in ("confirm", "cancel"):
        answer = stripe.ask("POST", f"/v1/payment_intents/{paid}/{verb}")
        assert error(answer)[:3] == (400, "invalid_request_error", "payment_intent_unexpected_state")
        assert answer.json()["error"]["payment_intent"]["status"] == "succeeded"
    customer, method = stripe.customer()
    stripe.post(f"/v1/payment_methods/{method}/detach")
    gone = stripe.ask(
        "POST", "/v1/payment_intents",
        amount=500, currency="usd", customer=customer, payment_method=method, confirm="true",
    )  # fmt: skip
    assert error(gone)[:2] == (400, "invalid_request_error")
