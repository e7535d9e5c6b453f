"""Saving rules: always as a new version."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import new_id
from app.purchasing.models import RoutingRuleSet
from app.purchasing.routing import queries
from app.purchasing.routing.problem import Rule
from app.purchasing.routing.rules import problems_of
from app.purchasing.routing.snapshot import as_json
from app.suppliers.models import Supplier


def save_rules(
    session: Session,
    retailer_id: UUID,
    rules: Sequence[Rule],
    *,
    same_articles: bool,
    restored: int | None = None,
) -> RoutingRuleSet:
    """Let these rules hold from now on. ``same_articles``: other suppliers' offers with the same GTIN are used without
    being confirmed. Raises ``Invalid``."""
    problems = problems_of(rules, _known(session, rules))
    if problems:
        raise Invalid("These rules can't be saved.", errors=problems)
    # Two who save at once get two versions.
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"routing:{retailer_id}"})
    last = session.scalar(select(func.max(RoutingRuleSet.version)).where(RoutingRuleSet.retailer_id == retailer_id))
    row = RoutingRuleSet(
        id=new_id(),
        retailer_id=retailer_id,
        version=(last or 0) + 1,
        rules=[as_json(rule) for rule in rules],
        same_articles=same_articles,
        restored=restored,
        created_by=current_scope().actor,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    audit.record(
        session, retailer_id, "purchasing.rules_saved", "routing_rule_set", row.id, details={"version": row.version}
    )
    return row


def restore_rules(session: Session, retailer_id: UUID, version: int) -> RoutingRuleSet:
    """Let an earlier version's rules hold again, as a new version. Raises ``NotFound``."""
    old = queries.rule_set(session, retailer_id, version)
    return save_rules(
        session, retailer_id, queries.rules_in(old), same_articles=old.same_articles, restored=old.version
    )


def _known(session: Session, rules: Sequence[Rule]) -> frozenset[str]:
    named = {UUID(one) for rule in rules for one in rule.suppliers}
    if not named:
        return frozenset()
    return frozenset(str(one) for one in session.scalars(select(Supplier.id).where(Supplier.id.in_(named))))
