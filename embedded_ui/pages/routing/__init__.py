"""Routing rules: which supplier an order goes to, tried on the last orders before they are saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import request

from app import db
from app.kit.errors import FieldError, Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.orders import queries as orders
from app.purchasing.decisions import queries as decisions
from app.purchasing.decisions.rules import DEFAULT_CHOICES, PRICE_DEFAULTS
from app.purchasing.decisions.rules import Rules as AnswerRules
from app.purchasing.decisions.saving import save_rules as save_answer_rules
from app.purchasing.routing import queries as routing
from app.purchasing.routing.previewing import preview
from app.purchasing.routing.problem import Kind, Rule
from app.purchasing.routing.rules import SHAPES, problems_of
from app.purchasing.routing.saving import restore_rules, save_rules
from app.web.auth import principal
from app.web.decision_words import LABELS
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Routing"), "routing_rules", 55, permission="settings.write"))

_LIMITS = {
    "days": _("at most so many days"),
    "parcels": _("at most so many parcels"),
    "zone": _("0 for the same country alone, 1 for the EU, too"),
    "score": _("at least so many of 100"),
    "money": _("at most so much, in %(currency)s"),
}
#: Numbers of the form about suppliers that do not deliver as ordered, with their limits.
_NUMBERS = {
    "decide_within_hours": (0, 336),
    "wait_days": (1, 180),
    "backorder_days": (0, 365),
    "reminders": (0, 5),
    "remind_hours": (1, 72),
}
#: Where a rule's buttons move it.
_STEPS = {"up": -1, "down": 1}
_USES = {"": _("not used"), "required": _("required"), "preferred": _("preferred")}


@pages.get("/routing", permission="settings.write")
def routing_rules() -> Any:
    """The rules that hold, and earlier versions."""
    with db.transaction() as session:
        now = routing.rules_of(session, principal().organisation_id)
    return _page(now.rules, same_articles=now.same_articles)


@pages.post("/routing", permission="settings.write")
def change() -> Any:
    """Try the rules on the last orders, save them, or move one before or behind its neighbour without saving."""
    who = principal()
    same_articles = "same_articles" in request.form
    rules, wrong = _read(who.currency)
    way, _colon, kind = request.form.get("do", "").partition(":")
    if way in _STEPS:
        return _page(_moved(rules, kind, _STEPS[way]), same_articles=same_articles, wrong=wrong)
    with db.transaction() as session:
        known = frozenset(str(one) for one, _name in listings.suppliers_listed(session, who.organisation_id))
        wrong += problems_of(rules, known | _named(session))
        if not wrong and request.form.get("do") == "save":
            save_rules(session, who.organisation_id, rules, same_articles=same_articles)
            saved = True
        else:
            saved = False
    if saved:
        return go(page_url("routing.routing_rules", done="rules_saved"))
    return _page(rules, same_articles=same_articles, wrong=wrong, tried=not wrong)


@pages.post("/routing/answers", permission="settings.write")
def change_answers() -> Any:
    """Save what becomes of units that do not come as ordered."""
    who = principal()
    sent = Sent()
    rules = AnswerRules(
        price_tolerance_bps=sent.basis_points("price_tolerance_percent", 50),
        price_tolerance_amount=sent.money("price_tolerance_amount", who.currency),
        price_default=sent.one_of("price_default", PRICE_DEFAULTS),
        reroute_rejected="reroute_rejected" in request.form,
        reroute_silent="reroute_silent" in request.form,
        decision_default=sent.one_of("decision_default", DEFAULT_CHOICES),
        **{name: sent.whole(name, *within) for name, within in _NUMBERS.items()},
    )
    try:
        sent.check()
        with db.transaction() as session:
            save_answer_rules(session, who.organisation_id, rules)
    except Invalid as error:
        with db.transaction() as session:
            now = routing.rules_of(session, who.organisation_id)
        return _page(now.rules, same_articles=now.same_articles, wrong_fields=problems(error), sent=rules)
    return go(page_url("routing.routing_rules", done="answer_rules_saved"))


@pages.post("/routing/versions/<int:version>", permission="settings.write")
def restore(version: int) -> Any:
    """Let an earlier version hold again."""
    with db.transaction() as session:
        restore_rules(session, principal().organisation_id, version)
    return go(page_url("routing.routing_rules", done="rules_saved"))


def _page(
    rules: Sequence[Rule],
    *,
    same_articles: bool,
    wrong: Sequence[FieldError] = (),
    tried: bool = False,
    wrong_fields: Mapping[str, str] | None = None,
    sent: AnswerRules | None = None,
) -> Any:
    """``sent``: answers to suppliers that were refused, and what is wrong with their fields."""
    who = principal()
    with db.transaction() as session:
        seen = preview(session, who.organisation_id, rules, same_articles=same_articles) if tried else None
        changed = seen.changes[:20] if seen else []
        context: dict[str, Any] = {
            "rows": _rows(rules, who.currency),
            "used": len(rules),
            "uses": {kind: _uses(kind) for kind in SHAPES},
            "same_articles": same_articles,
            "suppliers": [(str(one), name) for one, name in listings.suppliers_listed(session, who.organisation_id)],
            "versions": routing.rule_sets(session, who.organisation_id),
            "wrong": wrong,
            "problems": wrong_fields or {},
            **_answers(session, sent),
            "seen": seen,
            "changed": changed,
            "names": {
                one.order_id: orders.order(session, who.organisation_id, one.order_id).external_name for one in changed
            },
        }
    return pages.render("routing.html", 422 if wrong or wrong_fields else 200, **context)


def _answers(session: Any, sent: AnswerRules | None) -> dict[str, Any]:
    who = principal()
    rules = sent or decisions.rules_of(session, who.organisation_id)
    return {
        "answers": rules,
        "typed": request.form if sent else {},
        "tolerance_percent": f"{Decimal(rules.price_tolerance_bps) / 100:g}",
        "tolerance_amount": Money(rules.price_tolerance_amount, who.currency).amount,
        "price_defaults": [(one, gettext(LABELS[one])) for one in PRICE_DEFAULTS],
        "decision_defaults": [(one, gettext(LABELS[one])) for one in DEFAULT_CHOICES],
    }


def _rows(rules: Sequence[Rule], currency: str) -> list[dict[str, Any]]:
    """Each kind of rule as the form shows it: those that are used in their order, then the others."""
    used = {rule.kind: (place, rule) for place, rule in reversed(list(enumerate(rules, start=1)))}
    rows = []
    for kind, shape in SHAPES.items():
        place, rule = used.get(kind, (len(SHAPES) + 1, None))
        limit = "" if rule is None or rule.limit is None else rule.limit
        if shape.limit == "money" and limit != "":
            limit = Money(int(limit), currency).amount
        rows.append(
            {
                "kind": kind.value,
                "label": gettext(shape.label),
                "place": place if rule else "",
                "use": "" if rule is None else "required" if rule.required else "preferred",
                "limit": limit,
                "limit_label": gettext(_LIMITS[shape.limit]) % {"currency": currency} if shape.limit else "",
                "suppliers": list(rule.suppliers) if rule else [],
                "names_suppliers": shape.suppliers,
                "sort": place,
            }
        )
    return sorted(rows, key=lambda row: row["sort"])


def _uses(kind: Kind) -> list[tuple[str, str]]:
    shape = SHAPES[kind]
    return [
        (value, gettext(label))
        for value, label in _USES.items()
        if not value or (shape.may_require if value == "required" else shape.may_prefer)
    ]


def _read(currency: str) -> tuple[list[Rule], list[FieldError]]:
    """The rules of the form, in the order of their places."""
    placed: list[tuple[int, int, Rule]] = []
    wrong: list[FieldError] = []
    for at, (kind, shape) in enumerate(SHAPES.items()):
        use = request.form.get(f"use-{kind}", "")
        if use not in ("required", "preferred"):
            continue
        place = request.form.get(f"place-{kind}", "")
        suppliers = tuple(request.form.getlist(f"suppliers-{kind}")) if shape.suppliers else ()
        limit, problem = _limit(request.form.get(f"limit-{kind}", "").strip(), shape.limit, currency)
        if problem:
            wrong.append(FieldError(gettext(shape.label), "limit", problem))
        rank = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else len(SHAPES)
        placed.append((rank, at, Rule(kind, use == "required", suppliers, limit)))
    return [rule for _rank, _at, rule in sorted(placed, key=lambda one: one[:2])], wrong


def _moved(rules: Sequence[Rule], kind: str, step: int) -> list[Rule]:
    moved = list(rules)
    at = next((index for index, rule in enumerate(moved) if rule.kind.value == kind), None)
    if at is not None and 0 <= at + step < len(moved):
        moved[at], moved[at + step] = moved[at + step], moved[at]
    return moved


def _limit(text: str, counts: str | None, currency: str) -> tuple[int | None, str | None]:
    if not text or counts is None:
        return None, None
    try:
        if counts == "money":
            return Money.parse(text.replace(",", "."), currency).minor, None
    except ValueError:
        return None, gettext(_("An amount in %(currency)s.")) % {"currency": currency}
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None, gettext(_("A whole number."))
    return int(text), None


def _named(session: Any) -> frozenset[str]:
    """Suppliers that the rules of now name already, though nothing of them is listed any more."""
    now = routing.rules_of(session, principal().organisation_id)
    return frozenset(one for rule in now.rules for one in rule.suppliers)
