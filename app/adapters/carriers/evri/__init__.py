"""Evri, formerly Hermes UK: a letter, two digits, three signs and ten digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="evri",
    label="Evri",
    page="https://www.evri.com/track/parcel/{number}",
    countries=frozenset({"GB", "IE"}),
    forms=(NumberForm(re.compile(r"[A-Z][0-9]{2}[0-9A-Z]{3}[0-9]{10}")),),
)
