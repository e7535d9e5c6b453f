"""The loop, driven by HTTP as its parties would: from an empty shop to a supplier that is paid."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import requests
from sqlalchemy import exists, select

from app import db
from app.catalog.models import CatalogEntry, SupplierProduct
from app.feeds.service import SourceSpec, add_source
from app.feeds.service.sources import PUSH
from demo import catalogues
from demo.installation import SHOP, Installation
from demo.people import People, SignIn
from tests.simulators.shopify.running import Control

_PATIENCE = 120.0
#: A parcel that left is in the shop before so many seconds are over.
_TOLD_WITHIN = 60.0
Found = TypeVar("Found")


class StepFailed(Exception):
    """Something did not happen as it should."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Ids of an order on hold, of one that waits for its retailer's decision, and of a return."""

    held_order_id: str
    open_order_id: str
    return_id: str


@dataclass(slots=True)
class Story:
    """What was done so far, and the ids it goes on with."""

    installation: Installation
    people: People
    control: Control = field(init=False)
    store_id: str = ""
    #: SKU → the supplier's variant.
    variants: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    order_id: str = ""
    shop_order: int = 0
    parcels: dict[str, str] = field(default_factory=dict)
    #: Supplier's e-mail → its upload.
    uploads: dict[str, str] = field(default_factory=dict)
    _feed: tuple[str, str] | None = None
    #: Somebody's e-mail → its webhook and what was sent to it.
    _webhooks: dict[str, tuple[str, str]] = field(default_factory=dict)
    _trouble: Trouble | None = None

    def __post_init__(self) -> None:
        self.control = Control(self.installation.shopify_url)

    # Steps, in order

    def install(self) -> str:
        """The retailer asks for its shop, installs the app in Shopify, and says whose shop it is."""
        asked = self.api(self.people.retailer, "POST", "/api/retailer/connect", platform="shopify", url=SHOP)
        self.store_id = asked["store_id"]
        self.control.install(SHOP)
        token = self.control.id_token(SHOP)
        answer = requests.post(
            f"{self.installation.url}/shopify/account",
            data={"account": self.store_id},
            headers={"Authorization": f"Bearer {token}"},
            allow_redirects=False,
            timeout=30,
        )
        _expect(answer.status_code == 303, f"the app did not open: {answer.status_code} {answer.text[:200]}")
        status = self.api(self.people.retailer, "GET", "/api/sync/status")["stores"][0]
        _expect((status["store_id"], status["status"]) == (self.store_id, "connected"), f"not connected: {status}")
        return "the shop is connected"

    def upload(self) -> str:
        """Both suppliers upload their catalogues and take them over."""
        pictures = f"{self.installation.url}/dev/pictures"
        files = {
            self.people.nordlicht: catalogues.template_file(catalogues.NORDLICHT, pictures, "NL"),
            self.people.kanto: catalogues.shopify_file(catalogues.KANTO, pictures, "KO"),
        }
        runs = {}
        for supplier, content in files.items():
            answer = requests.post(
                f"{self.installation.url}/api/supplier/uploads?file_name=catalogue.csv",
                data=content,
                headers={"Authorization": f"Bearer {supplier.key}", "Content-Type": "text/csv"},
                timeout=30,
            )
            _expect(answer.status_code == 202, f"upload refused: {answer.text[:300]}")
            runs[supplier] = answer.json()["id"]
            self.uploads[supplier.email] = runs[supplier]
        for supplier, run_id in runs.items():
            self._upload_in_state(supplier, run_id, "READY")
            self.api(supplier, "POST", f"/api/supplier/uploads/{run_id}/apply")
        counts = [self._upload_in_state(supplier, run_id, "APPLIED")["counts"] for supplier, run_id in runs.items()]
        for supplier in files:
            self.wait_until_listed(supplier)
            for product in self.api(
                self.people.retailer, "GET", f"/api/suppliers/{supplier.organisation_id}/products?limit=200"
            )["items"]:
                for variant in product["variants"]:
                    self.variants[variant["sku"]] = {**variant, "product_id": product["id"]}
        products, variants = (sum(count[name] for count in counts) for name in ("products", "variants"))
        return f"{products} products with {variants} variants of two suppliers"

    def feed(self) -> tuple[str, str]:
        """A feed of Nordlicht's whose first pushed file waits for its columns: the feed and the file."""
        if self._feed is None:
            supplier = self.people.nordlicht
            with db.tenant_scope(supplier.organisation_id, actor="demo"), db.transaction() as session:
                spec = SourceSpec(name="Warehouse stock", kind=PUSH, content="stock_price")
                source = add_source(session, supplier.organisation_id, spec)
            answer = requests.post(
                f"{self.installation.url}/api/supplier/feeds/{source.id}/push?file_name=bestand.csv",
                data="Artikelnummer;Bezeichnung;EK netto;Bestand\nNL-900;Hängeleuchte Ahorn;79,90;14\n".encode(),
                headers={"Authorization": f"Bearer {supplier.key}", "Content-Type": "text/csv"},
                timeout=30,
            )
            _expect(answer.status_code == 202, f"push refused: {answer.text[:300]}")
            upload = str(answer.json()["upload_id"])
            self._upload_in_state(supplier, upload, "NEEDS_MAPPING")
            self._feed = (str(source.id), upload)
        return self._feed

    def webhook(self, who: SignIn) -> tuple[str, str]:
        """A webhook of somebody's that nobody answers, and the test event that was sent there."""
        if who.email not in self._webhooks:
            supplier = who is not self.people.retailer
            events = ["purchase_order.created", "payout.sent"] if supplier else ["order.created", "shipment.created"]
            made = self.api(
                who,
                "POST",
                "/api/webhook-endpoints",
                url="https://hooks.example.com/crossdock",
                events=events,
                description="Our warehouse" if supplier else "Our shop",
            )
            path = f"/api/webhook-endpoints/{made['id']}"
            sent = self.api(who, "POST", f"{path}/test")["id"]
            self.wait_for(
                lambda: self.api(who, "GET", f"{path}/deliveries?state=FAILED")["items"],
                "the test event was tried",
            )
            self._webhooks[who.email] = (made["id"], sent)
        return self._webhooks[who.email]

    def trouble(self) -> Trouble:
        """What does not go as it should: an order that can't be sent anywhere, one whose supplier rejects it, and goods
        that come back."""
        if self._trouble is None:
            retailer, supplier = self.people.retailer, self.people.nordlicht
            nowhere = {"first_name": "Robin", "last_name": "Vale", "address1": "", "city": "Salem", "zip": "",
                       "province": "Oregon", "province_code": "OR", "country": "United States",
                       "country_code": "US"}  # fmt: skip
            held = self._bought(shipping_address=nowhere)
            rejected, sent = self._bought(), self._bought()
            for order, answer in ((rejected, {"status": "rejected", "reason": "out_of_stock"}),
                                  (sent, {"status": "accepted"})):  # fmt: skip
                mine = self._purchase_order_of(order)
                lines = [{"line_id": line["id"], **answer} for line in mine["lines"]]
                self.api(supplier, "POST", f"/api/supplier/orders/{mine['id']}/acknowledge", lines=lines)
            mine = self._purchase_order_of(sent)
            number = requests.post(f"{self.installation.carrier_url}/labels", timeout=10).json()["number"]
            line = {"line_id": mine["lines"][0]["id"], "quantity": 1}
            parcel = {"carrier": "Simulated Carrier", "tracking_number": number, "lines": [line]}
            self.api(supplier, "POST", f"/api/supplier/orders/{mine['id']}/ship", parcels=[parcel])
            self._bring(number)
            self.wait_for(lambda: self._purchase_order_of(sent)["status"] == "DELIVERED", "the goods are there")
            back = self.api(
                retailer,
                "POST",
                "/api/returns",
                purchase_order_id=mine["id"],
                reason="damaged",
                note="The shade has a crack.",
                lines=[line],
            )
            self.wait_for(
                lambda: self.api(retailer, "GET", f"/api/orders/{rejected}/decisions")["items"], "it is asked about"
            )
            self._trouble = Trouble(held, rejected, back["id"])
        return self._trouble

    def save_card(self) -> str:
        """The retailer saves a card on Stripe's page; both suppliers show who they are."""
        from demo import money

        money.save_card(self.people.retailer, "pm_card_visa")
        for supplier in (self.people.nordlicht, self.people.kanto):
            money.open_payout_account(supplier)
        return "a card is saved, two payout accounts are open"

    def import_products(self) -> str:
        """Every product goes into the shop, and is live there."""
        products = sorted({variant["product_id"] for variant in self.variants.values()})
        begun = time.monotonic()
        self.api(
            self.people.retailer,
            "POST",
            "/api/products/import",
            store_id=self.store_id,
            items=[{"product_id": product_id} for product_id in products],
        )

        def all_live() -> bool:
            stores = self.api(self.people.retailer, "GET", "/api/sync/status")["stores"]
            return bool(stores[0]["listings"] == stores[0]["in_sync"] == len(products))

        self.wait_for(all_live, "all listings are live")
        live = [product for product in self.control.products(SHOP) if product["status"] == "ACTIVE"]
        _expect(len(live) == len(products), f"{len(live)} of {len(products)} products are in the shop")
        return f"{len(live)} products live in {time.monotonic() - begun:.1f} s"

    def buy(self) -> str:
        """A shopper buys two lines of two suppliers; each supplier gets its purchase order."""
        begun = time.monotonic()
        skus = ["NL-LUMDES-BLACK", "KO-TRABOT-750ML"]
        made = self.control.create_order(
            SHOP, [{"sku": skus[0], "quantity": 2}, {"sku": skus[1], "quantity": 1}], financial_status="PAID"
        )
        self.shop_order = int(made["id"])
        for supplier in (self.people.nordlicht, self.people.kanto):
            self.wait_for(partial(self._purchase_orders, supplier), "the supplier has its order")
        order = self.api(self.people.retailer, "GET", "/api/orders?limit=1")["items"][0]
        self.order_id = order["id"]
        _expect(len(order["purchase_orders"]) == 2, f"{len(order['purchase_orders'])} purchase orders")
        return f"two purchase orders {time.monotonic() - begun:.1f} s after the purchase"

    def acknowledge(self) -> str:
        """Both suppliers accept."""
        for supplier in (self.people.nordlicht, self.people.kanto):
            order = self._purchase_orders(supplier)[0]
            self.api(
                supplier,
                "POST",
                f"/api/supplier/orders/{order['id']}/acknowledge",
                lines=[{"line_id": line["id"], "status": "accepted"} for line in order["lines"]],
            )
        order = self.api(self.people.retailer, "GET", f"/api/orders/{self.order_id}")
        statuses = {one["status"] for one in order["purchase_orders"]}
        _expect(statuses == {"CONFIRMED"}, f"statuses are {statuses}")
        return "both accept"

    def ship(self) -> str:
        """Nordlicht sends two parcels, Kanto one; the shop and its shopper see the numbers, each at its line."""
        wanted: dict[str, Mapping[str, int]] = {}
        begun = time.monotonic()
        for supplier, parts in ((self.people.nordlicht, (1, 1)), (self.people.kanto, (1,))):
            order = self._purchase_orders(supplier)[0]
            line, sku = order["lines"][0]["id"], order["lines"][0]["sku"]
            parcels = []
            for units in parts:
                label = requests.post(f"{self.installation.carrier_url}/labels", timeout=10).json()
                self.parcels[label["number"]] = supplier.email
                wanted[str(label["number"])] = {sku: units}
                parcels.append(
                    {
                        "carrier": "Simulated Carrier",
                        "tracking_number": label["number"],
                        "lines": [{"line_id": line, "quantity": units}],
                    }
                )
            self.api(supplier, "POST", f"/api/supplier/orders/{order['id']}/ship", parcels=parcels)
        self.wait_for(lambda: set(self._told_in_shop()) == set(self.parcels), "the shop knows all tracking numbers")
        took = time.monotonic() - begun
        _expect(self._told_in_shop() == wanted, f"the shop has {self._told_in_shop()}, shipped were {wanted}")
        _expect(took < _TOLD_WITHIN, f"the shop had the last number after {took:.1f} s")
        return f"{len(self.parcels)} parcels, all numbers are in the shop at their lines after {took:.1f} s"

    def sell_out(self) -> str:
        """Kanto runs out of a bottle: within seconds no shop sells it."""
        sku = "KO-TRABOT-1L"
        product = self.variants[sku]["product_id"]
        begun = time.monotonic()
        self.api(
            self.people.kanto,
            "PUT",
            f"/api/supplier/products/{product}/inventory",
            variants=[{"sku": sku, "quantity": 0}],
        )
        self.wait_for(lambda: self.available(sku) == 0, "the shop shows none")
        return f"the shop shows none after {time.monotonic() - begun:.1f} s"

    def deliver(self) -> str:
        """The carrier brings the parcels."""
        for number in self.parcels:
            self._bring(number)

        def delivered() -> bool:
            order = self.api(self.people.retailer, "GET", f"/api/orders/{self.order_id}/status")
            return {one["status"] for one in order["purchase_orders"]} == {"DELIVERED"}

        self.wait_for(delivered, "both purchase orders are delivered")
        return "all parcels delivered"

    def pay_out(self) -> str:
        """After the dispute window both suppliers get their money."""
        from demo import money

        self.wait_for(
            lambda: all(money.paid_out(supplier) for supplier in (self.people.nordlicht, self.people.kanto)),
            "both suppliers are paid",
        )
        return "both suppliers are paid"

    def check_books(self) -> str:
        """Ledger, purchase orders, Stripe's account of our balance and the reservations agree."""
        from demo import money

        breaks = self.wait_for(lambda: (money.reconcile(),), "the books are compared")[0]
        _expect(not breaks, f"breaks: {breaks}")
        broken = requests.post(f"{self.installation.stripe_url}/_sim/assert", timeout=10).json()["broken"]
        _expect(not broken, f"the simulated Stripe's rules: {broken}")
        return "ledger, purchase orders, Stripe and stock agree"

    def tracking_token(self) -> str:
        """The word in the address of the shopper's tracking page."""
        from uuid import UUID

        from app import db
        from app.orders.models import Order

        with db.system_scope(actor="demo"), db.transaction() as session:
            return session.get_one(Order, UUID(self.order_id)).tracking_token

    # What the steps share

    def api(self, who: SignIn, method: str, path: str, **body: Any) -> Any:
        """One call to our API. Raises ``StepFailed`` with what it answered."""
        answer = requests.request(
            method,
            f"{self.installation.url}{path}",
            headers={"Authorization": f"Bearer {who.key}"},
            json=body or None,
            timeout=30,
        )
        _expect(answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text[:400]}")
        return answer.json()

    def wait_for(self, look: Callable[[], Found], what: str) -> Found:
        """Look until there is something. Processes that end meanwhile are started again."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            found = look()
            if found:
                return found
            _expect(time.monotonic() < deadline, f"after {_PATIENCE:.0f} s still not: {what}")
            self.installation.supervisor.look_after()
            time.sleep(0.05)

    def wait_until_listed(self, supplier: SignIn) -> None:
        """Retailers find all that the supplier offers, as they do a moment after a file was taken over."""
        listed = exists().where(CatalogEntry.product_id == SupplierProduct.id)
        unlisted = select(SupplierProduct.id).where(
            SupplierProduct.supplier_id == supplier.organisation_id, SupplierProduct.status == "active", ~listed
        )

        def look() -> bool:
            with db.system_scope(actor="demo"), db.transaction() as session:
                return session.scalar(unlisted.limit(1)) is None

        self.wait_for(look, "all products are listed")

    def available(self, sku: str) -> int:
        """How many units the shop offers."""
        return sum(int(level["available"]) for level in self.control.levels(SHOP) if level["sku"] == sku)

    def _upload_in_state(self, supplier: SignIn, run_id: str, state: str) -> Any:
        def look() -> Any:
            run = self.api(supplier, "GET", f"/api/supplier/uploads/{run_id}")
            _expect(run["state"] != "FAILED", f"the file was refused: {run['error']}")
            return run if run["state"] == state else None

        return self.wait_for(look, f"the file is {state}")

    def _bought(self, **details: Any) -> str:
        """A lamp of Nordlicht's; the order's id."""
        known = {one["id"] for one in self.api(self.people.retailer, "GET", "/api/orders?limit=100")["items"]}
        lamp = [{"sku": "NL-LUMDES-WHITE", "quantity": 1}]
        self.control.create_order(SHOP, lamp, financial_status="PAID", **details)

        def come() -> Any:
            found = self.api(self.people.retailer, "GET", "/api/orders?limit=100")["items"]
            return next((one["id"] for one in found if one["id"] not in known), None)

        return str(self.wait_for(come, "the order has come"))

    def _purchase_order_of(self, order_id: str) -> Any:
        """Nordlicht's part of an order, as Nordlicht sees it."""

        def come() -> Any:
            numbers = self.api(self.people.retailer, "GET", f"/api/orders/{order_id}")["purchase_orders"]
            found = self._purchase_orders(self.people.nordlicht)
            return next((one for one in found if one["id"] in {part["id"] for part in numbers}), None)

        return self.wait_for(come, "the supplier has its order")

    def _bring(self, number: str) -> None:
        """The carrier brings a parcel."""
        for step in ("in_transit", "out_for_delivery", "delivered"):
            requests.post(
                f"{self.installation.carrier_url}/_sim/parcels/{number}/advance", json={"to": step}, timeout=10
            ).raise_for_status()

    def _purchase_orders(self, supplier: SignIn) -> list[Any]:
        found: list[Any] = self.api(supplier, "GET", "/api/supplier/orders")["items"]
        return found

    def _told_in_shop(self) -> dict[str, Mapping[str, int]]:
        """Tracking number → units in its parcel by SKU, as the shop has them."""
        order = self.control.order(SHOP, self.shop_order)
        skus = {line["id"]: line["sku"] for line in order["lines"]}
        return {
            str(tracking["number"]): {skus[line["line_item_id"]]: line["quantity"] for line in fulfillment["lines"]}
            for fulfillment in order["fulfillments"]
            for tracking in fulfillment["tracking"]
        }


def _expect(condition: object, otherwise: str) -> None:
    if not condition:
        raise StepFailed(otherwise)
