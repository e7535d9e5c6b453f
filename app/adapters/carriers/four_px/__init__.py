"""4PX."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="four_px",
    label="4PX",
    page="https://track.4px.com/#/result/0/{number}",
    forms=(NumberForm(re.compile(r"4PX[0-9]{13}CN")),),
)
