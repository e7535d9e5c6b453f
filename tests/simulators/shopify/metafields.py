"""Custom values, and the definitions that give them a type; values of type ``id`` are unique per owner type."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.records import Metafield, MetafieldDefinition, Product, Variant
from tests.simulators.shopify.refusals import Refused
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World

TYPES = frozenset(
    {
        "boolean", "color", "date", "date_time", "dimension", "id", "json", "link", "money",
        "multi_line_text_field", "number_decimal", "number_integer", "rating", "rich_text_field",
        "single_line_text_field", "url", "volume", "weight", "list.single_line_text_field", "list.number_integer",
    }
)  # fmt: skip
OWNER_TYPES = {"Product": "PRODUCT", "ProductVariant": "PRODUCTVARIANT", "Order": "ORDER", "Shop": "SHOP"}
MOST_PER_CALL = 25


def full_namespace(world: World, namespace: str | None) -> str:
    """The app's reserved namespace for ``$app`` (also when none is given), others as they are."""
    if namespace is None or namespace == "$app":
        return f"app--{world.app_id}"
    if namespace.startswith("$app:"):
        return f"app--{world.app_id}--{namespace.removeprefix('$app:')}"
    return namespace


def definition_for(shop: Shop, owner_type: str, namespace: str, key: str) -> MetafieldDefinition | None:
    """The definition of a metafield, if there is one."""
    return next(
        (
            one
            for one in shop.definitions.values()
            if (one.owner_type, one.namespace, one.key) == (owner_type, namespace, key)
        ),
        None,
    )


def define(world: World, shop: Shop, given: Mapping[str, Any]) -> MetafieldDefinition:
    """Create a definition. Raises Refused."""
    namespace, key, owner_type = full_namespace(world, given.get("namespace")), given["key"], given["ownerType"]
    if given["type"] not in TYPES:
        raise Refused(f"Type name {given['type']} is not a valid type.", field=["definition", "type"], code="INCLUSION")
    if definition_for(shop, owner_type, namespace, key) is not None:
        raise Refused(
            f"Key is in use for {owner_type.title()} metafields on the '{namespace}' namespace.",
            field=["definition", "key"],
            code="TAKEN",
        )
    wanted = ((given.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled")
    if given["type"] == "id" and wanted is False:
        raise Refused(
            "The unique_values capability must be enabled for the id type.",
            field=["definition", "capabilities"],
            code="CAPABILITY_REQUIRED_BUT_DISABLED",
        )
    made = MetafieldDefinition(
        id=world.ids(),
        name=given["name"],
        namespace=namespace,
        key=key,
        type=given["type"],
        owner_type=owner_type,
        unique=bool(wanted) or given["type"] == "id",
        description=given.get("description"),
    )
    shop.definitions[made.id] = made
    return made


def owner_by_unique_value(
    world: World, shop: Shop, owner_type: str, given: Mapping[str, Any], *, field: Sequence[str]
) -> int | None:
    """The record that bears a unique value. Raises Refused where no definition makes the value unique."""
    namespace = full_namespace(world, given.get("namespace"))
    definition = definition_for(shop, owner_type, namespace, given["key"])
    if definition is None or not definition.unique:
        raise Refused(
            "Metafield definition for the custom id does not exist or does not have unique values enabled.",
            field=field,
            code="NOT_FOUND",
        )
    return shop.unique_values.get((owner_type, namespace, given["key"], given["value"]))


def fields_of(shop: Shop, kind: str, number: int) -> list[Metafield]:
    """The metafields of a record."""
    holder: Product | Variant | None = None
    if kind == "Product":
        holder = shop.products.get(number)
    elif kind == "ProductVariant":
        holder = shop.variants.get(number)
    return holder.metafields if holder is not None else shop.metafields.setdefault(gid(kind, number), [])


def check(
    world: World, shop: Shop, kind: str, number: int | None, given: Mapping[str, Any], *, field: Sequence[str]
) -> str:
    """The type of a metafield to be set on a record (None: on a new one). Raises Refused."""
    namespace, key = full_namespace(world, given.get("namespace")), given.get("key") or ""
    owner_type = OWNER_TYPES.get(kind, kind.upper())
    definition = definition_for(shop, owner_type, namespace, key)
    type_name = _type(definition, given, field)
    value = given.get("value") or ""
    if not value:
        raise Refused("Value can't be blank.", field=[*field, "value"], code="BLANK")
    holder = shop.unique_values.get((owner_type, namespace, key, value))
    if definition is not None and definition.unique and holder not in (None, number):
        raise Refused("Value must be unique.", field=[*field, "value"], code="CAPABILITY_VIOLATION")
    return type_name


def put(
    world: World, shop: Shop, kind: str, number: int, given: Mapping[str, Any], *, field: Sequence[str]
) -> Metafield:
    """Set one metafield. Raises Refused."""
    type_name = check(world, shop, kind, number, given, field=field)
    namespace, key, value = full_namespace(world, given.get("namespace")), given["key"], given["value"]
    owner_type = OWNER_TYPES.get(kind, kind.upper())
    definition = definition_for(shop, owner_type, namespace, key)
    if definition is not None and definition.unique:
        shop.unique_values[owner_type, namespace, key, value] = number
    held = fields_of(shop, kind, number)
    now = world.clock.now()
    found = next((one for one in held if (one.namespace, one.key) == (namespace, key)), None)
    if found is None:
        found = Metafield(world.ids(), namespace, key, type_name, value, gid(kind, number), now, now)
        held.append(found)
    elif found.value != value:
        _forget(shop, owner_type, found)
        found.value, found.updated_at = value, now
    return found


def drop_others(shop: Shop, kind: str, number: int, kept: Sequence[Metafield]) -> None:
    """Delete the metafields of a record that are not listed."""
    held = fields_of(shop, kind, number)
    for one in [one for one in held if one not in kept]:
        _forget(shop, OWNER_TYPES.get(kind, kind.upper()), one)
        held.remove(one)


def digest(one: Metafield) -> str:
    """What ``compareDigest`` compares."""
    return hashlib.sha256(one.value.encode()).hexdigest()


def _type(definition: MetafieldDefinition | None, given: Mapping[str, Any], field: Sequence[str]) -> str:
    wanted = given.get("type")
    if definition is not None:
        if wanted and wanted != definition.type:
            raise Refused(
                f"Type must be consistent with the definition's type: '{definition.type}'.",
                field=[*field, "type"],
                code="INVALID_TYPE",
            )
        return definition.type
    if not wanted:
        raise Refused("Type can't be blank.", field=[*field, "type"], code="BLANK")
    if wanted not in TYPES:
        raise Refused(f"Type {wanted} is not valid.", field=[*field, "type"], code="INCLUSION")
    return str(wanted)


def _forget(shop: Shop, owner_type: str, one: Metafield) -> None:
    shop.unique_values.pop((owner_type, one.namespace, one.key, one.value), None)
