"""Tables of purchase orders, of how they reach their suppliers, and of how it is chosen who gets them."""

from __future__ import annotations

from app.purchasing.models.changes import ChangeMessage, ChangeRequest, ChangeRequestLine
from app.purchasing.models.channels import ChannelAnswer, ChannelSetting, SupplierInvoice, Transmission
from app.purchasing.models.decisions import AnswerRules, OrderDecision
from app.purchasing.models.orders import PurchaseOrder, PurchaseOrderLine
from app.purchasing.models.routing import RoutingDecision, RoutingRuleSet

__all__ = [
    "AnswerRules",
    "ChangeMessage",
    "ChangeRequest",
    "ChangeRequestLine",
    "ChannelAnswer",
    "ChannelSetting",
    "OrderDecision",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "RoutingDecision",
    "RoutingRuleSet",
    "SupplierInvoice",
    "Transmission",
]
