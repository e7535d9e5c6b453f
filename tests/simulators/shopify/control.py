"""``/_sim``: how tests and the demo look into the simulator and turn its knobs. Bodies and answers are JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response, request

from tests.simulators.shopify import catalog, product_set, stock, views
from tests.simulators.shopify.admin_api import answer
from tests.simulators.shopify.config import ShopConfig
from tests.simulators.shopify.graphql import execution
from tests.simulators.shopify.id_tokens import STAFF_MEMBER
from tests.simulators.shopify.records import Address, NewLine, NewOrder
from tests.simulators.shopify.refusals import Refused, RefusedAll
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_ADDRESS = Address(
    first_name="Avery",
    last_name="Stone",
    address1="12 Harbour Street",
    city="Portland",
    province="Oregon",
    province_code="OR",
    zip="97201",
    country="United States",
    country_code="US",
    phone="+1 503 555 0142",
)


class _Missing(LookupError):
    """A control request names something that is not there."""


def control(world: World) -> Blueprint:
    """The routes under ``/_sim``."""
    routes = Blueprint("control", __name__, url_prefix="/_sim")
    _general(routes, world)
    _shops(routes, world)
    _orders(routes, world)
    _webhooks(routes, world)

    @routes.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return answer({"error": error.message, "kind": type(error).__name__, **error.as_user_error()}, 422)

    @routes.errorhandler(RefusedAll)
    def refused_all(error: RefusedAll) -> Response:
        return answer({"error": str(error), "problems": [one.as_user_error() for one in error.reasons]}, 422)

    @routes.errorhandler(LookupError)
    def missing(error: LookupError) -> Response:
        return answer({"error": f"{type(error).__name__}: {error}"}, 404)

    @routes.errorhandler(ValueError)
    @routes.errorhandler(TypeError)
    def malformed(error: Exception) -> Response:
        return answer({"error": str(error)}, 400)

    return routes


def _json() -> dict[str, Any]:
    raw = request.get_data()
    found = orjson.loads(raw) if raw else {}
    if not isinstance(found, dict):
        raise TypeError("the body must be an object")
    return found


def _general(routes: Blueprint, world: World) -> None:
    @routes.get("/health")
    def health() -> Response:
        return answer({"ready": True, "app": world.app.handle, "app_id": world.app_id})

    @routes.get("/counters")
    def counters() -> Response:
        return answer(world.counters.read())

    @routes.delete("/counters")
    def reset_counters() -> Response:
        world.counters.reset()
        return answer({})

    @routes.post("/clock")
    def advance_clock() -> Response:
        world.clock.advance(float(_json()["advance"]))
        return answer({"now": world.clock.now().isoformat()})

    @routes.get("/faults")
    def list_faults() -> Response:
        return answer([views.plain(fault) for fault in world.faults.active()])

    @routes.post("/faults")
    def add_fault() -> Response:
        given = _json()
        details = {**given.pop("match", {}), **given}
        kind = details.pop("kind")
        return answer(views.plain(world.faults.add(kind, **details)), 201)

    @routes.delete("/faults")
    def clear_faults() -> Response:
        world.faults.clear()
        return answer({})

    @routes.post("/id_token")
    def id_token() -> Response:
        given = _json()
        domain, user = given.pop("shop"), int(given.pop("user", STAFF_MEMBER))
        return answer({"id_token": world.mint_id_token(domain, user=user, **given)})

    @routes.post("/probe")
    def probe() -> Response:
        return answer(_probe(world, _json()))


def _probe(world: World, given: Mapping[str, Any]) -> dict[str, float]:
    """How long a GraphQL request takes inside the simulator, without HTTP: milliseconds, least and mean of ``times``.
    Effects happen; throttling does not."""
    shop = world.shop(given["shop"])
    took = []
    for _ in range(int(given.get("times", 10))):
        begun = time.perf_counter()
        asked = execution.read({"query": given["query"], "variables": given.get("variables")})
        world.buckets.set_level(shop.domain, world.config.bucket)
        orjson.dumps(execution.run(world, shop, world.app.scopes, asked), default=str)
        took.append((time.perf_counter() - begun) * 1000)
    return {"least_ms": min(took), "mean_ms": sum(took) / len(took)}


def _shops(routes: Blueprint, world: World) -> None:
    @routes.get("/shops")
    def list_shops() -> Response:
        return answer([views.summary(shop) for shop in list(world.shops.values())])

    @routes.post("/shops")
    def add_shop() -> Response:
        given = _json()
        return answer(views.summary(world.add_shop(ShopConfig(**given))), 201)

    @routes.get("/shops/<domain>")
    def show_shop(domain: str) -> Response:
        with world.lock:
            return answer(views.dump(world, world.shop(domain)))

    @routes.get("/shops/<domain>/levels")
    def show_levels(domain: str) -> Response:
        with world.lock:
            return answer(views.levels(world.shop(domain)))

    @routes.get("/shops/<domain>/products")
    def show_products(domain: str) -> Response:
        with world.lock:
            shop = world.shop(domain)
            return answer([views.product(one, shop) for one in shop.products.values()])

    @routes.post("/shops/<domain>/install")
    def install(domain: str) -> Response:
        world.install(domain)
        return answer(views.summary(world.shop(domain)))

    @routes.post("/shops/<domain>/uninstall")
    def uninstall(domain: str) -> Response:
        world.uninstall(domain)
        return answer(views.summary(world.shop(domain)))

    @routes.post("/shops/<domain>/tokens")
    def issue_tokens(domain: str) -> Response:
        if world.shop(domain).installation is None:
            world.install(domain)
        return answer(world.tokens.issue(world.shop(domain)))

    @routes.post("/shops/<domain>/scopes")
    def grant_scopes(domain: str) -> Response:
        held = world.shop(domain).installation
        if held is None:
            raise _Missing("the app is not installed")
        held.scopes = frozenset(_json()["scopes"])
        return answer(views.summary(world.shop(domain)))

    @routes.post("/shops/<domain>/bucket")
    def fill_bucket(domain: str) -> Response:
        world.buckets.set_level(domain, float(_json()["level"]))
        return answer(world.buckets.status(domain))

    @routes.post("/shops/<domain>/products")
    def add_product(domain: str) -> Response:
        return answer(_add_product(world, world.shop(domain), _json()), 201)

    @routes.patch("/shops/<domain>/products/<int:number>")
    def change_product(domain: str, number: int) -> Response:
        given = _json()
        prices = {int(variant): price for variant, price in given.pop("prices", {}).items()}
        changed = world.change_product(domain, number, {**given, "prices": prices})
        return answer(views.product(changed, world.shop(domain)))

    @routes.delete("/shops/<domain>/products/<int:number>")
    def delete_product(domain: str, number: int) -> Response:
        world.delete_product(domain, number)
        return answer({})

    @routes.post("/shops/<domain>/stock")
    def set_stock(domain: str) -> Response:
        given = _json()
        world.set_stock(domain, int(given["variant_id"]), int(given["location_id"]), int(given["available"]))
        return answer({})


def _add_product(world: World, shop: Shop, given: Mapping[str, Any]) -> dict[str, Any]:
    """A product of the merchant's own, as ``{title, price, sku, available, options?, location_id?}``; published at
    once, stocked at the shop's own location unless another is named."""
    options = given.get("options") or {"Title": ["Default Title"]}
    name, values = next(iter(options.items()))
    price = Decimal(str(given.get("price", "10.00")))
    with world.lock:
        product = product_set.set_product(
            world,
            shop,
            None,
            {
                "title": given["title"],
                "status": given.get("status", "ACTIVE"),
                "productOptions": [{"name": name, "values": [{"name": value} for value in values]}],
                "variants": [
                    {
                        "optionValues": [{"optionName": name, "name": value}],
                        "price": price,
                        "sku": given["sku"] if index == 0 else f"{given['sku']}-{index + 1}",
                    }
                    for index, value in enumerate(values)
                ],
                "files": [{"originalSource": url} for url in given.get("images", [])],
            },
        )
        catalog.publish(world, shop, product, [f"gid://shopify/Publication/{shop.online_store.id}"])
        place = int(given.get("location_id", shop.primary_location.id))
        if place not in shop.locations:
            raise _Missing(f"location {place}")
        for variant in product.variants:
            level = stock.stock_at(world, shop, variant.item, place)
            stock.change(world, shop, level, int(given.get("available", 0)), reason="received", reference=None)
        return views.product(product, shop)


