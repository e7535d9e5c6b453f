"""A simulator for tests and the demo: started as a process, steered by a typed client."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import requests

from tests.simulators.process import SimulatorProcess, free_port, spawn
from tests.simulators.shopify.config import API_VERSION, SimulatorConfig

_TIMEOUT = 30
_PATIENCE = 60.0
_LOOK_EVERY = 0.02
Found = TypeVar("Found")


class ControlRefused(Exception):
    """The control API said no: ``status`` and what it answered."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(f"{status}: {content}")
        self.status = status
        self.content = content


class NeverHappened(AssertionError):
    """What a test waited for did not happen in time."""


class Control:
    """The control API of a simulator (``/_sim``); the README describes what each call does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    # Shops and the app on them

    def shops(self) -> list[dict[str, Any]]:
        """All shops in a line each."""
        return self._ask("GET", "/shops")  # type: ignore[no-any-return]

    def add_shop(self, domain: str, name: str, *, currency: str = "USD", country: str = "US") -> dict[str, Any]:
        """Open a shop."""
        return self._ask("POST", "/shops", domain=domain, name=name, currency=currency, country=country)  # type: ignore[no-any-return]

    def shop(self, domain: str) -> dict[str, Any]:
        """Everything about a shop."""
        return self._ask("GET", f"/shops/{domain}")  # type: ignore[no-any-return]

    def levels(self, domain: str) -> list[dict[str, Any]]:
        """All stock of a shop."""
        return self._ask("GET", f"/shops/{domain}/levels")  # type: ignore[no-any-return]

    def products(self, domain: str) -> list[dict[str, Any]]:
        """All products of a shop."""
        return self._ask("GET", f"/shops/{domain}/products")  # type: ignore[no-any-return]

    def install(self, domain: str) -> dict[str, Any]:
        """Install the app, or renew its scopes and topics."""
        return self._ask("POST", f"/shops/{domain}/install")  # type: ignore[no-any-return]

    def uninstall(self, domain: str) -> dict[str, Any]:
        """Take the app off."""
        return self._ask("POST", f"/shops/{domain}/uninstall")  # type: ignore[no-any-return]

    def grant_scopes(self, domain: str, scopes: Sequence[str]) -> None:
        """Let tokens issued from now on have these scopes."""
        self._ask("POST", f"/shops/{domain}/scopes", scopes=list(scopes))

    def issue_tokens(self, domain: str) -> dict[str, Any]:
        """Tokens without an exchange; the app is installed if it isn't."""
        return self._ask("POST", f"/shops/{domain}/tokens")  # type: ignore[no-any-return]

    def id_token(self, domain: str, **wishes: Any) -> str:
        """An id token; ``user``, ``expires_in``, ``alg``, ``aud``, ``dest``, ``iss``, ``secret`` make it a bad one."""
        return str(self._ask("POST", "/id_token", shop=domain, **wishes)["id_token"])

    # What merchants and shoppers do

    def add_product(self, domain: str, title: str, sku: str, **details: Any) -> dict[str, Any]:
        """A product of the merchant's own: ``price``, ``available``, ``options``, ``images``, ``status``,
        ``location_id``."""
        return self._ask("POST", f"/shops/{domain}/products", title=title, sku=sku, **details)  # type: ignore[no-any-return]

    def change_product(self, domain: str, product: int, **changes: Any) -> dict[str, Any]:
        """A merchant's edit: ``title``, ``status``, ``tags``, ``description_html``, ``prices``."""
        return self._ask("PATCH", f"/shops/{domain}/products/{product}", **changes)  # type: ignore[no-any-return]

    def delete_product(self, domain: str, product: int) -> None:
        """A merchant deletes a product."""
        self._ask("DELETE", f"/shops/{domain}/products/{product}")

    def set_stock(self, domain: str, variant: int, location: int, available: int) -> None:
        """A merchant counts the shelves."""
        self._ask("POST", f"/shops/{domain}/stock", variant_id=variant, location_id=location, available=available)

    def create_order(self, domain: str, lines: Sequence[Mapping[str, Any]], **details: Any) -> dict[str, Any]:
        """Place an order. Lines have ``sku`` or ``variant_id`` (or ``title`` and ``price``) and ``quantity``; details
        are ``financial_status``, ``email``, ``shipping_address``, ``note``, ``tags``, ``test``, ``allow_oversell``,
        ``presentment_currency`` with ``presentment_rate``…"""
        return self._ask("POST", f"/shops/{domain}/orders", lines=[dict(line) for line in lines], **details)  # type: ignore[no-any-return]

    def orders(self, domain: str) -> list[dict[str, Any]]:
        """All orders of a shop."""
        return self._ask("GET", f"/shops/{domain}/orders")  # type: ignore[no-any-return]

    def order(self, domain: str, order: int) -> dict[str, Any]:
        """An order with its fulfilment orders, fulfilments, refunds and timeline."""
        return self._ask("GET", f"/shops/{domain}/orders/{order}")  # type: ignore[no-any-return]

    def pay_order(self, domain: str, order: int) -> dict[str, Any]:
        """The money has come."""
        return self._ask("POST", f"/shops/{domain}/orders/{order}/pay")  # type: ignore[no-any-return]

    def cancel_order(
        self, domain: str, order: int, *, reason: str = "CUSTOMER", restock: bool = True
    ) -> dict[str, Any]:
        """Cancel an order."""
        return self._ask("POST", f"/shops/{domain}/orders/{order}/cancel", reason=reason, restock=restock)  # type: ignore[no-any-return]

    def edit_order(self, domain: str, order: int, quantities: Mapping[int, int]) -> dict[str, Any]:
        """Set the quantities of line items."""
        return self._ask("POST", f"/shops/{domain}/orders/{order}/edit", quantities=_texts(quantities))  # type: ignore[no-any-return]

    def refund_order(self, domain: str, order: int, quantities: Mapping[int, int], **details: Any) -> dict[str, Any]:
        """Give money back: ``restock_type``, ``note``, ``amount``."""
        body = {"quantities": _texts(quantities), **details}
        return self._ask("POST", f"/shops/{domain}/orders/{order}/refund", **body)  # type: ignore[no-any-return]

    def open_return(self, domain: str, order: int, quantities: Mapping[int, int], **details: Any) -> dict[str, Any]:
        """A shopper requests a return, or with ``requested=False`` the merchant opens it: ``reason``, ``note``. The
        return itself."""
        body = {"quantities": _texts(quantities), **details}
        return self._ask("POST", f"/shops/{domain}/orders/{order}/return", **body)["made"]  # type: ignore[no-any-return]

    def answer_return(self, domain: str, number: int, *, accept: bool) -> dict[str, Any]:
        """The merchant answers a shopper's request in the admin."""
        return self._ask("POST", f"/shops/{domain}/returns/{number}/answer", accept=accept)  # type: ignore[no-any-return]

    def cancel_return(self, domain: str, number: int) -> dict[str, Any]:
        """The merchant cancels a return in the admin."""
        return self._ask("POST", f"/shops/{domain}/returns/{number}/cancel")  # type: ignore[no-any-return]

    def request_fulfillment(self, domain: str, fulfillment_order: int, message: str | None = None) -> dict[str, Any]:
        """The merchant asks the service to ship."""
        path = f"/shops/{domain}/fulfillment_orders/{fulfillment_order}/request"
        return self._ask("POST", path, message=message)  # type: ignore[no-any-return]

    def request_cancellation(self, domain: str, fulfillment_order: int, message: str | None = None) -> dict[str, Any]:
        """The merchant asks the service to stop."""
        path = f"/shops/{domain}/fulfillment_orders/{fulfillment_order}/request_cancellation"
        return self._ask("POST", path, message=message)  # type: ignore[no-any-return]

    # Webhooks

    def deliveries(
        self, domain: str | None = None, topic: str | None = None, *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """What was sent, with its attempts, oldest first; with ``limit`` the newest of it."""
        given = (("shop", domain), ("topic", topic), ("limit", str(limit) if limit else None))
        wanted = {name: value for name, value in given if value}
        return self._ask("GET", "/deliveries", parameters=wanted)  # type: ignore[no-any-return]

    def forget_deliveries(self) -> None:
        """Empty the log."""
        self._ask("DELETE", "/deliveries")

    def replay(self, webhook_id: str) -> dict[str, Any]:
        """Send a message again, unchanged."""
        return self._ask("POST", f"/deliveries/{webhook_id}/replay")  # type: ignore[no-any-return]

    def deliver(self, domain: str, topic: str, uri: str, payload: Mapping[str, Any], **details: Any) -> dict[str, Any]:
        """Send a message by hand: ``webhook_id``, ``secret`` (to forge it), ``retries``."""
        body = {"topic": topic, "uri": uri, "payload": dict(payload), **details}
        return self._ask("POST", f"/shops/{domain}/deliver", **body)  # type: ignore[no-any-return]

    def send_compliance(self, domain: str, topic: str, order_ids: Sequence[int] = ()) -> list[dict[str, Any]]:
        """Send a compliance topic to the addresses that the app declares."""
        return self._ask("POST", f"/shops/{domain}/compliance", topic=topic, order_ids=list(order_ids))  # type: ignore[no-any-return]

    # Knobs

    def advance_clock(self, seconds: float) -> None:
        """Let time pass for tokens and idempotency keys."""
        self._ask("POST", "/clock", advance=seconds)

    def add_fault(self, kind: str, match: Mapping[str, str] | None = None, **details: Any) -> dict[str, Any]:
        """Switch a fault on: ``match`` by operation, path, topic, shop; ``times``, ``spares``, ``delay_ms``,
        ``retry_after``."""
        return self._ask("POST", "/faults", kind=kind, match=dict(match or {}), **details)  # type: ignore[no-any-return]

    def faults(self) -> list[dict[str, Any]]:
        """Faults that are still to happen."""
        return self._ask("GET", "/faults")  # type: ignore[no-any-return]

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._ask("DELETE", "/faults")

    def counters(self) -> dict[str, dict[str, int]]:
        """Requests by operation, throttled ones, cost."""
        return self._ask("GET", "/counters")  # type: ignore[no-any-return]

    def reset_counters(self) -> None:
        """Count from zero."""
        self._ask("DELETE", "/counters")

    def fill_bucket(self, domain: str, level: float) -> dict[str, float]:
        """Set how many points a shop has left."""
        return self._ask("POST", f"/shops/{domain}/bucket", level=level)  # type: ignore[no-any-return]

    def probe(self, domain: str, query: str, variables: Mapping[str, Any], times: int = 10) -> dict[str, float]:
        """How long a GraphQL request takes inside the simulator, in milliseconds; its effects happen."""
        return self._ask("POST", "/probe", shop=domain, query=query, variables=dict(variables), times=times)  # type: ignore[no-any-return]

    def wait_for(self, look: Callable[[], Found | None], what: str, *, patience: float = _PATIENCE) -> Found:
        """Look until ``look`` returns something true. Raises NeverHappened."""
        until = time.monotonic() + patience
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > until:
                raise NeverHappened(f"after {patience:.0f} s still not: {what}")
            time.sleep(_LOOK_EVERY)

    def wait_until_routed(self, domain: str, order: int) -> dict[str, Any]:
        """The order, once its fulfilment orders exist."""
        return self.wait_for(
            lambda: found if (found := self.order(domain, order))["routed"] else None, f"order {order} is routed"
        )

    def _ask(self, method: str, path: str, *, parameters: Mapping[str, str] | None = None, **body: Any) -> Any:
        response = self._http.request(
            method, f"{self.url}/_sim{path}", json=body or None, params=parameters, timeout=_TIMEOUT
        )
        content = response.json()
        if not response.ok:
            raise ControlRefused(response.status_code, content)
        return content


class RunningSimulator:
    """A started simulator: ``url`` for the app and browsers, ``control`` for the test."""

    def __init__(self, process: SimulatorProcess) -> None:
        self._process = process
        self.url = process.url
        self.control = Control(process.url)

    def graphql_url(self, domain: str) -> str:
        """Where GraphQL requests for a shop go."""
        return f"{self.url}/{domain}/admin/api/{API_VERSION}/graphql.json"

    def log(self) -> str:
        """The end of what the simulator wrote."""
        return self._process.log()

    def stop(self) -> None:
        """End it."""
        self.control.close()
        self._process.stop()


def start(config: SimulatorConfig, port: int | None = None) -> RunningSimulator:
    """Start a simulator and wait until it is ready. Raises StartFailed."""
    return RunningSimulator(spawn("tests.simulators.shopify", config.arguments(), port or free_port()))


def _texts(quantities: Mapping[int, int]) -> dict[str, int]:
    return {str(key): value for key, value in quantities.items()}
