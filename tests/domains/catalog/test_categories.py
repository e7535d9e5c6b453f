"""Where suppliers' categories belong: proposals by names, confirmations through the portal, and what is learnt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app import db
from app.catalog.categories.queries import Placed, mappings
from app.catalog.categories.rules import clean_path, from_others, key_of
from app.catalog.categories.service import propose
from app.catalog.categories.tree import tree
from app.catalog.models import Category, SupplierProduct
from app.catalog.service import ProductRecord, VariantRecord, save_products
from app.identity.models import Organisation
from app.outbox.models import OutboxEvent
from tests import factories
from tests.adapters.settings import set_up
from tests.market import Market, market, stripe_simulator, stripe_url
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member

__all__ = ["market", "set_up", "stripe_simulator", "stripe_url"]


def save(supplier_id: UUID, *categories: str) -> None:
    """One product in each category."""
    records = [
        ProductRecord(
            handle=f"p-{key_of(category)}", title="Thing", description="", brand="", category=category,
            option_names=[], tags=[], images=[], status="active",
            variants=[VariantRecord(sku=f"{supplier_id}-{key_of(category)}", options={}, wholesale_price=100)],
        )
        for category in categories
    ]  # fmt: skip
    with db.system_scope(actor="test"), db.transaction() as session:
        save_products(session, supplier_id, "USD", records)


def placed(supplier_id: UUID) -> dict[str, Placed]:
    """The supplier's categories by their names."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return {one.source: one for one in mappings(session, supplier_id, limit=200).items}


def path_of(supplier_id: UUID, category: str) -> str:
    """Where the product of a category stands."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.scalars(
            select(Category.path)
            .join(SupplierProduct, SupplierProduct.category_id == Category.id)
            .where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.handle == f"p-{key_of(category)}")
        ).one()


@pytest.mark.parametrize(
    ("source", "titles", "path", "basis", "least"),
    [
        ("594", [], "Home & Garden > Lighting", "id", 100),
        ("594 - Home & Garden > Lighting", [], "Home & Garden > Lighting", "id", 100),
        ("home & garden >lighting", [], "Home & Garden > Lighting", "path", 100),
        ("Home > Lighting", [], "Home & Garden > Lighting", "names", 80),
        ("Haus & Garten > Beleuchtung", [], "Home & Garden > Lighting", "names", 80),
        ("Möbel | Stühle", [], "Furniture > Chairs", "names", 80),
        ("Women / Dresses", [], "Apparel & Accessories > Clothing > Dresses", "names", 70),
        ("Outdoor lighting", ["Garden light"], "Home & Garden > Lighting", "names", 60),
    ],
)
def test_a_category_is_placed_by_id_path_or_names(
    source: str, titles: list[str], path: str, basis: str, least: int
) -> None:
    found = propose(source, titles, {})
    assert tree().nodes[found.google_id or 0].path == path
    assert found.basis == basis and found.confidence >= least


@pytest.mark.parametrize("source", ["Sale", "B2B > 2024", "", " > ", "🙂", "999999999", "New in"])
def test_what_says_nothing_is_placed_nowhere(source: str) -> None:
    found = propose(source, [], {})
    assert found.google_id is None and found.confidence == 0


def test_the_tree_hangs_together() -> None:
    """Every node's parent is a node; ids and paths lead back to it."""
    paths = {node.path for node in tree().nodes.values()}
    assert len(paths) == len(tree().nodes) >= 300
    for node in tree().nodes.values():
        assert " > " not in node.path or node.path.rsplit(" > ", 1)[0] in paths
        assert tree().find(node.path) == tree().find(str(node.id)) == node
    assert tree().search("lamp")[0].path == "Home & Garden > Lighting > Lamps"
    assert tree().search("") == []


@given(st.text(max_size=60))
def test_any_name_is_a_clean_path_with_one_key(text: str) -> None:
    assert clean_path(clean_path(text)) == clean_path(text)
    assert key_of(clean_path(text)) == key_of(text)
    found = propose(text, [text], {})
    assert 0 <= found.confidence <= 100


@given(st.dictionaries(st.integers(1, 5), st.integers(1, 50), max_size=4))
def test_the_more_agree_the_surer(votes: dict[int, int]) -> None:
    found = from_others(votes)
    assert found.confidence <= 95
    if votes:
        best = max(votes.values())
        assert votes[found.google_id or 0] == best
        assert from_others({**votes, found.google_id or 0: best + 1}).confidence >= found.confidence


