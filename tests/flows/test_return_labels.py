"""Labels with which customers send things back: bought once by whoever pays by the terms, given to the customer,
followed to the supplier's door, and given back."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from app import db
from app.fulfillment.service.accounts import save_account, save_size
from app.kit import clock
from app.privacy.service import redact_orders
from app.suppliers.service.onboarding import RETURN_REASONS
from tests.flows.books import Books, Json
from tests.flows.carriers import change
from tests.flows.gateway import Gateway, gateway_process
from tests.flows.test_customer_letters import letters, subjects
from tests.flows.test_returns import act, asked, delivered, policy, state
from tests.market import Market, Party
from tests.simulators.labels.world import API_KEY
from tests.simulators.process import SimulatorProcess
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["gateway_process"]


class Desk:
    """Whoever buys the label: its pages, its account and the gateway."""

    def __init__(self, market: Market, jobs: Jobs, books: Books, gateway: Gateway) -> None:
        self.market, self.jobs, self.books, self.gateway = market, jobs, books, gateway
        self.customer: FlaskClient = market.app.test_client()

    def approved(self, payer: str = "supplier", units: int = 2) -> Json:
        """A return of lamps that the supplier agreed to."""
        policy(self.market, payers=dict.fromkeys(RETURN_REASONS, payer))
        row = asked(self.market, delivered(self.market, self.jobs, self.books), units, "damaged")
        act(self.market.supplier, row, "approve")
        self.jobs.drain()
        return row

    def area(self, party: Party) -> str:
        return "/supplier" if party is self.market.supplier else "/app"

    def quoted(self, party: Party, row: Json, grams: str = "1000") -> str:
        """Ask for prices on the page; the label's page."""
        page = f"{self.area(party)}/returns/{row['id']}/postage"
        size = self.books.row("select id from package_sizes where supplier_id = %s", party.id)["id"]
        answer = self.books.browser(party).submit(page, page, size=str(size), grams=grams)
        assert answer.status_code == 303, text_of(answer)
        return str(answer.headers["Location"])

    def buy(self, party: Party, page: str, which: int = 0) -> Any:
        found = BeautifulSoup(self.books.browser(party).get(page).text, "html.parser").select("input[name=offer]")
        return self.books.press(party, f"{page}/buy", offer=str(found[which]["value"]))

    def bought(self, party: Party, row: Json) -> str:
        """Buy the cheapest; the label's page."""
        page = self.quoted(party, row)
        assert self.buy(party, page).status_code == 303
        self.jobs.drain()
        return page

    def seen(self, party: Party, status: str) -> None:
        """The carrier sees the parcel, and the gateway says so."""
        told = self.gateway.sees(self.row()["tracking_number"], status)
        for _ in range(2):
            assert self.gateway.tells(told, f"/{party.id}") == 200
        self.jobs.drain()

    def row(self) -> Json:
        return self.books.row("select * from return_labels order by id desc limit 1")

    def page(self) -> str:
        """The customer's page of the order."""
        return f"/t/{self.books.row('select tracking_token from orders')['tracking_token']}"

    def link(self) -> str | None:
        """Where the customer's page leads to for the label."""
        found = BeautifulSoup(self.customer.get(self.page()).text, "html.parser").select_one("a[href*=return-label]")
        return str(found["href"]).removeprefix("http://localhost") if found is not None else None


@pytest.fixture
def desk(
    gateway_process: SimulatorProcess, set_up: Callable[..., None], market: Market, jobs: Jobs, books: Books
) -> Desk:
    set_up(easypost_url=gateway_process.url, public_url="http://localhost")
    gateway = Gateway(gateway_process.url, market)
    gateway.pull("reset")
    with db.system_scope(actor="test"), db.transaction() as session:
        for party in (market.supplier, market.retailer):
            save_account(session, party.id, gateway="easypost", api_key=API_KEY, hook_secret="s3cret", form="ZPL")
            save_size(session, party.id, name="Small", length_mm=300, width_mm=200, height_mm=100, grams=120)
        session.connection().exec_driver_sql("update supplier_variants set weight_grams = 500")
    return Desk(market, jobs, books, gateway)


