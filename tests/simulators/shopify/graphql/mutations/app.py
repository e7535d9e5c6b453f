"""The app itself: its webhook subscriptions, and its removal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.simulators.shopify.gid import gid
from tests.simulators.shopify.graphql.call import Call, number
from tests.simulators.shopify.graphql.mutations.signature import Mutate
from tests.simulators.shopify.graphql.problems import NotModelled
from tests.simulators.shopify.installing import uninstall_app
from tests.simulators.shopify.records import WebhookSubscription
from tests.simulators.shopify.refusals import Refused, UnknownRecord
from tests.simulators.shopify.webhooks.topics import topic_of


def _subscribe(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = given["webhookSubscription"]
    uri = _uri(wanted)
    topic = topic_of(given["topic"])
    taken = any(
        one.by_api and (one.topic, one.uri, one.filter) == (topic, uri, wanted.get("filter"))
        for one in call.shop.subscriptions.values()
    )
    if taken:
        raise Refused("Address for this topic has already been taken", field=["webhookSubscription", "uri"])
    now = call.world.clock.now()
    one = WebhookSubscription(
        call.world.ids(),
        topic,
        uri,
        True,
        now,
        now,
        name=wanted.get("name"),
        filter=wanted.get("filter"),
        include_fields=list(wanted.get("includeFields") or []),
    )
    call.shop.subscriptions[one.id] = one
    return {"webhookSubscription": one}


def _uri(wanted: Mapping[str, Any]) -> str:
    uri = wanted.get("uri") or wanted.get("callbackUrl") or ""
    if not uri.startswith(("https://", "http://")):
        raise Refused("Address is invalid", field=["webhookSubscription", "uri"])
    if wanted.get("format") not in (None, "JSON"):
        raise NotModelled("webhooks in XML")
    return str(uri)


def _find(call: Call, text: str) -> WebhookSubscription:
    found = call.shop.subscriptions.get(number(text, "WebhookSubscription"))
    if found is None or not found.by_api:
        raise UnknownRecord("Webhook subscription does not exist", field=["id"])
    return found


def _resubscribe(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    one = _find(call, given["id"])
    one.uri = _uri(given["webhookSubscription"])
    one.updated_at = call.world.clock.now()
    return {"webhookSubscription": one}


def _unsubscribe(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    one = _find(call, given["id"])
    del call.shop.subscriptions[one.id]
    return {"deletedWebhookSubscriptionId": given["id"]}


def _uninstall(call: Call, _given: Mapping[str, Any]) -> Mapping[str, Any]:
    uninstall_app(call.world, call.shop)
    return {"app": {"id": gid("App", call.world.app_id), "title": call.world.app.name}}


APP: dict[str, Mutate] = {
    "webhookSubscriptionCreate": _subscribe,
    "webhookSubscriptionUpdate": _resubscribe,
    "webhookSubscriptionDelete": _unsubscribe,
    "appUninstall": _uninstall,
}
