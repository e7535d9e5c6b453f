"""A supplier's stock in the portal: looked through, changed in place and by file, and explained unit by unit."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from app import db
from app.inventory.models import StockRule
from app.inventory.queries import availability
from app.inventory.service import add_location
from app.kit.ids import new_id
from app.purchasing import service as purchasing
from app.suppliers.models import Supplier
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import Portal, portal
from tests.web.browsing import text_of

__all__ = ["portal", "set_up"]

LIST = "/supplier/inventory"


class Stock:
    """A portal with four variants: 20, 3, 0 units, and one of which nothing is known."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.skus = ["LAMP-1", "LAMP-2", "MAT_3", "VASE-4"]
        with db.system_scope(actor="test"), db.transaction() as session:
            supplier = session.get_one(Supplier, portal.id)
            lamps = factories.product(session, supplier, title="Desk lamp", skus=self.skus[:2], stock=20)
            [mat] = factories.product(session, supplier, title="Door mat", skus=self.skus[2:3], stock=0)
            [vase] = factories.product(session, supplier, title="Vase", skus=self.skus[3:], stock=None)
            self.ids = dict(zip(self.skus, [*lamps, mat, vase], strict=True))
            factories.set_stock(session, portal.id, {lamps[1]: 3})
        portal.jobs.drain()

    def shown(self, **query: str) -> list[str]:
        """The SKUs that the list shows, in its order."""
        answer = self.portal.browser.get(LIST, query_string=query)
        assert answer.status_code == 200, answer.text
        rows = BeautifulSoup(answer.text, "html.parser").select("tbody tr")
        return [row.select_one("td span.text-xs").get_text().split(" · ")[0] for row in rows]  # type: ignore[union-attr]

    def save(self, **changes: str) -> Any:
        """Change fields of the page, named as ``stock_LAMP-1``."""
        fields = {f"{name.split('_', 1)[0]}-{self.ids[name.split('_', 1)[1]]}": v for name, v in changes.items()}
        return self.portal.browser.submit(LIST, LIST, **fields)

    def free(self) -> dict[str, tuple[int, int]]:
        """SKU → free units and those for sale."""
        with db.system_scope(actor="test"), db.transaction() as session:
            found = availability(session, self.ids.values())
        return {sku: (found[one].free, found[one].for_sale) for sku, one in self.ids.items() if one in found}

    def order(self, **units: int) -> None:
        """Somebody orders, and pays."""
        with db.system_scope(actor="test"), db.transaction() as session:
            shop = factories.retailer(session)
            lines = {self.ids[sku.replace("_", "-")]: count for sku, count in units.items()}
            order_id = purchasing.place_order(session, factories.order_of(shop, lines)).order_id
            purchasing.release_purchase_orders(session, order_id)
        self.portal.jobs.drain()

    def text(self, path: str) -> str:
        answer = self.portal.browser.get(path)
        assert answer.status_code == 200, answer.text
        return text_of(answer)


@pytest.fixture
def stock(portal: Portal) -> Stock:
    return Stock(portal)


def test_variants_are_found_by_words_and_by_how_they_stand(stock: Stock) -> None:
    assert stock.shown() == stock.skus
    assert stock.shown(search="desk") == ["LAMP-1", "LAMP-2"]
    assert stock.shown(search="desk lamp-2") == ["LAMP-2"]
    assert stock.shown(search="mat_") == ["MAT_3"], "no wildcard"
    assert stock.shown(show="out") == ["MAT_3"]
    assert stock.shown(show="low") == stock.shown(show="stale") == []
    assert "Nothing is running low" in stock.text(f"{LIST}?show=low")

    assert stock.portal.browser.submit(f"{LIST}/defaults", "/defaults", low_stock_at="5").status_code == 303
    assert stock.shown(show="low") == ["LAMP-2", "MAT_3"]
    assert "2 variants are running low" in stock.text("/supplier/")
    stock.portal.rows(
        f"update inventory_levels set as_of = now() - interval '3 days' where variant_id = '{stock.ids['LAMP-1']}'"
        " returning id"
    )
    assert stock.shown(show="stale") == ["LAMP-1"]
    assert "Too old, shown as 0" in stock.text(LIST)
    assert stock.shown(show="nonsense") == stock.skus


def test_a_page_goes_on_after_its_last_sku(stock: Stock) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        supplier = session.get_one(Supplier, stock.portal.id)
        factories.product(session, supplier, skus=[f"A-{number:02}" for number in range(30)])
    first = stock.portal.browser.get(LIST)
    link = BeautifulSoup(first.text, "html.parser").find("a", rel="next")
    query = str(link["href"]).split("cursor=")[1].split("&")[0]  # type: ignore[index]
    assert stock.shown() == [f"A-{number:02}" for number in range(25)]
    assert stock.shown(cursor=query) == [*(f"A-{number:02}" for number in range(25, 30)), *stock.skus]
    assert stock.portal.browser.get(f"{LIST}?cursor=nonsense").status_code == 422


