"""Locations and quantities.

https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/inventorySetQuantities: at most 250 entries, the whole
call stands or falls, ``changeFromQuantity`` must be present (null: whatever it is), ``@idempotent`` is required.
A key stands for one mutation with one set of variables, and is spent when they are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.adapters.stores.shopify.client import AdminClient
from app.adapters.stores.shopify.manifest import LARGEST_LIST
from app.kit.errors import Rejected
from app.stores.goods import LocationRef, PushRefused, StockPush, StockSet, StockStale
from app.stores.platform import StoreAccess

Outcome = StockSet | StockStale | PushRefused

_STALE = "CHANGE_FROM_QUANTITY_STALE"
#: An item that is not stocked at the location (yet) is refused by the location.
_NOT_STOCKED = "INVALID_LOCATION"
#: The same was refused before: it is asked again by another key, for what holds now.
_REFUSED_BEFORE = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
_INDEX = re.compile(r"\d+")
#: Tries of one batch: each takes out the entries that the one before found wanting.
_TRIES = 4


def ensure_location(client: AdminClient, access: StoreAccess, name: str) -> LocationRef:
    """Our fulfilment service called ``name``. Of two that make it at once one is told that the name is taken, and
    finds it. Raises ``Rejected`` when the shop can have no more locations."""
    found = _find_location(client, access, name)
    if found is not None:
        return found
    answer = client.call(access, "fulfillment_service_create", {"name": name})["fulfillmentServiceCreate"]
    if answer["userErrors"]:
        found = _find_location(client, access, name)
        if found is None:
            raise Rejected("location", answer["userErrors"][0]["message"])
        return found
    made = answer["fulfillmentService"]
    return LocationRef(location_id=made["location"]["id"], service_id=made["id"])


def _find_location(client: AdminClient, access: StoreAccess, name: str) -> LocationRef | None:
    services = client.call(access, "fulfillment_services", {})["shop"]["fulfillmentServices"]
    for service in services:
        if service["serviceName"] == name and service["location"] is not None:
            return LocationRef(location_id=service["location"]["id"], service_id=service["id"])
    return None


def push_stock(
    client: AdminClient, access: StoreAccess, quantities: Sequence[StockPush], key: str
) -> Sequence[Outcome]:
    """Set quantities. An entry that is stale or unknown never holds up the others of its batch."""
    outcomes: dict[int, Outcome] = {}
    for start in range(0, len(quantities), LARGEST_LIST):
        batch = dict(enumerate(quantities[start : start + LARGEST_LIST], start=start))
        outcomes.update(_push_batch(client, access, batch, key))
    return [outcomes[index] for index in range(len(quantities))]


def _push_batch(client: AdminClient, access: StoreAccess, batch: dict[int, StockPush], key: str) -> dict[int, Outcome]:
    done: dict[int, Outcome] = {}
    stale: list[int] = []
    left = dict(batch)
    for attempt in range(_TRIES):
        if not left:
            break
        order = list(left)
        errors = _set(client, access, [left[index] for index in order], key, attempt)
        if any(code == _REFUSED_BEFORE for _, code, _ in errors):
            continue
        if not errors:
            done.update((index, StockSet()) for index in order)
            left.clear()
            break
        for position, code, message in errors:
            index = order[position] if position is not None and position < len(order) else None
            if index is None:
                done.update((each, PushRefused(code.lower(), message, message)) for each in order)
                left.clear()
                break
            if index not in left:
                continue
            entry = left.pop(index)
            if code == _STALE:
                stale.append(index)
            elif code == _NOT_STOCKED:
                done[index] = _activate(client, access, entry, key)
            else:
                done[index] = _refusal(code, message)
    done.update((index, PushRefused("busy", "The store kept changing. It is tried again.")) for index in left)
    actual = read_quantities(client, access, [(batch[i].inventory_id, batch[i].location_id) for i in stale])
    done.update((index, StockStale(held)) for index, held in zip(stale, actual, strict=True))
    return done


def _set(
    client: AdminClient, access: StoreAccess, entries: Sequence[StockPush], key: str, attempt: int
) -> list[tuple[int | None, str, str]]:
    """Set a batch. Returns what was refused: position (None: the whole), code and message."""
    answer = client.call(
        access,
        "inventory_set_quantities",
        {
            "key": _key(f"{key}:set:{attempt}", entries),
            "input": {
                "name": "available",
                "reason": "correction",
                "referenceDocumentUri": f"gid://crossdock/StockPush/{key}",
                "quantities": [
                    {
                        "inventoryItemId": entry.inventory_id,
                        "locationId": entry.location_id,
                        "quantity": entry.quantity,
                        "changeFromQuantity": entry.change_from,
                    }
                    for entry in entries
                ],
            },
        },
    )["inventorySetQuantities"]
    return [
        (_position(error.get("field")), str(error.get("code") or "refused"), error["message"])
        for error in answer["userErrors"]
    ]


def _key(purpose: str, entries: Sequence[StockPush]) -> str:
    """An idempotency key that other entries or another purpose never share."""
    return hashlib.sha256(repr((purpose, list(entries))).encode()).hexdigest()


def _position(field: Sequence[str] | None) -> int | None:
    """The entry that an error's field path names: ``["input", "quantities", "3", "quantity"]``."""
    return next((int(part) for part in field or [] if _INDEX.fullmatch(part)), None)


def _activate(client: AdminClient, access: StoreAccess, entry: StockPush, key: str) -> Outcome:
    variables = {
        "inventoryItemId": entry.inventory_id,
        "locationId": entry.location_id,
        "available": entry.quantity,
        "key": _key(f"{key}:activate", [entry]),
    }
    errors = client.call(access, "inventory_activate", variables)["inventoryActivate"]["userErrors"]
    return _refusal("not_stocked", errors[0]["message"]) if errors else StockSet()


def _refusal(code: str, message: str) -> PushRefused:
    if code in ("INVALID_INVENTORY_ITEM", "INVENTORY_ITEM_NOT_FOUND"):
        return PushRefused("gone", "The variant no longer exists in the store.", message, gone=True)
    return PushRefused(code.lower(), "The store refused the quantity.", message)


def read_quantities(
    client: AdminClient, access: StoreAccess, places: Sequence[tuple[str, str]]
) -> Sequence[int | None]:
    """The available quantity at (inventory item, location); None where it is not stocked."""
    by_location: defaultdict[str, list[str]] = defaultdict(list)
    for item, location in places:
        by_location[location].append(item)
    held: dict[tuple[str, str], int | None] = {}
    for location, items in by_location.items():
        for start in range(0, len(items), LARGEST_LIST):
            part = items[start : start + LARGEST_LIST]
            nodes = client.call(access, "inventory_read", {"ids": part, "locationId": location})["nodes"]
            for item, node in zip(part, nodes, strict=True):
                held[item, location] = _available(node)
    return [held[place] for place in places]


def _available(node: dict[str, Any] | None) -> int | None:
    level = (node or {}).get("inventoryLevel")
    if level is None:
        return None
    return next((int(entry["quantity"]) for entry in level["quantities"] if entry["name"] == "available"), None)
