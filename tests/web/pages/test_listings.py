"""Products on their way into a store: the import list, and a listing's own page."""

from __future__ import annotations

from uuid import UUID

from bs4 import BeautifulSoup, Tag
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app import db
from app.catalog.models import SupplierProduct
from app.identity.models import Organisation
from app.listings.models import Listing
from app.stores.models import Store
from tests import factories
from tests.market import Goods, Market
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_settings import member

LIST = "/app/import-list"


def added(market: Market, browser: Browser, *goods: Goods) -> list[Listing]:
    """The drafts of these products, in their order."""
    for one in goods:
        page = f"/app/products/{one.product_id}"
        assert browser.submit(page, "/add").status_code == 303
    return [listing_of(market, one) for one in goods]


def listing_of(market: Market, goods: Goods, store_id: UUID | None = None) -> Listing:
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.scalars(
            select(Listing)
            .where(Listing.product_id == goods.product_id, Listing.store_id == (store_id or market.store_id))
            .options(selectinload(Listing.variants))
        ).one()


def fields(form: Tag, kinds: str = "input[name]") -> dict[str, str]:
    """The fields of a form with their values, ticked or not."""
    return {str(one["name"]): str(one["value"]) for one in form.select(kinds)}


def no_field_is_named_twice(page: str) -> None:
    """What a label or a note stands for is one field alone."""
    ids = [str(one["id"]) for one in BeautifulSoup(page, "html.parser").select("[id]")]
    assert len(ids) == len(set(ids))


def test_a_refused_price_is_told_at_its_field_and_nothing_typed_is_lost(market: Market) -> None:
    browser, _ = member(market, "retailer")
    lamp, chair = added(market, browser, market.lamp, market.chair)
    no_field_is_named_twice(browser.get(LIST).text)
    first, second = (row.id for row in chair.variants)
    for price in ("twelve", "-5", "0", "NaN", "1e400", "1,234.50", "12.505"):
        answer = browser.submit(
            LIST, f"{LIST}/{chair.id}", title="Chair of mine", **{f"price-{first}": price, f"price-{second}": "77,50"}
        )
        assert answer.status_code == 422, price
        assert set(problems_in(answer)) == {f"price-{first}"}
        fields = BeautifulSoup(answer.text, "html.parser")
        shown = {
            str(one["name"]): str(one["value"]) for one in fields.select(f"form[action$='{chair.id}'] input.input")
        }
        assert (shown["title"], shown[f"price-{first}"], shown[f"price-{second}"]) == ("Chair of mine", price, "77,50")
    answer = browser.submit(LIST, f"{LIST}/{chair.id}", title=" ")
    assert set(problems_in(answer)) == {"title"}
    form = browser.form(LIST, f"{LIST}/{chair.id}")
    bare = {
        str(one["name"]): str(one["value"])
        for one in form.select("input[type=hidden], input.input:not([type=checkbox])")
    }
    answer = browser.post(f"{LIST}/{chair.id}", bare)
    assert answer.status_code == 422 and "Keep at least one variant switched on." in text_of(answer)
    assert [row.own_price for row in listing_of(market, market.chair).variants] == [None, None]

    assert browser.submit(LIST, f"{LIST}/{chair.id}", **{f"price-{second}": "12,50"}).status_code == 303
    page = text_of(browser.get(LIST))
    # A chair costs 40.00.
    assert "−$27.50 Below cost" in page or "-$27.50 Below cost" in page
    assert [row.own_price for row in listing_of(market, market.lamp).variants] == [None, None]
    assert lamp.id == listing_of(market, market.lamp).id


def test_what_nobody_touched_in_a_form_is_left_as_it_has_become_since(market: Market) -> None:
    """Another tab had changed the price rule before this one was sent."""
    browser, _ = member(market, "retailer")
    (lamp,) = added(market, browser, market.lamp)
    sent = fields(browser.form(LIST, f"{LIST}/{lamp.id}"))
    browser.submit("/app/settings", f"/rule/{lamp.price_rule_id}", markup_percent="200", rounding="none")
    assert browser.post(f"{LIST}/{lamp.id}", {**sent, "title": "My lamp"}).status_code == 303
    changed = listing_of(market, market.lamp)
    assert changed.title == "My lamp"
    assert [row.own_price for row in changed.variants] == [None, None]
    assert "price" not in changed.owned_fields


