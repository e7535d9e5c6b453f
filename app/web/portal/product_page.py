"""The page of one of a supplier's products, with what was wrong in one of its forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.catalog.assortment.queries import missing
from app.catalog.models import SupplierProduct
from app.catalog.pictures import queries as pictures
from app.catalog.pictures.rules import REASONS
from app.catalog.samples.service import terms_of
from app.catalog.seo.service import search_texts
from app.inventory.queries import availability, locations
from app.web.auth import principal
from app.web.pages import render
from app.web.portal.product_filter import problem_names


def shown(product_id: UUID, wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    """The page. ``wrong``: field → what is wrong with it. Raises ``NotFound`` for another's product."""
    with db.transaction() as session:
        product = catalog.product(session, product_id, supplier_id=principal().organisation_id)
        stock = availability(session, [variant.id for variant in product.variants])
        return render(
            "app/web/portal/pages/products/detail.html",
            status,
            product=product,
            stock=stock,
            missing=missing(session, [product]).get(product.id, []),
            problem_names=problem_names(),
            one_place=len(locations(session, principal().organisation_id)) < 2,
            pictures=_pictures(session, product),
            texts=search_texts(product, product.variants),
            samples=terms_of(session, product.supplier_id, product.id),
            wrong=wrong or {},
            sent=request.form,
        )


def _pictures(session: Session, product: SupplierProduct) -> list[dict[str, Any]]:
    """What is shown of each picture, and what is wrong with it."""
    known = pictures.states(session, [image.url for image in product.images])
    found = []
    for image in product.images:
        address = known.get(image.url)
        reason = REASONS.get(address.reason) if address is not None and address.state == "broken" else None
        found.append({"image": image, "reason": reason, "waiting": not reason and not image.shown()})
    return found
