"""Suppliers, one for each kind of channel, and what they do by it: the same words, whatever files, calls, links, pages
or shops are behind them."""

from __future__ import annotations

import io
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from werkzeug.test import TestResponse

from app import db
from app.adapters import registries
from app.adapters.channels.shopify_shop.orders import tag_of
from app.notifications.service import latest_emails
from app.purchasing.service.channels import choose_channel, setting_of, settings_of
from app.purchasing.service.transmitting import words_of
from app.webhooks.signing import new_secret
from tests.adapters.channels.test_shopify_shop import UNDO, Shop, opened
from tests.adapters.stores.conftest import CLIENT_ID, CLIENT_SECRET
from tests.flows.books import Books, Json
from tests.flows.test_file_channels import TRACKING, House, shipment
from tests.simulators.shopify import Control
from tests.simulators.supplier_api.server import serving as serving_system
from tests.simulators.supplier_api.world import World as System
from tests.simulators.woocommerce.server import serving as serving_shop
from tests.simulators.woocommerce.world import World as WooCommerce
from tests.web.browsing import Browser, text_of

#: What was never ordered.
OTHER_SKU = "NEVER-ORDERED-1"
#: A supplier's shipped, cancelled and rejected units of an order's line.
Units = tuple[int, int, int]


class Supplier(ABC):
    """A supplier that gets orders of lamps and answers them by its channel."""

    def __init__(self, house: House, books: Books) -> None:
        self.house, self.books, self.market = house, books, house.market
        self.sku = house.market.lamp.skus[0]

    def gets(self, units: int) -> str:
        """An order of lamps. Returns its number."""
        return self.house.order(units)

    @abstractmethod
    def accepts(self, number: str) -> None:
        """All of it."""

    @abstractmethod
    def rejects(self, number: str, units: int) -> int:
        """So many units, since there are no more; all where its channel knows no part of a line. Returns how many."""

    @abstractmethod
    def ships(self, number: str, units: int) -> None:
        """A parcel, always under the same number."""

    @abstractmethod
    def names_another_article(self) -> tuple[str, Units]:
        """It gets an order of two lamps and deals with another article in their place. Returns the order's number, and
        how its line stands once that is understood."""

    def goes_back(self, number: str, units: int) -> None:
        """Of what it has shipped it says that it can't be sent after all."""
        self.rejects(number, units)

    @abstractmethod
    def is_told_that_it_is_too_late(self) -> bool:
        """Its last word came when somebody else had the order."""

    def line(self, number: str) -> Units:
        """How the line of an order stands."""
        row = self._row(number)
        return row["shipped"], row["cancelled"], row["rejected"]

    def _row(self, number: str) -> Json:
        return self.books.row(
            "select p.id, p.status, l.id as line, l.shipped, l.cancelled, l.rejected from purchase_orders p "
            "join purchase_order_lines l on l.purchase_order_id = p.id where p.number = %s",
            number,
        )


class Called(Supplier):
    """One whose system is called, so that an answer of it may be lost."""

    @abstractmethod
    def loses_the_next_answer(self) -> None:
        """The next order arrives, and nobody hears that it did."""

    @abstractmethod
    def orders_it_has(self) -> int:
        """How many orders it has by its system."""


class ByFiles(Called):
    """By files that are exchanged."""

    def is_told_that_it_is_too_late(self) -> bool:
        return any("comes too late" in one for one in self.house.refused())

    def loses_the_next_answer(self) -> None:
        self.house.servers.break_at_rename("after")


class ByX12(ByFiles):
    """By 855 and 856."""

    def __init__(self, house: House, books: Books) -> None:
        super().__init__(house, books)
        house.choose("x12")

    def accepts(self, number: str) -> None:
        self._says(number, self.sku, "ACK*IA*3*EA")

    def rejects(self, number: str, units: int) -> int:
        self._says(number, self.sku, f"ACK*IR*{units}*EA", "ACK*IA*1*EA")
        return units

    def ships(self, number: str, units: int) -> None:
        self.house.says("856", *shipment(number, self.sku, (TRACKING[0], units)))
        self.house.poll()

    def names_another_article(self) -> tuple[str, Units]:
        number = self.gets(2)
        self._says(number, OTHER_SKU, "ACK*IA*2*EA")
        self.house.says("856", *shipment(number, OTHER_SKU, (TRACKING[0], 2)))
        self.house.poll()
        assert sum(OTHER_SKU in one for one in self.house.refused()) == 2
        return number, (0, 0, 0)

    def orders_it_has(self) -> int:
        return len(self.house.controls("850"))

    def _says(self, number: str, sku: str, *acks: str) -> None:
        self.house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA*10.00**VP*{sku}", *acks)
        self.house.poll()


