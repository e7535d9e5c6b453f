"""The retailer's pages in the frame of Shopify's admin: proven by ID tokens, without cookies."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Frame, Page, expect

from demo.installation import SHOP
from tests.browser import making
from tests.browser.conftest import Demo, Open, app_frame


def _framed(page: Page, demo: Demo, path: str = "") -> Frame:
    page.goto(demo.admin + path)
    return app_frame(page)


def test_a_product_goes_from_the_catalogue_into_the_shop(demo: Demo, opened: Open) -> None:
    """Found, added, priced, published: the shop shows it at the price that was typed, and no cookie was ever set."""
    item = making.goods()
    making.product(demo, item)
    page = opened()
    frame = _framed(page, demo)
    page.get_by_role("link", name="Find products").click()
    frame.get_by_label("Search").fill(item.title)
    frame.get_by_role("button", name="Show").click()
    # What was found takes the place of a page that may show the product, too.
    frame.wait_for_url(lambda url: item.title in parse_qs(urlsplit(url).query).get("search", ()))
    row = frame.locator("s-table-row").filter(has_text=item.title)
    row.get_by_text("Add", exact=True).click()
    expect(frame.get_by_text("Added to the import list.")).to_be_visible()
    draft = frame.locator("s-section").filter(has_text=item.title)
    draft.get_by_label("Price of").fill("77.70")
    draft.get_by_text("Save and publish").click()
    expect(frame.get_by_text("On its way to your store.")).to_be_visible()
    demo.story.wait_for(lambda: making.listing(demo, item.title)["state"] == "LIVE", "the listing is live")
    page.get_by_role("link", name="Listings").click()
    expect(frame.locator("s-table-row").filter(has_text=item.title).get_by_text("Live", exact=True)).to_be_visible()
    shown = making.in_shop(demo, item.title)
    assert shown["status"] == "ACTIVE"
    assert [variant["price"] for variant in shown["variants"]] == ["77.70"]
    assert page.context.cookies() == []


def test_saving_a_draft_does_not_publish_it(demo: Demo, opened: Open) -> None:
    """The button that was pressed says what is done; the price stays as typed."""
    item = making.goods()
    making.draft(demo, item)
    frame = _framed(opened(), demo, "/import-list")
    draft = frame.locator("s-section").filter(has_text=item.title)
    draft.get_by_label("Price of").fill("55.50")
    draft.get_by_text("Save", exact=True).click()
    expect(frame.get_by_text("Saved.")).to_be_visible()
    expect(draft.get_by_label("Price of")).to_have_value("55.50")
    assert making.listing(demo, item.title)["state"] == "DRAFT"


def test_a_dangerous_action_asks_first(demo: Demo, opened: Open) -> None:
    """Cancelling changes nothing, and the yes of the question carries it out."""
    item = making.goods()
    making.live(demo, item)
    frame = _framed(opened(), demo, "/listings")
    frame.locator("s-link").filter(has_text=item.title).click()
    hide = frame.get_by_role("button", name="Hide", exact=True).first
    asked = frame.get_by_role("dialog", name="Stop showing this product in your store?")
    hide.click()
    expect(asked).to_be_visible()
    frame.locator("s-modal").get_by_role("button", name="Cancel").click()
    expect(asked).to_be_hidden()
    assert making.listing(demo, item.title)["state"] == "LIVE"
    hide.click()
    frame.locator("s-modal").get_by_role("button", name="Hide", exact=True).click()
    again = frame.get_by_text("Show it again")
    expect(again).to_be_visible()
    assert making.listing(demo, item.title)["state"] == "HIDDEN"
    again.click()
    frame.get_by_text("Show it again").wait_for(state="detached")


def test_a_choice_that_submits_sends_its_form(demo: Demo, opened: Open) -> None:
    """What the vocabulary's ``submits`` writes is enough: the page follows the choice by itself."""
    frame = _framed(opened(), demo, "/products")
    frame.locator("s-select[name=sort]").evaluate("one => one.setAttribute('data-submits', '')")
    frame.get_by_label("Sort").select_option("title")
    frame.wait_for_url("**/shopify/products?*sort=title*")
    expect(frame.get_by_label("Sort")).to_have_value("title")


def test_the_menu_of_the_admin_leads_to_every_page(demo: Demo, opened: Open) -> None:
    """Each entry opens its page in the frame, with a token of its own."""
    page = opened()
    frame = _framed(page, demo)
    for entry in ("Find products", "Import list", "Listings", "Orders", "Billing", "Settings"):
        page.locator("#app-nav").get_by_role("link", name=entry).click()
        expect(frame.get_by_role("heading", level=1, name=entry)).to_be_visible()
    assert page.context.cookies() == []


def test_a_merchant_permits_refunds_where_it_is_told_of_them(demo: Demo, opened: Open) -> None:
    """The admin is asked for the permission; when the shop has told us, the page offers what it is for."""
    page, settings = opened(), f"/settings/stores/{demo.story.store_id}"
    frame = _framed(page, demo, settings)
    frame.get_by_role("button", name="Allow refunds").click()
    demo.story.wait_for(
        lambda: "write_orders" in demo.story.control.shop(SHOP)["scopes"], "the merchant has permitted it"
    )

    def is_known() -> bool:
        shown = _framed(page, demo, settings)
        expect(shown.get_by_role("heading", level=1, name="Northwind Home")).to_be_visible()
        return shown.get_by_role("button", name="Save the refunds").count() == 1

    demo.story.wait_for(is_known, "the permission is known")


def test_going_back_shows_the_page_before(demo: Demo, opened: Open) -> None:
    """Pages that were fetched are in the frame's history."""
    frame = _framed(opened(), demo, "/orders")
    frame.locator("s-table-row s-link").last.click()
    expect(frame.get_by_text("What happened")).to_be_visible()
    frame.evaluate("history.back()")
    expect(frame.get_by_role("heading", level=1, name="Orders")).to_be_visible()


def test_the_home_page_does_not_jump(demo: Demo, opened: Open) -> None:
    """Its cumulative layout shift is at most 0.1."""
    frame = _framed(opened(), demo)
    expect(frame.get_by_text("Newest orders")).to_be_visible()
    assert frame.evaluate(LAYOUT_SHIFT) <= 0.1


#: The sum of the layout shifts so far that nobody's input caused.
LAYOUT_SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    if (!one.hadRecentInput) sum += one.value;
  }));
  observer.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
})"""
