"""Texts for search engines and pictures: made from the data, kept when written by hand, sent to stores."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app import db
from app.adapters.stores.shopify.products import product_set_input, product_update_input
from app.catalog.models import ProductImage, SupplierProduct
from app.catalog.seo.rules import (
    ALT_LONGEST,
    DESCRIPTION_LONGEST,
    TITLE_LONGEST,
    alt_of,
    cut,
    description_of,
    title_of,
)
from app.catalog.service import ProductRecord, VariantRecord, save_products
from app.listings.queries import listings_to_push
from app.stores.goods import ListingPush, LocationRef
from app.stores.models import Store
from tests.adapters.settings import set_up
from tests.market import Market, market, stripe_simulator, stripe_url
from tests.web.browsing import text_of
from tests.web.pages.test_settings import member

__all__ = ["market", "set_up", "stripe_simulator", "stripe_url"]
BLACK, WHITE = {"Colour": "Black", "Size": "S"}, {"Colour": "White", "Size": "S"}
LONG = "A lamp that stands where it is put and lights the whole of a large desk without a glare"


@pytest.mark.parametrize(
    ("title", "brand", "variants", "made"),
    [
        ("Desk lamp", "Nordlicht", [], "Nordlicht Desk lamp"),
        ("Nordlicht desk lamp", "NORDLICHT", [], "Nordlicht desk lamp"),
        ("Desk lamp", "", [BLACK], "Desk lamp – Black"),
        ("Desk lamp", "Nordlicht", [BLACK, WHITE], "Nordlicht Desk lamp – S"),
        ("Black desk lamp", "", [{"Colour": "black"}], "Black desk lamp"),
        (LONG, "Nordlicht", [BLACK], "Nordlicht A lamp that stands where it is put and lights the whole"),
        ("Lampen", "Lamp", [], "Lamp Lampen"),
        ("X" * 90, "", [], "X" * TITLE_LONGEST),
    ],
)
def test_a_title_is_brand_title_and_what_the_product_is(
    title: str, brand: str, variants: list[dict[str, str]], made: str
) -> None:
    assert title_of(title, brand, variants) == made


@pytest.mark.parametrize(
    ("description", "made"),
    [
        ("", "Desk lamp by Nordlicht. Colour: Black, White."),
        ("<p>Bright.</p>", "Bright."),
        (f"<p>{LONG}. Made of oak.</p><p>{LONG}.</p>", f"{LONG}. Made of oak."),
        (f"<p>{LONG}, {LONG}.</p>", f"{LONG}, A lamp that stands where it is put and lights the whole of a large…"),
    ],
)
def test_a_description_is_its_first_sentences(description: str, made: str) -> None:
    assert description_of("Desk lamp", "Nordlicht", description, [BLACK, WHITE]) == made


def test_a_picture_is_told_by_title_option_and_view() -> None:
    assert alt_of("Desk lamp", [BLACK], 0) == "Desk lamp, Black"
    assert alt_of("Desk lamp", [BLACK, WHITE], 2) == "Desk lamp, S, view 3"


_TEXT = st.text(max_size=300)


@given(_TEXT, _TEXT, _TEXT, st.lists(st.dictionaries(_TEXT, _TEXT, max_size=2), max_size=3), st.integers(0, 999))
def test_texts_keep_their_lengths_and_lines(
    title: str, brand: str, description: str, variants: list[dict[str, str]], position: int
) -> None:
    for text, longest in (
        (title_of(title, brand, variants), TITLE_LONGEST),
        (description_of(title, brand, description, variants), DESCRIPTION_LONGEST),
        (alt_of(title, variants, position), ALT_LONGEST),
    ):
        assert len(text) <= longest
        assert len(text.splitlines()) <= 1


@given(st.lists(st.text(alphabet="abcé", min_size=1, max_size=12), min_size=1, max_size=40), st.integers(13, 80))
def test_a_cut_text_ends_with_a_whole_word(words: list[str], longest: int) -> None:
    """And keeps as many as fit."""
    kept = cut(" ".join(words), longest).split(" ")
    assert kept == words[: len(kept)]
    assert len(kept) == len(words) or len(" ".join(words[: len(kept) + 1])) > longest


def pictured(market: Market, *, alt: str = "") -> UUID:
    """A product with a picture, as a file brings it."""
    record = ProductRecord(
        handle="oak", title="Oak lamp", description="", brand="Nordlicht", category="", option_names=["Colour"],
        tags=[], images=[("https://images.example/oak.jpg", alt)], status="active",
        variants=[VariantRecord(sku="OAK-1", options={"Colour": "Natural"}, wholesale_price=1000)],
    )  # fmt: skip
    with db.system_scope(actor="test"), db.transaction() as session:
        save_products(session, market.supplier.id, "USD", [record])
        return session.scalars(select(SupplierProduct.id).where(SupplierProduct.handle == "oak")).one()


def test_texts_written_by_hand_outlive_files_until_they_are_emptied(market: Market) -> None:
    product = pictured(market)
    browser, _ = member(market, "supplier")
    page, action = f"/supplier/products/{product}", "/search-texts"

    def shown() -> tuple[str, str]:
        form = browser.form(page, action)
        alt = form.select_one("input[name^=alt-]")
        return str(form.select_one("[name=seo_title]")["value"]), str(alt["value"] if alt else "")  # type: ignore[index]

    made = ("Nordlicht Oak lamp – Natural", "Oak lamp, Natural")
    assert shown() == made
    assert browser.submit(page, action).status_code == 303, "what it shows is what it takes"
    assert shown() == made
    with db.system_scope(actor="test"), db.transaction() as session:
        image = session.scalars(select(ProductImage).where(ProductImage.product_id == product)).one()
        assert image.alt == "", "nothing was written"
    own = {"seo_title": "The oak lamp", f"alt-{image.id}": "A lamp on a desk"}
    assert browser.submit(page, action, **own).status_code == 303
    pictured(market, alt="From the file")
    assert shown() == ("The oak lamp", "A lamp on a desk")
    too_long = browser.submit(page, action, seo_title="x" * 66)
    assert too_long.status_code == 422 and "at most 65" in text_of(too_long)
    with db.system_scope(actor="test"), db.transaction() as session:
        image = session.scalars(select(ProductImage).where(ProductImage.product_id == product)).one()
    assert browser.submit(page, action, **{"seo_title": "", f"alt-{image.id}": ""}).status_code == 303
    assert shown() == made


def test_a_new_listing_carries_them_and_an_old_one_is_left(market: Market) -> None:
    product = pictured(market)
    answer = market.retailer.api.post(
        "/api/products/import", {"store_id": str(market.store_id), "items": [{"product_id": str(product)}]}
    )
    assert answer.status_code < 300, answer.text
    with db.system_scope(actor="test"), db.transaction() as session:
        (work,) = listings_to_push(session, session.get_one(Store, market.store_id), 5)
    push = ListingPush(location=LocationRef("1", "1"), **work.content)
    made = product_set_input(push, push.variants)
    assert made["seo"] == {
        "title": "Nordlicht Oak lamp – Natural", "description": "Oak lamp by Nordlicht.",
    }  # fmt: skip
    assert made["files"][0]["alt"] == "Oak lamp, Natural"
    assert "seo" not in product_update_input(push)
