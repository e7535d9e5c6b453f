"""Keeping the entries that are searched true to the products behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.events import ProductsChanged, ProductsMade
from app.catalog.search.rules import LANGUAGES, SAMPLES
from app.outbox.service import emit, emit_parts

#: Products told of in one event, and brought up to date in one statement.
_CHUNK = 500
_MENDED_AT_ONCE = 2_000

#: Marks of combining letters are dropped as ``catalog.rules.folded`` does; what stands between words becomes a space,
#: so that the parser of words sees nothing but words.
_PLAIN = "regexp_replace({}, '[!-/\\:-@[-`{{-~]+', ' ', 'g')"
_TITLE = _PLAIN.format(
    "case when octet_length(p.title) = length(p.title) then lower(p.title) else "
    r"regexp_replace(normalize(lower(p.title), NFKD), '[\u0300-\u036f]', '', 'g') end"
)
_STEMS = " || ".join(f"to_tsvector('{language}', word)" for language in LANGUAGES)
_SAMPLED = ", ".join(f"case when told.dice % {size} = 0 then '~d{size}' end" for size in SAMPLES)

# Words and numbers of this module are put together here; nothing of anybody else's is. Words are looked at once each,
# however many titles have them: ``#`` stands for a word's place in a title.
_REFRESH = f"""
with recursive wanted as materialized (
    select p.* from supplier_products p where p.id = any(:ids) and p.status = 'active' {{and_}}
), line as (
    select c.id as category_id, c.id, c.parent_id from categories c where c.id in (select category_id from wanted)
    union all
    select line.category_id, up.id, up.parent_id from line join categories up on up.id = line.parent_id
), placed as (
    select category_id, array_agg('~c' || right(replace(id::text, '-', ''), 16)) as marks from line group by category_id
), told as materialized (
    select p.id, {_TITLE} as title, {_PLAIN.format("p.search_text")} as words,
        hashtext(p.id::text) & 4095 as dice
    from wanted p
), spoken as materialized (
    select told.id, one.word, one.place from told, string_to_table(told.title, ' ') with ordinality as one(word, place)
    where one.word <> ''
), meant as materialized (
    select word, case when word ~ '^[0-9]+$' then '''' || word || ''':#A' else (
        select string_agg('''' || lexeme || ''':#' || weight, ' ') from (
            select lexeme, 'A' as weight from unnest(to_tsvector('simple', word))
            union all select distinct lexeme, 'B' from unnest({_STEMS})
        ) as every
    ) end as lexemes
    from (select distinct word from spoken) as one
), titled as (
    select spoken.id, string_agg(replace(meant.lexemes, '#', least(spoken.place, 16000)::text), ' ') as lexemes
    from spoken join meant on meant.word = spoken.word group by spoken.id
), ranges as (
    select v.product_id, count(*) as variants, min(v.msrp) as msrp, bool_or(v.gtin is not null) as has_gtin,
        string_agg(v.gtin, ' ') as gtins, min(v.wholesale_price) as lowest, max(v.wholesale_price) as highest,
        coalesce(min(case when v.msrp > v.wholesale_price
            then ((v.msrp - v.wholesale_price) * 10000 / v.msrp)::int end), 0) as margin
    from supplier_variants v where v.product_id = any(:ids) and v.status = 'active' group by v.product_id
)
insert into catalog_entries (
    product_id, supplier_id, category_id, title, brand, currency, lowest_wholesale, highest_wholesale, msrp,
    margin_bps, reliability, variants, in_stock, has_gtin, picture_url, picture_sha256, listed_at, changed_at, words)
select p.id, p.supplier_id, p.category_id, p.title, p.brand, p.currency,
    coalesce(ranges.lowest, p.lowest_wholesale), coalesce(ranges.highest, p.highest_wholesale), ranges.msrp,
    coalesce(ranges.margin, 0), coalesce((s.rating * 100)::int, 0), coalesce(ranges.variants, 0), p.in_stock,
    coalesce(ranges.has_gtin, false), picture.url, picture.sha256, p.created_at, p.updated_at,
    coalesce(titled.lexemes, '')::tsvector || to_tsvector('simple', concat_ws(' ', told.words, ranges.gtins))
    || array_to_tsvector(array_remove(array[
        '~s' || right(replace(p.supplier_id::text, '-', ''), 16),
        case when p.brand <> '' then '~b' || lower(left(p.brand, 200)) end, {_SAMPLED}] || placed.marks, null))
from wanted p
join told on told.id = p.id
left join titled on titled.id = p.id
join suppliers s on s.id = p.supplier_id
left join placed on placed.category_id = p.category_id
left join ranges on ranges.product_id = p.id
left join lateral (
    select url, sha256 from product_images where product_id = p.id order by (sha256 is null), position limit 1
) picture on true
order by p.id
on conflict (product_id)"""  # noqa: S608
_REPLACED = """
do update set
    (supplier_id, category_id, title, brand, currency, lowest_wholesale, highest_wholesale, msrp, margin_bps,
     reliability, variants, in_stock, has_gtin, picture_url, picture_sha256, listed_at, changed_at, words)
    = row (excluded.supplier_id, excluded.category_id, excluded.title, excluded.brand, excluded.currency,
     excluded.lowest_wholesale, excluded.highest_wholesale, excluded.msrp, excluded.margin_bps, excluded.reliability,
     excluded.variants, excluded.in_stock, excluded.has_gtin, excluded.picture_url, excluded.picture_sha256,
     excluded.listed_at, excluded.changed_at, excluded.words)