class ByCsv(ByFiles):
    """By files in columns of its own."""

    def __init__(self, house: House, books: Books) -> None:
        super().__init__(house, books)
        house.choose("sftp_csv")
        self.files = 0

    def accepts(self, number: str) -> None:
        self._says("po,sku,status", f"{number},{self.sku},accepted")

    def rejects(self, number: str, units: int) -> int:
        self._says("po,sku,qty,status,reason", f"{number},{self.sku},{units},rejected,no stock")
        return units

    def ships(self, number: str, units: int) -> None:
        self._says("po,sku,qty,carrier,tracking", f"{number},{self.sku},{units},UPS,{TRACKING[0]}")

    def names_another_article(self) -> tuple[str, Units]:
        number = self.gets(2)
        self._says("po,sku,status", f"{number},{OTHER_SKU},accepted")
        self._says("po,sku,qty,carrier,tracking", f"{number},{OTHER_SKU},2,UPS,{TRACKING[0]}")
        assert sum(OTHER_SKU in one for one in self.house.refused()) == 2
        return number, (0, 0, 0)

    def orders_it_has(self) -> int:
        return sum(name.startswith("orders-") for name in self.house.sent())

    def _says(self, *rows: str) -> None:
        self.files += 1
        self.house.put(f"answer-{self.files}.csv", "\n".join(rows) + "\n")
        self.house.poll()


class ByApi(Called):
    """By signed messages in, and our API back."""

    def __init__(self, house: House, books: Books, system: System, url: str) -> None:
        super().__init__(house, books)
        self.system, self.system.secret = system, new_secret()
        self.answer: TestResponse | None = None
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            choose_channel(
                session,
                self.market.supplier.id,
                registries.channels.get("api"),
                {"url": url, "tells": ""},
                made={"signing_secret": system.secret},
            )

    def accepts(self, number: str) -> None:
        self._acknowledges(number, status="accepted")

    def rejects(self, number: str, units: int) -> int:
        self._acknowledges(number, status="rejected", quantity=units, reason="out_of_stock")
        return units

    def ships(self, number: str, units: int) -> None:
        self._ships(number, self._row(number)["line"], units)

    def names_another_article(self) -> tuple[str, Units]:
        known, number = self.gets(1), self.gets(2)
        for line in (str(uuid4()), str(self._row(known)["line"])):
            self._acknowledges(number, line_id=line, status="accepted")
            assert self.answer is not None and self.answer.status_code == 422
            self._ships(number, line, 1)
            assert self.answer.status_code == 422
        assert self.line(known) == (0, 0, 0)
        return number, (0, 0, 0)

    def is_told_that_it_is_too_late(self) -> bool:
        return self.answer is not None and self.answer.status_code == 409

    def loses_the_next_answer(self) -> None:
        self.system.fail_next("drop_after")

    def orders_it_has(self) -> int:
        return sum(order.seen for order in self.system.orders.values())

    def _acknowledges(self, number: str, **said: Any) -> None:
        row = self._row(number)
        line = {"line_id": str(row["line"]), **said}
        self._calls(f"{row['id']}/acknowledge", {"lines": [line]})

    def _ships(self, number: str, line: Any, units: int) -> None:
        parcel = {
            "carrier": "UPS",
            "tracking_number": TRACKING[0],
            "lines": [{"line_id": str(line), "quantity": units}],
        }
        self._calls(f"{self._row(number)['id']}/ship", {"parcels": [parcel]})

    def _calls(self, path: str, body: Json) -> None:
        self.answer = self.market.supplier.api.post(f"/api/supplier/orders/{path}", body)
        self.house.jobs.drain()


