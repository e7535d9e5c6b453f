"""The pages outside Shopify: signing in, the supplier's portal, the console, and what shoppers see."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Page, expect

from demo.people import PASSWORD
from tests.browser import making
from tests.browser.conftest import Demo, Open, send_sign_in
from tests.browser.test_embedded import LAYOUT_SHIFT


def test_a_wrong_password_is_said_and_announced(demo: Demo, opened: Open) -> None:
    """The answer has the role of an alert, the e-mail stays in its field, and the right password then works."""
    # The browser's console reports every answer that is 401.
    page = opened(silent=False)
    send_sign_in(page, demo, demo.people.retailer.email, "not the password")
    expect(page.get_by_role("alert")).to_have_text("E-mail and password do not fit together.")
    expect(page.get_by_label("E-mail")).to_have_value(demo.people.retailer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def test_signing_out_ends_the_session(demo: Demo, opened: Open) -> None:
    """Afterwards the page asks who is there."""
    page = opened(demo.people.kanto)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    page.goto(f"{demo.url}/supplier/")
    assert urlsplit(page.url).path == "/sign-in"


def test_a_supplier_sees_what_a_file_would_do_and_takes_it_over(demo: Demo, opened: Open) -> None:
    """A row that can't be read is shown with its reason and left out; the others become products."""
    good, bad = making.goods(), making.goods()
    lines = making.catalogue(demo, good, replace(bad, cost=-1)).decode()
    page = opened(demo.people.nordlicht)
    page.get_by_role("link", name="Uploads").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "spring.csv", "mimeType": "text/csv", "buffer": lines.replace("-1.00", "cheap").encode()}
    )
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("spring.csv")
    preview = page.get_by_role("table", name="Rows", exact=True)
    expect(preview.get_by_role("row").filter(has_text=good.title).get_by_text("New", exact=True)).to_be_visible()
    refused = preview.get_by_role("row").filter(has_text=bad.title)
    expect(refused.get_by_text("Rejected", exact=True)).to_be_visible()
    expect(refused.get_by_role("cell").last).to_contain_text("cheap")
    page.get_by_role("button", name="Take it over").click()
    expect(page.get_by_role("status").filter(has_text="Taken over")).to_be_visible()
    page.get_by_role("link", name="To your products").click()
    expect(page.get_by_text(good.title)).to_be_visible()
    expect(page.get_by_text(bad.title)).to_have_count(0)


def test_a_supplier_accepts_and_ships_a_purchase_order(demo: Demo, opened: Open) -> None:
    """From the queue to the parcel, whose number the shop then has."""
    order = making.purchase_order(demo)
    label = requests.post(f"{demo.installation.carrier_url}/labels", timeout=10).json()["number"]
    page = opened(demo.people.nordlicht)
    page.get_by_role("link", name="Purchase orders").click()
    page.get_by_role("link", name=order["number"]).click()
    page.get_by_role("button", name="Accept all").click()
    expect(page.get_by_text("Accepted.", exact=True)).to_be_visible()
    page.get_by_label("Tracking number").fill(label)
    page.get_by_label("Carrier").select_option(label="Simulated Carrier")
    page.get_by_role("button", name="Ship", exact=True).click()
    expect(page.get_by_text("Shipped. The shopper gets the number.")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name=label)).to_be_visible()
    expect(page.get_by_label("Tracking number")).to_have_count(0)
    demo.story.wait_for(lambda: label in making.numbers_in_shop(demo), "the shop knows the number")


