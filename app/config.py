"""Settings, read once from the environment (and from ``.env`` in the working folder).

Every setting is listed with its meaning in ``.env.example``; a test keeps the two together.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.kit.crypto import KeyedHash, KeyRing
from app.kit.money import is_currency

_DEVELOPMENT_SECRET = "development only: a production start refuses this"  # noqa: S105
_DEVELOPMENT_KEYS = "1:" + base64.b64encode(hashlib.sha256(b"crossdock development key").digest()).decode()
_DEVELOPMENT_SHOPIFY_SECRET = "shopify-development-secret"  # noqa: S105
#: Secrets that anybody can read in this repository, by the setting that may hold one.
_KNOWN_TO_ALL = {
    "secret_key": {_DEVELOPMENT_SECRET},
    "encryption_keys": {_DEVELOPMENT_KEYS},
    "shopify_client_secret": {_DEVELOPMENT_SHOPIFY_SECRET, "shopify-demo-secret"},
    "shopify_old_client_secret": {_DEVELOPMENT_SHOPIFY_SECRET, "shopify-demo-secret"},
    "stripe_webhook_secrets": {"whsec_demo"},
}
_SHORTEST_SECRET_KEY = 32
#: The least memory that hashing a password takes in production, in KiB.
LEAST_PASSWORD_MEMORY_KIB = 19 * 1024


class SettingsRefused(ValueError):
    """The settings can't be started with; the text names each one that is wrong, and holds no values."""


