"""What every step of the set-up shows around its form, and where one goes from it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app import db
from app.insights.onboarding import progress_of
from app.kit.texts import marked as _
from app.suppliers import queries as suppliers
from app.suppliers.rules.steps import STEPS
from app.suppliers.service.deciding import answered
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url
from app.web.supplier_words import STEP_WORDS
from app.web.ui.rendering import gettext

pages = Pages("app.web.portal.pages.onboarding", nav=Nav(_("Set-up"), "overview", 5, permission="settings.write"))


def frame(session: Session, name: str | None) -> dict[str, Any]:
    """What every step shows around its form: how far it is, the steps, and what was asked about this one."""
    progress = progress_of(session, principal().organisation_id)
    steps = [
        {
            "name": step.name,
            "label": gettext(STEP_WORDS[step.name][0]),
            "text": gettext(STEP_WORDS[step.name][1]),
            "href": address_of(step.name),
            "done": step.done,
            "asked": bool(step.asked),
            "missing": [gettext(one) for one in step.missing],
            "current": step.name == name,
        }
        for step in progress.steps
    ]
    frame: dict[str, Any] = {
        "steps": steps,
        "done_count": progress.done,
        "blocked": bool(progress.keep_from_sending),
        "next_step": address_of(progress.next) if progress.next else None,
    }
    if name is not None:
        place = STEPS.index(name)
        frame["place"] = place + 1
        frame["step"] = steps[place]
        frame["asked"] = [
            (one.message, page_url("onboarding.question", question_id=one.id))
            for one in suppliers.questions(session, principal().organisation_id, open_only=True)
            if one.step == name
        ]
        frame["before"] = address_of(STEPS[place - 1]) if place else page_url("onboarding.overview")
        frame["after"] = address_of(STEPS[place + 1]) if place + 1 < len(STEPS) else page_url("onboarding.overview")
    return frame


def address_of(name: str, **values: Any) -> str:
    return page_url(f"onboarding.{name}", **values)


def onwards(name: str) -> Any:
    """After a step is saved comes the next."""
    place = STEPS.index(name) + 1
    return go(address_of(STEPS[place] if place < len(STEPS) else "overview", done="saved"))


def note_answered(step: str) -> None:
    with db.transaction() as session:
        answered(session, principal().organisation_id, step)
