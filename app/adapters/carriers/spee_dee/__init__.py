"""Spee-Dee Delivery."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="spee_dee",
    label="Spee-Dee",
    page="https://speedeedelivery.com/track-a-shipment/?v=detail&barcode={number}",
    countries=frozenset({"US"}),
    forms=(NumberForm(re.compile(r"SP[0-9]{18}")),),
)
