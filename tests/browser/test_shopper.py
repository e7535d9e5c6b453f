"""What one shopper goes through, in the language of the country that its order goes to: two parcels, one of which comes
back."""

from __future__ import annotations

import re
from io import BytesIO
from uuid import UUID

import requests
from PIL import Image
from playwright.sync_api import Page, expect

from app import db
from app.orders.models import Order
from tests.browser import making
from tests.browser.conftest import PHONE, Demo, Open

_EMAIL = "lena@shopper.example"
_BERLIN = {
    "first_name": "Lena", "last_name": "Krüger", "address1": "Kastanienallee 12", "city": "Berlin", "zip": "10435",
    "province": "Berlin", "province_code": "BE", "country": "Germany", "country_code": "DE",
}  # fmt: skip


def shipped(demo: Demo) -> tuple[str, list[str]]:
    """The address of the page of an order that left in two parcels, and their numbers."""
    story, supplier = demo.story, demo.people.nordlicht
    order = making.order(demo, making.LAMP | {"quantity": 2}, email=_EMAIL, shipping_address=_BERLIN)
    mine = making.part(demo, order)
    line = mine["lines"][0]["id"]
    accepted = [{"line_id": line, "status": "accepted"}]
    story.api(supplier, "POST", f"/api/supplier/orders/{mine['id']}/acknowledge", lines=accepted)
    numbers = [requests.post(f"{demo.installation.carrier_url}/labels", timeout=10).json()["number"] for _ in range(2)]
    parcels = [
        {"carrier": "Simulated Carrier", "tracking_number": one, "lines": [{"line_id": line, "quantity": 1}]}
        for one in numbers
    ]
    story.api(supplier, "POST", f"/api/supplier/orders/{mine['id']}/ship", parcels=parcels)
    with db.system_scope(actor="test"), db.transaction() as session:
        token = session.get_one(Order, UUID(order)).tracking_token
    return f"{demo.url}/t/{token}", numbers


def moved(demo: Demo, number: str, *steps: str) -> None:
    """The carrier brings a parcel that far."""
    for step in steps:
        address = f"{demo.installation.carrier_url}/_sim/parcels/{number}/advance"
        requests.post(address, json={"to": step}, timeout=10).raise_for_status()


def wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def shows(demo: Demo, page: Page, *texts: str) -> None:
    """What others have done stands on the page once the jobs have followed it."""

    def there() -> bool:
        page.reload()
        return all(page.get_by_text(text).count() for text in texts)

    demo.story.wait_for(there, f"the page says {' and '.join(texts)}")


