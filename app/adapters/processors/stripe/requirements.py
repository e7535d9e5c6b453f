"""What Stripe still wants of a supplier, in words for its owner.

Stripe names what it wants by its place in the account, such as ``identity.individual.date_of_birth.day``.
https://docs.stripe.com/connect/handling-api-verification
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: Parts of such a name, the more telling first, and what they ask for.
_WANTED: tuple[tuple[str, str], ...] = (
    ("terms_of_service", "your agreement to its terms"),
    ("external_account", "a bank account for payouts"),
    ("outbound_destination", "a bank account for payouts"),
    ("default_outbound", "a bank account for payouts"),
    ("proof_of", "a document that proves your account"),
    ("verification", "an identity or company document"),
    ("document", "an identity or company document"),
    ("id_number", "a tax or registration number"),
    ("tax_id", "a tax or registration number"),
    ("registered_name", "the company's registered name"),
    ("date_of_birth", "a date of birth"),
    ("ownership", "who owns the company"),
    ("owners", "who owns the company"),
    ("directors", "who directs the company"),
    ("representative", "who represents the company"),
    ("legal_entity", "what kind of business you are"),
    ("entity_type", "what kind of business you are"),
    ("structure", "what kind of business you are"),
    ("address", "an address"),
    ("phone", "a phone number"),
    ("email", "an e-mail address"),
    ("given_name", "a full name"),
    ("surname", "a full name"),
    ("product_description", "what you sell"),
    ("url", "your website"),
)


def sentences(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """One sentence for each thing that the supplier must do; what Stripe itself works on is left out."""
    found: dict[str, None] = {}
    for entry in entries:
        if entry["awaiting_action_from"] != "user":
            continue
        late = " It is overdue." if _deadline(entry) == "past_due" else ""
        found[f"Stripe needs {_wanted(str(entry['description']))}.{late}"] = None
        for error in entry.get("errors") or ():
            found[str(error["description"])] = None
    return tuple(found)


def _wanted(name: str) -> str:
    for part, words in _WANTED:
        if part in name:
            return words
    return name.rpartition(".")[2].replace("_", " ")


def _deadline(entry: Mapping[str, Any]) -> str:
    return str((entry.get("minimum_deadline") or {}).get("status", ""))
