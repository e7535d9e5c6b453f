"""A supplier adds a feed, says what its columns hold beside a preview that follows, and is asked again when they
change: at a desk and on a phone."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PATIENCE, PHONE, Demo, Open
from tests.browser.making import name


def push(demo: Demo, feed: str, text: str, file_name: str = "stock.csv") -> str:
    """Send a file; the page of its upload."""
    answer = requests.post(
        f"{demo.url}/api/supplier/feeds/{feed}/push?file_name={file_name}",
        data=text.encode(),
        headers={"Authorization": f"Bearer {demo.people.nordlicht.key}", "Content-Type": "text/csv"},
        timeout=30,
    )
    assert answer.status_code == 202, answer.text
    return f"{demo.url}/supplier/uploads/{answer.json()['upload_id']}"


def wait_until(demo: Demo, upload: str, state: str) -> None:
    """The background work has come so far."""
    path = f"/api/supplier/uploads/{upload.rsplit('/', 1)[1]}"
    supplier = demo.people.nordlicht
    demo.story.wait_for(lambda: demo.story.api(supplier, "GET", path)["state"] == state, f"the file is {state}")


def confirm_columns(page: Page) -> None:
    """Say yes to the columns, and see that it was heard: a later address would otherwise race with this answer."""
    page.get_by_role("button", name="Confirm and read the file").click()
    expect(page.get_by_text("Saved. The file is read with these columns")).to_be_visible()


def take_over(page: Page) -> None:
    """Say yes to the columns, and see on the page that the file is taken over: until then it loads itself anew, which a
    later address would race with."""
    confirm_columns(page)
    expect(page.get_by_role("status").filter(has_text="Taken over")).to_be_visible(timeout=PATIENCE)


def fits(page: Page) -> None:
    """Nothing stands beyond the window's edge."""
    inner, outer = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert inner <= outer


