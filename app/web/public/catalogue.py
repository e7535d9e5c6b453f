"""The catalogue for everybody: categories and products as pages that search engines read and caches keep.

No wholesale price is shown, and nothing of one reader's: what is answered is the same for all of one language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

import orjson
from flask import Response, redirect, render_template, request, url_for
from slugify import slugify

from app import db
from app.catalog import queries as catalog
from app.catalog.models import SupplierProduct
from app.catalog.search.queries import Count, Wanted, facets, search
from app.catalog.search.sitemap import parts, products_from
from app.catalog.seo.service import search_texts
from app.config import settings
from app.kit.errors import NotFound
from app.suppliers import queries as suppliers
from app.web.catalogue_cache import kept_for_a_moment

_PAGE = 24
#: Browsers and proxies keep pages so long, sitemaps longer; seconds.
_PAGE_LIFE, _SITEMAP_LIFE = 300, 3600
#: Categories that are looked through for those right below one.
_MOST_CATEGORIES = 500


@dataclass(frozen=True, slots=True)
class Below:
    """A category right below the one that is shown."""

    name: str
    slug: str
    products: int


def home() -> Response:
    """The top of the tree, and what is new."""
    with db.transaction() as session:
        counted = kept_for_a_moment("catalogue", lambda: facets(session, Wanted(), most=_MOST_CATEGORIES))
        page = search(session, Wanted(), limit=_PAGE).page
    return _answer(
        "catalogue.html",
        category=None,
        crumbs=[],
        below=_below(counted.categories, ""),
        exact=counted.exact,
        products=[(one, product_path(one.product_id, one.title)) for one in page.items],
        next_cursor=None,
        canonical=url_for("public.catalogue"),
    )


def category(slug: str) -> Response:
    """A category: those below it, and its products, the newest first."""
    cursor = request.args.get("cursor")
    with db.transaction() as session:
        found = catalog.category(session, slug)
        wanted = Wanted(category=slug)
        counted = kept_for_a_moment(("category", slug), lambda: facets(session, wanted, most=_MOST_CATEGORIES))
        page = search(session, wanted, limit=_PAGE, cursor=cursor).page
        line = catalog.line_of(session, found)
    return _answer(
        "catalogue.html",
        category=found,
        crumbs=[(one.name, url_for("public.category", slug=one.slug)) for one in line],
        below=_below(counted.categories, found.path + " > "),
        exact=counted.exact,
        products=[(one, product_path(one.product_id, one.title)) for one in page.items],
        next_cursor=page.next_cursor,
        canonical=url_for("public.category", slug=slug, cursor=cursor),
        structured=_crumb_data([(one.name, url_for("public.category", slug=one.slug)) for one in line]),
    )


def product(product_id: UUID, slug: str) -> Any:
    """A product. An old or wrong slug leads to the one of today."""
    with db.transaction() as session:
        found = catalog.product(session, product_id)
        path = product_path(found.id, found.title)
        if slug != slug_of(found.title):
            return redirect(path, 301)
        seller = suppliers.supplier(session, found.supplier_id)
        line = catalog.line_of(session, catalog.category_by_id(session, found.category_id)) if found.category_id else []
    texts = search_texts(found, found.variants)
    crumbs = [(one.name, url_for("public.category", slug=one.slug)) for one in line]
    return _answer(
        "product.html",
        product=found,
        supplier=seller,
        texts=texts,
        crumbs=crumbs,
        canonical=path,
        structured=[*_product_data(found, texts.title, texts.description, path), *_crumb_data(crumbs)],
    )


def sitemap() -> Response:
    """The index of its parts."""

    def made() -> str:
        with db.transaction() as session:
            starts = parts(session)
        addresses = [url_for("public.sitemap_part", start=start) for start in starts]
        return _xml("sitemapindex", "sitemap", [(address, "") for address in addresses])

    return _kept(kept_for_a_moment("sitemap", made), "application/xml", _SITEMAP_LIFE)


def sitemap_part(start: UUID) -> Response:
    """Products from one on."""
    with db.transaction() as session:
        rows = products_from(session, start)
    if not rows:
        raise NotFound("page")
    addresses = [(product_path(row.product_id, row.title), row.changed_at.date().isoformat()) for row in rows]
    return _kept(_xml("urlset", "url", addresses), "application/xml", _SITEMAP_LIFE)


def product_path(product_id: UUID, title: str) -> str:
    """Where a product's page is."""
    return url_for("public.product", product_id=product_id, slug=slug_of(title))


def slug_of(title: str) -> str:
    """A title in an address."""
    return slugify(title, max_length=80, word_boundary=True) or "-"


def _below(counts: Sequence[Count], prefix: str) -> list[Below]:
    return [
        Below(one.label.removeprefix(prefix), one.value, one.products)
        for one in sorted(counts, key=lambda one: one.label)
        if one.label.startswith(prefix) and " > " not in one.label.removeprefix(prefix)
    ]


def _product_data(product: SupplierProduct, title: str, description: str, path: str) -> list[dict[str, Any]]:
    """Without an offer: it is not sold to those who read it here."""
    gtins = [one.gtin for one in product.variants if one.gtin and one.status == "active"]
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": title,
        "description": description,
        "url": settings().public_url + path,
        "image": [image.public_url for image in product.images],
    }
    if product.brand:
        data["brand"] = {"@type": "Brand", "name": product.brand}
    if len(gtins) == 1:
        data["gtin"] = gtins[0]
    return [data]


def _crumb_data(crumbs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    if not crumbs:
        return []
    return [
        {
            "@context": "https://schema.org",
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": place, "name": name, "item": settings().public_url + path}
                for place, (name, path) in enumerate(crumbs, 1)
            ],
        }
    ]


def _xml(outer: str, inner: str, addresses: Sequence[tuple[str, str]]) -> str:
    lines = [
        f"<{inner}><loc>{escape(settings().public_url + address)}</loc>"
        + (f"<lastmod>{changed}</lastmod>" if changed else "")
        + f"</{inner}>"
        for address, changed in addresses
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">' + "".join(lines) + f"</{outer}>"


def _answer(template: str, *, canonical: str, structured: Sequence[Mapping[str, Any]] = (), **context: Any) -> Response:
    # Within a script element only "<" could end it.
    blocks = [orjson.dumps(one).decode().replace("<", "\\u003c") for one in structured]
    body = render_template(
        f"app/web/public/{template}", canonical=settings().public_url + canonical, structured=blocks, **context
    )
    answer = _kept(body, "text/html", _PAGE_LIFE)
    answer.headers["Vary"] = "Accept-Language"
    return answer


def _kept(body: str, mimetype: str, life: int) -> Response:
    """An answer that anybody may keep, and ask about again by its ETag."""
    answer = Response(body, mimetype=mimetype)
    answer.headers["Cache-Control"] = f"public, max-age={life}"
    answer.set_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
