"""The scripts that pages load from Shopify's CDN: stand-ins for App Bridge and for the Polaris web components."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response

_SCRIPTS = Path(__file__).parent / "scripts"
_MANIFEST = Path(__file__).parents[4] / "node_modules/@shopify/polaris-types/dist/custom-elements.json"
#: Declared with App Bridge, not with Polaris.
_APP_BRIDGE_ELEMENTS: dict[str, list[str]] = {"s-app-nav": [], "s-app-window": ["src"]}


def add_scripts(routes: Blueprint) -> None:
    """Serve them."""

    @routes.get("/cdn/app-bridge.js")
    def app_bridge() -> Response:
        return _script((_SCRIPTS / "app-bridge.js").read_text())

    @routes.get("/cdn/polaris-1.js")
    def polaris() -> Response:
        known = json.dumps(elements())
        return _script(f"const KNOWN = {known};\n" + (_SCRIPTS / "polaris.js").read_text())


@cache
def elements() -> dict[str, list[str]]:
    """Every stable element of the published manifest with its attributes, in lower case."""
    found = dict(_APP_BRIDGE_ELEMENTS)
    for module in json.loads(_MANIFEST.read_text())["modules"]:
        for declared in module.get("declarations", []):
            if declared.get("tagName"):
                found[declared["tagName"]] = [one["name"].lower() for one in declared.get("attributes", [])]
    return found


def _script(text: str) -> Response:
    return Response(text, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-store"})
