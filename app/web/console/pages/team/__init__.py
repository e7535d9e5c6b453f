"""The platform's own people, administrators and support agents, and its API keys."""

from __future__ import annotations

from typing import Any

from app.kit.texts import marked as _
from app.web.organisation import keys, team
from app.web.pages import Nav, Pages

pages = Pages(__name__, nav=Nav(_("Team and keys"), "people", 90, permission="team.write"))


@pages.get("/team", permission="team.write")
def people() -> Any:
    """Everything on one page."""
    return _page()


def _page(
    status: int = 200,
    *,
    invite_errors: dict[str, Any] | None = None,
    key_errors: dict[str, Any] | None = None,
    new_key: str | None = None,
) -> Any:
    context = team.shown(pages, invite_errors) | keys.shown(pages, key_errors, new_key)
    return pages.render("team.html", status, **context)


team.add_to(pages, "/team", page="team.people", show=_page)
keys.add_to(pages, "/team/keys", page="team.people", show=_page)
