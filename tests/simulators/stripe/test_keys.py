"""Idempotency keys: the first outcome again, a conflict, and an end (docs.stripe.com/api/idempotent_requests)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.simulators.stripe.conftest import Caller, fresh


def test_a_repeated_key_replays_the_first_outcome(stripe: Caller) -> None:
    key = fresh("customer")
    first = stripe.ask("POST", "/v1/customers", key=key, name="Ada")
    again = stripe.ask("POST", "/v1/customers", key=key, name="Ada")
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Idempotency-Key"] == key
    assert stripe.ask("POST", "/v1/customers", name="Ada").json()["id"] != first.json()["id"]


def test_a_key_used_for_something_else_is_a_conflict(stripe: Caller) -> None:
    key = fresh("customer")
    stripe.ask("POST", "/v1/customers", key=key, name="Ada")
    for path, values in (("/v1/customers", {"name": "Eve"}), ("/v1/setup_intents", {})):
        answer = stripe.ask("POST", path, key=key, **values)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "idempotency_error"


def test_a_decline_is_kept_and_a_malformed_request_is_not(stripe: Caller) -> None:
    customer, method = stripe.customer("pm_card_chargeCustomerFail")
    key = fresh("payment")
    wanted = {"amount": 500, "currency": "usd", "customer": customer, "payment_method": method, "confirm": "true"}
    answers = [stripe.ask("POST", "/v1/payment_intents", key=key, **wanted) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [402, 402]
    assert answers[0].json()["error"]["payment_intent"] == answers[1].json()["error"]["payment_intent"]
    key = fresh("payment")
    assert stripe.ask("POST", "/v1/payment_intents", key=key, amount="much").status_code == 400
    assert stripe.ask("POST", "/v1/payment_intents", key=key, amount=500, currency="usd").status_code == 200


def test_a_key_ends_after_a_day(stripe: Caller) -> None:
    """Who asks again later does it again."""
    key = fresh("topup")
    first = stripe.ask("POST", "/v1/topups", key=key, amount=100, currency="cad").json()["id"]
    stripe.lever("clock", advance_seconds=23 * 3600)
    assert stripe.ask("POST", "/v1/topups", key=key, amount=100, currency="cad").json()["id"] == first
    stripe.lever("clock", advance_seconds=3601)
    assert stripe.ask("POST", "/v1/topups", key=key, amount=100, currency="cad").json()["id"] != first
    assert stripe.balance("cad") == (200, 0)


def test_a_key_counts_for_its_account_alone(stripe: Caller) -> None:
    key, account = fresh("customer"), stripe.recipient()
    mine = stripe.ask("POST", "/v1/customers", key=key).json()["id"]
    assert stripe.ask("POST", "/v1/customers", key=key, account=account).json()["id"] != mine


def test_one_key_asked_at_once_is_done_once(stripe: Caller) -> None:
    key = fresh("topup")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: stripe.ask("POST", "/v1/topups", key=key, amount=70, currency="aud"), range(8))
        )
    done = {answer.json()["id"] for answer in answers if answer.status_code == 200}
    assert len(done) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert stripe.balance("aud") == (70, 0)


def test_after_a_lost_answer_the_key_gives_what_was_done(stripe: Caller) -> None:
    for kind, replayed in (("timeout_before", None), ("timeout_after_commit", "true")):
        key = fresh("topup")
        stripe.lever("faults", kind=kind, match={"path": "/v1/topups"})
        try:
            lost = stripe.ask("POST", "/v1/topups", key=key, amount=10, currency="gbp").status_code
        except OSError:
            lost = 0
        assert lost == 0
        again = stripe.ask("POST", "/v1/topups", key=key, amount=10, currency="gbp")
        assert again.headers.get("Idempotent-Replayed") == replayed
    assert stripe.balance("gbp") == (20, 0)
