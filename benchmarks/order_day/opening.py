"""Opening the shop: what it sells, what it holds orders for, and who works for it."""

from __future__ import annotations

import tomllib
from functools import partial

from benchmarks.order_day.carriage import Carriage
from benchmarks.order_day.mix import Tally
from benchmarks.order_day.pushed import Pushed
from benchmarks.order_day.retailer import Retailer
from benchmarks.order_day.shop import Shop
from benchmarks.order_day.supplier import Polling
from benchmarks.order_day.weather import Weather
from demo.installation import ROOT, SHOP
from demo.story import Story
from tests.simulators.supplier_api.server import Server

_UNITS = 1_000_000
_SKUS_EACH = 12
_RULES = {
    "wait_minutes": 0,
    "risk": {"value_factor": 10, "countries": False, "velocity": 0, "platform": True, "address": True},
    "unlinked_lines": "alone",
}


def open_shop(story: Story, system: Server) -> Shop:
    """One supplier polls, the other has the ``system``; everybody's desk is made, nobody works yet."""
    tally = Tally()
    _permit(story)
    skus = _furnish(story)
    story.api(story.people.retailer, "PUT", f"/api/stores/{story.store_id}/hold-rules", **_RULES)
    carriage = Carriage(story, tally)
    suppliers = [
        Polling(story, tally, story.people.nordlicht, carriage),
        Pushed(story, tally, story.people.kanto, carriage, system),
    ]
    retailer = Retailer(story, tally, story.people.retailer, carriage)
    return Shop(story, skus, suppliers, retailer, carriage, Weather(story, tally), tally)


def _permit(story: Story) -> None:
    """The merchant lets us refund its customers and see to returns, too."""
    scopes = tomllib.loads((ROOT / "shopify.app.toml").read_text())["access_scopes"]
    story.control.install(SHOP)
    story.control.grant_scopes(SHOP, [*scopes["scopes"].split(","), *scopes["optional_scopes"]])


def _furnish(story: Story) -> list[str]:
    """The shop sells both suppliers' goods, of which there are plenty. Returns SKUs of both, in turn."""
    for step in (story.install, story.upload, story.save_card, story.import_products):
        step()
    own = [sorted(sku for sku in story.variants if sku.startswith(prefix))[:_SKUS_EACH] for prefix in ("NL-", "KO-")]
    for supplier, skus in zip((story.people.nordlicht, story.people.kanto), own, strict=True):
        for sku in skus:
            path = f"/api/supplier/products/{story.variants[sku]['product_id']}/inventory"
            story.api(supplier, "PUT", path, variants=[{"sku": sku, "quantity": _UNITS}])
    for skus in own:
        for sku in skus:
            story.wait_for(partial(_is_shown, story, sku), "the shop shows the stock")
    return [sku for pair in zip(*own, strict=False) for sku in pair]


def _is_shown(story: Story, sku: str) -> bool:
    return story.available(sku) > _UNITS / 2
