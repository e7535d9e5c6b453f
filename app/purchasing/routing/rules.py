"""A retailer's routing rules: what each kind may say, and what everybody begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kit.errors import FieldError
from app.kit.texts import marked as _
from app.purchasing.routing.problem import Kind, Rule


@dataclass(frozen=True, slots=True)
class Shape:
    """What a rule of a kind may say. ``limit``: what its number counts where it is required (``days``, ``parcels``,
    ``zone``, ``score`` or ``money``), None for one without. ``suppliers``: it names suppliers."""

    label: str
    may_require: bool = True
    may_prefer: bool = True
    limit: str | None = None
    suppliers: bool = False


SHAPES: Mapping[Kind, Shape] = {
    Kind.PREFERRED_SUPPLIER: Shape(_("Preferred suppliers"), suppliers=True),
    Kind.OWN_SOURCE: Shape(_("Your order of sources")),
    Kind.LOWEST_COST: Shape(_("Lowest landed cost"), may_require=False),
    Kind.FASTEST: Shape(_("Fastest delivery"), limit="days"),
    Kind.FEWEST_PARCELS: Shape(_("Fewest parcels"), limit="parcels"),
    Kind.NEAREST: Shape(_("Nearest supplier"), limit="zone"),
    Kind.MOST_RELIABLE: Shape(_("Most reliable supplier"), limit="score"),
    Kind.ONE_SUPPLIER: Shape(_("Never split an order")),
    Kind.WHOLE_LINES: Shape(_("Never split a line")),
    Kind.MAX_LOSS: Shape(_("Largest loss on an order"), limit="money"),
}

#: The highest number that a limit takes.
_HIGHEST = {"days": 365, "parcels": 100, "zone": 2, "score": 100, "money": 10**9}

#: The most rules that make sense: each kind required and preferred.
LARGEST_SET = 2 * len(SHAPES)

#: What holds until a retailer says otherwise. That a supplier ships there and has the goods is always required.
DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(Kind.WHOLE_LINES, True),
    Rule(Kind.OWN_SOURCE, False),
    Rule(Kind.LOWEST_COST, False),
)


def problems_of(rules: Sequence[Rule], known_suppliers: frozenset[str]) -> list[FieldError]:
    """What is wrong with a set of rules."""
    found: list[FieldError] = []
    seen: set[tuple[Kind, bool]] = set()
    if len(rules) > LARGEST_SET:
        found.append(FieldError("rules", "too_many", f"At most {LARGEST_SET} rules."))
    for at, rule in enumerate(rules):
        problem = _problem(rule, known_suppliers)
        if problem is None and (rule.kind, rule.required) in seen:
            problem = ("duplicate", "This rule is there already.")
        seen.add((rule.kind, rule.required))
        if problem is not None:
            found.append(FieldError(f"rules[{at}]", *problem))
    return found


def _problem(rule: Rule, known_suppliers: frozenset[str]) -> tuple[str, str] | None:
    shape = SHAPES[rule.kind]
    if not (shape.may_require if rule.required else shape.may_prefer):
        return "not_required", "This can be preferred, but not required."
    if shape.suppliers and not rule.suppliers:
        return "suppliers", "Name at least one supplier."
    if not set(rule.suppliers) <= known_suppliers:
        return "suppliers", "A supplier of this rule is not known."
    if shape.limit is not None and rule.required and rule.limit is None:
        return "limit", "A required rule of this kind needs a number."
    if rule.limit is not None and (shape.limit is None or not 0 <= rule.limit <= _HIGHEST[shape.limit]):
        highest = _HIGHEST.get(shape.limit or "", 0)
        return "limit", f"A whole number from 0 to {highest}." if shape.limit else "This rule takes no number."
    return None
