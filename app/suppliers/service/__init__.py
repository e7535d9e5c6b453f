"""Changes of suppliers: applying, setting up, deciding, papers, terms, shipping rates, closures and test orders."""

from __future__ import annotations

from app.suppliers.service.applying import Application, Contact, apply, contact_of
from app.suppliers.service.closing import add_closure, remove_closure
from app.suppliers.service.deciding import apply_again, approve, ask, decide, end_offer, send
from app.suppliers.service.rates import add_rate, change_rate, remove_rate, set_rates
from app.suppliers.service.terms import change_profile, set_dispatch, set_order_fee

__all__ = [
    "Application",
    "Contact",
    "add_closure",
    "add_rate",
    "apply",
    "apply_again",
    "approve",
    "ask",
    "change_profile",
    "change_rate",
    "contact_of",
    "decide",
    "end_offer",
    "remove_closure",
    "remove_rate",
    "send",
    "set_dispatch",
    "set_order_fee",
    "set_rates",
]
