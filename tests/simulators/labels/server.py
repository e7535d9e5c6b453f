"""The gateway's API, its labels, and the levers at ``/_sim``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, jsonify, request

from tests.simulators.labels.world import API_KEY, PLATFORM_KEY, Refused, World

_PAGE = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>",
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
)


def make_app(world: World) -> Flask:
    """The whole gateway."""
    app = Flask(__name__)

    @app.before_request
    def _guard() -> Any:
        if not request.path.startswith("/v2/"):
            return None
        given = request.headers.get("Authorization", "")
        keys = {f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}": key for key in (API_KEY, PLATFORM_KEY)}
        if given not in keys:
            return _error(Refused(401, "APIKEY.INACTIVE", "This api key is no longer active."))
        g.key = keys[given]
        if world.fault("slow_down"):
            answer = _error(Refused(429, "RATE_LIMITED", "You have exceeded your rate limit."))
            answer.headers["Retry-After"] = "2"
            return answer
        if world.fault("down"):
            return _error(Refused(500, "INTERNAL_SERVER_ERROR", "Something went wrong"))
        return None

    @app.errorhandler(Refused)
    def _refused(error: Refused) -> Any:
        return _error(error)

    @app.post("/v2/shipments")
    def quote() -> Any:
        given = (request.get_json(silent=True) or {}).get("shipment") or {}
        return jsonify(_shown(world.quote(given, request.host_url))), 201

    @app.get("/v2/shipments/<ref>")
    def shipment(ref: str) -> Any:
        return jsonify(_shown(world.find(ref)))

    @app.post("/v2/shipments/<ref>/buy")
    def buy(ref: str) -> Any:
        rate = ((request.get_json(silent=True) or {}).get("rate") or {}).get("id", "")
        bought = world.buy(ref, rate)
        if world.fault("lost_answer"):
            return Response("upstream timed out", status=504)
        return jsonify(_shown(bought))

    @app.post("/v2/shipments/<ref>/refund")
    def refund(ref: str) -> Any:
        return jsonify(_shown(world.refund(ref)))

    @app.get("/v2/trackers")
    def trackers() -> Any:
        found = world.trackers_of(g.key, request.args.get("tracking_code", ""), request.args.get("carrier", ""))
        return jsonify(trackers=[_shown(one) for one in found[:20]], has_more=len(found) > 20)

    @app.post("/v2/trackers")
    def follow() -> Any:
        given = (request.get_json(silent=True) or {}).get("tracker") or {}
        made = world.follow(g.key, given, _now())
        if world.fault("lost_answer"):
            return Response("upstream timed out", status=504)
        return jsonify(_shown(made)), 201

    @app.get("/v2/trackers/<ref>")
    def tracker(ref: str) -> Any:
        return jsonify(_shown(world.tracker(g.key, ref)))

    @app.get("/labels/<name>")
    def label(name: str) -> Any:
        shipment = world.find(name.rpartition(".")[0])
        if world.fault("no_file"):
            return Response("AccessDenied", status=403)
        if name.endswith(".zpl"):
            fields = "".join(
                f"^FO50,{50 + 30 * place}^ADN,18,10^FD{line}^FS" for place, line in enumerate(_lines(shipment))
            )
            return Response(f"^XA{fields}^XZ".encode(), content_type="text/plain")
        return Response(_pdf(_lines(shipment)), content_type="application/pdf")

    @app.get("/_sim/health")
    def health() -> Any:
        return jsonify(ok=True)

    @app.post("/_sim/reset")
    def reset() -> Any:
        world.cents = 10_000
        world.faults.clear()
        world.shipments.clear()
        world.trackers.clear()
        world.scanned.clear()
        return jsonify(ok=True)

    @app.post("/_sim/fund")
    def fund() -> Any:
        world.cents = int(request.get_json()["cents"])
        return jsonify(cents=world.cents)

    @app.post("/_sim/faults")
    def faults() -> Any:
        given = request.get_json()
        world.faults[given["kind"]] = int(given.get("times", 1))
        return jsonify(ok=True)

    @app.post("/_sim/scan")
    def scan() -> Any:
        world.scanned.add(request.get_json()["number"])
        return jsonify(ok=True)

    @app.get("/_sim/shipments")
    def everything() -> Any:
        return jsonify(
            cents=world.cents,
            shipments=[_shown(one) for one in world.shipments.values()],
            trackers=[one | {"key": one["_key"]} for one in world.trackers.values()],
        )

    @app.get("/_sim/hook/<number>")
    def hook(number: str) -> Any:
        """The carrier sees a parcel: the tracker event as it would be sent, with its signature."""
        status = request.args.get("status", "in_transit")
        at = request.args.get("at") or _now()
        tracker = world.move(number, status, at)
        event = {
            "id": "evt_1",
            "object": "Event",
            "description": "tracker.updated",
            "mode": "test",
            "result": _shown(tracker),
        }
        body = json.dumps(event)
        key = unicodedata.normalize("NFKD", request.args["secret"]).encode()
        return jsonify(body=body, signature="hmac-sha256-hex=" + hmac.digest(key, body.encode(), hashlib.sha256).hex())

    return app


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(shipment: dict[str, Any]) -> list[str]:
    """What stands on a label: as sender the return address, as carriers print it, then who gets it."""
    found: list[str] = []
    for title, name in (("FROM", "return_address"), ("SHIP TO", "to_address")):
        address = shipment[name]
        city = " ".join(address.get(part, "") for part in ("city", "state", "zip")).strip()
        parts = [address.get(part) for part in ("name", "company", "street1", "street2")]
        found += [title, *(one for one in parts if one), f"{city} {address['country']}", address.get("phone", ""), ""]
    return [*found, f"{shipment['selected_rate']['service']} {shipment['tracking_code']}"]


def _pdf(lines: list[str]) -> bytes:
    """One page with these lines."""
    written = b"".join(
        b"(" + re.sub(rb"([()\\\\])", rb"\\\1", line.encode("cp1252", "replace")) + b") Tj T* " for line in lines
    )
    text = b"BT /F1 12 Tf 16 TL 20 400 Td " + written + b"ET"
    pieces = [*_PAGE, b"<</Length %d>>stream\n%s\nendstream" % (len(text), text)]
    body = b"".join(b"%d 0 obj%s endobj\n" % (place, piece) for place, piece in enumerate(pieces, start=1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def _shown(shipment: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shipment.items() if not name.startswith("_")}


def _error(error: Refused) -> Response:
    answer = jsonify(error={"code": error.code, "message": error.message, "errors": []})
    answer.status_code = error.status
    return answer