def test_a_removed_draft_comes_back_to_its_own_store_also_when_none_is_connected(market: Market) -> None:
    browser, _ = member(market, "retailer")
    (lamp,) = added(market, browser, market.lamp)
    with db.system_scope(actor="test"), db.transaction() as session:
        second = factories.store(session, session.get_one(Organisation, market.retailer.id), platform="custom")
        second_id, second_name = second.id, second.shown_name
    page = browser.get(f"/app/products/{market.lamp.product_id}")
    assert "See the listing" not in text_of(page) and f'href="{LIST}"' in page.text
    assert (
        browser.post(
            f"/app/products/{market.lamp.product_id}/add", {**_proof(browser), "store": str(second_id)}
        ).status_code
        == 303
    )
    other = listing_of(market, market.lamp, second_id)
    assert f"Listed in {second_name}" in text_of(browser.get(f"/app/products/{market.lamp.product_id}"))
    with db.system_scope(actor="test"), db.transaction() as session:
        for one in session.scalars(select(Store).where(Store.retailer_id == market.retailer.id)):
            one.status = "needs_reconnect"
    after = browser.submit(LIST, f"{LIST}/{other.id}/remove")
    assert after.status_code == 303
    assert browser.submit(after.headers["Location"], f"/undo/{market.lamp.product_id}").status_code == 303
    assert listing_of(market, market.lamp, second_id).id != other.id
    assert listing_of(market, market.lamp).id == lamp.id


def _proof(browser: Browser) -> dict[str, str]:
    form = browser.form("/app/", "/sign-out")
    return {"csrf_token": str(form.select_one("[name=csrf_token]")["value"])}  # type: ignore[index]


def test_all_that_can_be_published_is_and_the_rest_says_why_not(market: Market) -> None:
    """A product that its supplier has ended stays in the list, however many others go."""
    browser, _ = member(market, "retailer")
    added(market, browser, market.lamp, market.chair)
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(SupplierProduct, market.chair.product_id).status = "ended"
    answer = browser.submit(LIST, "/publish-all")
    page = browser.get(answer.headers["Location"])
    assert "but for those that stand here still" in text_of(page)
    assert "Its supplier no longer offers it" in text_of(page)
    assert listing_of(market, market.lamp).state == "PUSHING"
    assert listing_of(market, market.chair).state == "DRAFT"


def test_a_listing_is_changed_on_its_own_page_after_it_was_published(market: Market) -> None:
    """Its title, prices and which variants are sold; who may only read sees them and no form."""
    browser, _ = member(market, "retailer")
    (lamp,) = added(market, browser, market.lamp)
    # The list was open in another tab when the draft was published.
    stale = {
        str(one["name"]): str(one["value"]) for one in browser.form(LIST, f"{LIST}/{lamp.id}").select("input[name]")
    }
    assert browser.submit(LIST, f"{LIST}/{lamp.id}", do="publish").status_code == 303
    late = browser.post(f"{LIST}/{lamp.id}", {**stale, "title": "Too late"})
    assert late.headers["Location"].startswith(f"/app/listings/{lamp.id}")
    assert listing_of(market, market.lamp).title != "Too late"
    again = browser.post(f"/app/products/{market.lamp.product_id}/add", _proof(browser))
    assert again.headers["Location"].startswith(f"/app/listings/{lamp.id}")

    page = f"/app/listings/{lamp.id}"
    first, second = lamp.variants
    refused = browser.submit(page, page, title="Lamp of mine", **{f"price-{first.id}": "none"})
    assert refused.status_code == 422 and set(problems_in(refused)) == {f"price-{first.id}"}
    form = browser.form(page, page)
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[name]")} | {
        "title": "Lamp of mine", f"price-{first.id}": "33.00",
    }  # fmt: skip
    del sent[f"on-{second.id}"]
    version = listing_of(market, market.lamp).wanted_version
    assert browser.post(page, sent).status_code == 303
    changed = listing_of(market, market.lamp)
    assert changed.wanted_version > version
    assert (changed.title, sorted(changed.owned_fields)) == ("Lamp of mine", ["price", "title"])
    assert {row.id: (row.own_price, row.enabled) for row in changed.variants} == {
        first.id: (3300, True), second.id: (None, False),
    }  # fmt: skip
    assert "Yours to edit Prices, Title" in text_of(browser.get(page))
    assert "No listing here has these words" in text_of(browser.get("/app/listings?search=nowhere"))

    reader, _ = member(market, "retailer", "retailer_readonly")
    for shown in (page, LIST, f"/app/products/{market.chair.product_id}", "/app/products"):
        forms = BeautifulSoup(reader.get(shown).text, "html.parser").select("main form[method=post]")
        assert forms == [], shown
    other, _ = member(market, "supplier")
    assert other.get(page).status_code == 404
