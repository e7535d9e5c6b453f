"""Webhooks from what happens to the receiver: signed, in order, at least once, to nobody else; and what follows when a
receiver does not take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.identity.models import Organisation
from app.kit import clock
from app.notifications.queries import open_notices
from app.notifications.service import latest_emails
from app.webhooks.models import WebhookDelivery, WebhookEvent
from app.webhooks.rules import GIVE_UP_AFTER, types_of
from app.webhooks.service import Fact, record
from tests import factories
from tests.flows.books import Json
from tests.market import Market, Party
from tests.receiver import Answer, Message, Receiver, documented_check, receiving
from tests.stack import Jobs


@pytest.fixture
def receiver(set_up: Callable[..., None]) -> Iterator[Receiver]:
    """A receiver on loopback, which this installation may reach."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    with receiving() as found:
        yield found


@dataclass(slots=True)
class Endpoint:
    """An endpoint, asked about by its owner."""

    owner: Party
    id: str
    secret: str

    @property
    def path(self) -> str:
        return f"/api/webhook-endpoints/{self.id}"

    def seen(self) -> Json:
        """As the API shows it."""
        return dict(self.owner.api.get(self.path).json)

    def deliveries(self, **query: str) -> list[Json]:
        """What was sent, the oldest first."""
        found = self.owner.api.get(f"{self.path}/deliveries", **query)
        assert found.status_code == 200, found.text
        return list(reversed(found.json["items"]))

    def post(self, what: str, body: Json | None = None, status: int = 202) -> Json:
        """Do something with it."""
        answer = self.owner.api.post(f"{self.path}/{what}", body or {})
        assert answer.status_code == status, answer.text
        return dict(answer.json)

    def switch(self, state: str) -> Json:
        """Pause or resume it."""
        answer = self.owner.api.call("PATCH", self.path, json={"state": state})
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


def add(party: Party, receiver: Receiver, *events: str, path: str = "") -> Endpoint:
    """An endpoint at the receiver; of all events unless told."""
    kind = "supplier" if party.api.get("/api/supplier/orders").status_code == 200 else "retailer"
    chosen = list(events) or [one.name for one in types_of(kind)]
    answer = party.api.post("/api/webhook-endpoints", {"url": receiver.url + path, "events": chosen})
    assert answer.status_code == 201, answer.text
    return Endpoint(party, answer.json["id"], answer.json["secret"])


def happen(market: Market, *subjects: str, party: Party | None = None, type_name: str = "payout.sent") -> list[str]:
    """Something happens to each of these objects. Returns the ids of the events."""
    supplier = (party or market.supplier).id
    with db.system_scope(actor="test"), db.transaction() as session:
        record(
            session,
            [
                Fact(
                    organisation_id=supplier,
                    kind="supplier",
                    type=type_name,
                    subject=subject,
                    data={"payout_id": subject},
                )
                for subject in subjects
            ],
        )
        rows = session.scalars(
            select(WebhookEvent.id).where(WebhookEvent.organisation_id == supplier).order_by(WebhookEvent.position)
        )
        return [str(one) for one in rows][-len(subjects) :]


def told(receiver: Receiver) -> list[str]:
    """What the messages were about, in the order in which they came."""
    return [message.event["data"]["payout_id"] for message in receiver.messages]


def after(jobs: Jobs, **time: float) -> None:
    """So much later, what is to be tried again by then is."""
    with clock.shifted(timedelta(**time)):
        jobs.run_scheduled("schedule_webhooks")


def refusing(*payouts: str, status: int = 500) -> Callable[[Message], Answer]:
    """A receiver that takes everything but messages about these."""
    return lambda message: Answer(status if message.event["data"]["payout_id"] in payouts else 200)


