"""YTO Express: YT and thirteen digits."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="yto_express",
    label="YTO Express",
    page="",
    forms=(NumberForm(re.compile(r"YT[0-9]{13}")),),
)