class ByPortal(Supplier):
    """By the pages."""

    channel = "portal"

    def __init__(self, house: House, books: Books) -> None:
        super().__init__(house, books)
        self.answer: TestResponse | None = None
        # Somebody is there to be written to.
        books.browser(self.market.supplier)
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            choose_channel(session, self.market.supplier.id, registries.channels.get(self.channel), {})

    def accepts(self, number: str) -> None:
        self._presses(number, "accept")

    def rejects(self, number: str, units: int) -> int:
        self.accepts(number)
        give = {f"give-up-{self._row(number)['line']}": str(units), "give-up-reason": "out_of_stock"}
        self._presses(number, "give-up", **give)
        return units

    def ships(self, number: str, units: int) -> None:
        packed = {f"units-{self._row(number)['line']}": str(units)}
        self._presses(number, "ship", carrier="UPS", tracking_number=TRACKING[0], **packed)

    def names_another_article(self) -> tuple[str, Units]:
        number = self.gets(2)
        rows = f"purchase_order,carrier,tracking_number,sku,quantity\r\n{number},UPS,{TRACKING[0]},{OTHER_SKU},2\r\n"
        browser, page = self.books.browser(self.market.supplier), "/supplier/purchase-orders/ship"
        sent = browser.submit(page, page, file=(io.BytesIO(rows.encode()), "parcels.csv"))
        self.house.jobs.drain()
        assert "1 row was left as it is" in text_of(browser.get(sent.headers["Location"]))
        return number, (0, 0, 0)

    def is_told_that_it_is_too_late(self) -> bool:
        shown = self.books.browser(self.market.supplier).get(self.answer.request.path.rpartition("/")[0])  # type: ignore[union-attr]
        return "Cancelled" in text_of(shown)

    def _presses(self, number: str, what: str, **values: str) -> None:
        page = f"/supplier/purchase-orders/{self._row(number)['id']}"
        self.answer = self.books.press(self.market.supplier, f"{page}/{what}", **values)
        assert self.answer.status_code < 500, self.answer.text
        self.house.jobs.drain()


class ByLetter(ByPortal):
    """By the links of letters, without signing in; parcels on the pages."""

    channel = "email"

    def accepts(self, number: str) -> None:
        self._clicks(f"{self._link(number)}/accept")

    def rejects(self, number: str, units: int) -> int:
        line = self._row(number)["line"]
        self._clicks(self._link(number), **{f"answer-{line}": "rejected", f"reason-{line}": "out_of_stock"})
        (row,) = self.books.rows("select quantity from purchase_order_lines where id = %s", line)
        return int(row["quantity"])

    def names_another_article(self) -> tuple[str, Units]:
        known, number = self.gets(1), self.gets(2)
        for line in (str(uuid4()), str(self._row(known)["line"])):
            self._clicks(self._link(number), **{f"answer-{line}": "accepted"})
        assert self.line(known) == (0, 0, 0)
        assert self.house.row(known).status == "PENDING", "a link is about one order"
        return number, (0, 0, 0)

    def is_told_that_it_is_too_late(self) -> bool:
        assert self.answer is not None
        return "Cancelled" in text_of(Browser(self.market.app).get(self.answer.request.path.removesuffix("/accept")))

    def _link(self, number: str) -> str:
        with db.system_scope(actor="test"), db.transaction() as session:
            letters = [one for one in latest_emails(session) if one.kind == "purchase_order" and number in one.subject]
            return str(re.findall(r"http\S+(/answer/[\w-]+)", letters[-1].text)[0])

    def _clicks(self, path: str, **values: str) -> None:
        self.answer = Browser(self.market.app).post(path, values)
        assert self.answer.status_code < 500, self.answer.text
        self.house.jobs.drain()


class ByWooCommerce(Called):
    """By its own WooCommerce shop, in which an order in progress counts as accepted."""

    def __init__(self, house: House, books: Books, shop: WooCommerce, url: str) -> None:
        super().__init__(house, books)
        self.shop = shop
        shop.add_product(self.sku, 10)
        self.other = shop.add_product(OTHER_SKU, 10)
        house.choose("woocommerce_shop", url=url, consumer_key=shop.key, consumer_secret=shop.secret)

    def accepts(self, number: str) -> None:
        self._changes(number, status="processing")

    def rejects(self, number: str, units: int) -> int:
        (item,) = self._there(number)["line_items"]
        self._changes(number, line_items=[{"id": item["id"], "quantity": 3 - units}])
        return units

    def ships(self, number: str, units: int) -> None:
        order = self._there(number)
        if not any(one["is_fulfilled"] for one in self.shop.fulfillments.get(order["id"], [])):
            self.shop.fulfil(order["id"], {order["line_items"][0]["id"]: units}, TRACKING[0])
        self._polls()

    def names_another_article(self) -> tuple[str, Units]:
        number = self.gets(2)
        order = self._there(number)
        (item,) = order["line_items"]
        # Its people take the lamps off, and put something else in their place.
        self._changes(number, line_items=[{"id": item["id"], "quantity": 0}])
        another = {**item, "id": self.shop.number(), "sku": OTHER_SKU, "product_id": self.other, "meta_data": []}
        order["line_items"].append(another)
        self.shop.fulfil(order["id"], {another["id"]: 2}, TRACKING[0])
        self._polls()
        return number, (0, 2, 2)

    def goes_back(self, number: str, units: int) -> None:
        for status in ("on-hold", "cancelled"):
            self._changes(number, status=status)

    def is_told_that_it_is_too_late(self) -> bool:
        return [order["status"] for order in self.shop.orders.values()] == ["cancelled"]

    def loses_the_next_answer(self) -> None:
        self.shop.faults.append("drop_after")

    def orders_it_has(self) -> int:
        return len(self.shop.orders)

    def _changes(self, number: str, **given: Any) -> None:
        if self._there(number)["status"] != "cancelled":
            self.shop.change_order(self._there(number)["id"], given)
        self._polls()

    def _polls(self) -> None:
        self.shop.advance(360)
        self.house.poll()

    def _there(self, number: str) -> dict[str, Any]:
        (found,) = (
            order for order in self.shop.orders.values() if any(one["value"] == number for one in order["meta_data"])
        )
        return found