"""
_IDS = bindparam("ids", type_=ARRAY(Uuid))
_WRITE = text(_REFRESH.replace("{and_}", "") + _REPLACED).bindparams(_IDS)
_UNLISTED = "and not exists (select from catalog_entries e where e.product_id = p.id)"
_MAKE = text(_REFRESH.replace("{and_}", _UNLISTED) + " do nothing").bindparams(_IDS)
#: Whoever changes a product changes its row before its entry.
_HOLD = text("select id from supplier_products where id = any(:ids) order by id for share").bindparams(_IDS)
#: But pictures come in beside it: either they see the entry, or it is made after they are there.
_MAKING = text("select pg_advisory_xact_lock(hashtextextended('entries of new products', 0))")
_SHOWING = text("select pg_advisory_xact_lock_shared(hashtextextended('entries of new products', 0))")
_WITHDRAW = text(
    "delete from catalog_entries where product_id in (select id from supplier_products where id = any(:ids) "
    "and status <> 'active' order by id)"
).bindparams(_IDS)
_IN_STOCK = text(
    "update catalog_entries set in_stock = :value where product_id = any(:ids) and in_stock is distinct from :value"
).bindparams(_IDS)
_PICTURES = text(
    "update catalog_entries e set picture_url = first.url, picture_sha256 = first.sha256 from ("
    "select distinct on (product_id) product_id, url, sha256 from product_images where product_id = any(:ids) "
    "order by product_id, (sha256 is null), position) first where e.product_id = first.product_id "
    "and (e.picture_url, e.picture_sha256) is distinct from (first.url, first.sha256)"
).bindparams(_IDS)
#: Products that were there before this transaction and are to get an entry in it: others may bring their pictures.
_UNLISTED_BEFORE = text(
    "select exists (select from supplier_products p where p.id = any(:ids) and p.status = 'active' "
    "and p.updated_at > p.created_at and not exists (select from catalog_entries e where e.product_id = p.id))"
).bindparams(_IDS)
#: Products whose entry is missing, is of another state of the product, or should be gone.
_ASTRAY = text(
    "select p.id from supplier_products p left join catalog_entries e on e.product_id = p.id "
    "where case when p.status = 'active' then e.product_id is null or e.changed_at <> p.updated_at "
    "or e.in_stock <> p.in_stock else e.product_id is not null end order by p.id limit :most"
)
_RATED = text(
    "update catalog_entries e set reliability = coalesce((s.rating * 100)::int, 0) from suppliers s "
    "where s.id = e.supplier_id and e.reliability <> coalesce((s.rating * 100)::int, 0)"
)


def tell_of_new(session: Session, supplier_id: UUID, made: str) -> None:
    """Products of a supplier are new; ``made``: a SELECT of their ``id``, without values. All others hear of it, and
    retailers find them a moment later (``list_new``), for writing an entry costs as much as making its product."""
    ids = f"select id, true as told_0, true as told_1 from ({made}) as made"  # noqa: S608 - our own
    events = [kind(supplier_id=supplier_id, product_ids=()) for kind in (ProductsChanged, ProductsMade)]
    emit_parts(session, events, "product_ids", ids, at_once=_CHUNK)


def list_new(session: Session, product_ids: Sequence[UUID]) -> None:
    """Write the entries of products that have none yet; it may be repeated. Of what others change at the same time
    nothing is lost: the products are held until this transaction ends, and looked at when they are, so that a change is
    either in the entry or comes after it and changes it, too."""
    session.execute(_HOLD, {"ids": product_ids})
    session.execute(_MAKING)
    session.execute(_MAKE, {"ids": product_ids})


def tell_of_changes(session: Session, supplier_id: UUID, product_ids: Iterable[UUID]) -> None:
    """These products of a supplier have changed: retailers find them as they are now, and all others hear of it."""
    changed = sorted(set(product_ids), key=attrgetter("int"))
    session.flush()
    refresh(session, changed)
    emit(
        session,
        *(
            ProductsChanged(supplier_id=supplier_id, product_ids=tuple(changed[start : start + _CHUNK]))
            for start in range(0, len(changed), _CHUNK)
        ),
    )


def refresh(session: Session, product_ids: Iterable[UUID]) -> None:
    """Write the entries of these products anew; those that are no longer on offer lose theirs. A picture that comes in
    at the same time is seen here, or its transaction sees the entries."""
    ids = sorted(set(product_ids), key=attrgetter("int"))
    if session.scalar(_UNLISTED_BEFORE, {"ids": ids}):
        session.execute(_MAKING)
    for start in range(0, len(ids), _MENDED_AT_ONCE):
        part = ids[start : start + _MENDED_AT_ONCE]
        session.execute(_WRITE, {"ids": part})
        # What came in while another transaction's change of an entry was waited for.
        session.execute(_PICTURES, {"ids": part})
        session.execute(_WITHDRAW, {"ids": part})


def mark_in_stock(session: Session, product_ids: Iterable[UUID], value: bool) -> None:
    """These products can be bought now, or no longer."""
    session.execute(_IN_STOCK, {"ids": sorted(product_ids), "value": value})


def show_pictures(session: Session, product_ids: Iterable[UUID]) -> None:
    """Pictures of these products have come in."""
    session.execute(_SHOWING)
    session.execute(_PICTURES, {"ids": sorted(set(product_ids))})


def mend(session: Session) -> int:
    """Bring entries that have gone astray back to their products, at most ``_MENDED_AT_ONCE``. Returns how many."""
    astray = session.scalars(_ASTRAY, {"most": _MENDED_AT_ONCE}).all()
    # As in ``list_new``: an entry that is missing may be of a product that is changing just now.
    session.execute(_HOLD, {"ids": astray})
    session.execute(_MAKING)
    refresh(session, astray)
    return len(astray)


def take_over_ratings(session: Session) -> None:
    """Suppliers' ratings, where they differ from what their entries are sorted by."""
    session.execute(_RATED)
