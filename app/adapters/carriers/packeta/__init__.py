"""Packeta (Zásilkovna): Z and ten digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="packeta",
    label="Packeta",
    page="https://tracking.packeta.com/en/?id={number}",
    countries=frozenset({"CZ", "SK", "HU", "RO", "PL", "SI", "HR"}),
    forms=(NumberForm(re.compile(r"Z[0-9]{10}")),),
)
