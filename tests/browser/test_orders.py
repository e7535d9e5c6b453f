"""What people do with orders that do not go by themselves, at a desk and on a phone: they see why, press what is
offered, and see what followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from app.kit import clock
from app.orders.manual_file import COLUMNS
from demo.people import SignIn
from tests.browser import making
from tests.browser.conftest import DESKTOP, PHONE, Complaints, Demo, app_frame, new_page, sign_in
from tests.browser.test_every_page import TOO_WIDE, axe
from tests.browser.test_keyboard import LOOKS, tab_to

Size = tuple[int, int]
Desk = Callable[[SignIn | None, Size], Page]
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
#: The demo's retailer and its supplier, as others read of them.
RETAILER, SUPPLIER, PERSON = "Northwind Home", "Nordlicht Leuchten", "Avery Stone"


class Desks:
    """A page for each person and size, signed in once for all tests here."""

    def __init__(self, demo: Demo, chromium: Browser) -> None:
        self._demo, self._chromium = demo, chromium
        self._pages: dict[tuple[str, Size], Page] = {}
        self.complaints = Complaints()

    def page(self, who: SignIn | None, size: Size) -> Page:
        """The page of this person, wherever it stands."""
        key = (who.email if who is not None else "", size)
        if key not in self._pages:
            page = self._pages[key] = new_page(self._chromium, size)
            self.complaints.listen(page)
            page.on("dialog", lambda asked: asked.accept())
            if who is not None:
                sign_in(page, self._demo, who.email)
        return self._pages[key]

    def close(self) -> None:
        """All of them."""
        for page in self._pages.values():
            page.context.close()


@pytest.fixture(scope="module")
def desks(demo: Demo, chromium: Browser) -> Iterator[Desks]:
    """Closed at the end."""
    found = Desks(demo, chromium)
    yield found
    found.close()


@pytest.fixture
def desk(desks: Desks) -> Iterator[Desk]:
    """``desk(who, size)``: their page. The test fails if a console complained meanwhile."""
    desks.complaints.found.clear()
    yield desks.page
    assert desks.complaints.found == []


def is_well_made(place: Page | Frame) -> None:
    """It does not scroll sideways, and axe finds nothing serious."""
    assert place.evaluate(TOO_WIDE) <= 1
    assert axe(place, colours=True) == []


def order_page(desk: Desk, demo: Demo, order_id: str, size: Size) -> Page:
    """The order at its retailer's, standalone."""
    page = desk(demo.people.retailer, size)
    page.goto(f"{demo.url}/app/orders/{order_id}")
    return page


def part_page(desk: Desk, demo: Demo, purchase_order_id: str, size: Size) -> Page:
    """The purchase order at its supplier's."""
    page = desk(demo.people.nordlicht, size)
    page.goto(f"{demo.url}/supplier/purchase-orders/{purchase_order_id}")
    return page


@SIZES
@pytest.mark.parametrize("host", ["standalone", "shopify"])
def test_an_order_held_by_a_risk_rule_is_looked_at_and_released(demo: Demo, desk: Desk, host: str, size: Size) -> None:
    """It says why and since when, who may release it, and afterwards who did; at a desk without a mouse."""
    order_id = making.held_order(demo)
    place: Page | Frame
    if host == "shopify":
        page = desk(None, size)
        page.goto(f"{demo.admin}/orders/{order_id}")
        place = app_frame(page)
    else:
        place = page = order_page(desk, demo, order_id, size)
    expect(place.get_by_text("Many orders at once", exact=True)).to_be_visible()
    expect(
        place.get_by_text("Within an hour: 2 by this customer, 2 to this address; from 2 on they wait.")
    ).to_be_visible()
    expect(place.get_by_text("You can release it.")).to_contain_text("On hold since")
    expect(place.get_by_role("button", name="Put on hold")).to_have_count(0)
    is_well_made(place)
    if (host, size) == ("standalone", DESKTOP):
        tab_to(page, "button", "Release")
        focused, blurred = page.evaluate(LOOKS)
        assert focused != blurred
        page.keyboard.press("Enter")
    else:
        place.get_by_role("button", name="Release", exact=True).click()
    expect(place.get_by_text("The order is on its way.")).to_be_visible()
    expect(place.get_by_text("Many orders at once", exact=True)).to_have_count(0)
    told = place.get_by_role("listitem").filter(has_text="The hold is over; the order goes on.")
    expect(told).to_contain_text("Through the store's admin" if host == "shopify" else PERSON)
    is_well_made(place)
    assert making.part(demo, order_id)["status"] == "PENDING"


