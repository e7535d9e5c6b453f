"""Aramex: waybills of eleven digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="aramex",
    label="Aramex",
    page="https://www.aramex.com/track/results?ShipmentNumber={number}",
    countries=frozenset({"AE", "SA", "KW", "QA", "BH", "OM", "JO", "LB", "EG", "IN", "ZA", "AU", "NZ"}),
    forms=(NumberForm(re.compile(r"[0-9]{11}"), sure=False),),
)
