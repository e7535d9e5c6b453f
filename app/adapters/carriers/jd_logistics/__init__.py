"""JD Logistics."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="jd_logistics",
    label="JD Logistics",
    page="",
    forms=(NumberForm(re.compile(r"JD[0-9A-Z][0-9]{12}|JD[A-Z]{2}[0-9]{11}")),),
)
