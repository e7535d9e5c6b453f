"""The exceptions inbox: what is stuck is listed with its way out, to those whose business it is, and goes by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from app import db
from app.exceptions.kind import Party
from app.exceptions.queries import Reader, all_kinds, inbox, kinds_for
from app.fulfillment.service import note_store_refused
from app.kit import clock
from app.kit.errors import Invalid
from app.orders import service as orders
from app.orders.rules import HoldReason
from app.outbox.models import TaskState
from app.purchasing.models import PurchaseOrder
from app.web.exceptions.fixes import kinds_with_fixes
from tests.flows.books import Books
from tests.flows.storefront import Json, Storefront
from tests.market import Api, Market
from tests.market import Party as Member
from tests.stack import Jobs
from tests.web.browsing import text_of


def listed(api: Api, path: str = "/api/exceptions", **query: object) -> list[Json]:
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def run(statement: str, *values: object) -> None:
    """Something that happened outside of the house."""
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(statement, tuple(str(value) for value in values))


def unanswered_in_time() -> timedelta:
    """From now until every supplier should have answered; how long that is depends on the day of the week."""
    with db.system_scope(actor="test"), db.transaction() as session:
        last: datetime = session.scalars(select(func.max(PurchaseOrder.acknowledge_by))).one()
    return last - clock.now() + timedelta(hours=1)


def supplier_list(member: Member) -> list[Json]:
    return listed(member.api, "/api/supplier/exceptions")


def waiting_in_navigation(books: Books, member: Member, page: str) -> str:
    """What the navigation's entry says, once per menu."""
    link = BeautifulSoup(books.browser(member).get(page).text, "html.parser").select_one("nav a[href$='/exceptions']")
    assert link is not None
    return link.get_text(" ", strip=True)


def test_an_order_on_hold_is_listed_with_its_way_out_until_it_goes_on(market: Market, books: Books) -> None:
    order = market.place()
    held = market.retailer.api.post(f"/api/orders/{order['id']}/hold", {"note": "Call first"})
    assert held.status_code == 409, "suppliers have it: nothing to hold"
    run("update charges set state = 'PENDING'")
    storeless = market.retailer
    assert listed(storeless.api) == []
    with db.system_scope(actor="test"), db.transaction() as session:
        orders.hold(session, orders.locked(session, UUID(order["id"])), HoldReason.MANUAL, details={"note": "Call"})
    (one,) = listed(storeless.api)
    assert (one["kind"], one["reason"], one["ball"], one["subject"]) == ("held_order", "manual", "retailer", "order")
    assert (one["order_id"], one["name"]) == (order["id"], order["external_id"])
    assert one["heading"] == "Held by you"
    assert listed(market.other_retailer.api) == [], "nobody else's"
    assert listed(storeless.api, ball="supplier") == []
    assert [row["kind"] for row in listed(storeless.api, order_id=order["id"])] == ["held_order"]
    page = books.browser(storeless).get("/app/exceptions")
    assert "Held by you" in text_of(page)
    assert books.browser(storeless).form("/app/exceptions", f"/app/orders/{order['id']}/release")
    assert waiting_in_navigation(books, storeless, "/app/exceptions") == "Exceptions 1"
    with db.system_scope(actor="test"), db.transaction() as session:
        orders.release(session, orders.locked(session, UUID(order["id"])), [HoldReason.MANUAL])
    assert listed(storeless.api) == []
    assert "Nothing is stuck" in text_of(books.browser(storeless).get("/app/exceptions"))


def test_a_silent_supplier_is_seen_by_both_sides_and_by_the_platform(market: Market, books: Books, jobs: Jobs) -> None:
    order = market.place((market.lamp.variants[0], 2))
    jobs.drain()
    assert (listed(market.retailer.api), supplier_list(market.supplier)) == ([], []), "there is time to answer"
    with clock.shifted(unanswered_in_time()):
        (seen,) = listed(market.retailer.api)
        (own,) = supplier_list(market.supplier)
        assert (seen["kind"], seen["ball"], own["kind"]) == ("unanswered", "supplier", "unanswered")
        assert (seen["order_id"], own["order_id"]) == (order["id"], None)
        assert supplier_list(market.other_supplier) == []
        console = text_of(books.browser(market.admin).get("/console/exceptions"))
        assert "Supplier has not answered" in console
        path = f"/purchase-orders/{own['purchase_order_id']}/accept"
        books.browser(market.supplier).submit("/supplier/exceptions", path)
        for row in (*listed(market.retailer.api), *supplier_list(market.supplier)):
            assert row["kind"] == "late", "it is answered; within a day it should also have left"
    with clock.shifted(timedelta(days=12)):
        assert [one["kind"] for one in listed(market.retailer.api)] == ["late"], "accepted, and still not sent"


def test_what_is_put_aside_comes_back_if_it_is_still_stuck(market: Market, books: Books, jobs: Jobs) -> None:
    market.place((market.lamp.variants[0], 2))
    jobs.drain()
    with clock.shifted(unanswered_in_time()):
        (one,) = listed(market.retailer.api)
        browser = books.browser(market.retailer)
        answer = browser.submit(
            "/app/exceptions", f"/exceptions/unanswered/{one['subject_id']}/snooze", **{"for": "tomorrow"}
        )
        assert answer.status_code == 303
        assert listed(market.retailer.api) == []
        assert waiting_in_navigation(books, market.retailer, "/app/exceptions") == "Exceptions"
        (aside,) = listed(market.retailer.api, snoozed="true")
        assert aside["snoozed_until"] is not None
        assert len(supplier_list(market.supplier)) == 1, "the other side still sees it"
        with clock.shifted(timedelta(days=2)):
            assert len(listed(market.retailer.api)) == 1
        browser.submit("/app/exceptions?view=snoozed", f"/exceptions/unanswered/{one['subject_id']}/wake")
        assert "Nothing is put aside" in text_of(browser.get("/app/exceptions?view=snoozed"))
        assert len(listed(market.retailer.api)) == 1
        made_up = browser.post(f"/app/exceptions/unanswered/{market.store_id}/snooze", {"for": "week"})
        assert made_up.status_code == 403
        stranger = books.browser(market.other_retailer)
        token = stranger.form("/app/notices/choices", "/notices/choices").select_one("input[name=csrf_token]")
        assert token is not None
        sent = {"for": "week", "csrf_token": token["value"]}
        assert stranger.post(f"/app/exceptions/unanswered/{one['subject_id']}/snooze", sent).status_code == 404


