"""Decisions about units that do not come as ordered."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Response, jsonify
from sqlalchemy.orm import Session

from app import db
from app.identity.models import Organisation
from app.kit.errors import Invalid
from app.orders import queries as orders
from app.purchasing.decisions import queries as decisions
from app.purchasing.decisions.rules import CHOICES, CHOSEN, Rules, may_move
from app.purchasing.decisions.saving import save_rules
from app.purchasing.decisions.service import choose, undo
from app.purchasing.decisions.store_news import order_units, substitutes
from app.purchasing.models import OrderDecision
from app.web.api.blueprint import api, caller, guarded
from app.web.api.present import money
from app.web.api.repetition import work
from app.web.api.schemas.decisions import (
    AnswerRulesIn,
    AnswerRulesOut,
    ChoiceInput,
    DecisionList,
    DecisionOut,
    DecisionPage,
    DecisionPath,
    DecisionsQuery,
)
from app.web.api.schemas.shapes import IdPath


@api.get("/decisions", responses={200: DecisionPage}, summary="What is to be decided, and was")
@guarded("retailer", scope="read:orders")
def list_decisions(query: DecisionsQuery) -> Response:
    """Newest first; `state=OPEN` are those that wait for you."""
    with db.transaction() as session:
        rules = decisions.rules_of(session, caller().organisation_id)
        page = decisions.decisions(
            session,
            caller().organisation_id,
            states=[query.state] if query.state else None,
            limit=query.limit,
            cursor=query.cursor,
        )
        return jsonify(items=_all_shown(session, page.items, rules), next_cursor=page.next_cursor)


@api.get("/orders/<uuid:id>/decisions", responses={200: DecisionList}, summary="Decisions about an order")
@guarded("retailer", scope="read:orders")
def order_decisions(path: IdPath) -> Response:
    with db.transaction() as session:
        order = orders.order(session, caller().organisation_id, path.id)
        rules = decisions.rules_of(session, caller().organisation_id)
        return jsonify(items=_all_shown(session, decisions.of_order(session, order.id), rules))


@api.post("/orders/<uuid:id>/decisions/<uuid:decision_id>", responses={200: DecisionOut}, summary="Decide")
@guarded("retailer", scope="write:orders")
def decide(path: DecisionPath, body: ChoiceInput) -> Response:
    """It is carried out at `acts_at`; until then it can be taken back, or another choice takes its place."""
    who = caller()
    with work() as done:
        row = choose(
            done.session,
            who.organisation_id,
            path.id,
            path.decision_id,
            body.choice,
            substitute_id=body.variant_id,
            refund_customer=body.refund_customer,
        )
        done.answers(_all_shown(done.session, [row], decisions.rules_of(done.session, who.organisation_id))[0])
    return done.response()


@api.post(
    "/orders/<uuid:id>/decisions/<uuid:decision_id>/undo", responses={200: DecisionOut}, summary="Take a choice back"
)
@guarded("retailer", scope="write:orders")
def take_back(path: DecisionPath) -> Response:
    """Refused (`carried_out`) once it is carried out."""
    who = caller()
    with work() as done:
        row = undo(done.session, who.organisation_id, path.id, path.decision_id)
        done.answers(_all_shown(done.session, [row], decisions.rules_of(done.session, who.organisation_id))[0])
    return done.response()


@api.get("/answer-rules", responses={200: AnswerRulesOut}, summary="What is done when nobody decides")
@guarded("retailer", scope="read:orders")
def answer_rules() -> Response:
    with db.transaction() as session:
        rules = decisions.rules_of(session, caller().organisation_id)
        return jsonify(_rules(rules, _currency(session, caller().organisation_id)))


@api.put("/answer-rules", responses={200: AnswerRulesOut}, summary="Change what is done when nobody decides")
@guarded("retailer", scope="write:orders")
def change_answer_rules(body: AnswerRulesIn) -> Response:
    who = caller()
    with work() as done:
        currency = _currency(done.session, who.organisation_id)
        field = "price_tolerance_amount"
        try:
            amount = body.price_tolerance_amount.value()
        except ValueError as error:
            raise Invalid.field(field, "not_an_amount", f"{error}.") from error
        if amount.currency != currency:
            raise Invalid.field(field, "currency", f"Your currency is {currency}.")
        values = body.model_dump(exclude={"price_tolerance_percent", field})
        if body.backorder_days is None:
            values["backorder_days"] = decisions.rules_of(done.session, who.organisation_id).backorder_days
        rules = Rules(
            price_tolerance_bps=round(body.price_tolerance_percent * 100), price_tolerance_amount=amount.minor, **values
        )
        save_rules(done.session, who.organisation_id, rules)
        done.answers(_rules(rules, currency))
    return done.response()


def _currency(session: Session, retailer_id: UUID) -> str:
    return session.get_one(Organisation, retailer_id).currency


def _rules(rules: Rules, currency: str) -> dict[str, object]:
    names = (
        "price_default", "reroute_rejected", "reroute_silent", "decide_within_hours", "decision_default", "wait_days",
        "backorder_days", "reminders", "remind_hours",
    )  # fmt: skip
    return {
        "price_tolerance_percent": rules.price_tolerance_bps / 100,
        "price_tolerance_amount": money(rules.price_tolerance_amount, currency),
        **{name: getattr(rules, name) for name in names},
    }


def _all_shown(session: Session, rows: Sequence[OrderDecision], rules: Rules) -> list[dict[str, object]]:
    instead = substitutes(session, rows)
    return [_shown(row, rules, instead.get(row.substitute_id) if row.substitute_id else None) for row in rows]


def _shown(row: OrderDecision, rules: Rules, instead: tuple[str, str] | None) -> dict[str, object]:
    choosable = row.state == CHOSEN or may_move(row.state, CHOSEN)
    return {
        "id": row.id,
        "order_id": row.order_id,
        "line_id": row.order_line_id,
        "purchase_order_id": row.purchase_order_id,
        "purchase_order_line_id": row.purchase_order_line_id,
        "supplier_id": row.supplier_id,
        "kind": row.kind,
        "units": row.units,
        "reason": row.reason,
        "ordered_price": money(row.ordered_price, row.currency),
        "asked_price": None if row.asked_price is None else money(row.asked_price, row.currency),
        "state": row.state,
        "choices": list(CHOICES[row.kind]) if choosable else [],
        "choice": row.choice,
        "chosen_by": row.chosen_by,
        "wait_until": row.wait_until,
        "line_units": order_units(row),
        "substitute_variant_id": row.substitute_id,
        "substitute": None if instead is None else {"title": instead[0], "sku": instead[1]},
        "store_told_at": row.store_told_at,
        "refund_customer": row.refund_customer,
        "trouble": row.trouble,
        "default": rules.default_for(row.kind),
        "due_at": row.due_at,
        "acts_at": row.next_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
