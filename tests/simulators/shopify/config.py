"""What a simulator is started with, and the app's own configuration file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

#: The version whose schema is executed.
API_VERSION = "2026-10"


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """A shop that exists from the start."""

    domain: str
    name: str
    currency: str = "USD"
    country: str = "US"

    @classmethod
    def parse(cls, text: str) -> ShopConfig:
        """From ``domain:name:currency:country``; what follows the domain may be left out. Raises ValueError."""
        parts = text.split(":")
        domain = parts[0]
        if not domain.endswith(".myshopify.com") or len(parts) > 4:
            raise ValueError(f"'{text}' is not <handle>.myshopify.com[:name[:currency[:country]]]")
        handle = domain.removesuffix(".myshopify.com")
        named = dict(zip(("name", "currency", "country"), parts[1:], strict=False))
        return cls(domain=domain, **{"name": handle.replace("-", " ").title(), **named})

    @property
    def as_argument(self) -> str:
        """The text that ``parse`` reads."""
        return f"{self.domain}:{self.name}:{self.currency}:{self.country}"


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What the app declares in its ``shopify.app.toml``: pages, scopes and webhook topics with their addresses."""

    name: str
    handle: str
    scopes: frozenset[str]
    #: (topic, address) as written; an address that starts with a slash is relative to the app.
    subscriptions: tuple[tuple[str, str], ...]
    compliance: tuple[tuple[str, str], ...]
    #: What merchants may grant besides.
    optional_scopes: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path) -> AppConfig:
        """Read the file that ``shopify app deploy`` would push. Raises OSError, KeyError."""
        content = tomllib.loads(path.read_text())
        scopes = content["access_scopes"]["scopes"]
        entries = content.get("webhooks", {}).get("subscriptions", [])
        return cls(
            name=content["name"],
            handle=content.get("handle", content["name"].lower()),
            scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
            subscriptions=tuple((topic, entry["uri"]) for entry in entries for topic in entry.get("topics", [])),
            compliance=tuple(
                (topic, entry["uri"]) for entry in entries for topic in entry.get("compliance_topics", [])
            ),
            optional_scopes=frozenset(content["access_scopes"].get("optional_scopes", [])),
        )


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """How the simulated Shopify behaves. Times are in seconds, costs in points."""

    client_id: str
    client_secret: str
    app_url: str
    app_config: Path = Path("shopify.app.toml")
    shops: tuple[ShopConfig, ...] = field(default_factory=lambda: (ShopConfig("northwind.myshopify.com", "Northwind"),))
    #: Where browsers reach the simulator; another site than the app's, so that the frame is third-party.
    public_url: str | None = None
    bucket: float = 1000.0
    restore_rate: float = 100.0
    routing_delay: float = 0.3
    media_delay: float = 0.3
    retry_scale: float = 1.0
    webhook_timeout: float = 5.0
    customer_data: bool = True
    location_limit: int = 200

    def arguments(self) -> list[str]:
        """The command line that starts a simulator like this."""
        pairs = [
            ("--client-id", self.client_id),
            ("--client-secret", self.client_secret),
            ("--app-url", self.app_url),
            ("--app-config", str(self.app_config)),
            ("--bucket", str(self.bucket)),
            ("--restore-rate", str(self.restore_rate)),
            ("--routing-delay", str(self.routing_delay)),
            ("--media-delay", str(self.media_delay)),
            ("--retry-scale", str(self.retry_scale)),
            ("--webhook-timeout", str(self.webhook_timeout)),
            ("--location-limit", str(self.location_limit)),
            *(("--shop", shop.as_argument) for shop in self.shops),
            *((("--public-url", self.public_url),) if self.public_url else ()),
        ]
        switches = [] if self.customer_data else ["--no-customer-data"]
        return [text for pair in pairs for text in pair] + switches
