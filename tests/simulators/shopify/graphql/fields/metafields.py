"""``metafield`` and ``metafields`` of whatever has them."""

from __future__ import annotations

from typing import Any

from tests.simulators.shopify import metafields
from tests.simulators.shopify.graphql.fields.reading import Resolve, attribute, global_id, legacy_id, times
from tests.simulators.shopify.graphql.paging import page
from tests.simulators.shopify.records import Metafield, MetafieldDefinition


def of(kind: str) -> dict[str, Resolve]:
    """The two fields of an owner type."""

    def one(record: Any, info: Any, key: str, namespace: str | None = None) -> Metafield | None:
        space = metafields.full_namespace(info.context.world, namespace)
        held = metafields.fields_of(info.context.shop, kind, record.id)
        return next((field for field in held if (field.namespace, field.key) == (space, key)), None)

    def several(record: Any, info: Any, namespace: str | None = None, **arguments: Any) -> Any:
        held = metafields.fields_of(info.context.shop, kind, record.id)
        if namespace is not None:
            space = metafields.full_namespace(info.context.world, namespace)
            held = [field for field in held if field.namespace == space]
        return page(held, arguments)

    return {"metafield": one, "metafields": several}


def _definition(field: Metafield, info: Any) -> MetafieldDefinition | None:
    kind = field.owner.removeprefix("gid://shopify/").partition("/")[0]
    owner = metafields.OWNER_TYPES.get(kind, kind.upper())
    return metafields.definition_for(info.context.shop, owner, field.namespace, field.key)


METAFIELDS: dict[str, dict[str, Resolve]] = {
    "Metafield": {
        "id": global_id("Metafield"),
        "legacyResourceId": legacy_id,
        **times(),
        "namespace": attribute("namespace"),
        "key": attribute("key"),
        "type": attribute("type"),
        "value": attribute("value"),
        "compareDigest": lambda field, _info: metafields.digest(field),
        "definition": _definition,
    },
    "MetafieldDefinition": {
        "id": global_id("MetafieldDefinition"),
        "name": attribute("name"),
        "namespace": attribute("namespace"),
        "key": attribute("key"),
        "description": attribute("description"),
        "ownerType": attribute("owner_type"),
        "type": lambda one, _info: {"name": one.type, "category": "TEXT"},
    },
}
