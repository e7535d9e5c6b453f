"""A supplier's own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from app.catalog import queries as catalog
from app.catalog.models import SupplierVariant
from app.inventory.queries import choices_of
from app.inventory.rules import STOCK_CHOICES, StockChoices
from app.inventory.service import FigureResult, StockChoice, StockFigure, choose_stock, set_figures
from app.inventory.stock_list import defaults_of
from app.kit import clock
from app.kit.errors import AppError, FieldError, Invalid
from app.web.api import present
from app.web.api.blueprint import api, caller, guarded
from app.web.api.repetition import work
from app.web.api.rows import Variants, failed, read_rows, unknown
from app.web.api.schemas.inventory import BatchInput, BatchOut, LevelInput, ProductInventoryInput, ProductInventoryOut
from app.web.api.schemas.shapes import IdPath


@api.put(
    "/supplier/products/<uuid:id>/inventory", responses={200: ProductInventoryOut}, summary="Set a product's stock"
)
@guarded("supplier", scope="write:inventory")
def set_product_inventory(path: IdPath, body: ProductInventoryInput) -> Response:
    supplier_id = caller().organisation_id
    with work() as done:
        product = catalog.product(done.session, path.id, supplier_id=supplier_id)
        variants = Variants(product.variants)
        chosen, problems = [], []
        for index, level in enumerate(body.variants):
            variant = variants.of(level)
            if variant is None:
                field = f"variants[{index}].{'variant_id' if level.variant_id else 'sku'}"
                problems.append(FieldError(field, "unknown_variant", "The product has no such variant."))
            else:
                chosen.append(variant)
        if problems:
            raise Invalid("Some variants are not of this product.", errors=problems)
        results = set_figures(done.session, supplier_id, _figures(chosen, body.variants))
        _choose(done.session, supplier_id, chosen, body.variants)
        kept = choices_of(done.session, supplier_id, [variant.id for variant in chosen])
        usual = defaults_of(done.session, supplier_id)
        shown = [
            _level(variant, result, kept.get(variant.id, {}), usual)
            for variant, result in zip(chosen, results, strict=True)
        ]
        done.answers({"variants": shown})
    return done.response()


@api.post("/supplier/inventory/batch", responses={200: BatchOut}, summary="Set the stock of up to 1,000 SKUs")
@guarded("supplier", scope="write:inventory", cost=5)
def set_inventory(body: BatchInput) -> Response:
    """Each item stands for itself: what is wrong with one does not hold up the others."""
    supplier_id = caller().organisation_id
    with work() as done:
        levels, outcomes = read_rows(body.items, LevelInput)
        variants = Variants.named(done.session, supplier_id, list(levels.values()))
        known: dict[int, SupplierVariant] = {}
        for index, level in levels.items():
            variant = variants.of(level)
            if variant is None:
                outcomes[index] = unknown(level)
            else:
                known[index] = variant
        for index, outcome in _set_each(done.session, supplier_id, known, levels).items():
            outcomes[index] = outcome
        done.answers({"items": outcomes})
    return done.response()


def _set_each(
    session: Session, supplier_id: UUID, known: Mapping[int, SupplierVariant], levels: Mapping[int, LevelInput]
) -> dict[int, dict[str, Any]]:
    """All at once; if that is refused, one by one, to find out which it was."""
    order = list(known)
    try:
        with session.begin_nested():
            named, told = [known[i] for i in order], [levels[i] for i in order]
            results = set_figures(session, supplier_id, _figures(named, told))
            _choose(session, supplier_id, named, told)
        return {i: _outcome(known[i].sku, result) for i, result in zip(order, results, strict=True)}
    except AppError:
        outcomes = {}
    for index in order:
        try:
            with session.begin_nested():
                (result,) = set_figures(session, supplier_id, _figures([known[index]], [levels[index]]))
                _choose(session, supplier_id, [known[index]], [levels[index]])
            outcomes[index] = _outcome(known[index].sku, result)
        except AppError as error:
            first = error.errors[0] if error.errors else FieldError("item", error.code, error.detail)
            outcomes[index] = failed(known[index].sku, first.field.rsplit(".", 1)[-1], first.code, first.message)
    return outcomes


def _figures(variants: Sequence[SupplierVariant], levels: Sequence[LevelInput]) -> list[StockFigure]:
    now = clock.now()
    return [
        StockFigure(variant.id, level.quantity, level.as_of or now, level.location_id)
        for variant, level in zip(variants, levels, strict=True)
    ]


def _choose(
    session: Session, supplier_id: UUID, variants: Sequence[SupplierVariant], levels: Sequence[LevelInput]
) -> None:
    """What levels tell besides the figure; of a variant that is named twice the last counts."""
    choices: dict[UUID, StockChoice] = {}
    for variant, level in zip(variants, levels, strict=True):
        told = frozenset(name for name in STOCK_CHOICES if name in level.model_fields_set)
        if told:
            choices[variant.id] = StockChoice(told, level.safety_stock, level.low_stock_at)
    if choices:
        choose_stock(session, supplier_id, choices)


def _level(
    variant: SupplierVariant, result: FigureResult, kept: StockChoices, usual: tuple[int, int | None]
) -> present.Json:
    own_safety, own_low = kept.get("safety_stock"), kept.get("low_stock_at")
    return {
        "variant_id": variant.id,
        "sku": variant.sku,
        "on_hand": result.on_hand,
        "reserved": result.reserved,
        "available_quantity": max(0, result.on_hand - result.reserved),
        "as_of": result.as_of,
        "ignored": result.stale,
        "safety_stock": usual[0] if own_safety is None else own_safety,
        "low_stock_at": usual[1] if own_low is None else own_low,
    }


def _outcome(sku: str, result: FigureResult) -> dict[str, Any]:
    return {"sku": sku, "status": "stale" if result.stale else "ok"}
