"""``productSet``: a whole product at once. Lists (options, variants, files, metafields) are replaced by what is given;
plain fields that are left out stay. Nothing is changed unless all of it can be.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/productSet
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulators.shopify import catalog, metafields, stock
from tests.simulators.shopify.gid import split_gid
from tests.simulators.shopify.records import Media, Product, Variant
from tests.simulators.shopify.refusals import Refused, UnknownRecord
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

MOST_VARIANTS = 2048
MOST_OPTIONS = 3
MOST_QUANTITIES = 50_000
_INPUT = ("input",)


@dataclass(slots=True)
class _Wish:
    """A variant to be there: an existing one or a new one."""

    given: Mapping[str, Any]
    selected: list[tuple[str, str]]
    quantities: list[tuple[int, int]] = field(default_factory=list)
    existing: Variant | None = None


def set_product(world: World, shop: Shop, identifier: Mapping[str, Any] | None, given: Mapping[str, Any]) -> Product:
    """Create or update. Raises Refused."""
    product, custom = _identified(world, shop, identifier, given)
    catalog.check_fields(given, new=product is None, field=_INPUT)
    options = _options(given)
    wishes = _wishes(shop, product, given, options)
    _check_counts(product, given, wishes)
    _check_metafields(world, shop, product, given, custom)
    _check_files(product, given)
    new = product is None
    if product is None:
        handle = (identifier or {}).get("handle")
        product = catalog.new_product(world, shop, {**given, **({"handle": handle} if handle else {})}, field=_INPUT)
    catalog.apply_fields(world, shop, product, given, field=_INPUT)
    files = _files(world, shop, product, given)
    if options is not None:
        catalog.set_options(world, product, options)
    if wishes is not None:
        _apply(world, shop, product, wishes, files)
    elif new:
        catalog.set_options(world, product, [("Title", ["Default Title"])])
        variant = catalog.new_variant(world, shop, product, [("Title", "Default Title")])
        catalog.stock_initially(world, shop, variant, [])
    _set_metafields(world, shop, product, given, custom)
    catalog.tell(world, shop, product, new=new)
    return product


def _identified(
    world: World, shop: Shop, identifier: Mapping[str, Any] | None, given: Mapping[str, Any]
) -> tuple[Product | None, Mapping[str, Any] | None]:
    wanted = identifier or ({"id": given["id"]} if given.get("id") else {})
    if identifier and given.get("id"):
        raise Refused(
            "The id field is not allowed if identifier is provided.", field=["input", "id"], code="ID_NOT_ALLOWED"
        )
    if wanted.get("id"):
        return catalog.find(shop, split_gid(wanted["id"])[1], ["identifier", "id"]), None
    if wanted.get("handle"):
        if given.get("handle") not in (None, wanted["handle"]):
            raise Refused(
                "The identifier value does not match the value of the corresponding field in the input.",
                field=["identifier", "handle"],
                code="INPUT_MISMATCH",
            )
        return shop.product_by_handle(wanted["handle"]), None
    custom = wanted.get("customId")
    if custom is None:
        return None, None
    owner = metafields.owner_by_unique_value(world, shop, "PRODUCT", custom, field=["identifier", "customId"])
    listed = given.get("metafields")
    if listed is not None and not any(_same(world, custom, one) for one in listed):
        raise Refused(
            "The input argument `metafields` (if present) must contain the `customId` value.",
            field=["identifier", "customId"],
            code="METAFIELD_MISMATCH",
        )
    return (None if owner is None else shop.products.get(owner)), custom


def _same(world: World, custom: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    spaces = [metafields.full_namespace(world, each.get("namespace")) for each in (custom, one)]
    return spaces[0] == spaces[1] and (custom["key"], custom["value"]) == (one.get("key"), one.get("value"))


def _options(given: Mapping[str, Any]) -> list[tuple[str, list[str]]] | None:
    listed = given.get("productOptions")
    if listed is None:
        if given.get("variants") is not None:
            raise Refused(
                "Product options input is required when updating variants",
                field=["input", "productOptions"],
                code="PRODUCT_OPTIONS_INPUT_MISSING",
            )
        return None
    if given.get("variants") is None:
        raise Refused(
            "Variants input is required when updating product options",
            field=["input", "variants"],
            code="VARIANTS_INPUT_MISSING",
        )
    if len(listed) > MOST_OPTIONS:
        raise Refused(
            "Can only specify a maximum of 3 options", field=["input", "productOptions"], code="OPTIONS_OVER_LIMIT"
        )
    listed = sorted(listed, key=lambda option: option.get("position") or 0)
    options = [
        (option.get("name") or "", [one.get("name") or "" for one in option.get("values") or []]) for option in listed
    ]
    for index, (name, values) in enumerate(options):
        where = ["input", "productOptions", str(index)]
        if not values:
            raise Refused(
                f"Option '{name}' must specify at least one option value.", field=where, code="OPTION_VALUES_MISSING"
            )
        if len(set(values)) != len(values):
            raise Refused("Duplicated option value", field=[*where, "values"], code="DUPLICATED_OPTION_VALUE")
    if len({name for name, _ in options}) != len(options):
        raise Refused("Duplicated option name", field=["input", "productOptions"], code="DUPLICATED_OPTION_NAME")
    return options


def _wishes(
    shop: Shop, product: Product | None, given: Mapping[str, Any], options: list[tuple[str, list[str]]] | None
) -> list[_Wish] | None:
    listed = given.get("variants")
    if listed is None or options is None:
        return None
    existing = {tuple(variant.selected): variant for variant in product.variants} if product else {}
    wishes: list[_Wish] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    for index, one in enumerate(listed):
        where = ["input", "variants", str(index)]
        selected = _selected(one, options, where)
        if tuple(selected) in seen:
            title = " / ".join(value for _, value in selected)
            raise Refused(
                f"The variant '{title}' already exists. Please change at least one option value.",
                field=where,
                code="INVALID_VARIANT",
            )
        seen.add(tuple(selected))
        problem = catalog.price_problem(one)
        if problem:
            raise Refused(problem, field=[*where, "price"], code="INVALID_VARIANT")
        held = _existing(shop, product, one, where) or existing.get(tuple(selected))
        wishes.append(_Wish(one, selected, _quantities(shop, one, held, where), held))
    return wishes


def _selected(
    one: Mapping[str, Any], options: Sequence[tuple[str, list[str]]], where: Sequence[str]
) -> list[tuple[str, str]]:
    chosen = {value.get("optionName"): value.get("name") for value in one["optionValues"]}
    selected = []
    for name, values in options:
        value = chosen.pop(name, None)
        if value is None:
            raise Refused(
                f"Variant is missing a value for option '{name}'",
                field=[*where, "optionValues"],
                code="INVALID_VARIANT",
            )
        if value not in values:
            raise Refused(
                f"Option value '{value}' does not exist",
                field=[*where, "optionValues"],
                code="OPTION_VALUE_DOES_NOT_EXIST",
            )
        selected.append((name, value))
    if chosen:
        raise Refused("Option does not exist", field=[*where, "optionValues"], code="OPTION_DOES_NOT_EXIST")
    return selected


def _existing(shop: Shop, product: Product | None, one: Mapping[str, Any], where: Sequence[str]) -> Variant | None:
    if not one.get("id"):
        return None
    found = shop.variants.get(split_gid(one["id"])[1])
    if found is None or product is None or found.product_id != product.id:
        raise UnknownRecord(
            "Product variant does not exist", field=[*where, "id"], code="PRODUCT_VARIANT_DOES_NOT_EXIST"
        )
    return found


def _quantities(
    shop: Shop, one: Mapping[str, Any], held: Variant | None, where: Sequence[str]
) -> list[tuple[int, int]]:
    found = []
    for index, entry in enumerate(one.get("inventoryQuantities") or []):
        place = [*where, "inventoryQuantities", str(index)]
        location = split_gid(entry["locationId"])[1]
        if location not in shop.locations:
            raise UnknownRecord(
                "The specified location could not be found.", field=[*place, "locationId"], code="INVALID_INPUT"
            )
        if entry["name"] not in ("available", "on_hand"):
            raise Refused(
                "The quantity name must be either 'available' or 'on_hand'.",
                field=[*place, "name"],
                code="INVALID_INPUT",
            )
        if held is not None and not ((level := shop.level(held.item.id, location)) and level.active):
            raise Refused(
                "The variant is not stocked at the location.", field=[*place, "locationId"], code="INVALID_INPUT"
            )
        found.append((location, int(entry["quantity"])))
    return found


def _check_counts(product: Product | None, given: Mapping[str, Any], wishes: Sequence[_Wish] | None) -> None:
    if wishes is None:
        return
    if len(wishes) > MOST_VARIANTS:
        raise Refused(
            "Number of product variants exceeds shop limit", field=["input", "variants"], code="VARIANTS_OVER_LIMIT"
        )
    if sum(len(wish.quantities) for wish in wishes) > MOST_QUANTITIES:
        raise Refused(
            "Inventory quantity input exceeds the limit of 50000.",
            field=["input", "variants"],
            code="INVENTORY_QUANTITIES_LIMIT_EXCEEDED",
        )
    if product is not None and not wishes:
        raise Refused("A product must have at least one variant", field=["input", "variants"], code="INVALID_INPUT")


def _files(world: World, shop: Shop, product: Product, given: Mapping[str, Any]) -> dict[str, Media]:
    """Replace the files; known ids stay. Returns them by source and by id."""
    listed = given.get("files")
    if listed is None:
        return {media.url: media for media in product.media}
    held = {media.id: media for media in product.media}
    product.media = []
    named: dict[str, Media] = {}
    for one in listed:
        if one.get("id"):
            media = held[split_gid(one["id"])[1]]
            media.alt = one.get("alt") if one.get("alt") is not None else media.alt
            product.media.append(media)
            named[one["id"]] = media
        else:
            media = catalog.add_media(world, shop, product, one["originalSource"], one.get("alt"))
        named[media.url] = media
    return named


def _apply(world: World, shop: Shop, product: Product, wishes: Sequence[_Wish], files: Mapping[str, Media]) -> None:
    kept = {wish.existing.id for wish in wishes if wish.existing}
    catalog.remove_variants(shop, product, [one for one in product.variants if one.id not in kept])
    ordered: list[Variant] = []
    for position, wish in enumerate(wishes, start=1):
        variant = wish.existing
        if variant is None:
            variant = catalog.new_variant(world, shop, product, wish.selected)
            catalog.apply_variant(world, shop, variant, wish.given)
            catalog.stock_initially(world, shop, variant, wish.quantities)
        else:
            catalog.apply_variant(world, shop, variant, wish.given)
            for location, quantity in wish.quantities:
                level = stock.stock_at(world, shop, variant.item, location)
                stock.change(world, shop, level, quantity - level.available, reason="correction", reference=None)
        variant.selected, variant.position = wish.selected, position
        source = wish.given.get("file") or {}
        media = files.get(source.get("id") or source.get("originalSource") or "")
        if media is not None:
            variant.media_id = media.id
        for one in wish.given.get("metafields") or []:
            metafields.put(world, shop, "ProductVariant", variant.id, one, field=["input", "variants", "metafields"])
        ordered.append(variant)
    product.variants = ordered


def _check_metafields(
    world: World, shop: Shop, product: Product | None, given: Mapping[str, Any], custom: Mapping[str, Any] | None
) -> None:
    owner = None if product is None else product.id
    if custom is not None:
        metafields.check(world, shop, "Product", owner, custom, field=["identifier", "customId"])
    for index, one in enumerate(given.get("metafields") or []):
        metafields.check(world, shop, "Product", owner, one, field=["input", "metafields", str(index)])
    for index, variant in enumerate(given.get("variants") or []):
        where = ["input", "variants", str(index), "metafields"]
        number = split_gid(variant["id"])[1] if variant.get("id") else None
        for one in variant.get("metafields") or []:
            metafields.check(world, shop, "ProductVariant", number, one, field=where)


def _check_files(product: Product | None, given: Mapping[str, Any]) -> None:
    held = set() if product is None else {media.id for media in product.media}
    for index, one in enumerate(given.get("files") or []):
        where = ["input", "files", str(index)]
        if one.get("id"):
            if split_gid(one["id"])[1] not in held:
                raise UnknownRecord("File does not exist", field=where, code="INVALID_INPUT")
        elif not one.get("originalSource"):
            raise Refused("Original source can't be blank", field=where, code="INVALID_INPUT")


def _set_metafields(
    world: World, shop: Shop, product: Product, given: Mapping[str, Any], custom: Mapping[str, Any] | None
) -> None:
    if custom is not None:
        metafields.put(world, shop, "Product", product.id, custom, field=["identifier", "customId"])
    listed = given.get("metafields")
    if listed is not None:
        kept = [
            metafields.put(world, shop, "Product", product.id, one, field=["input", "metafields", str(index)])
            for index, one in enumerate(listed)
        ]
        metafields.drop_others(shop, "Product", product.id, kept)
