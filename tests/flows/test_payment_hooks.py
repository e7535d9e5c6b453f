"""Stripe's hooks: what is not Stripe's is refused and leaves nothing; what is, is kept once and acts once."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import requests

from app.kit import clock
from app.web.hooks import LARGEST_HOOK
from tests.flows.books import Books, Json
from tests.market import Market
from tests.stack import Jobs

WHOLE = 7100
EVENT = (
    b'{"id": "evt_1", "type": "payment_intent.succeeded", "created": 1795000000, "data": {"object": {"id": "pi_1"}}}'
)
ADDRESS = "/api/webhooks/stripe"


def waiting_for_the_bank(market: Market, jobs: Jobs, books: Books) -> tuple[Json, Json]:
    """An order whose card's owner has confirmed at the bank, which nobody told us; and the payment."""
    books.use_card("pm_card_authenticationRequired")
    jobs.drain()
    order = market.place()
    jobs.drain()
    requests.post(books.charge(order)["action_url"], allow_redirects=False, timeout=5)
    (intent,) = books.payments(order)
    return order, intent


def test_a_hook_that_is_not_stripe_s_is_refused(market: Market, books: Books) -> None:
    forged: dict[str, dict[str, Any]] = {
        "another secret": {"secret": "whsec_somebody_else"},
        "no secret": {"secret": ""},
        "five minutes old": {"age": 301},
        "replayed a day later": {"age": 24 * 3600},
        "a byte more": {"signed": EVENT + b" "},
        "another payment": {"signed": EVENT.replace(b"pi_1", b"pi_2")},
        "cut off": {"signed": EVENT + b"}}"},
    }
    for name, how in forged.items():
        answer = books.send(EVENT, **how)
        assert (answer.status_code, answer.json["code"]) == (400, "bad_signature"), name
    client = market.app.test_client(use_cookies=False)
    signatures = ["t=,v1=", "t=abc,v1=00", "v1=00", "t=1795000000", "\u00e9", "t=1795000000,v1=" + "0" * 5000]
    for headers in ({}, *({"Stripe-Signature": one} for one in signatures)):
        assert client.post(ADDRESS, data=EVENT, headers=headers).status_code == 400, headers
    assert market.count("inbox_messages") == 0


def test_a_signed_body_that_is_no_event_is_refused(market: Market, books: Books) -> None:
    head = b'{"id": "evt_1", "type": "x"'
    for body in (
        b"",
        EVENT[:-10],
        b"\xff\xfe\x00" + EVENT,
        b"null",
        b"[]",
        b'"evt_1"',
        b"{}",
        b'{"id": "evt_1"}',
        head + b"}",
        head + b', "created": "yesterday"}',
        head + b', "created": 99999999999999999}',
        head + b', "created": 1795000000, "data": [1]}',
        head + b', "created": 1795000000, "data": {"object": "pi_1"}}',
        head + b', "created": 1795000000, "data": {"object": {"id": 5}}}',
        b'{"id": "evt_\\u0000", "type": "x", "created": 1795000000}',
        b'{"id": "evt_1", "type": "x\\u0000", "created": 1795000000}',
        b'{"id": "", "type": "x", "created": 1795000000}',
        b'{"id": null, "type": "x", "created": 1795000000}',
        b'{"id": "evt_' + b"1" * 300 + b'", "type": "x", "created": 1795000000}',
        b"[" * 5000,
    ):
        assert books.send(body).status_code == 400, body[:80]
    assert market.count("inbox_messages") == 0


def test_a_hook_that_is_too_large_is_refused_unread(market: Market, books: Books) -> None:
    huge = EVENT[:-1] + b', "more": "' + b"x" * LARGEST_HOOK + b'"}'
    assert books.send(huge).status_code == 413
    # Without saying how long it is.
    client = market.app.test_client(use_cookies=False)
    chunked = client.post(ADDRESS, input_stream=BytesIO(huge), headers={"Transfer-Encoding": "chunked"})
    assert chunked.status_code in (400, 411, 413)
    assert market.count("inbox_messages") == 0


def test_addresses_that_take_no_hooks(market: Market) -> None:
    client = market.app.test_client(use_cookies=False)
    assert client.post("/api/webhooks/paypal", data=EVENT).status_code == 404
    assert client.post("/api/webhooks/manual", data=EVENT).status_code == 400
    assert client.get(ADDRESS).status_code == 405
    assert market.count("inbox_messages") == 0