def test_a_supplier_that_pays_buys_the_label_and_the_customer_prints_it(
    desk: Desk, market: Market, books: Books
) -> None:
    row = desk.approved()
    assert "you get a label here and by e-mail" in text_of(desk.customer.get(desk.page()))
    form = books.browser(market.supplier).get(f"/supplier/returns/{row['id']}/postage")
    assert 'value="1000"' in form.text, "both lamps weigh a kilogram"
    page = desk.quoted(market.supplier, row)
    (asked_for,) = desk.gateway.shipments()
    assert asked_for["is_return"] is True
    assert (asked_for["from_address"]["name"], asked_for["to_address"]["street1"]) == ("Ada Lovelace", "Dock 4")
    assert asked_for["options"] == {"label_format": "PDF", "print_custom_1": row["number"]}, "customers have no ZPL"
    assert desk.gateway.bought() == [], "prices cost nothing"
    assert "Ground Advantage" in text_of(books.browser(market.supplier).get(page))
    assert desk.buy(market.supplier, page).status_code == 303
    desk.jobs.drain()
    (sold,) = desk.gateway.bought()
    now = market.retailer.api.get(f"/api/returns/{row['id']}").json
    assert (now["state"], now["tracking_number"], now["carrier"]) == ("LABEL_SENT", sold["tracking_code"], "usps")
    link = desk.link()
    assert link is not None
    for _ in range(2):
        label = desk.customer.get(link)
        assert (label.status_code, label.mimetype) == (200, "application/pdf")
        assert label.data.startswith(b"%PDF")
    assert desk.customer.get(link[:-6] + "AAAAAA").status_code == 404, "links are made by us alone"
    assert desk.row()["amount"] == round(float(sold["selected_rate"]["rate"]) * 100)
    seen = books.browser(market.retailer).get(f"/app/returns/{row['id']}")
    assert "$" not in text_of(seen).split("Money")[0], "what the supplier's postage costs is its own business"
    assert not bytes(books.row("select content from return_files where kind = 'label'")["content"]).startswith(b"%PDF")


