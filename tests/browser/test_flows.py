"""What goes right, clicked through at a desk and on a phone: rules, lists, labels, papers, exceptions and returns."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import requests
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from app import db
from app.fulfillment.service.accounts import save_account, save_size
from app.listings.models import ListingVariant
from app.listings.service import link_source
from app.suppliers.service.onboarding import RETURN_REASONS, PostalAddress, ReturnTerms, save_returns
from tests.browser import making
from tests.browser.conftest import DESKTOP, PHONE, Demo
from tests.browser.test_every_page import TOO_WIDE
from tests.browser.test_orders import SIZES, Desk, Size, desk, desks
from tests.simulators.labels.world import API_KEY

__all__ = ["desk", "desks"]

_PDF = {"mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


@pytest.fixture(scope="module")
def ready(demo: Demo) -> Demo:
    """Nordlicht can buy postage and takes goods back; one of its lamps is Kanto's, too."""
    supplier, retailer = demo.people.nordlicht.organisation_id, demo.people.retailer.organisation_id
    back = PostalAddress(address1="9 Return Lane", city="Hamburg", postal_code="20457", country_code="DE")
    terms = ReturnTerms(
        window_days=30, restocking_bps=0, payers=dict.fromkeys(RETURN_REASONS, "supplier"), address=back
    )
    with db.system_scope(actor="test"), db.transaction() as session:
        save_account(session, supplier, gateway="easypost", api_key=API_KEY, hook_secret="", form="PDF")
        save_size(session, supplier, name="Small box", length_mm=300, width_mm=200, height_mm=100, grams=120)
        save_returns(session, supplier, terms)
        lamp = demo.story.variants["NL-PICCLI-CORAL"]["id"]
        listed = session.query(ListingVariant).filter_by(variant_id=lamp, retailer_id=retailer).one()
        link_source(session, retailer, listed.id, demo.story.variants["KO-FLIHEA"]["id"])
    return demo


def fits(page: Page) -> None:
    """Nothing is beyond the window's side."""
    assert page.evaluate(TOO_WIDE) <= 1, page.url


def press(page: Page, name: str) -> None:
    """A button of the page's own part."""
    page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()


def row(page: Page, words: str) -> Locator:
    """A table's row; on a phone it is a card."""
    return page.locator("tr").filter(has_text=words)


def fact(page: Page, name: str) -> Locator:
    """What stands beside a name."""
    return page.get_by_role("term").filter(has_text=re.compile(f"^{re.escape(name)}$")).locator("xpath=../dd")


def accepted(demo: Demo) -> Any:
    """A purchase order that Nordlicht has accepted, with its order's id."""
    order_id = making.order(demo, making.LAMP)
    part = making.part(demo, order_id)
    making.accept(demo, part)
    return {**part, "order_id": order_id}


def arrived(demo: Demo) -> Any:
    """A purchase order whose parcel is with its shopper."""
    story, supplier, part = demo.story, demo.people.nordlicht, accepted(demo)
    carrier = demo.installation.carrier_url
    number = requests.post(f"{carrier}/labels", timeout=10).json()["number"]
    parcel = {
        "carrier": "Simulated Carrier",
        "tracking_number": number,
        "lines": [{"line_id": part["lines"][0]["id"], "quantity": 1}],
    }
    path = f"/api/supplier/orders/{part['id']}"
    story.api(supplier, "POST", f"{path}/ship", parcels=[parcel])
    for step in ("in_transit", "out_for_delivery", "delivered"):
        requests.post(f"{carrier}/_sim/parcels/{number}/advance", json={"to": step}, timeout=10).raise_for_status()
    story.wait_for(lambda: story.api(supplier, "GET", path)["status"] == "DELIVERED", "the goods are there")
    return part


