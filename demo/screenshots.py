"""Pictures of every page on the demo's data, desktop and phone, and a note of all that is not as it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from demo.installation import ROOT, SHOP, Installation
from demo.people import PASSWORD, People, SignIn
from demo.story import Story
from tests.system_packages import advice, find

_SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FOLDER = ROOT / "docs" / "screenshots"


@dataclass(slots=True)
class Pictures:
    """What was pictured, and what was wrong."""

    folder: Path
    wrong: list[str] = field(default_factory=list)
    count: int = 0

    def take(self, page: Page, name: str, size: str, *, window_only: bool = False) -> None:
        """One picture of the whole page; a page wider than its screen is wrong. ``window_only``: for pages with a
        frame of another site, which Chromium does not paint in a picture that is higher than the window."""
        page.screenshot(path=self.folder / f"{name}-{size}.png", full_page=not window_only)
        self.count += 1
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if too_wide > 1:
            self.wrong.append(f"{name} ({size}): {too_wide} px wider than the screen")


def picture_everything(installation: Installation, people: People, story: Story) -> Pictures:
    """Walk all pages as everybody. Raises ``RuntimeError`` where there is no Chromium."""
    chromium = find("chromium")
    if chromium is None:
        raise RuntimeError(advice("chromium"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    pictures = Pictures(FOLDER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for size in _SIZES:
            for who, area in (
                (None, public_pages(story)),
                (people.retailer, retailer_pages(story)),
                (people.nordlicht, supplier_pages(story)),
                (people.admin, console_pages(story)),
            ):
                _walk(browser, installation, pictures, size, who, area)
            _walk_embedded(browser, installation, pictures, size, story)
        browser.close()
    return pictures


def _walk(
    browser: Browser,
    installation: Installation,
    pictures: Pictures,
    size: str,
    who: SignIn | None,
    paths: Sequence[tuple[str, str]],
) -> None:
    width, height = _SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    page = context.new_page()
    _listen(page, pictures)
    if who is not None:
        page.goto(f"{installation.url}/sign-in")
        page.fill("input[name=email]", who.email)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url(lambda url: urlsplit(url).path != "/sign-in")
    for name, path in paths:
        answer = page.goto(f"{installation.url}{path}")
        if answer is None or answer.status != 200:
            pictures.wrong.append(f"{path}: {answer.status if answer else 'no answer'}")
        pictures.take(page, name, size)
    context.close()


def _walk_embedded(browser: Browser, installation: Installation, pictures: Pictures, size: str, story: Story) -> None:
    width, height = _SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    page = context.new_page()
    _listen(page, pictures)
    handle = SHOP.removesuffix(".myshopify.com")
    for name, path in embedded_pages(story):
        answer = page.goto(f"{installation.shopify_url}/store/{handle}/apps/crossdock{path}")
        if answer is None or answer.status != 200:
            pictures.wrong.append(f"embedded {path}: {answer.status if answer else 'no answer'}")
            continue
        page.set_viewport_size({"width": width, "height": max(height, _framed_height(page))})
        # The frame is of another process, which paints it a moment after the page around it.
        page.frames[-1].evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_timeout(200)
        pictures.take(page, f"shopify-{name}", size, window_only=True)
        page.set_viewport_size({"width": width, "height": height})
    for name, path in (("shop-front", f"/shop/{SHOP}"), ("admin-orders", f"/store/{handle}/orders")):
        page.goto(f"{installation.shopify_url}{path}")
        pictures.take(page, name, size)
    context.close()


def _framed_height(page: Page) -> int:
    """Wait until the app's page stands in its frame. Returns how high the window must be to show all of it."""
    page.wait_for_load_state("networkidle")
    frame = page.frame("app-iframe")
    if frame is None:
        raise RuntimeError("The admin shows no frame of the app.")
    frame.locator("s-page").wait_for()
    bar = page.evaluate("document.getElementById('frame').getBoundingClientRect().top")
    return int(bar + frame.evaluate("document.documentElement.scrollHeight")) + 1


