"""Variants of a product, many at once: created, changed, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.simulators.shopify import catalog, metafields
from tests.simulators.shopify.gid import split_gid
from tests.simulators.shopify.product_set import MOST_QUANTITIES, MOST_VARIANTS
from tests.simulators.shopify.records import Product, Variant
from tests.simulators.shopify.refusals import Refused, RefusedAll, UnknownRecord
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

_STANDALONE = [("Title", "Default Title")]


def create(
    world: World, shop: Shop, number: int, given: Sequence[Mapping[str, Any]], strategy: str
) -> tuple[Product, list[Variant]]:
    """Add variants, with their stock. Raises Refused, RefusedAll; then nothing was added."""
    product = catalog.find(shop, number, ["productId"])
    if len(product.variants) + len(given) > MOST_VARIANTS:
        raise Refused("Number of product variants exceeds shop limit", field=["variants"], code="INVALID")
    if sum(len(one.get("inventoryQuantities") or []) for one in given) > MOST_QUANTITIES:
        raise Refused(
            "Inventory quantities limit exceeded", field=["variants"], code="INVENTORY_QUANTITIES_LIMIT_EXCEEDED"
        )
    lonely = _standalone(product, strategy)
    names = _option_names(product, given, lonely)
    chosen = _combinations(product, given, names, lonely)
    places = [_places(shop, index, one) for index, one in enumerate(given)]
    if lonely:
        catalog.remove_variants(shop, product, lonely)
        if lonely[0].selected == _STANDALONE:
            product.options = []
    _extend_options(world, product, names, chosen)
    made = []
    for one, selected, quantities in zip(given, chosen, places, strict=True):
        variant = catalog.new_variant(world, shop, product, selected)
        catalog.apply_variant(world, shop, variant, one)
        catalog.stock_initially(world, shop, variant, quantities)
        for field in one.get("metafields") or []:
            metafields.put(world, shop, "ProductVariant", variant.id, field, field=["variants", "metafields"])
        made.append(variant)
    product.updated_at = world.clock.now()
    catalog.tell(world, shop, product, new=False)
    return product, made


def update(
    world: World, shop: Shop, number: int, given: Sequence[Mapping[str, Any]], *, partial: bool
) -> tuple[Product, list[Variant], list[Refused]]:
    """Change variants. Unless ``partial``, one refusal leaves all unchanged (RefusedAll)."""
    product = catalog.find(shop, number, ["productId"])
    problems: list[Refused] = []
    good: list[tuple[Variant, Mapping[str, Any]]] = []
    for index, one in enumerate(given):
        try:
            good.append((_changeable(product, index, one), one))
        except Refused as refusal:
            problems.append(refusal)
    if problems and not partial:
        raise RefusedAll(problems)
    for variant, one in good:
        catalog.apply_variant(world, shop, variant, one)
        for field in one.get("metafields") or []:
            metafields.put(world, shop, "ProductVariant", variant.id, field, field=["variants", "metafields"])
    product.updated_at = world.clock.now()
    catalog.tell(world, shop, product, new=False)
    return product, [variant for variant, _ in good], problems


def delete(world: World, shop: Shop, number: int, wanted: Sequence[int]) -> Product:
    """Delete variants; one must stay. Raises Refused."""
    product = catalog.find(shop, number, ["productId"])
    held = {variant.id: variant for variant in product.variants}
    for index, variant in enumerate(wanted):
        if variant not in held:
            raise Refused(
                "At least one variant does not belong to the product",
                field=["variantsIds", str(index)],
                code="AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT",
            )
    if len(set(wanted)) >= len(held):
        raise Refused("Cannot delete default variant", field=["variantsIds"], code="CANNOT_DELETE_LAST_VARIANT")
    catalog.remove_variants(shop, product, [held[variant] for variant in set(wanted)])
    product.updated_at = world.clock.now()
    catalog.tell(world, shop, product, new=False)
    return product


def _standalone(product: Product, strategy: str) -> list[Variant]:
    if len(product.variants) != 1 or strategy == "PRESERVE_STANDALONE_VARIANT":
        return []
    only = product.variants[0]
    return [only] if strategy == "REMOVE_STANDALONE_VARIANT" or only.selected == _STANDALONE else []


def _option_names(product: Product, given: Sequence[Mapping[str, Any]], lonely: Sequence[Variant]) -> list[str]:
    if lonely and lonely[0].selected == _STANDALONE:
        first = given[0].get("optionValues") or [] if given else []
        return [value.get("optionName") or "Title" for value in first]
    return [option.name for option in product.options]


def _combinations(
    product: Product, given: Sequence[Mapping[str, Any]], names: Sequence[str], lonely: Sequence[Variant]
) -> list[list[tuple[str, str]]]:
    by_id = {option.id: option.name for option in product.options}
    taken = {tuple(variant.selected) for variant in product.variants if variant not in lonely}
    chosen, problems = [], []
    for index, one in enumerate(given):
        values = {
            value.get("optionName")
            or by_id.get(split_gid(value["optionId"])[1] if value.get("optionId") else 0): value.get("name")
            for value in one.get("optionValues") or []
        }
        selected = [(name, str(values[name])) for name in names if values.get(name)]
        where = ["variants", str(index)]
        if len(selected) != len(names) or len(values) != len(names):
            problems.append(
                Refused("You need to add option values for all options", field=where, code="NEED_TO_ADD_OPTION_VALUES")
            )
        elif tuple(selected) in taken:
            title = " / ".join(value for _, value in selected)
            problems.append(
                Refused(
                    f"The variant '{title}' already exists. Please change at least one option value.",
                    field=where,
                    code="VARIANT_ALREADY_EXISTS",
                )
            )
        elif catalog.price_problem(one):
            problems.append(
                Refused(catalog.price_problem(one) or "", field=[*where, "price"], code="GREATER_THAN_OR_EQUAL_TO")
            )
        taken.add(tuple(selected))
        chosen.append(selected)
    if problems:
        raise RefusedAll(problems)
    return chosen


def _places(shop: Shop, index: int, one: Mapping[str, Any]) -> list[tuple[int, int]]:
    found = []
    for entry in one.get("inventoryQuantities") or []:
        location = split_gid(entry["locationId"])[1]
        if location not in shop.locations:
            raise UnknownRecord(
                "Quantity for location couldn't be set because the location was deleted.",
                field=["variants", str(index), "inventoryQuantities"],
                code="TRACKED_VARIANT_LOCATION_NOT_FOUND",
            )
        found.append((location, int(entry["availableQuantity"])))
    return found


def _extend_options(
    world: World, product: Product, names: Sequence[str], chosen: Sequence[Sequence[tuple[str, str]]]
) -> None:
    known = {option.name: [value.name for value in option.values] for option in product.options}
    for selected in chosen:
        for name, value in selected:
            values = known.setdefault(name, [])
            if value not in values:
                values.append(value)
    catalog.set_options(world, product, [(name, known[name]) for name in names])


def _changeable(product: Product, index: int, one: Mapping[str, Any]) -> Variant:
    where = ["variants", str(index)]
    if not one.get("id"):
        raise Refused(
            "Product variant is missing ID attribute", field=[*where, "id"], code="PRODUCT_VARIANT_ID_MISSING"
        )
    number = split_gid(one["id"])[1]
    found = next((variant for variant in product.variants if variant.id == number), None)
    if found is None:
        raise UnknownRecord(
            "Product variant does not exist", field=[*where, "id"], code="PRODUCT_VARIANT_DOES_NOT_EXIST"
        )
    if one.get("inventoryQuantities"):
        raise Refused(
            "Inventory quantities can only be provided during create. To update inventory for existing variants, use "
            "inventoryAdjustQuantities.",
            field=[*where, "inventoryQuantities"],
            code="NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
        )
    problem = catalog.price_problem(one)
    if problem:
        raise Refused(problem, field=[*where, "price"], code="GREATER_THAN_OR_EQUAL_TO")
    return found
