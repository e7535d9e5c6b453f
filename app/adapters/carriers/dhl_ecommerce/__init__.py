"""DHL eCommerce: GM, and the customer's digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="dhl_ecommerce",
    label="DHL eCommerce",
    page="https://webtrack.dhlecs.com/?trackingnumber={number}",
    countries=frozenset({"US", "CA", "MX"}),
    forms=(NumberForm(re.compile(r"GM[0-9A-Z]{16,20}")),),
)