def test_both_secrets_count_while_one_is_rolled(market: Market, books: Books, set_up: Any) -> None:
    set_up(stripe_webhook_secrets="whsec_new, whsec_old")
    for number, secret in enumerate(("whsec_new", "whsec_old")):
        assert books.send(EVENT.replace(b"evt_1", b"evt_%d" % number), secret=secret).status_code == 200
    assert market.count("inbox_messages") == 2


def test_stripe_s_own_event_acts_once_however_often_it_comes(market: Market, jobs: Jobs, books: Books) -> None:
    order, intent = waiting_for_the_bank(market, jobs, books)
    event = books.told("payment_intent.succeeded", intent["id"])
    for _ in range(3):
        assert books.send(event).status_code == 200
    jobs.drain()
    assert books.send(event).status_code == 200
    jobs.drain()
    assert market.count("inbox_messages") == 1
    assert books.outcome(event) == "charge PAID"
    assert books.taken(order) == [WHOLE]
    assert market.count("journal_entries") == 1
    assert [one["status"] for one in books.queue(market.supplier)] == ["PENDING"]


def test_many_deliveries_of_one_event_at_once_are_one(market: Market, jobs: Jobs, books: Books) -> None:
    _, intent = waiting_for_the_bank(market, jobs, books)
    event = books.told("payment_intent.succeeded", intent["id"])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: books.send(event).status_code, range(16)))
    assert set(answers) == {200}
    assert market.count("inbox_messages") == 1
    jobs.drain()
    assert market.count("journal_entries") == 1


def test_events_out_of_order_end_where_things_stand(market: Market, jobs: Jobs, books: Books) -> None:
    """The failure and the wish for a confirmation come after the success that ended them."""
    order, intent = waiting_for_the_bank(market, jobs, books)
    for kind in ("payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.requires_action"):
        old = {**intent, "status": "requires_action" if "action" in kind else "requires_payment_method"}
        books.hook(kind, old)
        assert books.charge(order)["state"] == "PAID"
        assert books.order(order)["holds"] == []
    assert market.count("inbox_messages") == 3
    assert market.count("journal_entries") == 1


def test_a_hint_that_is_not_true_changes_nothing(market: Market, jobs: Jobs, books: Books) -> None:
    """The state is read from Stripe: an event that says paid of a payment that is not does nothing."""
    books.use_card("pm_card_chargeCustomerFail")
    jobs.drain()
    order = market.place()
    jobs.drain()
    (intent,) = books.payments(order)
    books.hook("payment_intent.succeeded", {**intent, "status": "succeeded", "amount_received": WHOLE})
    assert books.charge(order)["state"] == "FAILED"
    assert books.queue(market.supplier) == []
    assert books.ledger() == {}


def test_things_that_are_not_ours_are_left_alone(market: Market, jobs: Jobs, books: Books) -> None:
    order = books.paid_order()
    before = {name: market.count(name) for name in ("journal_entries", "charges", "refunds", "timeline_entries")}
    profile = books.row("select * from payment_profiles where retailer_id = %s", market.retailer.id)
    foreign = books.by_hand(
        "/v1/payment_intents",
        amount=900, currency="usd", customer=profile["customer_ref"], payment_method=profile["method_ref"],
        confirm="true", off_session="true",
    )  # fmt: skip
    refund = books.by_hand("/v1/refunds", charge=foreign["latest_charge"])
    said = {
        "payment_intent.succeeded": {"id": foreign["id"], "metadata": {}},
        "payment_intent.canceled": {"id": "pi_nobody", "metadata": {"charge_id": "not an id"}},
        "payment_intent.payment_failed": {"id": "pi_nobody", "metadata": None},
        "payment_intent.processing": {"metadata": []},
        "refund.updated": {"id": refund["id"], "metadata": {}},
        "refund.failed": {"id": "re_nobody", "metadata": {"refund_id": str(order["id"])}},
        "checkout.session.completed": {"id": "cs_nobody"},
        "setup_intent.succeeded": {"id": "seti_nobody"},
        "charge.succeeded": {"id": foreign["latest_charge"]},
        "customer.created": {"id": profile["customer_ref"]},
    }
    for kind, about in said.items():
        assert books.hook(kind, about).startswith("ignored"), kind
    assert jobs.open_tasks() == []
    assert {name: market.count(name) for name in before} == before
    assert market.count("inbox_messages") == len(said)