@SIZES
def test_an_address_that_can_not_be_used_is_corrected(demo: Demo, desk: Desk, size: Size) -> None:
    """The fields are those of the country, what is wrong stands at them, and the order goes on by itself."""
    nowhere = {"first_name": "Robin", "last_name": "Vale", "address1": "", "city": "Salem", "zip": "",
               "province": "Oregon", "province_code": "OR", "country": "United States",
               "country_code": "US"}  # fmt: skip
    page = order_page(desk, demo, making.order(demo, making.LAMP, shipping_address=nowhere), size)
    expect(page.get_by_text("Address can't be used", exact=True)).to_be_visible()
    page.get_by_role("link", name="Fill in what we have").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Robin Vale")
    expect(page.get_by_label("State", exact=True)).to_have_value("OR")
    expect(page.get_by_label("ZIP code")).to_have_accessible_description("The postal code is missing.")
    is_well_made(page)
    page.get_by_label("Country", exact=True).select_option(label="Canada")
    expect(page.get_by_label("Province", exact=True)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Robin Vale")
    is_well_made(page)
    page.get_by_label("Country", exact=True).select_option(label="United States")
    page.get_by_label("State", exact=True).select_option(label="Oregon")
    page.get_by_label("Street and number").fill("7 Mill Road")
    page.get_by_label("ZIP code").fill("97301")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("The order is on its way.")).to_be_visible()
    expect(page.get_by_role("heading", name="Purchase order")).to_be_visible()
    told = page.get_by_role("listitem").filter(has_text="The delivery address was changed.")
    expect(told).to_contain_text(PERSON)


