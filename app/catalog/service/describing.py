"""Making and changing one product, as its supplier describes it in a form or a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from slugify import slugify
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.queries import product as own_product
from app.catalog.rules import DescriptionRefused, clean_html, gtin_problem, image_url_problem, plain_text
from app.catalog.service.saving import ProductRecord, VariantRecord, one_at_a_time, save_products
from app.catalog.tiers.rules import PriceTier, as_kept, tier_problems
from app.kit.errors import Conflict, FieldError, Invalid

MOST_OPTIONS = 3
_HANDLE_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantChange:
    """What is told of a variant: of ``gtin``, ``options``, ``wholesale_price``, ``msrp``, ``map_price``,
    ``weight_grams`` and ``price_tiers`` (``PriceTier``s); prices in minor units of the supplier's currency."""

    sku: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChange:
    """What is told of a product: of ``title``, ``description`` (HTML), ``brand``, ``category``, ``tags``, ``images``
    (pairs of address and alternative text) and ``status``; and of those of its variants that are named."""

    values: Mapping[str, Any] = field(default_factory=dict)
    variants: Sequence[VariantChange] = ()


class TakenElsewhere(Conflict):
    """A handle or SKUs are those of other products of the supplier. ``products``: the field of each error → the product
    that has it."""

    def __init__(self, detail: str, *, code: str, taken: Sequence[tuple[FieldError, UUID]]) -> None:
        super().__init__(detail, code=code, errors=[error for error, _product in taken])
        self.products = {error.field: product for error, product in taken}


def make_product(
    session: Session, supplier_id: UUID, currency: str, handle: str | None, change: ProductChange
) -> tuple[UUID, dict[str, UUID]]:
    """Offer a new product. ``handle`` is the supplier's own key of it, made from the title where there is none.

    Returns its id, and SKU → variant id of what was named. Raises ``Invalid``, and ``TakenElsewhere`` where the handle
    (``handle_taken``, also with SKUs) or an SKU (``sku_taken``) is another product's.
    """
    handle = str(slugify(handle or change.values["title"], max_length=_HANDLE_MAX))
    if not handle:
        raise Invalid.field("handle", "required", "Give the product a handle, such as desk-lamp.")
    one_at_a_time(session, supplier_id)
    taken = session.scalar(
        select(SupplierProduct.id).where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.handle == handle)
    )
    if taken is not None:
        of_handle = (FieldError("handle", "handle_taken", f"{handle!r} is product {taken}."), taken)
        raise TakenElsewhere(
            "Another of your products has this handle. Change that one, or choose another handle.",
            code="handle_taken",
            taken=[of_handle, *_elsewhere(session, supplier_id, change.variants, None)],
        )
    return _save(session, supplier_id, currency, handle, change, None)


def change_product(
    session: Session, supplier_id: UUID, product_id: UUID, change: ProductChange
) -> tuple[UUID, dict[str, UUID]]:
    """Change what is told of a product; all else stays. A variant that is not there yet is added. Returns and raises
    as ``make_product``, and ``NotFound``."""
    one_at_a_time(session, supplier_id)
    present = own_product(session, product_id, supplier_id=supplier_id)
    return _save(session, supplier_id, present.currency, present.handle, change, present)


def _save(
    session: Session,
    supplier_id: UUID,
    currency: str,
    handle: str,
    change: ProductChange,
    present: SupplierProduct | None,
) -> tuple[UUID, dict[str, UUID]]:
    elsewhere = _elsewhere(session, supplier_id, change.variants, present)
    if elsewhere:
        # They would be taken away from it.
        raise TakenElsewhere("Another of your products has some of these SKUs.", code="sku_taken", taken=elsewhere)
    problems: list[FieldError] = []
    variants = _variants(change.variants, present, problems)
    names = list(dict.fromkeys(name for variant in variants for name in variant.options))
    _check_options(variants, names, change.variants, problems)
    told = dict(change.values)
    description = present.description if present is not None else ""
    if "description" in told:
        try:
            description = clean_html(told["description"])
        except DescriptionRefused as error:
            problems.append(FieldError("description", "too_large", str(error)))
    images = dict(told.get("images", ()))
    for index, url in enumerate(images):
        reason = image_url_problem(url)
        if reason is not None:
            problems.append(FieldError(f"images[{index}].url", "bad_address", reason))
    title = plain_text(told["title"]) if "title" in told else present.title if present is not None else ""
    if not title:
        problems.append(FieldError("title", "required", "A product has a title."))
    if problems:
        raise Invalid("The product can't be taken as it is.", errors=problems)
    record = ProductRecord(
        handle=handle,
        title=title,
        description=description,
        brand=told.get("brand", present.brand if present is not None else ""),
        category=told.get("category", ""),
        option_names=names,
        tags=list(dict.fromkeys(told.get("tags", present.tags if present is not None else ()))),
        images=list(images.items()),
        status=told.get("status", present.status if present is not None else "active"),
        variants=variants,
    )
    untold = () if "category" in told else ("category",)
    ids = save_products(session, supplier_id, currency, [record], untold=untold).variants
    if present is not None:
        return present.id, ids
    made = session.scalars(
        select(SupplierProduct.id).where(SupplierProduct.supplier_id == supplier_id, SupplierProduct.handle == handle)
    ).one()
    return made, ids