def test_a_payment_by_hand_that_names_our_charge_but_is_too_small_does_not_pay_it(
    market: Market, jobs: Jobs, books: Books
) -> None:
    books.use_card("pm_card_chargeCustomerFail")
    jobs.drain()
    order = market.place()
    jobs.drain()
    profile = books.row("select * from payment_profiles where retailer_id = %s", market.retailer.id)
    values: dict[str, Any] = {"metadata[charge_id]": str(books.charge(order)["id"]), "payment_method": "pm_card_visa"}
    for amount, state in ((WHOLE - 1, "FAILED"), (WHOLE, "PAID")):
        made = books.by_hand(
            "/v1/payment_intents",
            amount=amount, currency="usd", customer=profile["customer_ref"], confirm="true", off_session="true",
            **values,
        )  # fmt: skip
        assert books.hook("payment_intent.succeeded", made) == f"charge {state}"
        assert len(books.queue(market.supplier)) == (1 if state == "PAID" else 0)


def test_a_card_saved_at_stripe_is_taken_over_though_its_owner_never_came_back(
    market: Market, jobs: Jobs, books: Books
) -> None:
    books.use_card("pm_card_chargeCustomerFail")
    jobs.drain()
    order = market.place()
    jobs.drain()
    away = books.browser(market.retailer).submit("/app/billing", "/app/billing/card")
    requests.post(away.headers["Location"], data={"card": "pm_card_mastercard"}, allow_redirects=False, timeout=5)
    session = away.headers["Location"].rsplit("/", 1)[1]
    event = books.told("checkout.session.completed", session)
    for _ in range(2):
        assert books.send(event).status_code == 200
    jobs.drain()
    assert books.outcome(event) == "payment method saved"
    assert books.taken(order) == [WHOLE]
    label = books.row("select method_label from payment_profiles where retailer_id = %s", market.retailer.id)
    assert label["method_label"] == "Mastercard ending 4444"
    # Coming back after all finds it done.
    books.browser(market.retailer).get(f"/app/billing?setup={session}")
    jobs.drain()
    assert books.taken(order) == [WHOLE]


def test_an_account_s_hook_moves_that_supplier_s_account_only(market: Market, jobs: Jobs, books: Books) -> None:
    accounts = {
        row["supplier_id"]: row["account_ref"]
        for row in books.rows("select supplier_id, account_ref from payout_accounts")
    }
    mine = accounts[market.supplier.id]
    books.lever(f"accounts/{mine}/onboard", status="restricted")
    for number, reference in enumerate((mine, "acct_nobody")):
        thin = {
            "id": f"evt_thin_{number}",
            "object": "v2.core.event",
            "type": "v2.core.account[requirements].updated",
            "created": clock.iso(clock.now()),
            "related_object": {"id": reference, "type": "v2.core.account", "url": f"/v2/core/accounts/{reference}"},
        }
        assert books.send(thin).status_code == 200
    jobs.drain()
    capabilities = {
        row["supplier_id"]: row["capability"]
        for row in books.rows("select supplier_id, capability from payout_accounts")
    }
    assert capabilities == {market.supplier.id: "restricted", market.other_supplier.id: "active"}
    assert "Stripe needs" in books.browser(market.supplier).get("/supplier/statements").text


def test_a_hook_waits_while_stripe_is_away_and_acts_once(market: Market, jobs: Jobs, books: Books) -> None:
    order, intent = waiting_for_the_bank(market, jobs, books)
    books.fault("http_500", f"/v1/payment_intents/{intent['id']}", method="GET")
    event = books.told("payment_intent.succeeded", intent["id"])
    assert books.send(event).status_code == 200
    jobs.drain()
    assert books.outcome(event) is None
    assert books.charge(order)["state"] == "ACTION_REQUIRED"
    jobs.drain(retries=True)
    assert books.outcome(event) == "charge PAID"
    assert market.count("journal_entries") == 1


def test_a_hook_is_kept_sealed(market: Market, books: Books) -> None:
    """What Stripe sends may name people; the table gives nothing of it away."""
    event = books.event("customer.created", {"id": "cus_1", "email": "ada@shopper.example"})
    assert books.send(event).status_code == 200
    kept = books.row("select body, headers, topic from inbox_messages")
    assert b"ada@shopper" not in bytes(kept["body"])
    assert (kept["headers"], kept["topic"]) == ({}, "customer.created")
    assert abs(time.time() - json.loads(json.dumps(event))["created"]) < 60
