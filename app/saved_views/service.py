"""Reading and keeping a person's views of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id
from app.saved_views.models import SavedView

MOST_VIEWS = 30
LONGEST_NAME = 60


def views_of(session: Session, organisation_id: UUID, actor: str, of: str) -> Sequence[SavedView]:
    """A person's views of a list, by name."""
    return session.scalars(_mine(organisation_id, actor, of).order_by(func.lower(SavedView.name))).all()


def save_view(
    session: Session,
    organisation_id: UUID,
    actor: str,
    of: str,
    *,
    name: str,
    query: Mapping[str, str],
    default: bool = False,
) -> SavedView:
    """Keep a view; one of the same name is replaced. Raises ``Invalid`` for a name that is empty, or too long, and for
    too many views."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\x00" in name:
        raise Invalid.field("name", "required", f"A name of up to {LONGEST_NAME} characters.")
    known = views_of(session, organisation_id, actor, of)
    found = next((one for one in known if one.name == name), None)
    if found is None:
        if len(known) >= MOST_VIEWS:
            raise Invalid.field("name", "too_many", f"You have {MOST_VIEWS} views already; remove one first.")
        found = SavedView(
            id=new_id(), organisation_id=organisation_id, actor=actor, list=of, name=name, created_at=clock.now()
        )
        session.add(found)
    found.query = dict(query)
    session.flush()
    if default:
        make_default(session, organisation_id, actor, of, found.id)
    return found


def make_default(session: Session, organisation_id: UUID, actor: str, of: str, view_id: UUID | None) -> None:
    """What the person's list begins with; None for the list as it is. Raises ``NotFound``."""
    if view_id is not None:
        _one(session, organisation_id, actor, of, view_id)
    session.execute(
        update(SavedView)
        .where(
            SavedView.organisation_id == organisation_id,
            SavedView.actor == actor,
            SavedView.list == of,
            SavedView.is_default,
        )
        .values(is_default=False)
    )
    if view_id is not None:
        session.execute(update(SavedView).where(SavedView.id == view_id).values(is_default=True))


def remove_view(session: Session, organisation_id: UUID, actor: str, of: str, view_id: UUID) -> None:
    """Forget a view. Raises ``NotFound``."""
    session.delete(_one(session, organisation_id, actor, of, view_id))


def _one(session: Session, organisation_id: UUID, actor: str, of: str, view_id: UUID) -> SavedView:
    found = session.scalar(_mine(organisation_id, actor, of).where(SavedView.id == view_id))
    if found is None:
        raise NotFound("view")
    return found


def _mine(organisation_id: UUID, actor: str, of: str) -> Select[SavedView]:
    return select(SavedView).where(
        SavedView.organisation_id == organisation_id, SavedView.actor == actor, SavedView.list == of
    )
