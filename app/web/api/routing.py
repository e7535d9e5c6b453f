"""Why an order went to these suppliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify

from app import db
from app.kit.errors import NotFound
from app.orders import queries as orders
from app.orders.models import Order
from app.purchasing.models import RoutingDecision
from app.purchasing.routing import queries as routing
from app.purchasing.routing.explaining import Judged, explain
from app.purchasing.routing.problem import Choice
from app.purchasing.routing.snapshot import outcome_of, problem_of
from app.web.api.blueprint import api, caller, guarded
from app.web.api.present import money
from app.web.api.schemas.routing import RoutingOut, RoutingPage
from app.web.api.schemas.shapes import IdPath, PageQuery
from app.web.routing_occasions import occasions_of
from app.web.routing_words import reason

Json = dict[str, Any]


@api.get("/orders/<uuid:id>/routing", responses={200: RoutingOut}, summary="Why these suppliers")
@guarded("retailer", scope="read:orders")
def order_routing(path: IdPath) -> Response:
    retailer_id = caller().organisation_id
    with db.transaction() as session:
        order = orders.order(session, retailer_id, path.id)
        decision = routing.last_decision(session, retailer_id, order.id)
        if decision is None:
            raise NotFound("routing decision")
        return jsonify(_shown(decision, order, occasions_of(session, order, [decision])))


@api.get("/orders/<uuid:id>/routing/choices", responses={200: RoutingPage}, summary="Every choice of suppliers")
@guarded("retailer", scope="read:orders")
def order_choices(path: IdPath, query: PageQuery) -> Response:
    """Newest first: as the order came in, each time that it went on after a hold, and for what did not come so."""
    retailer_id = caller().organisation_id
    with db.transaction() as session:
        order = orders.order(session, retailer_id, path.id)
        page = routing.decisions(session, retailer_id, order.id, limit=query.limit, cursor=query.cursor)
        occasions = occasions_of(session, order, page.items)
        return jsonify(
            items=[_shown(decision, order, occasions) for decision in page.items], next_cursor=page.next_cursor
        )


def _shown(decision: RoutingDecision, order: Order, occasions: Mapping[int, Sequence[str]]) -> Json:
    line_ids = {line.position: line.id for line in order.lines}
    problem, outcome = problem_of(decision.problem), outcome_of(decision.outcome)
    explained = explain(problem, outcome)
    needs = {need.key: need for need in problem.needs}
    chosen = outcome if isinstance(outcome, Choice) else None
    runner_up = None
    if explained.runner_up is not None and chosen is not None:
        need_key, offer, values = explained.runner_up
        runner_up = {
            "line_id": line_ids.get(needs[need_key].line),
            "component": needs[need_key].component,
            "variant_id": offer,
            "objectives": _objectives(chosen.objectives, values),
        }
    return {
        "order_id": decision.order_id,
        "attempt": decision.attempt,
        "decided_at": decision.created_at,
        "occasion": decision.occasion,
        "occasion_explanation": " ".join(occasions[decision.attempt]),
        "rules_version": decision.rules_version,
        "rules": [
            {"kind": rule.kind, "required": rule.required, "supplier_ids": rule.suppliers, "limit": rule.limit}
            for rule in problem.rules
        ],
        "routed": decision.routed,
        "proven": chosen is None or chosen.proven,
        "replays": routing.replays(decision),
        "objectives": _objectives(chosen.objectives, chosen.values) if chosen else [],
        "lines": [
            {
                "line_id": line_ids.get(need.line),
                "component": need.component,
                "units": need.units,
                "candidates": [_candidate(one, problem.currency) for one in judged],
            }
            for need, judged in explained.needs
        ],
        "runner_up": runner_up,
    }


def _objectives(names: Sequence[str], values: Sequence[int]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in zip(names, values, strict=True)]


def _candidate(judged: Judged, currency: str) -> Json:
    return {
        "variant_id": judged.offer.key,
        "supplier_id": judged.seller.key,
        "supplier_name": judged.seller.name,
        "kind": judged.candidate.kind,
        "status": judged.status,
        "reason": judged.reason,
        "explanation": reason(judged, currency),
        "quantity": judged.quantity,
        "unit_cost": money(judged.offer.unit_cost * judged.candidate.per_unit, judged.seller.currency),
        "order_fee": money(judged.seller.order_fee, judged.seller.currency),
        "available_quantity": judged.offer.free // judged.candidate.per_unit,
        "reliability": judged.seller.reliability,
        "days": judged.days,
        "distance_km": judged.seller.distance,
        "order_cost": None if judged.cost is None else money(judged.cost, currency),
    }
