"""Labels for returns on the pages of whoever buys them: the supplier, or the retailer where the terms say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.fulfillment.models import LabelAccount
from app.fulfillment.postage import buy_label, give_back
from app.fulfillment.service import accounts
from app.fulfillment.service.buying import account_of, offers_of, own_label
from app.fulfillment.service.packing import weight_of
from app.kit.errors import AdapterError, Conflict, Invalid, NotFound
from app.kit.texts import marked as _
from app.returns import queries
from app.returns.models import Return, ReturnLabel
from app.returns.rules import APPROVED
from app.returns.service import RETURNS, labelling
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url, render
from app.web.postage.accounts import HEAVIEST, in_words
from app.web.return_words import REASON_WORDS, payer_words
from app.web.ui.rendering import gettext


def labels_shown(session: Session, row: Return, owner_id: UUID) -> dict[str, Any]:
    """What a return's page shows of labels: ``may_buy``, and those that its reader bought."""
    return {
        "may_buy": row.state == APPROVED and labelling.buyer_of(row) == owner_id,
        "bought": labelling.labels_of(session, owner_id, row.id),
    }


def add_return_labels(pages: Pages, *, permission: str) -> None:
    """Prices, the purchase, and giving back, below ``/returns`` of an area; the pages are called ``returns``."""

    def pack(return_id: UUID, status: int = 200, errors: Mapping[str, str] | None = None, *, refused: str = "") -> Any:
        owner_id = principal().organisation_id
        with db.transaction() as session:
            row = queries.one_return(session, owner_id, return_id)
            if labelling.buyer_of(row) != owner_id:
                raise NotFound("return")
            context: dict[str, Any] = {
                "row": row,
                "account": session.get(LabelAccount, owner_id),
                "sizes": [(str(one.id), one.name) for one in accounts.sizes_of(session, owner_id)],
                "grams": weight_of(session, {line.purchase_order_line_id: line.quantity for line in row.lines}),
                "reason": gettext(REASON_WORDS[row.reason]),
                "payer": gettext(payer_words(row.payer, principal().organisation_kind)),
            }
        typed = request.form if errors or refused else {}
        path = "app/web/postage/return_pack.html"
        return render(path, status, errors=errors or {}, refused=refused, typed=typed, **context)

    def shown(label_id: UUID, status: int = 200, *, refused: str = "") -> Any:
        owner_id, quickest = principal().organisation_id, request.args.get("sort") == "days"
        with db.transaction() as session:
            label = own_label(session, ReturnLabel, owner_id, label_id)
            row = queries.one_return(session, owner_id, label.return_id)
            sorts: list[tuple[str, dict[str, str], bool]] = [
                (_("By price"), {}, not quickest),
                (_("By days"), {"sort": "days"}, quickest),
            ]
            context: dict[str, Any] = {
                "label": label,
                "row": row,
                "offers": offers_of(label, quickest=quickest),
                "payer": gettext(payer_words(row.payer, principal().organisation_kind)),
                "sorts": [
                    {
                        "label": gettext(name),
                        "href": page_url("returns.return_label", label_id=label.id, **args),
                        "current": current,
                    }
                    for name, args, current in sorts
                ],
            }
        return render("app/web/postage/return_label.html", status, refused=refused, **context)

    @pages.get("/returns/<uuid:return_id>/postage", permission=permission)
    def label_for_return(return_id: UUID) -> Any:
        """Into which box it goes, and what it weighs."""
        return pack(return_id)

    @pages.post("/returns/<uuid:return_id>/postage", permission=permission)
    def ask_return_prices(return_id: UUID) -> Any:
        """What carriers want for it."""
        owner_id, sent = principal().organisation_id, Sent()
        try:
            with db.transaction() as session:
                sizes = [str(one.id) for one in accounts.sizes_of(session, owner_id)]
            size_id, grams = sent.one_of("size", sizes), sent.whole("grams", 1, HEAVIEST)
            sent.check()
            label_id = _quote(owner_id, return_id, UUID(size_id), grams)
        except Invalid as error:
            return pack(return_id, 422, problems(error))
        except Conflict as error:
            return pack(return_id, 409, refused=error.detail)
        except AdapterError as error:
            return pack(return_id, 502, refused=in_words(error))
        return go(page_url("returns.return_label", label_id=label_id))

    @pages.get("/returns/labels/<uuid:label_id>", permission=permission)
    def return_label(label_id: UUID) -> Any:
        """A label: its offers, or what was bought."""
        return shown(label_id)

    @pages.post("/returns/labels/<uuid:label_id>/buy", permission=permission)
    def buy_return_label(label_id: UUID) -> Any:
        """Buy it; the shopper gets it."""
        owner_id = principal().organisation_id
        try:
            buy_label(registries.labels.get, owner_id, label_id, request.form.get("offer", ""), RETURNS)
        except (Conflict, Invalid) as error:
            return shown(label_id, error.status, refused=error.detail)
        except AdapterError as error:
            return shown(label_id, 502, refused=in_words(error))
        return go(page_url("returns.return_label", label_id=label_id, done="return_label_bought"))

    @pages.post("/returns/labels/<uuid:label_id>/give-back", permission=permission)
    def give_back_return_label(label_id: UUID) -> Any:
        """Nobody uses it; the money comes back."""
        try:
            give_back(registries.labels.get, principal().organisation_id, label_id, RETURNS)
        except Conflict as error:
            return shown(label_id, 409, refused=error.detail)
        except AdapterError as error:
            return shown(label_id, 502, refused=in_words(error))
        return go(page_url("returns.return_label", label_id=label_id, done="return_label_given_back"))


def _quote(owner_id: UUID, return_id: UUID, size_id: UUID, grams: int) -> UUID:
    """Ask the gateway, and keep what it offers. Nothing is bought by that. Customers print at home, so it is a PDF."""
    with db.transaction() as session:
        account = account_of(session, owner_id)
        package = accounts.package_of(accounts.own_size(session, owner_id, size_id), grams)
        way = labelling.way_back(session, owner_id, return_id)
        gateway, access = account.gateway, accounts.way_in(account)
    quoted = registries.labels.get(gateway).quote(
        access,
        package,
        sender=way.sender,
        recipient=way.recipient,
        returns=way.recipient,
        reference=way.number,
        coming_back=True,
    )
    with db.transaction() as session:
        return labelling.record_quote(session, owner_id, return_id, quoted, gateway=gateway, package=package).id
