"""A product's title and description for search engines, and what its pictures show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import db
from app.catalog import queries as catalog
from app.catalog.seo.rules import DESCRIPTION_LONGEST, TITLE_LONGEST
from app.catalog.seo.service import save_search_texts, search_texts
from app.kit.errors import Invalid
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.portal import product_page

pages = Pages(__name__)
#: Files may say more of a picture than we would.
_ALT_LONGEST = 512


@pages.post("/products/<uuid:product_id>/search-texts", permission="products.write")
def save(product_id: UUID) -> Any:
    """Keep what was written; a text that is empty or as the rules make it is made by the rules."""
    supplier_id = principal().organisation_id
    sent = Sent()
    title = sent.text("seo_title", longest=TITLE_LONGEST)
    description = sent.text("seo_description", longest=DESCRIPTION_LONGEST)
    try:
        with db.transaction() as session:
            product = catalog.product(session, product_id, supplier_id=supplier_id)
            made = search_texts(product, product.variants)
            alts = {
                image.id: text
                for image in product.images
                if (text := sent.text(f"alt-{image.id}", longest=_ALT_LONGEST)) != made.alts[image.id]
                and f"alt-{image.id}" in sent.values
            }
            sent.check()
            save_search_texts(
                session,
                supplier_id,
                product_id,
                title="" if title == made.made[0] else title,
                description="" if description == made.made[1] else description,
                alts=alts,
            )
    except Invalid as error:
        return product_page.shown(product_id, problems(error), error.status)
    return go(page_url("products.detail", product_id=product_id, done="saved_for_stores"))
