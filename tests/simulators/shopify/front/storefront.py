"""The shop front: products with what is left of them, buying, and the order's own page with its tracking."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from tests.simulators.shopify.records import Address, NewLine, NewOrder
from tests.simulators.shopify.refusals import Refused
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.world import UnknownShop, World

_MOST = 20


def add_storefront(routes: Blueprint, world: World) -> None:
    """Serve the shop front."""

    def shop_of(domain: str) -> Shop:
        try:
            return world.shop(domain)
        except UnknownShop:
            abort(404)

    @routes.get("/shop/<domain>")
    def front(domain: str) -> str:
        with world.lock:
            shop = shop_of(domain)
            left = {product.id: [shop.sellable(one) for one in product.variants] for product in shop.offered()}
            return render_template("shopify_front/front.html", shop=shop, left=left)

    @routes.route("/shop/<domain>/products/<handle>", methods=["GET", "POST"])
    def product(domain: str, handle: str) -> Response | str | tuple[str, int]:
        shop = shop_of(domain)
        with world.lock:
            found = shop.product_by_handle(handle)
            if found is None or found not in shop.offered():
                abort(404)
        error = ""
        if request.method == "POST":
            try:
                order = world.create_order(domain, _order())
                return redirect(url_for("front.order_status", domain=domain, token=order.token), code=303)
            except (Refused, ValueError) as refusal:
                error = str(refusal)
        with world.lock:
            left = {one.id: shop.sellable(one) for one in found.variants}
            page = render_template("shopify_front/product.html", shop=shop, product=found, left=left, error=error)
        return (page, 422) if error else page

    @routes.get("/shop/<domain>/orders/<token>")
    def order_status(domain: str, token: str) -> str:
        with world.lock:
            shop = shop_of(domain)
            order = shop.order_by_token(token)
            if order is None:
                abort(404)
            return render_template("shopify_front/status.html", shop=shop, order=order)


def _order() -> NewOrder:
    form = request.form
    quantity = int(form.get("quantity", "1"))
    if not 1 <= quantity <= _MOST:
        raise ValueError(f"Choose between 1 and {_MOST}.")
    first, _, last = form.get("name", "").strip().partition(" ")
    return NewOrder(
        lines=(NewLine(quantity=quantity, variant_id=int(form["variant"])),),
        email=form.get("email"),
        shipping_address=Address(
            first_name=first,
            last_name=last,
            address1=form.get("address1", ""),
            city=form.get("city", ""),
            province=form.get("province") or None,
            province_code=form.get("province") or None,
            zip=form.get("zip", ""),
            country="United States",
            country_code="US",
        ),
    )
