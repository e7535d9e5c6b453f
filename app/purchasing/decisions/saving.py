"""Saving what a retailer wants done."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Invalid
from app.purchasing.decisions.rules import Rules, problems_of
from app.purchasing.models import AnswerRules


def save_rules(session: Session, retailer_id: UUID, rules: Rules) -> None:
    """Let these rules hold from now on; what is asked already keeps its deadline. Raises ``Invalid``."""
    problems = problems_of(rules)
    if problems:
        raise Invalid("These rules can't be saved.", errors=problems)
    values = {**asdict(rules), "updated_at": clock.now()}
    session.execute(
        upsert(AnswerRules)
        .values(retailer_id=retailer_id, **values)
        .on_conflict_do_update(index_elements=["retailer_id"], set_=values)
    )
    session.expire_all()
    audit.record(
        session, retailer_id, "purchasing.answer_rules_saved", "answer_rules", retailer_id, details=asdict(rules)
    )
