"""The simulated Shopify as a whole: its shops, the app's installs, and what merchants and shoppers do there.

Take ``world.lock`` around every read and change (it may be taken again by the same thread)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from threading import RLock

from tests.simulators.shopify import commerce, fulfilling, id_tokens, merchant
from tests.simulators.shopify.clock import Clock
from tests.simulators.shopify.config import AppConfig, ShopConfig, SimulatorConfig
from tests.simulators.shopify.counters import Counters
from tests.simulators.shopify.faults import Faults
from tests.simulators.shopify.gid import IdSource
from tests.simulators.shopify.graphql.cost import Buckets
from tests.simulators.shopify.graphql.idempotency import Idempotency
from tests.simulators.shopify.installing import grant_scopes, install_app, uninstall_app
from tests.simulators.shopify.opening import open_shop
from tests.simulators.shopify.records import (
    FulfillmentOrder,
    Installation,
    NewOrder,
    Order,
    Product,
    Refund,
    Return,
)
from tests.simulators.shopify.scheduler import Scheduler
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.tokens import TokenOffice
from tests.simulators.shopify.webhooks.delivery import Courier


class UnknownShop(LookupError):
    """No shop has this domain."""


class World:
    """All state of the simulator, in memory."""

    def __init__(self, config: SimulatorConfig, app: AppConfig) -> None:
        self.config = config
        self.app = app
        self.lock = RLock()
        self.clock = Clock()
        self.ids = IdSource()
        self.faults = Faults()
        self.counters = Counters()
        self.scheduler = Scheduler()
        self.buckets = Buckets(config.bucket, config.restore_rate)
        self.idempotency = Idempotency(self.clock)
        self.tokens = TokenOffice(self.clock, config)
        self.courier = Courier(config, self.clock, self.faults, self.scheduler)
        #: The app's id at Shopify, for ``currentAppInstallation`` and holds.
        self.app_id = self.ids()
        self.shops: dict[str, Shop] = {}
        for shop in config.shops:
            self.add_shop(shop)

    def add_shop(self, config: ShopConfig) -> Shop:
        """Open a shop: empty, with one location of the merchant's and the online store."""
        with self.lock:
            self.shops[config.domain] = shop = open_shop(self, config)
            return shop

    def shop(self, domain: str) -> Shop:
        """The shop with this ``*.myshopify.com`` domain. Raises UnknownShop."""
        try:
            return self.shops[domain]
        except KeyError:
            raise UnknownShop(domain) from None

    def shop_by_handle(self, handle: str) -> Shop:
        """The shop whose domain starts with this. Raises UnknownShop."""
        return self.shop(f"{handle}.myshopify.com")

    # The app on a shop

    def install(self, domain: str) -> Installation:
        """Install the app as Shopify does it: the declared scopes are granted, and the app isn't called.
        On a shop that has it already, the scopes are renewed."""
        with self.lock:
            return install_app(self, self.shop(domain))

    def uninstall(self, domain: str) -> None:
        """Take the app off: its tokens die at once, then ``app/uninstalled`` is sent."""
        with self.lock:
            uninstall_app(self, self.shop(domain))

    def grant_optional(self, domain: str, scopes: Iterable[str]) -> None:
        """The merchant permits what the app declares as optional and asks for; ``app/scopes_update`` is sent."""
        with self.lock:
            grant_scopes(self, self.shop(domain), frozenset(scopes) & self.app.optional_scopes)

    def mint_id_token(self, domain: str, *, user: int = id_tokens.STAFF_MEMBER, **wishes: object) -> str:
        """An id token (JWT, HS256) for a staff member. ``wishes`` overrule: ``expires_in`` (seconds, default 60),
        ``aud``, ``dest``, ``iss``, ``secret``, ``alg``."""
        return id_tokens.mint(self.config, self.clock, domain, user=user, wishes=wishes)

    def launch_url(self, domain: str, path: str = "/", extra: Mapping[str, str] | None = None) -> str:
        """The address with which the admin's frame opens a page of the app: signed, with an id token."""
        return id_tokens.launch_url(self.config, self.clock, domain, path, extra or {})

    # What shoppers and merchants do

    def create_order(self, domain: str, new: NewOrder) -> Order:
        """Place an order: stock is committed at once, fulfilment orders follow a moment later.
        Raises OutOfStock, UnknownVariant."""
        with self.lock:
            return commerce.place_order(self, self.shop(domain), new)

    def mark_paid(self, domain: str, order: int) -> Order:
        """The money of a pending order has come. Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return commerce.mark_paid(self, self.shop(domain), order)

    def cancel_order(self, domain: str, order: int, *, reason: str = "CUSTOMER", restock: bool = True) -> Order:
        """Cancel what hasn't been shipped. Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return commerce.cancel_order(self, self.shop(domain), order, reason=reason, restock=restock)

    def edit_order(self, domain: str, order: int, changes: Mapping[int, int]) -> Order:
        """Set the quantities of line items (id → new quantity). Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return commerce.edit_order(self, self.shop(domain), order, changes)

    def refund(
        self,
        domain: str,
        order: int,
        quantities: Mapping[int, int],
        *,
        restock_type: str = "NO_RESTOCK",
        note: str | None = None,
        amount: Decimal | None = None,
    ) -> Refund:
        """Give money back for line items (id → quantity); the amount follows from the lines unless given.
        Raises UnknownRecord, NotAllowed."""
        with self.lock:
            shop = self.shop(domain)
            lines = [commerce.RefundWish(line, count, restock_type) for line, count in quantities.items()]
            return commerce.refund(self, shop, order, lines, note=note, amount=amount)

    def open_return(
        self, domain: str, order: int, quantities: Mapping[int, int], *, requested: bool, reason: str, note: str
    ) -> Return:
        """A shopper requests to send back line items (id → quantity), or the merchant opens the return at once.
        Raises UnknownRecord, NotAllowed."""
        with self.lock:
            shop = self.shop(domain)
            wishes = commerce.return_of_lines(shop, order, quantities)
            return commerce.open_return(
                self, shop, order, wishes, requested=requested, reason=reason, customer_note=note
            )

    def answer_return(self, domain: str, number: int, *, accept: bool) -> Return:
        """The merchant answers a request in the admin. Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return commerce.answer_return(self, self.shop(domain), number, accept=accept)

    def cancel_return(self, domain: str, number: int) -> Return:
        """The merchant cancels a return in the admin. Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return commerce.end_return(self, self.shop(domain), number, status="CANCELED")

    def request_fulfillment(self, domain: str, fulfillment_order: int, message: str | None = None) -> FulfillmentOrder:
        """The merchant asks the service to ship. Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return fulfilling.submit_request(self, self.shop(domain), fulfillment_order, message=message).submitted

    def request_cancellation(self, domain: str, fulfillment_order: int, message: str | None = None) -> FulfillmentOrder:
        """The merchant asks the service not to ship. Raises UnknownRecord, NotAllowed."""
        with self.lock:
            return fulfilling.submit_cancellation(self, self.shop(domain), fulfillment_order, message=message)

    def change_product(self, domain: str, product: int, changes: Mapping[str, object]) -> Product:
        """A merchant's edit: ``title``, ``status``, ``tags``, ``description_html``, or ``prices`` (variant id →
        price). Raises UnknownRecord."""
        with self.lock:
            return merchant.change_product(self, self.shop(domain), product, changes)

    def delete_product(self, domain: str, product: int) -> None:
        """A merchant deletes a product. Raises UnknownRecord."""
        with self.lock:
            merchant.delete_product(self, self.shop(domain), product)

    def set_stock(self, domain: str, variant: int, location: int, available: int) -> None:
        """A merchant counts the shelves. Raises UnknownRecord."""
        with self.lock:
            merchant.set_stock(self, self.shop(domain), variant, location, available)

    def close(self) -> None:
        """Stop the background threads."""
        self.scheduler.close()
        self.courier.close()