def test_a_store_that_refused_a_parcel_is_told_again_with_one_click(
    storefront: Storefront, jobs: Jobs, books: Books
) -> None:
    market = storefront.market
    storefront.tell("orders/paid", storefront.order(storefront.line(market.lamp.variants[0], 1)))
    jobs.drain()
    (found,) = books.rows("select id from purchase_orders")
    line = books.row("select id from purchase_order_lines")["id"]
    parcel = {"carrier": "manual", "tracking_number": "AB123456", "lines": [{"line_id": str(line), "quantity": 1}]}
    shipped = market.supplier.api.post(f"/api/supplier/orders/{found['id']}/ship", {"parcels": [parcel]})
    assert shipped.status_code in (200, 201), shipped.text
    shipment = books.row("select id from shipments")["id"]
    with db.system_scope(actor="test"), db.transaction() as session:
        note_store_refused(session, shipment, "The fulfilment order is closed.")
    (one,) = listed(market.retailer.api)
    assert (one["kind"], one["detail"]["reason"]) == ("store_refused", "The fulfilment order is closed.")
    browser = books.browser(market.retailer)
    assert "The fulfilment order is closed." in text_of(browser.get("/app/exceptions"))
    browser.submit("/app/exceptions", f"/exceptions/parcels/{shipment}/tell-store")
    assert listed(market.retailer.api) == []
    again = books.rows("select topic from outbox_events where topic = 'fulfillment.store_to_be_told'")
    assert len(again) == 1


def test_stuck_money_returns_and_messages_are_listed_to_whom_they_concern(
    market: Market, books: Books, jobs: Jobs
) -> None:
    market.place((market.lamp.variants[0], 2))
    jobs.drain()
    run("update charges set state = 'SENDING', updated_at = now() - interval '1 hour'")
    run(
        "update transmissions set state = 'OUTCOME_UNKNOWN', person_asked_at = now() "
        "where channel = (select min(channel) from transmissions)"
    )
    run(
        "insert into payouts (id, supplier_id, amount, currency, state, processor, account_ref, created_at, updated_at)"
        " values (gen_random_uuid(), %s, 500, 'USD', 'FAILED', 'stripe', 'acct_1', now(), now())",
        market.supplier.id,
    )
    run(
        "insert into tasks (id, job, queue, key, payload, state, last_error, created_at)"
        f" values (gen_random_uuid(), 'push_store', 'stores', 'k', '{{}}', {int(TaskState.DEAD)}, 'no answer', now())"
    )
    assert {one["kind"] for one in listed(market.retailer.api)} == {"charge_unknown", "transmission"}
    assert {one["kind"] for one in supplier_list(market.supplier)} == {"transmission"}, "a key's scopes hold no payouts"
    assert "Payout did not get through" in text_of(books.browser(market.supplier).get("/supplier/exceptions"))
    console = text_of(books.browser(market.admin).get("/console/exceptions"))
    for heading in ("Not known whether the card was charged", "Work was given up", "Payout did not get through"):
        assert heading in console
    page = text_of(books.browser(market.retailer).get("/app/exceptions?kind=charge_unknown"))
    assert "Not known whether the card was charged" in page
    assert "Not known whether the supplier has it" not in page


def test_pages_of_the_list_skip_and_repeat_nothing(market: Market, jobs: Jobs) -> None:
    for _ in range(5):
        market.place((market.lamp.variants[0], 1))
    jobs.drain()
    with clock.shifted(unanswered_in_time()):
        whole = [one["subject_id"] for one in listed(market.retailer.api)]
        found, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            answer = market.retailer.api.get("/api/exceptions", **query).json
            found += [one["subject_id"] for one in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                break
        assert found == whole
        assert len(found) == 5
    assert market.retailer.api.get("/api/exceptions", kind="nonsense").status_code == 422
    assert market.retailer.api.get("/api/exceptions", cursor="WyJ4IiwiYSIsImIiXQ").status_code == 422


@pytest.mark.usefixtures("system", "engine")
def test_every_kind_can_be_asked_by_everybody_and_has_words_for_every_case() -> None:
    assert set(all_kinds()["held_order"].told) == {str(reason) for reason in HoldReason}
    somebody = UUID(int=1)
    for party in (Party.RETAILER, Party.SUPPLIER, Party.PLATFORM):
        reader = Reader(party=party, organisation_id=somebody)
        with db.transaction() as session:
            for kind in kinds_for(reader):
                assert kind.name in kinds_with_fixes(party)
                assert inbox(session, reader, kind=kind.name, limit=1).next_cursor is None or party is Party.PLATFORM
    supplier = Reader(party=Party.SUPPLIER, organisation_id=somebody)
    with db.transaction() as session, pytest.raises(Invalid):
        inbox(session, supplier, kind="held_order")
