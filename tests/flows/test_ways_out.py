"""The ways out of what is stuck: reminding suppliers, sending again, and what suppliers' own systems got wrong."""

from __future__ import annotations

from uuid import UUID, uuid4

from app import db
from app.adapters import registries
from app.kit import clock
from app.kit.errors import Unavailable
from app.purchasing.answers import Acknowledgement
from app.purchasing.service.applying import write_answer
from app.purchasing.service.channels import choose_channel, note_failed, note_worked
from tests.flows.books import Books, Json
from tests.flows.test_exceptions import listed, run, supplier_list, unanswered_in_time
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of


def released(market: Market, jobs: Jobs) -> tuple[Json, str]:
    """An order that a supplier has, and its purchase order's id."""
    order = market.place((market.lamp.variants[0], 2))
    jobs.drain()
    return order, str(order["purchase_orders"][0]["id"])


def test_a_supplier_that_is_waited_for_is_reminded_once_a_day(market: Market, books: Books, jobs: Jobs) -> None:
    order, purchase_order = released(market, jobs)
    path = f"/exceptions/purchase-orders/{purchase_order}/remind"
    with clock.shifted(unanswered_in_time()):
        browser, desk = books.browser(market.retailer), books.browser(market.supplier)
        assert browser.submit("/app/exceptions", path).status_code == 303
        jobs.drain()
        assert len([subject for subject in books.letters("reminder") if "waits for purchase order" in subject]) == 1
        assert "Accept it, say when you can deliver" in text_of(desk.get("/supplier/notices"))
        assert books.press(market.retailer, f"/app{path}").status_code == 409, "once a day"
        assert books.press(market.other_retailer, f"/app{path}").status_code == 404
        assert books.press(market.admin, f"/console{path}").status_code == 409
        jobs.drain()
        assert len(books.letters("reminder")) == 1
        assert "was reminded of purchase order" in text_of(browser.get(f"/app/orders/{order['id']}"))
        assert "See what you can do" in text_of(browser.get("/app/exceptions"))
        books.answer(
            market.supplier,
            {"id": purchase_order, "lines": order["purchase_orders"][0]["lines"]},
            status="rejected",
            reason="out_of_stock",
        )
        jobs.drain()
        refused = books.press(market.retailer, f"/app{path}")
        assert refused.status_code == 409
        assert "Nothing of it is waited for any more." in text_of(refused)


def test_what_a_supplier_s_system_refused_is_sent_again_from_the_list(market: Market, books: Books, jobs: Jobs) -> None:
    released(market, jobs)
    run("update transmissions set state = 'REJECTED', updated_at = now()")
    (stuck,) = supplier_list(market.supplier)
    assert "Look at it" in text_of(books.browser(market.retailer).get("/app/exceptions"))
    sent = f"/sent/{stuck['subject_id']}/again"
    assert books.browser(market.admin).form("/console/exceptions", sent)
    assert books.browser(market.supplier).submit("/supplier/exceptions", sent).status_code == 303
    assert supplier_list(market.supplier) == []


def test_whether_it_arrived_is_said_in_the_list_once_a_person_is_asked(
    market: Market, books: Books, jobs: Jobs
) -> None:
    released(market, jobs)
    run("update transmissions set state = 'OUTCOME_UNKNOWN', asked_at = now() - interval '1 hour'")
    (stuck,) = supplier_list(market.supplier)
    arrived = f"/sent/{stuck['subject_id']}/arrived"
    assert arrived not in books.browser(market.supplier).get("/supplier/exceptions").text, "we still ask ourselves"
    run("update transmissions set person_asked_at = now()")
    assert books.browser(market.admin).form("/console/exceptions", arrived)
    assert books.browser(market.supplier).submit("/supplier/exceptions", arrived).status_code == 303
    assert supplier_list(market.supplier) == []


def test_a_channel_that_keeps_failing_is_seen_by_its_supplier_and_by_us_until_it_works(
    market: Market, books: Books
) -> None:
    supplier = market.supplier.id

    def fails() -> None:
        with db.tenant_scope(supplier, actor="test"), db.transaction() as session:
            note_failed(session, supplier, Unavailable("no answer"))

    with db.tenant_scope(supplier, actor="test"), db.transaction() as session:
        choose_channel(session, supplier, registries.channels.get("email"), {})
    fails()
    fails()
    assert supplier_list(market.supplier) == [], "once or twice is no matter"
    fails()
    (own,) = supplier_list(market.supplier)
    assert (own["kind"], own["heading"]) == ("channel", "Orders can't be sent to your system")
    assert supplier_list(market.other_supplier) == listed(market.retailer.api) == []
    assert 'href="/supplier/settings/channel"' in books.browser(market.supplier).get("/supplier/exceptions").text
    console = books.browser(market.admin).get("/console/exceptions")
    assert "Supplier's system takes nothing" in text_of(console)
    assert f'href="/console/suppliers/{supplier}"' in console.text
    with db.tenant_scope(supplier, actor="test"), db.transaction() as session:
        note_worked(session, supplier)
    assert supplier_list(market.supplier) == []


def answered(market: Market, purchase_order: str | None, *, problem: str | None, of_others: bool = False) -> None:
    """An answer came through the supplier's channel."""
    supplier = market.supplier.id
    answer = Acknowledgement(key=uuid4().hex, source="855-1.edi", number="1001-1", lines=())
    with db.tenant_scope(supplier, actor="test"), db.transaction() as session:
        write_answer(
            session,
            supplier,
            "x12",
            answer,
            kind="acknowledgement",
            purchase_order_id=None if purchase_order is None else UUID(purchase_order),
            problem=problem,
            of_others=of_others,
        )


def test_an_answer_that_could_not_be_used_is_listed_until_a_better_one_comes(
    market: Market, books: Books, jobs: Jobs
) -> None:
    _, purchase_order = released(market, jobs)
    answered(market, purchase_order, problem="no SKU LAMP-X")
    (own,) = supplier_list(market.supplier)
    assert (own["kind"], own["detail"]["reason"]) == ("channel_answer", "no SKU LAMP-X")
    assert own["purchase_order_id"] == purchase_order
    assert listed(market.retailer.api) == supplier_list(market.other_supplier) == []
    page = text_of(books.browser(market.supplier).get("/supplier/exceptions"))
    assert "no SKU LAMP-X" in page
    assert "Answer it here" in page
    assert "An answer could not be used" in text_of(books.browser(market.admin).get("/console/exceptions"))
    answered(market, purchase_order, problem=None)
    assert supplier_list(market.supplier) == []


def test_an_answer_that_names_nothing_of_ours_is_put_away_by_hand(market: Market, books: Books) -> None:
    answered(market, None, problem="No such purchase order 77.", of_others=True)
    (own,) = supplier_list(market.supplier)
    assert own["heading"] == "An answer names no order of this supplier"
    path = f"/exceptions/answers/{own['subject_id']}/settle"
    assert books.press(market.other_supplier, f"/supplier{path}").status_code == 404
    assert books.browser(market.supplier).submit("/supplier/exceptions", path).status_code == 303
    assert books.press(market.supplier, f"/supplier{path}").status_code == 303, "twice is once"
    assert supplier_list(market.supplier) == []
    answered(market, None, problem="This is no EDI.")
    (another,) = supplier_list(market.supplier)
    path = f"/exceptions/answers/{another['subject_id']}/settle"
    assert books.browser(market.admin).submit("/console/exceptions", path).status_code == 303
    assert supplier_list(market.supplier) == []
