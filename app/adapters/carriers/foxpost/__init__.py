"""FOXPOST."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="foxpost",
    label="FOXPOST",
    page="https://foxpost.hu/csomagkovetes/?code={number}",
    countries=frozenset({"HU"}),
    forms=(NumberForm(re.compile(r"CLFOX[0-9]{16}")),),
)
