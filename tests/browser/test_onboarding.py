"""A supplier's set-up in a browser, at a desk and on a phone: from its application to a passed test order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.kit import clock
from tests.browser import making
from tests.browser.conftest import DESKTOP, PHONE, Demo, Open
from tests.browser.test_every_page import TOO_WIDE
from tests.domains.suppliers.test_papers import pdf, picture


def fill(page: Page, values: dict[str, str]) -> None:
    """Fields by what stands above them."""
    for label, value in values.items():
        page.get_by_label(label, exact=True).fill(value)


def go_on(page: Page, heading: str) -> None:
    """Save the step; the next one opens."""
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.evaluate(TOO_WIDE) <= 1, heading


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_supplier_sets_itself_up_and_passes_the_test_order(demo: Demo, opened: Open, size: tuple[int, int]) -> None:
    """What is wrong is said at its field and nothing is lost; what was done is still done after coming back."""
    company = making.name("Lumen")
    # The browser's console reports the answer that refuses a number.
    page = opened(size=size, silent=False)
    page.goto(f"{demo.url}/apply")
    fill(page, {
        "Company": company, "Registration number": "HRB 99", "Tax id": "DE136695976", "Your name": "Toni Test",
        "Phone": "030 901820", "E-mail": f"{making.slug(company)}@example.com", "Password": "seven quiet herons",
    })  # fmt: skip
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="Go on with the set-up").click()
    expect(page.get_by_text("1 of 9 steps done")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Company").click()
    fill(page, {"Street and number": "Hafenweg 1", "Postal code": "20457", "City": "Hamburg",
                "VAT or tax number": "DE136695977"})  # fmt: skip
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("its check digit does not fit the rest")).to_be_visible()
    expect(page.get_by_label("VAT or tax number")).to_be_focused()
    expect(page.get_by_label("City")).to_have_value("Hamburg")
    page.get_by_label("VAT or tax number").fill("DE136695976")
    go_on(page, "Contacts and phone")
    expect(page.get_by_label("Phone", exact=True)).to_have_value("+49 30 901820")
    go_on(page, "Documents")
    papers = (("registration", "a.pdf", pdf()), ("insurance", "b.jpg", picture("JPEG")))
    for sent, (kind, name, content) in enumerate(papers, 1):
        page.get_by_label("What is it?").select_option(kind)
        page.get_by_label("File").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": content})
        page.get_by_label("Valid until (insurance)").fill(str(clock.now().date() + timedelta(days=300)))
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("The paper is kept.")).to_be_visible()
        # The sentence may still be the one about the paper before.
        expect(page.get_by_role("table", name="Papers").get_by_role("link")).to_have_count(sent)
    page.get_by_role("link", name="Go on", exact=True).click()
    fill(page, {"Street and number": "Lagerweg 2", "Postal code": "20457", "City": "Hamburg"})
    go_on(page, "Shipping")
    page.get_by_role("link", name="Add a rate").click()
    fill(page, {"Name": "Parcel", "First item, in EUR": "4.90", "Each further item, in EUR": "1"})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Parcel")).to_be_visible()
    go_on(page, "Payout account")
    page.get_by_role("link", name="Go on", exact=True).click()
    page.get_by_label("Portal").check()
    go_on(page, "Product list")
    page.get_by_role("navigation", name="Steps").get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Start the test order").click()
    expect(page.get_by_text("Open it in your purchase orders.")).to_be_visible()
    page.get_by_role("link", name="Open the test order").click()
    page.get_by_role("button", name="Accept all").click()
    page.get_by_label("Tracking number").fill("TEST12345")
    page.get_by_role("button", name="Ship", exact=True).click()
    expect(page.get_by_text("You have shown that orders reach you")).to_be_visible()
    page.goto(f"{demo.url}/supplier/onboarding")
    expect(page.get_by_text("7 of 9 steps done")).to_be_visible()
    assert page.evaluate(TOO_WIDE) <= 1