def pushed_feed(page: Page, demo: Demo, called: str) -> str:
    """Add a feed to which files are pushed, and open it. Returns its id."""
    page.goto(f"{demo.url}/supplier/feeds")
    page.get_by_role("link", name="Add: Pushed by you").click()
    page.get_by_label("Name", exact=True).fill(called)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=called)).to_be_visible()
    return page.url.split("?")[0].rsplit("/", 1)[1]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_columns_are_confirmed_beside_a_live_preview_and_asked_about_when_they_change(
    demo: Demo, opened: Open, size: tuple[int, int]
) -> None:
    page = opened(demo.people.nordlicht, size)
    feed_name, sku, title = name("stock feed"), name("SKU").replace(" ", "-"), name("lamp")
    feed = pushed_feed(page, demo, feed_name)

    header = "Artikelnummer;Bezeichnung;Preis A;Preis B;Bestand;Gewicht"
    upload = push(demo, feed, f"{header}\n{sku};{title};12,50;29,90;auf Lager;1,2\n")
    wait_until(demo, upload, "NEEDS_MAPPING")
    page.goto(f"{demo.url}/supplier/feeds/{feed}")
    page.get_by_role("link", name="Look at the columns").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text(title)
    page.get_by_label("Field of Preis A", exact=True).select_option("cost")
    page.get_by_label("Field of Preis B", exact=True).select_option("msrp")
    expect(preview).to_contain_text("$12.50")
    page.get_by_label("Field of Bestand").select_option("")
    expect(preview).to_contain_text("not told")
    page.get_by_label("Field of Bestand").select_option("stock")
    expect(page.get_by_label("auf Lager")).to_have_attribute("placeholder", "5")
    page.get_by_label("auf Lager").fill("25")
    page.get_by_label("auf Lager").press("Tab")
    # On a phone each cell says its column too.
    expect(preview.get_by_role("cell", name=re.compile("^(Stock )?25$"))).to_be_visible()
    expect(page.get_by_text("1,2 names no unit and does not look like grams: choose the unit")).to_be_visible()
    page.get_by_label("Weights without a unit are in").select_option("kg")
    expect(preview.get_by_role("cell", name=re.compile("^(Weight )?1,200 g$"))).to_be_visible()
    fits(page)
    take_over(page)

    upload = push(demo, feed, f"{header.replace('Bestand', 'Bestände')}\n{sku};{title};12,50;29,90;2;1,2\n")
    wait_until(demo, upload, "NEEDS_MAPPING")
    page.goto(f"{upload}/columns")
    expect(page.get_by_text("“Bestand” is gone; “Bestände” may be its new name")).to_be_visible()
    expect(page.get_by_label("Field of Bestände")).to_have_value("stock")
    fits(page)
    take_over(page)
    page.goto(f"{demo.url}/supplier/feeds/{feed}")
    expect(page.get_by_text("Version 2", exact=False)).to_be_visible(timeout=PATIENCE)
    fits(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_where_the_products_of_a_nested_file_stand_is_chosen(demo: Demo, opened: Open, size: tuple[int, int]) -> None:
    page = opened(demo.people.nordlicht, size)
    mark = name("nested").replace(" ", "-")
    feed = pushed_feed(page, demo, mark)
    offers = "".join(f"<product><name>Offer {n}</name><price>1.0{n}</price></product>" for n in (1, 2))
    things = "".join(
        f"<thing><code>{mark}-{n}</code><label>Lamp {mark} {n}</label><net>5.50</net><qty>4</qty></thing>"
        for n in range(4)
    )

    upload = push(demo, feed, f"<shop><week>{offers}</week><hall>{things}</hall></shop>", "shop.xml")
    wait_until(demo, upload, "NEEDS_MAPPING")
    page.goto(f"{upload}/columns")
    expect(page.locator("#preview")).to_contain_text("Offer 1")
    page.get_by_label("One product is").select_option("shop/hall/thing")
    fits(page)
    page.get_by_role("button", name="Read the file this way").click()
    expect(page.get_by_text("The file is read anew with the products there.")).to_be_visible()
    wait_until(demo, upload, "NEEDS_MAPPING")
    page.goto(f"{upload}/columns")
    expect(page.locator("#preview")).to_contain_text(f"Lamp {mark} 1", timeout=PATIENCE)
    expect(page.get_by_label("One product is")).to_have_value("shop/hall/thing")
    fits(page)
    take_over(page)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_held_file_is_taken_over_after_all_and_rolled_back(demo: Demo, opened: Open, size: tuple[int, int]) -> None:
    page = opened(demo.people.nordlicht, size)
    mark = name("guarded").replace(" ", "-")
    feed = pushed_feed(page, demo, mark)

    def lamps(price: str, stock: int) -> str:
        rows = "".join(f"{mark}-{number};Lamp {mark} {number};{price};{stock}\n" for number in range(6))
        return f"Artikelnummer;Bezeichnung;EK netto;Bestand\n{rows}"

    upload = push(demo, feed, lamps("12,50", 5))
    wait_until(demo, upload, "NEEDS_MAPPING")
    page.goto(f"{upload}/columns")
    take_over(page)

    refused = push(demo, feed, lamps("125,00", 0))
    wait_until(demo, refused, "QUARANTINED")
    page.goto(refused)
    expect(page.get_by_text("100 % of what is in stock would be sold out (limit 30 %)")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("The file was discarded; nothing changed.")).to_be_visible()

    upload = push(demo, feed, lamps("125,50", 0))
    wait_until(demo, upload, "QUARANTINED")
    page.goto(upload)
    page.get_by_role("button", name="Take over all the same").click()
    expect(page.get_by_text("Held for you to look at")).to_be_hidden()
    wait_until(demo, upload, "APPLIED")
    page.goto(upload)
    page.get_by_role("link", name="Roll back…").click()
    expect(page.get_by_role("heading", name="What would be undone")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile(r"\$125\.50")).first).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Roll it back").click()
    expect(page.get_by_role("heading", name="What would be undone")).to_be_hidden()
    wait_until(demo, upload, "ROLLED_BACK")
    page.goto(upload)
    expect(page.get_by_text("What this file changed is as before.")).to_be_visible(timeout=PATIENCE)
    fits(page)
    stock = demo.story.api(demo.people.nordlicht, "GET", f"/api/supplier/uploads/{upload.rsplit('/', 1)[1]}")
    assert stock["counts"]["undone"] == stock["counts"]["to_undo"] == 12


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_a_file_no_longer_names_is_sold_out_as_chosen_and_shown(
    demo: Demo, opened: Open, size: tuple[int, int]
) -> None:
    page = opened(demo.people.nordlicht, size)
    mark = name("shrinking").replace(" ", "-")
    feed = pushed_feed(page, demo, mark)

    expect(page.get_by_text("What becomes of an SKU that a new file does not name: Leave it as it is.")).to_be_visible()
    page.get_by_role("link", name="Change it").click()
    page.get_by_label("An SKU that is missing").select_option(label="Set its stock to 0")
    fits(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("does not name: Set its stock to 0.")).to_be_visible()
    fits(page)

    def lamps(*numbers: int) -> str:
        rows = "".join(f"{mark}-{number};Lamp {mark} {number};12,50;7\n" for number in numbers)
        return f"Artikelnummer;Bezeichnung;EK netto;Bestand\n{rows}"

    upload = push(demo, feed, lamps(*range(10)))
    wait_until(demo, upload, "NEEDS_MAPPING")
    page.goto(f"{upload}/columns")
    take_over(page)

    upload = push(demo, feed, lamps(*range(8)))
    wait_until(demo, upload, "APPLIED")
    page.goto(upload)
    expect(page.get_by_text("2 SKUs are no longer in the file")).to_be_visible()
    expect(page.get_by_text("Of 2 the stock was set to 0.")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="See which").click()
    for number in (8, 9):
        row = page.get_by_role("row").filter(has_text=f"Lamp {mark} {number}")
        expect(row).to_contain_text("Stock set to 0")
        expect(row.get_by_role("cell").nth(2)).to_contain_text("0")
    expect(page.get_by_text(f"Lamp {mark} 7")).to_have_count(0)
    fits(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download as CSV").click()
    lines = saved.value.path().read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [f"{mark}-8", f"{mark}-9"]

    upload = push(demo, feed, lamps(*range(9)))
    wait_until(demo, upload, "APPLIED")
    page.goto(upload)
    expect(page.get_by_text("1 SKU is no longer in the file")).to_be_visible()