def _orders(routes: Blueprint, world: World) -> None:
    @routes.post("/shops/<domain>/orders")
    def create_order(domain: str) -> Response:
        made = world.create_order(domain, _new_order(_json()))
        return answer(views.order(made), 201)

    @routes.get("/shops/<domain>/orders")
    def list_orders(domain: str) -> Response:
        with world.lock:
            return answer([views.order(one) for one in world.shop(domain).orders.values()])

    @routes.get("/shops/<domain>/orders/<int:number>")
    def show_order(domain: str, number: int) -> Response:
        with world.lock:
            found = world.shop(domain).orders.get(number)
            if found is None:
                raise _Missing(f"no order {number}")
            return answer(views.order(found))

    def change(path: str, run: Callable[[str, int, dict[str, Any]], Any]) -> None:
        def act(domain: str, number: int) -> Response:
            made = run(domain, number, _json())
            with world.lock:
                order = world.shop(domain).orders[number]
                return answer({**views.order(order), "made": views.plain(made) if made is not order else None})

        routes.add_url_rule(f"/shops/<domain>/orders/<int:number>/{path}", path, act, methods=["POST"])

    change("pay", lambda domain, number, _given: world.mark_paid(domain, number))
    change("cancel", lambda domain, number, given: world.cancel_order(domain, number, **given))
    change("edit", lambda domain, number, given: world.edit_order(domain, number, _numbers(given["quantities"])))
    change("refund", lambda domain, number, given: world.refund(domain, number, **_refund(given)))

    change("return", lambda domain, number, given: world.open_return(domain, number, **_return(given)))

    @routes.post("/shops/<domain>/returns/<int:number>/answer")
    def answer_return(domain: str, number: int) -> Response:
        return answer(views.plain(world.answer_return(domain, number, accept=bool(_json()["accept"]))))

    @routes.post("/shops/<domain>/returns/<int:number>/cancel")
    def cancel_return(domain: str, number: int) -> Response:
        return answer(views.plain(world.cancel_return(domain, number)))

    @routes.post("/shops/<domain>/fulfillment_orders/<int:number>/request")
    def request_fulfillment(domain: str, number: int) -> Response:
        return answer(views.fulfillment_order(world.request_fulfillment(domain, number, _json().get("message"))))

    @routes.post("/shops/<domain>/fulfillment_orders/<int:number>/request_cancellation")
    def request_cancellation(domain: str, number: int) -> Response:
        return answer(views.fulfillment_order(world.request_cancellation(domain, number, _json().get("message"))))


