"""How many entries have some lexemes, as PostgreSQL's planner thinks: quick, never quite right, and good enough to
choose the way in which something is looked for."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.kit.recent import Recent

_QUERY = "explain (format json) select from catalog_entries where words @@ cast(%(lexemes)s as tsquery)"
_known: Recent[float] = Recent(20_000)
_KNOWN_FOR = 600.0


def expected(session: Session, lexemes: str) -> float:
    """How many entries answer this query, as it was up to ten minutes ago."""
    found = _known.get(lexemes, _KNOWN_FOR)
    if found is None:
        (plan,) = session.connection().exec_driver_sql(_QUERY, {"lexemes": lexemes}).one()
        found = float(plan[0]["Plan"]["Plan Rows"])
        _known.put(lexemes, found)
    return found


def forget() -> None:
    """Ask anew."""
    _known.forget()
