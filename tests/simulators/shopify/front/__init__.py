"""The admin with the app's frame, and the shop front."""

from __future__ import annotations

from flask import Blueprint

from tests.simulators.shopify.world import World


def blueprint_for(world: World) -> Blueprint:
    """The pages of a world."""
    return Blueprint("front", __name__)