def picture() -> dict[str, Any]:
    """A photo."""
    out = io.BytesIO()
    Image.new("RGB", (120, 90), "#88aacc").save(out, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


@SIZES
def test_rules_are_tried_saved_and_explain_an_order(ready: Demo, desk: Desk, size: Size) -> None:
    """What they would cost, earn and take stands there before they hold; an order then says who was chosen and why."""
    demo, page = ready, desk(ready.people.retailer, size)
    rule = {DESKTOP: "Fewest parcels", PHONE: "Nearest supplier"}[size]
    page.goto(f"{demo.url}/app/routing")
    page.get_by_label(re.compile(f"{rule}$")).select_option(label="preferred")
    press(page, "Try on my last orders")
    seen = page.get_by_role("main")
    expect(seen.get_by_role("heading", name="What would have changed")).to_be_visible()
    for figure in ("Landed cost", "Profit", "Parcels", "Days until all is there, on average"):
        expect(seen.get_by_text(figure, exact=True)).to_be_visible()
    expect(seen.get_by_text(re.compile(r"^now \$[\d,]+\.\d\d$")).first).to_be_visible()
    fits(page)
    press(page, f"Move up: {rule}")
    expect(page.get_by_role("button", name=f"Move down: {rule}")).to_be_visible()
    press(page, "Save as a new version")
    expect(page.get_by_text("Saved. Orders from now on follow these rules.")).to_be_visible()
    version = page.get_by_text(re.compile(r"^\d+ \(holds now\)$")).inner_text().split()[0]
    fits(page)
    order_id = making.order(demo, {"sku": "NL-PICCLI-CORAL", "quantity": 1})
    page.goto(f"{demo.url}/app/orders/{order_id}")
    expect(page.get_by_text(f"By version {version} of your routing rules")).to_be_visible()
    expect(row(page, "Nordlicht Leuchten").filter(has_text="Chosen, for one unit.")).to_be_visible()
    other = row(page, "Kanto Outdoor").filter(has_text="It stands lower in your order of sources.")
    expect(other).to_contain_text("in the same country" if size == DESKTOP else "$")
    fits(page)


@SIZES
def test_a_label_is_bought_printed_and_given_back(ready: Demo, desk: Desk, size: Size) -> None:
    """Prices, the label with its number, the parcel with it; given back, the money and the parcel are."""
    demo, page, part = ready, desk(ready.people.nordlicht, size), accepted(ready)
    home = f"{demo.url}/supplier/purchase-orders/{part['id']}"
    page.goto(home)
    page.get_by_role("link", name="Buy a label").click()
    page.get_by_label("Box").select_option(label="Small box")
    fits(page)
    press(page, "See prices")
    expect(page.get_by_role("group", name="Offers").locator("tbody tr").nth(1)).to_be_visible()
    fits(page)
    row(page, "Ground Advantage").get_by_role("button", name="Buy").click()
    expect(page.get_by_text("Bought, and shipped with it. Print it.")).to_be_visible()
    fits(page)
    printed = page.request.get(demo.url + str(page.get_by_role("link", name="Print").get_attribute("href")))
    assert (printed.status, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.body().startswith(b"%PDF")
    number = fact(page, "Number").inner_text().strip()
    retailer = desk(demo.people.retailer, size)
    retailer.goto(f"{demo.url}/app/orders/{part['order_id']}")
    expect(retailer.get_by_text(number).first).to_be_visible()
    press(page, "Give it back")
    expect(page.get_by_text("Given back. The parcel is taken back too.")).to_be_visible()
    expect(fact(page, "Money back")).to_be_visible()
    fits(page)
    page.goto(home)
    expect(page.get_by_role("heading", name="Ship a parcel")).to_be_visible()
    fits(page)


@SIZES
def test_what_is_stuck_is_put_right_with_one_click(ready: Demo, desk: Desk, size: Size) -> None:
    """An order that its supplier has not answered in time stands in the inbox, and leaves it when it is accepted."""
    demo, page, part = ready, desk(ready.people.nordlicht, size), making.purchase_order(ready)
    _overdue(part)
    page.goto(f"{demo.url}/supplier/exceptions")
    stuck = row(page, part["number"])
    expect(stuck).to_contain_text("Your answer is overdue")
    fits(page)
    stuck.get_by_role("button", name="Accept all").click()
    expect(page.get_by_text("Accepted.", exact=True)).to_be_visible()
    page.goto(f"{demo.url}/supplier/exceptions")
    expect(page.get_by_role("heading", level=1, name="Exceptions")).to_be_visible()
    expect(row(page, part["number"])).to_have_count(0)


def _overdue(part: Any) -> None:
    """The time to answer it is over."""
    with db.system_scope(actor="test"), db.transaction() as session:
        session.execute(
            text("update purchase_orders set acknowledge_by = now() - interval '3 hours' where id = :id"),
            {"id": part["id"]},
        )


@SIZES
def test_a_view_is_kept_and_its_orders_are_dealt_with_together(ready: Demo, desk: Desk, size: Size) -> None:
    """Found by a filter, kept under a name, put on hold by one press with a result for each, and let go again."""
    demo, page = ready, desk(ready.people.retailer, size)
    country = {DESKTOP: "NO", PHONE: "CH"}[size]
    nowhere = {"first_name": "Robin", "last_name": "Vale", "address1": "", "city": "Nowhere", "zip": "",
               "country": country, "country_code": country}  # fmt: skip
    for _ in range(2):
        making.order(demo, making.LAMP, shipping_address=nowhere)
    page.goto(f"{demo.url}/app/orders?view=all")
    page.get_by_text("Filters and order").click()
    page.get_by_label("To country").fill(country)
    press(page, "Show")
    expect(page.get_by_role("link", name="Save this view")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Save this view").click()
    page.get_by_label("Name", exact=True).fill(f"To {country}")
    fits(page)
    press(page, "Save this view")
    expect(page.get_by_text("Saved. It stands above the list from now on.")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name=f"To {country}").first.click()
    ticks = page.get_by_role("main").locator("input[name=order]")
    expect(ticks).to_have_count(2)
    page.get_by_label("All of this page").check()
    press(page, "Put on hold")
    page.get_by_label("Why?").fill("Fair next week")
    expect(page.get_by_text("2 orders", exact=True)).to_be_visible()
    fits(page)
    press(page, "Put on hold")
    expect(page.get_by_text("All of it is done")).to_be_visible()
    expect(page.get_by_role("group", name="Rows").get_by_text("Done", exact=True)).to_have_count(2)
    fits(page)
    press(page, "Take it back")
    expect(page.get_by_role("heading", level=1, name="Release")).to_be_visible()
    expect(page.get_by_text("All of it is done")).to_be_visible()
    page.goto(f"{demo.url}/app/orders?country={country}")
    expect(ticks).to_have_count(2)
    expect(row(page, "Held by you")).to_have_count(0)


@SIZES
def test_a_supplier_works_its_queue_and_prints_its_papers(ready: Demo, desk: Desk, size: Size) -> None:
    """The overdue one first, with its clock; both accepted at once; their slips in one file and one by one, and then
    noted as printed."""
    demo, page = ready, desk(ready.people.nordlicht, size)
    first, late = making.purchase_order(demo), making.purchase_order(demo)
    _overdue(late)
    page.goto(f"{demo.url}/supplier/purchase-orders?view=new")
    numbers = page.get_by_role("main").get_by_role("link", name=re.compile(r"^\d+-\d+$"))
    expect(numbers.first).to_have_text(late["number"])
    expect(row(page, late["number"])).to_contain_text("3 hours overdue")
    expect(row(page, first["number"])).to_contain_text("answer by")
    fits(page)
    for one in (first, late):
        page.get_by_label(f"Choose {one['number']}").check()
    press(page, "Accept")
    expect(page.get_by_text("All of it is done")).to_be_visible()
    fits(page)
    page.goto(f"{demo.url}/supplier/purchase-orders?view=to_ship")
    for one in (first, late):
        expect(row(page, one["number"])).to_contain_text("ship by")
        page.get_by_label(f"Choose {one['number']}").check()
    fits(page)
    with page.expect_response(lambda answer: answer.url.endswith("papers.pdf")) as batch:
        press(page, "Packing slips")
    assert (batch.value.status, batch.value.headers["content-type"]) == (200, "application/pdf")
    page.goto(f"{demo.url}/supplier/purchase-orders/{late['id']}")
    slip = page.get_by_role("link", name="Packing slip")
    assert page.request.get(demo.url + str(slip.get_attribute("href"))).body().startswith(b"%PDF")
    fits(page)
    press(page, "It lies in the parcel")
    expect(page.get_by_text("Noted.", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("in the parcel,"))).to_be_visible()


@SIZES
def test_goods_go_back_from_the_request_to_the_credit_memo(ready: Demo, desk: Desk, size: Size) -> None:
    """The retailer asks with a photo; the supplier agrees, sends a label, takes in, looks, restocks and credits."""
    demo, part = ready, arrived(ready)
    retailer, supplier = desk(ready.people.retailer, size), desk(ready.people.nordlicht, size)
    retailer.goto(f"{demo.url}/app/orders/{part['order_id']}")
    retailer.get_by_role("link", name="Start a return").click()
    retailer.get_by_label(", at most 1").fill("1")
    retailer.get_by_label("Why?").select_option("damaged")
    retailer.get_by_label("What should the supplier know?").fill("The shade has a crack.")
    retailer.get_by_label("Photo").set_input_files(picture())
    fits(retailer)
    press(retailer, "Ask the supplier")
    title = retailer.get_by_role("heading", level=1, name=re.compile("^Return "))
    expect(title).to_be_visible()
    number = title.inner_text().removeprefix("Return ").split()[0]
    fits(retailer)
    supplier.goto(f"{demo.url}/supplier/returns")
    supplier.get_by_role("link", name=number).click()
    expect(supplier.get_by_text("The shade has a crack.")).to_be_visible()
    fits(supplier)
    press(supplier, "Approve")
    supplier.get_by_label("The label, as PDF or picture").set_input_files({"name": "label.pdf", **_PDF})
    press(supplier, "Send the label")
    expect(supplier.get_by_role("button", name="Mark as received")).to_be_visible()
    fits(supplier)
    retailer.reload()
    retailer.get_by_label("Carrier").fill("DHL")
    retailer.get_by_label("Tracking number").fill("00340434161094042557")
    press(retailer, "It is on its way")
    expect(retailer.get_by_text("On its way back", exact=True).first).to_be_visible()
    fits(retailer)
    supplier.reload()
    press(supplier, "Mark as received")
    supplier.get_by_label("Photo").set_input_files(picture())
    press(supplier, "Add the photo")
    expect(supplier.get_by_role("heading", name="Files")).to_be_visible()
    supplier.get_by_label("Put the accepted units back into the stock").check()
    fits(supplier)
    press(supplier, "Save the inspection")
    press(supplier, "Credit")
    expect(fact(supplier, "Credit memo")).to_be_visible()
    expect(supplier.get_by_text("back in stock")).to_be_visible()
    fits(supplier)
    retailer.reload()
    expect(fact(retailer, "Credit memo")).to_have_text(fact(supplier, "Credit memo").inner_text())
    fits(retailer)
