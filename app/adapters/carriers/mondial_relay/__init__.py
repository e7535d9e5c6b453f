"""Mondial Relay: eight, ten or twelve digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="mondial_relay",
    label="Mondial Relay",
    page="https://www.mondialrelay.fr/suivi-de-colis?numeroExpedition={number}",
    countries=frozenset({"FR", "BE", "LU", "ES", "PT", "NL"}),
    forms=(NumberForm(re.compile(r"[0-9]{8}|[0-9]{10}|[0-9]{12}"), sure=False),),
)
