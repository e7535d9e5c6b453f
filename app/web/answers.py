"""Answering one purchase order by the link in its letter, without signing in. Looking at the link, as mail scanners do,
changes nothing; answering twice is as once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import db
from app.kit.errors import Conflict, Invalid, NotFound
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import REJECT_REASONS, line_status
from app.purchasing.service import LineAnswer, acknowledge
from app.purchasing.service.answer_links import opened_answer_token
from app.purchasing.service.status import counts
from app.web.forms import problems
from app.web.line_answers import part_later, sent_answers
from app.web.ui.rendering import gettext

bp = Blueprint("answers", __name__)


@bp.get("/answer/<token>")
def look(token: str) -> Response:
    """The order, and what can be answered."""
    with _order(token) as (_session, order):
        return _page(token, order)


@bp.post("/answer/<token>/accept")
def accept(token: str) -> Any:
    """Accept all that has no answer."""
    with _order(token) as (session, order):
        answers = [LineAnswer(line_id=line.id, answer="accepted") for line in _open(order)]
        if answers:
            acknowledge(session, order.supplier_id, order.id, answers)
    return redirect(f"/answer/{token}", 303)


@bp.post("/answer/<token>")
def answer(token: str) -> Any:
    """Answer line by line."""
    try:
        with _order(token) as (session, order):
            answers = [one for line in _open(order) for one in sent_answers(line)]
            if answers:
                acknowledge(session, order.supplier_id, order.id, answers)
    except (Invalid, Conflict) as error:
        with _order(token) as (_session, order):
            return _page(token, order, 422, problems(error) or {"answer": error.detail})
    return redirect(f"/answer/{token}", 303)


@contextmanager
def _order(token: str) -> Iterator[tuple[Session, PurchaseOrder]]:
    """The link's purchase order, in its supplier's scope. Raises ``NotFound`` and ``LinkEnded``."""
    purchase_order_id = opened_answer_token(token)
    with db.system_scope(actor="answer_link"), db.transaction() as session:
        supplier_id = session.scalar(select(PurchaseOrder.supplier_id).where(PurchaseOrder.id == purchase_order_id))
    if supplier_id is None:
        raise NotFound("link")
    with db.tenant_scope(supplier_id, actor="link:answer"), db.transaction() as session:
        order = session.scalar(
            select(PurchaseOrder)
            .where(PurchaseOrder.id == purchase_order_id, PurchaseOrder.released_at.is_not(None))
            .options(selectinload(PurchaseOrder.lines))
        )
        if order is None:
            raise NotFound("link")
        yield session, order


def _open(order: PurchaseOrder) -> list[PurchaseOrderLine]:
    return [line for line in order.lines if counts(line).answerable]


def _page(token: str, order: PurchaseOrder, status: int = 200, errors: Mapping[str, Any] | None = None) -> Response:
    body = render_template(
        "app/web/answers.html",
        token=token,
        order=order,
        lines=[(line, line_status(counts(line)), counts(line)) for line in order.lines],
        part_later={line.id: part_later(line) for line in order.lines},
        waiting=_open(order),
        unanswered=any(line.answer is None for line in _open(order)),
        errors=errors or {},
        typed=request.form,
        reasons=[("", "–"), *((one, gettext(one.replace("_", " ").capitalize())) for one in REJECT_REASONS)],
    )
    answer = Response(body, status=status, content_type="text/html; charset=utf-8")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store"
    return answer
