"""The merchant's admin: the app in its frame, and what the app did to products, stock and orders."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.world import UnknownShop, World

#: Where the app's pages lie at the app's own address.
APP_PATH = "/shopify"


def add_admin(routes: Blueprint, world: World) -> None:
    """Serve the admin."""

    def shop_of(handle: str) -> Shop:
        try:
            return world.shop_by_handle(handle)
        except UnknownShop:
            abort(404)

    def shown(template: str, shop: Shop, **values: object) -> str:
        return render_template(f"shopify_front/{template}", shop=shop, app=world.app, **values)

    @routes.get("/store/<handle>")
    def admin_home(handle: str) -> str:
        with world.lock:
            return shown("home.html", shop_of(handle), section="home")

    @routes.post("/store/<handle>/install")
    def install(handle: str) -> Response:
        shop = shop_of(handle)
        world.install(shop.domain)
        return redirect(url_for("front.framed", handle=handle, app_handle=world.app.handle), code=303)

    @routes.post("/store/<handle>/uninstall")
    def uninstall(handle: str) -> Response:
        world.uninstall(shop_of(handle).domain)
        return redirect(url_for("front.admin_home", handle=handle), code=303)

    @routes.get("/store/<handle>/apps/<app_handle>")
    @routes.get("/store/<handle>/apps/<app_handle>/<path:path>")
    def framed(handle: str, app_handle: str, path: str = "") -> Response | str:
        shop = shop_of(handle)
        if app_handle != world.app.handle:
            abort(404)
        if shop.installation is None:
            return redirect(url_for("front.admin_home", handle=handle))
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        source = world.launch_url(shop.domain, f"{APP_PATH}/{path}{query}")
        parts = urlsplit(source)
        return shown(
            "app.html", shop, section="app", source=source, origin=f"{parts.scheme}://{parts.netloc}", app_path=APP_PATH
        )

    @routes.get("/store/<handle>/apps/<app_handle>/_id_token")
    def id_token(handle: str, app_handle: str) -> Response:
        shop = shop_of(handle)
        if app_handle != world.app.handle or shop.installation is None:
            abort(404)
        return jsonify(token=world.mint_id_token(shop.domain))

    @routes.post("/store/<handle>/apps/<app_handle>/_scopes")
    def grant(handle: str, app_handle: str) -> Response:
        """The merchant says yes to what the app asks for."""
        shop = shop_of(handle)
        if app_handle != world.app.handle or shop.installation is None:
            abort(404)
        world.grant_optional(shop.domain, request.get_json()["scopes"])
        return jsonify(granted=sorted(shop.installation.scopes))

    @routes.get("/store/<handle>/products")
    def admin_products(handle: str) -> str:
        with world.lock:
            shop = shop_of(handle)
            stock = {
                variant.id: sum(level.available for level in shop.levels[variant.item.id].values())
                for variant in shop.variants.values()
            }
            return shown("products.html", shop, section="products", stock=stock)

    @routes.get("/store/<handle>/orders")
    def admin_orders(handle: str) -> str:
        with world.lock:
            return shown("orders.html", shop_of(handle), section="orders")

    @routes.get("/store/<handle>/orders/<int:number>")
    def admin_order(handle: str, number: int) -> str:
        with world.lock:
            shop = shop_of(handle)
            order = shop.order_by_number(number)
            if order is None:
                abort(404)
            return shown("order.html", shop, section="orders", order=order)
