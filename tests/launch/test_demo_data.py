"""``crossdock demo-data``: an empty installation is filled, once, and always alike."""

from __future__ import annotations

from itertools import islice

import psycopg2
import pytest

from app.catalog.pictures.derivatives import make
from app.catalog.rules import gtin_problem
from demo.data.assortment import KINDS
from demo.data.drawing import SHAPES, SIDE, picture
from demo.data.making import products
from demo.data.sellers import SELLERS
from launch import postgres
from tests.launch.conftest import Launcher

#: Drawing takes a while; what is drawn is tested by itself.
_NO_PICTURES = {"CROSSDOCK_MEDIA_STORAGE": "none"}


def test_an_empty_installation_is_filled_once(launcher: Launcher) -> None:
    code, out, err = launcher.run("demo-data", "--scale", "300", "--days", "2", **_NO_PICTURES)
    assert code == 0, err
    assert "20 suppliers" in out
    assert "300 variants were made" in out
    assert "3 retailers placed" in out
    assert launcher.run("demo-data", "--scale", "300")[:2] == (
        0,
        "The demo data is there already: nothing was made.\n",
    )
    server = postgres.start(launcher.folder)
    try:
        with psycopg2.connect(server.url) as connection, connection.cursor() as cursor:
            cursor.execute("select count(*), count(distinct sku), min(wholesale_price) > 0 from supplier_variants")
            assert cursor.fetchone() == (300, 300, True)
            cursor.execute(
                "select count(*) from supplier_products p join categories c on c.id = p.category_id "
                "join suppliers s on s.id = p.supplier_id where s.status = 'ACTIVE'"
            )
            (shown,) = cursor.fetchone() or (0,)
            cursor.execute("select count(*) from supplier_products")
            assert cursor.fetchone() == (shown,)
            cursor.execute("select count(*) from outbox_events where state = 0")
            assert cursor.fetchone() == (0,), "nobody is written to because of it"
            cursor.execute("select count(*) > 10, count(*) = count(*) filter (where status <> 'ON_HOLD') from orders")
            assert cursor.fetchone() == (True, True)
            cursor.execute("select count(*) from (select currency from postings group by 1 having sum(amount) <> 0) x")
            assert cursor.fetchone() == (0,), "every cent is booked twice"
            cursor.execute(
                "select count(*) from inventory_levels l where reserved <> (select coalesce(sum(quantity - consumed - "
                "released), 0) from reservations r where r.level_id = l.id and r.state in ('HELD', 'COMMITTED'))"
            )
            assert cursor.fetchone() == (0,)
            cursor.execute("update suppliers set company_name = 'Taken'")
    finally:
        server.stop()
    code, out, err = launcher.run("demo-data", "--scale", "300")
    assert (code, out) == (1, "")
    assert "in use" in err


def test_a_seed_makes_the_same_products_however_many_are_wanted() -> None:
    few, many = list(products(5, SELLERS, 400)), list(products(5, SELLERS, 4_000))
    # The last of the few may be cut short.
    assert few[:-1] == many[: len(few) - 1]
    assert sum(len(one.variants) for one in few) == 400
    assert list(islice(products(6, SELLERS, 400), 5)) != few[:5]


def test_made_products_are_believable() -> None:
    made = list(products(1, SELLERS, 9_000))
    variants = [one for product in made for one in product.variants]
    assert 1_500 < len(made) < 2_500
    assert all(gtin_problem(one.gtin) is None for one in variants)
    assert len({(product.seller, one.sku) for product in made for one in product.variants}) == len(variants)
    assert all(one.cost < (one.map_price or one.msrp) <= one.msrp for one in variants)
    assert 0.03 < sum(one.stock == 0 for one in variants) / len(variants) < 0.12
    sold_by: dict[str, set[int]] = {}
    for product in made:
        assert len({tuple(one.options.items()) for one in product.variants}) == len(product.variants)
        for one in product.variants:
            sold_by.setdefault(one.gtin, set()).add(product.seller)
    several = sum(len(sellers) > 1 for sellers in sold_by.values()) / len(sold_by)
    assert several > 0.05, "goods of several suppliers can be compared"


def test_every_kind_can_be_drawn_in_its_own_colour() -> None:
    assert {kind.shape for kind in KINDS} == set(SHAPES)
    navy, rose = picture("mug", "Navy"), picture("mug", "Rose")
    assert navy != rose
    assert make(navy).width == SIDE


@pytest.mark.parametrize("scale", ["0", "2000001", "many"])
def test_a_scale_that_can_not_be_is_refused(launcher: Launcher, scale: str) -> None:
    code, _, err = launcher.run("demo-data", "--scale", scale)
    assert code == 2
    assert "--scale" in err
