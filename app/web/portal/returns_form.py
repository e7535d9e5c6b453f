"""The form of a supplier's terms of returns, which the set-up and the settings share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.kit.countries import named_countries
from app.suppliers import queries as suppliers
from app.suppliers.service.onboarding import (
    PAYERS,
    RETURN_REASONS,
    PostalAddress,
    ReturnTerms,
    return_address,
    save_returns,
)
from app.web.auth import principal
from app.web.forms import Sent
from app.web.supplier_words import PAYER_WORDS, REASON_WORDS
from app.web.ui.rendering import gettext, locale


def shown(session: Session, errors: dict[str, Any] | None) -> dict[str, Any]:
    """What the form shows: what was sent if it was wrong, else the terms that hold, else usual ones."""
    supplier_id = principal().organisation_id
    policy = suppliers.return_policy(session, supplier_id)
    values: dict[str, Any]
    if policy is None:
        values = {
            "window_days": 30,
            "restocking": "0",
            "photo_reasons": ["damaged", "not_as_described"],
            "country_code": suppliers.supplier(session, supplier_id).country,
            **{f"payer-{one}": "shopper" if one == "changed_mind" else "supplier" for one in RETURN_REASONS},
        }
    else:
        address = return_address(policy)
        values = {
            "window_days": policy.window_days,
            "restocking": f"{Decimal(policy.restocking_bps) / 100:f}",
            "photo_reasons": policy.photo_reasons,
            **{f"payer-{reason}": payer for reason, payer in policy.payers.items()},
            **{
                field: getattr(address, field)
                for field in ("name", "address1", "address2", "city", "postal_code", "country_code")
            },
        }
    return {
        "policy": policy,
        "sent": request.form if errors else values,
        "photo_reasons": request.form.getlist("photo_reasons") if errors else values["photo_reasons"],
        "errors": errors or {},
        "reasons": [(name, gettext(REASON_WORDS[name])) for name in RETURN_REASONS],
        "payers": [(name, gettext(PAYER_WORDS[name])) for name in PAYERS],
        "countries": named_countries(locale()),
    }


def save() -> None:
    """Keep what was sent. Raises ``Invalid``."""
    sent = Sent()
    terms = ReturnTerms(
        window_days=sent.whole("window_days", 0, 365),
        restocking_bps=sent.basis_points("restocking", 50),
        photo_reasons=request.form.getlist("photo_reasons"),
        payers={reason: request.form.get(f"payer-{reason}", "") for reason in RETURN_REASONS},
        address=PostalAddress(
            name=sent.text("name", longest=200),
            address1=sent.text("address1", longest=200),
            address2=sent.text("address2", longest=200),
            city=sent.text("city", longest=100),
            postal_code=sent.text("postal_code", longest=20),
            country_code=request.form.get("country_code", ""),
        ),
    )
    sent.check()
    with db.transaction() as session:
        save_returns(session, principal().organisation_id, terms)
