"""An organisation's account at a gateway that sells postage, and its boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.adapters import registries
from app.config import settings
from app.fulfillment.models import LabelAccount
from app.fulfillment.postage import keep_account
from app.fulfillment.service import accounts
from app.kit.errors import AdapterError, CredentialsRefused, Invalid, RateLimited, Rejected
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url, render
from app.web.ui.rendering import gettext

#: Sides of a box in millimetres, and weights in grams, beyond which no parcel service carries anything.
_LONGEST, HEAVIEST = 3_000, 100_000
_FORM_WORDS = {"PDF": _("PDF, for any printer"), "ZPL": _("ZPL, for label printers")}


def add_account_pages(
    pages: Pages, *, permission: str, back: tuple[str, str], boxes: str, forms: Sequence[str] = accounts.FORMS
) -> None:
    """The account and the boxes at ``/labels`` of an area; the pages are called ``labels``. ``back``: the endpoint and
    the name of the page above; ``boxes``: which ones are to be added; ``forms``: what the area's labels may be, asked
    for where there is a choice."""

    def shown(status: int = 200, errors: Mapping[str, str] | None = None) -> Any:
        owner_id = principal().organisation_id
        with db.transaction() as session:
            account = session.get(LabelAccount, owner_id)
            context: dict[str, Any] = {
                "account": account,
                "follows": principal().organisation_kind == "supplier",
                "sizes": accounts.sizes_of(session, owner_id),
                "gateways": [(name, one.label) for name, one in registries.labels.all().items()],
                "hook_url": f"{settings().public_url}/hooks/labels/{account.gateway}/{owner_id}" if account else None,
                "boxes": gettext(boxes),
                "back": (page_url(back[0]), gettext(back[1])),
                "forms": [(name, gettext(_FORM_WORDS[name])) for name in forms],
            }
        typed = request.form if errors else {}
        return render("app/web/postage/settings.html", status, errors=errors or {}, typed=typed, **context)

    @pages.get("/labels", permission=permission)
    def settings_of_labels() -> Any:
        """The account and the boxes."""
        return shown()

    @pages.post("/labels/account", permission=permission)
    def save_account() -> Any:
        """Keep the way in, once the gateway has taken it."""
        sent = Sent()
        gateway = sent.one_of("gateway", registries.labels.names())
        form = sent.one_of("form", forms) if len(forms) > 1 else forms[0]
        key, secret = sent.text("api_key", longest=300), sent.text("hook_secret", longest=300)
        try:
            sent.check()
            sure = keep_account(
                registries.labels.get,
                principal().organisation_id,
                gateway=gateway,
                api_key=key,
                hook_secret=secret,
                form=form,
            )
        except Invalid as error:
            return shown(422, problems(error))
        return go(page_url("labels.settings_of_labels", done="saved" if sure else "key_untried"))

    @pages.post("/labels/account/remove", permission=permission)
    def remove_account() -> Any:
        """Forget it."""
        with db.transaction() as session:
            accounts.remove_account(session, principal().organisation_id)
        return go(page_url("labels.settings_of_labels", done="saved"))

    @pages.post("/labels/sizes", permission=permission)
    def save_size() -> Any:
        """Keep a box; sides in centimetres."""
        sent = Sent()
        name = sent.text("name", longest=60, required=True)
        sides = [sent.whole(field, 1, _LONGEST // 10) for field in ("length", "width", "height")]
        grams = sent.whole("grams", 0, HEAVIEST)
        try:
            sent.check()
            with db.transaction() as session:
                length, width, height = (side * 10 for side in sides)
                accounts.save_size(
                    session,
                    principal().organisation_id,
                    name=name,
                    length_mm=length,
                    width_mm=width,
                    height_mm=height,
                    grams=grams,
                )
        except Invalid as error:
            return shown(422, problems(error))
        return go(page_url("labels.settings_of_labels", done="saved"))

    @pages.post("/labels/sizes/<uuid:size_id>/remove", permission=permission)
    def remove_size(size_id: UUID) -> Any:
        """Forget a box."""
        with db.transaction() as session:
            accounts.remove_size(session, principal().organisation_id, size_id)
        return go(page_url("labels.settings_of_labels", done="saved"))


def in_words(error: AdapterError) -> str:
    """What a gateway's trouble means to whoever buys."""
    if isinstance(error, Rejected):
        return error.message
    if isinstance(error, CredentialsRefused):
        return gettext(_("The gateway does not take your API key. Paste a new one in the settings of labels."))
    if isinstance(error, RateLimited):
        return gettext(_("The gateway asks to slow down. Try again in a minute."))
    return gettext(_("The gateway did not answer. We ask it what it did; look again in two minutes."))
