"""Everything that a choice is made from, read by a handful of statements whatever the order's size.

This is on the way of every order: statements are built once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import on_offer
from app.catalog.rules import same_gtins
from app.catalog.tiers.rules import of_kept
from app.db import table_of
from app.identity.models import Organisation
from app.inventory.models import InventoryLevel
from app.inventory.queries import safety_stock_of
from app.kit import clock
from app.kit.distances import kilometres
from app.listings.models import ListingSource, ListingVariant
from app.pricing.queries import exchange_rate
from app.purchasing.models import RoutingRuleSet
from app.purchasing.routing.problem import Candidate, Exchange, Exclusion, Need, Offer, Problem, Rule, Seller
from app.purchasing.routing.rules import DEFAULT_RULES
from app.purchasing.routing.snapshot import rule_of
from app.suppliers.models import Supplier
from app.suppliers.queries import CLOSED, as_closures, rates_of
from app.suppliers.rules import Rate, order_day, rates_by_method, working_days_from


@dataclass(frozen=True, slots=True)
class Asked:
    """Units of an order line. ``position`` is the line's in its order; ``retail_price`` is for one unit, in minor units
    of the order's currency."""

    position: int
    variant_id: UUID
    units: int
    retail_price: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold for a retailer, and their version (0: those that everybody begins with)."""

    version: int = 0
    rules: tuple[Rule, ...] = DEFAULT_RULES
    same_articles: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read: of variants by id (their rows of ``_VARIANTS``), of suppliers their rates and, by currency, the
    exchange rate with its date. ``problem`` is None without a country to ship to."""

    rules: Rules
    variants: Mapping[UUID, Any]
    problem: Problem | None = None
    needs: Sequence[Need] = ()
    rates: Mapping[UUID, Sequence[Rate]] = field(default_factory=dict)
    exchange: Mapping[str, tuple[Decimal, datetime] | None] = field(default_factory=dict)


_FREE = (
    select(func.coalesce(func.sum(func.greatest(InventoryLevel.on_hand - InventoryLevel.reserved, 0)), 0))
    .where(InventoryLevel.variant_id == SupplierVariant.id)
    .correlate(SupplierVariant)
    .scalar_subquery()
)

