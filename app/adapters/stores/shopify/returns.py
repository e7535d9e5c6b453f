"""Returns that a shop's customers ask for in the shop, or that its merchant opens there.

https://shopify.dev/docs/apps/build/orders-fulfillment/returns-apps: a request waits until it is approved or declined;
one that a merchant opens is approved. When all is settled it is closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.adapters.stores.shopify.client import AdminClient
from app.adapters.stores.shopify.manifest import RETURN_TOPICS
from app.config import settings
from app.kit.errors import Rejected
from app.kit.texts import cut
from app.stores.money_back import ReturnedLine, ReturnInStore
from app.stores.platform import StoreAccess

_STATES = {
    "REQUESTED": "requested",
    "OPEN": "open",
    "CLOSED": "closed",
    "DECLINED": "declined",
    "CANCELED": "cancelled",
}
#: Parts of the handles of Shopify's reasons → ours. The rest (size, colour, style, unwanted) is a change of mind.
_REASONS = {
    "defect": "damaged",
    "damag": "damaged",
    "broken": "damaged",
    "wrong": "wrong_item",
    "described": "not_as_described",
    "late": "late",
}
_LONGEST_NOTE = 500


def subscribe(client: AdminClient, access: StoreAccess) -> None:
    """Subscribe to each topic. A subscription that is there is as good."""
    for topic in RETURN_TOPICS:
        variables = {
            "topic": topic.replace("/", "_").upper(),
            "subscription": {"uri": f"{settings().public_url}/hooks/shopify", "format": "JSON"},
        }
        errors = client.call(access, "webhook_subscribe", variables)["webhookSubscriptionCreate"]["userErrors"]
        if errors and "taken" not in errors[0]["message"]:
            raise Rejected("subscription", errors[0]["message"])


def read(client: AdminClient, access: StoreAccess, return_id: str) -> ReturnInStore | None:
    """The return, with all its lines."""
    found: dict[str, Any] | None = client.call(access, "return", {"id": return_id, "after": None})["return"]
    if found is None:
        return None
    page = found["returnLineItems"]
    nodes = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        more = {"id": return_id, "after": page["pageInfo"]["endCursor"]}
        page = client.call(access, "return", more)["return"]["returnLineItems"]
        nodes += page["nodes"]
    return ReturnInStore(
        external_id=found["id"],
        external_order_id=found["order"]["id"],
        name=found["name"],
        state=_STATES[found["status"]],
        lines=tuple(_line(node) for node in nodes if node.get("fulfillmentLineItem") is not None),
    )


def answer(client: AdminClient, access: StoreAccess, return_id: str, *, accept: bool, reason: str) -> None:
    """Approve or decline, unless somebody has."""
    if _status(client, access, return_id) != "REQUESTED":
        return
    if accept:
        answered = client.call(access, "return_approve", {"input": {"id": return_id, "notifyCustomer": True}})
    else:
        declined = {
            "id": return_id,
            "declineReason": "OTHER",
            "declineNote": cut(reason, _LONGEST_NOTE),
            "notifyCustomer": True,
        }
        answered = client.call(access, "return_decline", {"input": declined})
    errors = next(iter(answered.values()))["userErrors"]
    if errors:
        raise Rejected("return", errors[0]["message"])


def close(client: AdminClient, access: StoreAccess, return_id: str) -> None:
    """Close it, unless it is not open."""
    if _status(client, access, return_id) != "OPEN":
        return
    errors = client.call(access, "return_close", {"id": return_id})["returnClose"]["userErrors"]
    if errors:
        raise Rejected("return", errors[0]["message"])


def _status(client: AdminClient, access: StoreAccess, return_id: str) -> str | None:
    found = client.call(access, "return", {"id": return_id, "after": None})["return"]
    return None if found is None else str(found["status"])


def _line(node: Mapping[str, Any]) -> ReturnedLine:
    definition = node["returnReasonDefinition"] or {}
    handle = str(definition.get("handle") or "").lower()
    reason = next((ours for part, ours in _REASONS.items() if part in handle), "changed_mind")
    note = node["customerNote"] or node["returnReasonNote"] or ""
    return ReturnedLine(
        external_line_id=node["fulfillmentLineItem"]["lineItem"]["id"],
        units=node["quantity"],
        reason=reason,
        note=cut(note.replace("\x00", ""), _LONGEST_NOTE),
    )