def test_an_order_is_told_to_both_sides_from_click_to_door(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    supplier, retailer = add(market.supplier, receiver, path="/s"), add(market.retailer, receiver, path="/r")
    strangers = [add(market.other_supplier, receiver), add(market.other_retailer, receiver)]

    order = market.place((market.lamp.variants[0], 2))
    jobs.drain()
    (po,) = market.supplier.api.get("/api/supplier/orders").json["items"]
    lines = [{"line_id": line["id"], "quantity": line["quantity"]} for line in po["lines"]]
    answer = [{"line_id": line["id"], "status": "accepted"} for line in po["lines"]]
    market.supplier.api.post(f"/api/supplier/orders/{po['id']}/acknowledge", {"lines": answer})
    jobs.drain()
    parcel = {"carrier": "manual", "tracking_number": "T-1", "lines": lines}
    shipped = market.supplier.api.post(f"/api/supplier/orders/{po['id']}/ship", {"parcels": [parcel]})
    assert shipped.status_code == 201, shipped.text
    jobs.drain()

    def types(one: Endpoint) -> list[str]:
        return [row["type"] for row in one.deliveries()]

    seller = types(supplier)
    assert [one for one in seller if one != "purchase_order.updated"] == ["purchase_order.created", "shipment.created"]
    assert "purchase_order.updated" in seller
    buyer = types(retailer)
    kept = [one for one in buyer if one != "order.updated"]
    assert kept == ["order.created", "order.paid", "purchase_order.acknowledged", "shipment.created"]
    assert [types(one) for one in strangers] == [[], []]
    assert {row["state"] for one in (supplier, retailer) for row in one.deliveries()} == {"DELIVERED"}

    check = documented_check()
    secrets = {str(supplier.id): supplier.secret, str(retailer.id): retailer.secret}
    for message in receiver.messages:
        good = [one for one, secret in secrets.items() if check(secret, message.headers, message.body)]
        assert len(good) == 1
        assert message.headers["content-type"] == "application/json"
        # What is told leads to the object, for the one that is told.
        party = market.supplier if good == [supplier.id] else market.retailer
        assert party.api.get(message.event["data"]["url"].split("//")[1].partition("/")[2]).status_code == 200
    assert "Ada" not in str([message.body for message in receiver.messages])
    assert any(order["id"] in str(message.body) for message in receiver.messages)


def test_stock_and_prices_are_told_to_those_who_list_them(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    chosen = ("listing.stock_changed", "listing.price_changed")
    listing, other = (add(one, receiver, *chosen) for one in (market.retailer, market.other_retailer))
    body = {"store_id": str(market.store_id), "items": [{"product_id": str(market.lamp.product_id)}]}
    assert market.retailer.api.post("/api/products/import", body).status_code == 202
    jobs.drain()

    sku = market.lamp.skus[0]
    price = {"amount": "12.00", "currency": "USD"}
    for path, item in (
        ("/api/supplier/inventory/batch", {"sku": sku, "quantity": 3}),
        ("/api/supplier/prices/batch", {"sku": sku, "wholesale_price": price}),
    ):
        assert market.supplier.api.post(path, {"items": [item]}).json["items"][0]["status"] == "ok"
    jobs.drain()

    events = {message.event["type"]: message.event["data"] for message in receiver.messages}
    assert set(events) == set(chosen)
    assert str(market.lamp.variants[0]) in events["listing.stock_changed"]["variant_ids"]
    assert len(events["listing.price_changed"]["listing_ids"]) == 1
    assert other.deliveries() == []
    assert {row["state"] for row in listing.deliveries()} == {"DELIVERED"}


def test_a_refused_message_comes_again_the_same_until_it_is_taken(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    endpoint = add(market.supplier, receiver)
    receiver.refuses(503, body=b"not now" * 1000)
    (event_id,) = happen(market, "p1")
    jobs.drain()

    (row,) = endpoint.deliveries()
    assert (row["state"], row["attempts"], row["response_status"], row["error"]) == ("WAITING", 1, 503, "http_503")
    assert len(row["response_body"]) == 1024
    after(jobs, seconds=4)
    assert len(receiver.messages) == 1

    receiver.takes()
    after(jobs, seconds=6)
    (row,) = endpoint.deliveries()
    assert (row["state"], row["attempts"], row["response_status"], row["error"]) == ("DELIVERED", 2, 200, None)
    first, second = receiver.messages
    assert first.id == second.id == event_id
    assert first.body == second.body
    assert second.headers["webhook-timestamp"] != first.headers["webhook-timestamp"], "signed for the attempt"
    check = documented_check()
    assert check(endpoint.secret, second.headers, second.body, now=int(second.headers["webhook-timestamp"]))

    after(jobs, days=1)
    assert len(receiver.messages) == 2, "what was taken is not sent again"


def test_a_receiver_that_asks_for_a_pause_gets_it(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    add(market.supplier, receiver)
    receiver.refuses(429, headers=(("Retry-After", "600"),))
    happen(market, "p1")
    jobs.drain()
    receiver.takes()

    after(jobs, seconds=590)
    assert len(receiver.messages) == 1
    after(jobs, seconds=610)
    assert len(receiver.messages) == 2


def test_one_message_that_is_refused_holds_up_its_own_object_only(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    endpoint = add(market.supplier, receiver)
    receiver.answering = refusing("p1")
    first = happen(market, "p1", "p2")
    second = happen(market, "p1", "p2")
    jobs.drain()
    assert sorted(told(receiver)) == ["p1", "p2", "p2"]
    for seconds in (6, 40, 200, 900):
        after(jobs, seconds=seconds)
    assert endpoint.seen()["state"] == "ACTIVE", "an endpoint that takes all others works"

    happen(market, "p3")
    jobs.drain()
    assert told(receiver)[-1] == "p3"
    receiver.takes()
    after(jobs, days=1)
    came = [message.id for message in receiver.messages if message.event["data"]["payout_id"] == "p1"]
    assert list(dict.fromkeys(came)) == [first[0], second[0]]
    assert {row["state"] for row in endpoint.deliveries()} == {"DELIVERED"}


def test_an_endpoint_that_takes_nothing_is_asked_seldom_and_hinders_no_other(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    broken, well = add(market.supplier, receiver, path="/broken"), add(market.supplier, receiver, path="/well")
    check = documented_check()
    receiver.answering = lambda message: Answer(500 if check(broken.secret, message.headers, message.body) else 200)
    for number in range(5):
        happen(market, f"p{number}")
        jobs.drain()
    assert broken.seen()["state"] == "FAILING"
    assert [row["state"] for row in well.deliveries()] == ["DELIVERED"] * 5
    asked = len(receiver.messages)

    after(jobs, seconds=100)
    assert len(receiver.messages) == asked, "two minutes have not passed"
    after(jobs, minutes=3)
    assert len(receiver.messages) == asked + 1, "one message finds out whether it works again"

    receiver.takes()
    after(jobs, hours=1)
    assert {row["state"] for row in broken.deliveries()} == {"DELIVERED"}
    seen = broken.seen()
    assert (seen["state"], seen["failing_since"], seen["next_attempt_at"]) == ("ACTIVE", None, None)


def test_a_receiver_that_hangs_costs_its_ten_seconds_and_no_more(
    receiver: Receiver, market: Market, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.jobs.deliver_webhooks.ANSWER_SECONDS", 0.3)
    endpoint = add(market.supplier, receiver)
    held = receiver.lock
    with held:
        happen(market, "p1")
        jobs.drain()

    (row,) = endpoint.deliveries()
    assert (row["state"], row["error"], row["response_status"]) == ("WAITING", "no_answer", None)
    assert 250 < row["latency_ms"] < 5000


def test_after_three_days_an_endpoint_is_switched_off_and_what_was_missed_can_be_had(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner")
    endpoint = add(market.supplier, receiver)
    receiver.refuses()
    begun = clock.now()
    missed = happen(market, "p1", "p2")
    jobs.drain()
    for hours in (1, 2, 5, 11, 23, 47, 71, 73):
        after(jobs, hours=hours)
    assert endpoint.seen()["state"] == "DISABLED"
    assert {(row["state"]) for row in endpoint.deliveries()} == {"FAILED"}
    with db.system_scope(actor="test"), db.transaction() as session:
        (notice,) = [one for one in open_notices(session, market.supplier.id) if one.kind == "webhook_failing"]
        letters = [one for one in latest_emails(session) if one.kind == "webhook_failing"]
    assert (notice.severity, notice.title) == ("critical", "A webhook endpoint was switched off")
    assert len({one.subject for one in letters}) >= 2
    assert len(letters) <= 5, "at most once a day, and once at the end"

    missed += happen(market, "p3")
    jobs.drain()
    asked = len(receiver.messages)
    after(jobs, days=4)
    assert len(receiver.messages) == asked, "nothing is sent to it any more"
    refused = market.supplier.api.post(f"{endpoint.path}/redeliver", {"since": clock.iso(begun)})
    assert (refused.status_code, refused.json["code"]) == (409, "endpoint_closed")

    receiver.takes()
    receiver.messages.clear()
    endpoint.switch("ACTIVE")
    assert endpoint.post("redeliver", {"since": clock.iso(begun)}) == {"deliveries": 3}
    jobs.drain()
    assert sorted(message.id for message in receiver.messages) == sorted(missed)
    assert endpoint.post("redeliver", {"since": clock.iso(begun)}) == {"deliveries": 0}
    with db.system_scope(actor="test"), db.transaction() as session:
        assert "webhook_failing" not in {one.kind for one in open_notices(session, market.supplier.id)}


def test_an_endpoint_that_says_it_is_gone_is_switched_off_at_once(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    endpoint = add(market.supplier, receiver)
    receiver.refuses(410)
    happen(market, "p1")
    jobs.drain()

    assert endpoint.seen()["state"] == "DISABLED"
    with db.system_scope(actor="test"), db.transaction() as session:
        assert "webhook_failing" in {one.kind for one in open_notices(session, market.supplier.id)}


def test_a_message_is_given_up_after_three_days_and_its_object_goes_on(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    endpoint = add(market.supplier, receiver)
    receiver.answering = refusing("p1", status=400)
    bad, good = happen(market, "p1"), happen(market, "p2")
    jobs.drain()
    days = 0
    while endpoint.deliveries()[0]["state"] == "WAITING":
        days += 1
        assert timedelta(days=days) <= GIVE_UP_AFTER + timedelta(days=1)
        with clock.shifted(timedelta(days=days)):
            happen(market, "p2")
            jobs.drain()
        after(jobs, days=days)
    assert endpoint.seen()["state"] == "ACTIVE"

    receiver.takes()
    one = endpoint.deliveries()[0]
    assert (one["event_id"], one["error"]) == (bad[0], "http_400")
    endpoint.post(f"deliveries/{one['id']}/redeliver")
    jobs.drain()
    assert receiver.messages[-1].id == bad[0]
    assert endpoint.deliveries(state="FAILED") == []
    assert good


def test_what_happens_while_an_endpoint_is_paused_waits(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    endpoint = add(market.supplier, receiver)
    endpoint.switch("PAUSED")
    happen(market, "p1")
    jobs.drain()
    after(jobs, days=10)
    assert receiver.messages == []

    endpoint.switch("ACTIVE")
    jobs.drain()
    assert told(receiver) == ["p1"]


def test_a_test_event_is_tried_once_in_any_state(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    endpoint = add(market.supplier, receiver, "payout.sent")
    endpoint.switch("PAUSED")
    endpoint.post("test")
    waits = market.supplier.api.post(f"{endpoint.path}/test", {})
    assert (waits.status_code, waits.json["code"]) == (409, "test_waits")
    jobs.drain()
    assert receiver.types == ["endpoint.test"]
    assert receiver.messages[0].event["data"]["endpoint_id"] == endpoint.id

    receiver.refuses()
    endpoint.post("test")
    jobs.drain()
    after(jobs, days=1)
    assert [row["state"] for row in endpoint.deliveries()] == ["DELIVERED", "FAILED"]
    assert endpoint.seen()["failing_since"] is None


def test_while_a_secret_changes_messages_are_signed_with_both(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    endpoint = add(market.supplier, receiver)
    check = documented_check()

    def good(secret: str) -> bool:
        message = receiver.messages[-1]
        return check(secret, message.headers, message.body, now=int(message.headers["webhook-timestamp"]))

    new = endpoint.post("rotate", {"overlap_hours": 6}, status=200)["secret"]
    happen(market, "p1")
    jobs.drain()
    assert good(endpoint.secret)
    assert good(new)
    with clock.shifted(timedelta(hours=7)):
        happen(market, "p2")
        jobs.drain()
    assert not good(endpoint.secret)
    assert good(new)

    newest = endpoint.post("rotate", {"overlap_hours": 0}, status=200)["secret"]
    happen(market, "p3")
    jobs.drain()
    assert not good(new)
    assert good(newest)


@pytest.mark.parametrize("address", ["10.0.0.7", "169.254.169.254", "127.0.0.1", "[::1]", "localhost"])
def test_nothing_behind_our_own_walls_is_reached(market: Market, jobs: Jobs, address: str) -> None:
    body = {"url": f"https://{address}:9/hooks", "events": ["payout.sent"]}
    made = market.supplier.api.post("/api/webhook-endpoints", body)
    assert made.status_code == 201, made.text
    endpoint = Endpoint(market.supplier, made.json["id"], made.json["secret"])
    happen(market, "p1")
    jobs.drain()

    assert [(row["error"], row["response_status"]) for row in endpoint.deliveries()] == [("address_refused", None)]


def test_plain_http_is_refused_unless_an_operator_allows_the_host(market: Market) -> None:
    refused = market.supplier.api.post(
        "/api/webhook-endpoints", {"url": "http://example.com/hooks", "events": ["payout.sent"]}
    )

    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "url")


def test_a_redirect_is_a_refusal(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    endpoint = add(market.supplier, receiver)
    receiver.refuses(302, headers=(("Location", receiver.url + "/elsewhere"),))
    happen(market, "p1")
    jobs.drain()

    assert len(receiver.messages) == 1
    assert endpoint.deliveries()[0]["error"] == "http_302"


def test_a_removed_endpoint_gets_nothing_more(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    endpoint = add(market.supplier, receiver)
    receiver.refuses()
    happen(market, "p1")
    jobs.drain()
    assert market.supplier.api.call("DELETE", endpoint.path).status_code == 204

    happen(market, "p2")
    jobs.drain()
    after(jobs, days=1)
    assert told(receiver) == ["p1"]
    assert market.supplier.api.get(endpoint.path).status_code == 404
    assert market.supplier.api.get("/api/webhook-endpoints").json["items"] == []


def test_an_organisation_without_programs_costs_nothing(market: Market, jobs: Jobs) -> None:
    """Neither events nor tasks are made for those whose programs could not ask for them."""
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql("update api_keys set scopes = scopes - 'read:events'")
    before = market.count("webhook_events")
    market.place()
    jobs.drain()

    assert market.count("webhook_events") == before
    with db.system_scope(actor="test"), db.transaction() as session:
        statement = "select count(*) from tasks where job in ('record_facts', 'record_stock') and created_at > ("
        statement += "select min(created_at) from orders)"
        assert session.connection().exec_driver_sql(statement).scalar_one() == 0


def test_events_and_deliveries_go_after_their_time(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    endpoint = add(market.supplier, receiver)
    happen(market, "p1")
    jobs.drain()
    receiver.refuses()
    happen(market, "p2")
    jobs.drain()
    with clock.shifted(timedelta(days=31)):
        jobs.run_scheduled("purge_webhooks")
    assert [row["state"] for row in endpoint.deliveries()] == ["WAITING"]
    assert len(market.supplier.api.get("/api/events", type="payout.sent").json["items"]) == 2

    with clock.shifted(timedelta(days=91)):
        jobs.run_scheduled("purge_webhooks")
    assert endpoint.deliveries() == []
    assert market.supplier.api.get("/api/events").json["items"] == []


def test_a_message_of_which_nobody_noted_the_answer_is_sent_again_with_its_id(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    """As if the worker had been killed between sending and noting: its task and its delivery are as before."""
    endpoint = add(market.supplier, receiver)
    (event_id,) = happen(market, "p1")
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        (row,) = session.scalars(select(WebhookDelivery))
        row.state, row.attempts, row.delivered_at = "WAITING", 0, None
    after(jobs, seconds=0)

    assert [message.id for message in receiver.messages] == [event_id, event_id]
    assert [(one["state"], one["attempts"]) for one in endpoint.deliveries()] == [("DELIVERED", 1)]
