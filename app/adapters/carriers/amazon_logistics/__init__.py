"""Amazon's own deliveries in North America."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="amazon_logistics",
    label="Amazon Logistics",
    page="https://track.amazon.com/tracking/{number}",
    forms=(NumberForm(re.compile(r"TB[ABCM][0-9]{12}")),),
)