def test_a_confirmation_moves_products_at_once_and_teaches(market: Market) -> None:
    """The first supplier corrects; another with the same name is proposed the same; two agreeing are believed."""
    first, second = market.supplier.id, market.other_supplier.id
    save(first, "Leuchtendes", "Home > Lighting")
    assert path_of(first, "Leuchtendes") == "Leuchtendes", "nobody knows: the supplier's own"
    assert path_of(first, "Home > Lighting") == "Home & Garden > Lighting"
    browser, _ = member(market, "supplier")
    row = placed(first)["Leuchtendes"]
    assert (row.state, row.products, row.basis) == ("to_confirm", 1, "none")
    page = "/supplier/categories"
    form = {f"on-{row.id}": "1", f"to-{row.id}": "home & garden > lighting > lamps"}
    events = market.count(OutboxEvent.__tablename__)
    assert browser.submit(page, page, **form).status_code == 303
    assert path_of(first, "Leuchtendes") == "Home & Garden > Lighting > Lamps"
    assert market.count(OutboxEvent.__tablename__) > events, "stores are told"
    save(first, "Leuchtendes")
    assert path_of(first, "Leuchtendes") == "Home & Garden > Lighting > Lamps", "a later file keeps to it"

    save(second, "leuchtendes")
    proposed = placed(second)["leuchtendes"]
    assert (proposed.path, proposed.basis, proposed.state) == (
        "Home & Garden > Lighting > Lamps", "others", "to_confirm",
    )  # fmt: skip
    other = other_member(market)
    assert other.post(page, {**form, "csrf_token": token(other)}).status_code == 404, "another's is not there"
    sent = {f"on-{proposed.id}": "1"}
    assert other.submit(page, page, **sent).status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        third = factories.supplier(session, "Third").id
    save(third, "Leuchtendes")
    assert placed(third)["Leuchtendes"].state == "mapped"
    assert path_of(third, "Leuchtendes") == "Home & Garden > Lighting > Lamps"
    listed = market.retailer.api.get(f"/api/suppliers/{first}/products", category="home-garden-lighting").json["items"]
    assert len(listed) == 3, "the lamp of the market, and both of these"


def test_who_thinks_again_takes_its_word_back(market: Market) -> None:
    first, second = market.supplier.id, market.other_supplier.id
    save(first, "Zeug")
    browser, _ = member(market, "supplier")
    row = placed(first)["Zeug"]
    for path in ("Furniture > Sofas", "Furniture > Sofas", "Furniture > Benches"):
        answer = browser.submit(
            "/supplier/categories?view=all", "/categories", **{f"on-{row.id}": "1", f"to-{row.id}": path}
        )
        assert answer.status_code == 303, text_of(answer)
    save(second, "Zeug")
    assert placed(second)["Zeug"].path == "Furniture > Benches"


def test_what_is_not_in_the_tree_is_refused_beside_its_field(market: Market) -> None:
    save(market.supplier.id, "Zeug")
    browser, _ = member(market, "supplier")
    row = placed(market.supplier.id)["Zeug"]
    page = "/supplier/categories"
    answer = browser.submit(page, page, **{f"on-{row.id}": "1", f"to-{row.id}": "Home & Garten"})
    assert answer.status_code == 422
    soup = BeautifulSoup(answer.text, "html.parser")
    assert "no such category" in str(soup.select_one(f"#h-to-{row.id}"))
    assert soup.select_one(f"input[name=to-{row.id}]")["value"] == "Home & Garten"  # type: ignore[index]
    assert "Tick the categories" in text_of(browser.submit(page, page))
    assert browser.get("/supplier/categories/search?q=lamp").json[0] == "Home & Garden > Lighting > Lamps"


def test_the_whole_taxonomy_can_take_the_place_of_our_part(
    market: Market, set_up: Callable[..., None], tmp_path: Path
) -> None:
    whole = tmp_path / "taxonomy.txt"
    whole.write_text("# Google_Product_Taxonomy_Version: 2021-09-21\n1 - Tiere\n2 - Tiere > Vögel\n", "utf-8")
    set_up(taxonomy_file=str(whole))
    save(market.supplier.id, "vögel")
    assert path_of(market.supplier.id, "vögel") == "Tiere > Vögel"
    whole.with_name("wrong.txt").write_text("no taxonomy")
    set_up(taxonomy_file=str(whole.with_name("wrong.txt")))
    with pytest.raises(ValueError, match="not a taxonomy"):
        tree()


def other_member(market: Market) -> Browser:
    """A member of the other supplier."""
    with db.system_scope(actor="test"), db.transaction() as session:
        organisation = session.get_one(Organisation, market.other_supplier.id)
        user = factories.member(session, organisation, "supplier_owner")
    browser = Browser(market.app)
    assert browser.sign_in(user.email).status_code == 303
    return browser


def token(browser: Browser) -> str:
    """The token that the forms of this browser carry."""
    return str(browser.form("/supplier/categories", "/categories").select_one("[name=csrf_token]")["value"])  # type: ignore[index]