def _elsewhere(
    session: Session, supplier_id: UUID, named: Sequence[VariantChange], present: SupplierProduct | None
) -> list[tuple[FieldError, UUID]]:
    """The SKUs that are variants of another product, and which."""
    found = session.execute(
        select(SupplierVariant.sku, SupplierVariant.product_id).where(
            SupplierVariant.supplier_id == supplier_id, SupplierVariant.sku.in_([one.sku for one in named])
        )
    )
    others = {sku: product for sku, product in found if present is None or product != present.id}
    return [
        (FieldError(f"variants[{index}].sku", "sku_taken", f"It is of product {others[one.sku]}."), others[one.sku])
        for index, one in enumerate(named)
        if one.sku in others
    ]


def _variants(
    named: Sequence[VariantChange], present: SupplierProduct | None, problems: list[FieldError]
) -> list[VariantRecord]:
    """All variants that the product has then: those it has, changed where they are named, and the new ones."""
    rows = {row.sku: row for row in present.variants} if present is not None else {}
    places = {one.sku: index for index, one in enumerate(named)}
    first: dict[str, int] = {}
    for index, one in enumerate(named):
        if first.setdefault(one.sku, index) != index:
            message = f"{one.sku} is another variant's SKU, too."
            problems.append(FieldError(f"variants[{index}].sku", "duplicate_sku", message))
    told = {one.sku: one.values for one in named}
    order = [sku for sku, row in rows.items() if row.status == "active" or sku in told]
    order += [sku for sku in told if sku not in rows]
    if not order:
        problems.append(FieldError("variants", "required", "A product has at least one variant."))
    found = []
    for sku in order:
        row, values = rows.get(sku), told.get(sku, {})
        known = {
            name: getattr(row, name, None)
            for name in ("gtin", "options", "wholesale_price", "msrp", "map_price", "weight_grams")
        }
        merged = {**known, **values, "price_tiers": row.price_tiers if row is not None else []}
        place = f"variants[{places.get(sku, 0)}]"
        if "price_tiers" in values:
            tiers: Sequence[PriceTier] = values["price_tiers"]
            problems += tier_errors(place, merged["wholesale_price"], tiers)
            merged["price_tiers"] = as_kept(tiers)
        if merged["wholesale_price"] is None:
            problems.append(FieldError(f"{place}.wholesale_price", "required", "A new variant has a wholesale price."))
            merged["wholesale_price"] = 0
        if values.get("gtin") is not None and (reason := gtin_problem(values["gtin"])) is not None:
            problems.append(FieldError(f"{place}.gtin", "bad_gtin", reason))
        found.append(VariantRecord(sku=sku, **{**merged, "options": merged["options"] or {}}))
    return found


def tier_errors(of: str, single: int | None, tiers: Sequence[PriceTier]) -> list[FieldError]:
    """What is wrong with price steps of ``of`` (the way to the variant, as the caller named it)."""
    at = f"{of}.price_tiers" if of else "price_tiers"
    return [
        FieldError(f"{at}[{place}].{name}" if name else at, code, message)
        for place, name, code, message in tier_problems(single, tiers)
    ]


def _check_options(
    variants: Sequence[VariantRecord],
    names: Sequence[str],
    named: Sequence[VariantChange],
    problems: list[FieldError],
) -> None:
    """Variants must be told apart by the same few options."""
    if len(names) > MOST_OPTIONS:
        problems.append(
            FieldError("variants", "too_many_options", f"A product has at most {MOST_OPTIONS} options: {names}.")
        )
    places = {one.sku: index for index, one in enumerate(named)}
    seen: dict[tuple[str, ...], str] = {}
    for variant in variants:
        key = tuple(variant.options.get(name, "") for name in names)
        other = seen.setdefault(key, variant.sku)
        if other != variant.sku:
            index = places.get(variant.sku, places.get(other, 0))
            problems.append(
                FieldError(
                    f"variants[{index}].options",
                    "duplicate_options",
                    f"{other} and {variant.sku} have the same options.",
                )
            )
