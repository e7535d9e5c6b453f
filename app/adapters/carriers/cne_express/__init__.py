"""CNE Express."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="cne_express",
    label="CNE Express",
    page="",
    forms=(NumberForm(re.compile(r"3A5V[0-9]{9}")),),
)