def test_a_german_shopper_follows_two_parcels_and_sends_one_back(demo: Demo, opened: Open) -> None:
    """Everything that it reads, on a desktop and on a phone, is German; its shop's people work in English."""
    address, (first, second) = shipped(demo)
    moved(demo, first, "in_transit", "out_for_delivery", "delivered")
    moved(demo, second, "in_transit")
    # The console of the phone tells of the form that is refused.
    desktop, phone = opened(), opened(size=PHONE, silent=False)
    desktop.goto(address)

    def told() -> bool:
        desktop.reload()
        marks = desktop.locator("main section .tone").all_inner_texts()
        return sorted(marks) == ["Unterwegs", "Zugestellt"]

    demo.story.wait_for(told, "the page tells where both parcels are")
    expect(desktop).to_have_title(re.compile(r"^Ihre Bestellung .+ · Northwind Home$"))
    expect(desktop.locator("html")).to_have_attribute("lang", "de")
    expect(desktop.get_by_text("Unterwegs oder zugestellt: 2 von 2 Artikeln")).to_be_visible()
    expect(desktop.get_by_role("heading", name="Paket 2 von 2")).to_be_visible()
    phone.goto(address)
    expect(phone.get_by_text(second, exact=True)).to_be_visible()
    assert wide(phone) <= 1

    # Another language is two clicks away, and goes along to the form.
    phone.get_by_text("Sprache: Deutsch").click()
    phone.get_by_role("link", name="Français").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Votre commande")
    phone.get_by_role("link", name="Renvoyer un article").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Renvoyer un article")
    phone.goto(address)
    phone.get_by_role("link", name="Etwas zurücksenden").click()
    expect(phone).to_have_title("Etwas zurücksenden · Northwind Home")
    assert wide(phone) <= 1
    phone.get_by_label("Warum?").select_option(label="Es ist beschädigt")
    phone.get_by_label("Was sollte der Shop wissen?").fill("Der Schirm hat einen Riss.")
    phone.get_by_role("button", name="Den Shop fragen").click()
    expect(phone.get_by_text("Bitte fügen Sie ein Foto hinzu, das den Mangel zeigt.")).to_be_visible()
    expect(phone.get_by_label("Was sollte der Shop wissen?")).to_have_value("Der Schirm hat einen Riss.")
    picture = BytesIO()
    Image.new("RGB", (60, 40), (200, 40, 40)).save(picture, "JPEG")
    broken = {"name": "riss.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    phone.get_by_label("Fotos").set_input_files([broken])  # type: ignore[list-item]
    phone.get_by_role("button", name="Den Shop fragen").click()
    expect(phone.get_by_role("status")).to_have_text("Der Shop hat Ihre Anfrage. Seine Antwort sehen Sie hier.")
    expect(phone.get_by_text("der Shop hat noch nicht geantwortet")).to_be_visible()

    retailer = opened(demo.people.retailer)
    retailer.goto(f"{demo.url}/app/returns/requests")
    retailer.get_by_role("row").filter(has_text="Waiting").get_by_role("link").first.click()
    expect(retailer.get_by_text("Der Schirm hat einen Riss.")).to_be_visible()
    retailer.get_by_role("button", name="Agree").click()
    expect(retailer.get_by_role("status").first).to_be_visible()
    phone.goto(address)
    shows(demo, phone, "der Shop stimmt zu", "Wird geprüft")

    supplier = opened(demo.people.nordlicht)
    supplier.on("dialog", lambda dialog: dialog.accept())
    supplier.goto(f"{demo.url}/supplier/returns")
    number = phone.get_by_text(re.compile(r"R-\d+-\d+")).first.inner_text().split()[0]
    supplier.get_by_role("link", name=number).click()
    supplier.get_by_role("button", name="Approve").click()
    expect(supplier.get_by_role("button", name="Mark as received")).to_be_visible()
    shows(demo, desktop, f"Rücksendung {number}", "Der Shop stimmt zu und zahlt den Rückweg.")
    supplier.get_by_role("button", name="Mark as received").click()
    expect(supplier.get_by_role("button", name="Save the inspection")).to_be_visible()
    shows(demo, phone, "Ware wird geprüft")
    supplier.get_by_role("button", name="Save the inspection").click()
    supplier.get_by_role("button", name="Credit", exact=True).click()
    expect(supplier.get_by_text("Credit memo", exact=True)).to_be_visible()

    def accepted() -> bool:
        desktop.reload()
        return desktop.get_by_text(re.compile("^(Angenommen|Abgeschlossen)$")).count() == 1

    demo.story.wait_for(accepted, "the page says that it is accepted")
    mailbox = opened()

    def written() -> list[str]:
        mailbox.goto(f"{demo.url}/dev/mailbox")
        rows = mailbox.get_by_role("row").filter(has_text=_EMAIL).all_inner_texts()
        wanted = ("Anfrage erhalten", f"Ihre Rücksendung {number} ist genehmigt", "ist angenommen")
        told = [row for row in rows if wanted[-1] in row]
        return told if all(any(text in row for row in rows) for text in wanted) else []

    assert len(demo.story.wait_for(written, "the letters say so")) == 1
    letters = mailbox.get_by_role("row").filter(has_text=_EMAIL)
    expect(letters.filter(has_text="Anfrage erhalten")).to_have_count(1)
    expect(letters.filter(has_text=f"Ihre Rücksendung {number} ist genehmigt")).to_have_count(1)
    letters.filter(has_text="ist angenommen").get_by_role("link").first.click()
    expect(mailbox.get_by_text("Wir kümmern uns um Ihre Erstattung.").first).to_be_visible()