def test_the_console_approves_a_supplier(demo: Demo, opened: Open) -> None:
    """Who applies sees that it waits; who decides gives a reason, which the applicant gets by e-mail."""
    company = making.name("Trading")
    applicant = opened()
    applicant.goto(f"{demo.url}/apply")
    for label, value in {
        "Company": company, "Registration number": "HRB 99", "Tax id": "DE136695976", "Your name": "Toni Test",
        "Phone": "+49 30 1234567", "E-mail": f"{making.slug(company)}@example.com",
        "Password": "seven quiet herons",
    }.items():  # fmt: skip
        applicant.get_by_label(label, exact=True).fill(value)
    applicant.get_by_label("Country").select_option("DE")
    applicant.get_by_role("button", name="Apply").click()
    expect(applicant.get_by_text("Your account is not selling yet")).to_be_visible()
    console = opened(demo.people.admin)
    console.get_by_role("link", name="Suppliers").click()
    console.get_by_role("link", name=company).click()
    console.get_by_label("New status").select_option(label="In review")
    console.get_by_label("Reason").fill("We look at the papers.")
    console.get_by_role("button", name="Decide").click()
    expect(console.get_by_role("status")).to_contain_text("Decided.")
    expect(console.get_by_text("It can't become active before its test order has passed.")).to_be_visible()
    _pass_test_order(demo, applicant)
    console.reload()
    console.get_by_label("New status").select_option(label="Active")
    console.get_by_label("Reason").fill("Papers are in order.")
    console.get_by_label("Approve although steps are not done").check()
    console.get_by_role("button", name="Decide").click()
    expect(console.get_by_role("main").get_by_text("Active", exact=True).first).to_be_visible()
    applicant.goto(f"{demo.url}/supplier/")
    expect(applicant.get_by_role("heading", level=1)).to_have_text("Home")
    expect(applicant.get_by_text("Your account is not selling yet")).to_have_count(0)


def _pass_test_order(demo: Demo, page: Page) -> None:
    """By the supplier's own pages, step by step."""
    page.goto(f"{demo.url}/supplier/onboarding/connection")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("radio")).to_have_count(0)
    page.goto(f"{demo.url}/supplier/onboarding/test-order")
    page.get_by_role("button", name="Start the test order").click()
    page.get_by_role("link", name="Open the test order").click()
    page.get_by_label("Tracking number").fill("TEST12345")
    page.get_by_role("button", name="Ship", exact=True).click()
    expect(page.get_by_text("You have shown that orders reach you and leave with a number.")).to_be_visible()


def test_an_invitation_is_accepted_through_the_mailbox(demo: Demo, opened: Open) -> None:
    """The link of the e-mail leads to a page that makes the colleague a member, and it works once."""
    email = f"{making.slug(making.name('colleague'))}@example.com"
    owner = opened(demo.people.retailer)
    owner.get_by_role("link", name="Settings").click()
    owner.get_by_label("E-mail of your colleague").fill(email)
    owner.get_by_role("button", name="Invite").click()
    expect(owner.get_by_role("status").filter(has_text="The invitation is on its way.")).to_be_visible()
    colleague = opened()
    colleague.goto(f"{demo.url}/dev/mailbox")
    colleague.get_by_role("row").filter(has_text=email).get_by_role("link").click()
    link = colleague.get_by_role("link", name=re.compile("invitation"))
    address = link.get_attribute("href")
    link.click()
    expect(colleague.get_by_text(email)).to_be_visible()
    colleague.get_by_label("Your name").fill("Kim Colleague")
    colleague.get_by_label("Password").fill("seven quiet herons")
    colleague.get_by_role("button", name="Join").click()
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Home")
    owner.reload()
    expect(owner.get_by_role("row", name=f"Kim Colleague {email}")).to_be_visible()
    assert address is not None
    assert requests.get(address, timeout=10).status_code >= 400


def test_shoppers_see_their_parcels(demo: Demo, opened: Open) -> None:
    """Each parcel with its number and state, without signing in, and nothing about who supplies."""
    page = opened()
    page.goto(f"{demo.url}/t/{demo.story.tracking_token()}")
    expect(page.get_by_text("3 of 3 items are on their way or delivered")).to_be_visible()
    for number in demo.story.parcels:
        expect(page.get_by_text(number, exact=True)).to_be_visible()
    text = page.get_by_role("main").inner_text()
    assert "Northwind Home" in text
    assert "Nordlicht" not in text
    assert "Kanto" not in text


def test_the_home_page_does_not_jump(demo: Demo, opened: Open) -> None:
    """Its cumulative layout shift is at most 0.1."""
    page = opened(demo.people.retailer)
    page.goto(f"{demo.url}/app/", wait_until="load")
    assert page.evaluate(LAYOUT_SHIFT) <= 0.1