def test_only_what_was_changed_is_saved(stock: Stock) -> None:
    assert stock.save(**{"stock_LAMP-1": "12", "safety_LAMP-1": "4", "low_LAMP-2": "3"}).status_code == 303
    assert stock.free() == {"LAMP-1": (12, 8), "LAMP-2": (3, 3), "MAT_3": (0, 0)}
    assert stock.portal.rows("select safety_stock, low_stock_at from stock_rules order by low_stock_at") == [
        {"safety_stock": None, "low_stock_at": 3}, {"safety_stock": 4, "low_stock_at": None},
    ]  # fmt: skip
    assert stock.save(**{"safety_LAMP-1": ""}).status_code == 303
    assert stock.free()["LAMP-1"] == (12, 12), "as for all again"
    answer = stock.save(**{"stock_LAMP-1": "many", "stock_LAMP-2": "9"})
    assert answer.status_code == 422
    assert "A whole number from 0 to 100000000." in text_of(answer)
    assert stock.free()["LAMP-2"] == (3, 3), "nothing of it is saved"


def test_stock_of_several_places_is_not_changed_here(stock: Stock) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        add_location(session, stock.portal.id, code="far", name="Far away", country="PL", default=False)
    assert "You keep stock at several places" in stock.text(LIST)


def test_the_history_says_why_each_unit_moved(stock: Stock) -> None:
    stock.order(LAMP_1=2)
    stock.save(**{"stock_LAMP-1": "15"})
    page = stock.text(f"{LIST}/{stock.ids['LAMP-1']}")
    (number,) = [row["number"] for row in stock.portal.rows("select number from purchase_orders")]
    (name,) = [row["name"] for row in stock.portal.rows(
        f"select name from users u join memberships m on m.user_id = u.id where m.organisation_id = '{stock.portal.id}'"
    )]  # fmt: skip
    assert f"Ordered {number} – +2" in page
    assert f"New figure {name} -3 –" in page


def test_what_is_less_than_ordered_is_listed_with_its_orders(stock: Stock) -> None:
    stock.order(LAMP_1=5)
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.set_stock(session, stock.portal.id, {stock.ids["LAMP-1"]: 0}, age=timedelta(seconds=-1))
    stock.order(LAMP_2=3)
    with db.system_scope(actor="test"), db.transaction() as session:
        before = stock.portal.rows("select released_at from purchase_orders order by released_at desc limit 1")
        from app.inventory.service import StockFigure, set_figures

        early = before[0]["released_at"] - timedelta(milliseconds=1)
        set_figures(session, stock.portal.id, [StockFigure(stock.ids["LAMP-2"], 1, early)])
    page = stock.text(f"{LIST}/short")
    (number,) = [
        row["number"] for row in stock.portal.rows("select number from purchase_orders order by number desc limit 1")
    ]
    assert "LAMP-2" in page and number in page
    assert "LAMP-1" not in page, "that order is in the figure already"
    assert "Less than ordered" in stock.text(LIST)
    assert "See which" in stock.text("/supplier/")


def test_stock_goes_out_as_a_file_and_comes_back(stock: Stock) -> None:
    stock.save(**{"safety_LAMP-1": "2"})
    browser = stock.portal.browser
    rows = list(csv.DictReader(io.StringIO(browser.get(f"{LIST}/export.csv").text)))
    assert {row["sku"]: (row["stock"], row["safety_stock"], row["low_stock_at"]) for row in rows} == {
        "LAMP-1": ("20", "2", ""), "LAMP-2": ("3", "", ""), "MAT_3": ("0", "", ""), "VASE-4": ("", "", ""),
    }  # fmt: skip
    rows[0] |= {"stock": "18", "safety_stock": "5"}
    rows[1] |= {"low_stock_at": "4"}
    rows[2] |= {"safety_stock": "a few"}
    rows.append({**rows[3], "sku": "GONE-1", "stock": "3"})
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    answer = browser.submit(LIST, "/inventory/upload", file=(io.BytesIO(out.getvalue().encode()), "stock.csv"))
    assert answer.status_code == 303
    stock.portal.jobs.drain()

    path = answer.headers["Location"]
    page = stock.text(path)
    assert "Never sold: 2 → 5" in page and "Low at: – → 4" in page
    assert "'a few' is not a whole number from 0 on." in page
    assert "None of your products has this SKU." in page
    assert stock.free()["LAMP-1"] == (20, 18), "nothing happens before"
    assert browser.submit(path, "/apply").status_code == 303
    stock.portal.jobs.drain()
    assert stock.free()["LAMP-1"] == (18, 13)
    assert stock.shown(show="low") == ["LAMP-2"]
    assert "A file" in stock.text(f"{LIST}/{stock.ids['LAMP-1']}")

    back = stock.text(f"{path}/roll-back")
    assert "Never sold" in back
    assert browser.submit(f"{path}/roll-back", "/roll-back").status_code == 303
    stock.portal.jobs.drain()
    assert stock.free()["LAMP-1"] == (20, 18)
    assert stock.shown(show="low") == []


def test_a_strangers_variant_is_not_there(stock: Stock) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        [theirs] = factories.product(session, factories.supplier(session, "Other"))
    assert stock.portal.browser.get(f"{LIST}/{theirs}").status_code == 404
    assert stock.portal.browser.get(f"{LIST}/{new_id()}").status_code == 404
    answer = stock.portal.browser.submit(f"{LIST}", LIST, **{f"safety-{theirs}": "4", f"stock-{theirs}": "7"})
    assert answer.status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.get(StockRule, theirs) is None
        assert availability(session, [theirs])[theirs].free == 10
