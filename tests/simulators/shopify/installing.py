"""The app on a shop: Shopify installs it by itself (managed installation) and tells the app when it is taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulators.shopify.records import Installation, WebhookSubscription
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World


def install_app(world: World, shop: Shop) -> Installation:
    """Grant the declared scopes. Where the app is installed already, only its scopes and topics are renewed."""
    now = world.clock.now()
    held = shop.installation
    if held is None:
        shop.installs += 1
        shop.installation = Installation(shop.installs, world.app.scopes, now)
    elif held.scopes != (after := world.app.scopes | (held.scopes & world.app.optional_scopes)):
        before = held.scopes
        held.scopes = after
        world.courier.publish(shop, "app/scopes_update", lambda: payloads.scopes_update(shop, before, after, now))
    _subscribe_declared(world, shop)
    assert shop.installation is not None
    return shop.installation


def grant_scopes(world: World, shop: Shop, more: frozenset[str]) -> None:
    """Grant more than the app must have. The token that it has may do it, too, once it is renewed."""
    held = shop.installation
    if held is None or more <= held.scopes:
        return
    before, held.scopes = held.scopes, held.scopes | more
    after, now = held.scopes, world.clock.now()
    world.courier.publish(shop, "app/scopes_update", lambda: payloads.scopes_update(shop, before, after, now))


def uninstall_app(world: World, shop: Shop) -> None:
    """Take the app off. Its fulfilment services stay without an owner; products stay where they are."""
    if shop.installation is None:
        return
    shop.installation = None
    world.courier.publish(shop, "app/uninstalled", lambda: payloads.shop(shop))
    shop.subscriptions.clear()


def _subscribe_declared(world: World, shop: Shop) -> None:
    now = world.clock.now()
    known = {(one.topic, one.uri) for one in shop.subscriptions.values()}
    for topic, uri in world.app.subscriptions:
        if (topic, uri) not in known:
            number = world.ids()
            shop.subscriptions[number] = WebhookSubscription(number, topic, uri, False, now, now)
