"""Yodel."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="yodel",
    label="Yodel",
    page="https://www.yodel.co.uk/tracking/{number}",
    countries=frozenset({"GB", "IE"}),
    forms=(NumberForm(re.compile(r"J?JD0002[0-9]{12}")),),
)
