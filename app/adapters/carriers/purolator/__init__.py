"""Purolator: PINs of twelve digits, or three letters and nine digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm
from app.adapters._check_digits import luhn

ADAPTER = CarrierByNumber(
    name="purolator",
    label="Purolator",
    page="https://www.purolator.com/en/shipping/tracker?pin={number}",
    countries=frozenset({"CA", "US"}),
    forms=(
        NumberForm(re.compile(r"[0-5][0-9]{11}"), luhn, sure=False),
        NumberForm(re.compile(r"[A-Z]{3}[0-9]{9}"), sure=False),
    ),
)
