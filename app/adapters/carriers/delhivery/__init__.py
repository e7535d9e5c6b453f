"""Delhivery: waybills of thirteen or fourteen digits, which others have too."""

import re

from app.adapters._by_number import CarrierByNumber, NumberForm

ADAPTER = CarrierByNumber(
    name="delhivery",
    label="Delhivery",
    page="https://www.delhivery.com/track/package/{number}",
    countries=frozenset({"IN"}),
    forms=(NumberForm(re.compile(r"[0-9]{13,14}"), sure=False),),
)
