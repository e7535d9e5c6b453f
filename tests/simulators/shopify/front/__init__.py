"""What people see of the simulated Shopify: the admin that frames the app, the scripts of its CDN, the shop front."""

from __future__ import annotations

from flask import Blueprint

from tests.simulators.shopify.front.admin import add_admin
from tests.simulators.shopify.front.cdn import add_scripts
from tests.simulators.shopify.front.storefront import add_storefront
from tests.simulators.shopify.world import World


def blueprint_for(world: World) -> Blueprint:
    """The pages of a world."""
    routes = Blueprint("front", __name__, template_folder="templates")
    add_scripts(routes)
    add_admin(routes, world)
    add_storefront(routes, world)
    return routes
