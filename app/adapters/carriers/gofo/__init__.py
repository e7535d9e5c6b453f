"""GOFO Express."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="gofo",
    label="GOFO Express",
    page="",
    countries=frozenset({"US"}),
    forms=(NumberForm(re.compile(r"GFUS[0-9]{14}")),),
)