@SIZES
def test_a_line_without_a_supplier_is_found_and_linked(demo: Demo, desk: Desk, size: Size) -> None:
    """By words of the catalogue; what was said holds for the article's next order, about which nobody is asked."""
    order_id, article = making.order_of_unknown(demo)
    page = order_page(desk, demo, order_id, size)
    expect(page.get_by_text("A line has no supplier", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing on offer has its SKU. Search the catalogue.")).to_be_visible()
    page.get_by_role("searchbox", name="Search your listings and the catalogue").fill("Lumen")
    page.get_by_role("button", name="Search", exact=True).click()
    found = page.get_by_role("row").filter(has_text="NL-LUMDES-SAGE")
    expect(found).to_contain_text(SUPPLIER)
    is_well_made(page)
    found.get_by_role("button", name="It is this").click()
    expect(page.get_by_text("Linked, for later orders too.")).to_be_visible()
    lines = page.get_by_role("table", name="Lines")
    expect(lines.get_by_role("row").filter(has_text="NL-LUMDES-SAGE")).to_be_visible()
    told = page.get_by_role("listitem").filter(has_text=f"of the store is Lumen desk lamp – Sage of {SUPPLIER}")
    expect(told).to_contain_text(PERSON)
    again = making.part(demo, making.order(demo, {"variant_id": article, "quantity": 1}))
    assert [line["sku"] for line in again["lines"]] == ["NL-LUMDES-SAGE"]


@pytest.mark.parametrize(
    ("size", "choice"), [(DESKTOP, "Send something else"), (PHONE, "Wait"), (PHONE, "Cancel and refund")],
    ids=["desktop-substitute", "phone-wait", "phone-refund"],
)  # fmt: skip
def test_what_a_supplier_can_not_deliver_is_decided(demo: Demo, desk: Desk, size: Size, choice: str) -> None:
    """The supplier says so in its portal; the retailer reads by when to decide and what happens otherwise, may take a
    choice back, and sees what came of it."""
    order_id = making.order(demo, {**making.LAMP, "quantity": 2})
    supplier = part_page(desk, demo, making.part(demo, order_id)["id"], size)
    supplier.get_by_label("2 × NL-LUMDES-WHITE").select_option(label="Can't send it")
    supplier.get_by_label("Reason, if you can't send it").select_option(label="Out of stock")
    is_well_made(supplier)
    supplier.get_by_role("button", name="Send the answer").click()
    expect(supplier.get_by_text("Your answer is sent.")).to_be_visible()
    page = order_page(desk, demo, order_id, size)
    demo.story.wait_for(lambda: _is_asked(page), "the retailer is asked")
    expect(page.get_by_text("Decide by")).to_contain_text("Otherwise it is cancelled and refunded.")
    is_well_made(page)
    if choice == "Send something else":
        page.get_by_role("button", name=choice).click()
        page.get_by_role("searchbox", name="Search the catalogue").fill("NL-LUMDES-SAGE")
        page.get_by_role("button", name="Search", exact=True).click()
        found = page.get_by_role("row").filter(has_text="NL-LUMDES-SAGE")
        expect(found).to_be_visible()
        is_well_made(page)
        found.get_by_role("button", name="Send this").click()
    else:
        page.get_by_role("button", name=choice).click()
    expect(page.get_by_text("You can take it back for two minutes.")).to_be_visible()
    if choice == "Wait":
        page.get_by_role("button", name="Take it back").click()
        expect(page.get_by_text("Decide by")).to_be_visible()
        page.get_by_role("button", name=choice).click()
    expect(page.get_by_text(f"Chosen: {choice}. It is carried out at")).to_be_visible()
    is_well_made(page)
    making.carried_out(demo, order_id)
    page.goto(f"{demo.url}/app/orders/{order_id}")
    if choice == "Wait":
        expect(page.get_by_text("It waits for stock until")).to_be_visible()
        expect(page.get_by_role("button", name="Cancel and refund")).to_be_visible()
    elif choice == "Cancel and refund":
        expect(page.get_by_text("Your customer has paid for what will not come.")).to_be_visible()
        expect(page.get_by_role("link", name="Refund your customer")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="Cancelled: 2 ×")).to_be_visible()
    else:
        part = page.locator("section").filter(has=page.get_by_role("heading", name="Purchase order")).last
        expect(part.get_by_role("row").filter(has_text="NL-LUMDES-SAGE")).to_be_visible()
    is_well_made(page)


@SIZES
def test_some_units_now_some_later_and_some_never_are_one_answer(demo: Demo, desk: Desk, size: Size) -> None:
    """The supplier shares a line out in its portal; both read how many come when, and what leaves next."""
    order_id = making.order(demo, {**making.LAMP, "quantity": 5})
    supplier = part_page(desk, demo, making.part(demo, order_id)["id"], size)
    supplier.get_by_label("5 × NL-LUMDES-WHITE").select_option(label="Later, on the day below")
    day = clock.now().date() + timedelta(days=9)
    supplier.get_by_label("Available on").fill(day.isoformat())
    supplier.get_by_label("Units that come later, if not all").fill("2")
    supplier.get_by_label("Units that you can't send, if not all").fill("1")
    supplier.get_by_label("Reason, if you can't send it").select_option(label="Out of stock")
    is_well_made(supplier)
    supplier.get_by_role("button", name="Send the answer").click()
    expect(supplier.get_by_text("Your answer is sent.")).to_be_visible()
    promised = f"2 from {day.day} {day:%b %Y}"
    expect(supplier.get_by_role("row").filter(has_text="NL-LUMDES-WHITE")).to_contain_text(promised)
    expect(supplier.get_by_role("status").filter(has_text="Next:")).to_contain_text("Ship what is there.")
    expect(supplier.get_by_label("Units that come later, if not all")).to_have_value("2")
    is_well_made(supplier)
    page = order_page(desk, demo, order_id, size)
    expect(page.get_by_role("row").filter(has_text=promised)).to_contain_text("5 (−1)")
    is_well_made(page)


def _is_asked(page: Page) -> bool:
    page.reload()
    return page.get_by_role("heading", name=f"{SUPPLIER} can't deliver").count() == 1


@SIZES
def test_units_are_cancelled_as_their_supplier_answers(demo: Demo, desk: Desk, size: Size) -> None:
    """The retailer asks for some units of a line; the supplier stops them, or says why not; each reads the other."""
    order_id = making.order(demo, {**making.LAMP, "quantity": 2}, {"sku": "NL-LUMDES-BLACK", "quantity": 1})
    part = making.part(demo, order_id)
    making.accept(demo, part)
    page = order_page(desk, demo, order_id, size)
    page.get_by_label("Units of Lumen desk lamp – White").fill("1")
    # A word that fits in no line must not widen either page.
    page.get_by_label("Why? The supplier reads it.").fill(f"Ordered one too many. {'x' * 200}")
    is_well_made(page)
    page.get_by_role("button", name="Ask to cancel").click()
    expect(page.get_by_text("The supplier is asked to stop it.")).to_be_visible()
    asked = page.locator("section").filter(has=page.get_by_role("heading", name=f"{SUPPLIER} was asked to stop"))
    expect(asked.get_by_text("Waits for the supplier")).to_be_visible()
    is_well_made(page)
    supplier = part_page(desk, demo, part["id"], size)
    expect(supplier.get_by_text("Say whether you can change what was asked.")).to_be_visible()
    expect(supplier.get_by_text(f"{RETAILER} asks you to stop units")).to_be_visible()
    expect(supplier.get_by_text("“Ordered one too many.")).to_be_visible()
    is_well_made(supplier)
    if size == DESKTOP:
        supplier.get_by_role("button", name="Stop these units").click()
    else:
        supplier.get_by_label("If you can't: why?").select_option(label="It is packed already.")
        supplier.get_by_label("Anything to add?").fill("It leaves at noon.")
        supplier.get_by_role("button", name="Refuse").click()
    expect(supplier.get_by_text("Your answer is sent.")).to_be_visible()
    is_well_made(supplier)
    page.reload()
    if size == DESKTOP:
        expect(asked.get_by_text("1 × Lumen desk lamp – White: 1 stopped")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text="Cancelled: 1 × Lumen desk lamp – White")).to_be_visible()
    else:
        expect(asked.get_by_text("It is packed already. The supplier writes: It leaves at noon.")).to_be_visible()
    is_well_made(page)