def _numbers(given: Mapping[str, Any]) -> dict[int, int]:
    return {int(key): int(value) for key, value in given.items()}


def _refund(given: Mapping[str, Any]) -> dict[str, Any]:
    amount = given.get("amount")
    return {
        "quantities": _numbers(given.get("quantities", {})),
        "restock_type": given.get("restock_type", "NO_RESTOCK"),
        "note": given.get("note"),
        "amount": None if amount is None else Decimal(str(amount)),
    }


def _return(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "quantities": _numbers(given["quantities"]),
        "requested": bool(given.get("requested", True)),
        "reason": given.get("reason", "unknown"),
        "note": given.get("note", ""),
    }


def _new_order(given: Mapping[str, Any]) -> NewOrder:
    address = given.get("shipping_address", ...)
    return NewOrder(
        lines=tuple(
            NewLine(
                quantity=int(line.get("quantity", 1)),
                variant_id=line.get("variant_id"),
                sku=line.get("sku"),
                title=line.get("title"),
                price=None if line.get("price") is None else Decimal(str(line["price"])),
                requires_shipping=line.get("requires_shipping", True),
                discount=Decimal(str(line.get("discount", "0"))),
                properties=tuple((str(key), str(value)) for key, value in line.get("properties", {}).items()),
            )
            for line in given["lines"]
        ),
        shipping_address=_ADDRESS if address is ... else (None if address is None else Address(**address)),
        email=given.get("email", "avery.stone@example.com"),
        phone=given.get("phone"),
        financial_status=str(given.get("financial_status", "PAID")).upper(),
        presentment_currency=str(given.get("presentment_currency", "")),
        presentment_rate=Decimal(str(given.get("presentment_rate", "1"))),
        shipping_price=Decimal(str(given.get("shipping_price", "0"))),
        tax=Decimal(str(given.get("tax", "0"))),
        note=given.get("note"),
        tags=tuple(given.get("tags", ())),
        test=bool(given.get("test", False)),
        allow_oversell=bool(given.get("allow_oversell", False)),
    )


def _webhooks(routes: Blueprint, world: World) -> None:
    @routes.get("/deliveries")
    def deliveries() -> Response:
        found = world.courier.deliveries(request.args.get("shop"), request.args.get("topic"))
        newest = request.args.get("limit", type=int)
        return answer([views.delivery(one) for one in (found[-newest:] if newest else found)])

    @routes.delete("/deliveries")
    def forget_deliveries() -> Response:
        world.courier.forget()
        return answer({})

    @routes.post("/deliveries/<webhook_id>/replay")
    def replay(webhook_id: str) -> Response:
        found = world.courier.replay(webhook_id)
        if found is None:
            raise _Missing(f"no delivery {webhook_id}")
        return answer(views.delivery(found))

    @routes.post("/shops/<domain>/deliver")
    def deliver(domain: str) -> Response:
        given = _json()
        sent = world.courier.send(
            world.shop(domain),
            given["topic"],
            given["uri"],
            orjson.dumps(given.get("payload", {})),
            webhook_id=given.get("webhook_id"),
            secret=given.get("secret"),
            retries=int(given.get("retries", 0)),
        )
        return answer(views.delivery(sent), 201)

    @routes.post("/shops/<domain>/compliance")
    def compliance(domain: str) -> Response:
        given = _json()
        shop, topic = world.shop(domain), given["topic"]
        uris = [uri for known, uri in world.app.compliance if known == topic]
        if not uris:
            raise _Missing(f"the app does not declare the compliance topic {topic}")
        body = orjson.dumps(payloads.compliance(shop, topic, given.get("order_ids", [])))
        return answer([views.delivery(world.courier.send(shop, topic, uri, body)) for uri in uris], 201)