def test_a_retailer_that_pays_buys_it_and_the_supplier_does_not(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved("retailer")
    before = text_of(books.browser(market.retailer).get(f"/app/returns/{row['id']}"))
    assert "Buy a label" in before
    assert "On its way?" in before
    assert "Buy a label" not in text_of(books.browser(market.supplier).get(f"/supplier/returns/{row['id']}"))
    assert books.browser(market.supplier).get(f"/supplier/returns/{row['id']}/postage").status_code == 404
    page = desk.bought(market.retailer, row)
    assert state(market, row) == "LABEL_SENT"
    # Its number is known: nobody is asked to type it.
    assert "On its way?" not in text_of(books.browser(market.retailer).get(f"/app/returns/{row['id']}"))
    assert books.row("select message from timeline_entries where message = 'return.label_sent'")
    assert books.browser(market.other_retailer).get(page).status_code == 404
    file = BeautifulSoup(books.browser(market.retailer).get(page).text, "html.parser").select_one("a[href*=files]")
    assert file is not None
    assert books.browser(market.retailer).get(str(file["href"])).mimetype == "application/pdf"
    assert books.row("select count(*) n from audit_events where action = 'orders.address_read'")["n"] >= 2


def test_a_customer_that_pays_reads_where_to_send_it(desk: Desk, market: Market) -> None:
    row = desk.approved("shopper")
    shown = text_of(desk.customer.get(desk.page()))
    assert "You pay for the way back" in shown
    assert "Dock 4" in shown
    assert f"Write {row['number']} on the parcel." in shown
    assert "Nordlicht" not in shown, "the shop's suppliers are nobody's business"
    desk.bought(market.retailer, row)
    assert desk.link() is not None, "the shop may do it a favour"


def test_pressing_twice_and_two_quotes_buy_one_label(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved()
    first, second = desk.quoted(market.supplier, row), desk.quoted(market.supplier, row)
    found = BeautifulSoup(books.browser(market.supplier).get(first).text, "html.parser").select("input[name=offer]")
    for _ in range(2):
        assert books.press(market.supplier, f"{first}/buy", offer=str(found[0]["value"])).status_code == 303
    assert desk.buy(market.supplier, second).status_code == 409
    assert len(desk.gateway.bought()) == 1


@pytest.mark.parametrize("fault", ["lost_answer", "no_file"])
def test_an_answer_that_got_lost_is_found_out_and_not_bought_again(
    desk: Desk, market: Market, books: Books, fault: str
) -> None:
    row = desk.approved()
    page = desk.quoted(market.supplier, row)
    desk.gateway.pull("faults", kind=fault)
    assert desk.buy(market.supplier, page).status_code == 502
    assert (desk.row()["state"], state(market, row)) == ("BUYING", "APPROVED")
    books.later("settle_labels", minutes=3)
    assert (desk.row()["state"], state(market, row)) == ("BOUGHT", "LABEL_SENT")
    assert len(desk.gateway.bought()) == 1


def test_a_gateway_that_is_down_bought_nothing(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved()
    page = desk.quoted(market.supplier, row)
    desk.gateway.pull("faults", kind="down")
    assert desk.buy(market.supplier, page).status_code == 502
    books.later("settle_labels", minutes=3)
    assert (desk.row()["state"], state(market, row)) == ("QUOTED", "APPROVED")
    assert desk.buy(market.supplier, page, 1).status_code == 303
    assert len(desk.gateway.bought()) == 1


def test_a_label_for_a_return_that_was_withdrawn_meanwhile_is_given_back(
    desk: Desk, market: Market, books: Books
) -> None:
    row = desk.approved()
    page = desk.quoted(market.supplier, row)
    desk.gateway.pull("faults", kind="lost_answer")
    desk.buy(market.supplier, page)
    act(market.retailer, row, "cancel")
    books.later("settle_labels", minutes=3)
    assert state(market, row) == "CANCELLED"
    assert desk.link() is None
    assert "is not needed" in books.notices(market.supplier)["parcel"]
    assert books.press(market.supplier, f"{page}/give-back").status_code == 303
    assert "parcel" not in books.notices(market.supplier)
    assert (desk.row()["state"], desk.row()["refund_state"]) == ("VOIDED", "submitted")


def test_a_label_given_back_is_shown_to_nobody_and_another_can_be_bought(
    desk: Desk, market: Market, books: Books
) -> None:
    row = desk.approved()
    page = desk.bought(market.supplier, row)
    link = desk.link()
    assert link is not None
    for _ in range(2):
        assert books.press(market.supplier, f"{page}/give-back").status_code == 303
    desk.jobs.drain()
    assert [one["refund_status"] for one in desk.gateway.bought()] == ["submitted"]
    now = market.retailer.api.get(f"/api/returns/{row['id']}").json
    assert (now["state"], now["tracking_number"]) == ("APPROVED", "")
    assert desk.customer.get(link).status_code == 404
    assert "another one may follow" in text_of(books.browser(market.retailer).get(f"/app/orders/{row['order_id']}"))
    desk.bought(market.supplier, row)
    again = desk.link()
    assert again is not None
    assert desk.customer.get(again).status_code == 200
    assert len(desk.gateway.bought()) == 2


def test_a_label_of_a_return_that_came_to_nothing_is_to_be_given_back(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved()
    page = desk.bought(market.supplier, row)
    books.later("watch_returns", days=31)
    desk.jobs.drain()
    assert state(market, row) == "EXPIRED"
    assert "is not needed" in books.notices(market.supplier)["parcel"]
    assert books.press(market.supplier, f"{page}/give-back").status_code == 303
    assert "parcel" not in books.notices(market.supplier)
    assert (desk.row()["state"], state(market, row)) == ("VOIDED", "EXPIRED")


def test_the_parcel_is_followed_to_the_supplier_who_is_told_to_look_at_it(
    desk: Desk, market: Market, books: Books
) -> None:
    row = desk.approved()
    page = desk.bought(market.supplier, row)
    desk.seen(market.supplier, "in_transit")
    assert state(market, row) == "IN_TRANSIT"
    assert books.press(market.supplier, f"{page}/give-back").status_code == 409
    assert "On its way back" in text_of(desk.customer.get(desk.page()))
    desk.seen(market.supplier, "delivered")
    assert books.notices(market.supplier)["return"] == f"Return {row['number']} has arrived: take it in and look at it"
    assert sum("has arrived" in subject for subject in books.letters("return")) == 1
    assert state(market, row) == "IN_TRANSIT", "the supplier says that it came in"
    act(market.supplier, row, "receive")
    desk.jobs.drain()
    assert "return" not in books.notices(market.supplier)


def test_a_delivered_parcel_counts_as_received_when_its_supplier_says_nothing(
    desk: Desk, market: Market, books: Books
) -> None:
    row = desk.approved()
    desk.bought(market.supplier, row)
    desk.seen(market.supplier, "delivered")
    books.later("watch_returns", days=4)
    assert state(market, row) == "IN_TRANSIT"
    books.later("watch_returns", days=6)
    assert state(market, row) == "RECEIVED"


def test_hooks_that_never_came_are_made_up_for_by_asking(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved()
    desk.bought(market.supplier, row)
    number = desk.row()["tracking_number"]
    desk.gateway.sees(number)
    desk.jobs.run_scheduled("poll_returns")
    assert state(market, row) == "IN_TRANSIT"
    desk.gateway.sees(number, "delivered")
    desk.jobs.run_scheduled("poll_returns")
    assert books.row("select delivered_at from returns")["delivered_at"] is None, "it was asked just now"
    desk.gateway.pull("faults", kind="down")
    books.later("poll_returns", hours=2)
    books.later("poll_returns", hours=4)
    assert books.row("select delivered_at from returns")["delivered_at"] is not None


def test_a_key_that_can_not_be_opened_keeps_no_other_return_waiting(desk: Desk, market: Market, books: Books) -> None:
    first = desk.approved("retailer")
    desk.bought(market.retailer, first)
    second = desk.approved("supplier")
    desk.bought(market.supplier, second)
    number = desk.row()["tracking_number"]
    desk.gateway.sees(number)
    change("update label_accounts set api_key = decode('00', 'hex') where supplier_id = %s", market.retailer.id)
    desk.jobs.run_scheduled("poll_returns")
    assert (state(market, first), state(market, second)) == ("LABEL_SENT", "IN_TRANSIT")


def test_a_return_that_somebody_works_on_keeps_no_other_waiting(
    desk: Desk, market: Market, books: Books, database_url: str
) -> None:
    first = desk.approved("supplier")
    desk.bought(market.supplier, first)
    second = desk.approved("supplier")
    desk.bought(market.supplier, second)
    number = desk.row()["tracking_number"]
    desk.gateway.sees(number)
    with closing(psycopg2.connect(database_url)) as busy, busy.cursor() as cursor:
        purchase_order = books.row("select purchase_order_id from returns where id = %s", first["id"])
        cursor.execute("select 1 from purchase_orders where id = %s for update", (*map(str, purchase_order.values()),))
        desk.jobs.run_scheduled("poll_returns")
    assert desk.jobs.open_tasks() == []
    assert (state(market, first), state(market, second)) == ("LABEL_SENT", "IN_TRANSIT")
    asked = {row["id"]: row["next_poll_at"] > clock.now() for row in books.rows("select id, next_poll_at from returns")}
    assert asked == {UUID(first["id"]): False, UUID(second["id"]): True}, "asked again as soon as it is free"


def test_a_label_goes_with_the_address_that_stands_on_it(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved()
    desk.bought(market.supplier, row)
    link = desk.link()
    assert link is not None
    with db.system_scope(actor="test"), db.transaction() as session:
        redact_orders(session, [books.row("select id from orders")["id"]])
    assert desk.customer.get(link).status_code == 404
    assert books.rows("select 1 from return_files") == []


def test_a_retailer_keeps_its_own_account_and_boxes(desk: Desk, market: Market, books: Books) -> None:
    retailer = books.browser(market.retailer)
    assert API_KEY not in retailer.get("/app/labels").text
    box = {"name": "Big", "length": "60", "width": "40", "height": "40", "grams": "400"}
    assert retailer.submit("/app/labels", "/app/labels/sizes", **box).status_code == 303
    assert "Big" in text_of(retailer.get("/app/labels"))
    assert "Big" not in text_of(books.browser(market.supplier).get("/supplier/labels"))


def test_only_who_prints_labels_itself_chooses_their_form(desk: Desk, market: Market, books: Books) -> None:
    """Customers print at home: a retailer's labels are PDF, whatever is sent."""
    assert "ZPL, for label printers" in text_of(books.browser(market.supplier).get("/supplier/labels"))
    retailer = books.browser(market.retailer)
    assert "ZPL" not in text_of(retailer.get("/app/labels"))
    kept = {"gateway": "easypost", "api_key": API_KEY, "form": "ZPL"}
    assert retailer.submit("/app/labels", "/app/labels/account", **kept).status_code == 303
    assert books.row("select form from label_accounts where supplier_id = %s", market.retailer.id)["form"] == "PDF"


def test_a_label_of_the_suppliers_own_still_goes_to_the_customer(desk: Desk, market: Market, books: Books) -> None:
    row = desk.approved()
    page = f"/supplier/returns/{row['id']}"
    file = (BytesIO(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"), "label.pdf")
    assert books.browser(market.supplier).submit(page, f"{page}/label", file=file).status_code == 303
    link = desk.link()
    assert link is not None
    assert desk.customer.get(link).mimetype == "application/pdf"


def test_the_label_comes_by_a_link_that_ends_with_the_return(
    desk: Desk,
    market: Market,
    books: Books,
) -> None:
    row = desk.approved()
    assert "a label follows by e-mail" in letters()[-1].text
    page = desk.bought(market.supplier, row)
    found = re.search(r"http://localhost(/return-label/\S+)", letters()[-1].text)
    assert found is not None
    assert letters()[-1].subject == f"The label for your return {row['number']}"
    link = found.group(1)
    assert desk.customer.get(link).data.startswith(b"%PDF")
    with clock.shifted(timedelta(days=31)):
        assert desk.customer.get(link).status_code == 410
    assert books.press(market.supplier, f"{page}/give-back").status_code == 303
    assert desk.customer.get(link).status_code == 404
    desk.jobs.drain()
    desk.bought(market.supplier, row)
    assert subjects().count(f"The label for your return {row['number']}") == 2, "another label, another letter"
    assert subjects().count(f"Your return {row['number']} is approved") == 1
