"""Making products that nobody knows yet, set by set: the database makes them out of the rows of a list, so that none of
them has to come here and go back. What comes of it is what ``saving`` makes of the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import DateTime, Text

from app.catalog.categories.rules import key_of
from app.catalog.categories.service import place
from app.catalog.rules import folded
from app.catalog.search.refreshing import tell_of_new
from app.kit import clock
from app.kit.ids import ID_IN_SERIES, new_series

#: Where ``create_products`` finds the rows of its list: a temporary table with the columns ``place`` (counted from 1,
#: products together), ``product`` (its number among them), ``handle``, ``sku``, ``variant_id`` (a new id where it
#: tells of a variant, not only of its product) and those of ``SAID``, in which nothing said is null.
LISTED = "listed_rows"
#: Where it leaves what it made until the transaction ends: ``id``, ``product``, ``handle``, ``variants`` (how many),
#: ``made_at``; ``create_told_products`` also ``variant_ids``, in their order, and all that it was told.
CREATED = "created_products"
#: What a row may say, under the names of ``ProductRecord`` and ``VariantRecord``. ``images`` are pairs of address and
#: text.
SAID = {
    "title": "text", "description": "text", "brand": "text", "category": "text", "tags": "jsonb", "status": "text",
    "images": "jsonb", "options": "jsonb", "wholesale_price": "bigint", "msrp": "bigint", "map_price": "bigint",
    "price_tiers": "jsonb", "gtin": "text", "weight_grams": "integer",
}  # fmt: skip

# What is put together here are constants of this module and of ``kit.ids``.
#: ``search_text`` is as ``folded`` has it, of plain letters; others are folded there.
_SEARCH_TEXT = r"""
        case
            when words !~ '[^ -~]|  ' then trim(lower(words collate "C"))
            when octet_length(words) = length(words)
                then trim(regexp_replace(lower(words collate "C"), '[\s\x1c-\x1f]+', ' ', 'g'))
        end as search_text"""
_WORDS = """
        concat_ws(' ', title, brand, (
            select string_agg(tag, ' ' order by nth)
            from jsonb_array_elements_text(tags) with ordinality as tagged(tag, nth)
        ), array_to_string(skus, ' ')) as words"""
#: Texts of a product are those of its first row with a title. Names of options are in the order in which its variants
#: use them, of one variant as ``jsonb`` keeps them; where these do not tell its variants apart, each is named after its
#: SKU.
_PRODUCTS = text(
    f"""
    create temp table {CREATED} on commit drop as
    with said as (
        select product, min(place) as place from {LISTED} where title <> '' group by product
    ), used as (
        select product, name, min(place) as first from (
            select product, place, jsonb_object_keys(options) as name from {LISTED} where variant_id is not null
        ) as one group by product, name
    ), named as (
        select product, (array_agg(name order by first, octet_length(name), name collate "C"))[1 : 3] as names
        from used group by product
    ), counted as (
        select listed.product, min(listed.handle) as handle, array_agg(listed.sku order by listed.place) as skus,
            count(*)::integer as variants,
            min(listed.wholesale_price) as lowest, max(listed.wholesale_price) as highest,
            count(distinct array[
                coalesce(listed.options ->> named.names[1], ''), coalesce(listed.options ->> named.names[2], ''),
                coalesce(listed.options ->> named.names[3], '')
            ]) < count(*) as alike, min(named.names) as names
        from {LISTED} as listed left join named on named.product = listed.product
        where listed.variant_id is not null group by listed.product
    ), whole as (
        select counted.*, coalesce(first.title, counted.skus[1]) as title, coalesce(first.brand, '') as brand,
            coalesce(first.tags, '[]') as tags, coalesce(first.description, '') as description,
            coalesce(first.category, '') as category, coalesce(first.status, 'active') as status
        from counted left join said on said.product = counted.product
        left join {LISTED} as first on first.place = said.place
    ), worded as materialized (
        select whole.*, {_WORDS} from whole
    )
    select {ID_IN_SERIES.format("product")} as id, product, handle, variants, lowest, highest, alike, skus, title,
        brand, tags, description, category, status,
        case when alike then '["Variant"]' else coalesce(to_jsonb(names), '[]') end as option_names,
{_SEARCH_TEXT},
        cast(:now as timestamptz) as made_at
    from worded order by product
    """  # noqa: S608
)
#: The same of products that are told as such.
_TOLD_PRODUCTS = f"""
    create temp table {CREATED} on commit drop as
    with counted as (
        select product, count(*)::integer as variants, min(wholesale_price) as lowest, max(wholesale_price) as highest,
            array_agg(sku order by place) as skus, array_agg(variant_id order by place) as variant_ids,
            min(place) as begins
        from {LISTED} group by product
    ), worded as materialized (
        select told.*, counted.variants, counted.lowest, counted.highest, counted.skus, counted.variant_ids,
            counted.begins, {_WORDS}
        from ({{products}}) as told full join counted on counted.product = told.product
    )
    select {ID_IN_SERIES.format("product")} as id, worded.*, {_SEARCH_TEXT},
        cast(:now as timestamptz) as made_at
    from worded order by product
    """  # noqa: S608
_UNFOLDED = text(f"select id, title, brand, tags, skus from {CREATED} where search_text is null")  # noqa: S608
_FOLD = text(
    f"update {CREATED} as product set search_text = told.words "  # noqa: S608
    "from unnest(:ids, :words) as told(id, words) where told.id = product.id"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("words", type_=ARRAY(Text)))
_KEEP_PRODUCTS = text(
    f"""
    insert into supplier_products (
        id, supplier_id, handle, title, description, brand, category_id, source_category, option_names, tags, status,
        currency, search_text, lowest_wholesale, highest_wholesale, in_stock, created_at, updated_at)
    select product.id, :supplier, product.handle, product.title, product.description, product.brand, placed.id,
        coalesce(placed.key, ''), product.option_names, product.tags, product.status, :currency, product.search_text,
        product.lowest, product.highest, false, :now, :now
    from {CREATED} as product
    left join unnest(:categories, :places, :keys) as placed(category, id, key) on placed.category = product.category
    order by product.id
    """  # noqa: S608
).bindparams(
    bindparam("supplier", type_=Uuid),
    bindparam("categories", type_=ARRAY(Text)),
    bindparam("places", type_=ARRAY(Uuid)),
    bindparam("keys", type_=ARRAY(Text)),
    bindparam("now", type_=DateTime(timezone=True)),
)
_VARIANTS = f"""
    insert into supplier_variants (
        id, product_id, supplier_id, sku, gtin, options, wholesale_price, msrp, map_price, price_tiers, currency,
        weight_grams, status, position, updated_at)
    select listed.variant_id, product.id, :supplier, listed.sku, listed.gtin,
        case when product.alike then jsonb_build_object('Variant', listed.sku) else listed.options end,
        listed.wholesale_price, listed.msrp, listed.map_price, coalesce(listed.price_tiers, '[]'), :currency,
        listed.weight_grams, 'active',
        {{position}}, :now
    from {LISTED} as listed join {CREATED} as product on product.product = listed.product
    where listed.variant_id is not null order by listed.place
    """  # noqa: S608


def _keep_variants(position: str) -> TextClause:
    return text(_VARIANTS.format(position=position)).bindparams(
        bindparam("supplier", type_=Uuid), bindparam("now", type_=DateTime(timezone=True))
    )


_KEEP_VARIANTS = _keep_variants("row_number() over (partition by listed.product order by listed.place) - 1")
_KEEP_TOLD_VARIANTS = _keep_variants("listed.place - product.begins")
_MEDIA = """(
        select known.media_sha256 from image_addresses as known
        where known.url_key = encode(sha256(convert_to(shown.url, 'UTF8')), 'hex') and known.media_sha256 is not null
    )"""
#: A picture that several rows name is the first one's.
_KEEP_PICTURES = text(
    f"""
    insert into product_images (id, product_id, url, alt, position, sha256)
    select {ID_IN_SERIES.format("nth")}, product_id, url, alt, position, {_MEDIA}
    from (
        select product.id as product_id, picture.url, picture.alt,
            row_number() over (order by picture.first) as nth,
            row_number() over (partition by product.id order by picture.first) - 1 as position
        from (
            select listed.product, image.pair ->> 0 as url,
                (array_agg(image.pair ->> 1 order by listed.place, image.nth))[1] as alt,
                min(listed.place * 10000::bigint + image.nth) as first
            from {LISTED} as listed, jsonb_array_elements(listed.images) with ordinality as image(pair, nth)
            where listed.images is not null group by 1, 2
        ) as picture
        join {CREATED} as product on product.product = picture.product
    ) as shown
    order by nth
    """  # noqa: S608
)
_KEEP_TOLD_PICTURES = text(
    f"""
    insert into product_images (id, product_id, url, alt, position, sha256)
    select {ID_IN_SERIES.format("nth")}, product_id, url, alt, position, {_MEDIA}
    from (
        select product.id as product_id, image.pair ->> 0 as url, image.pair ->> 1 as alt, image.nth - 1 as position,
            row_number() over (order by product.product, image.nth) as nth
        from {CREATED} as product, jsonb_array_elements(product.images) with ordinality as image(pair, nth)
    ) as shown
    order by nth
    """  # noqa: S608
)


def create_products(session: Session, supplier_id: UUID, currency: str, titles: Mapping[str, Sequence[str]]) -> None:
    """Make the products of the rows in ``LISTED``; the caller has called ``one_at_a_time``, and knows that their
    handles and SKUs are new. ``titles``: the supplier's categories among them, as ``titles_by_category``.

    An SKU or a handle that is there already is an ``IntegrityError``, with which the transaction is lost."""
    now = clock.now()
    session.execute(_PRODUCTS, {"now": now, "series": new_series()})
    told = _keep_products(session, supplier_id, currency, titles, now)
    session.execute(_KEEP_VARIANTS, told)
    session.execute(_KEEP_PICTURES, {"series": new_series()})
    tell_of_new(session, supplier_id, f"select id from {CREATED}")  # noqa: S608


def create_told_products(
    session: Session,
    supplier_id: UUID,
    currency: str,
    titles: Mapping[str, Sequence[str]],
    products: str,
    values: Mapping[str, Any],
) -> None:
    """The same, where what products are is told apart from their variants. ``products``: a SELECT (with ``values``) of
    ``product``, ``handle``, ``title``, ``description``, ``brand``, ``category``, ``tags``, ``status``, ``images``,
    ``option_names``, and ``alike`` (these do not tell the variants apart). All rows of ``LISTED``, of which ``place``,
    ``product``, ``sku``, ``variant_id`` and what a variant may say are needed, are variants."""
    now = clock.now()
    session.execute(text(_TOLD_PRODUCTS.format(products=products)), {**values, "now": now, "series": new_series()})
    told = _keep_products(session, supplier_id, currency, titles, now)
    session.execute(_KEEP_TOLD_VARIANTS, told)
    session.execute(_KEEP_TOLD_PICTURES, {"series": new_series()})
    tell_of_new(session, supplier_id, f"select id from {CREATED}")  # noqa: S608


def _keep_products(
    session: Session, supplier_id: UUID, currency: str, titles: Mapping[str, Sequence[str]], now: datetime
) -> dict[str, Any]:
    """Write the products in ``CREATED``. Returns the values that the statements for what belongs to them need."""
    others = session.execute(_UNFOLDED).all()
    if others:
        words = [folded([row.title, row.brand, *row.tags, *row.skus]) for row in others]
        session.execute(_FOLD, {"ids": [row.id for row in others], "words": words})
    categories = place(session, supplier_id, titles)
    told = {"supplier": supplier_id, "currency": currency, "now": now}
    placed = {
        "categories": list(titles),
        "places": [categories.get(category) for category in titles],
        "keys": [key_of(category) for category in titles],
    }
    session.execute(_KEEP_PRODUCTS, {**told, **placed})
    return told
