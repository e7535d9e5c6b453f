"""Canpar Express: a letter for the service and 21 digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="canpar",
    label="Canpar",
    page="https://www.canpar.com/en/tracking/delivery_options.htm?barcode={number}",
    countries=frozenset({"CA"}),
    forms=(NumberForm(re.compile(r"[CDKLSUXZ][0-9]{21}")),),
)
