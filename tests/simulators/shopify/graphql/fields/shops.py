"""The shop, the app on it, its sales channels and webhook subscriptions."""

from __future__ import annotations

from typing import Any

from tests.simulators.shopify.config import API_VERSION
from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.fields import metafields
from tests.simulators.shopify.graphql.fields.reading import (
    Resolve,
    attribute,
    constant,
    global_id,
    legacy_id,
    times,
)
from tests.simulators.shopify.graphql.paging import page
from tests.simulators.shopify.records import Installation, WebhookSubscription
from tests.simulators.shopify.shop import Shop


def _domain(shop: Shop, _info: Any) -> dict[str, Any]:
    return {
        "id": gid("Domain", shop.id),
        "host": shop.domain,
        "url": f"https://{shop.domain}",
        "sslEnabled": True,
    }


def _address(shop: Shop, _info: Any) -> dict[str, Any]:
    place = shop.primary_location.address
    return {
        "id": gid("ShopAddress", shop.id),
        "company": place.company,
        "address1": place.address1,
        "address2": place.address2,
        "city": place.city,
        "province": place.province,
        "provinceCode": place.province_code,
        "zip": place.zip,
        "country": place.country,
        "countryCodeV2": place.country_code,
        "phone": place.phone,
    }


def _plan(shop: Shop, _info: Any) -> dict[str, Any]:
    return {
        "publicDisplayName": shop.plan,
        "displayName": shop.plan,
        "partnerDevelopment": False,
        "shopifyPlus": "Plus" in shop.plan,
    }


def _limits(_shop: Shop, info: Any) -> dict[str, Any]:
    return {
        "maxProductVariants": 2048,
        "maxProductOptions": 3,
        "locationLimit": info.context.world.config.location_limit,
        "redirectLimitReached": False,
    }


def _app(_record: Any, info: Any) -> dict[str, Any]:
    world = info.context.world
    return {
        "id": gid("App", world.app_id),
        "handle": world.app.handle,
        "title": world.app.name,
        "apiKey": world.config.client_id,
        "embedded": True,
    }


def _scopes(one: Installation, _info: Any) -> list[dict[str, str]]:
    return [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(one.scopes)]


def _topic(one: WebhookSubscription, _info: Any) -> str:
    return one.topic.replace("/", "_").upper()


SHOPS: dict[str, dict[str, Resolve]] = {
    "Shop": {
        "id": global_id("Shop"),
        "name": attribute("name"),
        "email": attribute("email"),
        "contactEmail": attribute("email"),
        "myshopifyDomain": attribute("domain"),
        "url": lambda shop, _info: f"https://{shop.domain}",
        "primaryDomain": _domain,
        "currencyCode": attribute("currency"),
        "enabledPresentmentCurrencies": lambda shop, _info: [shop.currency],
        "ianaTimezone": attribute("timezone"),
        "plan": _plan,
        "taxesIncluded": constant(False),
        "taxShipping": constant(False),
        "weightUnit": constant("KILOGRAMS"),
        "unitSystem": constant("METRIC_SYSTEM"),
        "billingAddress": _address,
        "shopAddress": _address,
        "resourceLimits": _limits,
        "checkoutApiSupported": constant(True),
        "setupRequired": constant(False),
        "createdAt": attribute("created_at"),
        "updatedAt": attribute("created_at"),
        "orderNumberFormatPrefix": constant("#"),
        "orderNumberFormatSuffix": constant(""),
        "fulfillmentServices": lambda shop, _info: list(shop.services.values()),
        **metafields.of("Shop"),
    },
    "AppInstallation": {
        "id": lambda one, info: gid("AppInstallation", info.context.world.app_id + one.number),
        "accessScopes": _scopes,
        "activeSubscriptions": constant([]),
        "app": _app,
        "launchUrl": lambda _one, info: info.context.world.config.app_url,
    },
    "WebhookSubscription": {
        "id": global_id("WebhookSubscription"),
        "legacyResourceId": legacy_id,
        **times(),
        "topic": _topic,
        "uri": attribute("uri"),
        "callbackUrl": attribute("uri"),
        "format": constant("JSON"),
        "name": attribute("name"),
        "filter": attribute("filter"),
        "includeFields": attribute("include_fields"),
        "metafieldNamespaces": constant([]),
        "apiVersion": constant({"handle": API_VERSION, "displayName": API_VERSION, "supported": True}),
    },
    "Publication": {
        "id": global_id("Publication"),
        "name": attribute("name"),
        "autoPublish": attribute("auto_publish"),
        "supportsFuturePublishing": lambda one, _info: one.name == "Online Store",
        "catalog": lambda one, _info: {
            "__typename": "AppCatalog",
            "id": gid("AppCatalog", one.catalog_id),
            "title": f"The catalog for {one.name}",
            "status": "ACTIVE",
        },
        "products": lambda one, info, **arguments: page(
            [product for product in info.context.shop.products.values() if one.id in product.publications], arguments
        ),
    },
}
