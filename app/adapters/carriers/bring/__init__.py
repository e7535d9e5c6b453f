"""Bring and Posten Norge: S10 numbers from Norway, and parcels with a Norwegian serial shipping container code."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import mod10_3_1, s10

ADAPTER = CarrierByNumber(
    name="bring",
    label="Bring",
    page="https://tracking.bring.com/tracking/{number}",
    countries=frozenset({"NO"}),
    forms=(
        NumberForm(re.compile(r"[A-Z]{2}[0-9]{9}NO"), s10),
        NumberForm(re.compile(r"(?:00)?370[0-9]{15}"), mod10_3_1, sure=False),
    ),
)
