"""Working without a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import making
from tests.browser.conftest import PHONE, Demo, Open

#: How the focused element looks now, and how it does when the focus is elsewhere.
LOOKS = """() => {
  const one = document.activeElement;
  const look = () => { const s = getComputedStyle(one); return [s.outlineStyle, s.outlineWidth, s.boxShadow].join(); };
  document.getAnimations().forEach((running) => running.finish());
  const focused = look();
  one.blur();
  document.getAnimations().forEach((running) => running.finish());
  const blurred = look();
  one.focus({ focusVisible: true });
  return [focused, blurred];
}"""
_MANY = 60


def test_the_import_list_works_by_keyboard_alone(demo: Demo, opened: Open) -> None:
    """From the menu to the price, and from the price to the shop; every stop shows where the focus is."""
    item = making.goods()
    making.draft(demo, item)
    page = opened(demo.people.retailer)
    tab_to(page, "link", "Import list")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Import list")
    field = page.get_by_label(f"Price of {making.sku(item)}")
    tab_until(page, lambda: field.evaluate("one => one === document.activeElement"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("66.60")
    tab_to(page, "button", "Save and publish")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("On its way to your store.")
    demo.story.wait_for(lambda: making.listing(demo, item.title)["state"] == "LIVE", "the listing is live")
    assert making.in_shop(demo, item.title)["variants"][0]["price"] == "66.60"


def test_the_import_list_in_the_admin_works_by_keyboard_alone(demo: Demo, opened: Open) -> None:
    """The same inside Shopify's frame: Polaris' fields and buttons are reached and pressed."""
    item = making.goods()
    making.draft(demo, item)
    page = opened()
    page.goto(f"{demo.admin}/import-list")
    frame = page.frame("app-iframe")
    assert frame is not None
    draft = frame.locator("s-section").filter(has_text=item.title)
    field = draft.locator("s-text-field").filter(has_text="").nth(1)
    expect(field).to_be_visible()
    tab_until(page, lambda: field.evaluate("one => one === document.activeElement"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("44.40")
    button = draft.locator("s-button").filter(has_text="Save and publish")
    tab_until(page, lambda: button.evaluate("one => one === document.activeElement"))
    page.keyboard.press("Enter")
    expect(frame.get_by_text("On its way to your store.")).to_be_visible()
    demo.story.wait_for(lambda: making.listing(demo, item.title)["state"] == "LIVE", "the listing is live")
    assert making.in_shop(demo, item.title)["variants"][0]["price"] == "44.40"


@pytest.mark.parametrize("path", ["/app/", "/app/orders", "/app/import-list"])
def test_the_first_stop_leads_past_the_menu(demo: Demo, opened: Open, path: str) -> None:
    """The link shows itself when it has the focus; after it the next stop is in the content."""
    page = opened(demo.people.retailer)
    page.goto(demo.url + path)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert box["width"] > 50
    assert box["height"] > 10
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("path", ["/app/", "/app/products", "/app/settings", "/app/import-list"])
def test_every_stop_shows_that_it_has_the_focus(demo: Demo, opened: Open, path: str) -> None:
    """Outline or shadow change with it."""
    making.draft(demo, making.goods())
    page = opened(demo.people.retailer)
    page.goto(demo.url + path)
    unseen = []
    for _ in range(_MANY):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        focused, blurred = page.evaluate(LOOKS)
        if focused == blurred:
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 160)"))
    assert unseen == []


def test_the_menu_of_a_phone_opens_by_keyboard(demo: Demo, opened: Open) -> None:
    """It is closed at first, and its entries are reached once it is open."""
    page = opened(demo.people.retailer, size=PHONE)
    page.goto(f"{demo.url}/app/")
    entry = page.get_by_role("link", name="Import list")
    expect(entry).to_be_hidden()
    tab_until(page, lambda: page.evaluate("document.activeElement.localName === 'summary'"))
    page.keyboard.press("Enter")
    expect(entry).to_be_visible()
    tab_to(page, "link", "Import list")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Import list")


def tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until the focus is on the control."""
    wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    tab_until(page, lambda: wanted.evaluate_all("all => all.includes(document.activeElement)"))


def tab_until(page: Page, there: Callable[[], bool]) -> None:
    for _ in range(_MANY):
        page.keyboard.press("Tab")
        if there():
            return
    raise AssertionError("the keyboard does not lead there")
