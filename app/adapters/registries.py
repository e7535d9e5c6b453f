"""The adapters of each kind, by name."""

from __future__ import annotations

from app.feeds.feed import SupplierFeed
from app.feeds.source import FeedTransport
from app.fulfillment.carrier import Carrier
from app.fulfillment.labels import LabelGateway
from app.kit.registry import Registry
from app.kit.storage import NamedStorage
from app.notifications.mail import MailTransport
from app.purchasing.channel import SupplierChannel
from app.settlement.processor import Processor
from app.stores.platform import StorePlatform

stores: Registry[StorePlatform] = Registry("app.adapters.stores")
channels: Registry[SupplierChannel] = Registry("app.adapters.channels")
feeds: Registry[SupplierFeed] = Registry("app.adapters.feeds")
sources: Registry[FeedTransport] = Registry("app.adapters.sources")
carriers: Registry[Carrier] = Registry("app.adapters.carriers")
labels: Registry[LabelGateway] = Registry("app.adapters.labels")
processors: Registry[Processor] = Registry("app.adapters.processors")
mail: Registry[MailTransport] = Registry("app.adapters.mail")
storages: Registry[NamedStorage] = Registry("app.adapters.storages")


def scanning_carriers() -> list[str]:
    """The carriers that tell of their parcels themselves."""
    return [name for name, one in carriers.all().items() if one.can_track]
