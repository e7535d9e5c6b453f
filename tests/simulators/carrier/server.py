"""The carrier's API, its public page of a parcel, and the levers at ``/_sim``."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import Any

from flask import Flask, Response, jsonify, render_template, request

from tests.simulators.carrier.world import World, estimated


def make_app(world: World) -> Flask:
    """The whole carrier."""
    app = Flask(__name__)

    @app.post("/labels")
    def label() -> Any:
        parcel = world.label()
        return jsonify(number=parcel.number, tracking_url=f"{request.host_url}parcels/{parcel.number}"), 201

    @app.get("/v1/track/<number>")
    def track(number: str) -> Any:
        if world.faults.slow_seconds:
            time.sleep(world.faults.slow_seconds)
        if world.faults.errors > 0:
            world.faults.errors -= 1
            return jsonify(error="internal"), 500
        parcel = world.find(number)
        if parcel is None:
            return jsonify(error="unknown"), 404
        events = [event.to_json() for event in parcel.events]
        if world.faults.duplicate_events:
            events = events + events
        status = events[0]["status"] if world.faults.backwards else parcel.status
        return jsonify(number=number, status=status, estimated_delivery=estimated(parcel), events=events)

    @app.get("/parcels/<number>")
    def page(number: str) -> Any:
        parcel = world.find(number)
        if parcel is None:
            return Response("No such parcel.", status=404)
        return render_template("parcel.html", parcel=parcel)

    @app.get("/_sim/health")
    def health() -> Any:
        return jsonify(ok=True)

    @app.post("/_sim/parcels/<number>/advance")
    def advance(number: str) -> Any:
        parcel = world.find(number)
        if parcel is None:
            return jsonify(error="unknown"), 404
        world.advance(parcel, (request.get_json(silent=True) or {}).get("to"))
        return jsonify(status=parcel.status)

    @app.post("/_sim/auto")
    def auto() -> Any:
        world.seconds_per_step = float(request.get_json()["seconds_per_step"])
        return jsonify(ok=True)

    @app.post("/_sim/faults")
    def faults() -> Any:
        known = {one.name for one in fields(world.faults)}
        for name, value in request.get_json().items():
            if name in known:
                setattr(world.faults, name, value)
        return jsonify(ok=True)

    return app