class Settings(BaseSettings):
    """How this installation is set up."""

    model_config = SettingsConfigDict(
        env_prefix="CROSSDOCK_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        # Errors end in terminals and logs; what was given may be a secret.
        hide_input_in_errors=True,
    )

    environment: Literal["development", "test", "production"] = "development"
    #: Where people reach the app; links in e-mails and redirects are built on it, never on a request's host.
    public_url: str = "http://127.0.0.1:8000"
    #: How many proxies stand before the app; their X-Forwarded-For entries are trusted, no others.
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    #: Lets a monitor read /metrics from elsewhere; without it only this machine may.
    metrics_token: SecretStr | None = None

    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    redis_url: str = Field(default="", validation_alias="REDIS_URL")
    database_pool_size: int = Field(default=10, ge=1, le=200)
    #: How many processes ``crossdock run`` starts for the queue that calls the payment processor: each waits for one
    #: answer at a time.
    money_workers: int = Field(default=2, ge=1, le=50)
    #: Processes that send webhooks; each sends to one endpoint at a time.
    webhook_workers: int = Field(default=1, ge=1, le=50)
    #: Holds the embedded servers' files and uploads when no other storage is set.
    data_dir: Path = Path(".data")

    #: Keys that seal personal data and credentials: ``number:base64,…``; the highest number seals.
    encryption_keys: SecretStr = SecretStr(_DEVELOPMENT_KEYS)
    #: Signs one-time links and hashes API keys; at least 32 characters, never changed lightly.
    secret_key: SecretStr = SecretStr(_DEVELOPMENT_SECRET)

    #: ``smtp`` sends; ``mailbox`` keeps e-mails to be read at /dev/mailbox (never in production).
    mail_transport: Literal["smtp", "mailbox"] = "mailbox"
    mail_from: str = "Crossdock <orders@crossdock.example>"
    smtp_url: SecretStr | None = None

    shopify_client_id: str = "crossdock-development"
    shopify_client_secret: SecretStr = SecretStr(_DEVELOPMENT_SHOPIFY_SECRET)
    #: The secret before the last rotation; still accepted on hooks and id tokens while it is set.
    shopify_old_client_secret: SecretStr | None = None
    shopify_app_handle: str = "crossdock"
    #: How a shop's Admin is reached; ``{shop}`` is its myshopify.com domain.
    shopify_admin_url: str = "https://{shop}"
    #: Where merchants' admins are served from (frame-ancestors), besides the shop itself.
    shopify_admin_origin: str = "https://admin.shopify.com"
    shopify_cdn_url: str = "https://cdn.shopify.com/shopifycloud"

    stripe_secret_key: SecretStr | None = None
    stripe_publishable_key: str = ""
    #: Signing secrets of the webhook endpoints (platform, connect, thin), separated by commas.
    stripe_webhook_secrets: SecretStr = SecretStr("")
    #: Replaces https://api.stripe.com, for the simulator.
    stripe_api_url: str = ""

    #: Hosts (``host`` or ``host:port``, separated by commas) that suppliers' addresses may name although they are not
    #: on the public internet, also over http: for development and tests.
    outbound_allowed_hosts: str = ""
    #: Whether suppliers' addresses may be http on the public internet, where anybody on the way can change a file.
    outbound_allow_http: bool = False

    #: Calls a minute that one API key may make.
    api_rate_per_minute: int = Field(default=600, ge=1)
    #: A key that was found good counts for so many seconds in a web process before the database is asked again, and so
    #: long one that was revoked may still work; 0: asked at each call.
    api_key_cache_seconds: int = Field(default=5, ge=0, le=60)

    #: The adapter that charges retailers and pays suppliers.
    processor: str = "stripe"
    #: How often carriers are asked about a parcel.
    tracking_poll: timedelta = timedelta(hours=1)
    #: Of an order's parcels that leave within so long of one another, the store writes to its customer about the first:
    #: one letter for an order that comes apart. All of them are on the order's page.
    parcel_letters_apart: timedelta = timedelta(hours=6)
    #: Base address of the simulated carrier; empty where there is none.
    simulated_carrier_url: str = ""
    #: Base address of EasyPost, where suppliers with an account there buy labels.
    easypost_url: str = "https://api.easypost.com"
    #: The platform's own account there, by which parcels are followed whose supplier has none, and what its hooks are
    #: signed with; empty where there is none. Each parcel that is followed costs what EasyPost asks for a tracker.
    easypost_api_key: SecretStr = SecretStr("")
    easypost_hook_secret: SecretStr = SecretStr("")

    #: The platform's share of a purchase order's goods, in basis points, frozen at sale.
    commission_bps: int = Field(default=500, ge=0, le=10_000)
    #: Currencies that orders are settled in.
    settlement_currencies: str = "USD,EUR,GBP,CAD,AUD"
    #: Time after delivery in which a problem can be reported before the supplier is paid.
    dispute_window: timedelta = timedelta(days=7)
    #: Days after the promised one at which the dispute window begins at the soonest, where the supplier alone says that
    #: a parcel has arrived.
    unconfirmed_arrival_grace: timedelta = timedelta(days=5)
    #: How long an unpaid order keeps its stock.
    payment_hold: timedelta = timedelta(hours=72)
    #: Minutes that a store's paid order waits before it is charged and sent, where the store's owner chose nothing.
    fraud_window_minutes: int = Field(default=2, ge=0, le=60)

    #: Share of the stock that stores are not shown, in percent (the retailer may change it per store).
    default_buffer_percent: int = Field(default=10, ge=0, le=90)
    #: At or below this many units the percentage gives way to the small-stock rule.
    small_stock: int = Field(default=5, ge=0)
    #: A supplier's figure older than this shows as 0.
    stock_stale_after: timedelta = timedelta(hours=48)

    #: Google's product taxonomy with ids, as Google publishes it; empty: the part of it that comes with Crossdock.
    taxonomy_file: Path | None = None

    #: Retailers' search results and counts are handed out again for so many seconds before they are looked up anew;
    #: 0: never.
    catalog_cache_seconds: int = Field(default=15, ge=0, le=600)

    #: Where product pictures are kept in our sizes: ``folder`` (in the data folder), ``s3``, or ``none``, which leaves
    #: them where suppliers have them.
    media_storage: Literal["folder", "s3", "none"] = "folder"
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    #: Address of an S3-compatible store other than Amazon's.
    s3_endpoint_url: str = ""
    #: Empty: as the machine's own role says.
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = SecretStr("")

    #: Memory that hashing a password takes, in KiB: OWASP's password storage cheat sheet asks for 19 MiB with two
    #: passes. Passwords that were hashed with other amounts are hashed anew at the next sign-in.
    password_memory_kib: int = Field(default=LEAST_PASSWORD_MEMORY_KIB, ge=8, le=1024 * 1024)

    #: Largest upload of a product file, in bytes.
    upload_max_bytes: int = 100 * 1024 * 1024
    #: Most rows in one product file.
    upload_max_rows: int = 250_000

    @field_validator("settlement_currencies")
    @classmethod
    def _known_currencies(cls, value: str) -> str:
        for code in value.split(","):
            if not is_currency(code):
                raise ValueError(f"{code!r} is not an ISO 4217 currency code")
        return value

    @field_validator("public_url", "shopify_admin_origin", "shopify_cdn_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_needs_real_secrets(self) -> Settings:
        if self.environment != "production":
            return self
        problems = [f"{_name(field)} must be set in production" for field in _KNOWN_TO_ALL if self._is_known(field)]
        if len(self.secret_key.get_secret_value()) < _SHORTEST_SECRET_KEY:
            problems.append(f"CROSSDOCK_SECRET_KEY must have at least {_SHORTEST_SECRET_KEY} characters in production")
        if self.mail_transport == "mailbox":
            problems.append("CROSSDOCK_MAIL_TRANSPORT=mailbox is for development; use smtp in production")
        if not self.database_url or not self.redis_url:
            problems.append("DATABASE_URL and REDIS_URL must be set in production")
        if self.outbound_allowed_hosts:
            problems.append("CROSSDOCK_OUTBOUND_ALLOWED_HOSTS is for development; leave it empty in production")
        if self.password_memory_kib < LEAST_PASSWORD_MEMORY_KIB:
            problems.append(f"CROSSDOCK_PASSWORD_MEMORY_KIB must be at least {LEAST_PASSWORD_MEMORY_KIB} in production")
        if not self.public_url.startswith("https://"):
            problems.append("CROSSDOCK_PUBLIC_URL must be https in production")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _s3_needs_a_bucket(self) -> Settings:
        if self.media_storage == "s3" and not self.s3_bucket:
            raise ValueError("CROSSDOCK_S3_BUCKET must be set where CROSSDOCK_MEDIA_STORAGE is s3")
        return self

    @property
    def keeps_pictures(self) -> bool:
        """Whether product pictures are kept here."""
        return self.media_storage != "none"

    def _is_known(self, field: str) -> bool:
        value: SecretStr | None = getattr(self, field)
        given = {one.strip() for one in value.get_secret_value().split(",")} if value is not None else set()
        return bool(given & _KNOWN_TO_ALL[field])

    @property
    def currencies(self) -> frozenset[str]:
        """The settlement currencies as a set."""
        return frozenset(self.settlement_currencies.split(","))

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts that suppliers' addresses may name although they are not public, in lower case."""
        return frozenset(one.strip().lower() for one in self.outbound_allowed_hosts.split(",") if one.strip())


def _name(field: str) -> str:
    """What a setting is called in the environment."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias) if alias else f"CROSSDOCK_{field.upper()}"


@cache
def settings() -> Settings:
    """The settings of this process. Raises ``SettingsRefused``."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsRefused("; ".join(_problem(one["loc"], one["msg"]) for one in error.errors())) from None


def _problem(place: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    field = str(place[0]) if place else ""
    if not field:
        return text
    return f"{_name(field) if field in Settings.model_fields else field}: {text}"


@cache
def key_ring() -> KeyRing:
    """The ring that seals personal data and credentials."""
    return KeyRing.parse(settings().encryption_keys.get_secret_value())


@cache
def keyed_hash() -> KeyedHash:
    """The hash behind API keys, sessions and one-time links."""
    secret = settings().secret_key.get_secret_value()
    return KeyedHash(hashlib.sha256(secret.encode()).digest())


def reload() -> None:
    """Forget what was read, for tests that change the environment."""
    for reader in (settings, key_ring, keyed_hash):
        reader.cache_clear()