@SIZES
def test_an_order_is_entered_by_hand(demo: Demo, desk: Desk, size: Size) -> None:
    """Goods are searched for, the address has the fields of its country, and the cost is shown before it is placed."""
    page = desk(demo.people.retailer, size)
    page.goto(f"{demo.url}/app/orders")
    page.get_by_role("link", name="New order").click()
    page.get_by_role("searchbox", name="Search by title, brand or SKU").fill("Lumen")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("row").filter(has_text="NL-LUMDES-BLACK").get_by_role("link", name="Add").click()
    page.get_by_label("Units of Lumen desk lamp – Black").fill("2")
    page.get_by_label("Country", exact=True).select_option(label="United Kingdom")
    expect(page.get_by_label("State", exact=True)).to_have_count(0)
    expect(page.get_by_label("Units of Lumen desk lamp – Black")).to_have_value("2")
    for label, value in {"Name": "Ada Lovelace", "Street and number": "12 St James's Square", "Town": "London",
                         "Postcode": "SW1Y 4JH"}.items():  # fmt: skip
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Note (optional)").fill("By telephone.")
    is_well_made(page)
    page.get_by_role("button", name="Show route and cost").click()
    expect(page.get_by_text("Nothing is placed yet.")).to_be_visible()
    expect(page.get_by_text("2 × Lumen desk lamp – Black")).to_be_visible()
    is_well_made(page)
    page.get_by_role("button", name="Place the order for $").click()
    expect(page.get_by_text("The order is placed.", exact=False).first).to_be_visible()
    expect(page.get_by_text("Note: By telephone.")).to_be_visible()
    is_well_made(page)


@SIZES
def test_orders_are_placed_from_a_file(demo: Demo, desk: Desk, size: Size) -> None:
    """What would become of each is shown first; what can't be taken stays with its reason, the others are placed."""
    number = making.slug(making.name("File"))
    good = {"order_number": number, "sku": "NL-LUMDES-BLACK", "quantity": "1", "name": "Ada Lovelace",
            "address1": "12 St James's Square", "postal_code": "SW1Y 4JH", "city": "London",
            "country_code": "GB"}  # fmt: skip
    rows = [good, {**good, "order_number": f"{number}-x", "sku": "NOBODY-HAS-THIS"}]
    lines = [",".join(COLUMNS), *(",".join(row.get(name, "") for name in COLUMNS) for row in rows)]
    page = desk(demo.people.retailer, size)
    page.goto(f"{demo.url}/app/orders/new")
    page.get_by_role("link", name="Orders from a file").click()
    page.get_by_label("CSV file").set_input_files(
        {"name": "orders.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    table = page.get_by_role("table", name="Orders")
    expect(table.get_by_role("row").filter(has_text=SUPPLIER)).to_contain_text("$")
    expect(table.get_by_role("row").filter(has_text=f"{number}-x")).to_contain_text("NOBODY-HAS-THIS")
    is_well_made(page)
    page.get_by_role("button", name="Place 1 order").click()
    expect(page.get_by_role("heading", name="What became of them")).to_be_visible()
    is_well_made(page)
    page.get_by_role("link", name=number, exact=True).click()
    expect(page.get_by_role("heading", name=number, level=1)).to_be_visible()
