"""Deliveries: signed, with a time limit, tried again with growing pauses, and logged.

The body is frozen when the event happens. Eight retries follow a failure; a subscription made through the API is
deleted when they are used up: https://shopify.dev/changelog/updates-to-webhook-retry-mechanism
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

import orjson
import urllib3

from tests.simulators.shopify.clock import Clock
from tests.simulators.shopify.config import API_VERSION, SimulatorConfig
from tests.simulators.shopify.faults import DELIVERY_KINDS, Faults
from tests.simulators.shopify.records import WebhookSubscription
from tests.simulators.shopify.scheduler import Scheduler
from tests.simulators.shopify.shop import Shop

RETRIES = 8
_KEPT = 5_000
_WORKERS = 8


@dataclass(slots=True)
class Attempt:
    """One try: ``status`` is None when no answer came."""

    at: datetime
    status: int | None
    seconds: float
    error: str | None = None


@dataclass(slots=True)
class Delivery:
    """One message to one address. ``topic`` is empty for the callbacks of a fulfilment service."""

    id: str
    event_id: str
    shop: str
    topic: str
    url: str
    body: bytes
    triggered_at: datetime
    subscription: int | None = None
    name: str | None = None
    forged: bool = False
    secret: str | None = None
    retries: int = RETRIES
    attempts: list[Attempt] = field(default_factory=list)
    state: str = "waiting"


class Courier:
    """Delivers on background threads over kept connections."""

    def __init__(self, config: SimulatorConfig, clock: Clock, faults: Faults, scheduler: Scheduler) -> None:
        self._config = config
        self._clock = clock
        self._faults = faults
        self._scheduler = scheduler
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="courier")
        self._http = urllib3.PoolManager(maxsize=_WORKERS, retries=False)
        self._lock = Lock()
        self._log: deque[Delivery] = deque(maxlen=_KEPT)
        self._shops: dict[str, Shop] = {}

    def publish(self, shop: Shop, topic: str, payload: Callable[[], Mapping[str, Any]]) -> list[Delivery]:
        """Tell all subscribers of a topic. The body is built now, and only if somebody listens."""
        interested = [one for one in shop.subscriptions.values() if one.topic == topic]
        if not interested:
            return []
        body, event = orjson.dumps(payload()), str(uuid.uuid4())
        self._shops[shop.domain] = shop
        return [
            self._accept(self._delivery(shop, topic, self._address(one), body, event=event, of=one))
            for one in interested
        ]

    def send(
        self,
        shop: Shop,
        topic: str,
        uri: str,
        body: bytes,
        *,
        webhook_id: str | None = None,
        secret: str | None = None,
        retries: int = RETRIES,
    ) -> Delivery:
        """Deliver one message to one address: compliance topics, callbacks, and what tests forge or replay."""
        delivery = self._delivery(shop, topic, self._absolute(uri), body, event=str(uuid.uuid4()))
        delivery.id = webhook_id or delivery.id
        delivery.secret = secret
        delivery.retries = retries
        return self._accept(delivery)

    def replay(self, webhook_id: str) -> Delivery | None:
        """Send a logged message again, unchanged, as a duplicate. None when it is unknown."""
        with self._lock:
            found = next((one for one in reversed(self._log) if one.id == webhook_id), None)
        if found is not None:
            self._pool.submit(self._attempt, found, final=True)
        return found

    def deliveries(self, shop: str | None = None, topic: str | None = None) -> list[Delivery]:
        """The log, oldest first."""
        with self._lock:
            return [one for one in self._log if shop in (None, one.shop) and topic in (None, one.topic)]

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self._log.clear()

    def close(self) -> None:
        """Deliver nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def signature(self, body: bytes, secret: str | None = None) -> str:
        """``X-Shopify-Hmac-Sha256``: base64 of the HMAC-SHA256 of the raw body, keyed by the client secret."""
        key = (secret or self._config.client_secret).encode()
        return base64.b64encode(hmac.digest(key, body, hashlib.sha256)).decode()

    def _address(self, subscription: WebhookSubscription) -> str:
        return self._absolute(subscription.uri)

    def _absolute(self, uri: str) -> str:
        return f"{self._config.app_url.rstrip('/')}{uri}" if uri.startswith("/") else uri

    def _delivery(
        self, shop: Shop, topic: str, url: str, body: bytes, *, event: str, of: WebhookSubscription | None = None
    ) -> Delivery:
        return Delivery(
            id=str(uuid.uuid4()),
            event_id=event,
            shop=shop.domain,
            topic=topic,
            url=url,
            body=body,
            triggered_at=self._clock.now(),
            subscription=None if of is None else of.id,
            name=None if of is None else of.name,
        )

    def _accept(self, delivery: Delivery) -> Delivery:
        with self._lock:
            self._log.append(delivery)
        fault = self._faults.take(DELIVERY_KINDS, topic=delivery.topic, shop=delivery.shop, path=delivery.url)
        kind = None if fault is None else fault.kind
        if fault is not None and kind == "late_webhook":
            self._scheduler.after(fault.delay_ms / 1000, lambda: self._start(delivery))
            return delivery
        if kind == "lost_webhook":
            delivery.state = "lost"
            return delivery
        delivery.forged = kind == "bad_hmac"
        self._start(delivery)
        if kind == "duplicate_webhook":
            self._pool.submit(self._attempt, delivery, final=True)
        return delivery

    def _start(self, delivery: Delivery) -> None:
        self._pool.submit(self._attempt, delivery)

    def _attempt(self, delivery: Delivery, final: bool = False) -> None:
        begun = self._clock.now()
        status, problem = self._post(delivery)
        took = (self._clock.now() - begun).total_seconds()
        delivery.attempts.append(Attempt(begun, status, took, problem))
        if status is not None and 200 <= status < 300:
            delivery.state = "delivered"
        elif not final:
            self._try_again(delivery)

    def _try_again(self, delivery: Delivery) -> None:
        tried = len(delivery.attempts)
        if tried > delivery.retries:
            delivery.state = "failed"
            self._drop_subscription(delivery)
            return
        delivery.state = "retrying"
        self._scheduler.after(self._config.retry_scale * 2 ** (tried - 1), lambda: self._start(delivery))

    def _drop_subscription(self, delivery: Delivery) -> None:
        shop = self._shops.get(delivery.shop)
        held = shop.subscriptions.get(delivery.subscription or 0) if shop else None
        if shop is not None and held is not None and held.by_api:
            shop.subscriptions.pop(held.id, None)

    def _post(self, delivery: Delivery) -> tuple[int | None, str | None]:
        try:
            answer = self._http.request(
                "POST",
                delivery.url,
                body=delivery.body,
                headers=self._headers(delivery),
                timeout=urllib3.Timeout(connect=1.0, total=self._config.webhook_timeout),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            return None, f"{type(error).__name__}: {error}"[:300]
        return answer.status, None if answer.status < 300 else answer.data[:300].decode(errors="replace")

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        secret = "not the secret" if delivery.forged else delivery.secret
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Hmac-Sha256": self.signature(delivery.body, secret),
            "X-Shopify-Shop-Domain": delivery.shop,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": delivery.id,
            "X-Shopify-Event-Id": delivery.event_id,
            "X-Shopify-Triggered-At": delivery.triggered_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
        if delivery.topic:
            headers["X-Shopify-Topic"] = delivery.topic
        if delivery.name:
            headers["X-Shopify-Name"] = delivery.name
        return headers