def _listen(page: Page, pictures: Pictures) -> None:
    """Whatever the page's console complains of is wrong."""

    def note(told: ConsoleMessage) -> None:
        if told.type == "error":
            pictures.wrong.append(f"{page.url}: {told.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: pictures.wrong.append(f"{page.url}: {error}"))


def embedded_pages(story: Story) -> list[tuple[str, str]]:
    """The retailer's pages inside the admin, as paths below the app's own."""
    product, listing = _shown(story)
    trouble = story.trouble()
    return [
        ("home", ""),
        ("products", "/products"),
        ("products-promoted", "/products?search=lamp"),
        ("product", f"/products/{product}"),
        ("sample", f"/products/{product}/sample"),
        ("suppliers", "/suppliers"),
        ("supplier", f"/suppliers/{story.people.nordlicht.organisation_id}"),
        ("import-list", "/import-list"),
        ("listings", "/listings"),
        ("listing", f"/listings/{listing}"),
        ("orders", "/orders"),
        ("exceptions", "/exceptions"),
        ("order", f"/orders/{story.order_id}"),
        ("refund", f"/orders/{story.order_id}/refund"),
        ("order-held", f"/orders/{trouble.held_order_id}"),
        ("order-decision", f"/orders/{trouble.open_order_id}"),
        ("order-new", "/orders/new"),
        ("order-file", "/orders/file"),
        ("views", "/orders/views?status=ON_HOLD"),
        ("parcel", f"/parcels/{_parcel(story)}"),
        ("routing", "/routing"),
        ("returns", "/returns?view=all"),
        ("return", f"/returns/{trouble.return_id}"),
        ("return-requests", "/returns/requests"),
        ("return-settings", "/returns/settings"),
        ("billing", "/billing"),
        ("settings", "/settings"),
        ("brand", "/settings/brand"),
        ("store", f"/settings/stores/{story.store_id}"),
        ("sender", f"/settings/stores/{story.store_id}/sender"),
        ("webhooks", "/settings/webhooks"),
        ("webhook", f"/settings/webhooks/{story.webhook(story.people.retailer)[0]}"),
        ("notices", "/notices"),
        ("choices", "/notices/choices"),
        ("key", f"/settings/keys/{story.people.retailer.key_id}"),
    ]


def _shown(story: Story) -> tuple[str, str]:
    """A product and a listing to look at."""
    listing = story.api(story.people.retailer, "GET", "/api/listings?limit=1")["items"][0]["id"]
    return next(iter(story.variants.values()))["product_id"], listing


def public_pages(story: Story) -> list[tuple[str, str]]:
    """Name and path of what everybody may open."""
    return [
        ("landing", "/"),
        ("sign-in", "/sign-in"),
        ("join", "/join"),
        ("apply", "/apply"),
        ("forgot", "/forgot"),
        ("tracking", f"/t/{story.tracking_token()}"),
        ("tracking-german", f"/t/{story.tracking_token()}?lang=de"),
        ("tracking-return", f"/t/{story.tracking_token()}/return"),
        ("catalogue", "/catalogue"),
        ("catalogue-category", "/catalogue/home-garden"),
        ("catalogue-product", f"/product/{_shown(story)[0]}/-"),
        ("mailbox", "/dev/mailbox"),
        ("api-docs", "/api/docs"),
    ]


def _parcel(story: Story) -> str:
    """A parcel that has left Nordlicht."""
    supplier = story.people.nordlicht
    for order in story.api(supplier, "GET", "/api/supplier/orders")["items"]:
        for parcel in story.api(supplier, "GET", f"/api/supplier/orders/{order['id']}/shipments")["shipments"]:
            return str(parcel["id"])
    raise LookupError("nothing has left Nordlicht yet")


def retailer_pages(story: Story) -> list[tuple[str, str]]:
    """The standalone pages of a retailer."""
    product, listing = _shown(story)
    trouble = story.trouble()
    return [
        ("retailer-home", "/app/"),
        ("retailer-products", "/app/products"),
        ("retailer-product", f"/app/products/{product}"),
        ("retailer-products-promoted", "/app/products?search=lamp"),
        ("retailer-sample", f"/app/products/{product}/sample"),
        ("retailer-suppliers", "/app/suppliers"),
        ("retailer-supplier", f"/app/suppliers/{story.people.nordlicht.organisation_id}"),
        ("retailer-import-list", "/app/import-list"),
        ("retailer-listings", "/app/listings"),
        ("retailer-listing", f"/app/listings/{listing}"),
        ("retailer-orders", "/app/orders"),
        ("retailer-order", f"/app/orders/{story.order_id}"),
        ("retailer-refund", f"/app/orders/{story.order_id}/refund"),
        ("retailer-new-order", "/app/orders/new?search=lamp"),
        ("retailer-orders-file", "/app/orders/file"),
        ("retailer-order-held", f"/app/orders/{trouble.held_order_id}"),
        ("retailer-order-decision", f"/app/orders/{trouble.open_order_id}"),
        ("retailer-views", "/app/orders/views?status=ON_HOLD"),
        ("retailer-exceptions", "/app/exceptions"),
        ("retailer-parcel", f"/app/parcels/{_parcel(story)}"),
        ("retailer-routing", "/app/routing"),
        ("retailer-returns", "/app/returns?view=all"),
        ("retailer-return", f"/app/returns/{trouble.return_id}"),
        ("retailer-return-requests", "/app/returns/requests"),
        ("retailer-return-settings", "/app/returns/settings"),
        ("retailer-billing", "/app/billing"),
        ("retailer-settings", "/app/settings"),
        ("retailer-brand", "/app/settings/brand"),
        ("retailer-store", f"/app/settings/stores/{story.store_id}"),
        ("retailer-sender", f"/app/settings/stores/{story.store_id}/sender"),
        ("retailer-webhooks", "/app/settings/webhooks"),
        ("retailer-webhook", f"/app/settings/webhooks/{story.webhook(story.people.retailer)[0]}"),
        ("retailer-notices", "/app/notices"),
        ("retailer-choices", "/app/notices/choices"),
        ("retailer-key", f"/app/settings/keys/{story.people.retailer.key_id}"),
    ]


def supplier_pages(story: Story) -> list[tuple[str, str]]:
    """The portal of the supplier Nordlicht."""
    supplier = story.people.nordlicht
    feed, waiting = story.feed()
    webhook, delivery = story.webhook(supplier)
    order = story.api(supplier, "GET", "/api/supplier/orders")["items"][0]["id"]
    offered = story.api(supplier, "GET", f"/api/suppliers/{supplier.organisation_id}/products")["items"][0]
    product, variant = offered["id"], offered["variants"][0]["id"]
    return [
        ("supplier-home", "/supplier/"),
        ("supplier-products", "/supplier/products"),
        ("supplier-product-new", "/supplier/products/new"),
        ("supplier-products-missing", "/supplier/products?problem=any"),
        ("supplier-sheet", "/supplier/products/sheet"),
        ("supplier-bulk", f"/supplier/products/bulk?product={product}&field=wholesale_price&how=percent&value=5"),
        ("supplier-bulk-edits", "/supplier/products/edits"),
        ("supplier-product", f"/supplier/products/{product}"),
        ("supplier-product-edit", f"/supplier/products/{product}/edit"),
        ("supplier-samples", "/supplier/products/samples"),
        ("supplier-product-samples", f"/supplier/products/{product}/samples"),
        ("supplier-promotion", "/supplier/promotion"),
        ("supplier-pictures", "/supplier/pictures"),
        ("supplier-inventory", "/supplier/inventory"),
        ("supplier-inventory-variant", f"/supplier/inventory/{variant}"),
        ("supplier-inventory-short", "/supplier/inventory/short"),
        ("supplier-inventory-defaults", "/supplier/inventory/defaults"),
        ("supplier-missing", f"/supplier/uploads/{story.uploads[supplier.email]}/missing"),
        ("supplier-missing-policy", "/supplier/uploads/missing"),
        ("supplier-categories", "/supplier/categories?view=all"),
        ("supplier-uploads", "/supplier/uploads"),
        ("supplier-upload", f"/supplier/uploads/{story.uploads[supplier.email]}"),
        ("supplier-roll-back", f"/supplier/uploads/{story.uploads[supplier.email]}/roll-back"),
        ("supplier-feeds", "/supplier/feeds"),
        ("supplier-feed", f"/supplier/feeds/{feed}"),
        ("supplier-feed-form", "/supplier/feeds/new?kind=sftp"),
        ("supplier-columns", f"/supplier/uploads/{waiting}/columns"),
        ("supplier-orders", "/supplier/purchase-orders?view=all"),
        ("supplier-order", f"/supplier/purchase-orders/{order}"),
        ("supplier-ship-file", "/supplier/purchase-orders/ship"),
        ("supplier-exceptions", "/supplier/exceptions"),
        ("supplier-labels", "/supplier/labels"),
        ("supplier-label", f"/supplier/purchase-orders/{order}/label"),
        ("supplier-parcel", f"/supplier/parcels/{_parcel(story)}"),
        ("supplier-returned", "/supplier/returns?view=all"),
        ("supplier-return", f"/supplier/returns/{story.trouble().return_id}"),
        ("supplier-statements", "/supplier/statements"),
        ("supplier-reports", "/supplier/reports"),
        ("supplier-performance", "/supplier/performance"),
        ("supplier-performance-late", "/supplier/performance/sent"),
        ("supplier-settings", "/supplier/settings"),
        ("supplier-limits", "/supplier/settings/files"),
        ("supplier-set-up", "/supplier/onboarding"),
        ("supplier-company", "/supplier/onboarding/company"),
        ("supplier-contacts", "/supplier/onboarding/contacts"),
        ("supplier-documents", "/supplier/onboarding/documents"),
        ("supplier-returns", "/supplier/onboarding/returns"),
        ("supplier-shipping", "/supplier/onboarding/shipping"),
        ("supplier-payout", "/supplier/onboarding/payout"),
        ("supplier-connection", "/supplier/onboarding/connection"),
        ("supplier-onboarding-feed", "/supplier/onboarding/feed"),
        ("supplier-test-order", "/supplier/onboarding/test-order"),
        ("supplier-settings-returns", "/supplier/settings/returns"),
        ("supplier-rate", "/supplier/settings/rates/new"),
        ("supplier-closures", "/supplier/settings/closures"),
        ("supplier-locations", "/supplier/settings/locations"),
        ("supplier-team", "/supplier/settings/team"),
        ("supplier-keys", "/supplier/settings/keys"),
        ("supplier-webhooks", "/supplier/settings/webhooks"),
        ("supplier-webhook", f"/supplier/settings/webhooks/{webhook}"),
        ("supplier-delivery", f"/supplier/settings/webhooks/{webhook}/deliveries/{delivery}"),
        ("supplier-notices", "/supplier/notices"),
        ("supplier-choices", "/supplier/notices/choices"),
        ("supplier-key", f"/supplier/settings/keys/{supplier.key_id}"),
    ]


def console_pages(story: Story) -> list[tuple[str, str]]:
    """The platform's console."""
    return [
        ("console-home", "/console/"),
        ("console-suppliers", "/console/suppliers?view=decided"),
        ("console-supplier", f"/console/suppliers/{story.people.kanto.organisation_id}"),
        ("console-supplier-suspend", f"/console/suppliers/{story.people.kanto.organisation_id}/suspend"),
        ("console-exceptions", "/console/exceptions"),
        ("console-scores", "/console/scores"),
        ("console-orders", "/console/orders"),
        ("console-exceptions", "/console/exceptions"),
        ("console-order", f"/console/orders/{story.order_id}"),
        ("console-placements", "/console/placements"),
        ("console-plans", "/console/plans"),
        ("console-jobs", "/console/jobs"),
        ("console-notices", "/console/notices"),
        ("console-choices", "/console/notices/choices"),
        ("console-reconciliation", "/console/reconciliation"),
        ("console-bank-transfers", "/console/bank-transfers"),
        ("console-team", "/console/team"),
    ]