#: What there is to know of variants, of suppliers' closures from ``today`` on, and of the ``retailer`` that buys.
_COLUMNS = (
    select(
        SupplierVariant.id,
        SupplierVariant.supplier_id,
        SupplierVariant.sku,
        SupplierVariant.gtin,
        SupplierVariant.options,
        SupplierVariant.wholesale_price,
        SupplierVariant.price_tiers,
        SupplierVariant.currency,
        SupplierVariant.weight_grams,
        SupplierProduct.title,
        Organisation.name.label("retailer_name"),
        Organisation.currency.label("retailer_currency"),
        Organisation.timezone.label("retailer_timezone"),
        Supplier.company_name,
        Supplier.country,
        Supplier.handling_days,
        Supplier.cutoff_hour,
        Supplier.timezone,
        Supplier.order_fee,
        Supplier.rating,
        CLOSED.label("closed"),
        Supplier.commission_bps,
        _FREE.label("free"),
        safety_stock_of(SupplierVariant.id, SupplierVariant.supplier_id).label("safety_stock"),
        on_offer().label("offered"),
    )
    .join(SupplierProduct, SupplierProduct.id == SupplierVariant.product_id)
    .join(Supplier, Supplier.id == SupplierVariant.supplier_id)
    .join(Organisation, Organisation.id == bindparam("retailer", type_=Uuid))
)
_VARIANTS = _COLUMNS.where(SupplierVariant.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
#: The same of variants on offer with any of the article numbers ``gtins``.
_SAME = _COLUMNS.where(
    SupplierVariant.gtin == any_(bindparam("gtins", type_=ARRAY(Text))),
    on_offer(),
)
#: How a store's variants are linked with suppliers' (``ids``: what is listed).
_SOURCES = (
    select(
        ListingVariant.variant_id.label("listed"),
        ListingSource.component,
        ListingSource.variant_id,
        ListingSource.per_unit,
        ListingSource.rank,
        ListingSource.kind,
        ListingSource.state,
        ListingSource.competes,
    )
    .join(ListingSource, ListingSource.listing_variant_id == ListingVariant.id)
    .where(
        ListingVariant.store_id == bindparam("store", type_=Uuid),
        ListingVariant.variant_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    )
    .order_by(ListingSource.component, ListingSource.rank, ListingSource.id)
)
_RULES = (
    select(table_of(RoutingRuleSet))
    .where(RoutingRuleSet.retailer_id == bindparam("retailer", type_=Uuid))
    .order_by(RoutingRuleSet.version.desc())
    .limit(1)
)

#: The kind of candidates that are used because of their article number alone.
_GTIN = "gtin"
#: The most offers of one article that are looked at.
_SAME_ARTICLES = 20


def rules_of(session: Session, retailer_id: UUID) -> Rules:
    """The rules that hold for a retailer."""
    row = session.connection().execute(_RULES, {"retailer": retailer_id}).first()
    if row is None:
        return Rules()
    return Rules(row.version, tuple(rule_of(rule) for rule in row.rules), row.same_articles)


def reliability(rating: Decimal | None) -> int | None:
    """A supplier's reliability from 0 to 100; None until something is known of it."""
    return None if rating is None else round(rating * 20)


def gather(
    session: Session,
    retailer_id: UUID,
    asked: Sequence[Asked],
    *,
    store_id: UUID | None,
    country: str | None,
    currency: str,
    aside: Mapping[UUID, int] | None = None,
    barred: Iterable[UUID] = (),
    agreed: Mapping[UUID, int] | None = None,
    sample: bool = False,
    methods: Mapping[UUID | None, str] | None = None,
) -> Gathered:
    """Read what an order's choice is made from. ``aside``: units of variants that are set aside for this order, and so
    free for it; ``barred``: suppliers that are not to be asked; ``agreed``: prices of variants that do not follow the
    quantity. A ``sample`` is of the variant itself, whatever the rules. ``methods``: how each supplier is to ship (by
    None: any of them); those that are not named, or do not ship so, do not come into question."""
    rules = Rules() if sample else rules_of(session, retailer_id)
    listed = {one.variant_id for one in asked}
    linked = _links(session, store_id, listed)
    ids = listed | {link.variant_id for links in linked.values() for link in links}
    variants = _read(session, _VARIANTS, retailer_id, ids=list(ids))
    same = _same_articles(session, retailer_id, rules, [variants[one] for one in listed if one in variants])
    for rows in same.values():
        variants |= {row.id: row for row in rows}
    known = [one for one in asked if one.variant_id in variants]
    names = {key: str(key) for key in variants}
    needs = tuple(need for one in known for need in _needs(one, linked[one.variant_id], same, names))
    if country is None or not known:
        return Gathered(rules, variants, needs=needs)
    used = {candidate.offer for need in needs for candidate in need.candidates}
    rows = [row for name, row in sorted((names[key], row) for key, row in variants.items()) if name in used]
    suppliers = {row.supplier_id: row for row in rows}
    sellers = {key: str(key) for key in suppliers}
    rates = rates_of(session, suppliers)
    if methods:
        wanted = {key: methods.get(key, methods.get(None, "")) for key in rates}
        rates = {key: rates_by_method(own, country, wanted[key]) for key, own in rates.items()}
    target = next(iter(variants.values())).retailer_currency
    now = clock.now()
    exchange = {source: exchange_rate(session, source, target, now) for source in {row.currency for row in rows}}
    free = aside or {}
    problem = Problem(
        currency=target,
        country=country,
        revenue=_revenue(session, known, currency, target, now),
        needs=needs,
        offers=tuple(
            _offer(row, names[row.id], sellers[row.supplier_id], free.get(row.id, 0), (agreed or {}).get(row.id))
            for row in rows
        ),
        sellers=tuple(
            _seller(suppliers[key], name, rates[key], exchange[suppliers[key].currency], country, now)
            for key, name in sorted(sellers.items(), key=lambda pair: pair[1])
        ),
        rules=rules.rules,
    )
    return Gathered(rules, variants, without(problem, barred), needs, rates, exchange)


def with_same_articles(
    session: Session, retailer_id: UUID, problems: Mapping[UUID, tuple[Problem, Mapping[int, UUID]]]
) -> dict[UUID, Problem]:
    """Problems of orders (each with the variants listed at its lines' positions) that were gathered without other
    suppliers' offers of the same articles, with these offers as they are now."""
    listed = {variant_id for _, places in problems.values() for variant_id in places.values()}
    variants = _read(session, _VARIANTS, retailer_id, ids=list(listed))
    same = _same_articles(session, retailer_id, Rules(same_articles=True), list(variants.values()))
    rates = rates_of(session, {row.supplier_id for rows in same.values() for row in rows})
    now = clock.now()
    found: dict[UUID, Problem] = {}
    for order_id, (problem, places) in problems.items():
        offers = {one.key: one for one in problem.offers}
        sellers = {one.key: one for one in problem.sellers}
        needs = []
        for need in problem.needs:
            rows = same.get(places[need.line], ()) if need.component == 0 and need.line in places else ()
            for row in rows:
                key, seller = str(row.id), str(row.supplier_id)
                offers.setdefault(key, _offer(row, key, seller, 0, None))
                if seller not in sellers:
                    rate = exchange_rate(session, row.currency, problem.currency, now)
                    sellers[seller] = _seller(row, seller, rates[row.supplier_id], rate, problem.country, now)
            needs.append(replace(need, candidates=(*need.candidates, *_same_candidates(need.candidates, rows))))
        found[order_id] = replace(
            problem,
            needs=tuple(needs),
            offers=tuple(offers[key] for key in sorted(offers)),
            sellers=tuple(sellers[key] for key in sorted(sellers)),
        )
    return found


def without_same_articles(problem: Problem) -> Problem:
    """The same problem without other suppliers' offers that are only used because of their article number."""
    needs = tuple(
        replace(need, candidates=tuple(one for one in need.candidates if one.kind != _GTIN)) for need in problem.needs
    )
    return replace(problem, needs=needs)


def without(problem: Problem, barred: Iterable[UUID]) -> Problem:
    """The same problem with some suppliers' candidates out."""
    names = {str(one) for one in barred}
    if not names:
        return problem
    out = {offer.key for offer in problem.offers if offer.seller in names}
    needs = tuple(
        replace(
            need,
            candidates=tuple(
                replace(one, excluded=Exclusion.REJECTED) if one.offer in out else one for one in need.candidates
            ),
        )
        for need in problem.needs
    )
    return replace(problem, needs=needs)


def _links(session: Session, store_id: UUID | None, listed: set[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {variant_id: [] for variant_id in listed}
    if store_id is not None:
        for row in session.connection().execute(_SOURCES, {"store": store_id, "ids": list(listed)}).all():
            found[row.listed].append(row)
    return found


def _read(session: Session, statement: Any, retailer_id: UUID, **values: Any) -> dict[UUID, Any]:
    rows = session.connection().execute(statement, {"retailer": retailer_id, "today": clock.now().date(), **values})
    return {row.id: row for row in rows.all()}


def _same_articles(session: Session, retailer_id: UUID, rules: Rules, listed: Sequence[Any]) -> dict[UUID, list[Any]]:
    """Other suppliers' offers of the same articles, by the listed variant, where the retailer lets them be used."""
    by_bare: defaultdict[str, list[UUID]] = defaultdict(list)
    if rules.same_articles:
        for row in listed:
            if row.gtin:
                by_bare[row.gtin.lstrip("0")].append(row.id)
    if not by_bare:
        return {}
    written = sorted({form for bare in by_bare for form in same_gtins(bare)})
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    offers = _read(session, _SAME, retailer_id, gtins=written)
    for _, row in sorted(offers.items()):
        for listed_id in by_bare[row.gtin.lstrip("0")]:
            if row.id != listed_id and len(found[listed_id]) < _SAME_ARTICLES:
                found[listed_id].append(row)
    return dict(found)


def _needs(
    asked: Asked, links: Sequence[Any], same: Mapping[UUID, Sequence[Any]], names: Mapping[UUID, str]
) -> list[Need]:
    """What a line needs: one thing, or each component of a bundle."""
    components: defaultdict[int, list[Candidate]] = defaultdict(list)
    origin = next((link for link in links if link.kind == "origin"), None)
    if origin is None:
        components[0].append(Candidate(names[asked.variant_id]))
    for link in links:
        components[link.component].append(
            Candidate(
                names.get(link.variant_id) or str(link.variant_id),
                link.per_unit,
                link.rank,
                link.kind,
                spare=not link.competes,
                excluded=None if link.state == "linked" else Exclusion.REFUSED,
            )
        )
    components[0] += _same_candidates(components[0], same.get(asked.variant_id, ()))
    return [
        Need(f"{asked.position:04d}:{component}", asked.position, component, asked.units, tuple(candidates))
        for component, candidates in sorted(components.items())
    ]


def _same_candidates(candidates: Sequence[Candidate], rows: Sequence[Any]) -> list[Candidate]:
    """Offers of the same article that come after those that a need has already."""
    there = {candidate.offer for candidate in candidates}
    last = max((candidate.rank for candidate in candidates), default=0)
    per_unit = next((candidate.per_unit for candidate in candidates if candidate.kind == "origin"), 1)
    fresh = [str(row.id) for row in rows if str(row.id) not in there]
    return [Candidate(name, per_unit, last + 1 + at, _GTIN) for at, name in enumerate(fresh)]


def _offer(row: Any, name: str, seller: str, aside: int, agreed: int | None) -> Offer:
    return Offer(
        name,
        seller,
        row.wholesale_price if agreed is None else agreed,
        row.weight_grams or 0,
        max(0, int(row.free) - row.safety_stock) + aside,
        row.offered,
        _steps(row.price_tiers) if agreed is None and row.price_tiers else (),
    )


def _steps(kept: Any) -> tuple[tuple[int, int], ...]:
    return tuple((tier.min_quantity, tier.price) for tier in of_kept(kept))


def _seller(
    row: Any, key: str, rates: Sequence[Rate], exchange: tuple[Decimal, datetime] | None, country: str, now: datetime
) -> Seller:
    begins = order_day(now, row.timezone, row.cutoff_hour)
    leaves = working_days_from(begins, row.handling_days, as_closures(row.closed))
    named = tuple(rate for rate in rates if country in rate.countries)
    return Seller(
        key=key,
        name=row.company_name,
        currency=row.currency,
        country=row.country,
        exchange=None if exchange is None else str(exchange[0]),
        order_fee=row.order_fee,
        lead_days=(leaves - now.date()).days,
        reliability=reliability(row.rating),
        rates=named or tuple(rate for rate in rates if "*" in rate.countries),
        distance=kilometres(row.country, row.timezone, country),
    )


def _revenue(session: Session, asked: Sequence[Asked], source: str, target: str, now: datetime) -> int | None:
    """What the shopper paid for the lines, in the retailer's currency; None where it is not known."""
    paid = 0
    for one in asked:
        if one.retail_price is None:
            return None
        paid += one.units * one.retail_price
    found = exchange_rate(session, source, target, now)
    return None if found is None else Exchange.of(str(found[0]), source, target).convert(paid)