class ByShopify(Called):
    """By its own Shopify shop, in which an order that was taken counts as accepted."""

    def __init__(self, house: House, books: Books, control: Control) -> None:
        super().__init__(house, books)
        domain = opened(control, "Lamps", self.sku)
        house.choose("shopify_shop", shop=domain, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            row = setting_of(session, self.market.supplier.id)
            assert row is not None
            self.shop = Shop(control, domain, settings_of(row))
        self.parcels: dict[str, str] = {}

    def accepts(self, number: str) -> None:
        self._polls()

    def rejects(self, number: str, units: int) -> int:
        order = self._there(number)
        self.shop.control.wait_until_routed(self.shop.domain, order["id"])
        self.shop.control.edit_order(self.shop.domain, order["id"], {order["lines"][0]["id"]: 3 - units})
        self._polls()
        return units

    def ships(self, number: str, units: int) -> None:
        order = self._there(number)
        if number not in self.parcels and not order["cancelled_at"]:
            self.parcels[number] = self.shop.fulfil({self.sku: units}, TRACKING[0], order=order)
        self._polls()

    def names_another_article(self) -> tuple[str, Units]:
        # Its shop sells no such lamp.
        placed = self.market.place((self.market.lamp.variants[1], 2))
        self.house.jobs.drain()
        number = str(placed["purchase_orders"][0]["number"])
        told = self.house.told(number)
        assert told.state == "REJECTED"
        assert self.market.lamp.skus[1] in words_of(told)
        return number, (0, 0, 0)

    def goes_back(self, number: str, units: int) -> None:
        self.shop.staff(UNDO, {"id": self.parcels[number]})
        self._polls()

    def is_told_that_it_is_too_late(self) -> bool:
        return [bool(order["cancelled_at"]) for order in self.shop.orders()] == [True]

    def loses_the_next_answer(self) -> None:
        self.shop.control.add_fault("drop_after_effect", {"operation": "orderCreate", "shop": self.shop.domain})

    def orders_it_has(self) -> int:
        return len(self.shop.orders())

    def _polls(self) -> None:
        self.shop.control.advance_clock(360)
        self.house.poll()

    def _there(self, number: str) -> dict[str, Any]:
        (found,) = (order for order in self.shop.orders() if tag_of(number) in order["tags"])
        return found


#: Channel → how such a supplier is made; it lives as long as what is behind it is served.
Maker = Callable[[House, Books, Callable[[], Control]], Iterator[Supplier]]


def _system(house: House, books: Books, _shopify: Callable[[], Control]) -> Iterator[Supplier]:
    # Tests let days pass for us, which the system's own clock knows nothing of.
    system = System(tolerance=30 * 24 * 3600)
    with serving_system(system) as server:
        yield ByApi(house, books, system, server.url)


def _woocommerce(house: House, books: Books, _shopify: Callable[[], Control]) -> Iterator[Supplier]:
    shop = WooCommerce(with_fulfillments=True)
    with serving_shop(shop) as server:
        yield ByWooCommerce(house, books, shop, server.url)


def _plain(kind: Callable[[House, Books], Supplier]) -> Maker:
    def make(house: House, books: Books, _shopify: Callable[[], Control]) -> Iterator[Supplier]:
        yield kind(house, books)

    return make


def _shopify(house: House, books: Books, shopify: Callable[[], Control]) -> Iterator[Supplier]:
    yield ByShopify(house, books, shopify())


MAKERS: dict[str, Maker] = {
    "x12": _plain(ByX12),
    "sftp_csv": _plain(ByCsv),
    "api": _system,
    "email": _plain(ByLetter),
    "portal": _plain(ByPortal),
    "woocommerce_shop": _woocommerce,
    "shopify_shop": _shopify,
}
